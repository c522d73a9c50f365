"""Fan-out of a watch, beside a bare loop of TLS writes.

Watchers of one collection, one connection each, and one writer that creates objects at a steady rate.
Latency is from the answer to the write, and from its sending: the commit lies between the two. The bare
loop writes events of the same size to as many connections. Waiting watchers come first, with what each
holds of the server's memory."""

LOADS = ((200, 50), (200, 500), (1000, 50), (10000, 5))


def one(bench, server, path, watchers, rate, name):
    got = bench.load(server, "watch", "--path", path, "--watchers", watchers, "--rate", rate,
                     "--seconds", max(bench.seconds, 4 / rate), "--prefix", bench.unique("e"))
    if "idle_kib" in got:
        bench.add(name + ", memory of a waiting one", "KiB", got["idle_kib"])
    bench.add(name + ", from response, p50", "ms", got["from_response_ms"]["p50"])
    bench.add(name + ", from response, p99", "ms", got["from_response_ms"]["p99"])
    bench.add(name + ", from sending, p99", "ms", got["from_send_ms"]["p99"])
    if "server_cpu_us" in got:
        bench.add(name + ", server CPU", "core", got["server_cores"])
        bench.add(name + ", server CPU an event", "us", got["server_cpu_us"])
    bench.add(name + ", load generator CPU an event", "us", got["client_cpu_us"])
    return got["event_bytes"]


def run(bench):
    for watchers, rate in LOADS[:1] if bench.small else LOADS:
        count = bench.scaled(watchers)
        name = f"{count:,} watchers, {rate} writes/s"
        loop = name + ", bare TLS loop"
        for _ in range(bench.rounds):
            # Each on a server of its own: memory that was returned would hide what the next ones take.
            server = bench.api_server()
            path = server.namespace(bench.unique("bench-watch-"))
            size = one(bench, server, path, count, rate, name)
            bench.end(server)
            if bench.remote is None:
                floor = bench.floor("fanout", round(size))
                one(bench, floor, "/", count, rate, loop)
                bench.end(floor)
        bench.ratio(f"{name}, CPU an event / bare TLS loop", name + ", server CPU an event",
                    loop + ", server CPU an event")
