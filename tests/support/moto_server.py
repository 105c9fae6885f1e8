#!/usr/bin/env python3
"""A stand-in for AWS on the loopback: S3, DynamoDB, STS, KMS and more, by moto.

    python3 tests/support/moto_server.py FOLDER

makes a virtual environment in FOLDER, unless there is one, starts the server on a free port, prints `port N` and serves until its standard
input is closed. So whoever starts it need not stop it: it ends with them. Exit status 3: moto can't be installed here.
"""

import os
import subprocess
import sys

VERSION = "5.2.5"


def install(folder):
    """Makes the environment, once, also when several tests start at the same time."""
    import fcntl

    python = os.path.join(folder, "bin", "python")
    done = os.path.join(folder, "installed-" + VERSION)
    os.makedirs(folder, exist_ok=True)
    with open(os.path.join(folder, "lock"), "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not os.path.exists(done):
            try:
                subprocess.run([sys.executable, "-m", "venv", folder], check=True, stdout=sys.stderr)
                package = "moto[server]==" + VERSION
                subprocess.run([python, "-m", "pip", "install", "--quiet", package], check=True, stdout=sys.stderr)
            except (OSError, subprocess.CalledProcessError) as error:
                print(f"moto can't be installed: {error}", file=sys.stderr)
                sys.exit(3)
            open(done, "w").close()
    return python


def serve():
    import logging

    from moto.server import ThreadedMotoServer

    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    print("port", server.get_host_and_port()[1], flush=True)
    sys.stdin.read()
    server.stop()


def main():
    if sys.argv[1:] == ["--serve"]:
        serve()
    elif len(sys.argv) == 2:
        python = install(os.path.abspath(sys.argv[1]))
        os.execv(python, [python, os.path.abspath(__file__), "--serve"])
    else:
        print(__doc__, file=sys.stderr)
        sys.exit(2)


if __name__ == "__main__":
    main()
