#!/usr/bin/env bash
# containers.sh ENGINE_DIR DATA_DIR COUNT ROUNDS: for each round one line of JSON, in seconds: from
# `kubectl apply` to COUNT running containers on a private engine, and the same number by
# `docker run -d`. The `gantry server` of DATA_DIR is running. Leaves no engine behind.
set -euo pipefail
. "$(dirname "$0")/../lib/common.sh"
. "$ROOT/hack/lib/engine.sh"
ENGINE=$1 DATA=$2 COUNT=$3 ROUNDS=$4 PARALLEL=4
socket=$ENGINE/docker.sock
trap 'rc=$?; trap - EXIT; set +e; stop_engine "$ENGINE"; exit $rc' EXIT
trap 'exit 130' INT TERM
start_engine "$ENGINE"
import_sample_image "$ENGINE"
export DOCKER_HOST=unix://$socket HOME=$ENGINE KUBECONFIG=$DATA/admin.kubeconfig
"$ROOT/build/bin/kubectl-gantry" node add local --endpoint "$DOCKER_HOST" >/dev/null
kubectl wait nodes.gantry.dev/local --for=condition=Ready --timeout=60s >/dev/null

running() {  # running LABEL
  curl -s --unix-socket "$socket" -G http://engine/containers/json --data-urlencode "filters={\"label\":[\"$1\"]}" | jq length
}
until_running() {  # until_running LABEL COUNT
  local end=$((SECONDS + 60))
  until [ "$(running "$1")" = "$2" ]; do [ $SECONDS -lt $end ] || die "$1: not $2 running"; sleep 0.02; done
}
# Waits without polling, which would take a core from what is measured.
until_started() {  # until_started LABEL COUNT SINCE
  head -n "$2" < <(timeout 60 docker events --since "$3" --filter event=start --filter "label=$1" 2>/dev/null) >/dev/null
}
since() { awk -v a="$1" -v b="$(date +%s%N)" 'BEGIN {print (b - a) / 1e9}'; }
docker_loop() {  # docker_loop NETWORK: sets took
  local started; started=$(date +%s%N)
  seq "$COUNT" | xargs -P"$PARALLEL" -I{} docker run -d --network "$1" --label bench=1 --restart always gantry/sample-web:1.0 >/dev/null
  took=$(since "$started")
  until_running bench=1 "$COUNT"
  docker ps -aq --filter label=bench=1 | xargs docker rm -f >/dev/null
}

docker network create bench >/dev/null
for _ in $(seq "$ROUNDS"); do
  started=$(date +%s%N)
  printf 'apiVersion: gantry.dev/v1\nkind: Application\nmetadata: {name: many}\nspec:\n  compose: |\n    services:\n      web: {image: "gantry/sample-web:1.0", scale: %s}\n' "$COUNT" |
    kubectl apply -f - >/dev/null
  until_started gantry.dev/application=many "$COUNT" "${started::-9}.${started: -9}"
  ours=$(since "$started")
  until_running gantry.dev/application=many "$COUNT"
  kubectl delete application/many --timeout=120s >/dev/null
  until_running gantry.dev/application=many 0
  docker_loop bridge; bridge=$took
  docker_loop bench; named=$took
  printf '{"apply":%s,"bridge":%s,"network":%s}\n' "$ours" "$bridge" "$named"
done
