#!/usr/bin/env python3
"""Attacks on a server: attacker.py NAME, started by e2e/attacks_test.sh.

Standard library only. Each attack asserts what the server must answer, prints `holding` when it is at its worst,
keeps it up until the file $RELEASE exists, and exits with 1 and a reason when something was not as it must be.
$SERVER is host:port, $CA the authority's file, $TOKEN an administrator's token."""

import os
import resource
import select
import socket
import ssl
import sys
import time
import zlib

HOST, PORT = os.environ["SERVER"].rsplit(":", 1)
TOKEN = os.environ["TOKEN"]
RELEASE = os.environ["RELEASE"]
MAPS = "/api/v1/namespaces/default/configmaps"
MIB = 1 << 20


def fail(text):
    print("FAILED:", text, flush=True)
    sys.exit(1)


def hold(every=None):
    print("holding", flush=True)
    while not os.path.exists(RELEASE):
        if every:
            every()
        time.sleep(0.1)


def context():
    made = ssl.create_default_context(cafile=os.environ["CA"])
    made.check_hostname = False
    return made


CONTEXT = context()


def tcp(receive_buffer=0):
    made = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    if receive_buffer:
        made.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
    made.settimeout(60)
    made.connect((HOST, int(PORT)))
    return made


def connect(receive_buffer=0):
    return CONTEXT.wrap_socket(tcp(receive_buffer))


def head(method, path, *lines, token=TOKEN):
    return "\r\n".join([f"{method} {path} HTTP/1.1", "Host: x", f"Authorization: Bearer {token}", *lines, "", ""]).encode()


def read_all(peer, enough=None):
    """What comes until the connection ends, or until there is `enough`."""
    got = b""
    try:
        while not (enough and enough in got):
            piece = peer.recv(65536)
            if not piece:
                break
            got += piece
    except (ConnectionError, ssl.SSLError, OSError):
        pass
    return got


def send_all(peer, data):
    """False: the server ended it before all was sent."""
    try:
        peer.sendall(data)
        return True
    except (ConnectionError, ssl.SSLError, OSError):
        return False


def ask(request, close=False, raw=False):
    """One request on a connection of its own: status, whole answer. With `close`, the server must end it."""
    peer = connect()
    send_all(peer, request)
    answer = read_all(peer, None if close else b"\r\n\r\n")
    if not close and b"\r\n\r\n" in answer:
        header, body = answer.split(b"\r\n\r\n", 1)
        length = [line for line in header.lower().split(b"\r\n") if line.startswith(b"content-length:")]
        while length and len(body) < int(length[0].split(b":")[1]):
            piece = peer.recv(65536)
            if not piece:
                break
            body += piece
        answer = header + b"\r\n\r\n" + body
    peer.close()
    if not answer.startswith(b"HTTP/1.1 "):
        return 0, answer
    return int(answer.split(b" ", 2)[1]), answer


def expect(what, request, status, text=b"", close=False):
    got, answer = ask(request, close)
    if got != status or text not in answer:
        fail(f"{what}: expected {status} {text!r}, got {got} {answer[-300:]!r}")


def post(path, kind, body, method="POST", *lines):
    return head(method, path, f"Content-Type: {kind}", f"Content-Length: {len(body)}", *lines) + body


def is_open(peer):
    """Whether the server has not ended the connection."""
    try:
        raw = peer.fileno()
        readable, _, _ = select.select([raw], [], [], 0) if raw < 1000 else poll_one(raw)
        if not readable:
            return True
        return bool(socket.socket.recv(peer, 1, socket.MSG_PEEK)) if not isinstance(peer, ssl.SSLSocket) else still(peer)
    except (ConnectionError, ssl.SSLError, OSError, ValueError):
        return False


def poll_one(fd):
    poller = select.poll()
    poller.register(fd, select.POLLIN)
    return ([fd] if poller.poll(0) else []), [], []


def still(peer):
    peer.setblocking(False)
    try:
        return bool(peer.recv(65536))
    except (ssl.SSLWantReadError, ssl.SSLWantWriteError):
        return True
    except (ConnectionError, ssl.SSLError, OSError):
        return False


def slowloris():
    """Headers and bodies that never end: the server ends each of them by itself."""
    slow = []
    for _ in range(150):
        peer = connect()
        peer.sendall(b"GET / HTTP/1.1\r\nX-")
        slow.append(peer)
        peer = connect()
        peer.sendall(head("POST", MAPS, "Content-Length: 100000"))
        slow.append(peer)
    print("holding", flush=True)
    until = time.monotonic() + 110
    while slow and time.monotonic() < until:
        slow = [peer for peer in slow if is_open(peer) and send_all(peer, b"x")]
        time.sleep(0.5)
    if slow:
        fail(f"{len(slow)} slow senders are still connected")


def big_bodies():
    """Bodies of 3 MB that stop just before their end: the server keeps few of them."""
    peers = []
    for _ in range(80):
        peer = connect()
        send_all(peer, head("POST", MAPS, f"Content-Length: {3 * MIB}") + b"x" * (3 * MIB - 100))
        peers.append(peer)
    hold()
    left = sum(is_open(peer) for peer in peers)
    if left > 25:
        fail(f"{left} bodies of 3 MB are held")


def silent():
    """10,000 connections that say nothing: those that wait for the longest go."""
    peers = [tcp() for _ in range(10000)]
    hold()
    left = sum(is_open(peer) for peer in peers)
    if left > 1100:
        fail(f"{left} silent connections are held")


def idle():
    """10,000 connections that ask once and then keep quiet."""
    peers = []
    for i in range(10000):
        peer = connect()
        if i % 100 == 0:
            peer.sendall(head("GET", "/version"))
            if b"200 OK" not in read_all(peer, b"\r\n\r\n"):
                fail(f"connection {i} was not served")
        peers.append(peer)
    hold()


def bodies():
    """Bodies that are too large, compressed, deep or wide."""
    def once():
        expect("100 MB, announced", head("POST", MAPS, f"Content-Length: {100 * MIB}") + b"x" * 100000, 413, b"Request entity too large", True)
        peer = connect()
        peer.sendall(head("POST", MAPS, "Transfer-Encoding: chunked"))
        for _ in range(100):
            if not send_all(peer, b"100000\r\n" + b"x" * MIB + b"\r\n"):
                break
        if b" 413 " not in read_all(peer):
            fail("100 MB in chunks were not refused")
        bomb = zlib.compress(b"{" + b" " * 100 * MIB + b"}")
        expect("a compressed bomb", post(MAPS, "application/json", bomb, "POST", "Content-Encoding: deflate"), 415, b"compressed", True)
        deep = b'{"x":' + b"[" * 10000 + b"]" * 10000 + b"}"
        expect("JSON 10,000 deep", post(MAPS, "application/json", deep), 400, b"nested deeper")
        expect("YAML 10,000 deep", post(MAPS, "application/yaml", b"a: " + b"[" * 10000), 400, b"nested deeper")
        wide = b'{"data":{' + b",".join(b'"k%d":""' % i for i in range(110000)) + b"}}"
        expect("JSON of 110,000 keys", post(MAPS, "application/json", wide), 413, b"values")
        expect("YAML of 300,000 values", post(MAPS, "application/yaml", b"a: [" + b"1," * 300000 + b"]"), 400, b"keys and values")
        expect("YAML of 300,000 lines", post(MAPS, "application/yaml", b"a:\n" + b"- 1\n" * 300000), 400, b"keys and values")
        laughs = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n"
        for i in range(1, 12):
            laughs += f"a{i}: &a{i} [" + ", ".join([f"*a{i - 1}"] * 10) + "]\n"
        for kind, method, path in (("application/yaml", "POST", MAPS), ("application/apply-patch+yaml", "PATCH", MAPS + "/bomb?fieldManager=x")):
            expect("a YAML alias bomb", post(path, kind, laughs.encode(), method), 400, b"aliases expand to too much")
        long = "a: &a " + "x" * 100000 + "\nb: [" + ", ".join(["*a"] * 5000) + "]\n"
        expect("a YAML bomb of texts", post(MAPS, "application/yaml", long.encode()), 400, b"aliases expand to too much")
    once()
    hold(once)


def heads():
    """Selectors, URLs, parameters and headers without measure."""
    def once():
        expect("a label selector of 2,000 terms", head("GET", MAPS + "?labelSelector=" + "a%2C" * 2000 + "a"), 400, b"more than 1000 terms")
        expect("a set of 2,000 values", head("GET", MAPS + "?labelSelector=a+in+(" + "b%2C" * 2000 + "b)"), 400, b"more than 1000 terms")
        expect("a field selector of 2,000 terms", head("GET", MAPS + "?fieldSelector=" + "a%3Db%2C" * 2000), 400, b"more than 1000 terms")
        expect("a URL of 40 KB", head("GET", MAPS + "?a=" + "x" * 40000), 414, b"URL is longer", True)
        expect("a URL of 4 MB", head("GET", MAPS + "?a=" + "x" * 4 * MIB), 414, b"URL is longer", True)
        expect("1,000 parameters", head("GET", MAPS + "?" + "a=b&" * 1000), 400, b"parameters", True)
        expect("1,000 header fields", head("GET", "/version", *["X: y"] * 1000), 431, b"more than 256 fields", True)
        expect("a header of 4 MB", head("GET", "/version", "X: " + "y" * 4 * MIB), 431, b"header is longer", True)
        expect("an endless trailer", head("POST", MAPS, "Transfer-Encoding: chunked") + b"0\r\n" + b"X: y\r\n" * 100000, 400, b"trailer", True)
        expect("an endless chunk extension", head("POST", MAPS, "Transfer-Encoding: chunked") + b"1;" + b"x" * 100000, 400, b"too long", True)
    once()
    hold(once)


def pipelining():
    """Endless requests in a row by clients that read no answers: the server stops reading them."""
    peers = [connect(4096) for _ in range(50)]
    burst = head("GET", MAPS + "?limit=500") * 200
    for peer in peers:
        peer.setblocking(False)
    sent = [0] * len(peers)

    def push():
        for i, peer in enumerate(peers):
            try:
                for _ in range(20):
                    sent[i] += peer.send(burst)
            except (ssl.SSLWantWriteError, ssl.SSLWantReadError, BlockingIOError):
                pass
            except (ConnectionError, ssl.SSLError, OSError):
                sent[i] = sent[i]

    for _ in range(20):
        push()
    hold(push)
    if max(sent) > 64 * MIB:
        fail(f"{max(sent)} bytes of requests were taken from one that reads no answer")


def smuggling():
    """Requests whose end, or whose lines, two readers could see in different places."""
    hidden = b"GET /hidden HTTP/1.1\r\nHost: x\r\n\r\n"
    def with_lines(*lines, body=b""):
        return head("POST", MAPS, *lines) + body
    chunks = b"0\r\n\r\n"
    cases = {
        "length and chunks": with_lines("Content-Length: 5", "Transfer-Encoding: chunked", body=chunks),
        "chunks and length": with_lines("Transfer-Encoding: chunked", "Content-Length: 5", body=chunks),
        "two lengths": with_lines("Content-Length: 5", "Content-Length: 6", body=b"12345"),
        "the same length twice": with_lines("Content-Length: 5", "Content-Length: 5", body=b"12345"),
        "a list of lengths": with_lines("Content-Length: 5, 5", body=b"12345"),
        "a signed length": with_lines("Content-Length: +5", body=b"12345"),
        "a negative length": with_lines("Content-Length: -5", body=b"12345"),
        "a length in hexadecimal": with_lines("Content-Length: 0x5", body=b"12345"),
        "identity": with_lines("Transfer-Encoding: identity", body=b""),
        "identity and length": with_lines("Transfer-Encoding: identity", "Content-Length: 5", body=b"12345"),
        "chunked, identity": with_lines("Transfer-Encoding: chunked, identity", body=chunks),
        "gzip, chunked": with_lines("Transfer-Encoding: gzip, chunked", body=chunks),
        "xchunked": with_lines("Transfer-Encoding: xchunked", body=chunks),
        "chunked twice": with_lines("Transfer-Encoding: chunked", "Transfer-Encoding: chunked", body=chunks),
        "a space before the colon": with_lines("Transfer-Encoding : chunked", body=chunks),
        "a folded line": with_lines("Transfer-Encoding:", " chunked", body=chunks),
        "a folded value": with_lines("X: a", " b", "Content-Length: 0"),
        "a bare line feed": head("POST", MAPS)[:-2] + b"X: y\nTransfer-Encoding: chunked\r\n\r\n" + chunks,
        "a carriage return alone": head("POST", MAPS)[:-2] + b"X: y\rTransfer-Encoding: chunked\r\n\r\n" + chunks,
        "a NUL": head("POST", MAPS)[:-2] + b"X: y\0z\r\n\r\n",
        "a bad chunk size": with_lines("Transfer-Encoding: chunked", body=b"zz\r\nabc\r\n" + chunks),
        "a chunk size too large": with_lines("Transfer-Encoding: chunked", body=b"ffffffffffffffffff\r\nabc\r\n"),
        "a chunk longer than it says": with_lines("Transfer-Encoding: chunked", body=b"1\r\nabc\r\n" + chunks),
        "a chunk size with a line feed": with_lines("Transfer-Encoding: chunked", body=b"1\na\r\n" + chunks),
        "two hosts": with_lines("Host: y", "Content-Length: 0"),
        "chunks in HTTP/1.0": with_lines("Transfer-Encoding: chunked", body=chunks).replace(b"HTTP/1.1", b"HTTP/1.0"),
        "HTTP/0.9": b"GET /version\r\n\r\n",
        "HTTP/2": b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
        "the authority form": b"CONNECT x:443 HTTP/1.1\r\nHost: x\r\n\r\n",
        "the asterisk form": b"OPTIONS * HTTP/1.1\r\nHost: x\r\n\r\n",
        "another scheme": b"GET ftp://x/version HTTP/1.1\r\nHost: x\r\n\r\n",
    }
    for what, request in cases.items():
        status, answer = ask(request + hidden, close=True)
        if status != 400:
            fail(f"{what}: answered {status} {answer[:300]!r}")
        if answer.count(b"HTTP/1.1 ") != 1:
            fail(f"{what}: what followed was answered too")
    hold()


def paths():
    """Paths that could be read as others, by one who may read one ConfigMap in namespace `open` only."""
    token = "mallory-token"
    status, answer = ask(head("GET", "/api/v1/namespaces/open/configmaps/mine", token=token))
    if status != 200:
        fail(f"mallory cannot read her own: {status} {answer[-200:]!r}")
    secret = "/api/v1/namespaces/closed/secrets/canary"
    mine = "/api/v1/namespaces/open/configmaps/mine"
    tricks = [
        secret, "/" + secret, secret + "/", secret.replace("/", "//"), secret.replace("/", "/./"),
        mine + "/../../../closed/secrets/canary", mine + "/..%2f..%2f..%2fclosed/secrets/canary",
        mine + "/%2e%2e/%2e%2e/%2e%2e/closed/secrets/canary", mine + "/%2E%2e%2f%2e%2E/..;/closed/secrets/canary",
        mine + "/%252e%252e/%252e%252e/%252e%252e/closed/secrets/canary",
        mine + "/%c0%ae%c0%ae/%c0%ae%c0%ae/%c0%ae%c0%ae/closed/secrets/canary",
        mine + "/..\\..\\..\\closed\\secrets\\canary", mine + "/..%5c..%5c..%5cclosed%5csecrets%5ccanary",
        "/api/v1/namespaces/open/configmaps/mine%00/../canary", secret + "%00", secret + "%20", secret + ";x=y", secret + "%3b",
        "/api/v1/namespaces/open/../closed/secrets/canary", "/api/v1/namespaces/open%2f..%2fclosed/secrets/canary",
        "/api/v1/namespaces/open%2fconfigmaps%2fmine/../closed/secrets/canary", "/api/v1/namespaces%2fclosed%2fsecrets%2fcanary",
        "/healthz/../api/v1/namespaces/closed/secrets/canary", "/healthz/..%2fapi/v1/namespaces/closed/secrets/canary",
        "/healthz/%2e%2e" + secret, "/healthz/" + secret, "/healthz;" + secret, "/healthz#" + secret, "/healthz?" + secret,
        "/livez" + secret, "/version/.." + secret, "/version/" + secret, "/api" + secret, "/api/v1/api/v1/namespaces/closed/secrets/canary",
        "/API/v1/namespaces/closed/secrets/canary", "/api/v1/Namespaces/closed/Secrets/canary", "/api/v1/watch/namespaces/closed/secrets/canary",
        "/api/v1/watch/namespaces/closed/secrets", "/api/v1/namespaces/closed/secrets?watch=1", "/api/v1/secrets", "/api/v1/namespaces/closed/secrets",
        "/api/v1/namespaces/closed/secrets?fieldSelector=metadata.name%3Dmine", "/api/v1/namespaces/closed/secrets?fieldSelector=metadata.name%3Dcanary",
        "/api/v1/namespaces/open/configmaps/mine/secrets/canary", "/api/v1/namespaces//secrets/canary", "/api/v1/namespaces/*/secrets/canary",
        "/apis//v1/namespaces/closed/secrets/canary", "/apis/%20/v1/namespaces/closed/secrets/canary", "/backup", "/debug/gantry", "//backup", "/./backup",
        "/%62ackup", "/metrics", "//metrics", "/metrics/", "/audit", "/healthz/../metrics", "/debug/../metrics",
        "http://x" + secret, "http://x/.." + secret, "https://open/" + secret, "http://x?" + secret,
    ]
    for trick in tricks:
        for method in ("GET", "HEAD", "POST", "DELETE"):
            request = head(method, trick, "Content-Length: 0", "Connection: close", token=token)
            status, answer = ask(request, close=True)
            # A health page or the version may be there for all.
            public = trick.startswith(("/healthz", "/livez", "/version")) and method in ("GET", "HEAD")
            if b"PLANTED" in answer or b"UExBTlRFR" in answer:
                fail(f"{method} {trick}: shows the secret")
            if 200 <= status < 300 and not public:
                fail(f"{method} {trick}: answered {status} {answer[-300:]!r}")
            if status == 0 or status >= 500:
                fail(f"{method} {trick}: answered {status} {answer[-300:]!r}")
    hold()


def watches():
    """500 watches that are not read, while objects are written: nothing piles up for them."""
    peers = []
    for _ in range(500):
        peer = connect(4096)
        peer.sendall(head("GET", MAPS + "?watch=1"))
        peers.append(peer)
    writer = connect()
    value = "v" * 40000
    for i in range(300):
        body = ('{"metadata":{"name":"flood-%d"},"data":{"v":"%s"}}' % (i, value)).encode()
        writer.sendall(post(MAPS, "application/json", body))
        answer = read_all(writer, b"\r\n\r\n")
        if b" 201 " not in answer:
            fail(f"write {i}: {answer[:200]!r}")
        left = int([line for line in answer.lower().split(b"\r\n") if line.startswith(b"content-length:")][0].split(b":")[1])
        left -= len(answer.split(b"\r\n\r\n", 1)[1])
        while left > 0:
            left -= len(writer.recv(65536))
    hold()
    writer.sendall(head("DELETE", MAPS, "Content-Length: 0", "Connection: close"))
    read_all(writer)


def lists():
    """300 clients that ask for long lists, compressed, and read nothing."""
    writer = connect()
    for i in range(100):
        body = ('{"metadata":{"name":"long-%d"},"data":{"v":"%s"}}' % (i, "v" * 40000)).encode()
        writer.sendall(post(MAPS, "application/json", body))
        answer = read_all(writer, b"\r\n\r\n")
        if b" 201 " not in answer:
            fail(f"write {i}: {answer[:200]!r}")
        left = int([line for line in answer.lower().split(b"\r\n") if line.startswith(b"content-length:")][0].split(b":")[1])
        left -= len(answer.split(b"\r\n\r\n", 1)[1])
        while left > 0:
            left -= len(writer.recv(65536))
    peers = []
    for i in range(300):
        peer = connect(4096)
        peer.sendall(head("GET", MAPS, *(["Accept-Encoding: gzip"] if i % 2 else [])))
        peers.append(peer)
    hold()
    writer.sendall(head("DELETE", MAPS, "Content-Length: 0", "Connection: close"))
    read_all(writer)


def main():
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    {f.__name__: f for f in (slowloris, big_bodies, silent, idle, bodies, heads, pipelining, smuggling, paths,
                             watches, lists)}[sys.argv[1]]()


main()
