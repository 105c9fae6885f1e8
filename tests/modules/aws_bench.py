#!/usr/bin/env python3
"""What the AWS provider takes: time, calls and memory, against an emulator.

    aws_bench.py --program TERRANE --provider TERRANE-PROVIDER-AWS --moto FOLDER [--resources 500] [--parallelism 10] [--network FOLDER] [--peer PROVIDER]

`cargo run -p xtask -- bench aws` gives the paths. Queues, parameters and roles (two, two and one of five), and a network, are made, read, planned again
and destroyed; the emulator counts and keeps the requests. Then the same requests are sent to an emulator that is empty again, by as many connections
of a program that does nothing else: what the emulator serves, and how far from it a run is. Reading is measured many objects at a time and one by one.

What provider programs take from their start until they can be spoken to is measured too, and what they hold then; `--peer` names another one.
"""

import argparse
import http.client
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import threading
import time

HERE = pathlib.Path(__file__).resolve().parent
SUPPORT = HERE.parent / "support" / "moto_server.py"

# The emulator, which keeps every request until it is asked for them.
SERVER = """
import io, json, logging, sys, threading, resource
import moto.moto_server.threaded_moto_server as server
logging.getLogger("werkzeug").setLevel(logging.ERROR)
kept, lock, inner = [], threading.Lock(), server.DomainDispatcherApplication
class Keeper:
    def __init__(self, *arguments):
        self.app = inner(*arguments)
    def __call__(self, environ, start):
        size = int(environ.get("CONTENT_LENGTH") or 0)
        body = environ["wsgi.input"].read(size) if size else b""
        environ["wsgi.input"] = io.BytesIO(body)
        query = environ.get("QUERY_STRING")
        headers = {name[5:].replace("_", "-"): value for name, value in environ.items() if name.startswith("HTTP_")}
        headers["CONTENT-TYPE"] = environ.get("CONTENT_TYPE", "")
        with lock:
            kept.append([environ["REQUEST_METHOD"], environ["PATH_INFO"] + ("?" + query if query else ""), headers, body.decode("latin1")])
        return self.app(environ, start)
server.DomainDispatcherApplication = Keeper
moto = server.ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
moto.start()
print(moto.get_host_and_port()[1], flush=True)
for line in sys.stdin:
    with lock:
        use = resource.getrusage(resource.RUSAGE_SELF)
        print(json.dumps([kept, use.ru_utime + use.ru_stime]), flush=True)
        kept.clear()
moto.stop()
"""

CONFIGURATION = """
resource "aws_sqs_queue" "q" {
  count = %d
  name  = "q-${count.index}"
}

resource "aws_ssm_parameter" "p" {
  count = %d
  name  = "/p/${count.index}"
  type  = "String"
  value = "v"
}

resource "aws_iam_role" "r" {
  count = %d
  name  = "r-${count.index}"

  assume_role_policy = jsonencode({
    Version   = "2012-10-17"
    Statement = [{ Effect = "Allow", Principal = { Service = "ec2.amazonaws.com" }, Action = "sts:AssumeRole" }]
  })
}
"""


class Emulator:
    """moto, empty; what it was asked can be taken out."""

    def __init__(self, folder):
        python = pathlib.Path(folder) / "bin" / "python"
        if not python.exists():
            # Installs it, and ends with its input.
            subprocess.run([sys.executable, SUPPORT, folder], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, check=True)
        environment = {**os.environ, "MOTO_EC2_LOAD_DEFAULT_AMIS": "false"}
        self.process = subprocess.Popen(
            [python, "-c", SERVER], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, env=environment
        )
        self.port = int(self.process.stdout.readline())
        send(self.port, list(warm()), 1)
        self.taken()

    def taken(self):
        """Requests since the last time, and seconds of its processor so far."""
        self.process.stdin.write("\n")
        self.process.stdin.flush()
        return json.loads(self.process.stdout.readline())

    def end(self):
        self.process.stdin.close()
        self.process.wait()


def send(port, requests, connections):
    """Seconds that an emulator takes for requests that come as fast as it answers."""
    work, lock = list(reversed(requests)), threading.Lock()

    def take():
        connection = http.client.HTTPConnection("127.0.0.1", port)
        while True:
            with lock:
                if not work:
                    return
                method, path, headers, body = work.pop()
            headers = {name: value for name, value in headers.items() if name not in ("HOST", "CONNECTION", "CONTENT-LENGTH")}
            connection.request(method, path, body.encode("latin1"), headers)
            connection.getresponse().read()

    threads = [threading.Thread(target=take) for _ in range(connections)]
    began = time.monotonic()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return time.monotonic() - began


def warm():
    """Requests that let the emulator load its parts, which it does when they are first used: not what is measured."""

    def scope(service):
        return f"AWS4-HMAC-SHA256 Credential=m/20260101/eu-west-1/{service}/aws4_request, SignedHeaders=host, Signature=0"

    for service, target in [("sqs", "AmazonSQS.ListQueues"), ("ssm", "AmazonSSM.DescribeParameters")]:
        headers = {"AUTHORIZATION": scope(service), "X-AMZ-TARGET": target, "CONTENT-TYPE": "application/x-amz-json-1.0"}
        yield ["POST", "/", headers, "{}"]
    for service, action, version in [
        ("iam", "ListRoles", "2010-05-08"),
        ("sts", "GetCallerIdentity", "2011-06-15"),
        ("ec2", "DescribeVpcs", "2016-11-15"),
    ]:
        headers = {"AUTHORIZATION": scope(service), "CONTENT-TYPE": "application/x-www-form-urlencoded"}
        yield ["POST", "/", headers, f"Action={action}&Version={version}"]


class Bench:
    def __init__(self, options, folder):
        self.options, self.folder, self.count = options, folder, 0
        # What made everything: the same again where names decide, not where AWS gives out ids.
        self.making = []
        self.emulator = Emulator(options.moto)

    def bare(self, requests, how):
        """Seconds for the same requests without a run around them: of one that makes, one that reads, one that removes."""
        connections = self.options.parallelism
        if how == "reads":
            took = send(self.emulator.port, requests, connections)
            self.emulator.taken()
            return took
        fresh = Emulator(self.options.moto)
        if how == "removes":
            send(fresh.port, self.making, connections)
        took = send(fresh.port, requests, connections)
        fresh.end()
        return took

    def run(self, what, *arguments, environment=None, good=(0,), how=None):
        program = ["/usr/bin/time", "-f", "%M %U %S", self.options.program]
        values = {
            "PATH": os.environ["PATH"],
            "HOME": str(self.folder),
            "AWS_ENDPOINT_URL": f"http://127.0.0.1:{self.emulator.port}",
            "AWS_ACCESS_KEY_ID": "mock",
            "AWS_SECRET_ACCESS_KEY": "mock",
            "AWS_REGION": "eu-west-1",
            "TERRANE_AWS": "native",
            "TERRANE_AWS_POLL_SCALE": "0",
            **(environment or {}),
        }
        _, before = self.emulator.taken()
        began = time.monotonic()
        done = subprocess.run([*program, *arguments], cwd=self.folder, env=values, capture_output=True, text=True)
        took = time.monotonic() - began
        requests, after = self.emulator.taken()
        if done.returncode not in good:
            sys.exit(f"{what}: {done.stdout[-2000:]}{done.stderr[-2000:]}")
        made = re.search(r"(\d+) added", done.stdout)
        self.count = int(made[1]) if made else self.count
        memory, user, system = done.stderr.strip().splitlines()[-1].split()
        line = [what, f"{took:.2f} s", str(len(requests)), f"{len(requests) / self.count:.2f}" if self.count else "", f"{len(requests) / took:.0f}"]
        line += [f"{float(user) + float(system):.2f} s", f"{after - before:.2f} s", f"{int(memory) / 1024:.0f} MB"]
        bare = ""
        if how == "makes":
            self.making = requests
        if how and self.options.bare:
            alone = self.bare(requests, how)
            bare = f"{alone:.2f} s, {100 * (took - alone) / alone:+.0f} %"
        print("| " + " | ".join([*line, bare]) + " |", flush=True)

    def all(self, named):
        """`named`: objects are known by names that are written, so that requests can be made once more."""
        several = f"-parallelism={self.options.parallelism}"
        quiet = "-input=false"
        self.run("init", "init", quiet)
        self.run("plan, nothing there", "plan", quiet)
        self.run("apply", "apply", quiet, "-auto-approve", several, how="makes" if named else None)
        again = ("plan", quiet, "-detailed-exitcode", several)
        self.run("plan, many read at a time", *again, how="reads")
        self.run("plan, read one by one", *again, environment={"TERRANE_AWS_BULK": "off"}, how="reads")
        self.run("destroy", "destroy", quiet, "-auto-approve", several, how="removes" if named else None)
        self.emulator.end()


def started(program):
    """Milliseconds until a provider program says where it is reached, and what it holds then."""
    best = None
    for _ in range(5):
        environment = {**os.environ, "TF_PLUGIN_MAGIC_COOKIE": "d602bf8f470bc67ca7faa0386276bbdd4330efaf76d1a219cb4d6991ca9872b2", "PLUGIN_PROTOCOL_VERSIONS": "5,6"}
        began = time.monotonic()
        process = subprocess.Popen([program], env=environment, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, stdin=subprocess.DEVNULL)
        process.stdout.readline()
        took = (time.monotonic() - began) * 1000
        held = pathlib.Path(f"/proc/{process.pid}/status").read_text()
        held = next(int(line.split()[1]) for line in held.splitlines() if line.startswith("VmRSS"))
        process.kill()
        process.wait()
        best = min(best or (took, held), (took, held))
    return best


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--program", required=True)
    parser.add_argument("--provider")
    parser.add_argument("--peer")
    parser.add_argument("--moto", required=True)
    parser.add_argument("--resources", type=int, default=500)
    parser.add_argument("--parallelism", type=int, default=10)
    parser.add_argument("--network", default=str(HERE.parent.parent / "examples" / "aws-network"))
    parser.add_argument("--no-bare", dest="bare", action="store_false", help="what the emulator serves is not measured")
    options = parser.parse_args()
    options.program = str(pathlib.Path(options.program).resolve())
    for program in filter(None, [options.provider, options.peer]):
        took, held = started(program)
        print(f"{os.path.basename(program)}: {took:.0f} ms until it can be spoken to, {held / 1024:.0f} MB then")
    print(f"\n{options.resources} queues, parameters and roles; then {options.network}\n")
    print("| | time | calls | for each object | calls a second | processor | emulator's processor | memory | bare calls, and how far from them |")
    print("|---|---|---|---|---|---|---|---|---|")
    with tempfile.TemporaryDirectory() as folder:
        fifth = options.resources // 5
        pathlib.Path(folder, "main.tf").write_text(CONFIGURATION % (2 * fifth, 2 * fifth, fifth))
        Bench(options, folder).all(True)
    with tempfile.TemporaryDirectory() as folder:
        for file in pathlib.Path(options.network).glob("*.tf"):
            shutil.copy(file, folder)
        Bench(options, folder).all(False)


if __name__ == "__main__":
    main()
