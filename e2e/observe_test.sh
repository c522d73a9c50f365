#!/usr/bin/env bash
# What a person sees of the server: kubectl explain of every built-in kind, the ids of requests in its log,
# metrics, and the debug page.
. "$(dirname "$0")/lib.sh"
start_server
kubectl create configmap watched --from-literal=k=not-for-the-page >/dev/null

# deepest: of `explain --recursive`, the path of a field that is nested deepest.
deepest() {
  awk -F'\t' '/^FIELDS:/ {on = 1; next} on && NF > 1 {
    match($1, /^ */); indent = RLENGTH; name = substr($1, indent + 1)
    while (depth > 0 && indents[depth] >= indent) depth--
    indents[++depth] = indent; names[depth] = name
    if (depth > most) { most = depth; path = ""; for (i = 1; i <= depth; i++) path = path "." names[i] } }
    END {print path}'
}
# explained WHAT API_VERSION: has a description.
explained() {
  local out
  out=$(kubectl explain "$1" --api-version="$2") || { echo "$out"; return 1; }
  sed -n '/^DESCRIPTION:/,$p' <<<"$out" | sed '1s/DESCRIPTION: *//' | grep -q '[a-z]' &&
    ! grep -qiE '<empty>|<no description>' <<<"$out" || { echo "$out"; return 1; }
}
explained_to_the_leaf() {  # explained_to_the_leaf RESOURCE API_VERSION
  local out leaf
  explained "$1" "$2" || return 1
  out=$(kubectl explain "$1" --api-version="$2" --recursive) || { echo "$out"; return 1; }
  leaf=$(deepest <<<"$out")
  [ -n "$leaf" ] || { echo "no fields: $out"; return 1; }
  explained "$1$leaf" "$2"
}
while read -r resource version; do
  check "explain $resource of $version to a leaf" explained_to_the_leaf "$resource" "$version"
done < <(for gv in v1 $(kubectl get --raw /apis | jq -r '.groups[].preferredVersion.groupVersion'); do
           path=/apis/$gv; [ "$gv" != v1 ] || path=/api/v1
           kubectl get --raw "$path" | jq -r --arg gv "$gv" '.resources[] | select(.name | contains("/") | not) | "\(.name) \($gv)"'
         done)

refused_id() { kubectl get --raw /api/v1/namespaces/default/configmaps/nobody -v=8 2>&1 | sed -n 's/.*Audit-Id: \([^ ]*\).*/\1/p' | head -1; }
ID=$(refused_id)
check "an error has an id" test -n "$ID"
logged() { grep -F "id=$ID" "$WORK/server.log" | grep -F 'code=404' | grep -F 'user=' | grep -F '/configmaps/nobody'; }
check "the server's log has a line with it" wait_until 5 "the line is there" logged
own_id() { curl -sk -o /dev/null -D - -H "Authorization: Bearer $(cat "$DATA/admin.token")" -H 'Audit-Id: my-own.id' "https://$LISTEN/version"; }
check "a client's own id is taken" says "my-own.id" own_id
check "metrics count requests" says 'apiserver_request_total{' kubectl get --raw /metrics
check "metrics count objects" says 'apiserver_resource_objects{group="",resource="configmaps"} ' kubectl get --raw /metrics
check "metrics know the controllers" says 'workqueue_depth{name="application"}' kubectl get --raw /metrics

kubectl get configmaps -w >/dev/null 2>&1 &
WATCHER=$!
page() { kubectl get --raw /debug/gantry; }
watched() { page | jq -e '.streams.watches[] | select(.resource == "configmaps" and .user == "gantry-admin")'; }
check "the debug page shows a watch" wait_until 10 "the watch is there" watched
kill "$WATCHER"
check "the debug page shows connections" says TLSv1 page
check "the debug page shows controllers" says '"name":"application"' page
check "the debug page shows informers" says '"synced":true' page
nothing_secret() { ! page | grep -F not-for-the-page; }
check "the debug page shows no object" nothing_secret
browser() { curl -sk -H "Authorization: Bearer $(cat "$DATA/admin.token")" -H 'Accept: text/html' "https://$LISTEN/debug/gantry"; }
check "a browser gets HTML" says '<h2>streams</h2>' browser
check "nobody else gets it" says 401 curl -sk -o /dev/null -w '%{http_code}' "https://$LISTEN/debug/gantry"
stop_server
finish
