#!/usr/bin/env bash
# A full disk, a stopped process, a clock that steps, no descriptors, no memory: what was
# acknowledged stays, /readyz says what is wrong, and the server goes on when the fault is over.
# The store lies on a small disk that only this script sees.
#
#   STOPPED=60 e2e/faults_test.sh     how long, in seconds, the server is stopped (default 20)
[ -n "${GANTRY_OWN_MOUNTS:-}" ] || GANTRY_OWN_MOUNTS=1 exec unshare --mount --propagation private "$0" "$@"
. "$(dirname "$0")/lib.sh"
mkdir -p "$DATA"
mount -t tmpfs -o size=96m gantry-faults "$DATA" || die "no small disk"

ACKNOWLEDGED=$WORK/acknowledged
: >"$ACKNOWLEDGED"
url() { echo "https://$LISTEN/api/v1/namespaces/default/configmaps"; }
api() { curl -s --max-time 30 --cacert "$DATA/ca.crt" -H "Authorization: Bearer $(cat "$DATA/admin.token")" "$@"; }
# write_some PREFIX COUNT [BYTES]: notes the names of those that were acknowledged in a file; prints other answers.
write_some() {
  local value body answer
  value=$(head -c "${3:-100}" /dev/zero | tr '\0' v)
  for i in $(seq "$2"); do
    body="{\"metadata\":{\"name\":\"$1-$i\"},\"data\":{\"v\":\"$value\"}}"
    answer=$(printf %s "$body" | api -w '\n%{http_code}' -H 'Content-Type: application/json' --data-binary @- "$(url)")
    if [ "${answer##*$'\n'}" = 201 ]; then echo "$1-$i" >>"$ACKNOWLEDGED"; else printf '%s\n' "$answer"; fi
  done
}
names() { kubectl get configmaps -l '!gantry-made' -o name --field-selector metadata.name!=kube-root-ca.crt | sed 's|.*/||' | sort; }
# Everything acknowledged is there.
nothing_lost() { local lost; lost=$(comm -23 <(sort "$ACKNOWLEDGED") <(names)); [ -z "$lost" ] || { echo "lost: $lost"; return 1; }; }
all_written() { local refused; refused=$(write_some "$@"); [ -z "$refused" ] || { printf '%s\n' "$refused" | head -5; return 1; }; }
ready() { [ "$(kubectl get --raw /readyz)" = ok ]; }
same_server() { kill -0 "$SERVER_PID"; }
revision() { kubectl get --raw '/api/v1/namespaces/default/configmaps?limit=1' | jq -r .metadata.resourceVersion; }
# Starts a watch of all ConfigMaps; `watched NAME` waits for it to show one.
start_watch() { local from; from=$(revision); api --max-time 600 --no-buffer "$(url)?watch=1&resourceVersion=$from" >"$WORK/watch" & WATCH_PID=$!; }
stop_watch() { kill "$WATCH_PID" 2>/dev/null; wait "$WATCH_PID" 2>/dev/null; }
shows() { grep -q "\"name\":\"$1\"" "$WORK/watch"; }
watched() { wait_until 30 "the watch shows $1" shows "$1"; }

start_server
check "writes before any fault" all_written before 20

# --- The disk is full.
start_watch
dd if=/dev/zero of="$DATA/ballast" bs=64k 2>/dev/null
write_some full 60 900000 >"$WORK/refused"
check "a write on a full disk is refused with 503" grep -q '^503' "$WORK/refused"
check "which names the reason" grep -q 'until its disk has space again' "$WORK/refused"
red() { api "https://$LISTEN/readyz?verbose" | grep -F "[-]store failed: the store takes no writes until its disk has space again"; }
check "/readyz is red and says why" red
check "reads go on, nothing is lost" nothing_lost
rm "$DATA/ballast"
check "with space, the server is ready again by itself" wait_until 60 "the server is ready" ready
check "it is the same process" same_server
check "and takes writes" all_written space 20
check "a watch went on through it" watched space-20
check "nothing is lost" nothing_lost
stop_watch
stop_server KILL
start_server
check "nor after a kill" nothing_lost

# --- The process is stopped for a while, as by a frozen machine.
start_watch
kill -STOP "$SERVER_PID"
sleep "${STOPPED:-20}"
kill -CONT "$SERVER_PID"
check "after a stop it is ready" wait_until 30 "the server is ready" ready
check "takes writes" all_written stopped 5
check "a watch goes on" watched stopped-5
check "controllers work: a namespace gets its root certificate" sh -c 'kubectl create namespace after-stop >/dev/null && kubectl wait namespace/after-stop --for=jsonpath="{.status.phase}"=Active --timeout=60s && kubectl delete namespace after-stop --timeout=60s'
check "nothing is lost by the stop" nothing_lost
stop_watch

# --- No descriptors: more connections than there may be.
prlimit --pid "$SERVER_PID" --nofile="$(($(ls "/proc/$SERVER_PID/fd" | wc -l) + 6)):"
HELD=()
for i in $(seq 40); do
  exec {fd}<>"/dev/tcp/${LISTEN%:*}/${LISTEN##*:}" && HELD+=("$fd")
done 2>/dev/null
says_so() { grep -q 'accept failed' "$WORK/server.log"; }
check "the log says that connections cannot be accepted" wait_until 30 "it is logged" says_so
check "the server lives" same_server
for fd in "${HELD[@]}"; do exec {fd}>&-; done
check "others are served once those have gone" wait_until 60 "the server is ready" ready
prlimit --pid "$SERVER_PID" --nofile=4096:
check "writes go on" all_written descriptors 5
check "nothing is lost without descriptors" nothing_lost
stop_server

# --- The clock steps, forwards and backwards.
echo "+0d" >"$WORK/clock"
FAKETIME=$(dpkg -L libfaketime | grep '/libfaketimeMT.so.1$')
REAL_BIN=$BIN
mkdir -p "$WORK/bin"
printf '#!/bin/sh\nLD_PRELOAD=%s FAKETIME_TIMESTAMP_FILE=%s FAKETIME_NO_CACHE=1 FAKETIME_DONT_FAKE_MONOTONIC=1 exec %s/gantry "$@"\n' \
  "$FAKETIME" "$WORK/clock" "$REAL_BIN" >"$WORK/bin/gantry"
chmod +x "$WORK/bin/gantry"
BIN=$WORK/bin start_server
start_watch
LAST=$(revision)
for step in +2d -30min +0d; do
  echo "$step" >"$WORK/clock"
  check "clock at $step: writes" all_written "clock${step//[+]/p}" 5
  check "clock at $step: a watch goes on" watched "clock${step//[+]/p}-5"
  NOW=$(revision)
  check "clock at $step: revisions rise" test "$NOW" -gt "$LAST"
  LAST=$NOW
  check "clock at $step: ready" ready
done
stamp() { date -d "$(kubectl get configmap "$1" -o jsonpath='{.metadata.creationTimestamp}')" +%s; }
check "the steps were real: stamps go back" test "$(stamp clockp2d-1)" -gt "$(stamp clock-30min-1)"
check "nothing is lost by the clock" nothing_lost
stop_watch
stop_server

# --- No memory: the kernel kills the server in the middle of writes.
if [ -d /sys/fs/cgroup/memory ]; then
  GROUP=/sys/fs/cgroup/memory/gantry-faults-$$ LIMIT=memory.limit_in_bytes
else
  GROUP=/sys/fs/cgroup/gantry-faults-$$ LIMIT=memory.max
fi
mkdir "$GROUP" || die "no memory group"
start_server
echo $((120 << 20)) >"$GROUP/$LIMIT"
echo "$SERVER_PID" >"$GROUP/cgroup.procs"
# The disk's pages count too: what is written is freed from neither.
killed() { ! kill -0 "$SERVER_PID" 2>/dev/null; }
for round in $(seq 40); do
  write_some "memory$round" 4 900000 >/dev/null
  killed && break
done
check "the kernel ended it" killed
wait "$SERVER_PID" 2>/dev/null
SERVER_PID=
rmdir "$GROUP"
start_server
check "started again it has everything" nothing_lost
check "and takes writes after all that" all_written end 5
finish
