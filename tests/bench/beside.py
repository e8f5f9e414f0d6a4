"""Two servers beside each other: larder, nginx, and wrk that drives them turn by turn.

Absolute numbers say more about the neighbours of this machine than about the program, so what is
judged is the median of the ratios of neighbouring runs. Every figure is one line:

    name ratio floor aim PASS|FAIL   (and behind it, for the reader, spread, rates and CPU)
"""

import contextlib
import json
import os
import pathlib
import re
import shutil
import signal
import socket
import statistics
import subprocess
import sys
import time
import urllib.parse
import urllib.request

ROOT = pathlib.Path(__file__).resolve().parents[2]
BINARY = pathlib.Path(os.environ.get("LARDER_BIN", ROOT / "build" / "larder"))
WAIT_SECONDS = 120

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
    types {{ application/json json; application/zip zip; text/css css; }}
    client_body_temp_path {folder}/t1; proxy_temp_path {folder}/t2; fastcgi_temp_path {folder}/t3;
    uwsgi_temp_path {folder}/t4; scgi_temp_path {folder}/t5;
    server {{ listen 127.0.0.1:{port}; root {folder}/www; }}
}}
"""

# Requests are made once and sent round and round; the server never sees the same path twice in a
# row, and, with enough paths, never one that it still remembers.
LUA = """
local requests, at = {}, 0
function init(args)
    for path in io.lines(args[1]) do requests[#requests + 1] = wrk.format("GET", path) end
    at = tonumber(args[2]) % #requests
end
function request()
    at = at % #requests + 1
    return requests[at]
end
"""

OPENER = urllib.request.build_opener(urllib.request.ProxyHandler({}))


def environment(**extra):
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("LARDER_", "CADENCE_"))}
    return {k: v for k, v in kept.items() if not k.lower().endswith("_proxy")} | extra


def fetch(url, data=None, token=None, **fields):
    """Content and fields of a good answer."""
    headers = {k.replace("_", "-"): v for k, v in fields.items()}
    if token:
        headers["Authorization"] = "Bearer " + token
    request = urllib.request.Request(url, data=data, headers=headers)
    with OPENER.open(request, timeout=60) as answer:
        return answer.read(), answer.headers


def free_port():
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        return sock.getsockname()[1]


class Larder:
    """One server. It answers /livez as soon as it listens, and everything else once it is ready."""

    def __init__(self, data, password=None):
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        begun = time.monotonic()
        self.process = subprocess.Popen(
            [BINARY, "serve", "--data", data, "--listen", f"127.0.0.1:{self.port}"],
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env=environment(**({"LARDER_ADMIN_PASSWORD": password} if password else {})),
            text=True,
        )
        self.pids = [self.process.pid]
        self.first_answer_ms = self.wait_for("/livez", begun, 0.0005)
        # not as often: each question wakes another worker, whose memory would count as idle
        self.ready_ms = self.wait_for("/readyz", begun, 0.02)

    def wait_for(self, path, begun, pause):
        """Milliseconds since begun."""
        while True:
            with contextlib.suppress(OSError):
                fetch(self.url + path)
                return (time.monotonic() - begun) * 1000
            if time.monotonic() > begun + WAIT_SECONDS or self.process.poll() is not None:
                sys.exit(f"the program does not answer {path}")
            time.sleep(pause)

    def token(self, password):
        form = {"grant_type": "password", "username": "admin", "password": password}
        body = urllib.parse.urlencode(form).encode()
        return json.loads(fetch(self.url + "/oauth2/token", body)[0])["access_token"]

    def memory_mib(self):
        text = pathlib.Path(f"/proc/{self.process.pid}/status").read_text()
        return int(re.search(r"VmRSS:\s+(\d+) kB", text)[1]) / 1024

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        self.process.wait(60)
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
        port = free_port()
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
        # the master listens before it makes its workers, whose CPU is what counts
        children = pathlib.Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children")
        while len(workers := children.read_text().split()) < 2 and time.monotonic() < deadline:
            time.sleep(0.01)
        self.pids = [self.process.pid, *map(int, workers)]

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        self.process.wait(30)


def cpu_seconds(pids):
    total = 0
    for pid in pids:
        with contextlib.suppress(FileNotFoundError):
            fields = pathlib.Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
            total += int(fields[11]) + int(fields[12])
    return total / os.sysconf("SC_CLK_TCK")


class Drive:
    """What wrk asks one server for: one path, or the paths of a file in turn."""

    def __init__(self, server, paths, headers=(), status=200, folder=None):
        self.server, self.status, self.runs = server, status, 0
        self.headers = [part for header in headers for part in ("-H", header)]
        self.path = paths if isinstance(paths, str) else None
        if self.path is None:
            self.file = folder / f"paths-{id(self):x}"
            self.file.write_text("\n".join(paths) + "\n")
            self.script = folder / "round.lua"
            self.script.write_text(LUA)

    def run(self, seconds, connections):
        """Requests a second, and microseconds of the server's CPU for each."""
        command = ["wrk", "-t1", f"-c{connections}", f"-d{seconds}s", *self.headers]
        if self.path is not None:
            command.append(self.server.url + self.path)
        else:
            self.runs += 1
            command += ["-s", self.script, self.server.url, "--", self.file, str(self.runs * 7919)]
        before = cpu_seconds(self.server.pids)
        text = subprocess.run(command, capture_output=True, text=True, check=True).stdout
        spent = cpu_seconds(self.server.pids) - before
        count = int(re.search(r"(\d+) requests in", text)[1])
        if count == 0 or (self.status < 400 and "Non-2xx" in text):
            sys.exit(f"{self.server.url}: not every answer was {self.status}\n{text}")
        return float(re.search(r"Requests/sec:\s+([\d.]+)", text)[1]), spent / count * 1e6


def say(name, value, floor, aim, good, rest=""):
    print(f"{name:34} {value:7.2f} {floor:7.2f} {aim:7.2f} {'PASS' if good else 'FAIL'}   {rest}", flush=True)
    return good


def head(title):
    print(f"\n{title:34} {'ratio':>7} {'floor':>7} {'aim':>7}", flush=True)


def judge(name, pairs, floor, aim, words="theirs / ours per s"):
    """pairs of (theirs, ours), each a rate and CPU; larger is better."""
    ratios = [ours[0] / theirs[0] for theirs, ours in pairs]
    rates = [statistics.median(pair[i][0] for pair in pairs) for i in (0, 1)]
    cpu = [statistics.median(pair[i][1] for pair in pairs) for i in (0, 1)]
    rest = f"[{min(ratios):.2f}..{max(ratios):.2f}] {rates[0]:.0f} / {rates[1]:.0f} {words}"
    if any(cpu):
        rest += f", {cpu[0]:.1f} / {cpu[1]:.1f} us CPU"
    ratio = statistics.median(ratios)
    return say(name, ratio, floor, aim, ratio >= floor, rest)


def compare(name, floor, aim, theirs, ours, options, connections):
    pairs = []
    for _ in range(options.pairs):
        pairs.append((theirs.run(options.seconds, connections), ours.run(options.seconds, connections)))
    return judge(name, pairs, floor, aim)


def ceiling(name, value, limit, aim, unit):
    return say(name, value, limit, aim, value <= limit, f"{unit}; less is better")


def need(*tools):
    for tool in tools:
        if shutil.which(tool) is None:
            sys.exit(f"{tool} is not installed")
