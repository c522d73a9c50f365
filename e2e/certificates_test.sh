#!/usr/bin/env bash
# Certificates, with stock kubectl and openssl: requests, approval, users in one step, TLS, and new
# certificates for a running server.
. "$(dirname "$0")/lib.sh"
mkdir -p "$DATA"
printf 'token-of-eve,eve,u-eve,\n' > "$DATA/tokens.csv"
P=$WORK/pem
mkdir -p "$P"

# An authority of somebody else: `leaf NAME EXTENSIONS [SUBJECT]` makes NAME.crt and NAME.key.
openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=other-ca -keyout "$P/ca.key" -out "$P/ca.crt" 2>/dev/null
leaf() {
  openssl req -new -newkey rsa:2048 -nodes -subj "${3:-/CN=$1}" -keyout "$P/$1.key.new" -out "$P/$1.csr" 2>/dev/null
  openssl x509 -req -in "$P/$1.csr" -CA "$P/ca.crt" -CAkey "$P/ca.key" -CAcreateserial -days 2 \
    -extfile <(echo "$2") -out "$P/$1.crt.new" 2>/dev/null
  mv "$P/$1.key.new" "$P/$1.key"; mv "$P/$1.crt.new" "$P/$1.crt"
}
SERVER_NAMES='subjectAltName=DNS:localhost,IP:127.0.0.1'
leaf serving "$SERVER_NAMES" /CN=first
leaf bob 'extendedKeyUsage=clientAuth' /CN=bob/O=others
cp "$P/ca.crt" "$P/clients.crt"
start_server --tls-cert-file "$P/serving.crt" --tls-private-key-file "$P/serving.key" --client-ca-file "$P/clients.crt"

# request NAME SUBJECT [LINE OF SPEC]: a CertificateSigningRequest whose key openssl made.
request() {
  openssl req -new -newkey rsa:2048 -nodes -subj "$2" -keyout "$P/$1.key" -out "$P/$1.csr" 2>/dev/null
  cat <<YAML
apiVersion: certificates.k8s.io/v1
kind: CertificateSigningRequest
metadata: {name: $1}
spec:
  request: $(base64 -w0 "$P/$1.csr")
  signerName: kubernetes.io/kube-apiserver-client
  usages: [client auth]
  ${3:-}
YAML
}
post() { request "$@" | kubectl create -f -; }
server_url() { sed -n 's|.*server: ||p' "$KUBECONFIG" | head -1; }
by() {  # by NAME ARGUMENT...: kubectl with that certificate alone
  local name=$1; shift
  kubectl --kubeconfig /dev/null --server "$(server_url)" --certificate-authority "$P/ca.crt" \
    --client-certificate "$P/$name.crt" --client-key "$P/$name.key" "$@"
}
has_certificate() { [ -n "$(kubectl get csr "$1" -o jsonpath='{.status.certificate}')" ]; }

check "a request" post ann /O=devs/CN=ann 'expirationSeconds: 3600'
check "waits" says Pending kubectl get csr ann
check "shows what was asked" says 60m kubectl get csr
check "certificate approve" says approved kubectl certificate approve ann
check "it is signed" wait_until 10 "the certificate" has_certificate ann
check "and says so" says Approved,Issued kubectl get csr ann
check "describe" says "Common Name:    ann" kubectl describe csr ann
kubectl get csr ann -o jsonpath='{.status.certificate}' | base64 -d > "$P/ann.crt"
check "the certificate is its user's" says ann by ann auth whoami
check "and has its groups" says devs by ann auth whoami
check_fails "it gives no rights by itself" 'User "ann" cannot list' by ann get configmaps
approved_by_itself() { { request own /CN=own; printf 'status: {conditions: [{type: Approved, status: "True", reason: Me}]}\n'; } | kubectl create -f -; }
check "a request that says it is approved" approved_by_itself
check "is not" equals Pending sh -c "kubectl get csr own --no-headers | awk '{print \$NF}'"
check_fails "nor by an update of its status" "conditions" kubectl patch csr own --subresource=status --type=merge -p '{"status":{"conditions":[{"type":"Approved","status":"True","reason":"Me"}]}}'
check "another request" post ben /CN=ben
check "certificate deny" says denied kubectl certificate deny ben
check "is denied" says Denied kubectl get csr ben
check_fails "and gets no certificate" '' has_certificate ben
check_fails "nobody asks for system:masters" 'is not allowed' post root /O=system:masters/CN=root
check_fails "a short life is refused" 'less than 600 seconds' post short /CN=short 'expirationSeconds: 60'
check "explain" says PKCS kubectl explain csr.spec.request

sed '/client-certificate-data/d; /client-key-data/d' "$KUBECONFIG" > "$WORK/eve.kubeconfig"
KUBECONFIG=$WORK/eve.kubeconfig kubectl config set-credentials gantry-admin --token=token-of-eve >/dev/null
kubectl create clusterrole requests --verb=get,list,create,update,patch \
  --resource=certificatesigningrequests,certificatesigningrequests/approval >/dev/null
kubectl create clusterrolebinding requests --clusterrole=requests --user=eve >/dev/null
check "one more request" post tim /CN=tim
check_fails "without the signer's right, no approval" 'user not permitted to approve requests' \
  kubectl --kubeconfig "$WORK/eve.kubeconfig" certificate approve tim
check_fails "and no user" 'you may not make users' kg --kubeconfig "$WORK/eve.kubeconfig" user create joe
check "with it" kubectl create clusterrolebinding approver --user=eve \
  --clusterrole=system:certificates.k8s.io:kube-apiserver-client-approver
check "eve approves" says approved kubectl --kubeconfig "$WORK/eve.kubeconfig" certificate approve tim

kubectl create namespace shop >/dev/null
check "user create" says created kg user create joe --group devs --duration 1h --clusterrole view -n shop -o "$WORK/joe.kubeconfig"
check "its kubeconfig is private" equals 600 stat -c %a "$WORK/joe.kubeconfig"
check "joe may what was given" kg --kubeconfig "$WORK/joe.kubeconfig" -n shop get configmaps
check_fails "and no more" forbidden kg --kubeconfig "$WORK/joe.kubeconfig" -n default get configmaps

# TLS
address() { server_url | sed 's|https://||'; }
shown() { openssl s_client -connect "$(address)" </dev/null 2>/dev/null | openssl x509 -noout -subject; }
check "serves with the given certificate" says first shown
check "a client of the other authority" says bob by bob auth whoami
for version in -tls1 -tls1_1; do
  check_fails "$version is refused" alert openssl s_client -connect "$(address)" $version -cipher 'ALL:@SECLEVEL=0' </dev/null
done
for version in -tls1_2 -tls1_3; do
  check "$version is spoken" openssl s_client -connect "$(address)" $version </dev/null
done
for cipher in ECDHE-RSA-AES128-SHA AES128-GCM-SHA256 AES256-SHA; do
  check_fails "$cipher is refused" alert openssl s_client -connect "$(address)" -tls1_2 -cipher "$cipher:@SECLEVEL=0" </dev/null
done

kubectl -n shop create configmap before --from-literal=a=1 >/dev/null
kubectl get --raw '/api/v1/namespaces/shop/configmaps?watch=1&timeoutSeconds=120' > "$WORK/watch.out" 2>&1 &
WATCH=$!
wait_until 10 "the watch runs" grep -q before "$WORK/watch.out"
leaf serving "$SERVER_NAMES" /CN=second
shows_second() { shown | grep -q second; }
check "a new certificate without a restart" wait_until 15 "the new certificate" shows_second
kubectl -n shop create configmap after --from-literal=a=1 >/dev/null
check "a running watch goes on" wait_until 10 "the watch shows it" grep -q after "$WORK/watch.out"
kill $WATCH 2>/dev/null; wait $WATCH 2>/dev/null
echo broken > "$P/serving.crt"
counted() { kubectl get --raw /metrics | grep -q 'gantry_certificate_reloads_total{certificate="serving",result="failure"}'; }
check "a broken file is counted" wait_until 15 "it is counted" counted
check "and the old one stays" says second shown
cp "$DATA/ca.crt" "$P/clients.crt"
bob_is_out() { ! by bob auth whoami; }
check "an authority that was removed" wait_until 15 "bob is out" bob_is_out
check "ends are metrics" says 'gantry_certificate_expiration_timestamp_seconds{certificate="serving"}' kubectl get --raw /metrics
finish
