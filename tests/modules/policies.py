#!/usr/bin/env python3
"""Holds what policies say here against what OPA says: policy sets of others, unchanged.

    policies.py --terrane TERRANE --opa OPA FOLDER... [--plan PLAN.json]...

Of each folder the tests (`test_...`) are run by both, and each test must end in the same way, whatever that is. With plans (their JSON form), the rules
`deny`, `violation` and `warn` of every package are evaluated by both over each of them, and the messages must be the same. Made for OPA 0.69, which reads
modules of before version 1 of the language; files that are not Rego are left out. Exit code 1: something differs.
"""

import argparse
import json
import re
import subprocess
import sys

ONLY_REGO = [part for end in ("json", "yaml", "yml") for part in ("--ignore", f"*.{end}")]


def run(*words):
    """Output of a command as JSON, and what it complains of."""
    done = subprocess.run(words, capture_output=True, text=True)
    try:
        return json.loads(done.stdout or "null"), done.stderr.strip()
    except json.JSONDecodeError:
        return None, (done.stdout + done.stderr).strip()


def differences(what, here, there):
    """Lines about entries that are not the same."""
    for key in sorted(here.keys() | there.keys(), key=str):
        ours, theirs = here.get(key), there.get(key)
        if ours != theirs:
            yield f"  {what} {key}: {ours!r}, and OPA says {theirs!r}"


def tests(options, folder):
    """How tests end, by both."""
    found, problem = run(options.opa, "test", "--format=json", *ONLY_REGO, folder)
    if found is None:
        return None, f"OPA can't run its tests: {problem[:300]}"
    there = {}
    for one in found:
        ended = "error" if one.get("error") else "fail" if one.get("fail") else "skip" if one.get("skip") else "pass"
        # Several rules of one name are one test, which fails if one of them does.
        name = (one["package"].removeprefix("data."), re.sub("#[0-9]+$", "", one["name"].removeprefix("todo_")))
        there[name] = max(there.get(name, ""), ended, key=["", "skip", "pass", "fail", "error"].index)
    found, problem = run(options.terrane, "policy", "test", "-json", folder)
    if found is None or "tests" not in found:
        return None, f"its tests can't be run here: {problem[:600]}"
    here = {}
    for one in found["tests"]:
        name = (one["namespace"], one["name"].removeprefix("todo_"))
        here[name] = max(here.get(name, ""), one["status"], key=["", "skip", "pass", "fail", "error"].index)
    # OPA has no word of its own for a test that ends with an error of evaluation.
    here = {name: "fail" if ended == "error" and there.get(name) == "fail" else ended for name, ended in here.items()}
    return len(there), list(differences("test", here, there))


def said(options, folder, plan):
    """Messages about a plan, by both: of each package and level."""
    packages, problem = run(options.opa, "eval", "--format=json", *ONLY_REGO, "-d", folder, "-i", plan, "data")
    if packages is None or "result" not in packages:
        return None, f"OPA can't evaluate it: {problem[:300] or packages}"
    there = {}

    def walk(value, path):
        for name, inner in value.items():
            rule = re.fullmatch(r"(deny|violation|warn)(_[a-zA-Z0-9_]+)?", name)
            if rule and isinstance(inner, list):
                for one in inner:
                    message = one if isinstance(one, str) else one.get("msg") if isinstance(one, dict) else None
                    there.setdefault((".".join(path), name), []).append(str(message))
            elif isinstance(inner, dict):
                walk(inner, path + [name])

    walk(packages["result"][0]["expressions"][0]["value"], [])
    found, problem = run(options.terrane, "policy", "check", "-json", "-policy", folder, "-policy-namespace=*", plan)
    if found is None or "results" not in found:
        return None, f"it can't be evaluated here: {problem[:600]}"
    here = {}
    for one in found["results"]:
        here.setdefault((one["namespace"], one["rule"]), []).append(one["message"])
    for messages in (*here.values(), *there.values()):
        messages.sort()
    return sum(map(len, there.values())), list(differences("rule", here, there))


def main():
    options = argparse.ArgumentParser()
    options.add_argument("--terrane", required=True)
    options.add_argument("--opa", required=True)
    options.add_argument("--plan", action="append", default=[])
    options.add_argument("folders", nargs="+")
    options = options.parse_args()
    worst = 0
    for folder in options.folders:
        answers = [("tests", tests(options, folder))]
        answers += [(f"messages about {plan}", said(options, folder, plan)) for plan in options.plan]
        for what, (count, found) in answers:
            if count is None:
                print(f"{folder}: {found}")
                worst = 1
                continue
            print(f"{folder}: {count} {what}, {len(found)} differ")
            for line in found:
                print(line)
                worst = 1
    return worst


if __name__ == "__main__":
    sys.exit(main())
