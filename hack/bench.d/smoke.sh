#!/usr/bin/env bash
# Whether hack/bench works, with tiny sizes: every section that needs no root yields figures, runs can
# be compared and shown, and nothing stays when it is interrupted. No figure is judged.
set -uo pipefail
. "$(dirname "$0")/../lib/common.sh"
WORK=$(mktemp -d /tmp/bench-smoke.XXXXXX)
trap 'rm -rf "$WORK"' EXIT
failed=0
check() {  # check WHAT COMMAND...
  local what=$1; shift
  if "$@" >"$WORK/out" 2>&1; then printf 'ok      %s\n' "$what"; else printf 'FAILED  %s\n' "$what"; tail -20 "$WORK/out"; failed=1; fi
}
mkdir "$WORK/dir"
bench() { "$ROOT/hack/bench" --dir "$WORK/dir" "$@"; }
SECTIONS=$("$ROOT/hack/bench" --list | awk '$1 != "containers" {print $1}')

# shellcheck disable=SC2086
check "every section gives figures" bench --smoke --out "$WORK/a.json" $SECTIONS
complete() {
  local titles; titles=$(jq '[.figures[].section] | unique | length' "$WORK/a.json")
  [ "$titles" = "$(wc -w <<<"$SECTIONS")" ] || { echo "$titles sections have figures"; return 1; }
  jq -e '.machine.cpu and .machine.commit and ([.figures[] | select((.values | length) == 0 or .median < 0)] | length == 0)' "$WORK/a.json"
}
check "the file has every section, the machine and the commit" complete
compared() { bench --compare "$WORK/a.json" "$WORK/a.json" | grep -E 'GET, 16 connections .* 1\.00 '; }
check "two runs beside each other" compared
shown() { bench --markdown "$WORK/a.json" | grep -E '^\| GET, 16 connections \|'; }
check "a run as Markdown" shown

other_server() {
  local data=$WORK/other pid url rc
  "$ROOT/build/bin/gantry" apiserver --data-dir "$data" --listen 127.0.0.1:0 >"$WORK/ready" 2>/dev/null & pid=$!
  wait_until 30 "a server is ready" grep -q '^ready' "$WORK/ready"
  url=$(awk '/^ready/ {print $2}' "$WORK/ready")
  bench --smoke --no-build --out "$WORK/b.json" read --server "$url" --token "$(cat "$data/admin.token")" --ca "$data/ca.crt" --pid "$pid"
  rc=$?
  kill "$pid"; wait "$pid"
  return $rc
}
check "another server" other_server

gone() { ! pgrep -f "[d]ata-dir $WORK/dir/"; }
interrupted() {
  setsid "$ROOT/hack/bench" --dir "$WORK/dir" --no-build --smoke --out "$WORK/c.json" memory start watch & local pid=$!
  wait_until 30 "a server was started" pgrep -f "gantry apiserver --data-dir $WORK/dir/"
  kill -"$1" "$pid"; wait "$pid"
  wait_until 10 "all is gone" gone && [ -z "$(ls "$WORK/dir")" ]
}
check "an interruption leaves nothing" interrupted TERM
killed() {
  setsid "$ROOT/hack/bench" --dir "$WORK/dir" --no-build --smoke --out "$WORK/c.json" memory start watch & local pid=$!
  wait_until 30 "a server was started" pgrep -f "gantry apiserver --data-dir $WORK/dir/"
  kill -KILL "$pid"; wait "$pid"
  wait_until 10 "all is gone" gone
}
check "killing it leaves no process" killed
[ "$failed" = 0 ]
