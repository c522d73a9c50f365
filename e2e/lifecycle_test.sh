#!/usr/bin/env bash
# Applications over time, on a real engine with real registries: three templates of usual kinds, changes of one service
# that leave the others alone, versions, stop and activate, restart, undo, redeploy of a tag that moved, credentials.
. "$(dirname "$0")/lib.sh"
start_engine_here
start_server
check "register the engine as a node" add_node

free_port() { python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])'; }
# start_registry NAME [htpasswd file]: REGISTRY and REGISTRY_PID are its address and process.
start_registry() {
  local dir=$WORK/registry-$1 port auth=""; port=$(free_port); mkdir -p "$dir/data"
  [ -z "${2:-}" ] || auth="auth: {htpasswd: {realm: test, path: $2}}"
  cat > "$dir/config.yml" <<EOF
version: 0.1
log: {level: error}
storage: {filesystem: {rootdirectory: $dir/data}}
http: {addr: "127.0.0.1:$port"}
$auth
EOF
  docker-registry serve "$dir/config.yml" >"$dir/log" 2>&1 &
  REGISTRY_PID=$! REGISTRY=127.0.0.1:$port
  REGISTRIES+=("$REGISTRY_PID")
  wait_until 30 "the registry answers" answers "$REGISTRY"
}
answers() { curl -s --max-time 5 -o /dev/null "http://$1/v2/"; }
REGISTRIES=()
end_registries() { local p; for p in "${REGISTRIES[@]}"; do kill "$p" 2>/dev/null; done; }
trap 'end_registries; _cleanup' EXIT
push() { engine tag "$1" "$2" && engine push -q "$2"; }
digest_of() { engine image inspect -f '{{range .RepoDigests}}{{println .}}{{end}}' "$1" | sed -n "s|^${2%:*}@||p" | head -1; }

PASSWORD=$(head -c 12 /dev/urandom | base64 | tr -d '/+=')
htpasswd -Bbn ann "$PASSWORD" > "$WORK/htpasswd"
start_registry open; OPEN=$REGISTRY OPEN_PID=$REGISTRY_PID
start_registry private "$WORK/htpasswd"; PRIVATE=$REGISTRY
check "push to the open registry" push gantry/sample-web:1.0 "$OPEN/shop/web:1"
login() { engine login -u ann --password-stdin "$PRIVATE" <<<"$PASSWORD"; }
check "push to the private registry" eval 'login && push gantry/sample-web:1.0 "$PRIVATE/team/web:1" && engine logout "$PRIVATE"'
engine rmi -f "$OPEN/shop/web:1" "$PRIVATE/team/web:1" >/dev/null

app() {  # app NAME VERSION [more of the spec]... < compose document
  { printf 'apiVersion: gantry.dev/v1\nkind: Application\nmetadata: {name: %s}\nspec:\n  version: "%s"\n' "$1" "$2"
    shift 2; printf '  %s\n' "$@" | sed '/^ *$/d'; echo '  compose: |'; sed 's/^/    /'; } | kubectl apply -f -
}
id_of() { engine ps -aq --no-trunc --filter "label=gantry.dev/service=$1" | sort | tr '\n' ' '; }
ready() { kubectl wait "application/$1" --for=condition=Ready --timeout=120s; }
page_says() { local s=$1; shift; wait_until 60 "$s" says "$s" curl -sf --max-time 5 "http://127.0.0.1:$1/"; }
slot() { kubectl get ct -l "gantry.dev/service=$1,gantry.dev/slot=${2:-1}" -o jsonpath='{.items[0].metadata.name}'; }
status_of() { kubectl get ct "$(slot "$1")" -o jsonpath="{.status.$2}"; }

# --- A blog: parameters, a link, a volume, a fixed host port.
BLOG_PORT=$(free_port)
blog() {  # blog VERSION [image tag of web]
  app blog "$1" "parameters: {TITLE: \"blog $1\", PORT: \"$BLOG_PORT\", DB_PASSWORD: example}" <<EOF
web:
  image: gantry/sample-web:${2:-1.0}
  ports: ["\${PORT}:80"]
  links: ["db:mysql"]
  environment: ["MESSAGE=\${TITLE}", "WORDPRESS_DB_PASSWORD=\${DB_PASSWORD}"]
  restart: always
  labels: {aliyun.scale: "1", aliyun.depends: db}
db:
  image: gantry/sample-web:1.0
  environment: {PORT: "3306", MYSQL_ROOT_PASSWORD: "\${DB_PASSWORD}", MESSAGE: database}
  volumes: ["/var/lib/mysql"]
EOF
}
check "a blog" blog 1
# --- A poll: five services, two of them alike, one that only works.
poll() {
  app poll "$1" <<EOF
version: "3"
services:
  vote: {image: "gantry/sample-web:1.0", ports: ["80"], depends_on: [redis], deploy: {replicas: 2}, environment: {MESSAGE: "${2:-vote}"}}
  result: {image: "gantry/sample-web:1.0", ports: ["80"], depends_on: [db], environment: {MESSAGE: result}}
  worker: {image: "gantry/sample-web:1.0", depends_on: [redis, db], environment: {PORT: "9000"}}
  redis: {image: "gantry/sample-web:1.0", environment: {PORT: "6379"}}
  db: {image: "gantry/sample-web:1.0", environment: {PORT: "5432"}, volumes: ["data:/data"]}
volumes: {data: {}}
EOF
}
check "a poll" poll 1
# --- A forge: named volumes, two host ports, a health check, parameters from a Secret.
FORGE_PORT=$(free_port) FORGE_SSH=$(free_port)
check "its secret" kubectl create secret generic forge --from-literal=ROOT_PASSWORD=hunter2-forge
check "a forge" app forge 15.1 "parametersFrom: [{secretRef: {name: forge}}]" <<EOF
version: "2"
services:
  gitlab:
    image: gantry/sample-web:1.0
    hostname: gitlab.example.com
    ports: ["$FORGE_PORT:80", "$FORGE_SSH:2222"]
    environment: {GITLAB_ROOT_PASSWORD: "\${ROOT_PASSWORD}", MESSAGE: forge}
    volumes: ["config:/etc/gitlab", "logs:/var/log/gitlab", "data:/var/opt/gitlab"]
    depends_on: {postgresql: {condition: service_healthy}, redis: {condition: service_started}}
    shm_size: 16m
    healthcheck: {test: "wget -q -O - http://127.0.0.1/", interval: 1s, retries: 30}
  postgresql:
    image: gantry/sample-web:1.0
    environment: {PORT: "5432"}
    volumes: ["pg:/data"]
    healthcheck: {test: "wget -q -O - http://127.0.0.1:5432/", interval: 1s, retries: 30}
  redis: {image: "gantry/sample-web:1.0", environment: {PORT: "6379"}}
volumes: {config: {}, logs: {}, data: {}, pg: {}}
EOF
for a in blog poll forge; do check "$a becomes Ready" ready $a; done
check "the blog answers on its port" page_says "blog 1" "$BLOG_PORT"
check "and reaches its database by the link" says database engine exec "$(engine ps -q --filter label=gantry.dev/service=blog-web)" wget -q -O - http://mysql:3306/
check "the forge answers on its port" page_says forge "$FORGE_PORT"
check "with the password" says hunter2-forge engine exec "$(engine ps -q --filter label=gantry.dev/service=forge-gitlab)" sh -c 'echo $GITLAB_ROOT_PASSWORD'
check "status sums the services up" equals "Running 5/5 6/6" kubectl get app poll -o jsonpath='{.status.phase} {.status.services.summary} {.status.containers.summary}'

# --- Versions; one service changes, the others keep their containers.
BLOG_DB=$(id_of blog-db); BLOG_WEB=$(id_of blog-web)
check_fails "a change without another version is refused" 'spec.version: Invalid value: "1": must be another one than before, because spec.compose changed' \
  eval 'blog 1 2.0'
blog_again() { kubectl get app blog -o json | jq 'del(.spec.version) | .spec.parameters.TITLE = "x"' | kubectl replace -f -; }
check_fails "so is one that drops it" 'spec.version: Required value: version "1" is replaced by another spec.parameters' blog_again
check "a description may change alone" kubectl patch app blog --type=merge -p '{"spec":{"description":"a blog"},"metadata":{"labels":{"team":"blue"}}}'
check "so may the version" kubectl patch app blog --type=merge -p '{"spec":{"version":"1.1"}}'
check "Ready as before" ready blog
check "and no container was restarted" equals "$BLOG_WEB$BLOG_DB" echo "$(id_of blog-web)$(id_of blog-db)"
check "another version" blog 2 2.0
check "answers" page_says "blog 2" "$BLOG_PORT"
check "is Ready" ready blog
check "the database kept its container" equals "$BLOG_DB" id_of blog-db
check "the web service did not" test "$BLOG_WEB" != "$(id_of blog-web)"
OTHERS=$(for s in result worker redis db; do id_of poll-$s; done)
check "the poll changes one service of five" poll 2 "vote again"
check "rollout status waits for it" says "successfully rolled out" kg rollout status app/poll --timeout=120s
check "the other four keep theirs" equals "$OTHERS" eval 'for s in result worker redis db; do id_of poll-$s; done'

# --- History and undo.
check "history of an application" says "2 (current)" kg rollout history app/poll
check "undo" says "rolled back to revision 1" kg rollout undo app/poll
check "is carried out" kg rollout status app/poll --timeout=120s
check "the version is the first one's" equals 1 kubectl get app poll -o jsonpath='{.spec.version}'
check "as its containers are" says MESSAGE=vote engine inspect -f '{{join .Config.Env "\n"}}' "$(engine ps -q --filter label=gantry.dev/service=poll-vote | head -1)"
check "undo of one service of an application" says "rolled back to revision" kg rollout undo app/blog/web
check "is carried out" kg rollout status service/blog-web --timeout=120s
check "and stays" equals gantry/sample-web:1.0 kubectl get gsvc blog-web -o jsonpath='{.spec.template.image}'
check "pause" kg rollout pause service/blog-web
PAUSED=$(id_of blog-web)
check "a new version meanwhile" blog 3 2.0
check "is kept back" ready blog
check "no container is replaced" equals "$PAUSED" id_of blog-web
check "resume" kg rollout resume service/blog-web
check "brings it" page_says "blog 3" "$BLOG_PORT"

# --- Stop, activate, restart.
check "ready before it is stopped" ready poll
POLL=$(for s in vote result worker redis db; do id_of poll-$s; done)
check "stop an application" kg stop app/poll --wait --timeout=120s
check "it says so" equals Stopped kubectl get app poll -o jsonpath='{.status.phase}'
check "none of its containers runs" all_running gantry.dev/application=poll 0
check "all are kept" equals "$POLL" eval 'for s in vote result worker redis db; do id_of poll-$s; done'
check_fails "a service of it cannot run alone" "application poll is stopped" kg activate app/poll/vote
check "activate" kg activate app/poll --wait --timeout=120s
check "the same containers run" equals "$POLL" eval 'for s in vote result worker redis db; do id_of poll-$s; done'
check "all of them" all_running gantry.dev/application=poll 6
check "stop one service" kg stop service/poll-worker --wait --timeout=120s
check "only that one stops" all_running gantry.dev/application=poll 5
check "activate it" kg activate service/poll-worker --wait --timeout=120s
VOTE=$(id_of poll-vote); REDIS=$(id_of poll-redis)
check "restart one service" kg restart app/poll/vote
check "its containers are new" wait_until 60 "new ones" eval '[ "$(id_of poll-vote)" != "$VOTE" ]'
check "Ready" kg rollout status app/poll --timeout=120s
check "others are not" equals "$REDIS" id_of poll-redis

# --- One revision, one digest; redeploy when the tag has moved.
api() { app api "$1" "${2:-}" <<<"services: {web: {image: $OPEN/shop/web:1, deploy: {replicas: 2}}, aside: {image: $OPEN/shop/web:1}}"; }
check "an application from the registry" api 1
check "becomes Ready" ready api
FIRST=$(status_of api-web imageDigest)
check "the digest in use is shown" says sha256: echo "$FIRST"
check "the revision names it" says "$OPEN/shop/web@$FIRST" kg rollout history service/api-web
WEB=$(id_of api-web); ASIDE=$(id_of api-aside)
check "redeploy with nothing new" kg redeploy service/api-web
dealt_with() { [ "$(kubectl get gsvc "$1" -o jsonpath='{.status.redeployedAt}')" = "$(kubectl get gsvc "$1" -o jsonpath='{.metadata.annotations.gantry\.dev/redeployed-at}')" ]; }
check "is dealt with" wait_until 60 "looked" dealt_with api-web
check "replaces nothing" equals "$WEB" id_of api-web
check "the tag moves" push gantry/sample-web:2.0 "$OPEN/shop/web:1"
SECOND=$(digest_of "$OPEN/shop/web:1" "$OPEN/shop/web:1")
check "to another digest" test "$FIRST" != "$SECOND"
engine rm -f "${WEB%% *}" >/dev/null
check "a lost container comes back" wait_until 60 "two run" all_running gantry.dev/service=api-web 2
check "as it was, although the tag means something else" equals "$FIRST $FIRST" kubectl get ct -l gantry.dev/service=api-web -o jsonpath='{.items[*].status.imageDigest}'
check "redeploy" kg redeploy service/api-web
check "takes up the new digest" wait_until 120 "the second digest" equals "$SECOND $SECOND" kubectl get ct -l gantry.dev/service=api-web -o jsonpath='{.items[*].status.imageDigest}'
check "Ready" ready api
check "the neighbour keeps its container" equals "$ASIDE" id_of api-aside
check "undo goes back to the first digest" kg rollout undo service/api-web
check "on all containers" wait_until 120 "the first digest" equals "$FIRST $FIRST" kubectl get ct -l gantry.dev/service=api-web -o jsonpath='{.items[*].status.imageDigest}'
kill "$OPEN_PID"; wait "$OPEN_PID" 2>/dev/null
check "without its registry a restart succeeds" kg restart service/api-web
check "with what the host has" kg rollout status service/api-web --timeout=120s
check "redeploy" kg redeploy service/api-web
redeployed() { kubectl get gsvc api-web -o jsonpath='{.status.conditions[?(@.type=="Redeployed")].reason}'; }
check "says that the registry is away" wait_until 60 "a condition" equals RegistryUnreachable redeployed
check "and nothing stops" all_running gantry.dev/service=api-web 2

# --- A private registry.
team() { app team "$1" "${2:-}" <<<"services: {web: {image: $PRIVATE/team/web:${3:-1}}}"; }
why() { kubectl get ct -l gantry.dev/service=team-web -o jsonpath='{.items[0].status.conditions[?(@.type=="Ready")].reason} {.items[0].status.message}'; }
secret() { kubectl create secret docker-registry pull --docker-server="$PRIVATE" --docker-username=ann --docker-password="$1" --dry-run=client -o yaml | kubectl apply -f -; }
check "an application from the private registry" team 1
check "without credentials says so" wait_until 60 "refused" says RegistryRefused why
check "a secret with a wrong password" secret wrong-password-9
check "is named" team 1 'imagePullSecrets: [{name: pull}]'
check "and refused" wait_until 90 "refused" says "tried with secret pull" why
check "the right password" secret "$PASSWORD"
check "makes it run" ready team
check "with its digest" says sha256: status_of team-web imageDigest
check "a tag that does not exist" team 2 'imagePullSecrets: [{name: pull}]' none
check "is named" wait_until 60 "not found" says "ImageNotFound pull image \"$PRIVATE/team/web:none\"" why
kubectl get app,gsvc,ct,grev,garev,events -A -o yaml >"$WORK/everything"
cat "$WORK/server.log" "$DATA"/audit* >>"$WORK/everything" 2>/dev/null
check "everything is looked at" grep -q imagePullSecrets "$WORK/everything"
found_anywhere() { grep -qF "$1" "$WORK/everything"; }
check "no password is in an object, a log or an audit record" eval '! found_anywhere "$PASSWORD" && ! found_anywhere wrong-password-9 && ! found_anywhere hunter2-forge'

check "delete all" kubectl delete app --all --timeout=120s
gone() { [ -z "$(engine ps -aq)" ]; }
check "nothing is left" wait_until 60 "no container" gone
finish
