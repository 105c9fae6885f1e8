#!/usr/bin/env python3
"""Time and memory of two engines with the same provider program: plan, apply and a plan with nothing to do, of `null_resource` with `count`.

    beside.py --ours target/release/terrane --peer terraform --provider DIR/terraform-provider-null [--sizes 1000,5000] [--runs 3] [--limit 1800]

Prints the rows of the table in docs/performance.md. Memory is the largest of the engine's own process (not of the provider): what is resident, and in brackets
that without pages of files (the program itself, which the system can drop). Nothing else should run on the machine.
"""

import argparse
import os
import pathlib
import resource
import shutil
import statistics
import subprocess
import tempfile
import threading
import time

CONFIG = """
terraform {{
  required_providers {{
    null = {{
      source = "hashicorp/null"
    }}
  }}
}}

resource "null_resource" "a" {{
  count = {count}
  triggers = {{
    number = count.index
  }}
}}
"""
STEPS = [("plan", ["plan", "-out=p"]), ("apply", ["apply", "-auto-approve"]), ("plan, nothing to do", ["plan", "-detailed-exitcode"])]


def watch(pid, peak):
    """Until the process is gone: the largest of what is resident, and of that without files."""
    while True:
        try:
            lines = pathlib.Path(f"/proc/{pid}/status").read_text().splitlines()
        except (FileNotFoundError, ProcessLookupError):
            return
        fields = {name: value.split()[0] for name, value in (line.split(":", 1) for line in lines) if value.split()}
        if "VmRSS" not in fields:
            return
        all_of_it, files = int(fields["VmRSS"]), int(fields.get("RssFile", 0))
        peak["all"] = max(peak["all"], all_of_it)
        peak["own"] = max(peak["own"], all_of_it - files)
        time.sleep(0.01)


def run(command, folder, env, limit):
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    began = time.monotonic()
    process = subprocess.Popen(command, cwd=folder, env=env, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, stdin=subprocess.DEVNULL)
    peak = {"all": 0, "own": 0}
    watcher = threading.Thread(target=watch, args=(process.pid, peak))
    watcher.start()
    try:
        _, problem = process.communicate(timeout=limit)
    except subprocess.TimeoutExpired:
        process.kill()
        process.communicate()
        return None
    finally:
        watcher.join()
    if process.returncode not in (0, 2):
        raise SystemExit(f"{command}: {problem.decode(errors='replace')}")
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    processor = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return time.monotonic() - began, processor, peak["all"] / 1024, peak["own"] / 1024


def engine(program, begin, settings, count, limit):
    """The figures of each step, in a new folder."""
    with tempfile.TemporaryDirectory() as folder:
        pathlib.Path(folder, "main.tf").write_text(CONFIG.format(count=count))
        env = {"PATH": os.environ["PATH"], "HOME": folder, "TF_CLI_CONFIG_FILE": settings, "CHECKPOINT_DISABLE": "1", "TF_INPUT": "0"}
        if run([program, "init", *begin], folder, env, limit) is None:
            return
        for name, words in STEPS:
            figures = run([program, *words], folder, env, limit)
            yield name, figures
            if figures is None:
                return


def cell(figures):
    if not figures:
        return "not within the limit | | "
    wall, processor, whole, own = (statistics.median(column) for column in zip(*figures))
    return f"{wall:.2f} s | {processor:.2f} s | {whole:.0f} ({own:.0f}) MiB"


def main():
    parse = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parse.add_argument("--ours", required=True)
    parse.add_argument("--peer", default="terraform")
    parse.add_argument("--provider", required=True)
    parse.add_argument("--sizes", default="1000,5000")
    parse.add_argument("--runs", type=int, default=3)
    parse.add_argument("--limit", type=float, default=1800, help="seconds for each command")
    options = parse.parse_args()
    programs = {side: str(pathlib.Path(shutil.which(given)).resolve()) for side, given in (("ours", options.ours), ("peer", options.peer))}
    with tempfile.TemporaryDirectory() as work:
        for host in ("registry.terraform.io", "registry.opentofu.org"):
            place = pathlib.Path(work, "mirror", host, "hashicorp", "null", "3.9.9", "linux_amd64")
            place.mkdir(parents=True)
            shutil.copy(options.provider, place / "terraform-provider-null_v3.9.9")
        settings = pathlib.Path(work, "settings.tfrc")
        settings.write_text(f'provider_installation {{\n  filesystem_mirror {{\n    path = "{work}/mirror"\n  }}\n}}\n')
        print("| n | operation | terrane | processor | memory | peer | processor | memory |\n|---|---|---|---|---|---|---|---|")
        for count in map(int, options.sizes.split(",")):
            found = {}
            for _ in range(options.runs):
                for side, program in programs.items():
                    # Not the provider that is built in.
                    begin = ["-provider-mode=plugin"] if side == "ours" else []
                    for name, figures in engine(program, begin, str(settings), count, options.limit):
                        found.setdefault((name, side), []).extend([figures] if figures else [])
            for name, _ in STEPS:
                print(f"| {count:,} | {name} | {cell(found.get((name, 'ours')))} | {cell(found.get((name, 'peer')))} |", flush=True)


if __name__ == "__main__":
    main()
