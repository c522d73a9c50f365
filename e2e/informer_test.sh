#!/usr/bin/env bash
# Informers and typed APIs of the official JavaScript client: writers at work, the server killed,
# history compacted. What the informers hold is what the server has, and nothing ever went back.
. "$(dirname "$0")/lib.sh"
SCRIPTS=$ROOT/e2e/informer
PIDS=()
# Stopped processes, too.
trap 'rc=$?; kill -KILL "${PIDS[@]}" 2>/dev/null; (exit $rc); _cleanup' EXIT

installed() { [ "$SCRIPTS/node_modules/.package-lock.json" -nt "$SCRIPTS/package-lock.json" ]; }
install_client() { installed || (cd "$SCRIPTS" && npm ci && touch node_modules/.package-lock.json); }
check "the client is installed" install_client

start_server
kubectl create namespace flood >/dev/null
kubectl create configmap counter -n flood --from-literal=sum=0 >/dev/null
kubectl apply -f "$EXAMPLES/crontab.yaml" >/dev/null 2>&1   # maps kinds first: the object needs a second run
check "a kind of the user's own" kubectl wait crd/crontabs.stable.example.com --for=condition=Established --timeout=30s

TESTS=0
while IFS=$'\t' read -r result name why; do
  TESTS=$((TESTS + 1))
  _report "$name" "$([ "$result" = ok ]; echo $?)" "$why"
done < <(node "$SCRIPTS/clients.mjs" "$KUBECONFIG" 2>&1)
check "typed APIs were tried" [ $TESTS -gt 15 ]

mkfifo "$WORK/ask" "$WORK/answer"
node "$SCRIPTS/informer.mjs" "$KUBECONFIG" <"$WORK/ask" >"$WORK/answer" 2>"$WORK/informer.err" &
INFORMER=$!
disown
PIDS+=($INFORMER)
trap : PIPE   # informers that died are a failed check
exec 7>"$WORK/ask" 8<"$WORK/answer"
ask() {  # ask COMMAND...: prints the informers' answer
  local answer
  printf '%s\n' "$*" >&7
  IFS= read -r -t 120 answer <&8 || { echo "no answer to: $*"; tail -20 "$WORK/informer.err"; return 1; }
  printf '%s\n' "$answer"
  [ "${answer%%:*}" != error ]
}
of() { ask "$1" | tr ' ' '\n' | sed -n "s/^$2=//p"; }   # of COMMAND INFORMER
check "informers have synced" ask synced
check "and hold what is listed" ask settled

WRITERS=()
for w in 1 2; do
  node "$SCRIPTS/writers.mjs" "$KUBECONFIG" "w$w" 3 "$WORK/promised$w" 7>&- 8<&- >"$WORK/w$w.out" 2>&1 &
  WRITERS+=($!)
  PIDS+=($!)
done
check "the writers write" ask seen 500
LISTS=$(ask lists)
for round in 1 2 3; do
  stop_server KILL
  start_server
  ask seen 0 >/dev/null
  check "round $round: kill -9 while they write: events go on" ask seen 300
done
check "nobody had to list again" equals "$LISTS" ask lists
kill -TERM "${WRITERS[@]}"
for w in 1 2; do
  wait "${WRITERS[w - 1]}"
  _report "writer $w: everything that the server acknowledged was there" $? "$(cat "$WORK/w$w.out")"
done
check "the caches are what is listed" ask settled
check "with everything acknowledged" ask acknowledged "$WORK/promised1" "$WORK/promised2"
read -r LEAST MOST < <(jq -s -r '"\(map(.added.acknowledged) | add) \(map(.added | .acknowledged + .uncertain) | add)"' "$WORK"/promised?)
SUM=$(kubectl get cm counter -n flood -o jsonpath='{.data.sum}')
check "no update was lost: $LEAST to $MOST were made, the sum is $SUM" [ "$LEAST" -gt 0 -a "$LEAST" -le "$SUM" -a "$SUM" -le "$MOST" ]

fill() { node "$SCRIPTS/fill.mjs" "$KUBECONFIG" 80; }   # more than a kind's history may hold
check "nobody was told 410 so far" equals 0,0 of expired configmaps
check "informers leave" ask drop
check "history passes on" fill
check "informers return" ask resume
check "and synced" ask synced
check "the watch's start was answered 410" equals 1,0 of expired configmaps
check "other kinds went on where they were" equals 0,0 of expired crontabs
check "the caches are what is listed" ask settled

kill -STOP $INFORMER
check "history passes while informers do not read" fill
kill -CONT $INFORMER
in_stream() { of expired configmaps | grep -qx '1,1'; }
check "the stream ended with 410" wait_until 60 "the informer met 410" in_stream
check "the caches are what is listed" ask settled

stop_server KILL
check "the store is backed up" "$BIN/gantry" store backup "$DATA/store" "$WORK/backup"
rm -rf "$DATA/store"
check "and restored without its history" "$BIN/gantry" store restore "$WORK/backup" "$DATA/store"
start_server
# Only of the large objects the stream had to end, and they are not blue.
all_expired() { ask expired | grep -xE 'configmaps=2,1 blue=2,[01] crontabs=1,0 applications=1,0 services=1,0'; }
check "every informer's version has expired" wait_until 60 "all met 410" all_expired
check "informers have synced" ask synced
check "the caches are what is listed" ask settled

kubectl delete namespace flood --timeout=60s >/dev/null
check "the namespace is gone, and so is all that informers held" \
  equals "configmaps=0 blue=0 crontabs=0 applications=0 services=0" ask settled
check "no informer was ever shown a version before one that it had" ask history
finish
