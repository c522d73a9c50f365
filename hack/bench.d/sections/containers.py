"""From `kubectl apply` to running containers, beside a loop of `docker run -d`.

On a private Docker Engine (needs root). The loop runs as many containers, four at a time, on the engine's
default bridge and on a network of its own, which an application has too."""

import json
import os

import bench as common


def run(bench):
    count = 2 if bench.small else 20
    server = bench.gantry(command="server")
    out = bench.run(["bash", os.path.join(common.ROOT, "hack", "bench.d", "containers.sh"),
                     os.path.join(bench.work, "engine"), server.data, str(count),
                     str(bench.rounds)])
    names = {"apply": f"kubectl apply to {count} running",
             "bridge": f"docker run -d of {count}, 4 at a time",
             "network": "the same, on a network of its own"}
    for line in out.splitlines():
        if line.startswith("{"):
            for key, seconds in json.loads(line).items():
                bench.add(names[key], "s", seconds)
    bench.ratio("apply / docker run", names["apply"], names["bridge"])
    bench.ratio("apply / docker run on a network of its own", names["apply"], names["network"])
    bench.end(server)
