"""One user's requests while another one floods the server.

4 connections of one user, alone and beside 128 (reads) or 256 (writes) connections of another user that send what
they can. The flood's client takes processor time too; so the same flood on another server of the same
machine is the measure beside it."""

import json
import os
import tempfile
import threading

FLOODS = (("GET", "get", 128), ("CREATE", "create", 256))


def start(bench):
    data = tempfile.mkdtemp(prefix="data.", dir=bench.work)
    with open(os.path.join(data, "tokens.csv"), "w", encoding="utf-8") as file:
        file.write('flood-token,flood,f1,"system:masters"\n')
    server = bench.gantry(data)
    path = server.namespace(bench.unique("bench-fair-"))
    bench.fill(server, path, 1)
    items = json.loads(server.request("GET", path)[1])["items"]
    return server, path, f"{path}/{items[-1]['metadata']['name']}"


def load(bench, server, mode, path, connections, seconds):
    return bench.load(server, "requests", "--mode", mode, "--path", path, "--connections", connections, "--seconds",
                      seconds, "--prefix", bench.unique("f"))


def run(bench):
    server, path, one = start(bench)
    other, other_path, other_one = start(bench)
    for _ in range(bench.rounds):
        for title, mode, connections in FLOODS:
            targets = {"get": (one, other_one), "create": (path, other_path)}[mode]
            for name, flooded, target in (("alone", None, None), ("beside a flood", server, targets[0]),
                                          ("beside a flood of another server", other, targets[1])):
                flood = None
                if flooded is not None:
                    # The same place, somebody else.
                    user = type(flooded)(flooded.url, "flood-token", flooded.ca)
                    flood = threading.Thread(target=load, args=(
                        bench, user, mode, target, bench.scaled(connections), bench.seconds * 1.5))
                    flood.start()
                got = load(bench, server, mode, targets[0], 4, bench.seconds)
                if flood is not None:
                    flood.join()
                bench.add(f"{title}, 4 connections, {name}, p99", "ms", got["ms"].get("p99", 0))
                if got["failed"]:
                    bench.add(f"{title}, {name}, failed", "", got["failed"])
    for title, _, _ in FLOODS:
        p99 = f"{title}, 4 connections, {{}}, p99"
        bench.ratio(f"{title}, p99 beside a flood / beside a flood of another server", p99.format("beside a flood"),
                    p99.format("beside a flood of another server"))
        bench.ratio(f"{title}, p99 beside a flood / alone", p99.format("beside a flood"), p99.format("alone"))
    bench.end(server)
    bench.end(other)
