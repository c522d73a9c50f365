"""Durable writes of ConfigMaps of 1.3 KB, with fields tracked.

CREATE at 16 and 256 connections; UPDATE of an object of the connection's own; UPDATE of 4 objects that 16
connections share, each reading one and writing it back; server-side apply that changes one value."""

LOADS = (
    ("CREATE, 16 connections", "create", 16),
    ("CREATE, 256 connections", "create", 256),
    ("UPDATE, 16 connections", "update", 16),
    ("UPDATE with conflicts, 16 connections", "conflict", 16),
    ("apply, 16 connections", "apply", 16),
)


def run(bench):
    server = bench.api_server()
    path = server.namespace(bench.unique("bench-write-"))
    for _ in range(bench.rounds):
        for name, mode, connections in LOADS:
            got = bench.load(server, "requests", "--mode", mode, "--path", path, "--connections",
                             connections, "--seconds", bench.seconds, "--prefix", bench.unique("w"))
            bench.add(name, "/s", got["per_second"])
            bench.add(name + ", p99", "ms", got["ms"].get("p99", 0))
            if mode == "conflict":
                tried = got["counted"] + got["conflicts"]
                bench.add(name + ", refused", "%", 100 * got["conflicts"] / max(1, tried))
            if "server_cpu_us" in got:
                bench.add(name + ", server CPU a request", "us", got["server_cpu_us"])
            bench.add(name + ", load generator CPU", "us", got["client_cpu_us"])
            if got["failed"]:
                bench.add(name + ", failed", "", got["failed"])
    bench.end(server)
