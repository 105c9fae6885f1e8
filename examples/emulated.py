"""Runs a configuration against an emulator that it starts: made, planned again (nothing to do), destroyed. The `run.py` of the examples call it."""

import os
import subprocess
import sys
import tempfile

EXAMPLES = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(EXAMPLES)


def emulator():
    """A running emulator (moto), and the port that it listens on."""
    script = os.path.join(ROOT, "tests/support/moto_server.py")
    if not os.path.exists(script):
        sys.exit(f"{script} is not there: this works within the repository of terrane.")
    folder = os.path.join(os.environ.get("CARGO_TARGET_DIR", os.path.join(ROOT, "target")), "moto")
    server = subprocess.Popen(
        [sys.executable, script, folder],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    return server, server.stdout.readline().split()[-1]


def main(name, beside=()):
    """Runs the example of this name; those beside it are where it looks for them."""
    terrane = sys.argv[1] if len(sys.argv) > 1 else "terrane"
    server, port = emulator()
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
    state = tempfile.TemporaryDirectory()
    folder = os.path.join(state.name, name)
    os.mkdir(folder)
    for other in beside:
        os.symlink(os.path.join(EXAMPLES, other), os.path.join(state.name, other))
    for file in os.listdir(os.path.join(EXAMPLES, name)):
        if file.endswith(".tf"):
            os.symlink(os.path.join(EXAMPLES, name, file), os.path.join(folder, file))

    def run(*arguments):
        print("\n$ terrane", *arguments, flush=True)
        return subprocess.run([terrane, *arguments], cwd=folder, env=environment).returncode

    failed = (
        run("init", "-input=false")
        or run("apply", "-input=false", "-auto-approve")
        or run("plan", "-input=false", "-detailed-exitcode")
    )
    failed = run("destroy", "-input=false", "-auto-approve") or failed
    server.stdin.close()
    server.wait()
    sys.exit(failed)
