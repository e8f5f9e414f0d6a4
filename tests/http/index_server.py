"""A package index on loopback: the simple pages of PEP 503 over a folder of wheels.

Its gate decides when a wheel is handed out, so that a test can stand in the middle of an installation
for as long as it likes. With `secret` it wants that user and password.
"""

import base64
import http.server
import pathlib
import re
import threading


class Index:
    def __init__(self, folder, secret=None):
        self.folder = pathlib.Path(folder)
        self.secret = secret
        self.open = threading.Event()
        self.open.set()
        self.asked = threading.Event()  # somebody wants a wheel
        self.wheels_given = 0
        index = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def log_message(self, *args):
                pass

            def do_GET(self):
                index.answer(self)

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.port = self.server.server_address[1]
        login = f"{secret}@" if secret else ""
        self.url = f"http://{login}127.0.0.1:{self.port}/simple/"
        self.thread = threading.Thread(target=self.server.serve_forever, daemon=True)
        self.thread.start()

    def allowed(self, request):
        if self.secret is None:
            return True
        want = "Basic " + base64.b64encode(self.secret.encode()).decode()
        return request.headers.get("Authorization") == want

    def answer(self, request):
        if not self.allowed(request):
            request.send_response(401)
            request.send_header("WWW-Authenticate", 'Basic realm="index"')
            request.send_header("Content-Length", "0")
            request.end_headers()
            return
        page = re.fullmatch(r"/simple/([a-z0-9-]+)/", request.path)
        wheel = re.fullmatch(r"/wheels/([A-Za-z0-9_.-]+\.whl)", request.path)
        body, kind = None, "text/html"
        if page:
            names = [p.name for p in self.folder.glob("*.whl") if p.name.split("-")[0].lower() == page[1].replace("-", "_")]
            body = "".join(f'<a href="/wheels/{n}">{n}</a>\n' for n in names).encode() if names else None
        elif wheel and (self.folder / wheel[1]).exists():
            self.asked.set()
            self.open.wait(120)
            self.wheels_given += 1
            body, kind = (self.folder / wheel[1]).read_bytes(), "application/octet-stream"
        try:
            request.send_response(200 if body is not None else 404)
            request.send_header("Content-Type", kind)
            request.send_header("Content-Length", str(len(body or b"")))
            request.end_headers()
            request.wfile.write(body or b"")
        except OSError:
            pass  # whoever asked has been ended meanwhile

    def close(self):
        self.open.set()
        self.server.shutdown()
        self.server.server_close()
        self.thread.join()
