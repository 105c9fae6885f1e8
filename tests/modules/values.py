"""Values for the variables of a module that nobody gives any: of the type that is asked for, in the form that the name suggests.

`required(folder)` is all that has no default, as it stands in a `.tfvars.json`. The reader knows just enough of the language to find `variable` blocks.
"""

import re

TOKEN = re.compile(r'\s*(?:(#|//)[^\n]*|/\*.*?\*/|"(?:\\.|\$\{[^}]*\}|[^"\\])*"|<<-?\s*(\w+)\n.*?\n\s*\2\b|[\w.-]+|.)', re.S)


def tokens(text):
    at = 0
    while at < len(text):
        found = TOKEN.match(text, at)
        if not found:
            return
        at = found.end()
        token = found[0].strip()
        if token and not token.startswith(("#", "//", "/*")):
            yield token


def variables(text):
    """Names and the tokens between the braces."""
    found = list(tokens(text))
    at, depth = 0, 0
    while at + 2 < len(found):
        name = found[at + 1].strip('"')
        if depth == 0 and found[at] == "variable" and found[at + 2] == "{":
            end, inner = at + 3, 1
            while end < len(found) and inner:
                inner += (found[end] in "{[(") - (found[end] in ")]}")
                end += 1
            yield name, found[at + 3 : end - 1]
            at = end
            continue
        depth += (found[at] in "{[(") - (found[at] in ")]}")
        at += 1


def arguments(body):
    """What is set at the top of a block: the tokens of each value."""
    out, depth, at = {}, 0, 0
    while at < len(body):
        if depth == 0 and at + 1 < len(body) and body[at + 1] == "=" and re.fullmatch(r"\w+", body[at]):
            end, inner = at + 2, 0
            while end < len(body):
                if inner == 0 and end + 1 < len(body) and body[end + 1] in ("=", "{") and re.fullmatch(r"[a-z_]+", body[end]) and end > at + 2:
                    break
                inner += (body[end] in "{[(") - (body[end] in ")]}")
                end += 1
            out[body[at]] = body[at + 2 : end]
            at = end
            continue
        depth += (body[at] in "{[(") - (body[at] in ")]}")
        at += 1
    return out


class Types:
    """Reads a type and makes a value of it."""

    def __init__(self, found):
        self.found, self.at = found, 0

    def next(self):
        self.at += 1
        return self.found[self.at - 1] if self.at <= len(self.found) else ""

    def peek(self):
        return self.found[self.at] if self.at < len(self.found) else ""

    def skip(self):
        """To the end of the call that has begun."""
        depth = 1
        while depth and self.at < len(self.found):
            token = self.next()
            depth += (token in "{[(") - (token in ")]}")

    def value(self, name):
        word = self.next()
        if word in ("list", "set") and self.peek() == "(":
            self.next()
            inner = self.value(name.removesuffix("s"))
            self.skip()
            return [inner]
        if word == "map" and self.peek() == "(":
            self.next()
            inner = self.value(name.removesuffix("s"))
            self.skip()
            return {"one": inner}
        if word == "optional" and self.peek() == "(":
            self.next()
            self.value(name)
            self.skip()
            return None
        if word == "tuple" and self.peek() == "(":
            self.next()
            self.next()
            inner = []
            while self.peek() not in ("]", ""):
                inner.append(self.value(name))
                if self.peek() == ",":
                    self.next()
            self.skip()
            return inner
        if word == "object" and self.peek() == "(":
            self.next()
            return self.object()
        return scalar(word, name)

    def object(self):
        out = {}
        if self.next() != "{":
            return out
        while self.peek() not in ("}", ""):
            key = self.next().strip('"')
            if key == ",":
                continue
            self.next()
            value = self.value(key)
            if value is not None:
                out[key] = value
        self.next()
        self.skip()
        return out


FORMS = [
    ("cidr", "10.1.0.0/16"), ("_arn", "arn:aws:iam::123456789012:role/one"), ("region", "europe-west1"), ("zone", "europe-west1-b"), ("email", "one@example.com"),
    ("subnet_id", "/subscriptions/00000000-0000-0000-0000-000000000000/resourceGroups/rg/providers/Microsoft.Network/virtualNetworks/vn/subnets/one"),
    ("resource_group_id", "/subscriptions/00000000-0000-0000-0000-000000000000/resourceGroups/rg"),
    ("version", "1.2.3"), ("location", "westeurope"), ("_ip", "10.1.0.4"), ("url", "https://example.com/one"), ("policy", "{}"), ("json", "{}"),
]


def scalar(word, name):
    if word == "number":
        return 2
    if word == "bool":
        return True
    for part, form in FORMS:
        if part in name:
            return form
    return f"{name.replace('_', '-')[:12]}-one"


def required(folder):
    out = {}
    for file in sorted(folder.glob("*.tf")):
        for name, body in variables(file.read_text(errors="replace")):
            given = arguments(body)
            if "default" not in given:
                kind = given.get("type", ["string"])
                out[name] = Types([token.strip('"') if len(kind) == 1 else token for token in kind]).value(name)
    return out
