//! Modules as the evaluator needs them to give what OPA gives.
//!
//! The evaluator differs from OPA in ways that policies of others depend on, and most of them are no error that somebody would see. So modules are
//! rewritten before they are understood, token by token; lines stay where they are:
//!
//! * An imported package is evaluated as a whole when a name in it is used, with all packages below it, and one that is being evaluated then counts as
//!   empty: a rule of a package that uses the one above it loses its results. Names are written out instead (`data.lib.name` for `lib.name`).
//! * `not f(input.a.b)` holds where `input.a.b` is not there. In OPA what a call gets is looked up before, and the body ends there.
//! * A local variable that bears the name of a rule of its package is not known. It gets another name.
//! * `re_match`, of the language of before, is `regex.match`; operators have names there (`minus(a, b)`), and a rule has several bodies behind one head
//!   (`f(x) { … } { … }`).
//! * `walk(a)` gives each path and value only where it is told where to: `[path, value] = walk(a)` becomes `[path, value] = found; walk(a, found)`.
//! * `with rule as …` names a rule of the own package, which is written out: `with data.lib.rule as …`.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

/// What a piece of a module is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Name,
    /// A text or a number.
    Constant,
    Newline,
    Sign,
}

/// A piece of a module. Spaces and comments are between pieces.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Token<'a> {
    kind: Kind,
    pub(crate) text: &'a str,
    pub(crate) start: usize,
}

impl Token<'_> {
    pub(crate) fn end(&self) -> usize {
        self.start + self.text.len()
    }
}

const KEYWORDS: [&str; 19] = [
    "as", "contains", "data", "default", "else", "every", "false", "if", "import", "in", "input",
    "not", "null", "package", "set", "some", "true", "with", "_",
];

/// What operators are called as functions.
const OPERATORS: [(&str, &str); 11] = [
    ("plus", "+"),
    ("minus", "-"),
    ("mul", "*"),
    ("div", "/"),
    ("rem", "%"),
    ("equal", "=="),
    ("neq", "!="),
    ("lt", "<"),
    ("lte", "<="),
    ("gt", ">"),
    ("gte", ">="),
];

/// What a package declares.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Names {
    /// Its functions.
    pub(crate) functions: BTreeSet<String>,
    /// All its rules, functions too.
    pub(crate) rules: BTreeSet<String>,
}

impl Names {
    /// Takes the names of another module of the package.
    pub(crate) fn extend(&mut self, other: Self) {
        self.functions.extend(other.functions);
        self.rules.extend(other.rules);
    }
}

/// A module in which the evaluator finds what OPA finds. `names`: what its package declares, in whichever module.
pub(crate) fn portable(text: &str, package: &str, names: &Names) -> String {
    let tokens = tokens(text);
    let mut edits: Vec<(usize, usize, String)> = Vec::new();
    imports(&tokens, &mut edits);
    renamed(&tokens, names, &mut edits);
    bodies(text, &tokens, &mut edits);
    for (at, token) in tokens.iter().enumerate() {
        let called = token.kind == Kind::Name
            && !names.functions.contains(token.text)
            && is_called(&tokens, at)
            && !is_field(&tokens, at);
        if called && token.text == "re_match" {
            edits.push((token.start, token.end(), "regex.match".to_owned()));
        }
        if called && let Some((_, sign)) = OPERATORS.iter().find(|(name, _)| *name == token.text) {
            operator(&tokens, at, sign, &mut edits);
        }
        if called && token.text == "walk" {
            walked(&tokens, at, &mut edits);
        }
        // What is behind `as` begins a new expression, so `with` is not the name of a field here.
        if token.text == "with"
            && let Some(target) = tokens.get(at + 1)
            && names.rules.contains(target.text)
            && text_at(&tokens, at + 2) == "as"
        {
            edits.push((
                target.start,
                target.end(),
                format!("data.{package}.{}", target.text),
            ));
        }
        if token.text == "not" && token.kind == Kind::Name {
            looked_up(text, &tokens, at, &mut edits);
        }
    }
    // Where several begin at one place, in the order in which they were found.
    edits.sort_by_key(|(start, end, _)| (*start, *end));
    let mut out = String::with_capacity(text.len());
    let mut from = 0;
    for (start, end, new) in edits {
        if start >= from {
            out.push_str(text.get(from..start).unwrap_or_default());
            out.push_str(&new);
            from = end;
        }
    }
    out.push_str(text.get(from..).unwrap_or_default());
    out
}

/// The package of a module and what the module declares.
pub(crate) fn names(text: &str) -> (String, Names) {
    let tokens = tokens(text);
    let mut package = String::new();
    let mut names = Names::default();
    let mut depth = 0_i32;
    for (at, token) in tokens.iter().enumerate() {
        match token.text {
            "{" | "[" | "(" => depth += 1,
            "}" | "]" | ")" => depth -= 1,
            "package" if package.is_empty() => {
                let path = tokens.iter().skip(at + 1);
                let path = path.take_while(|token| token.kind != Kind::Newline);
                package = path.map(|token| token.text).collect();
            }
            _ => {}
        }
        let begins = at == 0
            || tokens
                .get(at - 1)
                .is_some_and(|one| one.kind == Kind::Newline);
        if depth == 0 && begins && token.kind == Kind::Name && !KEYWORDS.contains(&token.text) {
            names.rules.insert(token.text.to_owned());
            if is_called(&tokens, at) {
                names.functions.insert(token.text.to_owned());
            }
        }
    }
    (package, names)
}

pub(crate) fn tokens(text: &str) -> Vec<Token<'_>> {
    let bytes = text.as_bytes();
    let is_part = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_' || byte >= 128;
    let mut found = Vec::new();
    let mut at = 0;
    while let Some(byte) = bytes.get(at) {
        let rest = bytes.get(at..).unwrap_or_default();
        let length = |ends: &dyn Fn(u8) -> bool| rest.iter().position(|byte| ends(*byte));
        let (kind, end) = match byte {
            b' ' | b'\t' | b'\r' => {
                at += 1;
                continue;
            }
            b'#' => {
                at += length(&|byte| byte == b'\n').unwrap_or(rest.len());
                continue;
            }
            b'\n' => (Kind::Newline, 1),
            b'`' => {
                let inner = rest.iter().skip(1).position(|byte| *byte == b'`');
                (Kind::Constant, inner.map_or(rest.len(), |inner| inner + 2))
            }
            b'"' => (Kind::Constant, quoted(rest)),
            byte if byte.is_ascii_digit() => {
                let end = length(&|byte| !is_part(byte) && byte != b'.');
                (Kind::Constant, end.unwrap_or(rest.len()))
            }
            byte if is_part(*byte) => {
                let end = length(&|byte| !is_part(byte));
                (Kind::Name, end.unwrap_or(rest.len()))
            }
            b':' | b'=' | b'!' | b'<' | b'>' if rest.get(1) == Some(&b'=') => (Kind::Sign, 2),
            _ => (Kind::Sign, 1),
        };
        let Some(text) = text.get(at..at + end) else {
            break;
        };
        found.push(Token {
            kind,
            text,
            start: at,
        });
        at += end;
    }
    found
}

/// How long a quoted text is.
fn quoted(bytes: &[u8]) -> usize {
    let mut escaped = false;
    for (at, byte) in bytes.iter().enumerate().skip(1) {
        match byte {
            _ if escaped => escaped = false,
            b'\\' => escaped = true,
            b'"' | b'\n' => return at + 1,
            _ => {}
        }
    }
    bytes.len()
}

fn text_at<'a>(tokens: &[Token<'a>], at: usize) -> &'a str {
    tokens.get(at).map_or("", |token| token.text)
}

/// Whether a name is followed by what it is called with.
pub(crate) fn is_called(tokens: &[Token<'_>], at: usize) -> bool {
    text_at(tokens, at + 1) == "("
}

/// Whether a name is one behind a dot.
fn is_field(tokens: &[Token<'_>], at: usize) -> bool {
    at > 0 && text_at(tokens, at - 1) == "."
}

/// Writes out the names of what is imported from data.
fn imports(tokens: &[Token<'_>], edits: &mut Vec<(usize, usize, String)>) {
    let mut aliases: BTreeMap<&str, String> = BTreeMap::new();
    let mut declared = 0;
    for (at, token) in tokens.iter().enumerate() {
        if token.text != "import" || text_at(tokens, at + 1) != "data" {
            continue;
        }
        let line = tokens.iter().skip(at + 1);
        let line: Vec<&Token<'_>> = line.take_while(|one| one.kind != Kind::Newline).collect();
        let as_at = line.iter().position(|token| token.text == "as");
        let (path, alias) = line.split_at(as_at.unwrap_or(line.len()));
        let plain = path.iter().enumerate().all(|(at, token)| match at % 2 {
            0 => token.kind == Kind::Name,
            _ => token.text == ".",
        });
        let name = alias.get(1).or(path.last()).map_or("", |token| token.text);
        if plain && path.len() > 1 && !KEYWORDS.contains(&name) {
            aliases.insert(name, path.iter().map(|token| token.text).collect());
        }
        declared = declared.max(at + line.len());
    }
    // One that is bound to something else, too, is left to the evaluator.
    for (at, token) in tokens.iter().enumerate().skip(declared + 1) {
        let bound = matches!(text_at(tokens, at + 1), ":=" | "=" | "contains")
            || at > 0 && text_at(tokens, at - 1) == "some";
        if token.kind == Kind::Name && bound && !is_field(tokens, at) {
            aliases.remove(token.text);
        }
    }
    for (at, token) in tokens.iter().enumerate().skip(declared + 1) {
        let key = text_at(tokens, at + 1) == ":";
        if let Some(path) = aliases.get(token.text)
            && token.kind == Kind::Name
            && !is_field(tokens, at)
            && !key
        {
            edits.push((token.start, token.end(), path.clone()));
        }
    }
}

/// Writes a call of an operator by its name, with two arguments, as the operator: `minus(a, b)` as `((a) - (b))`.
fn operator(tokens: &[Token<'_>], at: usize, sign: &str, edits: &mut Vec<(usize, usize, String)>) {
    let mut depth = 0_i32;
    let mut commas = Vec::new();
    for token in tokens.iter().skip(at + 1) {
        match token.text {
            "(" | "[" | "{" => depth += 1,
            "," if depth == 1 => commas.push(token),
            ")" | "]" | "}" => depth -= 1,
            _ => {}
        }
        if depth == 0 {
            if let (Some(name), [comma]) = (tokens.get(at), commas.as_slice()) {
                edits.push((name.start, name.end(), "(".to_owned()));
                edits.push((comma.start, comma.end(), format!(") {sign} (")));
                edits.push((token.end(), token.end(), ")".to_owned()));
            }
            return;
        }
    }
}

/// Tells `walk` where to put what it finds, where that is said before it: `a = walk(b)`.
fn walked(tokens: &[Token<'_>], at: usize, edits: &mut Vec<(usize, usize, String)>) {
    let before = at.checked_sub(1).map_or("", |at| text_at(tokens, at));
    if !matches!(before, "=" | ":=") {
        return;
    }
    let mut depth = 0_i32;
    for token in tokens.iter().skip(at + 1) {
        match token.text {
            "(" | "[" | "{" => depth += 1,
            "," if depth == 1 => return,
            ")" | "]" | "}" => depth -= 1,
            _ => {}
        }
        if depth == 0 {
            if let Some(name) = tokens.get(at) {
                let found = format!("walked__{at}");
                edits.push((name.start, name.start, format!("{found}; ")));
                edits.push((token.start, token.start, format!(", {found}")));
            }
            return;
        }
    }
}

/// Gives each body of a rule the head: `f(x) { a } { b }` says what `f(x) { a }` and `f(x) { b }` say.
fn bodies(text: &str, tokens: &[Token<'_>], edits: &mut Vec<(usize, usize, String)>) {
    for rule in rules(tokens) {
        let mut depth = 0_i32;
        // Where the first body begins, and whether what was closed last is a body: other braces are values.
        let (mut head, mut is_body) = (None, false);
        for at in rule.clone() {
            let before = at.checked_sub(1).map_or("", |at| text_at(tokens, at));
            match text_at(tokens, at) {
                "{" if depth == 0 => {
                    let chained = before == "}" && is_body;
                    let value = matches!(before, "=" | ":=" | "contains" | "in" | "");
                    if let (true, Some(start), Some(brace)) =
                        (chained, tokens.get(rule.start), tokens.get(at))
                        && let Some(head) = head.and_then(|at: usize| tokens.get(at))
                    {
                        let head = text.get(start.start..head.start).unwrap_or_default();
                        // Heads over several lines would move the lines behind them.
                        let head = head.trim_end().replace('\n', " ");
                        edits.push((brace.start, brace.start, format!("{head} ")));
                    }
                    is_body = !value;
                    if is_body {
                        head.get_or_insert(at);
                    }
                    depth += 1;
                }
                "(" | "[" | "{" => depth += 1,
                ")" | "]" | "}" => depth -= 1,
                "else" if depth == 0 => break,
                _ => {}
            }
        }
    }
}

/// Gives variables that bear the name of a rule another one, where they are declared: within the brackets around, and in the head if these are its body.
fn renamed(tokens: &[Token<'_>], names: &Names, edits: &mut Vec<(usize, usize, String)>) {
    for rule in rules(tokens) {
        let mut bound: Vec<(&str, Range<usize>)> = Vec::new();
        // The brackets that are open.
        let mut open: Vec<usize> = Vec::new();
        let mut waiting: Vec<(&str, usize)> = Vec::new();
        for at in rule.clone() {
            let Some(token) = tokens.get(at) else {
                continue;
            };
            match token.text {
                "{" | "[" | "(" => open.push(at),
                "}" | "]" | ")" => {
                    let from = open.pop().unwrap_or(rule.start);
                    let scope = if open.is_empty() {
                        rule.start..at
                    } else {
                        from..at
                    };
                    let depth = open.len() + 1;
                    bound.extend(
                        waiting
                            .extract_if(.., |(_, deep)| *deep >= depth)
                            .map(|(name, _)| (name, scope.clone())),
                    );
                }
                name if token.kind == Kind::Name && names.rules.contains(name) => {
                    let is_some = is_listed(tokens, at);
                    if is_some || !open.is_empty() && text_at(tokens, at + 1) == ":=" {
                        waiting.push((name, open.len()));
                    }
                }
                _ => {}
            }
        }
        bound.extend(waiting.into_iter().map(|(name, _)| (name, rule.clone())));
        for at in rule.clone().skip(1) {
            let Some(token) = tokens.get(at) else {
                continue;
            };
            let is_local = bound
                .iter()
                .any(|(name, scope)| *name == token.text && scope.contains(&at));
            let is_rule = is_field(tokens, at)
                || text_at(tokens, at - 1) == "with"
                || names.functions.contains(token.text) && is_called(tokens, at);
            if is_local && token.kind == Kind::Name && !is_rule {
                edits.push((token.start, token.end(), format!("{}__local", token.text)));
            }
        }
    }
}

/// Whether a name is one of those behind `some`.
fn is_listed(tokens: &[Token<'_>], at: usize) -> bool {
    let mut at = at;
    while let Some(before) = at.checked_sub(1) {
        match text_at(tokens, before) {
            "some" => return true,
            "," => at = before.saturating_sub(1),
            _ => return false,
        }
    }
    false
}

/// The rules of a module, as ranges of tokens: each begins with a name at the beginning of a line, outside of all brackets.
pub(crate) fn rules(tokens: &[Token<'_>]) -> Vec<Range<usize>> {
    let mut starts = Vec::new();
    let mut depth = 0_i32;
    let mut fresh = true;
    for (at, token) in tokens.iter().enumerate() {
        match token.text {
            "{" | "[" | "(" => depth += 1,
            "}" | "]" | ")" => depth -= 1,
            _ => {}
        }
        if depth == 0 && fresh && token.kind == Kind::Name && token.text != "else" {
            starts.push(at);
        }
        fresh = token.kind == Kind::Newline;
    }
    let ends = starts.iter().skip(1).copied().chain([tokens.len()]);
    starts
        .iter()
        .copied()
        .zip(ends)
        .map(|(start, end)| start..end)
        .collect()
}

/// Puts before a negated expression that what it calls something with is there: `not f(a.b)` becomes `_ = a.b; not f(a.b)`.
fn looked_up(
    text: &str,
    tokens: &[Token<'_>],
    not: usize,
    edits: &mut Vec<(usize, usize, String)>,
) {
    let end = end_of_expression(tokens, not + 1);
    let inner = tokens.get(not + 1..end).unwrap_or_default();
    // Comprehensions have variables of their own, and what is said `with` something is looked up with that.
    let is_own = |token: &Token<'_>| matches!(token.text, "|" | "some" | "every");
    if inner.iter().any(is_own) || text_at(tokens, end) == "with" {
        return;
    }
    let mut found: Vec<&str> = Vec::new();
    let mut depth = 0_i32;
    let mut at = not + 1;
    let compares = compares(inner);
    while at < end {
        let token = tokens.get(at).copied();
        let Some(token) = token else { break };
        match token.text {
            "(" | "[" | "{" => depth += 1,
            ")" | "]" | "}" => depth -= 1,
            _ => {}
        }
        let starts = token.kind == Kind::Name && !is_field(tokens, at);
        if !starts {
            at += 1;
            continue;
        }
        let after = end_of_reference(tokens, at, end);
        let reference = tokens.get(at..after).unwrap_or_default();
        let is_call = text_at(tokens, after) == "(";
        let wild = reference.iter().any(|token| token.text == "_");
        let known = !KEYWORDS.contains(&token.text) || matches!(token.text, "input" | "data");
        if reference.len() > 1 && !is_call && !wild && known && (depth > 0 || compares) {
            let last = reference.last().map_or(token.end(), Token::end);
            found.extend(text.get(token.start..last));
        }
        // What comes of a call that another one is given.
        if is_call && (depth > 0 || compares) {
            let close = end_of_expression(tokens, after + 1);
            let last = tokens.get(close).map_or(token.end(), Token::end);
            let inner = tokens.get(at..close).unwrap_or_default();
            if !inner.iter().any(|token| token.text == "_") {
                found.extend(text.get(token.start..last));
            }
        }
        // What is within its brackets is looked at, too.
        at += 1;
    }
    found.dedup();
    let (Some(first), false) = (tokens.get(not), found.is_empty()) else {
        return;
    };
    let checks: String = found.iter().map(|one| format!("_ = {one}; ")).collect();
    let before = not.checked_sub(1).map_or("", |at| text_at(tokens, at));
    if before == "if" {
        let Some(last) = tokens.get(end - 1) else {
            return;
        };
        edits.push((first.start, first.start, format!("{{ {checks}")));
        edits.push((last.end(), last.end(), " }".to_owned()));
    } else {
        edits.push((first.start, first.start, checks));
    }
}

/// Whether an expression is a comparison or a computation of which OPA looks up both sides before. It does not of `==`.
fn compares(tokens: &[Token<'_>]) -> bool {
    let mut depth = 0_i32;
    let mut any = false;
    for token in tokens {
        match token.text {
            "(" | "[" | "{" => depth += 1,
            ")" | "]" | "}" => depth -= 1,
            "==" | "=" if depth == 0 => return false,
            ">" | "<" | ">=" | "<=" | "!=" | "+" | "-" | "*" | "/" | "%" | "in" if depth == 0 => {
                any = true;
            }
            _ => {}
        }
    }
    any
}

/// Where an expression ends: behind its last token.
fn end_of_expression(tokens: &[Token<'_>], from: usize) -> usize {
    let mut depth = 0_i32;
    for (at, token) in tokens.iter().enumerate().skip(from) {
        match token.text {
            "(" | "[" | "{" => depth += 1,
            ")" | "]" | "}" if depth == 0 => return at,
            ")" | "]" | "}" => depth -= 1,
            ";" | "with" if depth == 0 => return at,
            _ if token.kind == Kind::Newline && depth == 0 => return at,
            _ => {}
        }
    }
    tokens.len()
}

/// Where a reference ends: a name with fields and brackets behind it.
fn end_of_reference(tokens: &[Token<'_>], at: usize, end: usize) -> usize {
    let mut after = at + 1;
    while after < end {
        match text_at(tokens, after) {
            "." => after += 2,
            "[" => {
                let inner = end_of_expression(tokens, after + 1);
                after = inner + 1;
            }
            _ => break,
        }
    }
    after.min(end)
}

#[cfg(test)]
mod tests {
    use super::{Names, names, portable};
    use std::collections::BTreeSet;

    #[test]
    fn modules_are_rewritten_where_it_matters() {
        let own = Names {
            functions: BTreeSet::from(["has".to_owned()]),
            rules: BTreeSet::from(["has".to_owned(), "kept".to_owned()]),
        };
        for (module, expected) in [
            (
                "import data.lib.s3\nimport data.names as n\ndeny[m] { s3.all[_].s3; m := n[0] } # s3.x\n",
                "import data.lib.s3\nimport data.names as n\ndeny[m] { data.lib.s3.all[_].s3; m := data.names[0] } # s3.x\n",
            ),
            // It is bound to something else.
            (
                "import data.lib\nx { lib := 1; lib.y }\n",
                "import data.lib\nx { lib := 1; lib.y }\n",
            ),
            (
                "x { not has(r.u.v) }\n",
                "x { _ = r.u.v; not has(r.u.v) }\n",
            ),
            ("x if not has(r.u)\n", "x if { _ = r.u; not has(r.u) }\n"),
            (
                "x { not r.u > 3; not r.u == 3; not r.u; not has(r); not has(r.u) with input as 1 }\n",
                "x { _ = r.u; not r.u > 3; not r.u == 3; not r.u; not has(r); not has(r.u) with input as 1 }\n",
            ),
            (
                "x { not s[r.u]; not has(a[_]); not has(f(\"r.u\", r[\"u\"])) }\n",
                "x { _ = r.u; not s[r.u]; not has(a[_]); _ = f(\"r.u\", r[\"u\"]); _ = r[\"u\"]; not has(f(\"r.u\", r[\"u\"])) }\n",
            ),
            (
                "has(x) = [has | some has in x.has; has.y] { has(1) }\ny := has(2)\n",
                "has(x) = [has__local | some has__local in x.has; has__local.y] { has(1) }\ny := has(2)\n",
            ),
            (
                "x { re_match(`re_match(`, y); y.re_match(1) }\n",
                "x { regex.match(`re_match(`, y); y.re_match(1) }\n",
            ),
            (
                "x { y[minus(count(y), 1)]; y.minus(1, 2); minus(1, 2, z) }\n",
                "x { y[((count(y)) - ( 1))]; y.minus(1, 2); minus(1, 2, z) }\n",
            ),
            (
                "x { y with kept as 1\n  with has as 2 with input as 3 with other as 4 }\n",
                "x { y with data.a.b.kept as 1\n  with data.a.b.has as 2 with input as 3 with other as 4 }\n",
            ),
            (
                "p[x] {\n  a\n} {\n  {1} == {x}\n} { c }\nf(x) = {1} { x }\ng = {1} { a } { b } else = 2 { c }\n",
                "p[x] {\n  a\n} p[x] {\n  {1} == {x}\n} p[x] { c }\nf(x) = {1} { x }\ng = {1} { a } g = {1} { b } else = 2 { c }\n",
            ),
        ] {
            assert_eq!(portable(module, "a.b", &own), expected);
        }
        let (package, names) = names("# p\npackage a.b\nf(x) { g(x) }\nh[x] { x }\nelse(1)\n");
        assert_eq!(package, "a.b");
        let set = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect();
        assert_eq!(names.functions, set(&["f"]));
        assert_eq!(names.rules, set(&["f", "h"]));
    }
}
