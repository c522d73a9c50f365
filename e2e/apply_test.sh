#!/usr/bin/env bash
# Server-side apply with stock kubectl: built-in kinds, a user's own kind and ours.
. "$(dirname "$0")/lib.sh"
start_server

# Old ones show managedFields always, and do not migrate what was applied client-side.
SHOW=; MIGRATES=
kubectl get --help | grep -q -- --show-managed-fields && SHOW=--show-managed-fields
kubectl version --client 2>/dev/null | grep -qE 'v1\.(2[6-9]|[3-9][0-9])' && MIGRATES=1

manifest() {  # manifest KEY=VALUE...: a ConfigMap
  printf 'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: settings, labels: {team: blue}}\ndata:\n'
  local pair; for pair in "$@"; do printf '  %s: "%s"\n' "${pair%%=*}" "${pair#*=}"; done
}
applied() { manifest "${@:2}" | kubectl apply --server-side $1 -f -; }
data() { kubectl get cm settings -o jsonpath='{.data}'; }
version() { kubectl get cm settings -o jsonpath='{.metadata.resourceVersion}'; }
managers() { kubectl get "$1" $SHOW -o jsonpath='{range .metadata.managedFields[*]}{.manager}/{.operation}{.subresource} {end}'; }

check "apply --server-side creates" says "serverside-applied" applied "" a=1 b=1
check "the fields are kubectl's" equals "kubectl/Apply " managers cm/settings
check "managedFields are shown" says "f:a: {}" kubectl get cm settings $SHOW -o yaml
before=$(version)
check "again changes nothing" says "serverside-applied" applied "" a=1 b=1
check "not even its version" equals "$before" version
check "what is left out goes" applied "" a=1
check "only that" equals '{"a":"1"}' data

check "another writer" kubectl patch cm settings --type=merge -p '{"data":{"a":"2","c":"3"}}'
check_fails "conflicts are named" 'conflict with "kubectl-patch" using v1: .data.a' applied "" a=1
check_fails "kubectl says what to do" "--force-conflicts" applied "" a=1
check "nothing was changed" equals '{"a":"2","c":"3"}' data
check "dry run" says "server dry run" applied "--dry-run=server --force-conflicts" a=9
check "dry run changed nothing" equals '{"a":"2","c":"3"}' data
diffed() { manifest "${@:2}" | kubectl diff --server-side $1 -f -; }
check_fails "diff --server-side shows a change" '+  d: "4"' diffed "" a=2 d=4
check_fails "diff --server-side --force-conflicts" '+  a: "1"' diffed --force-conflicts a=1
check "diff changed nothing" equals '{"a":"2","c":"3"}' data
check "--force-conflicts takes over" applied --force-conflicts a=1
check "the rest stays with the other writer" equals '{"a":"1","c":"3"}' data
check "diff of what is there" diffed "" a=1
check "equal values are shared" applied --field-manager=second a=1
check_fails "and in conflict when they change" 'conflict with "second": .data.a' applied "" a=5

kubectl delete cm settings >/dev/null
client_side() { manifest "$@" | kubectl apply -f -; }
check "client-side apply" client_side a=1 b=1
check "its fields are client-side-apply's" equals "kubectl-client-side-apply/Update " managers cm/settings
check "moving to server-side apply needs no force" applied "" a=2 b=1
if [ -n "$MIGRATES" ]; then
  check "the old entry is gone" equals "kubectl/Apply kubectl-last-applied/Apply " managers cm/settings
  check "what it applied client-side goes, too" applied "" a=2
  check "and did" equals '{"a":"2"}' data
fi
check "client-side apply still works" client_side a=2 x=1
check "and its field is there" says '"x":"1"' data

kubectl apply --server-side -f "$EXAMPLES/crontab.yaml" >/dev/null 2>&1   # maps kinds first: the object needs a second run
check "a kind of one's own, and its object" kubectl apply --server-side -f "$EXAMPLES/crontab.yaml"
check "it is there" equals 1 kubectl get ctab nightly -o jsonpath='{.spec.replicas}'
check "a scale" kubectl scale ctab/nightly --replicas=3
check "is a manager's of the subresource" says "kubectl/Updatescale" managers ctab/nightly
check "and stays" kubectl apply --server-side -f "$EXAMPLES/crontab.yaml"
check "as it is" equals 3 kubectl get ctab nightly -o jsonpath='{.spec.replicas}'
sed 's/image: backup:1/imge: backup:1/' "$EXAMPLES/crontab.yaml" > "$WORK/unknown.yaml"
check_fails "unknown fields are refused" ".spec.imge: field not declared in schema" kubectl apply --server-side --validate=false -f "$WORK/unknown.yaml"

service() { printf 'apiVersion: gantry.dev/v1\nkind: Service\nmetadata: {name: web}\nspec:\n  stopped: true\n  template:\n    image: web:1\n    env: [%s]\n' "$1" | kubectl apply --server-side --field-manager="$2" -f -; }
names() { kubectl get services.gantry.dev web -o jsonpath='{.spec.template.env[*].name}'; }
check "one of ours" service '{name: A, value: "1"}, {name: B, value: "1"}' first
check "its lists merge by key" service '{name: C, value: "1"}' second
check "all three" equals "A B C" names
check "one less" service '{name: B, value: "1"}' first
check "and its item goes" equals "B C" names
namespace() { printf 'apiVersion: v1\nkind: Namespace\nmetadata: {name: team-b, labels: {a: b}}\n' | kubectl apply --server-side -f -; }
check "a namespace" namespace

finish
