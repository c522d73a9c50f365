"""Store puts beside etcd, every put synced on both sides.

The store is called as a library, etcd by its own protocol without TLS: 1 KiB values, keys of their own,
each writer waiting for its last put. A lone fdatasync of 1 KiB says what the disk can do."""

import json
import os
import time

import bench as common

PORTS = ("http://127.0.0.1:23790", "http://127.0.0.1:23800")


def start_etcd(bench):
    data = os.path.join(bench.work, "etcd")
    process = bench.start(
        ["etcd", "--data-dir", data, "--listen-client-urls", PORTS[0],
         "--advertise-client-urls", PORTS[0], "--listen-peer-urls", PORTS[1],
         "--initial-advertise-peer-urls", PORTS[1], "--initial-cluster", "default=" + PORTS[1],
         "--quota-backend-bytes", str(8 << 30)], "etcd.log")
    server = common.Server(PORTS[0], pids=[process.pid], process=process)
    end = time.monotonic() + 30
    while True:
        try:
            if server.request("GET", "/health")[0] == 200:
                return server
        except OSError:
            pass
        if process.poll() is not None or time.monotonic() > end:
            raise common.Failed("etcd did not start")
        time.sleep(0.05)


def run(bench):
    etcd = start_etcd(bench)
    counts = (1, 16, 256)
    for _ in range(bench.rounds):
        for n in counts:
            ours = json.loads(bench.run([
                os.path.join(common.BIN, "store_bench"), "--json", "--dir", bench.work,
                "--seconds", str(bench.seconds), "--writers", str(n)]))
            if n == 1:
                bench.add("lone fdatasync of 1 KiB", "/s", ours["fdatasync"]["per_second"])
            put = ours[f"writers_{n}"]
            bench.add(f"store puts, {n} writers", "/s", put["per_second"])
            bench.add(f"store puts, {n} writers, p99", "ms", put["p99_us"] / 1000)
            theirs = bench.load(etcd, "etcd", "--clients", n, "--seconds", bench.seconds)
            bench.add(f"etcd puts, {n} clients", "/s", theirs["per_second"])
            bench.add(f"etcd puts, {n} clients, p99", "ms", theirs["ms"]["p99"])
    for n in counts:
        bench.ratio(f"store / etcd, {n}", f"store puts, {n} writers", f"etcd puts, {n} clients")
    bench.end(etcd)
