# Sourced by every e2e test: a real engine, a real `gantry server`, stock kubectl and our CLI, all in
# one temporary directory, gone at the end whatever happens.
#
#   . "$(dirname "$0")/lib.sh"
#   start_engine_here; start_server; add_node
#   check "what is shown" command...          counts; prints the command's output when it fails
#   check_fails "what is shown" 'text' command...   the command must fail and say `text`
#   wait_until SECONDS WHAT COMMAND...        (hack/lib/common.sh)
#   finish                                    prints the count; the script's exit status
set -uo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/../hack/lib/common.sh"
. "$ROOT/hack/lib/engine.sh"

BIN=${GANTRY_BIN:-$ROOT/build/bin}
WORK=$(mktemp -d /tmp/gantry-e2e.XXXXXX)
ENGINE=$WORK/engine
DATA=$WORK/data
EXAMPLES=$ROOT/e2e/examples
PASSED=0
FAILED=0
SERVER_PID=
export KUBECONFIG=$DATA/admin.kubeconfig
export HOME=$WORK/home   # kubectl's discovery cache
mkdir -p "$HOME"

kg() { "$BIN/kubectl-gantry" "$@"; }
engine() { engine_cli "$ENGINE" "$@"; }

start_engine_here() {
  start_engine "$ENGINE" || die "no engine"
  import_sample_image "$ENGINE" gantry/sample-web:1.0
  import_sample_image "$ENGINE" gantry/sample-web:2.0
}

# start_server [option...]: on the same port again after a stop, so that kubeconfigs stay right.
start_server() {
  LISTEN=${LISTEN:-127.0.0.1:0}
  "$BIN/gantry" server --data-dir "$DATA" --listen "$LISTEN" "$@" >>"$WORK/server.out" 2>>"$WORK/server.log" &
  SERVER_PID=$!
  wait_until 30 "the server is ready" server_ready || { tail -20 "$WORK/server.log"; die "the server did not start"; }
  LISTEN=$(sed -n 's|.*server: https://\(.*\)|\1|p' "$KUBECONFIG" | head -1)
}
server_ready() { [ -f "$KUBECONFIG" ] && kill -0 "$SERVER_PID" && kubectl get --raw /readyz; }
stop_server() {  # stop_server [SIGNAL]
  [ -n "$SERVER_PID" ] || return 0
  kill -"${1:-TERM}" "$SERVER_PID" 2>/dev/null
  wait "$SERVER_PID" 2>/dev/null
  SERVER_PID=
}

add_node() { kg node add local --endpoint "unix://$ENGINE/docker.sock" >/dev/null && kg wait nodes.gantry.dev/local --for=condition=Ready --timeout=60s >/dev/null; }

_report() {  # _report NAME RC OUTPUT
  if [ "$2" = 0 ]; then
    PASSED=$((PASSED + 1)); printf 'ok      %s\n' "$1"
  else
    FAILED=$((FAILED + 1)); printf 'FAILED  %s\n' "$1"
    [ -z "$3" ] || printf '%s\n' "$3" | tail -25 | sed 's/^/        /'
  fi
}
check() {
  local name=$1 out rc; shift
  out=$("$@" 2>&1); rc=$?
  _report "$name" $rc "$out"
}
check_fails() {
  local name=$1 text=$2 out rc; shift 2
  out=$("$@" 2>&1); rc=$?
  if [ $rc = 0 ]; then _report "$name" 1 "did not fail: $out"
  elif ! grep -qF -- "$text" <<<"$out"; then _report "$name" 1 "does not say '$text': $out"
  else _report "$name" 0 ""; fi
}
# says TEXT COMMAND...: the command succeeds and its output contains TEXT.
says() {
  local text=$1 out; shift
  out=$("$@" 2>&1) || { printf '%s\n' "$out"; return 1; }
  grep -qF -- "$text" <<<"$out" || { printf 'expected: %s\ngot: %s\n' "$text" "$out"; return 1; }
}
# equals TEXT COMMAND...: the command succeeds and its output is TEXT.
equals() {
  local text=$1 out; shift
  out=$("$@" 2>&1) || { printf '%s\n' "$out"; return 1; }
  [ "$out" = "$text" ] || { printf 'expected: %s\ngot: %s\n' "$text" "$out"; return 1; }
}
# Number of running engine containers with a label.
running() { engine ps -q --filter "label=$1" | wc -l; }
all_running() { [ "$(running "$1")" = "$2" ]; }
# The address of a container's published port 80: `address_of CONTAINER`.
address_of() { echo "127.0.0.1:$(kubectl get containers.gantry.dev "$1" -o jsonpath='{.status.ports[0].hostPort}')"; }

_cleanup() {
  local rc=$?
  trap - EXIT
  [ "$FAILED" = 0 ] && [ $rc = 0 ] || { echo "--- the server's log"; tail -40 "$WORK/server.log" 2>/dev/null; }
  stop_server KILL
  [ ! -d "$ENGINE" ] || stop_engine "$ENGINE"
  local left; left=$(engine_left_behind "$ENGINE")
  ! mountpoint -q "$DATA" || umount "$DATA"
  rm -rf "$WORK"
  [ -z "$left" ] || { echo "left behind: $left"; rc=1; }
  exit $rc
}
trap _cleanup EXIT
trap 'exit 130' INT TERM

# Controllers have just the rights that they need: not fewer. REFUSED is what a test caused itself.
refused_controllers() { kubectl get --raw /metrics | awk '/^gantry_apiserver_denied_controllers_total/ { n += $NF } END { print n + 0 }'; }

finish() {
  [ -z "$SERVER_PID" ] || ! server_ready >/dev/null 2>&1 ||
    check "no controller was refused anything" equals "${REFUSED:-0}" refused_controllers
  printf '%s: %d passed, %d failed\n' "$(basename "$0")" "$PASSED" "$FAILED"
  [ "$FAILED" = 0 ]
  exit
}
