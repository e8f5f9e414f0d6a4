#!/usr/bin/python3
"""The HTTP edge beside nginx, on this machine, at this moment.

    tests/bench/bench_http.py [--pairs 5] [--seconds 2] [--connections 16]

Both servers answer the same bytes over loopback, turn by turn (beside.py says how they are judged).
Exit status 1 when a ratio is below its floor, or start-up or idle memory above its ceiling.
LARDER_BIN names the program (default build/larder).
"""

import argparse
import pathlib
import re
import secrets
import statistics
import sys
import tempfile

import beside
from beside import Drive, Larder, Nginx, ceiling, compare, fetch, head

AIM = 0.95
FIRST_ANSWER_MS, FIRST_ANSWER_AIM_MS = 100, 30  # of a data folder that exists already
IDLE_MIB, IDLE_AIM_MIB = 32, 20


def run_pairs(folder, data, password, options):
    larder = Larder(data, password)
    try:
        token = larder.token(password)
        bearer = "Authorization: Bearer " + token
        page = fetch(larder.url + "/")[0].decode()
        asset = max(re.findall(r'"(/a/[^"]+\.css)"', page), key=lambda path: len(fetch(larder.url + path)[0]))
        content, fields = fetch(larder.url + asset)
        me = fetch(larder.url + "/api/me", token=token)[0]
        files = {"health.json": fetch(larder.url + "/health")[0], "asset.css": content, "me.json": me}
        nginx = Nginx(folder / "nginx", files)
        try:
            tag = fetch(nginx.url + "/asset.css")[1]["ETag"]
            rows = [
                ("JSON from memory", 0.65, ("/health.json", []), ("/health", []), 200),
                ("embedded asset", 0.70, ("/asset.css", []), (asset, []), 200),
                ("304", 0.60, ("/asset.css", ["If-None-Match: " + tag]),
                 (asset, ["If-None-Match: " + fields["ETag"]]), 304),
                ("/api/me with a session", 0.30, ("/me.json", [bearer]), ("/api/me", [bearer]), 200),
            ]
            head(f"beside nginx, {options.connections} connections")
            return [
                compare(name, floor, AIM, Drive(nginx, *theirs, status), Drive(larder, *ours, status), options,
                        options.connections)
                for name, floor, theirs, ours, status in rows
            ]
        finally:
            nginx.stop()
    finally:
        larder.stop()


def run_starts(data, options):
    first, memory = [], []
    for _ in range(max(options.pairs, 3)):
        larder = Larder(data)
        first.append(larder.first_answer_ms)
        memory.append(larder.memory_mib())
        larder.stop()
    head("starts")
    return [
        ceiling("exec to first 200", statistics.median(first), FIRST_ANSWER_MS, FIRST_ANSWER_AIM_MS, "ms"),
        ceiling("idle memory", statistics.median(memory), IDLE_MIB, IDLE_AIM_MIB, "MiB"),
    ]


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--pairs", type=int, default=5)
    parser.add_argument("--seconds", type=int, default=2)
    parser.add_argument("--connections", type=int, default=16)
    options = parser.parse_args()
    beside.need("nginx", "wrk")
    with tempfile.TemporaryDirectory(prefix="larder-bench-") as name:
        folder = pathlib.Path(name)
        password = secrets.token_urlsafe(18)
        good = run_pairs(folder, folder / "data", password, options)
        good += run_starts(folder / "data", options)
    sys.exit(0 if all(good) else 1)


if __name__ == "__main__":
    main()
