"""Time from start to ready, by the server's own clock.

Empty (the first start also makes keys), with 100,000 objects of 1.3 KB (--large: a million), and again
after kill -9."""


def run(bench):
    for _ in range(bench.rounds):
        server = bench.gantry()
        bench.add("first start, keys are made", "ms", server.ready_ms)
        bench.end(server, keep=True)
        server = bench.gantry(server.data)
        bench.add("start, empty", "ms", server.ready_ms)
        bench.end(server)
    for count in [bench.scaled(100000)] + ([1000000] if bench.options.large else []):
        server = bench.gantry()
        bench.fill(server, server.namespace(bench.unique("bench-start-")), count)
        for _ in range(bench.rounds):
            bench.end(server, keep=True)
            server = bench.gantry(server.data)
            bench.add(f"start with {count:,} objects", "ms", server.ready_ms)
            server.process.kill()
            server.process.wait()
            server = bench.gantry(server.data)
            bench.add(f"start with {count:,} objects after kill -9", "ms", server.ready_ms)
        bench.end(server)
