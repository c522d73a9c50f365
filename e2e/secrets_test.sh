#!/usr/bin/env bash
# Secrets never leak: a value is planted wherever one can be, everything that shows something is driven,
# and all that came out is searched for it, as it is, in base64 and in hex.
. "$(dirname "$0")/lib.sh"
CANARY=canary$RANDOM${RANDOM}leak
TOKEN=token$RANDOM${RANDOM}leak
OUT=$WORK/shown   # what was answered to users that do not get secrets
mkdir -p "$OUT"
patterns() {  # all forms of a text
  local p
  printf '%s\n' "$1"
  printf '%s' "$1" | od -An -tx1 | tr -d ' \n'; echo
  printf '%s' "$1" | od -An -tx1 | tr -d ' \n' | tr a-f A-F; echo
  for p in '' x xy; do printf '%s%s' "$p" "$1" | base64 -w0 | cut -c5-20; done
}
{ patterns "$CANARY"; patterns "$TOKEN"; } >"$WORK/patterns"
leaks() { grep -raoF -f "$WORK/patterns" "$@" | sort | uniq -c | head; }
clean() { local found; found=$(leaks "$@"); [ -z "$found" ] || { printf 'found: %s\n' "$found"; return 1; }; }
show() { local name=$1; shift; "$@" >"$OUT/$name" 2>&1 || true; }

cat >"$WORK/audit.yaml" <<'A'
apiVersion: audit.k8s.io/v1
kind: Policy
rules: [{level: RequestResponse}]
A
start_engine_here
mkdir -p "$DATA"
printf '%s,robot,1,"system:masters"\n' "$TOKEN" >"$WORK/tokens.csv"
"$BIN/gantry" --log-level debug server --data-dir "$DATA" --listen 127.0.0.1:0 --audit-policy-file "$WORK/audit.yaml" --token-file "$WORK/tokens.csv" >>"$WORK/server.out" 2>>"$WORK/server.log" &
SERVER_PID=$!
wait_until 30 "the server is ready" server_ready || die "no server"
LISTEN=$(sed -n 's|.*server: https://\(.*\)|\1|p' "$KUBECONFIG" | head -1)
call() {  # call METHOD PATH [BODY [TYPE]]: as the robot, by its token
  curl -sk -X "$1" -H "Authorization: Bearer $TOKEN" -H "Content-Type: ${4:-application/json}" ${3:+--data-binary "$3"} "https://$LISTEN$2"
}
core_limit() { awk '/Max core file size/ { print $5 }' "/proc/$SERVER_PID/limits"; }
check "no core file is written" equals 0 core_limit
dumpable() { stat -c %U "/proc/$SERVER_PID/mem"; }
nobody_reads() { ! setpriv --reuid=65534 --clear-groups cat "/proc/$SERVER_PID/environ"; }
check "nor is its memory readable by others" nobody_reads
check "nor by its own user's other programs" equals root dumpable

# --- Planted.
add_node
B64=$(printf %s "$CANARY" | base64 -w0)
check "a Secret" kubectl create secret generic planted --from-literal=password="$CANARY"
check "an updated one" kubectl patch secret planted --type=merge -p "{\"stringData\":{\"other\":\"$CANARY\"}}"
check "credentials of a registry" kubectl create secret docker-registry pull --docker-server=registry.invalid --docker-username=u --docker-password="$CANARY"
cat >"$WORK/app.yaml" <<'A'
apiVersion: gantry.dev/v1
kind: Application
metadata: {name: shop}
spec:
  parametersFrom: [{secretRef: {name: planted}}]
  compose: |
    services:
      web:
        image: gantry/sample-web:1.0
        environment: {MESSAGE: "key ${password}"}
      broken:
        image: gantry/no-such-image:1
        environment: {MESSAGE: "key ${password}"}
A
check "an application that uses it" kubectl apply -f "$WORK/app.yaml"
web_runs() { [ -n "$(engine ps -q --filter label=gantry.dev/service=shop-web)" ]; }
check "runs" wait_until 60 "the container runs" web_runs
given() { says "$CANARY" engine inspect "$(engine ps -q --filter label=gantry.dev/service=shop-web)"; }
check "the engine alone has it" given
broken_says() { kubectl get events -o json | grep -q no-such-image; }
check "an event of what does not run" wait_until 60 "an event" broken_says

# --- Refused: whoever sends a wrong request gets an error without the value.
S=/api/v1/namespaces/default/secrets
show not-base64 call POST $S "{\"metadata\":{\"name\":\"a\"},\"data\":{\"k\":\"$CANARY!\"}}"
show not-text call POST $S "{\"metadata\":{\"name\":\"a\"},\"data\":{\"k\":{\"x\":\"$CANARY\"}}}"
show not-a-map call POST $S "{\"metadata\":{\"name\":\"a\"},\"data\":\"$CANARY\"}"
show string-data call POST $S "{\"metadata\":{\"name\":\"a\"},\"stringData\":[\"$CANARY\"]}"
show no-json call POST $S "{\"metadata\":{\"name\":\"a\"},\"data\":{\"k\":\"$B64\"]}"
show cut-short call POST $S "{\"metadata\":{\"name\":\"a\"},\"data\":{\"k\":\"$B64"
show trailing call POST $S "{\"metadata\":{\"name\":\"a\"}} $CANARY"
show wrong-name call POST $S "{\"metadata\":{\"name\":\"A_B\"},\"stringData\":{\"k\":\"$CANARY\"}}"
show unknown-field call POST "$S?fieldValidation=Strict" "{\"metadata\":{\"name\":\"a\"},\"dta\":{\"k\":\"$CANARY\"}}"
show yaml call POST $S "metadata: {name: a}
data: {k: $CANARY!}
  bad: [" application/yaml
show exists call POST $S "{\"metadata\":{\"name\":\"planted\"},\"stringData\":{\"k\":\"$CANARY\"}}"
show conflict call PUT $S/planted "{\"metadata\":{\"name\":\"planted\",\"resourceVersion\":\"1\"},\"stringData\":{\"k\":\"$CANARY\"}}"
show json-patch call PATCH $S/planted "[{\"op\":\"test\",\"path\":\"/data/password\",\"value\":\"$CANARY\"}]" application/json-patch+json
show json-patch-path call PATCH $S/planted "[{\"op\":\"add\",\"path\":\"/nowhere/x\",\"value\":\"$CANARY\"}]" application/json-patch+json
show merge-patch call PATCH $S/planted "{\"data\":{\"password\":{\"x\":\"$CANARY\"}}}" application/merge-patch+json
show strategic call PATCH $S/planted "{\"data\":[\"$CANARY\"]}" application/strategic-merge-patch+json
show apply-conflict call PATCH "$S/planted?fieldManager=other" "{\"apiVersion\":\"v1\",\"kind\":\"Secret\",\"metadata\":{\"name\":\"planted\"},\"data\":{\"password\":\"$(printf 'x%s' "$CANARY" | base64 -w0)\"}}" application/apply-patch+yaml
show wrong-type call POST $S "$CANARY" text/plain
show wrong-kind call POST $S "{\"kind\":\"ConfigMap\",\"apiVersion\":\"v1\",\"metadata\":{\"name\":\"a\"},\"data\":{\"k\":\"$CANARY\"}}"
kubectl create secret generic fixed --from-literal=k="$CANARY" >/dev/null; kubectl patch secret fixed --type=merge -p '{"immutable":true}' >/dev/null
show immutable call PATCH $S/fixed "{\"data\":{\"k\":\"eHg=\"}}" application/merge-patch+json
show forbidden kubectl --as=ann get secret planted -o yaml
show wrong-token curl -sk -H "Authorization: Bearer $CANARY" "https://$LISTEN/api"
show basic curl -sk -u "u:$CANARY" "https://$LISTEN/api"
show token-in-url curl -sk "https://$LISTEN/api/v1/namespaces?access_token=$CANARY&token=$CANARY"
call POST /apis/authentication.k8s.io/v1/tokenreviews "{\"spec\":{\"token\":\"$CANARY\"}}" >/dev/null   # says its spec again, as in Kubernetes
show wrong-review call POST /apis/authentication.k8s.io/v1/tokenreviews "{\"spec\":{\"token\":[\"$CANARY\"]}}"
show wrong-template kubectl patch application shop --type=merge -p '{"spec":{"compose":"services: {web: {image: x, command: [\"${password}\"]}}"}}'
show app-then kubectl get application shop -o yaml
check "refused requests were refused" sh -c "[ \$(grep -lE '\"code\":(4|5)' $OUT/* | wc -l) -ge 15 ]"

# --- Shown.
show describe-secret kubectl describe secret planted pull
show get-secrets kubectl get secrets -o wide
show describe-app kubectl describe applications.gantry.dev shop
show describe-containers kubectl describe containers.gantry.dev
show kg-describe kg describe app/shop secret/planted
show apps kubectl get applications,services.gantry.dev,servicerevisions,containers,volumes,nodes.gantry.dev -A -o yaml --show-managed-fields
show events kubectl get events -A -o yaml
show others kubectl get namespaces,leases,clusterroles,serviceaccounts,configmaps -A -o yaml
managed() { kubectl get secrets -o json --show-managed-fields | jq '[.items[].metadata]'; }
show managed-fields managed
show metrics kubectl get --raw /metrics
show debug kubectl get --raw '/debug/gantry?limit=1000'
show openapi kubectl get --raw /openapi/v2
show encryption kubectl get --raw /encryption
show audit kg audit -o json
show watch-of-metadata timeout 5 curl -sk -m 3 -H "Authorization: Bearer $TOKEN" -H 'Accept: application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1' "https://$LISTEN$S?watch=1"
show table curl -sk -H "Authorization: Bearer $TOKEN" -H 'Accept: application/json;as=Table;g=meta.k8s.io;v=v1' "https://$LISTEN$S?includeObject=None"
kubectl get --raw /backup >"$WORK/gantry.tar"
for f in "$OUT"/*; do check "nothing in $(basename "$f")" clean "$f"; done
check "the answers are answers" test "$(cat "$OUT"/* | wc -c)" -gt 20000
check "nothing in the log at its most verbose" clean "$WORK/server.log" "$WORK/server.out"
check "nothing in the audit log" clean "$DATA/audit"
check "nothing in the data directory" clean "$DATA"
check "nothing in a backup" clean "$WORK/gantry.tar"
cmdline() { tr '\0' ' ' </proc/$SERVER_PID/cmdline >"$WORK/cmdline"; tr '\0' '\n' </proc/$SERVER_PID/environ >>"$WORK/cmdline"; clean "$WORK/cmdline"; }
check "nothing in the server's command line and environment" cmdline

# --- Controllers read no more than they need.
may() { kubectl auth can-i "$@"; }
check_fails "the scheduler reads no secrets" no may get secrets --as=system:gantry:controller:scheduler
check_fails "the service controller neither" no may get secrets --as=system:gantry:controller:service
check_fails "the node controller writes none" no may update secrets --as=system:gantry:controller:node
check_fails "the application controller runs no commands" no may create containers.gantry.dev/exec --as=system:gantry:controller:application
check "the container controller reads them" may get secrets --as=system:gantry:controller:container
kubectl delete application/shop --timeout=60s >/dev/null 2>&1
finish
