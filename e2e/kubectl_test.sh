#!/usr/bin/env bash
# Stock kubectl, Debian's 1.20 as well as new ones, against built-in kinds and a user's own kind.
. "$(dirname "$0")/lib.sh"
start_server

ns() { kubectl create namespace team-a; }
check "create a namespace" ns
check "the namespace is Active" equals Active kubectl get ns team-a -o jsonpath='{.status.phase}'
check "namespaces by phase" says team-a kubectl get ns --field-selector status.phase=Active
check_fails "all namespaces at once cannot be deleted" "does not allow this method" kubectl delete --raw /api/v1/namespaces
check "a watch by the old path" says '"name":"team-a"' kubectl get --raw '/api/v1/watch/namespaces/team-a?timeoutSeconds=1'
printf 'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: typed}\ndata: {a: 1}\n' > "$WORK/typed.yaml"
check_fails "a value of the wrong type" "cannot unmarshal number into Go struct field ConfigMap.data of type string" \
  kubectl create --validate=false -f "$WORK/typed.yaml"
check "version" says Server kubectl version
check "api-resources lists our kinds" says applications kubectl api-resources --api-group=gantry.dev
check "api-versions" says gantry.dev/v1 kubectl api-versions

kubectl apply -f "$EXAMPLES/crontab.yaml" >/dev/null 2>&1   # maps kinds first: the object needs a second run
check "apply a kind of one's own, and its object" kubectl apply -f "$EXAMPLES/crontab.yaml"
check "apply again changes nothing" says unchanged kubectl apply -f "$EXAMPLES/crontab.yaml"
check "the kind is Established" kubectl wait crd/crontabs.stable.example.com --for=condition=Established --timeout=10s
check "get prints its columns" says "0 3 * * *" kubectl get crontabs
check "short names" says nightly kubectl get ctab
check "get -o wide" says nightly kubectl get ctab -o wide
check "get -o yaml" says "cronSpec: 0 3 * * *" kubectl get ctab nightly -o yaml
check "defaults are filled in" equals 1 kubectl get ctab nightly -o jsonpath='{.spec.replicas}'
check "get by label" says nightly kubectl get ctab -l team=blue
check "get by another label" says "No resources found" kubectl get ctab -l team=red
check "get --field-selector" says nightly kubectl get ctab --field-selector metadata.name=nightly
check "describe" says "Cron Spec" kubectl describe ctab nightly
check "explain" says "Five fields" kubectl explain crontab.spec.cronSpec
check "explain --recursive" says replicas kubectl explain crontab --recursive
check "explain a built-in kind" says "Compose document" kubectl explain application.spec.compose
check "scale" kubectl scale ctab/nightly --replicas=3
check "scale reached the object" equals 3 kubectl get ctab nightly -o jsonpath='{.spec.replicas}'
check "scale --current-replicas" kubectl scale ctab/nightly --current-replicas=3 --replicas=2
kubectl get --raw /apis/stable.example.com/v1/namespaces/default/crontabs/nightly/scale | sed 's/"spec":{/&"bogus":1,/' > "$WORK/scale.json"
check_fails "a Scale with an unknown field" 'unknown field "spec.bogus"' \
  kubectl replace --raw '/apis/stable.example.com/v1/namespaces/default/crontabs/nightly/scale?fieldValidation=Strict' -f "$WORK/scale.json"
check "merge patch" kubectl patch ctab nightly --type=merge -p '{"spec":{"image":"backup:2"}}'
check "json patch" kubectl patch ctab nightly --type=json -p '[{"op":"replace","path":"/spec/image","value":"backup:3"}]'
check "patches reached the object" equals backup:3 kubectl get ctab nightly -o jsonpath='{.spec.image}'
check_fails "a strategic patch of a custom kind is refused" "415" kubectl patch ctab nightly --type=strategic -p '{"spec":{"image":"x"}}' -v=8
check "label" kubectl label ctab nightly tier=night
check "annotate" kubectl annotate ctab nightly note=kept
check "label arrived" says nightly kubectl get ctab -l tier=night
EDITOR="sed -i s/backup:3/backup:4/" check "edit" kubectl edit ctab nightly
check "edit reached the object" equals backup:4 kubectl get ctab nightly -o jsonpath='{.spec.image}'
sed 's/backup:1/backup:9/' "$EXAMPLES/crontab.yaml" > "$WORK/changed.yaml"
check_fails "diff shows a change" "backup:9" kubectl diff -f "$WORK/changed.yaml"
check "diff changed nothing" equals backup:4 kubectl get ctab nightly -o jsonpath='{.spec.image}'
check "apply --dry-run=server" says "server dry run" kubectl apply --dry-run=server -f "$WORK/changed.yaml"
check "dry run changed nothing" equals backup:4 kubectl get ctab nightly -o jsonpath='{.spec.image}'
check "managedFields name the writers" says '"manager":"kubectl-edit"' kubectl get --raw /apis/stable.example.com/v1/namespaces/default/crontabs/nightly
check "generation counts spec changes only" equals 6 kubectl get ctab nightly -o jsonpath='{.metadata.generation}'

sed 's/"0 3 \* \* \*"/"daily"/' "$EXAMPLES/crontab.yaml" > "$WORK/bad.yaml"
check_fails "the schema is enforced" "spec.cronSpec" kubectl apply -f "$WORK/bad.yaml"
sed 's/image: backup:1/imge: backup:1/' "$EXAMPLES/crontab.yaml" > "$WORK/unknown.yaml"
check_fails "unknown fields are refused" 'imge"' kubectl apply -f "$WORK/unknown.yaml"

kubectl get ctab nightly -w -o name > "$WORK/watch.out" 2>&1 &
WATCH=$!
wait_until 10 "the watch shows the object" grep -q nightly "$WORK/watch.out"
kubectl annotate ctab nightly seen=1 >/dev/null
two_lines() { [ "$(wc -l < "$WORK/watch.out")" -ge 2 ]; }
check "get -w shows a change" wait_until 10 "the watch shows the change" two_lines
kill $WATCH; wait $WATCH 2>/dev/null

if kubectl wait --help | grep -q -- '--for=jsonpath'; then  # Debian's kubectl 1.20 does not know it
  (kubectl wait ctab/nightly --for=jsonpath='{.spec.image}'=backup:5 --timeout=20s > "$WORK/wait.out" 2>&1; echo $? > "$WORK/wait.rc") &
  kubectl patch ctab nightly --type=merge -p '{"spec":{"image":"backup:5"}}' >/dev/null
  wait_until 25 "kubectl wait ends" test -s "$WORK/wait.rc"
  check "wait --for=jsonpath" equals 0 cat "$WORK/wait.rc"
fi

# The same verbs on a kind of ours, whose one container waits for a node.
printf 'apiVersion: gantry.dev/v1\nkind: Service\nmetadata: {name: solo}\nspec:\n  replicas: 1\n  template: {image: "img:1"}\n' > "$WORK/service.yaml"
image() { kubectl get gsvc solo -o jsonpath='{.spec.template.image}'; }
check "built-in: apply" says created kubectl apply -f "$WORK/service.yaml"
check "built-in: apply again changes nothing" says unchanged kubectl apply -f "$WORK/service.yaml"
check "built-in: get by short name" says img:1 kubectl get gsvc
check "built-in: wait" kubectl wait service/solo --for=condition=Ready=False --timeout=20s
check "built-in: describe" says ReplicasNotReady kubectl describe service solo
check "built-in: explain" says "How many containers to run" kubectl explain service.spec.replicas
check "built-in: scale" kubectl scale service/solo --replicas=2
check "built-in: scale reached the object" equals 2 kubectl get gsvc solo -o jsonpath='{.spec.replicas}'
check "built-in: merge patch" kubectl patch service solo --type=merge -p '{"spec":{"template":{"image":"img:2"}}}'
check "built-in: json patch" kubectl patch service solo --type=json -p '[{"op":"replace","path":"/spec/template/image","value":"img:3"}]'
check "built-in: patches reached the object" equals img:3 image
check "built-in: label" kubectl label service solo tier=night
check "built-in: annotate" kubectl annotate service solo note=kept
check "built-in: both arrived" equals "night kept" kubectl get service -l tier=night -o jsonpath='{.items[0].metadata.labels.tier} {.items[0].metadata.annotations.note}'
EDITOR="sed -i s/img:3/img:4/" check "built-in: edit" kubectl edit service solo
check "built-in: edit reached the object" equals img:4 image
check_fails "built-in: diff shows a change" "img:1" kubectl diff -f "$WORK/service.yaml"
check "built-in: diff changed nothing" equals img:4 image
kubectl get gsvc solo -w -o name > "$WORK/watch.out" 2>&1 &
WATCH=$!
wait_until 10 "the watch shows the object" grep -q solo "$WORK/watch.out"
kubectl delete service solo --timeout=20s > "$WORK/delete.out" 2>&1
check "built-in: delete" grep -q deleted "$WORK/delete.out"
check "built-in: get -w shows it" wait_until 10 "the watch shows the deletion" two_lines
kill $WATCH; wait $WATCH 2>/dev/null

check "configmaps" kubectl create configmap settings --from-literal=a=1
check "secrets" kubectl create secret generic key --from-literal=password=s3cret
check "a secret is base64" equals czNjcmV0 kubectl get secret key -o jsonpath='{.data.password}'
check "auth can-i" says yes kubectl auth can-i create applications.gantry.dev
check "events" kubectl get events
check "raw health" equals ok kubectl get --raw /healthz
check "metrics" says apiserver_request_total kubectl get --raw /metrics
check_fails "an unknown object" 'crontabs.stable.example.com "none" not found' kubectl get ctab none
check_fails "nobody gets in without credentials" "Unauthorized" kubectl --kubeconfig=/dev/null --server "https://$LISTEN" --insecure-skip-tls-verify --token=wrong get ns

# Stuck objects say what holds them, each where its kind allows it.
kubectl create configmap stuck --from-literal=a=1 >/dev/null
kubectl patch configmap stuck --type=merge -p '{"metadata":{"finalizers":["example.com/hold"]}}' >/dev/null
kubectl patch ctab nightly --type=merge -p '{"metadata":{"finalizers":["example.com/hold"]}}' >/dev/null
kubectl delete configmap stuck --wait=false >/dev/null
kubectl delete ctab nightly --wait=false >/dev/null
check "kubectl describe shows what holds a configmap" wait_until 60 "the event" says "waits for finalizers: example.com/hold" kubectl describe cm stuck
check "kubectl gantry describe, too" says "waits for finalizers: example.com/hold" kg describe cm stuck
check "a kind with conditions has one" kubectl wait ctab/nightly --for=condition=DeletionBlocked --timeout=60s
for held in cm/stuck ctab/nightly; do
  check "$held goes when it is let go" kubectl patch "$held" --type=merge -p '{"metadata":{"finalizers":null}}'
done

list_all() { kubectl get cm -n team-a --chunk-size=7 -o name | wc -l; }
for i in $(seq 20); do printf -- '---\napiVersion: v1\nkind: ConfigMap\nmetadata: {name: c%s, namespace: team-a}\n' "$i"; done > "$WORK/many.yaml"
check "apply many" kubectl apply -f "$WORK/many.yaml"
check "lists come in chunks" equals 20 list_all
check "delete --all" kubectl delete cm -n team-a --all
check "delete a namespace" kubectl delete ns team-a --timeout=60s
kubectl apply -f "$EXAMPLES/crontab.yaml" >/dev/null
check "delete waits for the object" kubectl delete ctab nightly --timeout=20s
check "delete the kind" kubectl delete crd crontabs.stable.example.com --timeout=30s
# kubectl may still know the kind from its cache, so it words this in two ways.
check_fails "the kind is gone" "the server" kubectl get crontabs

finish
