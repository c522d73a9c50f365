"""Writes while the store compacts and is backed up.

Sixteen writers replace values that are there already; p99 and the longest of their writes without
anything else, during one compaction of all that was superseded, and during one backup."""

import json
import os

import bench as common


def run(bench):
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
