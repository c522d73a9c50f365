#!/usr/bin/env bash
# Secrets at rest: encrypted by default, rotated and encrypted anew, refused with the wrong key.
. "$(dirname "$0")/lib.sh"
CANARY=canary-$RANDOM$RANDOM-at-rest
# Whether any file under a path has the canary, as it is or in base64 (at any of three offsets).
has_canary() {
  local b64
  b64=$(for p in '' x xy; do printf '%s%s' "$p" "$CANARY" | base64 -w0 | cut -c5-28; done)
  grep -rqaF -e "$CANARY" $(printf -- '-e %s ' $b64) "$1"
}
clean() { ! has_canary "$1"; }
secret() { kubectl get secret "$1" -o jsonpath='{.data.password}' | base64 -d; }
config() { { printf 'apiVersion: apiserver.config.k8s.io/v1\nkind: EncryptionConfiguration\nresources:\n- resources: [secrets]\n  providers:\n'; cat; } >"$WORK/encryption.yaml"; }
refuses() { "$BIN/gantry" server --data-dir "$DATA" --listen 127.0.0.1:0 "$@"; }
stale() { kubectl get --raw /metrics | sed -n "s/^gantry_encryption_stale_objects{key=\"$1\"} //p"; }
ROTATED=(--encryption-provider-config "$WORK/encryption.yaml")

# A store from before: not encrypted.
config <<<'  - identity: {}'
start_server "${ROTATED[@]}"
check "a secret in a store that is not encrypted" kubectl create secret generic old --from-literal=password="$CANARY"
check "is there in plain" has_canary "$DATA/store"
stop_server

start_server
check "encryption is on by default, and the old secret is readable" equals "$CANARY" secret old
check "what is not encrypted is counted" equals 1 stale '(none)'
check "status shows it" says "<not encrypted>" kg encryption status
check "a new secret" kubectl create secret generic new --from-literal=password="$CANARY"
check "encrypt the old one" says "1 objects encrypted anew" kg encryption reencrypt
check "nothing is left" equals 0 stale '(none)'
check "nor on the disk" wait_until 10 "no file has it" clean "$DATA/store"
check "it is readable" equals "$CANARY" secret old
check "a running server's files have no secret" clean "$DATA"
check "a backup" sh -c "kubectl get --raw /backup >$WORK/gantry.tar"
check "has none either" clean "$WORK/gantry.tar"
check_fails "who may not everything does not see the keys" forbidden kubectl get --raw /encryption --as=ann
stop_server
check "a stopped server's neither" clean "$DATA"
check "the store is sound" says "ok" "$BIN/gantry" store check "$DATA/store" --encryption-key-file "$DATA/encryption.key"
check "dump shows who sealed" says '"sealedBy":{"name":"encryption.key"' "$BIN/gantry" store dump "$DATA/store" --prefix /core/secrets/
dumped() { "$BIN/gantry" store dump "$DATA/store" --prefix /core/secrets/ "$@" >"$WORK/dump"; has_canary "$WORK/dump"; }
dump_is_clean() { ! dumped; }
check "and not the value" dump_is_clean
check "with the key it does" dumped --encryption-key-file "$DATA/encryption.key"

# Another key.
mv "$DATA/encryption.key" "$WORK/first.key"
check_fails "a lost key is named" 'stored values are sealed by key "encryption.key" (fingerprint' refuses
rm -f "$DATA/encryption.key"
check_fails "a wrong key is refused" "which is needed and not there" refuses --encryption-key-file <(head -c 32 /dev/urandom)
check_fails "a key file must be one" "a key file has 32 bytes" refuses --encryption-key-file /dev/null
config <<<'  - kms: {name: x}'
check_fails "a provider that is not there is refused by its path" 'resources[0].providers[0]: Unsupported value: "kms"' refuses "${ROTATED[@]}"
# The key outside the data directory, as a file.
start_server --encryption-key-file "$WORK/first.key"
check "the key is kept outside the data directory" equals "$CANARY" secret new
check "where none is made" test ! -e "$DATA/encryption.key"
stop_server

FIRST=$(base64 -w0 "$WORK/first.key")
SECOND=$(head -c 32 /dev/urandom | base64 -w0)
config <<<"  - aesgcm: {keys: [{name: second, secret: $SECOND}, {name: first, secret: $FIRST}]}"
start_server "${ROTATED[@]}"
check "with a new first key, all is readable" equals "$CANARY" secret old
check "what the old key sealed is counted" equals 2 stale first
config <<<"  - aesgcm: {keys: [{name: second, secret: $SECOND}]}"
stop_server
check_fails "it cannot go yet" 'key "encryption.key"' refuses "${ROTATED[@]}"
config <<<"  - aesgcm: {keys: [{name: second, secret: $SECOND}, {name: first, secret: $FIRST}]}"
start_server "${ROTATED[@]}"
kubectl get secrets -w -o name >"$WORK/watch.out" 2>&1 & WATCH=$!
wait_until 10 "the watch runs" grep -q secret/new "$WORK/watch.out"
check "rotate" says "2 objects encrypted anew" kg encryption reencrypt
check "again: nothing to do" says "0 objects encrypted anew" kg encryption reencrypt
check "nothing is left of the old key" equals 0 stale first
check "a watch goes on" kubectl create secret generic third --from-literal=password=x
check "and sees it" wait_until 10 "the watch shows the new one" grep -q secret/third "$WORK/watch.out"
kill $WATCH 2>/dev/null; wait $WATCH 2>/dev/null
config <<<"  - aesgcm: {keys: [{name: second, secret: $SECOND}]}"
stop_server; start_server "${ROTATED[@]}"
check "the old key is gone, the secret is there" equals "$CANARY" secret old
check "all of this left nothing in plain" clean "$DATA"

# A key that only history needs, after ordinary writes.
THIRD=$(head -c 32 /dev/urandom | base64 -w0)
config <<<"  - aesgcm: {keys: [{name: third, secret: $THIRD}, {name: second, secret: $SECOND}]}"
stop_server; start_server "${ROTATED[@]}"
check "write all secrets" kubectl label secrets --all rotated=yes
check "seals them anew" equals 0 stale second
config <<<"  - aesgcm: {keys: [{name: third, secret: $THIRD}]}"
stop_server; start_server "${ROTATED[@]}"
check "the server starts without the key of their history" equals "$CANARY" secret old
check "and works" kubectl create secret generic fourth --from-literal=password=x

# Killed while it seals anew.
cat >"$WORK/many.py" <<'PY'
import base64, http.client, json, ssl, sys
what, address, ca, token, count, value = sys.argv[1:]
api = http.client.HTTPSConnection(address, context=ssl.create_default_context(cafile=ca))
def ask(method, path, body=None):
    api.request(method, path, body, {"Authorization": "Bearer " + token, "Content-Type": "application/json"})
    answer = api.getresponse()
    text = answer.read()
    assert answer.status in (200, 201), text
    return json.loads(text)
path = "/api/v1/namespaces/default/secrets"
for i in range(int(count)):
    data = {"password": base64.b64encode(f"{value}-{i}".encode()).decode()}
    if what == "make":
        ask("POST", path, json.dumps({"metadata": {"name": f"many-{i}"}, "data": data}))
    else:
        assert ask("GET", f"{path}/many-{i}")["data"] == data, i
PY
MANY=3000
many() { python3 "$WORK/many.py" "$1" "$LISTEN" "$DATA/ca.crt" "$(cat "$DATA/admin.token")" $MANY "$CANARY"; }
check "$MANY secrets" many make
FOURTH=$(head -c 32 /dev/urandom | base64 -w0)
config <<<"  - aesgcm: {keys: [{name: fourth, secret: $FOURTH}, {name: third, secret: $THIRD}]}"
stop_server; start_server "${ROTATED[@]}"
all_stale() { [ "$(stale third)" -ge $MANY ]; }
check "with another key, all of them are stale" all_stale
begin() { kubectl create --raw /encryption/reencrypt -f /dev/null; }
check "sealing anew begins" says '"running"' begin
stop_server KILL; start_server "${ROTATED[@]}"
check "killed then: no value is lost ($(stale third) are left to do)" many read
check "it goes on when it is told to" says "objects encrypted anew" kg encryption reencrypt
check "and ends" equals 0 stale third
config <<<"  - aesgcm: {keys: [{name: fourth, secret: $FOURTH}]}"
stop_server; start_server "${ROTATED[@]}"
check "the values need nothing else" many read

# A backup needs the key that it was made with.
stop_server
mv "$DATA/store" "$WORK/now"
check "restore the backup" "$BIN/gantry" store restore "$WORK/gantry.tar" "$DATA/store"
check_fails "it names its key" 'key "encryption.key"' refuses "${ROTATED[@]}"
start_server --encryption-key-file "$WORK/first.key"
check "and opens with it" equals "$CANARY" secret old
finish
