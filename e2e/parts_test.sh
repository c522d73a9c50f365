#!/usr/bin/env bash
# API server and controllers as processes of their own: the parts talk only through the API.
. "$(dirname "$0")/lib.sh"
start_engine_here
LISTEN=127.0.0.1:0
"$BIN/gantry" apiserver --data-dir "$DATA" --listen 127.0.0.1:0 >>"$WORK/server.out" 2>>"$WORK/server.log" &
SERVER_PID=$!
wait_until 30 "the API server is ready" server_ready || die "no API server"
PIDS=()
end_controllers() { for p in "${PIDS[@]}"; do kill "$p" 2>/dev/null; wait "$p" 2>/dev/null; done; PIDS=(); }
trap 'end_controllers; _cleanup' EXIT
"$BIN/gantry" controllers --kubeconfig "$DATA/controllers.kubeconfig" --only=application,service,scheduler,cluster,garbagecollector,namespace 2>>"$WORK/server.log" & PIDS+=($!)
"$BIN/gantry" controllers --kubeconfig "$DATA/controllers.kubeconfig" --only=node,container,volume 2>>"$WORK/server.log" & PIDS+=($!)
whoami() { KUBECONFIG=$DATA/controllers.kubeconfig kubectl auth whoami -o jsonpath='{.status.userInfo.username}'; }
check "they have a certificate of their own" equals system:gantry:controller-manager whoami
check_fails "which gives no more than they need" forbidden kubectl --kubeconfig "$DATA/controllers.kubeconfig" create clusterrolebinding more --clusterrole=cluster-admin --user=system:gantry:controller-manager
REFUSED=1
check "register the engine as a node" add_node
check "apply the application" kubectl apply -f "$EXAMPLES/shop.yaml"
check "it becomes Ready" kubectl wait application/shop --for=condition=Ready --timeout=120s
check "controllers hold leases" says gantry kubectl get leases -n gantry-system
web() { kubectl get ct -l gantry.dev/service=shop-web,gantry.dev/slot=1 -o jsonpath='{.items[0].metadata.name}'; }
check "logs go through the API server to the other process" says "sample-web 1.0 listens" kg logs ct/shop-web-1 --tail=20
exec_code() { kg exec "ct/$(web)" -- sh -c 'echo to; exit 7' >"$WORK/out"; [ $? = 7 ] && [ "$(cat "$WORK/out")" = to ]; }
check "exec too, with its exit code" exec_code
exec_stdin() { echo through | kg exec -i ct/shop-web-1 -- cat; }
check "and with standard input" equals through exec_stdin
URL=$(kubectl get leases -n gantry-system -o jsonpath='{.items[*].metadata.annotations.gantry\.dev/streams-url}' | tr -d ' ')
check_fails "nobody else reaches it" 401 curl -sk --fail-with-body "$URL/apis/gantry.dev/v1/namespaces/default/containers/$(web)/log"
for part in certificate key; do
  kubectl config view --raw -o jsonpath="{.users[0].user.client-$part-data}" | base64 -d >"$WORK/admin.$part"
done
own() { curl -sk --cert "$WORK/admin.certificate" --key "$WORK/admin.key" "$URL$1"; }
check "an administrator gets its metrics" says 'workqueue_depth{name="container"}' own /metrics
check "and its debug page" says '"name":"container"' own /debug/gantry
check "delete it" kubectl delete application/shop --timeout=120s
none() { [ -z "$(engine ps -aq)" ]; }
check "nothing is left" wait_until 60 "no container is left" none
end_controllers
finish
