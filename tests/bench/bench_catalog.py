#!/usr/bin/python3
"""The catalog beside nginx and beside a bare durable write, and against itself as it grows.

    tests/bench/bench_catalog.py [--pairs 5] [--seconds 2] [--only lists,growth,uploads,downloads,starts] [--largest 1000000]

One line per figure: name ratio floor aim PASS|FAIL. Medians of neighbouring pairs, larger is better
unless the line says otherwise. Exit status 1 when a floor is missed. LARDER_BIN names the program.
"""

import sys


import argparse
import contextlib
import io
import pathlib
import random
import re
import secrets
import shutil
import statistics
import subprocess
import tempfile
import zipfile

import beside
import fill
from beside import Drive, Larder, Nginx, ceiling, compare, fetch, head, judge, say

SIZES = {1_000: "1 thousand", 100_000: "100 thousand", 1_000_000: "1 million"}
PAGES = 20_000  # places to ask for in turn: more than the server remembers answers of
HEADS = [fill.cursor(f"s.1.a{i}") for i in range(PAGES)]  # all of them stand before the first pid
# What is asked, how much more it may cost, and from which size on: the few pages of the smallest
# catalog are all remembered, which is no measure of reading one.
GROWTH = (("head page", 1.3, 0), ("random page", 2.0, 1), ("get by id", 2.0, 0))
PACKAGE = 100_000
ALIKE = 40  # a run of uploads and one of bare writes: so many per client, and at least 200
MIB = 1 << 20

PLUGIN = '''from cadence_sdk import BasePlugin, BaseSpecializedAgent, PluginMetadata, uvtool


class Agent(BaseSpecializedAgent):
    def get_tools(self):
        @uvtool
        def search(query: str) -> str:
            """Search for something."""
            return query

        return [search]


class Search(BasePlugin):
    @staticmethod
    def get_metadata() -> PluginMetadata:
        return PluginMetadata(
            pid="com.acme.search{number}",
            name="Search {number}",
            version="1.0.0",
            description="Searches things",
            capabilities=["search", "find: Finds what was lost"],
            dependencies=["cadence_sdk>=2.0.0,<3.0.0", "httpx>=0.27.0"],
            stateless=True,
        )

    @staticmethod
    def create_agent():
        return Agent()
'''


def package(number, size):
    """A plugin of so many bytes: source, a README, and data that does not shrink."""
    chance = random.Random(number)
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as z:
        z.writestr("__init__.py", "from .plugin import Search\n")
        z.writestr("plugin.py", PLUGIN.format(number=number))
        z.writestr("README.md", "# Search\n\nFinds what was lost.\n" * 20)
        z.writestr("model.bin", chance.randbytes(max(size - out.tell() - 700, 0)))
    return out.getvalue()


class Place:
    """A data folder with an administrator who is signed in, and any number of rows."""

    def __init__(self, folder, rows=0):
        self.data = folder
        self.password = secrets.token_urlsafe(18)
        server = Larder(folder, self.password)
        server.stop()
        self.org = fill.fill(folder, rows)[0] if rows else None
        server = Larder(folder)
        self.token = server.token(self.password)
        server.stop()

    @property
    def bearer(self):
        return "Authorization: Bearer " + self.token


# ---------------------------------------------------------------- lists


def run_lists(place, folder, options):
    head("lists beside nginx")
    larder = Larder(place.data)
    lists = f"/api/orgs/{place.org}/plugins?limit=50"
    body, fields = fetch(larder.url + lists, token=place.token)
    nginx = Nginx(folder / "nginx", {"list.json": body})
    print(f"50 rows are {len(body)} bytes")
    try:
        etag = fetch(nginx.url + "/list.json")[1]["ETag"]
        auth = [place.bearer]
        # another text before the first pid each time: the same rows, and nothing that is remembered
        pages = [f"{lists}&cursor={cursor}" for cursor in HEADS]
        plain = [f"/list.json?cursor={i}" for i in range(PAGES)]
        cached = Drive(nginx, "/list.json", auth), Drive(larder, lists, auth)
        unseen = Drive(nginx, plain, auth, folder=folder), Drive(larder, pages, auth, folder=folder)
        same = (Drive(nginx, "/list.json", [*auth, "If-None-Match: " + etag], 304),
                Drive(larder, lists, [*auth, "If-None-Match: " + fields["ETag"]], 304))
        good = [
            compare("cached list, 16 connections", 0.65, 0.95, *cached, options, 16),
            compare("cached list, 64 connections", 0.65, 0.95, *cached, options, 64),
            compare("uncached list, 16 connections", 0.30, 0.50, *unseen, options, 16),
            compare("uncached list, 64 connections", 0.30, 0.50, *unseen, options, 64),
            compare("304, 16 connections", 0.60, 0.95, *same, options, 16),
            compare("304, 64 connections", 0.60, 0.95, *same, options, 64),
        ]
    finally:
        nginx.stop()
        larder.stop()
    return good


# ---------------------------------------------------------------- growth


def drives(place, folder):
    """Head pages that the server cannot remember, random pages, random rows."""
    larder = Larder(place.data)
    lists = f"/api/orgs/{place.org}/plugins"
    places = fill.sample(place.data, place.org, PAGES)
    paths = {
        "head page": [f"{lists}?limit=50&cursor={cursor}" for cursor in HEADS],
        "random page": [f"{lists}?limit=50&cursor={cursor}" for _, cursor in places],
        "get by id": [f"{lists}/{row}" for row, _ in places],
    }
    return larder, {name: Drive(larder, those, [place.bearer], folder=folder) for name, those in paths.items()}


def grow(name, small, large, floor, small_rows, large_rows, options):
    """By the server's CPU for a request: next to it a rate says more about who else was at work."""
    pairs = []
    for _ in range(options.pairs):
        pairs.append((large.run(options.seconds, 16), small.run(options.seconds, 16)))
    ratio = statistics.median(more[1] / max(less[1], 1e-9) for more, less in pairs)
    rate = statistics.median(less[0] / more[0] for more, less in pairs)
    cpu = [statistics.median(pair[i][1] for pair in pairs) for i in (1, 0)]
    title = f"{name}, {SIZES[large_rows]} / {SIZES[small_rows]}"
    rest = f"times the CPU: {cpu[0]:.1f} / {cpu[1]:.1f} us; {rate:.2f} times the time"
    return say(title, ratio, floor, 1.2, ratio <= floor, rest)


def run_growth(places, folder, options):
    head("growth (less is better)")
    servers = {rows: drives(place, folder) for rows, place in places.items()}
    sizes = sorted(servers)
    good = []
    try:
        for name, floor, first in GROWTH:
            for rows in sizes[first + 1:]:
                small, large = servers[sizes[first]][1][name], servers[rows][1][name]
                good.append(grow(name, small, large, floor, sizes[first], rows, options))
    finally:
        for larder, _ in servers.values():
            larder.stop()
    return good


# ---------------------------------------------------------------- uploads


def compile_tools(folder):
    deps = beside.ROOT / "build" / "deps"
    for name, more in (("upload_load", []), ("bare_write", [deps / "lib" / "libsqlite3.a", "-lm", "-ldl"])):
        source = pathlib.Path(__file__).with_name(name + ".c")
        subprocess.run(["cc", "-std=gnu11", "-O2", "-Wall", "-Wextra", "-I", deps / "include", "-o", folder / name, source,
                        *more, "-lpthread"], check=True)


def seconds_of(command):
    done = subprocess.run([str(part) for part in command], capture_output=True, text=True, check=False)
    if done.returncode:
        sys.exit(f"{command[0]}: {done.stderr}")
    return float(done.stdout)


# What a run wrote stays until the end: for minutes ext4 steps around the places of what was deleted,
# and whoever makes more files would pay for what the run before has removed. For the same reason both
# sides write to a file system made for them, where nobody else has removed anything; without root they
# share the machine's, and the head of the list says so.


@contextlib.contextmanager
def quiet_ground(folder):
    image, place = folder / "ground.img", folder / "ground"
    place.mkdir()
    with open(image, "wb") as file:
        file.truncate(6 << 30)
    made = subprocess.run(["mkfs.ext4", "-q", "-F", image], check=False).returncode == 0
    mounted = made and subprocess.run(["mount", "-o", "loop", image, place], check=False).returncode == 0
    try:
        yield place, mounted
    finally:
        if mounted:
            subprocess.run(["umount", place], check=True)
        image.unlink()


def bare(folder, clients, count):
    place = pathlib.Path(tempfile.mkdtemp(prefix="bare-", dir=folder))
    return count / seconds_of([folder / "bare_write", place, clients, count, PACKAGE]), 0


def uploads(place, folder, clients, count):
    data = pathlib.Path(tempfile.mkdtemp(prefix="uploads-", dir=folder)) / "data"
    shutil.copytree(place.data, data)
    larder = Larder(data)
    before = beside.cpu_seconds(larder.pids)
    took = seconds_of([folder / "upload_load", larder.port, clients, count, folder / "packages",
                       "/api/admin/plugins/upload", place.token])
    spent = beside.cpu_seconds(larder.pids) - before
    larder.stop()
    return count / took, spent / count * 1e6


def run_uploads(place, folder, options):
    with quiet_ground(folder) as (ground, own):
        head("durable uploads of 100 kB" + ("" if own else ", on a file system shared with others"))
        return judge_uploads(place, ground, options)


def judge_uploads(place, folder, options):
    compile_tools(folder)
    (folder / "packages").mkdir()
    counts = {clients: max(200, ALIKE * clients) for clients in (1, 4, 16)}
    for i in range(max(counts.values())):
        (folder / "packages" / f"{i}.zip").write_bytes(package(i, PACKAGE))
    good = []
    for clients, count in counts.items():
        pairs = [(bare(folder, clients, count), uploads(place, folder, clients, count)) for _ in range(options.pairs)]
        good.append(judge(f"upload, {clients} client{'s' * (clients > 1)}", pairs, 0.65, 0.90, "bare / uploads per s"))
    return good


# ---------------------------------------------------------------- downloads


def run_downloads(place, folder, options):
    head("downloads")
    data = folder / "downloads"
    shutil.copytree(place.data, data)
    larder = Larder(data)
    content = package(0, MIB)
    answer = fetch(larder.url + "/api/admin/plugins/upload", content, place.token, Content_Type="application/zip",
                   X_Filename="p.zip")[0]
    row = re.search(rb'"id":"([^"]+)"', answer)[1].decode()
    path = f"/api/admin/plugins/{row}/download"
    if fetch(larder.url + path, token=place.token)[0] != content:
        sys.exit("the download is not what was uploaded")
    nginx = Nginx(folder / "nginx-zip", {"p.zip": content})
    try:
        theirs, ours = Drive(nginx, "/p.zip", [place.bearer]), Drive(larder, path, [place.bearer])
        good = [compare(f"1 MB, {n} connections", 0.90, 0.95, theirs, ours, options, n) for n in (4, 16)]
    finally:
        nginx.stop()
        larder.stop()
    return good


# ---------------------------------------------------------------- start-up and memory


def run_starts(places, options):
    head("start-up and memory (less)")
    good = []
    for rows, place in sorted(places.items()):
        first, ready, memory = [], [], []
        for _ in range(options.pairs):
            larder = Larder(place.data)
            first.append(larder.first_answer_ms)
            ready.append(larder.ready_ms)
            memory.append(larder.memory_mib())
            larder.stop()
        title = SIZES.get(rows, f"{rows}") + " rows"
        good.append(ceiling(f"first answer, {title}", statistics.median(first), 100, 30, "ms from exec to /livez"))
        good.append(ceiling(f"idle memory, {title}", statistics.median(memory), 32, 20, "MiB"))
        print(f"{'ready, ' + title:34} {statistics.median(ready):7.0f} ms from exec to /readyz")
    return good


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--pairs", type=int, default=5)
    parser.add_argument("--seconds", type=int, default=1)
    parser.add_argument("--only", default="lists,growth,uploads,downloads,starts")
    parser.add_argument("--largest", type=int, default=1_000_000)
    options = parser.parse_args()
    beside.need("nginx", "wrk", "cc")
    only, good = options.only.split(","), []
    with tempfile.TemporaryDirectory(prefix="larder-bench-") as name:
        folder = pathlib.Path(name)
        empty = Place(folder / "empty")
        sizes = [rows for rows in SIZES if rows <= options.largest]
        filled = {rows: Place(folder / f"rows-{rows}", rows) for rows in sizes if {"lists", "growth", "starts"} & set(only)}
        if "lists" in only:
            good += run_lists(filled[sizes[min(1, len(sizes) - 1)]], folder, options)
        if "growth" in only:
            good += run_growth(filled, folder, options)
        if "downloads" in only:
            good += run_downloads(empty, folder, options)
        if "uploads" in only:
            good += run_uploads(empty, folder, options)
        if "starts" in only:
            good += run_starts(filled, options)
    print(f"\n{sum(good)} of {len(good)} at or above their floor")
    sys.exit(0 if all(good) else 1)


if __name__ == "__main__":
    main()
