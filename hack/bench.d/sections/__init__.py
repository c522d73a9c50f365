"""The sections of hack/bench, in order. Each is a module whose first line of documentation is its
title, with run(bench). API are those that --server can be asked for."""

from . import (containers, crds, fairness, informer, lists, memory, micro, reads, start, store, upkeep, watches,
               writes)

ALL = {
    "store": store,
    "upkeep": upkeep,
    "read": reads,
    "write": writes,
    "fairness": fairness,
    "list": lists,
    "informer": informer,
    "watch": watches,
    "memory": memory,
    "start": start,
    "crds": crds,
    "containers": containers,
    "micro": micro,
}
API = ["read", "write", "list", "informer", "watch"]
