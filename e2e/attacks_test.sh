#!/usr/bin/env bash
# Attacks on a server: each meets a bound. Meanwhile a normal client is answered, and the server stays below 256 MiB.
#
#   ATTACKS='idle paths' e2e/attacks_test.sh     some of them
. "$(dirname "$0")/lib.sh"
CEILING_KIB=$((256 << 10))
ulimit -n "$(ulimit -Hn)"
[ "$(ulimit -n)" -ge 16000 ] || die "10,000 connections need a limit of 16,000 open files, got $(ulimit -n)"
mkdir -p "$DATA"
echo 'mallory-token,mallory,m1,""' >"$DATA/tokens.csv"
export SERVER CA=$DATA/ca.crt TOKEN RELEASE=$WORK/release
# Each crowd meets a server that no other one has left its traces in: what closes slowly is not counted twice.
new_server() {
  [ -z "${SERVER_PID:-}" ] || stop_server
  start_server
  SERVER=$LISTEN
  TOKEN=$(cat "$DATA/admin.token")
}
new_server

status() { sed -n "s/^$1:[[:space:]]*\([0-9]*\) kB/\1/p" "/proc/$SERVER_PID/status"; }
descriptors() { ls "/proc/$SERVER_PID/fd" | wc -l; }
# The peak of the server's memory since the last reset.
below_ceiling() { local peak; peak=$(status VmHWM); echo "$((peak >> 10)) MiB"; [ "$peak" -lt $CEILING_KIB ]; }
reset_peak() { echo 5 >"/proc/$SERVER_PID/clear_refs"; }
works() {  # reads, writes and sees what it wrote
  kubectl get --raw /readyz >/dev/null && kubectl -n kube-system create configmap "$1" --from-literal=a=b >/dev/null &&
    kubectl -n kube-system get configmap "$1" -o jsonpath='{.data.a}' | grep -qx b && kubectl -n kube-system delete configmap "$1" >/dev/null
}
started() { grep -q '^holding' "$WORK/$1.out" || ! kill -0 "$2" 2>/dev/null; }
attack() {  # attack NAME WHAT
  [ -z "${ATTACKS:-}" ] || [[ " $ATTACKS " == *" $1 "* ]] || return 0
  local pid name=$1
  rm -f "$RELEASE"
  reset_peak
  python3 "$ROOT/e2e/attacks/attacker.py" "$name" >"$WORK/$name.out" 2>&1 &
  pid=$!
  check "$2: it is under way" wait_until 120 "$name holds" started "$name" "$pid"
  check "$2: a normal client is served" works "during-${name//_/-}"
  touch "$RELEASE"
  wait "$pid"
  _report "$2: every bound holds" $? "$(tail -5 "$WORK/$name.out")"
  check "$2: memory, $(below_ceiling)" below_ceiling
}
same_server() { kill -0 "$SERVER_PID"; }

kubectl create namespace open >/dev/null && kubectl create namespace closed >/dev/null
kubectl -n closed create secret generic canary --from-literal=value=PLANTED >/dev/null
kubectl -n open create configmap mine --from-literal=a=b >/dev/null
kubectl -n open create role mine --verb=get --resource=configmaps --resource-name=mine >/dev/null
kubectl -n open create rolebinding mine --role=mine --user=mallory >/dev/null

attack smuggling "smuggled requests"
attack paths "path tricks"
attack heads "URLs, selectors and headers without measure"
attack idle "10,000 idle connections"
new_server
attack silent "10,000 silent connections"
new_server
FDS=$(descriptors)
# Beside all others: these end by time-outs of up to 60 s.
python3 "$ROOT/e2e/attacks/attacker.py" slowloris >"$WORK/slowloris.out" 2>&1 &
SLOW=$!
check "slow headers and bodies: under way" wait_until 60 "they are connected" started slowloris $SLOW
attack bodies "large, compressed, deep and wide bodies"
attack big_bodies "bodies that stop"
attack pipelining "endless pipelining"
attack watches "watches that are not read"
attack lists "lists that are not read"

# OpenSSL's client asks to renegotiate when told R.
mkfifo "$WORK/says"
timeout 60 openssl s_client -connect "$LISTEN" -tls1_2 -CAfile "$CA" <"$WORK/says" >"$WORK/renegotiation.out" 2>&1 &
CLIENT=$!
exec {says}>"$WORK/says"
client_shows() { grep -q "$1" "$WORK/renegotiation.out"; }
wait_until 60 "it is connected" client_shows 'Verify return code'
echo R >&"$says"
check "TLS renegotiation is refused" wait_until 60 "the client says so" client_shows 'no renegotiation\|unexpected message\|handshake failure'
check "which the client had asked for" client_shows RENEGOTIATING
exec {says}>&-
wait "$CLIENT"

wait "$SLOW"
_report "slow headers and bodies: the server ended each" $? "$(tail -5 "$WORK/slowloris.out")"
check "afterwards: a normal client is served" works afterwards
few_descriptors() { local n; n=$(descriptors); echo "$n, before $FDS"; [ "$n" -le $((FDS + 20)) ]; }
check "afterwards: descriptors are back" wait_until 30 "descriptors return" few_descriptors
little_memory() { local now; now=$(status VmRSS); echo "$((now >> 10)) MiB"; [ "$now" -lt $((200 << 10)) ]; }
check "afterwards: memory is back, $(little_memory)" wait_until 60 "memory returns" little_memory
check "it is the same server" same_server
finish
