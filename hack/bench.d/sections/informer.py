"""Start of an informer: the streaming list of a watch.

sendInitialEvents, read up to the bookmark that ends the state at the start."""


def run(bench):
    server = bench.api_server()
    paths = {}
    for count in (bench.scaled(10000), bench.scaled(100000)):
        paths[count] = server.namespace(bench.unique("bench-informer-"))
        bench.fill(server, paths[count], count)
    if server.data:
        data = server.data
        bench.end(server, keep=True)
        server = bench.gantry(data)
    extra = {}
    for _ in range(bench.rounds):
        for count, path in paths.items():
            got = bench.load(server, "informer", "--path", path)["times"][0]
            name = f"informer start, {count:,} objects"
            bench.add(name, "ms", got["seconds"] * 1000)
            bench.add(name + ", first byte", "ms", got["first_byte_ms"])
            if "server_cpu_s" in got:
                bench.add(name + ", server CPU", "ms", got["server_cpu_s"] * 1000)
                extra[name] = max(extra.get(name, 0), got["extra_mib"])
    for name, mib in extra.items():
        bench.add(name + ", extra memory at worst", "MiB", mib)
    bench.end(server)
