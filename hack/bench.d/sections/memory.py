"""Memory of a server with 10,000 and 100,000 objects (--large: and a million).

Resident size after making ConfigMaps of 1.3 KB, after a restart with them, and after all were deleted."""

import json
import time


def settled(bench, server):
    """The resident size once it does not fall any more."""
    last = server.resident_mib()
    for _ in range(0 if bench.small else 20):
        time.sleep(0.5)
        now = server.resident_mib()
        if now > last - 0.5:
            return now
        last = now
    return last


def run(bench):
    server = bench.gantry(command="server")
    bench.add("server with controllers, idle", "MiB", settled(bench, server))
    bench.end(server)
    server = bench.gantry()
    idle = settled(bench, server)
    bench.add("API server, idle", "MiB", idle)
    path = server.namespace(bench.unique("bench-memory-"))
    made = 0
    counts = [bench.scaled(n) for n in (10000, 100000) + ((1000000,) if bench.options.large else ())]
    for count in counts:
        bench.fill(server, path, count - made)
        made = count
        now = settled(bench, server)
        bench.add(f"{count:,} objects", "MiB", now)
        bench.add(f"{count:,} objects, an object", "B", (now - idle) * 2**20 / count)
    one = json.loads(server.request("GET", path + "?limit=1")[1])["items"][0]
    bench.add("an object as JSON", "B", len(json.dumps(one, separators=(",", ":"))))
    bench.end(server, keep=True)
    server = bench.gantry(server.data)
    bench.add(f"{made:,} objects, after a restart", "MiB", settled(bench, server))
    before = time.monotonic()
    server.request("DELETE", path)
    bench.add(f"deleting {made:,} objects", "s", time.monotonic() - before)
    bench.add("after deleting them", "MiB", settled(bench, server))
    bench.end(server)
