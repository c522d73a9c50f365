#!/usr/bin/env python3
"""An OpenID Connect provider for tests: discovery and keys over HTTPS on loopback, RS256 by openssl.

  issuer.py serve DIR        serves DIR/keys/*.pem until it is killed; DIR/port says where
  issuer.py rotate DIR KID   makes the key KID the only one
  issuer.py sign DIR KID CLAIM=VALUE...
                             prints a token; VALUE is JSON, or a text
"""
import base64, glob, http.server, json, os, re, ssl, subprocess, sys, time


def b64(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def openssl(*args, data=None):
    return subprocess.run(["openssl", *args], input=data, check=True, capture_output=True).stdout


def key_file(folder, kid):
    return os.path.join(folder, "keys", kid + ".pem")


def rotate(folder, kid):
    os.makedirs(os.path.join(folder, "keys"), exist_ok=True)
    for old in glob.glob(key_file(folder, "*")):
        os.rename(old, os.path.join(folder, os.path.basename(old)))
    openssl("genpkey", "-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:2048",
            "-out", key_file(folder, kid))


def jwk(path):
    modulus = openssl("rsa", "-in", path, "-noout", "-modulus").decode().split("=")[1].strip()
    kid = os.path.basename(path)[:-len(".pem")]
    return {"kty": "RSA", "use": "sig", "alg": "RS256", "kid": kid, "e": "AQAB",
            "n": b64(bytes.fromhex(modulus))}


def url(folder):
    with open(os.path.join(folder, "port")) as f:
        return "https://127.0.0.1:" + f.read()


def sign(folder, kid, claims):
    path = key_file(folder, kid)
    if not os.path.exists(path):
        path = os.path.join(folder, kid + ".pem")  # one that was replaced
    body = {"iss": url(folder), "aud": "gantry", "exp": int(time.time()) + 3600}
    for pair in claims:
        name, value = pair.split("=", 1)
        try:
            body[name] = json.loads(value)
        except ValueError:
            body[name] = value
    head = {"alg": "RS256", "typ": "JWT", "kid": kid}
    text = b64(json.dumps(head).encode()) + "." + b64(json.dumps(body).encode())
    return text + "." + b64(openssl("dgst", "-sha256", "-sign", path, data=text.encode()))


def serve(folder):
    key, certificate = os.path.join(folder, "tls.key"), os.path.join(folder, "tls.crt")
    if not os.path.exists(certificate):
        openssl("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
                "-days", "2", "-subj", "/CN=issuer", "-addext", "subjectAltName=IP:127.0.0.1",
                "-keyout", key, "-out", certificate)

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            keys = glob.glob(key_file(folder, "*"))
            pages = {
                "/.well-known/openid-configuration":
                    {"issuer": url(folder), "jwks_uri": url(folder) + "/keys"},
                "/keys": {"keys": [jwk(path) for path in keys]},
            }
            page = pages.get(self.path)
            self.send_response(200 if page else 404)
            text = json.dumps(page).encode()
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(text)))
            self.end_headers()
            self.wfile.write(text)

        def log_message(self, *_):
            pass

    port = 0
    if os.path.exists(os.path.join(folder, "port")):
        port = int(re.sub(".*:", "", url(folder)))
    server = http.server.ThreadingHTTPServer(("127.0.0.1", port), Handler)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    with open(os.path.join(folder, "port.new"), "w") as f:
        f.write(str(server.server_address[1]))
    os.rename(os.path.join(folder, "port.new"), os.path.join(folder, "port"))
    server.serve_forever()


if __name__ == "__main__":
    what, folder = sys.argv[1:3]
    if what == "serve":
        serve(folder)
    elif what == "rotate":
        rotate(folder, sys.argv[3])
    else:
        print(sign(folder, sys.argv[3], sys.argv[4:]))
