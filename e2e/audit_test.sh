#!/usr/bin/env bash
# The audit log: who did what, from where, with what result; and nothing secret in it.
. "$(dirname "$0")/lib.sh"

cat >"$WORK/tokens.csv" <<'T'
ann-token,ann,1,"system:masters"
bob-token,bob,2,"nobody"
T
LOG=$DATA/audit/audit.log
as() { local user=$1; shift; kubectl --token "$user-token" --kubeconfig "$WORK/nobody" --server "https://$LISTEN" --certificate-authority "$DATA/ca.crt" "$@"; }
: >"$WORK/nobody"
SECRET=canary-8d1f
start_server --token-file "$WORK/tokens.csv"

as ann create configmap settings --from-literal=a=1 >/dev/null
as ann create secret generic password --from-literal=value="$SECRET" >/dev/null
as ann get secret password >/dev/null
as ann get configmaps >/dev/null
as ann delete configmap settings >/dev/null
as bob delete secret password >/dev/null 2>&1
as nobody get secrets >/dev/null 2>&1

# One record: `record FILTER-OF-JQ`.
record() { local found; found=$(kg audit -o json | jq -c "select($1)"); [ -n "$found" ] && head -1 <<<"$found"; }
check "a create has user, object, result and address" record '.user.username == "ann" and .verb == "create" and .objectRef.resource == "configmaps" and .objectRef.name == "settings" and .objectRef.namespace == "default" and .responseStatus.code == 201 and .sourceIPs == ["127.0.0.1"] and (.userAgent | startswith("kubectl/"))'
check "a delete" record '.user.username == "ann" and .verb == "delete" and .objectRef.name == "settings" and .responseStatus.code == 200'
check "a read of a Secret" record '.user.username == "ann" and .verb == "get" and .objectRef.resource == "secrets"'
check "what was forbidden, and why" record '.user.username == "bob" and .verb == "delete" and .responseStatus.code == 403 and .responseStatus.reason == "Forbidden" and (.responseStatus.message | test("cannot delete"))'
check "a wrong token" record '.user.username == "" and .responseStatus.code == 401'
check "reads of other things are not recorded" sh -c "! grep -q '\"resource\":\"configmaps\".*\"verb\":\"list\"' '$LOG'"
check "a record is found by the id in the answer" sh -c "
  id=\$(curl -s --cacert '$DATA/ca.crt' -H 'Authorization: Bearer ann-token' -X DELETE -D - -o /dev/null https://$LISTEN/api/v1/namespaces/default/configmaps/none | tr -d '\r' | sed -n 's/^[Aa]udit-[Ii]d: //p')
  [ -n \"\$id\" ] && '$BIN/kubectl-gantry' audit -o json | grep -F \"\$id\" | grep -q '\"code\":404'"

check "the CLI shows a table" says "configmaps/settings in default" kg audit --user ann --verb create
check "by object" says "secrets/password in default" kg audit secret/password
check "only that object" sh -c "! '$BIN/kubectl-gantry' audit secret/password | grep -q configmaps"
check "by time" says "No records found" kg audit --user ann --until-time 2020-01-01T00:00:00Z
check "since a while" says "create" kg audit --user ann --since 10m
check_fails "an unknown type" "the server doesn't have a resource type" kg audit nothing
check_fails "a time that is none" 'since' kg audit --since-time yesterday
check_fails "only who may see it" 'cannot get path "/audit"' as bob get --raw /audit
check "nothing secret is in it" sh -c "! grep -rq -e $SECRET -e $(printf %s "$SECRET" | base64) '$DATA/audit'"
check "only the server's user can read it" equals 600 stat -c %a "$LOG"
stop_server

# --- A policy of the operator's own, and small files.
cat >"$WORK/policy.yaml" <<'T'
apiVersion: audit.k8s.io/v1
kind: Policy
omitStages: [RequestReceived]
rules:
- level: RequestResponse
  omitManagedFields: true
  resources:
  - resources: [configmaps, secrets]
- level: None
T
start_server --token-file "$WORK/tokens.csv" --audit-policy-file "$WORK/policy.yaml" --audit-log-maxsize 1 --audit-log-maxbackup 2
check "earlier records are still there" record '.objectRef.name == "settings" and .verb == "delete"'
as ann create configmap whole --from-literal=b=2 >/dev/null
as ann create secret generic other --from-literal=value="$SECRET" >/dev/null
check "whole objects, as the policy says" record '.level == "RequestResponse" and .objectRef.name == "whole" and .responseObject.data.b == "2" and (.responseObject.metadata | has("managedFields") | not)'
check "but never those of Secrets" sh -c "! grep -rq -e $SECRET -e $(printf %s "$SECRET" | base64) '$DATA/audit'"
curl -s --no-buffer --max-time 120 --cacert "$DATA/ca.crt" -H "Authorization: Bearer ann-token" "https://$LISTEN/api/v1/namespaces/default/configmaps?watch=1" >/dev/null & WATCH=$!
started() { record '.verb == "watch" and .stage == "ResponseStarted"'; }
check "a watch is recorded when it starts" wait_until 30 "the watch started" started
check "and not its end, before it ends" sh -c "! grep '\"verb\":\"watch\"' '$LOG' | grep -q ResponseComplete"
kill $WATCH; wait $WATCH 2>/dev/null
ended() { record '.verb == "watch" and .stage == "ResponseComplete"'; }
check "and when it ends" wait_until 30 "the watch ended" ended
BIG=$(head -c 200000 /dev/zero | tr '\0' x)
for i in $(seq 12); do
  printf '{"metadata":{"name":"big-%s"},"data":{"v":"%s"}}' "$i" "$BIG" | curl -s -o /dev/null --cacert "$DATA/ca.crt" -H "Authorization: Bearer ann-token" -H 'Content-Type: application/json' --data-binary @- "https://$LISTEN/api/v1/namespaces/default/configmaps"
done
kept() { [ "$(ls "$DATA/audit" | wc -l)" = 3 ]; }
check "files are rotated, and so many kept" wait_until 30 "there are 3 files" kept
stop_server

printf 'apiVersion: audit.k8s.io/v1\nkind: Policy\nrules: [{level: Everything}]\n' >"$WORK/policy.yaml"
check_fails "a policy with a fault is refused" 'rules[0].level: Unsupported value: "Everything"' \
  "$BIN/gantry" server --data-dir "$DATA" --listen "$LISTEN" --audit-policy-file "$WORK/policy.yaml"
start_server --audit-log-path ""
check_fails "without a log there is nothing to read" "keeps no audit log" kg audit
finish
