#!/usr/bin/env bash
# A backup of a running server, with stock kubectl, and what comes back from it.
. "$(dirname "$0")/lib.sh"
start_server
make() { for i in $(seq "$2"); do printf 'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: %s-%s}\ndata: {v: "%s"}\n---\n' "$1" "$i" "$i"; done | kubectl apply -f - >/dev/null; }
count() { kubectl get configmaps -o name | grep -c "/$1-"; }
value() { kubectl get configmap "$1" -o jsonpath='{.data.v}'; }
revision() { kubectl get --raw '/api/v1/namespaces/default/configmaps?limit=1' | jq -r .metadata.resourceVersion; }

check "objects before the backup" make before 30
(while make during 5; do kubectl delete configmaps --all >/dev/null 2>&1 && break; done) &
WRITER=$!
check "a backup while others write" sh -c "kubectl get --raw /backup >$WORK/gantry.tar"
wait "$WRITER"
CURRENT=$(tar xOf "$WORK/gantry.tar" CURRENT)
check "it is a tar file with a store in it" test -n "$CURRENT"
check "objects after the backup" make after 3
LAST=$(revision)
check_fails "the tool wants a store that nobody has open" "in use by another process" "$BIN/gantry" store backup "$DATA/store" "$WORK/copy"

stop_server
check "the store is sound" "$BIN/gantry" store check "$DATA/store"
mv "$DATA/store" "$WORK/old-store"
head -c 5000 "$WORK/gantry.tar" >"$WORK/short.tar"
check_fails "a backup that was cut short is refused" "short.tar" "$BIN/gantry" store restore "$WORK/short.tar" "$DATA/store"
check "and leaves nothing" test ! -e "$DATA/store" -a ! -e "$DATA/store.unpacked"
check "a restore from the archive" says "revisions continue at" "$BIN/gantry" store restore "$WORK/gantry.tar" "$DATA/store"
check_fails "never over a store" "exists" "$BIN/gantry" store restore "$WORK/gantry.tar" "$DATA/store"
check "the restored store is sound" "$BIN/gantry" store check "$DATA/store"
start_server
check "what was there before the backup is there again" equals 30 count before
check "with its contents" equals 17 value before-17
check_fails "what came after is not" "not found" kubectl get configmap after-1
check "revisions are above all that were ever seen" test "$(revision)" -gt "$LAST"
check_fails "who watched the old store is told to list again" "410" \
  curl -sSf --cacert "$DATA/ca.crt" -H "Authorization: Bearer $(cat "$DATA/admin.token")" "https://$LISTEN/api/v1/namespaces/default/configmaps?watch=1&resourceVersion=$LAST"
check_fails "nobody without rights gets a backup" "401" curl -sSf --cacert "$DATA/ca.crt" "https://$LISTEN/backup"
finish
