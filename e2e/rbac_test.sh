#!/usr/bin/env bash
# Who may do what, with stock kubectl: roles and bindings, `kubectl auth`, impersonation.
. "$(dirname "$0")/lib.sh"
mkdir -p "$DATA"
cat > "$DATA/tokens.csv" <<'CSV'
token-of-ann,ann,u-ann,"readers"
token-of-bob,bob,u-bob,
token-of-eve,eve,u-eve,
CSV
start_server

# as USER ARGUMENT...: kubectl with nothing but that user's token.
for user in ann bob eve; do
  sed '/client-certificate-data/d; /client-key-data/d' "$KUBECONFIG" > "$WORK/$user.kubeconfig"
  name=$(kubectl config view -o jsonpath='{.users[0].name}')
  KUBECONFIG=$WORK/$user.kubeconfig kubectl config set-credentials "$name" --token="token-of-$user" >/dev/null
done
cli_as() { local user=$1; shift; KUBECONFIG=$WORK/$user.kubeconfig "$BIN/kubectl-gantry" "$@"; }
as() { local user=$1; shift; KUBECONFIG=$WORK/$user.kubeconfig kubectl "$@"; }

kubectl create namespace shop >/dev/null
kubectl -n shop create configmap one --from-literal=a=1 >/dev/null
kubectl -n shop create secret generic hidden --from-literal=a=1 >/dev/null

check "whoami" says ann as ann auth whoami
check "whoami names the groups" says readers as ann auth whoami
check_fails "without a role, nothing" 'User "ann" cannot list resource "configmaps"' as ann -n shop get configmaps
check "everybody discovers" says applications as ann api-resources --api-group=gantry.dev
check "everybody reads the schemas" says Compose as ann explain application.spec.compose

check "create rolebinding" kubectl -n shop create rolebinding readers --clusterrole=view --group=readers
check "a reader sees" says one as ann -n shop get configmaps
check "a reader sees Gantry's kinds" as ann -n shop get applications,services.gantry.dev,containers
check_fails "a reader does not see secrets" 'cannot list resource "secrets"' as ann -n shop get secrets
check_fails "a reader sees no other namespace" 'in the namespace "default"' as ann -n default get configmaps
check_fails "a reader does not delete" 'cannot delete resource "configmaps"' as ann -n shop delete configmap one
check_fails "a reader does not apply" 'forbidden' as ann -n shop create configmap two
as ann -n shop get configmaps -w -o name > "$WORK/watch.out" 2>&1 &
WATCH=$!
wait_until 10 "the watch shows the object" grep -q configmap/one "$WORK/watch.out"
kubectl -n shop create configmap three >/dev/null
check "a reader watches" wait_until 10 "the watch shows the new object" grep -q configmap/three "$WORK/watch.out"
kill $WATCH 2>/dev/null; wait $WATCH 2>/dev/null

check "can-i: yes" equals yes as ann -n shop auth can-i list configmaps
check_fails "can-i: no" no as ann -n shop auth can-i delete configmaps
check "can-i of a path" equals yes as ann auth can-i get /apis
check "can-i --list" says 'applications.gantry.dev' as ann -n shop auth can-i --list
check "can-i --list has paths" says '/openapi/*' as ann -n shop auth can-i --list
check "can-i --list of an administrator" says '*.*' kubectl auth can-i --list
check "can-i --as" equals yes kubectl -n shop auth can-i list configmaps --as=somebody --as-group=readers
check_fails "can-i --as without the group" no kubectl -n shop auth can-i list configmaps --as=somebody

check "impersonation" says somebody kubectl auth whoami --as=somebody --as-group=readers
check_fails "impersonation has only the other's rights" forbidden kubectl -n shop get secrets --as=somebody --as-group=readers
check_fails "impersonation must be allowed" 'cannot impersonate resource "users"' as ann -n shop get configmaps --as=root

check "an administrator of a namespace" kubectl -n shop create rolebinding boss --clusterrole=admin --user=bob
check "may read secrets" says hidden as bob -n shop get secrets
check "may create a role" as bob -n shop create role lister --verb=get,list --resource=configmaps
check "may bind it" as bob -n shop create rolebinding lister --role=lister --user=eve
check "which takes effect" says one as eve -n shop get configmaps
check_fails "may not grant what it lacks" "attempting to grant RBAC permissions not currently held" \
  as bob -n shop create role everything --verb='*' --resource='nodes.gantry.dev'
check_fails "may not bind what it lacks" "attempting to grant RBAC permissions not currently held" \
  as bob -n shop create rolebinding everything --clusterrole=cluster-admin --user=bob
check_fails "may not bind for all" 'cannot create resource "clusterrolebindings"' \
  as bob create clusterrolebinding everything --clusterrole=cluster-admin --user=bob
check_fails "may do nothing elsewhere" forbidden as bob -n default create configmap x

check "a role limited to names" kubectl -n shop create role only-one --verb=get,list,watch,update,patch --resource=secrets --resource-name=hidden
check "its binding" kubectl -n shop create rolebinding only-one --role=only-one --user=eve
check "gets the one" says hidden as eve -n shop get secret hidden
check "lists the one by its name" says hidden as eve -n shop get secrets --field-selector metadata.name=hidden
check_fails "does not list all" 'cannot list resource "secrets"' as eve -n shop get secrets
check "the CLI shows just that one" equals hidden cli_as eve -n shop get secrets -o jsonpath='{.items[*].metadata.name}'
check_fails "and nothing without a role" 'cannot list resource "nodes"' cli_as eve get nodes
check_fails "does not get another" forbidden as eve -n shop get secret other
check "can-i by name" equals yes as eve -n shop auth can-i update secrets/hidden

check "create clusterrole" kubectl create clusterrole node-reader --verb=get,list,watch --resource=nodes.gantry.dev
check "create clusterrole for paths" kubectl create clusterrole metrics --verb=get --non-resource-url=/metrics
check "create clusterrole that aggregates" kubectl create clusterrole sum --aggregation-rule=team=blue
check "label a role for it" kubectl label clusterrole node-reader team=blue
has_nodes() { kubectl get clusterrole sum -o jsonpath='{.rules}' | grep -q nodes; }
check "its rules appear" wait_until 10 "the rules are gathered" has_nodes
check "create clusterrolebinding" kubectl create clusterrolebinding sum --clusterrole=sum --serviceaccount=shop:bot
check "a service account has it" says yes kubectl auth can-i list nodes.gantry.dev --as=system:serviceaccount:shop:bot
check_fails "no other has it" no kubectl auth can-i list nodes.gantry.dev --as=system:serviceaccount:shop:other
kubectl create clusterrolebinding metrics --clusterrole=metrics --user=ann >/dev/null
check "a path" says process_ as ann get --raw /metrics
check_fails "another path" 'cannot get path "/backup"' as ann get --raw /backup
check "describe clusterrole" says nodes.gantry.dev kubectl describe clusterrole node-reader
check "get roles" says only-one kubectl -n shop get roles
check "get rolebindings -o wide" says eve kubectl -n shop get rolebindings -o wide
check "explain" says "cannot be changed" kubectl explain rolebinding.roleRef
kubectl get clusterrole view -o yaml > "$WORK/view.yaml"
check "auth reconcile" kubectl auth reconcile -f "$WORK/view.yaml"
check_fails "roleRef never changes" "cannot change roleRef" \
  kubectl -n shop patch rolebinding readers --type=merge -p '{"roleRef":{"name":"edit"}}'

as ann get --raw '/api/v1/namespaces/shop/configmaps?watch=1&timeoutSeconds=120' > "$WORK/cut.out" 2>&1 &
CUT=$!
wait_until 10 "the watch runs" grep -q '"one"' "$WORK/cut.out"
check "delete the binding" kubectl -n shop delete rolebinding readers
check_fails "what it gave is gone" forbidden as ann -n shop get configmaps
watch_is_over() { ! kill -0 $CUT; }
check "which ends a running watch" wait_until 5 "the watch is over" watch_is_over

# The default roles come back at a start, but not those that are told to stay as they are.
kubectl delete clusterrolebinding system:basic-user >/dev/null
kubectl annotate clusterrole system:monitoring rbac.authorization.kubernetes.io/autoupdate=false --overwrite >/dev/null
kubectl patch clusterrole system:monitoring --type=merge -p '{"rules":[]}' >/dev/null
stop_server; start_server
check "a deleted default binding is back after a start" kubectl get clusterrolebinding system:basic-user
check "a role that is kept as it is" equals '' kubectl get clusterrole system:monitoring -o jsonpath='{.rules[*].verbs}'
check "bindings hold after a start" says one as eve -n shop get configmaps
finish
