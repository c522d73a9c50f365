"""A thousand CustomResourceDefinitions: making them, and the documents about them.

In 100 groups, with schemas of about 5 KB. `first`: nobody has asked for the document before; `cold`:
the first answer after a definition was added; `warm`: the next one."""

import http.client
import json
import ssl
import statistics
import time
import urllib.parse

DEFINITIONS = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions"
GROUPS = 100
DOCUMENTS = {
    "aggregated /apis": ("/apis", "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList"),
    "legacy /apis": ("/apis", "application/json"),
    "/openapi/v3": ("/openapi/v3", "application/json"),
    "/openapi/v3 of a group": ("/openapi/v3/apis/group1.bench.example.com/v1", "application/json"),
    "/openapi/v2 as protobuf": ("/openapi/v2",
                                "application/com.github.proto-openapi.spec.v2@v1.0+protobuf"),
}


def _fields(count):
    return {f"field{i}": {"type": "string", "maxLength": 253,
                          "description": f"Field {i} of a resource that stands for those of real "
                                         "controllers. It takes a name of up to 253 characters."}
            for i in range(count)}


def _definition(number):
    group, plural, kind = f"group{number % GROUPS}.bench.example.com", f"things{number}", f"Thing{number}"
    ports = {"type": "array", "description": "Ports.", "x-kubernetes-list-type": "map",
             "x-kubernetes-list-map-keys": ["field0"],
             "items": {"type": "object", "required": ["field0"], "properties": _fields(6)}}
    replicas = {"type": "integer", "format": "int32", "minimum": 0, "default": 1,
                "description": "How many."}
    spec = {"type": "object", "description": "What is wanted.", "required": ["field0"],
            "properties": {**_fields(8), "ports": ports, "replicas": replicas}}
    status = {"type": "object", "description": "What is.", "properties": _fields(8)}
    schema = {"type": "object", "description": "A thing.",
              "properties": {"spec": spec, "status": status}}
    return {"apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition",
            "metadata": {"name": f"{plural}.{group}"},
            "spec": {"group": group, "scope": "Namespaced",
                     "names": {"plural": plural, "singular": f"thing{number}", "kind": kind,
                               "listKind": kind + "List"},
                     "versions": [{"name": "v1", "served": True, "storage": True,
                                   "subresources": {"status": {}},
                                   "schema": {"openAPIV3Schema": schema}}]}}


class _Connection:
    """One that stays open, so that no handshake is measured."""

    def __init__(self, server):
        context = ssl.create_default_context(cafile=server.ca)
        address = urllib.parse.urlsplit(server.url)
        self.http = http.client.HTTPSConnection(address.hostname, address.port, context=context,
                                                timeout=300)
        self.headers = {"Authorization": "Bearer " + server.token}

    def timed(self, method, path, expected, body=None, accept="application/json"):
        """Milliseconds from the request to the end of the answer."""
        headers = {**self.headers, "Accept": accept, "Content-Type": "application/json"}
        begin = time.monotonic()
        self.http.request(method, path, body, headers)
        answer = self.http.getresponse()
        text = answer.read()
        took = (time.monotonic() - begin) * 1000
        if answer.status != expected:
            raise RuntimeError(f"{method} {path}: {answer.status} {text[:200]}")
        return took

    def define(self, number):
        return self.timed("POST", DEFINITIONS, 201, json.dumps(_definition(number)))


def run(bench):
    count = bench.scaled(1000)
    part = max(1, count // 10)
    server = bench.gantry()
    client = _Connection(server)
    took = [client.define(i) for i in range(count)]
    first, last = f"definition made, the first {part}", f"definition made, the last {part} of {count:,}"
    for round_ in range(bench.rounds):  # medians of slices, so that they have a spread
        cut = slice(round_ * part // bench.rounds, max(1, (round_ + 1) * part // bench.rounds))
        bench.add(first, "ms", statistics.median(took[:part][cut] or took[:part]))
        bench.add(last, "ms", statistics.median(took[-part:][cut] or took[-part:]))
    bench.ratio("the last / the first", last, first)
    for name, (path, accept) in DOCUMENTS.items():
        bench.add(f"{name}, first", "ms", client.timed("GET", path, 200, accept=accept))
    number = count - count % GROUPS + 1
    for _ in range(bench.rounds):
        for name, (path, accept) in DOCUMENTS.items():
            number += GROUPS  # into the group whose document is read
            client.define(number)
            bench.add(f"{name}, cold", "ms", client.timed("GET", path, 200, accept=accept))
            bench.add(f"{name}, warm", "ms", client.timed("GET", path, 200, accept=accept))
    for _ in range(bench.rounds):
        bench.end(server, keep=True)
        server = bench.gantry(server.data)
        bench.add("start to ready", "ms", server.ready_ms)
    bench.add("memory after a start", "MiB", server.resident_mib())
    bench.end(server)
