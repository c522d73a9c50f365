#!/usr/bin/env bash
# Who somebody is by the token that they show, with stock kubectl: ServiceAccounts, TokenReview, and
# providers of OpenID Connect.
. "$(dirname "$0")/lib.sh"
ISSUER=$ROOT/e2e/issuer.py
FAKETIME=$(dpkg -L libfaketime | grep '/libfaketimeMT.so.1$')
mkdir -p "$DATA" "$WORK/one" "$WORK/two"
PROVIDERS=()
trap 'kill "${PROVIDERS[@]}" 2>/dev/null; _cleanup' EXIT

provide() {  # provide DIR: serves it, at the same port again after a stop
  "$ISSUER" serve "$1" >>"$WORK/issuer.log" 2>&1 &
  PROVIDERS+=($!)
  wait_until 20 "the issuer listens" test -s "$1/port"
}
"$ISSUER" rotate "$WORK/one" k1; "$ISSUER" rotate "$WORK/two" k1
provide "$WORK/one"; ONE=${PROVIDERS[0]}
provide "$WORK/two"
url() { echo "https://127.0.0.1:$(cat "$1/port")"; }
indented() { sed 's/^/      /' "$1/tls.crt"; }
cat > "$WORK/authentication.yaml" <<YAML
apiVersion: apiserver.config.k8s.io/v1beta1
kind: AuthenticationConfiguration
jwt:
- issuer:
    url: $(url "$WORK/one")
    audiences: [gantry]
    certificateAuthority: |
$(indented "$WORK/one")
  claimMappings:
    username: {claim: email, prefix: ""}
    groups: {claim: roles, prefix: "one:"}
  claimValidationRules:
  - {claim: hd, requiredValue: example.com}
- issuer:
    url: $(url "$WORK/two")
    audiences: [gantry, console]
    audienceMatchPolicy: MatchAny
    certificateAuthority: |
$(indented "$WORK/two")
  claimMappings:
    username: {claim: sub, prefix: "two:"}
YAML
sed 's/claim: sub/expression: claims.sub/' "$WORK/authentication.yaml" > "$WORK/cel.yaml"
check_fails "an expression is refused by its path" "jwt[1].claimMappings.username.expression: Forbidden" \
  "$BIN/gantry" server --data-dir "$DATA" --listen 127.0.0.1:0 --authentication-config "$WORK/cel.yaml"
start_server --authentication-config "$WORK/authentication.yaml"

# with TOKEN ARGUMENT...: kubectl with nothing but that token.
sed '/client-certificate-data/d; /client-key-data/d' "$KUBECONFIG" > "$WORK/bare.kubeconfig"
with() {
  local token=$1 config; shift
  config=$(mktemp "$WORK/with.XXXXXX")
  sed "s|^  user:.*|&\n    token: $token|" "$WORK/bare.kubeconfig" > "$config"
  kubectl --kubeconfig "$config" "$@"
}
kubectl create namespace shop >/dev/null
kubectl -n shop create configmap one --from-literal=a=1 >/dev/null
kubectl -n shop create serviceaccount bot >/dev/null

token() { kubectl -n shop create token "$@"; }
T=$(token bot)
check "create token" test -n "$T"
check "whoami names the account" says system:serviceaccount:shop:bot with "$T" auth whoami
check "whoami names its groups" says 'system:serviceaccounts system:serviceaccounts:shop system:authenticated' with "$T" auth whoami
check "whoami names the token" says JTI= with "$T" auth whoami
check_fails "without a role, nothing" 'User "system:serviceaccount:shop:bot" cannot list resource "configmaps"' with "$T" -n shop get configmaps
kubectl -n shop create rolebinding bot --clusterrole=view --serviceaccount=shop:bot >/dev/null
check "with a role it reads" says one with "$T" -n shop get configmaps
check_fails "and does not write" forbidden with "$T" -n shop delete configmap one
check "can-i" equals yes with "$T" -n shop auth can-i list configmaps
check "who may edit makes tokens" equals yes kubectl -n shop auth can-i create serviceaccounts/token --as=ed --as-group=eds $(
  kubectl -n shop create rolebinding eds --clusterrole=edit --group=eds >/dev/null)
check_fails "who may view does not" no with "$T" -n shop auth can-i create serviceaccounts/token
check_fails "a token lasts ten minutes at least" "may not specify a duration less than 10 minutes" token bot --duration=5m
check_fails "of nobody" 'serviceaccounts "nobody" not found' token nobody
check_fails "bound to a pod, of which there are none" 'pods "p" not found' token bot --bound-object-kind=Pod --bound-object-name=p
check_fails "for others it is not for this server" Unauthorized with "$(token bot --audience=vault)" auth whoami
check "its issuer's keys" says '"kty":"EC"' with "$T" get --raw /openid/v1/jwks

review() { kubectl create -o json -f - <<<"{\"apiVersion\":\"authentication.k8s.io/v1\",\"kind\":\"TokenReview\",\"spec\":$1}"; }
check "TokenReview" says '"username": "system:serviceaccount:shop:bot"' review "{\"token\":\"$T\"}"
check "TokenReview for another audience" says '"vault"' \
  review "{\"token\":\"$(token bot --audience=vault)\",\"audiences\":[\"vault\"]}"
check "TokenReview of nonsense" says '"authenticated": false' review '{"token":"nonsense"}'
FORGED=${T%.*}.$(tr 'A-Za-z' 'B-ZAb-za' <<<"${T##*.}")
check_fails "a forged signature" Unauthorized with "$FORGED" auth whoami
NONE=$(printf '{"alg":"none"}' | base64 | tr -d '=\n').$(cut -d. -f2 <<<"$T").
check_fails "no signature" Unauthorized with "$NONE" auth whoami

kubectl -n shop create secret generic anchor >/dev/null
BOUND=$(token bot --bound-object-kind=Secret --bound-object-name=anchor)
check "a token that is bound to a Secret" says bot with "$BOUND" auth whoami
kubectl -n shop delete secret anchor >/dev/null
check_fails "ends with it" Unauthorized with "$BOUND" auth whoami
kubectl -n shop create secret generic anchor >/dev/null
check_fails "another Secret of that name is none" Unauthorized with "$BOUND" auth whoami

with "$T" get --raw '/api/v1/namespaces/shop/configmaps?watch=1&timeoutSeconds=120' > "$WORK/cut.out" 2>&1 &
CUT=$!
wait_until 10 "the watch runs" grep -q '"one"' "$WORK/cut.out"
kubectl -n shop delete serviceaccount bot >/dev/null
kubectl -n shop create serviceaccount bot >/dev/null
check_fails "a token ends with its account, whoever comes after it" Unauthorized with "$T" auth whoami
watch_is_over() { ! kill -0 $CUT; }
check "and so does a running watch" wait_until 5 "the watch is over" watch_is_over
check "the new account has tokens" says bot with "$(token bot)" auth whoami

sign() { local dir=$1; shift; "$ISSUER" sign "$WORK/$dir" "$@"; }
ANN=(sub=u-1 email=ann@example.com email_verified=true hd=example.com 'roles=["ops"]')
A=$(sign one k1 "${ANN[@]}")
check "OIDC: whoami" says ann@example.com with "$A" auth whoami
check "OIDC: groups with their prefix" says 'one:ops system:authenticated' with "$A" auth whoami
check_fails "OIDC: can-i without a role" no with "$A" -n shop auth can-i list configmaps
kubectl -n shop create rolebinding ops --clusterrole=view --group=one:ops >/dev/null
check "OIDC: can-i" equals yes with "$A" -n shop auth can-i list configmaps
check "OIDC: reads" says one with "$A" -n shop get configmaps
check "OIDC: the second issuer" says two:u-2 with "$(sign two k1 sub=u-2 aud=console)" auth whoami
check "OIDC: TokenReview" says '"username": "ann@example.com"' review "{\"token\":\"$A\"}"
for wrong in email_verified=false hd=example.org aud=others exp=1 "iss=$(url "$WORK/two")"; do
  check_fails "OIDC: refuses $wrong" Unauthorized with "$(sign one k1 "${ANN[@]}" "$wrong")" auth whoami
done
check_fails "OIDC: one issuer's key is not another's" Unauthorized \
  with "$(sign two k1 "${ANN[@]}" "iss=$(url "$WORK/one")")" auth whoami

"$ISSUER" rotate "$WORK/one" k2
check "OIDC: a new key" says ann@example.com with "$(sign one k2 "${ANN[@]}")" auth whoami
check_fails "OIDC: the old one is gone" Unauthorized with "$A" auth whoami
"$ISSUER" rotate "$WORK/one" k3
check "OIDC: a new key, found by TokenReview" says '"authenticated": true' \
  review "{\"token\":\"$(sign one k3 "${ANN[@]}")\"}"

# An issuer that is down: known keys count; a server starts without it, and lets in who comes later.
kill "$ONE"; wait "$ONE" 2>/dev/null
check "OIDC: with the issuer down" says ann@example.com with "$(sign one k3 "${ANN[@]}")" auth whoami
KEEP=$(token bot)
stop_server; start_server --authentication-config "$WORK/authentication.yaml"
check_fails "OIDC: a server that never saw its keys" Unauthorized with "$(sign one k3 "${ANN[@]}")" auth whoami
check "OIDC: the other issuer's users get in" says two:u-2 with "$(sign two k1 sub=u-2)" auth whoami
check "a token outlives the server" says bot with "$KEEP" auth whoami
provide "$WORK/one"
back() { with "$(sign one k3 "${ANN[@]}")" auth whoami; }
check "OIDC: when the issuer is back" wait_until 30 "the issuer's users get in" back

# Two hours later.
stop_server
mkdir "$WORK/bin"
printf '#!/bin/sh\nLD_PRELOAD=%s FAKETIME=+2h FAKETIME_DONT_FAKE_MONOTONIC=1 exec %s/gantry "$@"\n' \
  "$FAKETIME" "$BIN" > "$WORK/bin/gantry"
chmod +x "$WORK/bin/gantry"
BIN=$WORK/bin start_server \
  --oidc-issuer-url "$(url "$WORK/two")" --oidc-client-id gantry --oidc-ca-file "$WORK/two/tls.crt"
check_fails "an expired token" Unauthorized with "$KEEP" auth whoami
check_fails "OIDC: an expired token" Unauthorized with "$(sign two k1 sub=u-2)" auth whoami
LATER=$(($(date +%s) + 3 * 3600))
check "OIDC: the flags, with the issuer as prefix" says "$(url "$WORK/two")#u-2" \
  with "$(sign two k1 sub=u-2 exp=$LATER)" auth whoami
finish
