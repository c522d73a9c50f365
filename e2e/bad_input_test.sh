#!/usr/bin/env bash
# Bad input: a clear message, status or event each time, and nothing half done.
. "$(dirname "$0")/lib.sh"
start_engine_here
start_server
check "register the engine as a node" add_node

app() {  # app NAME <<compose
  printf 'apiVersion: gantry.dev/v1\nkind: Application\nmetadata: {name: %s}\nspec:\n  compose: |\n' "$1"
  sed 's/^/    /'
}
reason() { kubectl get "$1" -o jsonpath='{.status.conditions[?(@.type=="Ready")].message}'; }

printf 'apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: x\n   bad: y\n' > "$WORK/broken.yaml"
check_fails "broken YAML: line and column" "line 5, column" kg apply -f "$WORK/broken.yaml"
printf 'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: before}\n---\n' | cat - "$WORK/broken.yaml" > "$WORK/second.yaml"
check_fails "broken YAML in the second document" "line 9, column" kg apply -f "$WORK/second.yaml"
check_fails "nothing of the first was applied" "not found" kubectl get configmap before
app broken <<<$'services:\n  web:\n    image: a\n   x: b' > "$WORK/app.yaml"
check_fails "broken YAML in a template: line and column" "line 4, column" kg apply -f "$WORK/app.yaml"
app shop <<<$'services:\n  web:\n    image: a:${TAG}\n    build: .\n    labels: {gantry.scale: three}\n    environment: {P: "${DB_PASSWORD}"}' > "$WORK/app.yaml"
check_fails "a bad label value" 'services.web.labels[gantry.scale]: Invalid value: "three": must be a whole number of at least 0' kg apply -f "$WORK/app.yaml"
check_fails "a refused key, with its reason" "services.web.build: Forbidden: images are not built here" kg apply -f "$WORK/app.yaml"
check_fails "all missing parameters at once" "DB_PASSWORD, TAG are used by the template and have no value" kg apply -f "$WORK/app.yaml"
check_fails "nothing was created" "not found" kubectl get application shop
sed -i 's/compose: |/composed: |/' "$WORK/app.yaml"
check_fails "unknown fields, by stock kubectl" 'composed"' kubectl apply -f "$WORK/app.yaml"
check_fails "unknown fields" 'unknown field "spec.composed"' kg apply -f "$WORK/app.yaml"
app quiet <<<$'services:\n  web:\n    image: a\n    container_name: quiet' > "$WORK/app.yaml"
check "what is ignored is warned of" says "Warning: spec.compose: services.web.container_name" kubectl apply --dry-run=server -f "$WORK/app.yaml"
printf 'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: big}\ndata: {a: "%s"}\n' "$(head -c 3300000 /dev/zero | tr '\0' x)" > "$WORK/big.yaml"
check_fails "a 3 MiB object" "413" kubectl create -f "$WORK/big.yaml" --validate=false -v=6
printf '{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"deep"},"x":%s%s}' "$(printf '[%.0s' $(seq 10000))" "$(printf ']%.0s' $(seq 10000))" > "$WORK/deep.json"
check_fails "nothing of it was stored" "not found" kubectl get configmap big
post_deep() { curl -s --fail-with-body -k -H "Authorization: Bearer $(cat "$DATA/admin.token")" -H 'Content-Type: application/json' --data-binary @"$WORK/deep.json" "https://$LISTEN/api/v1/namespaces/default/configmaps"; }
check_fails "JSON nested 10,000 deep" "nested deeper" post_deep
check_fails "nothing of that was stored" "not found" kubectl get configmap deep
check "the server is alive" equals ok kubectl get --raw /healthz

app noimage <<<$'services:\n  web:\n    image: gantry/no-such-image:9' | kg apply -f - >/dev/null
says_so() { kubectl get ct -l gantry.dev/application="$1" -o jsonpath='{.items[*].status.message}' | grep -qi "$2"; }
check "an unknown image is named in the status" wait_until 60 "status names the image" says_so noimage no-such-image
event_says() { kubectl get events -o jsonpath='{.items[*].message}' | grep -qi "$1"; }
check "and in an event" wait_until 30 "an event names the image" event_says no-such-image
check "the application says that it is not Ready" says shop-none sh -c "kubectl get application noimage -o jsonpath='{.status.conditions[?(@.type==\"Ready\")].status}' | sed s/False/shop-none/"

PORT=$((20000 + RANDOM % 10000))
busybox httpd -f -p 127.0.0.1:$PORT -h "$WORK" & HOLD=$!
app taken <<<$'services:\n  web:\n    image: gantry/sample-web:1.0\n    ports: ["127.0.0.1:'$PORT':80"]' | kg apply -f - >/dev/null
check "a taken host port is named in the status" wait_until 60 "status names the port" says_so taken "$PORT"
kill $HOLD 2>/dev/null; wait $HOLD 2>/dev/null
taken_ready() { kubectl wait application/taken --for=condition=Ready --timeout=1s; }
check "and it starts once the port is free" wait_until 90 "the application is Ready" taken_ready

kg node add far --endpoint tcp://127.0.0.1:9 --insecure >/dev/null 2>&1
unreachable() { kubectl get nodes.gantry.dev far -o jsonpath='{.status.conditions[?(@.type=="Ready")].message}' | grep -qi refused; }
check "an unreachable node says why" wait_until 30 "the node's condition says why" unreachable
app pinned <<<$'services:\n  web:\n    image: gantry/sample-web:1.0\n    mem_limit: 900g\n    deploy: {resources: {reservations: {memory: 900g}}}' | kg apply -f - >/dev/null
check "a placement that cannot be met says why" wait_until 30 "status counts the nodes" says_so pinned "nodes fit"
check "delete them all" kubectl delete applications --all --timeout=120s
gone() { [ -z "$(engine ps -aq)" ]; }
check "nothing is left on the engine" wait_until 60 "no container is left" gone
finish
