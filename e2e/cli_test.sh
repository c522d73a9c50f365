#!/usr/bin/env bash
# kubectl-gantry, alone and as `kubectl gantry`.
. "$(dirname "$0")/lib.sh"
start_server
export PATH=$BIN:$PATH
check "version" says Server kg version
check "as a kubectl plugin" says Server kubectl gantry version
check "a kind and its object in one file, in one run" kg apply -f "$EXAMPLES/crontab.yaml"
check "again: unchanged" says unchanged kg apply -f "$EXAMPLES/crontab.yaml"
check "kubectl takes over what we applied" says unchanged kubectl apply -f "$EXAMPLES/crontab.yaml"
check "get, a table" says "0 3 * * *" kg get crontabs
check "get -o name" equals crontab.stable.example.com/nightly kg get ctab -o name
check "get -o yaml" says "cronSpec: 0 3 * * *" kg get ctab/nightly -o yaml
check "get -o json" says '"cronSpec": "0 3 * * *"' kg get ctab nightly -o json
check "describe" says nightly kg describe ctab nightly
stdin() { sed 's/backup:1/backup:2/' "$EXAMPLES/crontab.yaml" | kg apply -f -; }
check "apply from standard input" says configured stdin
dry() { sed 's/backup:1/backup:7/' "$EXAMPLES/crontab.yaml" | kg apply --dry-run=server -f - && [ "$(kg get ctab nightly -o jsonpath='{.spec.image}')" = backup:2 ]; }
check "server dry run" dry
mkdir "$WORK/dir" && cp "$EXAMPLES/crontab.yaml" "$WORK/dir/"
printf 'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: in-new}\ndata: {a: "1"}\n' > "$WORK/dir/cm.yaml"
check "apply a directory" says configmap/in-new kg apply -f "$WORK/dir"
check "scale" kg scale ctab/nightly --replicas=4
check "wait" kg wait crd/crontabs.stable.example.com --for=condition=Established --timeout=10s
check_fails "wait times out" "timed out" kg wait ctab/nightly --for=condition=Ready --timeout=1s
check_fails "an unknown object" 'Error from server (NotFound): crontabs.stable.example.com "none" not found' kg get ctab none
check_fails "an unknown kind" "the server doesn't have a resource type" kg get nonsense
check_fails "unknown fields" 'unknown field "spec.imge"' sh -c "sed 's/image: backup/imge: backup/' '$EXAMPLES/crontab.yaml' | $BIN/kubectl-gantry apply -f -"
check "delete from a file" kg delete -f "$EXAMPLES/crontab.yaml" --timeout=30s
check_fails "no server" "refused" kg --server https://127.0.0.1:9 get nodes.gantry.dev
start_engine_here
check "register a node" add_node
cat > "$WORK/docker-compose.yml" <<'Y'
services:
  web:
    image: gantry/sample-web:${TAG}
    env_file: web.env
Y
printf 'services: {web: {ports: ["80"]}}\n' > "$WORK/override.yml"
echo TAG=1.0 > "$WORK/.env"
echo GREETING=hello > "$WORK/web.env"
check "compose up with several files" kg compose up -f "$WORK/docker-compose.yml" -f "$WORK/override.yml" --name plain --wait
environment() { engine inspect -f '{{.Config.Env}} {{.HostConfig.PortBindings}}' "$(engine ps -q)"; }
check "the files have their effect" says GREETING=hello environment
check "all of them" says 80/tcp environment
check "its container runs" all_running gantry.dev/application=plain 1
check "compose down" kg compose down --name plain
none() { [ -z "$(engine ps -aq)" ]; }
check "nothing is left" wait_until 60 "no container is left" none
finish
