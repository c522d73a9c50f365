"""GET beside bare servers.

One object of 1.3 KB, 16 connections. Beside it, with answers of the same size: Gantry's listener without
a server behind it, and a bare Boost.Beast server."""

import json


def run(bench):
    server = bench.api_server()
    path = server.namespace(bench.unique("bench-read-"))
    bench.fill(server, path, 1)
    items = json.loads(server.request("GET", path)[1])["items"]
    one = f"{path}/{items[-1]['metadata']['name']}"
    size = len(server.request("GET", one)[1])
    floors = {}
    if bench.remote is None:
        floors = {kind: bench.floor(kind, size) for kind in ("listener", "beast")}
    names = {"listener": "bare listener of ours", "beast": "bare Beast server"}
    for _ in range(bench.rounds):
        got = bench.load(server, "requests", "--mode", "get", "--path", one, "--seconds",
                         bench.seconds)
        bench.add("GET, 16 connections", "/s", got["per_second"])
        bench.add("GET, p99", "ms", got["ms"]["p99"])
        if "server_cpu_us" in got:
            bench.add("GET, server CPU", "us", got["server_cpu_us"])
        bench.add("GET, load generator CPU", "us", got["client_cpu_us"])
        for kind, floor in floors.items():
            got = bench.load(floor, "requests", "--mode", "get", "--path", "/", "--seconds",
                             bench.seconds)
            bench.add(names[kind], "/s", got["per_second"])
            bench.add(names[kind] + ", CPU", "us", got["server_cpu_us"])
    for name in names.values():
        bench.ratio(f"GET / {name}", "GET, 16 connections", name)
    for floor in floors.values():
        bench.end(floor)
    bench.end(server)
