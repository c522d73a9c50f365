#!/usr/bin/env bash
# What a namespace allows: paths, images, registries; Gantry's own files and the engine's socket by
# every spelling; to a service account with an editor's rights.
. "$(dirname "$0")/lib.sh"
start_engine_here
start_server
add_node

namespace() { printf 'apiVersion: v1\nkind: Namespace\nmetadata: {name: %s, labels: {gantry.dev/policy: %s}}\n' "$1" "$2" | kubectl apply -f -; }
service() {  # service NAMESPACE NAME FIELDS [KUBECTL OPTION...]
  local ns=$1 name=$2 fields=$3; shift 3
  printf 'apiVersion: gantry.dev/v1\nkind: Service\nmetadata: {name: %s, namespace: %s}\nspec:\n  template: {image: "gantry/sample-web:1.0"%s}\n' "$name" "$ns" "${fields:+, $fields}" |
    kubectl apply --validate=false "$@" -f -
}
bind() { printf 'mounts: [{type: bind, source: "%s", target: /m}]' "$1"; }

# An editor's token, as a GitOps tool has one.
namespace shop Restricted >/dev/null
namespace strong Privileged >/dev/null
namespace paths Baseline >/dev/null
kubectl -n shop create serviceaccount deployer >/dev/null
for ns in shop strong paths; do kubectl -n "$ns" create rolebinding deployer --clusterrole=edit --serviceaccount=shop:deployer >/dev/null; done
TOKEN=$(kubectl -n shop create token deployer)
cp "$KUBECONFIG" "$WORK/deployer.kubeconfig"
kubectl --kubeconfig "$WORK/deployer.kubeconfig" config unset users >/dev/null
kubectl --kubeconfig "$WORK/deployer.kubeconfig" config set-credentials deployer --token="$TOKEN" >/dev/null
kubectl --kubeconfig "$WORK/deployer.kubeconfig" config set-context --current --user=deployer >/dev/null
AS=(--kubeconfig "$WORK/deployer.kubeconfig")

check "an editor makes a service" service shop plain "" "${AS[@]}"
check_fails "but gets no path of the host" "spec.template.mounts[0].source: Forbidden: /srv is a path of the host" service shop a "$(bind /srv)" "${AS[@]}"
check_fails "nor power over it" "spec.template.security.privileged: Forbidden: true gives power" service shop a 'security: {privileged: true}' "${AS[@]}"
check_fails "nor may they loosen the rules" "forbidden" kubectl "${AS[@]}" label ns shop gantry.dev/policy=Privileged --overwrite
check_fails "by annotations neither" "forbidden" kubectl "${AS[@]}" annotate ns shop gantry.dev/allowed-bind-paths=/

# Gantry's directory and the engine's socket, though the namespace is privileged.
for path in "$DATA" "$DATA/store" "$DATA/../data" "/$DATA//./" "$WORK" /tmp / /proc/1/root "$ENGINE/docker.sock" "$ENGINE" /var/run/../run/docker.sock //run /var; do
  check_fails "not even a privileged namespace mounts ${path/$WORK/WORK}" "spec.template.mounts[0].source: Forbidden" service strong a "$(bind "$path")" "${AS[@]}"
done
check_fails "nor by options of a volume's driver" "volumes.d.driver_opts: Forbidden" kg -n strong compose up --name opts -f - <<<'{services: {web: {image: "gantry/sample-web:1.0", volumes: ["d:/d"]}}, volumes: {d: {driver_opts: {type: none, o: bind, device: /run}}}}'

# Symbolic links, which only the host knows.
LINKS=$WORK/links; mkdir "$LINKS"
ln -s "$DATA" "$LINKS/data"; ln -s /etc "$LINKS/etc"; mkdir "$LINKS/real"; ln -s "$LINKS/real" "$LINKS/good"; echo hello >"$LINKS/real/file"
message_of() { kubectl -n "$1" get containers.gantry.dev -l "gantry.dev/service=$2" -o jsonpath='{.items[0].status.message}'; }
leads() { says "$3" message_of "$1" "$2"; }
check "a link is taken as it is written" service strong linked "$(bind "$LINKS/data")"
check "and judged where it leads" wait_until 30 "the container is refused" leads strong linked "which is not mounted unless named"
check "also against the system's paths" service paths linked "$(bind "$LINKS/etc")"
check "which the policy refuses" wait_until 30 "the container is refused" leads paths linked "a path of the host's system"
check "no engine made them" equals "" engine ps -aq --filter label=gantry.dev/service=linked
check "one that leads to what is allowed" service paths good "$(bind "$LINKS/good")"
runs() { [ -n "$(engine ps -q --filter label=gantry.dev/service="$1")" ]; }
check "is mounted" wait_until 30 "it runs" runs good
check "from where it leads" equals "$LINKS/real" engine inspect -f '{{(index .HostConfig.Mounts 0).Source}}' "$(engine ps -q --filter label=gantry.dev/service=good)"

# What the administrator allows by name.
check "the administrator names paths" kubectl annotate ns shop gantry.dev/allowed-bind-paths="$LINKS/real, $ENGINE/docker.sock"
check "an editor mounts one" service shop named "$(bind "$LINKS/real")" "${AS[@]}"
check "and the socket, which was named" service shop socket "$(bind "$ENGINE/docker.sock")" "${AS[@]}"
check_fails "but not what is beside" "allows $LINKS/real" service shop a "$(bind "$LINKS")" "${AS[@]}"
check_fails "a path has to be absolute" "must be an absolute path" kubectl annotate ns shop gantry.dev/allowed-bind-paths=srv --overwrite
check "images of certain registries" kubectl annotate ns shop gantry.dev/allowed-registries=registry.example.com gantry.dev/allowed-images='gantry/*'
check "an image that is named" service shop image "" "${AS[@]}"
check_fails "another one is not" "services.web.image: Forbidden: evil/web:1 is not what the namespace allows: registries registry.example.com" kg -n shop compose up --name evil -f - <<<'{services: {web: {image: "evil/web:1"}}}'

# Quotas.
kubectl create namespace small >/dev/null
check "a quota, made by kubectl" kubectl -n small create quota team --hard=count/containers.gantry.dev=2,limits.cpu=1,limits.memory=256Mi,gantry.dev/hostports=2
check_fails "a name that means nothing is refused" "spec.hard[pods]: Unsupported value" kubectl -n small create quota odd --hard=pods=1
LIMITS='resources: {limits: {cpus: 0.2, memoryBytes: 33554432}}, ports: [{containerPort: 80, hostPort: 0}]'
check "a service within it" service small web "$LIMITS"
ready_of() { kubectl -n small get services.gantry.dev "$1" -o jsonpath='{.status.readyReplicas}'; }
has_ready() { [ "$(ready_of "$1")" = "$2" ]; }
check "runs" wait_until 60 "one container" has_ready web 1
check "kubectl scale is taken" kubectl -n small scale services.gantry.dev/web --replicas=4
condition() { kubectl -n small get services.gantry.dev web -o jsonpath="{.status.conditions[?(@.type==\"$1\")].$2}"; }
full() { [ "$(condition Ready reason)" = QuotaExceeded ]; }
check "what exceeds the quota is not made" wait_until 60 "the service says so" full
check "in the words that users know" says "exceeded quota: team, requested: count/containers.gantry.dev=1,gantry.dev/hostports=1, used: count/containers.gantry.dev=2,gantry.dev/hostports=2, limited: count/containers.gantry.dev=2,gantry.dev/hostports=2" condition ReplicaFailure message
check "also as an event" wait_until 30 "an event" says FailedCreate kubectl -n small get events
check "two containers there are" equals 2 sh -c 'kubectl -n small get containers.gantry.dev -o name | wc -l'
used() { [ "$(kubectl -n small get resourcequota team -o jsonpath='{.status.used.limits\.cpu} {.status.used.limits\.memory} {.status.used.count/containers\.gantry\.dev}')" = "400m 64Mi 2" ]; }
check "status.used says what is used" wait_until 30 "the status" used
check "kubectl get shows it" says "gantry.dev/hostports: 2/2" kubectl -n small get resourcequota
check "kubectl describe, too" says "limits.memory                64Mi  256Mi" kubectl -n small describe resourcequota team
check_fails "no admin of the namespace may write quotas" forbidden kubectl -n small --as=ann --as-group=system:authenticated delete quota team
check "room is made" kubectl -n small patch quota team --type=merge -p '{"spec":{"hard":{"count/containers.gantry.dev":"4","gantry.dev/hostports":"4"}}}'
check "and the rest comes up" wait_until 60 "four containers" has_ready web 4
check "the condition is gone" equals "" condition ReplicaFailure status
check "a service that does not say what it takes" service small silent ""
unsaid() { says "must specify limits.cpu for: silent-1" kubectl -n small get services.gantry.dev silent -o jsonpath='{.status.conditions[*].message}'; }
check "gets no container" wait_until 30 "it says so" unsaid
finish
