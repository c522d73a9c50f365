#!/usr/bin/env bash
# What a template says about how its containers run, as a real engine has it and as a process in them sees it.
. "$(dirname "$0")/lib.sh"
start_engine_here
start_server
check "register the engine as a node" add_node

check "apply" kubectl apply -f "$EXAMPLES/hardened.yaml"
check "it becomes Ready" kubectl wait application/hardened --for=condition=Ready --timeout=120s
id_of() { engine ps -q --no-trunc --filter "label=gantry.dev/service=hardened-$1"; }
WEB=$(id_of web); CLIENT=$(id_of client); ALONE=$(id_of alone)
has() { equals "$2" engine inspect -f "$1" "$WEB"; }
inside() { equals "$2" engine exec "$WEB" sh -c "$1"; }

check "user" has '{{.Config.User}}' 1000:1000
check "as the process sees it" inside 'id -u; id -G' "1000
1000 2000"
check "working directory" inside pwd /www
check "host name" inside hostname front
check "domain" has '{{.Config.Domainname}}' example.com
check "stop signal" has '{{.Config.StopSignal}}' SIGINT
check "init" inside 'cat /proc/1/comm' docker-init
check "the root is read-only" has '{{.HostConfig.ReadonlyRootfs}}' true
check_fails "and cannot be written" "Read-only file system" engine exec -u 0 "$WEB" touch /file
check "tmpfs has its size" inside 'df -k /www | tail -1 | tr -s " " | cut -d" " -f2' 1024
check "its owner" inside 'stat -c %u /www' 1000
check "its mode" inside 'stat -c %a /scratch' 1770
check "capabilities" has '{{.HostConfig.CapAdd}} {{.HostConfig.CapDrop}}' '[NET_BIND_SERVICE] [ALL]'
check "none but that one" inside 'grep CapBnd /proc/self/status | tr -d "\t"' CapBnd:0000000000000400
check "no new privileges" inside 'grep NoNewPrivs /proc/self/status | tr -d "\t"' NoNewPrivs:1
check "open files" inside 'ulimit -Sn; ulimit -Hn' "1024
2048"
check "a kernel setting" inside 'cat /proc/sys/net/core/somaxconn' 512
check "shared memory" inside 'df -k /dev/shm | tail -1 | tr -s " " | cut -d" " -f2' 8192
check "processes" has '{{.HostConfig.PidsLimit}}' 64
check "order of the out-of-memory killer" inside 'cat /proc/1/oom_score_adj' 100
check "name servers" has '{{.HostConfig.DNS}} {{.HostConfig.DNSSearch}} {{.HostConfig.DNSOptions}}' '[192.0.2.53] [example.com] [ndots:3]'
check "an extra host" inside 'grep -c "192.0.2.10.*backend" /etc/hosts' 1
check "logs are bounded, by what was asked" has '{{.HostConfig.LogConfig.Type}} {{index .HostConfig.LogConfig.Config "max-size"}} {{index .HostConfig.LogConfig.Config "max-file"}}' 'json-file 1m 3'
check "a terminal and input" equals "true true" engine inspect -f '{{.Config.Tty}} {{.Config.OpenStdin}}' "$CLIENT"
check "a linked service answers by its other name" says "hello from sample-web" engine exec "$CLIENT" wget -q -O - http://shopfront:8080/
check "and by its own" says "hello from sample-web" engine exec "$CLIENT" wget -q -O - http://web:8080/
check "no network but loopback" equals lo engine exec "$ALONE" sh -c 'ls /sys/class/net | grep -v -E "tunl|sit|ip6|gre|erspan|vti"'
check "its own control groups" equals "private runc" engine inspect -f '{{.HostConfig.CgroupnsMode}} {{.HostConfig.Runtime}}' "$ALONE"
check "its own shared memory" equals private engine inspect -f '{{.HostConfig.IpcMode}}' "$ALONE"

changed() { sed -e 's/pids_limit: 64/pids_limit: 65/' -e 's/version: "1.0"/version: "1.1"/' "$EXAMPLES/hardened.yaml"; }
change() { changed | kubectl apply -f -; }
check "apply again changes nothing" says unchanged kubectl apply -f "$EXAMPLES/hardened.yaml"
check "a change of one option" change
replaced() { WEB=$(id_of web); [ "$(engine inspect -f '{{.HostConfig.PidsLimit}}' "$WEB" 2>/dev/null)" = 65 ]; }
check "makes the service's container anew" wait_until 60 "the container is replaced" replaced
check "and no other" equals "$CLIENT $ALONE" echo "$(id_of client) $(id_of alone)"

refused() { sed "s/${2:-user: \"1000:1000\"}/$1/" "$EXAMPLES/hardened.yaml" | kubectl apply -f -; }
for key in 'privileged: true' 'pid: host' 'devices: [\/dev\/fuse]' 'oom_kill_disable: true' 'userns_mode: host' 'uts: host' 'cgroup: host' 'cgroup_parent: \/batch' 'device_cgroup_rules: ["c 1:3 rwm"]' 'volumes: ["\/srv:\/srv"]'; do
  check_fails "a namespace does not allow what gives power over the host: $key" "services.web.${key%%:*}: Forbidden" refused "$key"
done
check_fails "what it could not allow either is refused by name" "services.web.volumes_from: Forbidden" refused 'volumes_from: [client]'
check_fails "nor may protection be taken away" "services.web.security_opt: Forbidden" refused seccomp:unconfined no-new-privileges:true
check_fails "so is a capability" "services.web.cap_add: Forbidden" refused SYS_ADMIN NET_BIND_SERVICE
service() { printf 'apiVersion: gantry.dev/v1\nkind: Service\nmetadata: {name: strong, namespace: %s}\nspec:\n  template: {image: "gantry/sample-web:1.0", %s}\n' "$1" "$2" | kubectl apply --validate=false -f -; }
check_fails "in a Service, too" "spec.template.security.capAdd[0]: Forbidden" service default 'security: {capAdd: [SYS_ADMIN]}'
policy() { printf 'apiVersion: v1\nkind: Namespace\nmetadata: {name: %s, labels: {gantry.dev/policy: %s}}\n' "$1" "$2" | kubectl apply -f -; }
check_fails "a policy is one of three" "metadata.labels[gantry.dev/policy]: Unsupported value" policy strong Strong
check "a namespace with paths of the host" policy paths Baseline
check "allows them" service paths 'mounts: [{type: bind, source: /srv, target: /srv}]'
check_fails "not those of the system" "spec.template.mounts[0].source: Forbidden" service paths 'mounts: [{type: bind, source: /srv/../etc, target: /srv}]'
check_fails "nor more" "spec.template.security.privileged: Forbidden" service paths 'security: {privileged: true}'
check "a privileged namespace" policy strong Privileged
check_fails "allows no socket of the engine" "spec.template.mounts[0].source: Forbidden" service strong 'mounts: [{type: bind, source: /var/run/docker.sock, target: /s}]'
check "but all the rest" service strong 'ipc: host, uts: host, cgroup: host, deviceCgroupRules: ["c 1:3 rwm"], network: {mode: host}, pid: host, env: [{name: PORT, value: "18099"}]'
strong() { [ -n "$(engine ps -q --filter label=gantry.dev/namespace=strong)" ]; }
check "its container runs" wait_until 60 "it runs" strong
STRONG=$(engine ps -q --filter label=gantry.dev/namespace=strong)
check "on the host's network, among its processes" equals "host host host host host [c 1:3 rwm]" engine inspect -f "{{.HostConfig.IpcMode}} {{.HostConfig.NetworkMode}} {{.HostConfig.PidMode}} {{.HostConfig.UTSMode}} {{.HostConfig.CgroupnsMode}} {{.HostConfig.DeviceCgroupRules}}" "$STRONG"
check "stricter again" policy strong Restricted
check "what runs stays" equals "$STRONG" engine ps -q --filter label=gantry.dev/namespace=strong
check "and may go" kubectl delete ns strong paths --timeout=60s
check_fails "the host's network is not for all" 'spec.template.network.mode: Forbidden' service default 'network: {mode: host}'
check "kubectl explain knows the fields" says "nproc" kubectl explain services.gantry.dev.spec.template.ulimits.name
check "delete" kubectl delete application/hardened --timeout=60s
finish
