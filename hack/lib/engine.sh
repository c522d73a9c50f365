#!/bin/bash
# Private Docker Engines for tests and for machines without one. Needs root; no systemd.
#
#   . hack/lib/engine.sh
#   start_engine DIR [dockerd option...]   starts dockerd; returns when it answers on DIR/docker.sock
#   stop_engine DIR                        ends it and removes everything it made (not DIR itself)
#   stop_engine_daemon DIR                 ends only the daemon, keeping its data (a restart test)
#   kill_engine DIR                        SIGKILLs daemon and containerd, as a lost host would
#   import_sample_image DIR [NAME:TAG]     a busybox web server image, without any registry
#   engine_left_behind DIR                 prints what is still there; empty after stop_engine
#
# or as a command: `hack/lib/engine.sh start DIR`, `stop DIR`, `import DIR gantry/sample-web:2.0`.
#
# Environment of start_engine:
#   ENGINE_NETNS=1    a network namespace of its own: ports and bridges stay in there. Default: the
#                     caller's, where published ports are served by docker-proxy.
#   ENGINE_BRIDGE=no  no default bridge network. Default: a bridge of this engine's own.
#   ENGINE_IPTABLES=1 let dockerd write NAT rules (containers reach the outside). stop_engine removes
#                     its chains when no other engine runs. Default: no rules at all.
#   ENGINE_SUBNET     address of the bridge; default 10.<192-223>.<x>.1/24, derived from DIR.
#
# The daemon runs in a mount namespace with a /run of its own, so engines do not meet, and its
# containers in a cgroup of its own, so nothing of it can be missed at the end.

_engine_id() { printf '%s' "$(readlink -m "$1")" | md5sum | cut -c1-8; }
_engine_bridge() { echo "gt$(_engine_id "$1")"; }
_engine_subnet() {
  local h=$((16#$(_engine_id "$1" | cut -c1-6)))
  echo "${ENGINE_SUBNET:-10.$((192 + h % 32)).$((h / 32 % 256)).1/24}"
}
_engine_pid() { cat "$1/docker.pid" 2>/dev/null; }
_engine_alive() { [ -n "$1" ] && kill -0 "$1" 2>/dev/null; }
# Runs a command in the engine's network namespace.
_engine_net() {
  local dir=$1; shift
  if [ -e "$dir/netns" ] && [ -n "$(_engine_pid "$dir")" ] &&
     _engine_alive "$(_engine_pid "$dir")"; then
    nsenter -t "$(_engine_pid "$dir")" -n "$@"
  elif [ ! -e "$dir/netns" ]; then
    "$@"
  fi
}

engine_cli() { local dir=$1; shift; DOCKER_HOST="unix://$dir/docker.sock" docker "$@"; }

start_engine() {
  local dir; dir=$(readlink -m "$1"); shift
  mkdir -p "$dir" || return 1
  if _engine_alive "$(_engine_pid "$dir")"; then return 0; fi
  local id bridge; id=$(_engine_id "$dir"); bridge=$(_engine_bridge "$dir")
  local -a ns=(unshare --mount)
  rm -f "$dir/netns"
  if [ "${ENGINE_NETNS:-}" = 1 ]; then ns+=(--net); touch "$dir/netns"; fi
  local iptables=false
  rm -f "$dir/iptables"
  if [ "${ENGINE_IPTABLES:-}" = 1 ]; then iptables=true; touch "$dir/iptables"; fi
  local network="--bridge=none"
  [ "${ENGINE_BRIDGE:-}" = no ] || network="--bridge=$bridge"

  local driver
  local known; known=$(cat "$dir/driver" 2>/dev/null || true)
  # A busy machine can keep containerd from answering in the time that dockerd allows: once more then.
  for driver in ${known:-overlay2 overlay2 vfs} $known; do
    rm -f "$dir/docker.pid" "$dir/docker.sock"
    # With the test's own PATH: /run is a fresh tmpfs, everything else is the host's.
    setsid "${ns[@]}" sh -c '
      set -e
      mount -t tmpfs tmpfs /run
      ip link set lo up
      if [ "$1" != none ]; then
        ip link show "$1" >/dev/null 2>&1 || ip link add "$1" type bridge
        ip addr replace "$2" dev "$1"
        ip link set "$1" up
        sysctl -qw net.ipv4.ip_forward=1 2>/dev/null || true
      fi
      shift 2
      exec "$@"' sh "$(case $network in *none) echo none ;; *) echo "$bridge" ;; esac)" \
      "$(_engine_subnet "$dir")" \
      dockerd --data-root="$dir/data" --exec-root="$dir/exec" --pidfile="$dir/docker.pid" \
      --host="unix://$dir/docker.sock" --cgroup-parent="/gantry-engine-$id" \
      --exec-opt native.cgroupdriver=cgroupfs --storage-driver="$driver" "$network" \
      --iptables="$iptables" --ip6tables=false --ip-masq="$iptables" "$@" \
      </dev/null >>"$dir/dockerd.log" 2>&1 9>&- &
    local child=$!
    local i
    for i in $(seq 300); do
      if [ -S "$dir/docker.sock" ] && engine_cli "$dir" version >/dev/null 2>&1; then
        echo "$driver" > "$dir/driver"
        disown "$child" 2>/dev/null || true
        return 0
      fi
      kill -0 "$child" 2>/dev/null || break
      sleep 0.1
    done
    _engine_end "$dir" TERM
    [ -n "$known" ] || rm -rf "$dir/data"
  done
  echo "engine in $dir did not start:" >&2
  tail -5 "$dir/dockerd.log" >&2
  return 1
}

# The processes that belong to an engine: daemons and shims that name its directories, and whatever
# runs in its cgroup.
_engine_processes() {
  local dir=$1 id f; id=$(_engine_id "$dir")
  for f in $(grep -lsaE "$dir/(data|exec)/?" /proc/[0-9]*/cmdline); do
    f=${f%/cmdline}
    case $(cat "$f/comm" 2>/dev/null) in
      dockerd*|containerd*|runc*) echo "${f#/proc/}" ;;
    esac
  done
  cat /sys/fs/cgroup/gantry-engine-"$id"/*/cgroup.procs \
      /sys/fs/cgroup/*/gantry-engine-"$id"/*/cgroup.procs 2>/dev/null
}

# Ends daemon, containerd, shims and containers, by their ids.
_engine_end() {
  local dir=$1 signal=$2 pid i; pid=$(_engine_pid "$dir")
  if _engine_alive "$pid"; then
    kill -"$signal" "$pid" 2>/dev/null
    for i in $(seq 400); do _engine_alive "$pid" || break; sleep 0.05; done
  fi
  for i in $(seq 50); do
    local rest; rest=$(_engine_processes "$dir" | sort -un)
    [ -z "$rest" ] && break
    # A containerd that was told to end needs a moment; after that nobody is asked again.
    # shellcheck disable=SC2086
    [ "$signal" = KILL ] || [ "$i" -gt 20 ] && kill -KILL $rest 2>/dev/null
    sleep 0.1
  done
}

stop_engine_daemon() { _engine_end "$(readlink -m "$1")" TERM; }
kill_engine() { _engine_end "$(readlink -m "$1")" KILL; }

stop_engine() {
  local dir; dir=$(readlink -m "$1")
  [ -d "$dir" ] || return 0
  local id; id=$(_engine_id "$dir")
  local -a networks=()
  if [ ! -e "$dir/netns" ]; then
    # From its file, as the daemon may be dead.
    mapfile -t networks < <(grep -aoE 'br-[0-9a-f]{12}' "$dir/data/network/files/local-kv.db" \
                            2>/dev/null | sort -u)
  fi
  if [ ! -e "$dir/netns" ] && [ -S "$dir/docker.sock" ]; then
    # Containers hold veth ends in the caller's network namespace: let the engine take them down.
    local c; c=$(timeout 10 docker -H "unix://$dir/docker.sock" ps -aq 2>/dev/null)
    # shellcheck disable=SC2086
    [ -z "$c" ] || timeout 120 docker -H "unix://$dir/docker.sock" rm -f $c >/dev/null 2>&1
  fi
  _engine_end "$dir" TERM
  if [ ! -e "$dir/netns" ]; then
    local b
    for b in "${networks[@]}" "$(_engine_bridge "$dir")"; do
      ip link del "$b" 2>/dev/null
    done
    [ -e "$dir/iptables" ] && _engine_drop_chains "$dir"
  fi
  local m
  for m in $(awk -v d="$dir/" 'index($2, d) == 1 {print $2}' /proc/mounts | sort -r); do
    umount -l "$m" 2>/dev/null
  done
  find /sys/fs/cgroup -maxdepth 2 -name "gantry-engine-$id" 2>/dev/null | while read -r m; do
    find "$m" -depth -type d -exec rmdir {} \; 2>/dev/null
  done
  rm -rf "$dir/data" "$dir/exec" "$dir/docker.sock" "$dir/docker.pid" "$dir/netns" \
         "$dir/iptables" "$dir/driver"
  return 0
}

# The rules that dockerd wrote, unless another dockerd in this network namespace needs them.
_engine_drop_chains() {
  local p
  for p in $(pidof dockerd); do
    [ "$(readlink "/proc/$p/ns/net")" = "$(readlink /proc/self/ns/net)" ] && return 0
  done
  local table
  for table in nat filter; do
    iptables-save -t "$table" | grep -vE 'DOCKER|-(i|o) (br-|gt)' | iptables-restore -T "$table"
  done
  iptables -P FORWARD ACCEPT
}

engine_left_behind() {
  local dir id; dir=$(readlink -m "$1"); id=$(_engine_id "$dir")
  _engine_processes "$dir" | sed 's/^/process /'
  awk -v d="$dir/" 'index($2, d) == 1 {print "mount " $2}' /proc/mounts
  find /sys/fs/cgroup -maxdepth 2 -name "gantry-engine-$id" 2>/dev/null | sed 's/^/cgroup /'
  ip -o link show "$(_engine_bridge "$dir")" 2>/dev/null | sed 's/^/link /'
  [ -e "$dir/data" ] && echo "file $dir/data"
  return 0
}

# An image that serves a page on port 80, made from busybox-static alone. Its environment:
#   PORT     where it listens (80)        SLEEP    seconds before it listens (0)
#   MESSAGE  the page (default: a greeting with VERSION and the host name)
#   EXIT     exit with this code at once  EXIT_AFTER  exit with EXIT (1) after so many seconds
import_sample_image() {
  local dir=$1 name=${2:-gantry/sample-web:1.0} root
  local version=${name##*:}
  root=$(mktemp -d) || return 1
  mkdir -p "$root"/{bin,etc,tmp,www,proc,sys,dev,root,var/log,data}
  cp "$(command -v busybox)" "$root/bin/busybox" || { rm -rf "$root"; return 1; }
  local applet
  for applet in $("$root/bin/busybox" --list); do
    [ "$applet" = busybox ] || ln -s busybox "$root/bin/$applet"
  done
  echo 'root:x:0:0:root:/root:/bin/sh' > "$root/etc/passwd"
  echo 'root:x:0:' > "$root/etc/group"
  cat > "$root/bin/sample-web" <<'SCRIPT'
#!/bin/sh
# Process 1 of a container gets no default signal actions, hence the trap.
trap 'exit 0' TERM INT
if [ -n "$EXIT_AFTER" ]; then sleep "$EXIT_AFTER" & wait; exit "${EXIT:-1}"; fi
if [ -n "$EXIT" ]; then exit "$EXIT"; fi
if [ -n "$SLEEP" ]; then echo "sleeping $SLEEP s"; sleep "$SLEEP" & wait; fi
echo "${MESSAGE:-hello from sample-web $VERSION on $(hostname)}" > /www/index.html
echo "sample-web $VERSION listens on port ${PORT:-80}"
httpd -f -v -p "${PORT:-80}" -h /www &
wait
SCRIPT
  chmod 755 "$root/bin/sample-web"
  tar -C "$root" --owner=0 --group=0 --numeric-owner --mtime=@0 -c . |
    engine_cli "$dir" import --change 'CMD ["/bin/sample-web"]' --change 'EXPOSE 80' \
      --change "ENV VERSION=$version PATH=/bin" --change 'WORKDIR /' - "$name" >/dev/null
  local rc=$?
  rm -rf "$root"
  return $rc
}

if [ "${BASH_SOURCE[0]}" = "$0" ]; then
  verb=${1:-}; shift || true
  case "$verb" in
    start) start_engine "$@" ;;
    stop) stop_engine "$@" ;;
    stop-daemon) stop_engine_daemon "$@" ;;
    kill) kill_engine "$@" ;;
    import) import_sample_image "$@" ;;
    left-behind) engine_left_behind "$@" ;;
    *) echo "usage: $0 start|stop|stop-daemon|kill|import|left-behind DIR ..." >&2; exit 2 ;;
  esac
fi
