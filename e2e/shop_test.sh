#!/usr/bin/env bash
# The sample application on a real engine: from a manifest to answers on a port, scaled, changed, deleted.
. "$(dirname "$0")/lib.sh"
start_engine_here
start_server
check "register the engine as a node" add_node

check "apply the application" kubectl apply -f "$EXAMPLES/shop.yaml"
check "it becomes Ready" kubectl wait application/shop --for=condition=Ready --timeout=120s
check "get shows what belongs to it" says shop-web kubectl get app,gsvc,ct,gno
check "three web containers run" all_running gantry.dev/service=shop-web 3
check "one database container runs" all_running gantry.dev/service=shop-db 1
web() { kubectl get ct -l gantry.dev/service=shop-web,gantry.dev/slot="$1" -o jsonpath='{.items[0].metadata.name}'; }
serves() { says "$2" curl -sf --max-time 5 "http://$(address_of "$(web "$1")")/"; }
check "slot 1 answers" serves 1 "hello from shop 1.0"
check "slot 3 answers" serves 3 "hello from shop 1.0"
check "the database started before the web service" test \
  "$(engine inspect -f '{{.State.StartedAt}}' "$(engine ps -q --filter label=gantry.dev/service=shop-db)")" \< \
  "$(engine inspect -f '{{.State.StartedAt}}' "$(engine ps -q --filter label=gantry.dev/service=shop-web | head -1)")"
check "the named volume exists" says data engine volume ls -q
check "the environment is the template's" says "MESSAGE=hello from shop 1.0" engine inspect -f '{{json .Config.Env}}' "$(engine ps -q --filter label=gantry.dev/service=shop-web | head -1)"

check "logs of a slot" says "sample-web 1.0 listens" kg logs ct/shop-web-1 --tail=20
check "logs of the application, with prefixes" says "shop-db" kg logs app/shop --tail=5
check "exec" equals hi kg exec ct/shop-web-1 -- echo hi
exec_code() { kg exec ct/shop-web-1 -- sh -c 'exit 7'; [ $? = 7 ]; }
check "exec passes the exit code on" exec_code
exec_stdin() { echo through | kg exec -i ct/shop-web-1 -- cat; }
check "exec with standard input" equals through exec_stdin
exec_tty() {
  printf 'stty size; exit 3\n' | timeout 20 script -qec \
    "stty rows 33 cols 99; '$BIN/kubectl-gantry' exec -it ct/shop-web-1 -- sh" /dev/null >"$WORK/tty"
  [ $? = 3 ] && grep -q '33 99' "$WORK/tty"
}
check "exec with a terminal, its size and the exit code" exec_tty
timeout 120 "$BIN/kubectl-gantry" logs app/shop --follow >"$WORK/follow" 2>&1 &
FOLLOWER=$!

check "scale to 5" kubectl scale services.gantry.dev/shop-web --replicas=5
check "five run" wait_until 60 "five containers run" all_running gantry.dev/service=shop-web 5
followed() { grep -q '^\[shop-web-5-' "$WORK/follow"; }
check "followed logs include new containers" wait_until 20 "a line of slot 5" followed
kill $FOLLOWER
check "apply again leaves the scale alone" says unchanged kubectl apply -f "$EXAMPLES/shop.yaml"
check "scale to 1" kg scale gsvc/shop-web --replicas=1
check "one runs" wait_until 60 "one container runs" all_running gantry.dev/service=shop-web 1
check "scale to 3" kg scale gsvc/shop-web --replicas=3
check "the application is Ready again" kubectl wait application/shop --for=condition=Ready --timeout=60s

DB=$(engine ps -q --no-trunc --filter label=gantry.dev/service=shop-db)
engine exec "$DB" sh -c 'echo kept > /data/file'
sed -e 's/WEB_VERSION: "1.0"/WEB_VERSION: "2.0"/' -e 's/version: "1.0"/version: "2.0"/' "$EXAMPLES/shop.yaml" > "$WORK/shop2.yaml"
check "change the web image" kg apply -f "$WORK/shop2.yaml"
updated() { [ "$(engine ps --filter label=gantry.dev/service=shop-web --format '{{.Image}}' | sort | uniq -c | tr -s ' ')" = " 3 gantry/sample-web:2.0" ]; }
check "all web containers are replaced" wait_until 120 "three containers of 2.0 run" updated
check "the application is Ready after the change" kubectl wait application/shop --for=condition=Ready --timeout=60s
check "the new version answers" serves 2 "hello from shop 2.0"
check "the database was not restarted" equals "$DB" engine ps -q --no-trunc --filter label=gantry.dev/service=shop-db
check "revisions are kept" says gantry/sample-web:1.0 kubectl get servicerevisions

check "delete the application" kubectl delete application/shop --timeout=120s
nothing_left() { [ -z "$(engine ps -aq)$(engine volume ls -q)$(engine network ls -q --filter type=custom)$(kubectl get gsvc,ct,vol,grev -o name 2>/dev/null)" ]; }
show_left() { nothing_left || { engine ps -a; engine volume ls; engine network ls; kubectl get gsvc,ct,vol,grev; false; }; }
wait_until 60 "nothing is left" nothing_left
check "nothing is left" show_left
finish
