#!/usr/bin/env bash
# Containers removed by hand, a server killed in the middle of a rollout, an engine restarted.
. "$(dirname "$0")/lib.sh"
start_engine_here
start_server
check "register the engine as a node" add_node
kubectl apply -f "$EXAMPLES/shop.yaml" >/dev/null
check "the application is Ready" kubectl wait application/shop --for=condition=Ready --timeout=120s
ready() { kubectl wait application/shop --for=condition=Ready --timeout=1s; }
exactly() { all_running gantry.dev/application=shop "$1" && [ "$(engine ps -aq --filter label=gantry.dev/application=shop | wc -l)" = "$1" ]; }
names() { kubectl get ct -o name | sort; }

BEFORE=$(names)
engine rm -f "$(engine ps -q --filter label=gantry.dev/service=shop-web | head -1)" >/dev/null
check "a container removed by hand comes back" wait_until 60 "four containers run" exactly 4
check "under the same name" equals "$BEFORE" names
check "Ready again" wait_until 60 "the application is Ready" ready

PORT=$(address_of "$(kubectl get ct -l gantry.dev/slot=1,gantry.dev/service=shop-web -o jsonpath='{.items[0].metadata.name}')")
IDS=$(engine ps -q --no-trunc | sort)
stop_server KILL
check "workloads answer while the server is down" says "hello from shop" curl -sf --max-time 5 "http://$PORT/"
start_server
check "the same containers are adopted" wait_until 60 "the application is Ready" ready
check "none was replaced" equals "$IDS" sh -c "DOCKER_HOST=unix://$ENGINE/docker.sock docker ps -q --no-trunc | sort"

for round in 1 2 3; do
  version=$((round % 2 + 1)).0
  sed -E "s/(WEB_VERSION|version): \"1.0\"/\1: \"$version\"/" "$EXAMPLES/shop.yaml" | kubectl apply -f - >/dev/null
  some_new() { engine ps --filter label=gantry.dev/service=shop-web --format '{{.Image}}' | grep -q ":$version"; }
  wait_until 60 "the rollout has begun" some_new
  stop_server KILL
  start_server
  all_new() { [ "$(engine ps --filter label=gantry.dev/service=shop-web --format '{{.Image}}' | grep -c ":$version")" = 3 ]; }
  check "kill -9 in a rollout, round $round: it ends" wait_until 120 "three new containers run" all_new
  check "round $round: exactly as many as asked for" wait_until 60 "four containers exist" exactly 4
  check "round $round: Ready" wait_until 60 "the application is Ready" ready
done

stop_engine_daemon "$ENGINE"
not_ready() { [ "$(kubectl get nodes.gantry.dev local -o jsonpath='{.status.conditions[?(@.type=="Ready")].status}')" != True ]; }
check "a node whose engine is gone is NotReady" wait_until 60 "the node is not Ready" not_ready
start_engine "$ENGINE"
check "the node is Ready again" kubectl wait nodes.gantry.dev/local --for=condition=Ready --timeout=60s
check "after the engine's restart the same number runs" wait_until 90 "four containers run" exactly 4
check "Ready after the engine's restart" wait_until 60 "the application is Ready" ready
kubectl delete application/shop --timeout=120s >/dev/null
finish
