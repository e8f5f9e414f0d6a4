"""Many large uploads at once, hostile archives by the thousand, and what the process touches."""

import concurrent.futures
import io
import multiprocessing
import os
import random
import re
import shutil
import subprocess
import time
import zipfile

import pytest

from http_conftest import Client
from packages import package

MAX = 5242880
# A reader that stood behind the uploads would wait as long as they take, or a good part of that. The
# promised figure is asked of a machine that does nothing else.
P99_SECONDS = 0.1 if os.environ.get("LARDER_TEST_ALL") else 1
PATIENCE = 300


def org_of(client):
    return client.post("/api/admin/orgs", json={"name": "Acme", "domain": "acme.com"}).json()["org_id"]


def memory_kib(pid, field):
    with open(f"/proc/{pid}/status") as f:
        return int(re.search(rf"^{field}:\s+(\d+)", f.read(), re.M)[1])


def large(i):
    """Close to the limit, and not compressible: the worst that is allowed."""
    out = io.BytesIO(package(f"com.acme.large{i}"))
    with zipfile.ZipFile(out, "a", zipfile.ZIP_STORED) as z:
        info = zipfile.ZipInfo("pad.bin", (2026, 1, 2, 3, 4, 6))
        info.external_attr = 0o644 << 16
        z.writestr(info, os.urandom(MAX - len(out.getvalue()) - 400))
    assert MAX - 4096 < len(out.getvalue()) <= MAX
    return out.getvalue()


def read_in_a_loop(url, bearer, path, stop, times):
    client, taken = Client(url, bearer), []
    while not stop.is_set():
        begun = time.perf_counter()
        assert client.get(path).status_code == 200
        taken.append(time.perf_counter() - begun)
        stop.wait(0.01)
    times.put(taken)


def test_100_uploads_of_5_mib_at_once(start_server):
    server = start_server()
    client = server.admin()
    org = org_of(client)
    contents = [large(i) for i in range(100)]
    stop, times = multiprocessing.Event(), multiprocessing.Queue()
    path = f"/api/orgs/{org}/plugins?limit=50"
    reader = multiprocessing.Process(target=read_in_a_loop, args=(server.url, client.bearer, path, stop, times))
    reader.start()  # a process of its own: the uploading threads share one interpreter lock

    def upload(content):
        mine = Client(server.url, client.bearer)
        return mine.post(f"/api/orgs/{org}/plugins/upload", files={"file": ("p.zip", content)}, timeout=PATIENCE).status_code

    begun = time.perf_counter()
    with concurrent.futures.ThreadPoolExecutor(100) as pool:
        codes = list(pool.map(upload, contents))
    uploads = time.perf_counter() - begun
    stop.set()
    reads = times.get(timeout=PATIENCE)
    reader.join()
    peak = memory_kib(server.pid, "VmHWM") / 1024
    reads.sort()
    p99 = reads[int(len(reads) * 0.99)]
    print(f"\n201: {codes.count(201)}  503: {codes.count(503)}  peak {peak:.0f} MiB  reads {len(reads)}  p99 {p99 * 1000:.1f} ms")
    assert set(codes) <= {201, 503} and codes.count(201) >= 16
    assert len(client.get(f"/api/orgs/{org}/plugins").json()) == codes.count(201)
    if "sanitize" not in os.environ.get("LARDER_MODE", ""):
        assert peak < 256
        assert p99 < max(P99_SECONDS, uploads / 10)
    server.stop()


def mutate(rnd, content):
    data = bytearray(content)
    for _ in range(rnd.randint(1, 6)):
        kind, at = rnd.randrange(5), rnd.randrange(len(data))
        if kind == 0:
            data[at] ^= 1 << rnd.randrange(8)
        elif kind == 1:
            data[at] = rnd.randrange(256)
        elif kind == 2:
            del data[at : at + rnd.randint(1, 40)]
        elif kind == 3:
            data[at:at] = bytes(rnd.randrange(256) for _ in range(rnd.randint(1, 20)))
        else:
            other = rnd.randrange(len(data))
            data[at : at + 30] = data[other : other + 30]
        if not data:
            return b"PK\3\4"
    return bytes(data)


def test_mutated_archives_are_stored_or_refused(start_server):
    rounds = 20000 if os.environ.get("LARDER_TEST_ALL") else 2000
    server = start_server()
    client = server.admin()
    org = org_of(client)
    rnd = random.Random(7)
    seeds = [package("com.acme.m", f"1.{i}.0", files={"a/b.py": "x = 1\n" * i}) for i in range(8)]
    before, codes = memory_kib(server.pid, "VmRSS"), {}

    def send(seed):
        mine = Client(server.url, client.bearer)
        mine_rnd = random.Random(seed)
        seen = []
        for _ in range(rounds // 4):
            content = mutate(mine_rnd, seeds[mine_rnd.randrange(8)])
            r = mine.post(f"/api/orgs/{org}/plugins/upload?filename=m.zip&dry_run=true", data=content,
                          headers={"Content-Type": "application/zip"})
            seen.append(r.status_code)
            assert r.status_code == 200 or (400 <= r.status_code < 500 and r.json()["message"]), r.text
        return seen

    with concurrent.futures.ThreadPoolExecutor(4) as pool:
        for seen in pool.map(send, [rnd.random() for _ in range(4)]):
            for code in seen:
                codes[code] = codes.get(code, 0) + 1
    grown = (memory_kib(server.pid, "VmRSS") - before) / 1024
    print(f"\n{codes}  grown {grown:.0f} MiB")
    assert grown < 100
    server.stop()


@pytest.mark.skipif(shutil.which("strace") is None, reason="strace is not installed")
def test_no_process_and_no_file_elsewhere(start_server, tmp_path):
    server = start_server()
    client = server.admin()
    org = org_of(client)
    trace = tmp_path / "trace"
    strace = subprocess.Popen(["strace", "-f", "-q", "-p", str(server.pid), "-o", str(trace), "-e",
                               "trace=execve,execveat,fork,vfork,open,openat,creat,mkdir,rename,link,symlink,unlink"],
                              stderr=subprocess.PIPE)
    deadline = time.monotonic() + PATIENCE
    while not trace.exists() or f"TracerPid:\t{strace.pid}" not in open(f"/proc/{server.pid}/status").read():
        if strace.poll() is not None:
            pytest.skip("this machine lets nobody trace: " + strace.stderr.read().decode().strip())
        assert time.monotonic() < deadline
        os.sched_yield()
    evil = "import os\nos.system('touch /tmp/larder-canary')\n"
    r = client.post(f"/api/orgs/{org}/plugins/upload", files={"file": ("p.zip", package(before=evil))})
    assert r.status_code == 201
    made = r.json()["id"]
    client.get(f"/api/orgs/{org}/plugins/{made}/download")
    client.delete(f"/api/orgs/{org}/plugins/{made}")
    client.post(f"/api/orgs/{org}/plugins/upload", files={"file": ("p.zip", package("com.other.x"))})
    strace.terminate()
    strace.wait(PATIENCE)
    text = trace.read_text(errors="replace")
    assert "exec" not in text and "fork(" not in text
    assert not os.path.exists("/tmp/larder-canary")
    opened = re.findall(r'open(?:at)?\((?:AT_FDCWD, )?"(/[^"]*)"', text)
    outside = [p for p in opened if not p.startswith(str(server.data))]
    assert outside == [], outside
    assert "openat(" in text  # the trace saw something
    server.stop()
