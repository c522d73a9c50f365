"""Writes while the store compacts and is backed up.

First the store alone: sixteen writers replace values that are there already, without anything else, during
one compaction of all that was superseded, and during one backup. Then a server: CREATE while one backup
after the other is read from /backup."""

import json
import os

import bench as common


def store(bench):
    for _ in range(bench.rounds):
        result = json.loads(bench.run([
            os.path.join(common.BIN, "store_bench"), "--json", "--upkeep", "--dir", bench.work,
            "--seconds", str(bench.seconds), "--keys", str(bench.scaled(100000))]))
        for phase, name in (("alone", "alone"), ("compaction", "during compaction"),
                            ("backup", "during backup")):
            part = result[phase]
            bench.add(f"updates by 16 writers, {name}", "/s", part["per_second"])
            bench.add(f"updates by 16 writers, {name}, p99", "ms", part["p99_us"] / 1000)
            bench.add(f"updates by 16 writers, {name}, longest", "ms", part["max_us"] / 1000)
        bench.add("compaction took", "s", result["compaction_seconds"])
        bench.add("backup took", "s", result["backup_seconds"])
    bench.ratio("p99 during compaction / alone", "updates by 16 writers, during compaction, p99",
                "updates by 16 writers, alone, p99")
    bench.ratio("p99 during backup / alone", "updates by 16 writers, during backup, p99",
                "updates by 16 writers, alone, p99")


def server(bench):
    server = bench.gantry()
    path = server.namespace(bench.unique("bench-upkeep-"))
    bench.fill(server, path, bench.scaled(100000))
    again = """
        trap 'kill $curl; exit' TERM
        while :; do
          curl -sf --cacert "$1" -H "Authorization: Bearer $2" -o /dev/null "$3/backup" & curl=$!
          wait $curl || exit 1
        done"""
    for _ in range(bench.rounds):
        for name in ("CREATE, 16 connections, alone", "CREATE, 16 connections, beside backups"):
            backups = None
            if name.endswith("backups"):
                backups = bench.start(["bash", "-c", again, "-", server.ca, server.token,
                                       server.url])
            got = bench.load(server, "requests", "--mode", "create", "--path", path, "--seconds",
                             bench.seconds, "--prefix", bench.unique("u"))
            bench.add(name, "/s", got["per_second"])
            bench.add(name + ", p99", "ms", got["ms"]["p99"])
            bench.add(name + ", longest", "ms", got["ms"]["max"])
            if backups is not None:
                if backups.poll() is not None:
                    raise common.Failed("/backup failed")
                bench.stop(backups)
    bench.ratio("p99 beside backups / alone", "CREATE, 16 connections, beside backups, p99",
                "CREATE, 16 connections, alone, p99")
    bench.end(server)


def run(bench):
    store(bench)
    server(bench)
