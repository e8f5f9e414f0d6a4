#!/usr/bin/python3
"""The HTTP edge beside nginx, on this machine, at this moment.

    tests/bench/bench_http.py [--pairs 5] [--seconds 2] [--connections 16]

Both servers answer the same bytes over loopback, turn by turn, driven by one thread of wrk; what is
compared is the median of the ratios of neighbouring runs, since absolute numbers say more about the
neighbours of this machine than about the program. Exit status 1 when a ratio is below its floor, or
start-up or idle memory above its ceiling. LARDER_BIN names the program (default build/larder).
"""

import sys

sys.path.pop(0)  # this folder, where this very file would be found as Python's own http

import argparse
import contextlib
import os
import pathlib
import re
import secrets
import shutil
import signal
import socket
import statistics
import subprocess
import tempfile
import time
import urllib.parse
import urllib.request

ROOT = pathlib.Path(__file__).resolve().parents[2]
BINARY = pathlib.Path(os.environ.get("LARDER_BIN", ROOT / "build" / "larder"))
AIM = 0.95
FIRST_ANSWER_MS = 100  # of a data folder that exists already
IDLE_MIB = 32

NGINX = """
worker_processes 2;
error_log {folder}/error.log;
pid {folder}/nginx.pid;
events {{ worker_connections 1024; }}
http {{
    access_log off;
    sendfile on;
    tcp_nodelay on;
    keepalive_requests 1000000000;
    open_file_cache max=100;
    open_file_cache_valid 600s;
    types {{ application/json json; text/css css; }}
    client_body_temp_path {folder}/t1; proxy_temp_path {folder}/t2; fastcgi_temp_path {folder}/t3;
    uwsgi_temp_path {folder}/t4; scgi_temp_path {folder}/t5;
    server {{ listen 127.0.0.1:{port}; root {folder}/www; }}
}}
"""


def environment():
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("LARDER_", "CADENCE_"))}
    return {k: v for k, v in kept.items() if not k.lower().endswith("_proxy")}


class Larder:
    def __init__(self, data, password=None):
        env = environment()
        if password:
            env["LARDER_ADMIN_PASSWORD"] = password
        self.begun = time.monotonic()
        self.process = subprocess.Popen(
            [BINARY, "serve", "--data", data, "--listen", "127.0.0.1:0"],
            stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, env=env, text=True,
        )
        line = self.process.stdout.readline()
        match = re.search(r"listening on (http://\S+)", line)
        if not match:
            sys.exit(f"the program did not start: {line!r}")
        self.url, self.pids = match[1], [self.process.pid]
        fetch(self.url + "/livez")
        self.first_answer_ms = (time.monotonic() - self.begun) * 1000

    def memory_mib(self):
        text = pathlib.Path(f"/proc/{self.process.pid}/status").read_text()
        return int(re.search(r"VmRSS:\s+(\d+) kB", text)[1]) / 1024

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        self.process.wait(30)
        self.process.stdout.close()


class Nginx:
    def __init__(self, folder, files):
        self.folder = pathlib.Path(folder)
        (self.folder / "www").mkdir(parents=True)
        # started by root, its workers are somebody else, who must be able to read
        for path in (self.folder.parent, self.folder, self.folder / "www"):
            path.chmod(0o755)
        for name, data in files.items():
            (self.folder / "www" / name).write_bytes(data)
        with socket.socket() as sock:
            sock.bind(("127.0.0.1", 0))
            port = sock.getsockname()[1]
        config = self.folder / "nginx.conf"
        config.write_text(NGINX.format(folder=self.folder, port=port))
        self.process = subprocess.Popen(
            ["nginx", "-c", config, "-g", "daemon off;"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        self.url = f"http://127.0.0.1:{port}"
        deadline = time.monotonic() + 10
        while True:
            with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
                break
            if time.monotonic() > deadline or self.process.poll() is not None:
                sys.exit(f"nginx did not start: {(self.folder / 'error.log').read_text()}")

    @property
    def pids(self):
        """The master and its workers, which it starts after it listens."""
        children = pathlib.Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children")
        return [self.process.pid, *map(int, children.read_text().split())]

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        self.process.wait(30)


OPENER = urllib.request.build_opener(urllib.request.ProxyHandler({}))


def fetch(url, data=None, **headers):
    """Content and fields."""
    request = urllib.request.Request(url, data=data, headers={k.replace("_", "-"): v for k, v in headers.items()})
    with OPENER.open(request, timeout=30) as answer:
        return answer.read(), answer.headers


def cpu_seconds(pids):
    total = 0
    for pid in pids:
        with contextlib.suppress(FileNotFoundError):
            fields = pathlib.Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
            total += int(fields[11]) + int(fields[12])
    return total / os.sysconf("SC_CLK_TCK")


def drive(server, path, headers, options, status):
    """Requests a second, and microseconds of the server's CPU for each."""
    command = ["wrk", "-t1", f"-c{options.connections}", f"-d{options.seconds}s"]
    for header in headers:
        command += ["-H", header]
    before = cpu_seconds(server.pids)
    text = subprocess.run([*command, server.url + path], capture_output=True, text=True, check=True).stdout
    spent = cpu_seconds(server.pids) - before
    count = int(re.search(r"(\d+) requests in", text)[1])
    if status < 400 and "Non-2xx" in text:
        sys.exit(f"{server.url}{path}: not every answer was {status}\n{text}")
    return float(re.search(r"Requests/sec:\s+([\d.]+)", text)[1]), spent / max(count, 1) * 1e6


def compare(name, floor, nginx, larder, ours, theirs, options, status=200):
    pairs = []
    for _ in range(options.pairs):
        pairs.append((drive(nginx, *theirs, options, status), drive(larder, *ours, options, status)))
    ratios = [mine[0] / other[0] for other, mine in pairs]
    ratio = statistics.median(ratios)
    cpu = [statistics.median(pair[i][1] for pair in pairs) for i in (0, 1)]
    rates = [statistics.median(pair[i][0] for pair in pairs) for i in (0, 1)]
    verdict = "ok" if ratio >= floor else "BELOW THE FLOOR"
    print(f"{name:28} {ratio:5.2f} [{min(ratios):.2f}-{max(ratios):.2f}]  floor {floor:.2f}  aim {AIM:.2f}  "
          f"{rates[0]:8.0f} / {rates[1]:8.0f} per s  {cpu[0]:5.1f} / {cpu[1]:5.1f} us CPU  {verdict}", flush=True)
    return ratio >= floor


def ceiling(name, value, limit, unit):
    verdict = "ok" if value <= limit else "ABOVE THE CEILING"
    print(f"{name:28} {value:5.1f} {unit}  ceiling {limit} {unit}  {verdict}", flush=True)
    return value <= limit


def run_pairs(folder, data, password, options):
    larder = Larder(data, password)
    try:
        body = urllib.parse.urlencode({"grant_type": "password", "username": "admin", "password": password}).encode()
        token = re.search(rb'"access_token":"([^"]+)"', fetch(larder.url + "/oauth2/token", body)[0])[1].decode()
        bearer = "Authorization: Bearer " + token
        page = fetch(larder.url + "/")[0].decode()
        asset = max(re.findall(r'"(/a/[^"]+\.css)"', page), key=lambda path: len(fetch(larder.url + path)[0]))
        content, fields = fetch(larder.url + asset)
        me = fetch(larder.url + "/api/me", Authorization="Bearer " + token)[0]
        files = {"health.json": fetch(larder.url + "/health")[0], "asset.css": content, "me.json": me}
        nginx = Nginx(folder / "nginx", files)
        try:
            tag = fetch(nginx.url + "/asset.css")[1]["ETag"]
            good = [
                compare("JSON from memory", 0.65, nginx, larder, ("/health", []), ("/health.json", []), options),
                compare("embedded asset", 0.70, nginx, larder, (asset, []), ("/asset.css", []), options),
                compare("304", 0.60, nginx, larder, (asset, ["If-None-Match: " + fields["ETag"]]),
                        ("/asset.css", ["If-None-Match: " + tag]), options, 304),
                compare("/api/me with a session", 0.30, nginx, larder, ("/api/me", [bearer]), ("/me.json", [bearer]), options),
            ]
        finally:
            nginx.stop()
    finally:
        larder.stop()
    return all(good)


def run_starts(data, options):
    first, memory = [], []
    for _ in range(max(options.pairs, 3)):
        larder = Larder(data)
        first.append(larder.first_answer_ms)
        memory.append(larder.memory_mib())
        larder.stop()
    return ceiling("exec to first 200", statistics.median(first), FIRST_ANSWER_MS, "ms") & ceiling(
        "idle memory", statistics.median(memory), IDLE_MIB, "MiB")


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--pairs", type=int, default=5)
    parser.add_argument("--seconds", type=int, default=2)
    parser.add_argument("--connections", type=int, default=16)
    options = parser.parse_args()
    for tool in ("nginx", "wrk"):
        if shutil.which(tool) is None:
            sys.exit(f"{tool} is not installed: apt-get install {tool}")
    with tempfile.TemporaryDirectory(prefix="larder-bench-") as name:
        folder = pathlib.Path(name)
        password = secrets.token_urlsafe(18)
        good = run_pairs(folder, folder / "data", password, options)
        good &= run_starts(folder / "data", options)
    sys.exit(0 if good else 1)


if __name__ == "__main__":
    main()
