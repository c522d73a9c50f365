# Sourced by the scripts of hack/ and e2e/. Sets ROOT and a few helpers.
ROOT=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)

say() { printf '\033[1m== %s\033[0m\n' "$*" >&2; }
die() { printf 'error: %s\n' "$*" >&2; exit 1; }

# Runs a command as root: directly, or through sudo.
as_root() {
  if [ "$(id -u)" = 0 ]; then "$@"; else sudo "$@"; fi
}

# wait_until SECONDS WHAT COMMAND...: repeats COMMAND until it succeeds.
wait_until() {
  local limit=$1 what=$2 end
  shift 2
  end=$((SECONDS + limit))
  until "$@" >/dev/null 2>&1; do
    [ $SECONDS -lt $end ] || { printf 'timed out after %ss waiting until %s\n' "$limit" "$what" >&2; return 1; }
    sleep 0.2
  done
}
