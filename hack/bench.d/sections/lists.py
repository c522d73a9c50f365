"""LIST of 10,000 and 100,000 objects.

One reader. Whole, by pages of 500, as a Table, metadata alone, and by a label that every hundredth object
has. The server's memory is how far its resident size rose while it answered, at worst: the first list comes
right after a start."""

TABLE = "application/json;as=Table;v=v1;g=meta.k8s.io"
PARTIAL = "application/json;as=PartialObjectMetadataList;v=v1;g=meta.k8s.io"
FORMS = (
    ("whole", []),
    ("by pages of 500", ["--limit", 500]),
    ("Table", ["--accept", TABLE]),
    ("metadata only", ["--accept", PARTIAL]),
    ("label of 1 %", []),
)


def run(bench):
    server = bench.api_server()
    paths = {}
    for count in (bench.scaled(10000), bench.scaled(100000)):
        paths[count] = server.namespace(bench.unique("bench-list-"))
        bench.fill(server, paths[count], count)
    if server.data:
        data = server.data
        bench.end(server, keep=True)
        server = bench.gantry(data)
    extra = {}
    for _ in range(bench.rounds):
        for count, path in paths.items():
            for form, arguments in FORMS:
                query = "?labelSelector=part%3Dp07" if form.startswith("label") else ""
                got = bench.load(server, "list", "--path", path + query, *arguments)["times"][0]
                name = f"LIST {count:,}, {form}"
                bench.add(name, "ms", got["seconds"] * 1000)
                bench.add(name + ", first byte", "ms", got["first_byte_ms"])
                if "server_cpu_s" in got:
                    bench.add(name + ", server CPU", "ms", got["server_cpu_s"] * 1000)
                    extra[name] = max(extra.get(name, 0), got["extra_mib"])
                if form == "whole":
                    bench.add(name + ", size", "MB", got["bytes"] / 1e6)
                    bench.add(name + ", load generator CPU", "ms",
                              got["client_cpu_s"] * 1000)
    for name, mib in extra.items():
        bench.add(name + ", extra memory at worst", "MiB", mib)
    bench.end(server)
