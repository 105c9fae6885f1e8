#!/usr/bin/env python3
"""Plans the examples of real modules with two engines and compares what `show -json` says of the plans.

Modules come from a registry on this machine that serves the folders given by --modules (OWNER+terraform-PROVIDER-NAME), whatever version is asked
for. The clouds are providers that files of schemas describe (`described-provider` of tests/plugins); others are taken from a folder of programs.

    compare.py --ours terrane --peer terraform --provider target/debug/described-provider --fake hashicorp/aws=aws-schemas.json \\
        --modules DIR [--programs DIR] [--answers FILE] [--only TEXT] [--limit N] [--steps plan,json,apply,again,…] [--bare] [--part I/N] [--work DIR]

With --bare, folders of modules that no example calls are planned by themselves, with made-up values (values.py). Steps after `apply` plan again what was
applied: as it is, with -refresh-only, -destroy, -target, -replace. Prints a line for each example and the differences; exits with 1 if there are any.
"""

import argparse
import collections
import http.server
import io
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tarfile
import tempfile
import threading

import values

ANSWERS = {
    "aws_partition": {"partition": "aws", "dns_suffix": "amazonaws.com", "reverse_dns_prefix": "com.amazonaws", "id": "aws"},
    "aws_region": {"name": "eu-west-1", "region": "eu-west-1", "id": "eu-west-1", "endpoint": "ec2.eu-west-1.amazonaws.com"},
    "aws_caller_identity": {"account_id": "123456789012", "arn": "arn:aws:iam::123456789012:user/u", "id": "123456789012", "user_id": "AID"},
    "aws_availability_zones": {"names": ["eu-west-1a", "eu-west-1b", "eu-west-1c"], "zone_ids": ["euw1-az1", "euw1-az2", "euw1-az3"]},
    "aws_iam_policy_document": {"json": '{"Version":"2012-10-17"}', "minified_json": '{"Version":"2012-10-17"}'},
    "aws_iam_session_context": {"issuer_arn": "arn:aws:iam::123456789012:role/r"},
    "aws_subnets": {"ids": ["subnet-1", "subnet-2", "subnet-3"]},
    "aws_ami": {"id": "ami-0123456789", "image_id": "ami-0123456789"},
}


class Registry(http.server.BaseHTTPRequestHandler):
    """Modules from folders, in any version."""

    folders = {}
    exact = collections.defaultdict(set)
    packages = {}
    lock = threading.Lock()

    def log_message(self, *_):
        pass

    def do_GET(self):
        parts = self.path.split("?")[0].strip("/").split("/")
        if parts[0] == "v1" and len(parts) == 5 and parts[4] == "versions":
            name = "/".join(parts[1:4])
            if name not in self.folders:
                return self.answer(404, b"{}")
            versions = sorted({f"{n}.99.0" for n in range(40)} | self.exact[name])
            body = {"modules": [{"versions": [{"version": version} for version in versions]}]}
            return self.answer(200, json.dumps(body).encode(), "application/json")
        if parts[0] == "v1" and len(parts) == 6 and parts[5] == "download":
            url = f"http://127.0.0.1:{self.server.server_address[1]}/package/{'/'.join(parts[1:4])}.tar.gz"
            self.send_response(204)
            self.send_header("X-Terraform-Get", url)
            self.end_headers()
            return None
        if parts[0] == "package":
            name = "/".join(parts[1:]).removesuffix(".tar.gz")
            with self.lock:
                if name not in self.packages:
                    self.packages[name] = package(self.folders[name])
            return self.answer(200, self.packages[name], "application/gzip")
        return self.answer(404, b"")

    def answer(self, status, body, kind="text/plain"):
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


# Whether modules are without the validations of their variables (--no-validations).
BARE_VARIABLES = [False]


def without_validations(text):
    """Newer modules have conditions that only engines can evaluate that stop at what decides an && or ||."""
    parts, at = [], 0
    for found in re.finditer(r"^[ \t]*validation[ \t]*\{", text, re.M):
        if found.start() < at:
            continue
        end, depth = found.end(), 1
        for token in values.TOKEN.finditer(text, found.end()):
            end = token.end()
            depth += (token[0].strip() == "{") - (token[0].strip() == "}")
            if not depth:
                break
        parts.append(text[at : found.start()])
        at = end
    return "".join(parts) + text[at:]


def content(path):
    data = path.read_bytes()
    if BARE_VARIABLES[0] and path.suffix == ".tf":
        return without_validations(data.decode(errors="replace")).encode()
    return data


def package(folder):
    data = io.BytesIO()
    with tarfile.open(fileobj=data, mode="w:gz") as archive:
        for path in sorted(folder.rglob("*")):
            if path.is_file() and not path.is_symlink() and ".git" not in path.parts:
                entry = archive.gettarinfo(path, str(path.relative_to(folder)))
                inside = content(path)
                entry.size = len(inside)
                archive.addfile(entry, io.BytesIO(inside))
    return data.getvalue()


def module_name(folder):
    found = re.fullmatch(r"([^+]+)\+terraform-([^-]+)-(.+)", folder.name)
    return found and "/".join([found[1], found[3], found[2]])


def start_registry(folders):
    for folder in folders:
        if name := module_name(folder):
            Registry.folders[name] = folder
    call = re.compile(r'source\s*=\s*"([\w-]+/[\w-]+/[\w-]+)(?://[^"]*)?"\s*\n\s*version\s*=\s*"([^"]+)"')
    for folder in folders:
        for file in folder.rglob("*.tf"):
            for name, constraint in call.findall(file.read_text(errors="replace")):
                for number in re.findall(r"\d+(?:\.\d+)*", constraint):
                    Registry.exact[name].add(".".join((number.split(".") + ["0", "0"])[:3]))
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Registry)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return server.server_address[1]


def mentioned(folders):
    """All words that may be types: a fake serves no more than these, which spares both engines the rest."""
    words = set()
    for folder in folders:
        for pattern in ("*.tf", "*.tf.json"):
            for file in folder.rglob(pattern):
                words.update(re.findall(r'"?\b([a-z0-9]+_\w+)"?', file.read_text(errors="replace")))
    return words


def start_provider(program, name, schemas, answers, words, work):
    facts = json.loads(schemas.read_text())
    for kind in ("resources", "data_sources"):
        facts[kind] = {key: about for key, about in facts[kind].items() if key in words}
    if keys := facts["provider"].get("endpoint_keys"):
        facts["provider"]["blocks"]["endpoints"]["attributes"] = {key: {"type": "string", "optional": True} for key in keys}
    described = work / f"{name.replace('/', '-')}.json"
    described.write_text(json.dumps(facts))
    (work / "answers.json").write_text(json.dumps(answers))
    command = [program, name, described, work / "answers.json", "--debug"]
    version = "6" if '"nested_type"' in described.read_text() else "5"
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=os.environ | {"PLUGIN_PROTOCOL_VERSIONS": version})
    for line in process.stdout:
        if "TF_REATTACH_PROVIDERS=" in line:
            attached = json.loads(line.split("=", 1)[1].strip().strip("'"))
            # OpenTofu asks for it by the name of its own registry.
            attached |= {key.replace("registry.terraform.io", "registry.opentofu.org"): how for key, how in attached.items()}
            return process, attached
    sys.exit("the provider did not start")


def versions_of(folders):
    """By provider, versions that meet the constraints of all these modules."""
    entry = re.compile(r'source\s*=\s*"(?:[\w.-]+/)?hashicorp/([\w-]+)"\s*\n\s*version\s*=\s*"([^"]+)"|version\s*=\s*"([^"]+)"\s*\n\s*source\s*=\s*"(?:[\w.-]+/)?hashicorp/([\w-]+)"')
    found = collections.defaultdict(lambda: {"99.0.0"})
    for folder in folders:
        for file in folder.rglob("*.tf"):
            for name, constraint, before, after in entry.findall(file.read_text(errors="replace")):
                for number in re.findall(r"\d+(?:\.\d+)*", constraint or before):
                    major, minor, patch = (number.split(".") + ["0", "0"])[:3]
                    found[name or after] |= {f"{major}.99.0", f"{major}.{minor}.99", f"{major}.{minor}.{patch}"}
    return found


def settings(port, programs, folders, work):
    """A mirror with the programs, and the registry in place of the public ones."""
    mirror, versions = work / "mirror", versions_of(folders)
    for program in programs.iterdir() if programs else []:
        name = program.name.removeprefix("terraform-provider-")
        for host in ("registry.terraform.io", "registry.opentofu.org"):
            for version in versions[name]:
                place = mirror / host / "hashicorp" / name / version / "linux_amd64"
                place.mkdir(parents=True, exist_ok=True)
                if not (place / f"terraform-provider-{name}_v{version}").exists():
                    os.link(program, place / f"terraform-provider-{name}_v{version}")
    hosts = "".join(
        f'host "{host}" {{\n  services = {{\n    "modules.v1" = "http://127.0.0.1:{port}/v1/"\n  }}\n}}\n'
        for host in ("registry.terraform.io", "registry.opentofu.org")
    )
    mirror.mkdir(exist_ok=True)
    text = f'{hosts}provider_installation {{\n  filesystem_mirror {{\n    path = "{mirror}"\n  }}\n}}\n'
    (work / "settings.tfrc").write_text(text)


SHOWN = {"wrappers", "test", "tests", "fixtures", "build", "templates"}


def examples(folders, bare):
    """Repository, folder in it, and whether it needs made-up values."""
    for folder in folders:
        root = folder / "examples"
        called = sorted(root.rglob("*")) if root.is_dir() else []
        for path in called:
            inside = path.relative_to(root).parts if path != root else ()
            if path.is_dir() and any(path.glob("*.tf")) and not (SHOWN | {"modules"}) & set(inside):
                yield folder, path.relative_to(folder), False
        for path in [folder, *sorted(folder.rglob("*"))] if bare else []:
            inside = path.relative_to(folder).parts
            if path.is_dir() and any(path.glob("*.tf")) and not (SHOWN | {"examples", ".git"}) & set(inside):
                yield folder, path.relative_to(folder), True


class Engine:
    def __init__(self, program, work, env):
        self.program, self.env = program, env
        self.work = work
        self.home = work / "home"
        self.home.mkdir(parents=True, exist_ok=True)

    def run(self, folder, *arguments):
        env = {"PATH": os.environ["PATH"], "HOME": str(self.home), "CHECKPOINT_DISABLE": "1", "TF_INPUT": "0", "NO_COLOR": "1"} | self.env
        done = subprocess.run([self.program, *arguments], cwd=folder, env=env, capture_output=True, text=True, stdin=subprocess.DEVNULL, timeout=600)
        return done.returncode, done.stdout, done.stderr

    def example(self, repository, path, bare, wanted):
        """What it says of an example, by step; ends with the first step that fails."""
        # One folder for both, since its name may be in plans.
        copy = self.work.parent / "repository"
        if copy.exists():
            shutil.rmtree(copy)
        shutil.copytree(repository, copy, symlinks=True, ignore=shutil.ignore_patterns(".git", ".terraform", ".terraform.lock.hcl"))
        for file in copy.rglob("*.tf") if BARE_VARIABLES[0] else []:
            if not file.is_symlink():
                file.write_bytes(content(file))
        folder = copy / path
        found = sorted([*folder.glob("*.tfvars"), *folder.glob("*.tfvars.json")])[:1]
        files = ["-var-file=made-up.tfvars.json", *(f"-var-file={file.name}" for file in found)]
        (folder / "made-up.tfvars.json").write_text(json.dumps(values.required(folder)))
        status, out, err = self.run(folder, "init", "-no-color", "-backend=false" if bare else "-input=false")
        steps = {"init": (status, out + err, None)}
        if status:
            return steps
        self.plan(folder, steps, "plan", *files)
        if steps["plan"][0]:
            return steps
        if "json" in wanted:
            status, out, err = self.run(folder, "plan", "-json", *files)
            steps["json"] = (status, err, stream(out))
        if "apply" not in wanted:
            return steps
        status, out, err = self.run(folder, "apply", "-json", "plan.plan")
        _, state, _ = self.run(folder, "show", "-json")
        state = json.loads(state)
        steps["apply"] = (status, out + err, state | {"stream": stream(out)})
        if status:
            return steps
        managed = sorted(address for address, found in resources(state.get("values", {}).get("root_module", {})) if found["mode"] == "managed")
        some = lambda part: managed[int(len(managed) * part)]
        later = {"again": [], "refresh": ["-refresh-only"], "destroy": ["-destroy"]}
        if managed:
            later |= {"target": [f"-target={some(0.5)}", "-destroy"], "replace": [f"-replace={some(0.3)}"], "narrow": [f"-target={some(0.7)}", f"-replace={some(0.7)}"]}
        for step, arguments in later.items():
            if step in wanted:
                self.plan(folder, steps, step, *arguments, *files)
        return steps

    def plan(self, folder, steps, step, *arguments):
        status, out, err = self.run(folder, "plan", "-no-color", f"-out={step}.plan", *arguments)
        shown = None
        if not status:
            good, text, problem = self.run(folder, "show", "-json", f"{step}.plan")
            shown = {"show": problem} if good else json.loads(text)
        steps[step] = (status, out + err, shown)


# What is told of each message of a stream; the rest is words, or another thing every time.
TOLD = {"type", "@level", "change", "changes", "outputs", "hook"}
UNTOLD = {"version", "apply_progress", "refresh_progress", "log"}


def stream(text):
    """The messages of `-json`, each as it is compared, in an order of their own: engines are free in theirs."""
    found = []
    for line in text.splitlines():
        try:
            message = json.loads(line)
        except json.JSONDecodeError:
            message = {"type": f"no message: {line}"}
        if message["type"] in UNTOLD:
            continue
        told = {key: value for key, value in message.items() if key in TOLD}
        if message["type"] == "diagnostic":
            about = message["diagnostic"]
            told["diagnostic"] = {key: about.get(key) for key in ("severity", "address")}
        told.get("hook", {}).pop("elapsed_seconds", None)
        found.append(told)
    return sorted(found, key=lambda told: json.dumps(told, sort_keys=True))


LEFT_OUT = {"terrane", "timestamp", "terraform_version", "terrane_version", "tofu_version", "applyable", "complete", "errored", "format_version"}


def tidy(value):
    """Without what is no matter of the plan: times, versions; the two registries are one; lists without an order in one order."""
    if isinstance(value, dict):
        # The peer forgets what a data source was read after.
        left_out = LEFT_OUT | ({"depends_on"} if value.get("mode") == "data" and "values" in value else set())
        kept = {key.replace("registry.opentofu.org", "registry.terraform.io"): tidy(found) for key, found in value.items() if key not in left_out}
        if "relevant_attributes" in kept:
            kept["relevant_attributes"].sort(key=json.dumps)
        # Instances of one call come in no certain order from the peer.
        if "child_modules" in kept:
            kept["child_modules"].sort(key=lambda child: child["address"])
        return kept
    if isinstance(value, list):
        return [tidy(found) for found in value]
    if isinstance(value, str):
        return value.replace("registry.opentofu.org", "registry.terraform.io")
    return value


# What these make is another thing every time.
CHANCE = ("random_", "time_", "tls_", "null_", "terraform_data")


def resources(module):
    for found in module.get("resources", []):
        yield found["address"], found
    for child in module.get("child_modules", []):
        yield from resources(child)


def of_chance(theirs, ours, found):
    """Pairs of texts that chance made, theirs and ours, at the same places."""
    if isinstance(theirs, dict) and isinstance(ours, dict):
        for key in theirs.keys() & ours.keys():
            of_chance(theirs[key], ours[key], found)
    elif isinstance(theirs, list) and isinstance(ours, list):
        for a, b in zip(theirs, ours):
            of_chance(a, b, found)
    elif isinstance(theirs, str) and isinstance(ours, str) and theirs != ours and len(ours) > 2:
        found[ours] = theirs


# What the described providers call an object: the end says what is in it, which may be of chance.
NAMED = re.compile(r"(.*[-/])[0-9a-f]{8}")


def of_content(theirs, ours, found):
    """Pairs of names that were made of what objects hold, which is compared where it stands."""
    for key in ("id", "self_link"):
        a, b = (NAMED.fullmatch(str(side.get(key))) for side in (theirs, ours))
        if a and b and a[0] != b[0] and a[1] == b[1]:
            found[b[0]] = a[0]


def chances(theirs, ours):
    """Our random texts and theirs, of two states."""
    left, right = (dict(resources(side.get("values", {}).get("root_module", {}))) for side in (theirs, ours))
    found = {}
    for address in left.keys() & right.keys():
        if left[address]["type"].startswith(CHANCE):
            of_chance(left[address]["values"], right[address]["values"], found)
        else:
            of_content(left[address]["values"], right[address]["values"], found)
    return found


def with_their_chance(ours, found):
    """What we say, with their random texts in place of ours, wherever these are."""
    text = json.dumps(ours)
    for mine in sorted(found, key=len, reverse=True):
        text = text.replace(json.dumps(mine)[1:-1], json.dumps(found[mine])[1:-1])
    return json.loads(text)


AFTER = ("apply", "again", "refresh", "destroy", "target", "replace", "narrow")


def differences(path, theirs, ours, found):
    if path.startswith(AFTER) and isinstance(theirs, dict) and "values" in theirs and str(theirs.get("type", "")).startswith(CHANCE):
        theirs, ours = ({key: value for key, value in side.items() if key not in ("values", "sensitive_values")} for side in (theirs, ours))
    if path.startswith(AFTER) and path.endswith(".depends_on") and isinstance(theirs, list) and isinstance(ours, list) and set(ours) <= set(theirs):
        # We note what the configuration refers to, the peer what is behind that, too.
        return
    if ".sensitive_values." in path and ".planned_values." in path and theirs == "(absent)" and ours is True:
        # Of an object that is replaced, the peer forgets what the schema calls sensitive.
        return
    if path.endswith((".relevant_attributes", ".stream")) or path == "json":
        left, right = ([json.dumps(item, sort_keys=True) for item in side or []] for side in (theirs, ours))
        found.extend(f"{path}: theirs alone: {item}" for item in left if item not in right)
        found.extend(f"{path}: ours alone: {item}" for item in right if item not in left)
    elif isinstance(theirs, dict) and isinstance(ours, dict):
        for key in sorted(theirs.keys() | ours.keys()):
            differences(f"{path}.{key}", theirs.get(key, "(absent)"), ours.get(key, "(absent)"), found)
    elif isinstance(theirs, list) and isinstance(ours, list) and len(theirs) == len(ours):
        for at, (a, b) in enumerate(zip(theirs, ours)):
            differences(f"{path}[{at}]", a, b, found)
    elif theirs != ours:
        found.append(f"{path}: theirs {json.dumps(theirs)[:300]}, ours {json.dumps(ours)[:300]}")


def compared(theirs, ours):
    found, chance = [], {}
    if theirs.get("apply") and ours.get("apply"):
        chance = chances(theirs["apply"][2], ours["apply"][2])
    for step in [*theirs, *(step for step in ours if step not in theirs)]:
        a, b = theirs.get(step), ours.get(step)
        if not a or not b or bool(a[0]) != bool(b[0]):
            told = {"theirs": a and (a[0], a[1][-1500:]), "ours": b and (b[0], b[1][-1500:])}
            found.append(f"{step}: {'peer' if a and not a[0] else 'we'} succeeded only: " + "\n".join(f"{k}: {v[0]}\n{v[1]}" for k, v in told.items() if v))
            continue
        # What an apply that failed leaves depends on how far it was.
        if a[2] is not None and not (step == "apply" and a[0]):
            differences(step, tidy(a[2]), tidy(with_their_chance(b[2], chance)), found)
    return found


# The peer looks at both sides of && and ||, also where the first decides.
BOTH_SIDES = re.compile(r"This value is null, so it does not have any attributes|Error during operation: argument must not be null|argument must not be null|Invalid value for \"\w+\" parameter: argument must not")


def explained(theirs, ours):
    """Why the peer refuses what we take."""
    for step, (status, text, _) in theirs.items():
        if status and step in ours and not ours[step][0] and BOTH_SIDES.search(text):
            return "explained: both sides of && and ||"
    return None


def refusals(text):
    """Headlines of errors, without codes."""
    return sorted({re.sub(r" \[T\d+\]$", "", line.strip()) for line in re.findall(r"Error: .*", text)})


def main():
    parse = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parse.add_argument("--ours", required=True)
    parse.add_argument("--peer", default="terraform")
    parse.add_argument("--provider", required=True)
    parse.add_argument("--fake", action="append", required=True, help="NAMESPACE/TYPE=FILE of schemas")
    parse.add_argument("--answers", type=pathlib.Path, help="what data sources find, by type")
    parse.add_argument("--modules", type=pathlib.Path, action="append", required=True)
    parse.add_argument("--programs", type=pathlib.Path)
    parse.add_argument("--only", action="append", default=[])
    parse.add_argument("--limit", type=int)
    parse.add_argument("--steps", default="plan", help="of json, apply, again, refresh, destroy, target, replace, narrow")
    parse.add_argument("--bare", action="store_true", help="also folders that no example calls")
    parse.add_argument("--no-validations", action="store_true", help="without the validations of variables")
    parse.add_argument("--part", default="0/1", help="I/N: every Nth example from the Ith")
    parse.add_argument("--work", type=pathlib.Path)
    parse.add_argument("--show", type=int, default=15, help="differences shown of each example")
    options = parse.parse_args()
    work = (options.work or pathlib.Path(tempfile.mkdtemp(prefix="modules-"))).resolve()
    work.mkdir(parents=True, exist_ok=True)
    folders = [folder for given in options.modules for folder in sorted(given.iterdir()) if folder.is_dir() and "+" in folder.name]
    port = start_registry(folders)
    answers = ANSWERS | (json.loads(options.answers.read_text()) if options.answers else {})
    words, providers, attached = mentioned(folders), [], {}
    for name, file in (given.split("=", 1) for given in options.fake):
        provider, how = start_provider(options.provider, name, pathlib.Path(file), answers, words, work)
        providers.append(provider)
        attached |= how
    settings(port, options.programs, folders, work)
    env = {"TF_REATTACH_PROVIDERS": json.dumps(attached), "TF_CLI_CONFIG_FILE": str(work / "settings.tfrc")}
    theirs = Engine(options.peer, work / "theirs", env)
    ours = Engine(options.ours, work / "ours", env)
    counts, ran, seen = collections.Counter(), 0, 0
    part, parts = map(int, options.part.split("/"))
    wanted = set(options.steps.split(","))
    BARE_VARIABLES[0] = options.no_validations
    try:
        for repository, path, bare in examples(folders, options.bare):
            name = f"{repository.name}/{path}"
            if options.only and not any(text in name for text in options.only):
                continue
            seen += 1
            if seen % parts != part:
                continue
            if options.limit is not None and ran >= options.limit:
                break
            ran += 1
            try:
                a, b = theirs.example(repository, path, bare, wanted), ours.example(repository, path, bare, wanted)
                for side, steps in (("theirs", a), ("ours", b)):
                    (work / side / f"{name.replace('/', '_')}.json").write_text(json.dumps(steps))
                reason = explained(a, b)
                found = [] if reason else compared(a, b)
            except (subprocess.TimeoutExpired, json.JSONDecodeError) as error:
                a, b, found, reason = {}, {}, [f"{error!r}"], None
            last = list(a)[-1] if a else "nothing"
            good = bool(a) and not a[last][0]
            verdict = reason if reason else "differs" if found else "equal" if good else f"both refuse at {last}"
            counts[verdict] += 1
            print(f"{verdict:24} {name}", flush=True)
            for line in found[: options.show]:
                print(f"    {line}")
            if len(found) > options.show:
                print(f"    and {len(found) - options.show} more")
            if not found and not good and not reason:
                left, right = refusals(a[last][1]), refusals(b[last][1])
                print(f"    {left}" + ("" if left == right else f", ours: {right}"))
    finally:
        for provider in providers:
            provider.terminate()
            provider.wait()
    print(dict(counts))
    sys.exit(1 if counts["differs"] else 0)


if __name__ == "__main__":
    main()
