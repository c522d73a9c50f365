"""What the sections share: options, figures, processes that are started and ended, servers to load."""

import ctypes
import glob
import json
import os
import re
import shutil
import signal
import subprocess
import tempfile
import time
import urllib.request
import ssl

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
BIN = os.path.join(ROOT, "build", "bin")
READY_SECONDS = 300


class Failed(Exception):
    """A section cannot go on; the others can."""


def _die_with_parent():
    # Also when this process is killed: nothing that it started stays.
    ctypes.CDLL(None).prctl(1, signal.SIGTERM)


class Server:
    """A server that speaks the Kubernetes API, or a floor of it."""

    def __init__(self, url, token="", ca="", pids=(), process=None, data=None, ready_ms=0):
        self.url, self.token, self.ca, self.pids = url, token, ca, list(pids)
        self.process, self.data, self.ready_ms = process, data, ready_ms
        self.namespace_names = []

    def request(self, method, path, body=None):
        """The status and the body of an answer."""
        context = ssl.create_default_context(cafile=self.ca or None)
        if not self.ca:
            context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        request = urllib.request.Request(
            self.url + path, method=method, data=json.dumps(body).encode() if body else None,
            headers={"Authorization": "Bearer " + self.token, "Content-Type": "application/json"})
        try:
            with urllib.request.urlopen(request, context=context, timeout=300) as answer:
                return answer.status, answer.read()
        except urllib.error.HTTPError as error:
            return error.code, error.read()

    def namespace(self, name):
        """Makes a namespace; returns the path of its ConfigMaps."""
        body = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}}
        status, text = self.request("POST", "/api/v1/namespaces", body)
        if status not in (201, 409):
            raise Failed(f"namespace {name}: {status} {text[:200]}")
        self.namespace_names.append(name)
        return f"/api/v1/namespaces/{name}/configmaps"

    def resident_mib(self):
        pages = sum(int(open(f"/proc/{pid}/statm").read().split()[1]) for pid in self.pids)
        return pages * os.sysconf("SC_PAGESIZE") / 2**20


class Bench:
    def __init__(self, options, figures):
        self.options, self.figures = options, figures
        self.rounds, self.seconds, self.small = options.rounds, options.seconds, options.smoke
        self.work = tempfile.mkdtemp(prefix="gantry-bench.", dir=options.dir)
        self.processes = []
        self.remote = None
        if options.server:
            self.remote = Server(options.server.rstrip("/"), options.token or "", options.ca or "",
                                 options.pid or [])
        self.sequence = 0

    # --- Figures.
    def add(self, name, unit, value):
        self.figures.add(name, unit, value)

    def ratio(self, name, above, below):
        self.figures.ratio(name, above, below)

    # --- Sizes.
    def scaled(self, size):
        """A number of objects or watchers; a smoke run takes next to none."""
        return max(10, size // 500) if self.small else size

    def unique(self, text):
        """A name that no other measurement of the run has."""
        self.sequence += 1
        return f"{text}{os.getpid()}x{self.sequence}"

    # --- Processes.
    def start(self, command, log="log"):
        """Starts a process; its output goes to a file of the work directory."""
        path = os.path.join(self.work, log)
        with open(path, "ab") as out:
            process = subprocess.Popen(command, stdout=out, stderr=subprocess.STDOUT,
                                       stdin=subprocess.DEVNULL, preexec_fn=_die_with_parent)
        process.log = path
        self.processes.append(process)
        return process

    def stop(self, process):
        if process.poll() is None:
            process.terminate()
            try:
                process.wait(60)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        if process in self.processes:
            self.processes.remove(process)

    def run(self, command, **more):
        """Runs a command to its end; returns its output. Ended with the bench."""
        process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                                   text=True, preexec_fn=_die_with_parent, **more)
        self.processes.append(process)
        out, err = process.communicate()
        self.processes.remove(process)
        if process.returncode != 0:
            raise Failed(f"{os.path.basename(command[0])}: {(err or out).strip()[-500:]}")
        return out

    def close(self):
        for process in list(reversed(self.processes)):
            self.stop(process)
        if self.remote is not None:
            for name in self.remote.namespace_names:
                self.remote.request("DELETE", f"/api/v1/namespaces/{name}")
        shutil.rmtree(self.work, ignore_errors=True)

    # --- Servers.
    def _await_ready(self, command, log):
        if os.path.exists(os.path.join(self.work, log)):
            os.remove(os.path.join(self.work, log))
        process = self.start(command, log)
        end = time.monotonic() + READY_SECONDS
        while True:
            with open(process.log, encoding="utf-8", errors="replace") as file:
                text = file.read()
            found = re.search(r"^ready +(\S+)(?:.*\((\d+) ms\))?", text, re.M)
            if found:
                return process, found[1], int(found[2] or 0)
            if process.poll() is not None or time.monotonic() > end:
                raise Failed(f"{command[0]} did not start: {text[-500:]}")
            time.sleep(0.005)

    def gantry(self, data=None, command="apiserver"):
        """Starts a Gantry of our own, in a new data directory or in that of another one."""
        data = data or tempfile.mkdtemp(prefix="data.", dir=self.work)
        process, url, ready_ms = self._await_ready(
            [os.path.join(BIN, "gantry"), command, "--data-dir", data, "--listen", "127.0.0.1:0"],
            "gantry.log")
        with open(os.path.join(data, "admin.token"), encoding="utf-8") as file:
            token = file.read().strip()
        return Server(url, token, os.path.join(data, "ca.crt"), [process.pid], process, data,
                      ready_ms)

    def floor(self, kind, size):
        """Starts a floor_server; see there."""
        data = os.path.join(self.work, "floor")
        os.makedirs(data, exist_ok=True)
        process, url, _ = self._await_ready(
            [os.path.join(BIN, "floor_server"), kind, data, str(int(size))], f"floor-{kind}.log")
        return Server(url, "", os.path.join(data, "ca.crt"), [process.pid], process)

    def api_server(self):
        """The server that --server names, else a new Gantry."""
        return self.remote or self.gantry()

    def end(self, server, keep=False):
        """Ends a server of our own and, unless it shall start again, removes its data."""
        if server.process is None:
            return
        self.stop(server.process)
        if server.data and not keep:
            shutil.rmtree(server.data, ignore_errors=True)

    def load(self, server, *arguments):
        """Runs the load generator against a server; returns what it measured."""
        command = [os.path.join(BIN, "bench_load"), "--server", server.url]
        if server.token:
            command += ["--token", server.token]
        if server.ca:
            command += ["--ca", server.ca]
        if server.pids:
            command += ["--pid", ",".join(map(str, server.pids))]
        return json.loads(self.run(command + [str(a) for a in arguments]))

    def fill(self, server, path, count):
        """Makes `count` ConfigMaps of about 1.3 KB; every hundredth has the label part=p07."""
        result = self.load(server, "requests", "--mode", "create", "--path", path, "--count", count,
                           "--connections", min(64, count), "--prefix", self.unique("o"))
        if result["failed"]:
            raise Failed(f"{result['failed']} objects could not be made: {result['statuses']}")


def machine(options):
    """What the figures depend on."""
    def first(command):
        try:
            return subprocess.run(command, capture_output=True, text=True, cwd=ROOT,
                                  check=False).stdout.strip()
        except OSError:
            return ""
    cpu = re.search(r"^model name\s*: (.*)$", open("/proc/cpuinfo").read(), re.M)
    versions = {"etcd": first(["etcd", "--version"]).split("\n")[0].replace("etcd Version: ", "")}
    for package in ("librocksdb7.8", "libssl3"):
        versions[package] = first(["dpkg-query", "-W", "-f", "${Version}", package])
    changed = first(["git", "status", "--porcelain", "--untracked-files=no"])
    return {
        "cpu": cpu[1] if cpu else "?",
        "cores": os.cpu_count(),
        "memory_gib": round(os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGESIZE") / 2**30),
        "kernel": os.uname().release,
        "load": f"{os.getloadavg()[0]:.2f}",
        "date": time.strftime("%Y-%m-%d", time.gmtime()),
        "commit": first(["git", "rev-parse", "--short", "HEAD"]) + (" (changed)" if changed else ""),
        "rounds": options.rounds,
        "seconds": options.seconds,
        "server": options.server or "gantry",
        "versions": {name: version for name, version in versions.items() if version},
    }


def leftovers():
    """Work directories of runs that were killed."""
    return glob.glob(os.path.join(tempfile.gettempdir(), "gantry-bench.*"))
