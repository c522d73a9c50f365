#!/usr/bin/env bash
# Templates, applications from them and from images; Compose files there and back; a live swarm.
. "$(dirname "$0")/lib.sh"
start_engine_here
start_server
add_node

# --- What comes with Gantry.
check "samples are listed" says "wordpress" kg template list
check "and searched" says "redis" kg template search cache
check "one is shown with its parameters" says "DB_PASSWORD" kg template show wordpress
check_fails "they are read-only" "comes with Gantry" kubectl -n gantry-system patch templates.gantry.dev web --type=merge -p '{"spec":{"description":"mine"}}'
check_fails "and stay" "is not deleted" kubectl -n gantry-system delete templates.gantry.dev web
kubectl create serviceaccount ann >/dev/null
check "everybody may read them" kubectl --as=system:serviceaccount:default:ann --as-group=system:authenticated -n gantry-system get templates.gantry.dev web
check_fails "but not others' templates" forbidden kubectl --as=system:serviceaccount:default:ann --as-group=system:authenticated -n default get templates.gantry.dev

# --- One's own.
cat >"$WORK/site.yaml" <<'YAML'
apiVersion: gantry.dev/v1
kind: Template
metadata: {name: site}
spec:
  description: A sample site
  versions:
  - version: "1.0"
    compose: |
      services:
        web:
          image: ${IMAGE}
          ports: ["80"]
          environment: {GREETING: "${GREETING}", SECRET: "${PASSWORD}"}
          deploy: {replicas: "${REPLICAS}"}
    parameters:
    - {name: IMAGE, default: "gantry/sample-web:1.0"}
    - {name: GREETING, description: What it says}
    - {name: REPLICAS, type: Integer, default: "1", options: ["1", "2"]}
    - {name: PASSWORD, type: Password, description: Nobody sees it}
YAML
check "a template" kubectl apply -f "$WORK/site.yaml"
check "explained" says "one has to be given" kubectl explain template.spec.versions.parameters.default
broken() { sed "$1" "$WORK/site.yaml" | kubectl apply -f -; }
check_fails "its document is checked as an Application's" "spec.versions[0].compose: services.web.build: Forbidden" broken 's/ports: \["80"\]/build: ./'
check_fails "variables are parameters" "spec.versions[0].parameters: Required value: UNKNOWN" broken 's/"\${GREETING}"/"${UNKNOWN}"/'
check_fails "defaults are of their type" "must be one of 1, 2" broken 's/default: "1", options/default: "three", options/'
check_fails "without a terminal all that is missing is listed" "PASSWORD has no value: PASSWORD: Nobody sees it (Password)" kg app create mine --from-template site </dev/null
check_fails "likewise the other one" "GREETING has no value" kg app create mine --from-template site </dev/null
check_fails "a parameter that is none" "COLOR is no parameter of the template; there are IMAGE" kg app create mine --from-template site --param COLOR=red </dev/null
check_fails "a value that does not fit" "REPLICAS must be one of 1, 2" kg app create mine --from-template site --param REPLICAS=3 </dev/null
check "nothing was made of these" equals "" kubectl get applications.gantry.dev -o name
check "an application from it" kg app create mine --from-template site --param GREETING=hello --param PASSWORD=s3cret-value --param REPLICAS=2
check "comes up" kubectl wait application/mine --for=condition=Ready --timeout=60s
check "with the template's version" equals 1.0 kubectl get application mine -o jsonpath='{.spec.version}'
check "as its containers show" equals 2 running gantry.dev/application=mine
CT=$(engine ps -q --filter label=gantry.dev/application=mine | head -1)
check "which have the values" says "GREETING=hello" engine exec "$CT" env
check "and the secret one" says "SECRET=s3cret-value" engine exec "$CT" env
no_secret() { ! kubectl get applications.gantry.dev,services.gantry.dev,containers.gantry.dev -o yaml | grep -q s3cret-value; }
check "which stands in no object" no_secret
prompted() { printf 'hi\nquiet-value\n' | script -qec "'$BIN/kubectl-gantry' app create asked --from-template site" /dev/null; }
check "on a terminal it asks" says "GREETING: What it says" prompted
check "and takes the answers" equals hi kubectl get application asked -o jsonpath='{.spec.parameters.GREETING}'
printf 'services: {web: {image: "gantry/sample-web:2.0", ports: ["80"]}}\n' >"$WORK/site2.yml"
check "a Compose file is another version" kg template create site -f "$WORK/site2.yml" --version 2.0
check "download gives it back" kg template download site -o "$WORK/down.yml"
check "as it was" cmp "$WORK/down.yml" "$WORK/site2.yml"
check "the older one is still there" says 'image: ${IMAGE}' kg template download site --version 1.0
check "edit" says "edited" env EDITOR="sed -i 's/A sample site/A changed site/'" "$BIN/kubectl-gantry" template edit site
check "has changed it" says "A changed site" kg template show site
check "delete" kg template delete site
check "from an image" kg app create plain --image gantry/sample-web:1.0 --port 80 --replicas 1 --env GREETING=hey
check "comes up, too" kubectl wait application/plain --for=condition=Ready --timeout=60s

# --- Compose there and back.
cat >"$WORK/compose.yml" <<'YAML'
services:
  web:
    image: gantry/sample-web:${TAG}
    ports: ["8080:80"]
    depends_on: [db]
    volumes: ["data:/data:ro"]
    environment: {PRICE: "$$5"}
  db: {image: "gantry/sample-web:1.0", command: ["sleep", "1d"]}
volumes: {data: {}}
YAML
convert() { kg compose convert "$@"; }
check "a Compose file becomes an Application" says "kind: Application" convert -f "$WORK/compose.yml" --name shop --param TAG=1.0
check_fails "faults are named" "services.web.build: Forbidden" convert -f - --name x <<<'services: {web: {image: a, build: .}}'
check "or Services and Volumes" sh -c "'$BIN/kubectl-gantry' compose convert -f '$WORK/compose.yml' --name conv --to objects --param TAG=1.0 >'$WORK/objects.yaml'"
check "which the server takes" kubectl apply -f "$WORK/objects.yaml"
check "and run" kubectl wait services.gantry.dev/conv-db --for=condition=Ready --timeout=60s
check "and back" sh -c "'$BIN/kubectl-gantry' compose convert --to compose -f '$WORK/objects.yaml' >'$WORK/back.yml'"
check "to what can be read again" convert -f "$WORK/back.yml" --name again --to objects
check "with a dollar that stays one" says 'PRICE: $$5' cat "$WORK/back.yml"
check "an Application gives its document" says 'image: ${IMAGE}' convert --to compose app/mine
check "and says what is not in it" says "spec.parametersFrom" sh -c "'$BIN/kubectl-gantry' compose convert --to compose app/mine 2>&1 >/dev/null"

# --- A live swarm: the same engine as a manager of its own.
check "a swarm" engine swarm init --advertise-addr 127.0.0.1 --listen-addr 127.0.0.1:0
printf 'hello\n' | engine config create greeting - >/dev/null
engine network create --driver overlay backend >/dev/null
service_there() { engine service create --detach --name web --replicas 0 --network backend --publish 8080:80 --config greeting --env A=b --mount type=volume,source=files,target=/files --label tier=front --constraint node.role==manager --limit-memory 64M --restart-condition on-failure gantry/sample-web:1.0; }
check "with a service" service_there
import() { kg import swarm --endpoint "unix://$ENGINE/docker.sock" --name taken; }
check "is imported" sh -c "'$BIN/kubectl-gantry' import swarm --endpoint 'unix://$ENGINE/docker.sock' --name taken >'$WORK/swarm.yaml' 2>'$WORK/swarm.notes'"
check "with what is not taken over named" says "the network backend is not taken over" cat "$WORK/swarm.notes"
check "configs become ConfigMaps" says "kind: ConfigMap" cat "$WORK/swarm.yaml"
check "the server takes it" kubectl apply -f "$WORK/swarm.yaml"
taken() { kubectl get services.gantry.dev taken-web -o jsonpath="{$1}"; }
check "as a service" wait_until 30 "the service" taken .spec
check "with its ports, variables and limits" equals '8080 b 67108864 on-failure 0' sh -c "kubectl get services.gantry.dev taken-web -o jsonpath='{.spec.template.ports[0].hostPort} {.spec.template.env[0].value} {.spec.template.resources.limits.memoryBytes} {.spec.template.restartPolicy.name} {.spec.replicas}'"
check_fails "an engine that is none" "connect to" kg import swarm --endpoint unix:///nonexistent.sock
engine swarm leave --force >/dev/null
check_fails "an engine without a swarm" "is not a swarm manager" import
finish
