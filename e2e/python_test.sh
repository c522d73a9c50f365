#!/usr/bin/env bash
# Debian's package of the official Python client: typed, custom and dynamic calls, patches, apply,
# watches, leader election; then a watch from a revision that is gone.
. "$(dirname "$0")/lib.sh"
CLIENTS=$ROOT/e2e/python/clients.py
PYTHON=/usr/bin/python3   # the one that Debian's packages are for

start_server
kubectl apply -f "$EXAMPLES/crontab.yaml" >/dev/null 2>&1   # the object needs the kind: see kubectl_test
check "a kind of the user's own" kubectl wait crd/crontabs.stable.example.com --for=condition=Established --timeout=30s

TESTS=0
try() {  # try ARGUMENT...: counts what the script prints
  while IFS=$'\t' read -r result name why; do
    TESTS=$((TESTS + 1))
    _report "$name" "$([ "$result" = ok ]; echo $?)" "$why"
  done < <("$PYTHON" "$CLIENTS" "$KUBECONFIG" "$@" 2>"$WORK/python.err")
}
try

REVISION=$(kubectl get --raw /api/v1/namespaces | jq -r .metadata.resourceVersion)
kubectl create configmap later >/dev/null
stop_server
check "the store is backed up" "$BIN/gantry" store backup "$DATA/store" "$WORK/backup"
rm -rf "$DATA/store"
check "and restored without its history" "$BIN/gantry" store restore "$WORK/backup" "$DATA/store"
start_server
try expired "$REVISION"
check "everything was tried" [ $TESTS -ge 16 ]
finish
