#!/usr/bin/env python3
"""Runs this configuration against an emulator: made, planned again (nothing to do), destroyed.

    python3 examples/aws-service/run.py [TERRANE]

TERRANE is the program, `terrane` if it is not said. The emulator (moto) is started and ends with this script.
"""

import os
import subprocess
import sys
import tempfile

here = os.path.dirname(os.path.abspath(__file__))
root = os.path.dirname(os.path.dirname(here))
terrane = sys.argv[1] if len(sys.argv) > 1 else "terrane"
emulator = os.path.join(root, "tests/support/moto_server.py")
if not os.path.exists(emulator):
    sys.exit(f"{emulator} is not there: this script works within the repository of terrane.")
folder = os.path.join(os.environ.get("CARGO_TARGET_DIR", os.path.join(root, "target")), "moto")
server = subprocess.Popen(
    [sys.executable, emulator, folder],
    stdin=subprocess.PIPE,
    stdout=subprocess.PIPE,
    text=True,
)
port = server.stdout.readline().split()[-1]
state = tempfile.TemporaryDirectory()
environment = {
    **os.environ,
    "AWS_ENDPOINT_URL": f"http://127.0.0.1:{port}",
    "AWS_ACCESS_KEY_ID": "mock",
    "AWS_SECRET_ACCESS_KEY": "mock",
    "AWS_REGION": "eu-west-1",
    # What an emulator lacks is a 500, which would be tried again.
    "AWS_MAX_ATTEMPTS": "2",
    "TERRANE_AWS": "native",
    "TERRANE_AWS_POLL_SCALE": "0",
}


def run(*arguments):
    print("\n$ terrane", *arguments, flush=True)
    return subprocess.run([terrane, *arguments], cwd=folder, env=environment).returncode


# Beside the network that it is on.
folder = os.path.join(state.name, "aws-service")
os.mkdir(folder)
os.symlink(os.path.join(here, "..", "aws-network"), os.path.join(state.name, "aws-network"))
for name in os.listdir(here):
    if name.endswith(".tf"):
        os.symlink(os.path.join(here, name), os.path.join(folder, name))
failed = (
    run("init", "-input=false")
    or run("apply", "-input=false", "-auto-approve")
    or run("plan", "-input=false", "-detailed-exitcode")
)
failed = run("destroy", "-input=false", "-auto-approve") or failed
server.stdin.close()
server.wait()
sys.exit(failed)
