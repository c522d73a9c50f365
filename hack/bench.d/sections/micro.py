"""Micro-benchmarks: what single steps cost.

CPU time of one call, by Google Benchmark."""

import json
import os

import bench as common


def run(bench):
    out = json.loads(bench.run([
        os.path.join(common.BIN, "micro_bench"), "--benchmark_format=json",
        f"--benchmark_repetitions={bench.rounds}",
        f"--benchmark_min_time={min(bench.seconds, 0.5) / (20 if bench.small else 1)}"]))
    scale = {"ns": 1e-3, "us": 1, "ms": 1e3}
    for b in out["benchmarks"]:
        if b["run_type"] == "iteration":
            bench.add(b["run_name"].replace("BM_", ""), "us", b["cpu_time"] * scale[b["time_unit"]])
