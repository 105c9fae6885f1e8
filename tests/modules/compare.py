#!/usr/bin/env python3
"""Plans the examples of real modules with two engines and compares what `show -json` says of the plans.

Modules come from a registry on this machine that serves the folders given by --modules (OWNER+terraform-PROVIDER-NAME), whatever version is asked
for. The cloud is a provider that a file of schemas describes (`described-provider` of tests/plugins); others are taken from a folder of programs.

    compare.py --ours terrane --peer terraform --provider target/debug/described-provider \\
        --schemas aws-schemas.json --modules DIR [--programs DIR] [--only TEXT] [--limit N] [--apply] [--work DIR]

Prints a line for each example and the differences; exits with 1 if there are any.
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


def package(folder):
    data = io.BytesIO()
    with tarfile.open(fileobj=data, mode="w:gz") as archive:
        for path in sorted(folder.rglob("*")):
            if path.is_file() and not path.is_symlink() and ".git" not in path.parts:
                archive.add(path, str(path.relative_to(folder)))
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


def start_provider(program, schemas, work):
    facts = json.loads(schemas.read_text())
    endpoints = facts["provider"]["blocks"]["endpoints"]
    endpoints["attributes"] = {key: {"type": "string", "optional": True} for key in facts["provider"]["endpoint_keys"]}
    (work / "schemas.json").write_text(json.dumps(facts))
    (work / "answers.json").write_text(json.dumps(ANSWERS))
    command = [program, "hashicorp/aws", work / "schemas.json", work / "answers.json", "--debug"]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=os.environ | {"PLUGIN_PROTOCOL_VERSIONS": "5"})
    for line in process.stdout:
        if "TF_REATTACH_PROVIDERS=" in line:
            attached = json.loads(line.split("=", 1)[1].strip().strip("'"))
            # OpenTofu asks for it by the name of its own registry.
            attached |= {name.replace("registry.terraform.io", "registry.opentofu.org"): how for name, how in attached.items()}
            return process, json.dumps(attached)
    sys.exit("the provider did not start")


def settings(port, programs, work):
    """A mirror with the programs, and the registry in place of the public ones."""
    mirror = work / "mirror"
    for program in programs.iterdir() if programs else []:
        name = program.name.removeprefix("terraform-provider-")
        for host in ("registry.terraform.io", "registry.opentofu.org"):
            place = mirror / host / "hashicorp" / name / "99.0.0" / "linux_amd64"
            place.mkdir(parents=True, exist_ok=True)
            shutil.copy(program, place / f"terraform-provider-{name}_v99.0.0")
    hosts = "".join(
        f'host "{host}" {{\n  services = {{\n    "modules.v1" = "http://127.0.0.1:{port}/v1/"\n  }}\n}}\n'
        for host in ("registry.terraform.io", "registry.opentofu.org")
    )
    mirror.mkdir(exist_ok=True)
    text = f'{hosts}provider_installation {{\n  filesystem_mirror {{\n    path = "{mirror}"\n  }}\n}}\n'
    (work / "settings.tfrc").write_text(text)


def examples(folders):
    for folder in folders:
        root = folder / "examples"
        if not root.is_dir():
            continue
        for path in sorted(root.rglob("*")):
            if path.is_dir() and any(path.glob("*.tf")) and "wrappers" not in path.parts and "modules" not in path.relative_to(root).parts:
                yield folder, path.relative_to(folder)


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

    def example(self, repository, path, apply):
        """What it says of an example, by step; ends with the first step that fails."""
        # One folder for both, since its name may be in plans.
        copy = self.work.parent / "repository"
        if copy.exists():
            shutil.rmtree(copy)
        shutil.copytree(repository, copy, symlinks=True, ignore=shutil.ignore_patterns(".git", ".terraform", ".terraform.lock.hcl"))
        folder = copy / path
        steps = {}
        status, out, err = self.run(folder, "init", "-no-color")
        steps["init"] = (status, out + err, None)
        if status:
            return steps
        files = [f"-var-file={file.name}" for file in sorted(folder.glob("*.tfvars"))[:1]]
        status, out, err = self.run(folder, "plan", "-no-color", "-out=the.plan", *files)
        shown = None
        if not status:
            _, text, _ = self.run(folder, "show", "-json", "the.plan")
            shown = json.loads(text)
        steps["plan"] = (status, out + err, shown)
        if status or not apply:
            return steps
        status, out, err = self.run(folder, "apply", "-no-color", "the.plan")
        _, state, _ = self.run(folder, "show", "-json")
        steps["apply"] = (status, out + err, json.loads(state))
        if status:
            return steps
        status, out, err = self.run(folder, "plan", "-no-color", "-detailed-exitcode")
        steps["again"] = (int(status == 1), out + err, {"changes": status})
        return steps


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
    elif isinstance(theirs, str) and isinstance(ours, str) and theirs != ours and len(ours) > 3:
        found[ours] = theirs


def with_their_chance(theirs, ours):
    """Our state with their random texts in place of ours, wherever these are."""
    left, right = (dict(resources(side.get("values", {}).get("root_module", {}))) for side in (theirs, ours))
    found = {}
    for address in left.keys() & right.keys():
        if left[address]["type"].startswith(CHANCE):
            of_chance(left[address]["values"], right[address]["values"], found)
    text = json.dumps(ours)
    for mine in sorted(found, key=len, reverse=True):
        text = text.replace(json.dumps(mine)[1:-1], json.dumps(found[mine])[1:-1])
    return json.loads(text)


def differences(path, theirs, ours, found):
    if path.startswith("apply") and isinstance(theirs, dict) and str(theirs.get("type", "")).startswith(CHANCE):
        theirs, ours = ({key: value for key, value in side.items() if key not in ("values", "sensitive_values")} for side in (theirs, ours))
    if path.startswith("apply") and path.endswith(".depends_on") and isinstance(theirs, list) and isinstance(ours, list) and set(ours) <= set(theirs):
        # We note what the configuration refers to, the peer what is behind that, too.
        return
    if path.endswith(".relevant_attributes"):
        left, right = ([json.dumps(item, sort_keys=True) for item in side] for side in (theirs, ours))
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
    found = []
    for step in theirs.keys() | ours.keys():
        a, b = theirs.get(step), ours.get(step)
        if not a or not b or bool(a[0]) != bool(b[0]):
            told = {"theirs": a and (a[0], a[1][-1500:]), "ours": b and (b[0], b[1][-1500:])}
            found.append(f"{step}: {'peer' if a and not a[0] else 'we'} succeeded only: " + "\n".join(f"{k}: {v[0]}\n{v[1]}" for k, v in told.items() if v))
            continue
        # What an apply that failed leaves depends on how far it was.
        if a[2] is not None and not (step == "apply" and a[0]):
            mine = with_their_chance(a[2], b[2]) if step == "apply" else b[2]
            differences(step, tidy(a[2]), tidy(mine), found)
    return found


def main():
    parse = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parse.add_argument("--ours", required=True)
    parse.add_argument("--peer", default="terraform")
    parse.add_argument("--provider", required=True)
    parse.add_argument("--schemas", type=pathlib.Path, required=True)
    parse.add_argument("--modules", type=pathlib.Path, action="append", required=True)
    parse.add_argument("--programs", type=pathlib.Path)
    parse.add_argument("--only", action="append", default=[])
    parse.add_argument("--limit", type=int)
    parse.add_argument("--apply", action="store_true")
    parse.add_argument("--work", type=pathlib.Path)
    parse.add_argument("--show", type=int, default=15, help="differences shown of each example")
    options = parse.parse_args()
    work = (options.work or pathlib.Path(tempfile.mkdtemp(prefix="modules-"))).resolve()
    work.mkdir(parents=True, exist_ok=True)
    folders = [folder for given in options.modules for folder in sorted(given.iterdir()) if folder.is_dir() and "+" in folder.name]
    port = start_registry(folders)
    provider, attached = start_provider(options.provider, options.schemas, work)
    settings(port, options.programs, work)
    env = {"TF_REATTACH_PROVIDERS": attached, "TF_CLI_CONFIG_FILE": str(work / "settings.tfrc")}
    theirs = Engine(options.peer, work / "theirs", env)
    ours = Engine(options.ours, work / "ours", env)
    counts, ran = collections.Counter(), 0
    try:
        for repository, path in examples(folders):
            name = f"{repository.name}/{path}"
            if options.only and not any(text in name for text in options.only):
                continue
            if options.limit is not None and ran >= options.limit:
                break
            ran += 1
            try:
                a, b = theirs.example(repository, path, options.apply), ours.example(repository, path, options.apply)
                for side, steps in (("theirs", a), ("ours", b)):
                    (work / side / f"{name.replace('/', '_')}.json").write_text(json.dumps(steps))
                found = compared(a, b)
            except (subprocess.TimeoutExpired, json.JSONDecodeError) as error:
                a, b, found = {}, {}, [f"{error!r}"]
            last = list(a)[-1] if a else "nothing"
            good = bool(a) and not a[last][0]
            verdict = "differs" if found else "equal" if good else f"both refuse at {last}"
            counts[verdict] += 1
            print(f"{verdict:24} {name}", flush=True)
            for line in found[: options.show]:
                print(f"    {line}")
            if len(found) > options.show:
                print(f"    and {len(found) - options.show} more")
            if not found and not good:
                error = re.search(r"Error: .*", a[last][1])
                print(f"    {error[0] if error else ''}")
    finally:
        provider.terminate()
        provider.wait()
    print(dict(counts))
    sys.exit(1 if counts["differs"] else 0)


if __name__ == "__main__":
    main()
