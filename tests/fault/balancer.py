"""A small balancer: HTTP in front of several nodes, each client kept on the node it first met.

    with Balancer([a.server.url, b.server.url]) as front:
        front.url                      "http://127.0.0.1:<port>"
        front.met                      {name of the stickiness: index of the node}

A client that carries no cookie of ours is sent to the next node in turn and given one, as HAProxy's
`cookie insert` and its likes do. Host, client address and body go on as they came.
"""

import http.client
import http.server
import itertools
import threading
import urllib.parse
import uuid

COOKIE = "balancer"
HOP = {"connection", "keep-alive", "transfer-encoding", "te", "trailer", "upgrade", "proxy-connection"}


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass

    def node(self):
        """The index of the node, and the cookie to set where there was none."""
        for part in self.headers.get("Cookie", "").split(";"):
            name, _, value = part.strip().partition("=")
            if name == COOKIE and value in self.server.met:
                return self.server.met[value], None
        name = uuid.uuid4().hex
        self.server.met[name] = next(self.server.turn)
        return self.server.met[name], name

    def pass_on(self):
        at, fresh = self.node()
        target = urllib.parse.urlsplit(self.server.nodes[at])
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0)) or None
        fields = {k: v for k, v in self.headers.items() if k.lower() not in HOP}
        fields["X-Forwarded-For"] = self.client_address[0]
        line = http.client.HTTPConnection(target.hostname, target.port, timeout=180)
        line.request(self.command, self.path, body, fields)
        answer = line.getresponse()
        content = answer.read()
        self.send_response_only(answer.status, answer.reason)
        for k, v in answer.getheaders():
            if k.lower() not in HOP | {"content-length"}:
                self.send_header(k, v)
        if fresh:
            self.send_header("Set-Cookie", f"{COOKIE}={fresh}; Path=/; HttpOnly")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(content)
        line.close()

    do_GET = do_POST = do_PATCH = do_DELETE = do_HEAD = pass_on


class Balancer(http.server.ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, nodes):
        super().__init__(("127.0.0.1", 0), Handler)
        self.nodes, self.met, self.turn = nodes, {}, itertools.cycle(range(len(nodes)))
        self.url = f"http://127.0.0.1:{self.server_address[1]}"

    def __enter__(self):
        self.thread = threading.Thread(target=self.serve_forever, daemon=True)
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.shutdown()
        self.server_close()
        self.thread.join(10)
