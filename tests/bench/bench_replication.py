#!/usr/bin/python3
"""Replication to a real object store (Ceph's gateway), beside the AWS command line doing its part of it.

    tests/bench/bench_replication.py [--uploads 1000] [--size 100000] [--pairs 3] [--versions 10000]
                                     [--nodes 5] [--only sending,cold,contended] [--store ceph|stub]

sending: uploads that wait are brought to the bucket, each as a package, a record and an entry of the
log, beside `aws s3 cp --recursive` of the same files. cold: an empty node over a bucket of many
versions, until it is ready and until it has every package. contended: several nodes that all have
changes to append. The stub of the tests is there for a look at a machine without Ceph: then its own
speed is what is measured, and nothing is judged by it. One line per figure: name ratio floor aim
PASS|FAIL; exit status 1 when a floor is missed at a real store. LARDER_BIN names the program.
"""

import sys

import argparse
import contextlib
import http.client
import os
import pathlib
import shutil
import statistics
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path[1:1] = [str(ROOT / "tests" / folder) for folder in ("fault", "http", "stub")]

import conftest as http_conftest  # noqa: E402, of tests/fault: it finds the one of tests/http
from bench_catalog import package  # noqa: E402
from beside import head, say  # noqa: E402
from ceph import AWS, Ceph, run_witness  # noqa: E402
from nodes import Node  # noqa: E402
from proxy import Proxy  # noqa: E402
from s3_stub import S3Stub  # noqa: E402

PATIENCE = 900


def wait(question):
    deadline = time.monotonic() + PATIENCE
    while not question():
        if time.monotonic() > deadline:
            sys.exit("it did not come to an end")
        time.sleep(0.02)


def recursive_copy(store, *argv):
    env = {**os.environ, "AWS_ACCESS_KEY_ID": store.key, "AWS_SECRET_ACCESS_KEY": store.secret,
           "AWS_DEFAULT_REGION": store.region, "AWS_EC2_METADATA_DISABLED": "true", "AWS_CONFIG_FILE": "/dev/null",
           "AWS_SHARED_CREDENTIALS_FILE": "/dev/null"}
    begun = time.monotonic()
    run_witness([AWS, "--endpoint-url", store.endpoint, "s3", "cp", "--quiet", "--recursive", *argv], True, env)
    return time.monotonic() - begun


def fill(node, contents):
    """Over one connection, as fast as it goes."""
    host = node.server.url.removeprefix("http://")
    connection = http.client.HTTPConnection(host)
    for content in contents:
        connection.request("POST", "/api/admin/plugins/upload?filename=p.zip", content, {
            "Authorization": "Bearer " + node.client.bearer, "Content-Type": "application/zip"})
        answer = connection.getresponse()
        text = answer.read()
        assert answer.status == 201, text
    connection.close()


def quiet(node):
    view = node.view()
    return view["backlog"]["changes"] == 0 and view["packages"]["missing"] == 0 and view["log"]["lag"] == 0


def send(start, store, contents, files):
    """Seconds of a node that has so much to send, from its start, and of the AWS command line with the same files."""
    node = Node(start, "one").start()  # without keys: what it is told waits
    fill(node, contents)
    node.stop()
    node.env.update(store.environment(store.new_bucket()))
    begun = time.monotonic()
    node.start()
    wait(lambda: node.view()["log"]["applied"] == len(contents))
    ours = time.monotonic() - begun
    node.stop()
    shutil.rmtree(node.data)
    return recursive_copy(store, str(files), f"s3://{store.new_bucket()}/"), ours


def run_sending(start, store, folder, options):
    head("sending what waits")
    contents = [package(n, options.size) for n in range(options.uploads)]
    files = folder / "files"
    files.mkdir()
    for n, content in enumerate(contents):
        (files / f"{n}.zip").write_bytes(content)
    pairs = [send(start, store, contents, files) for _ in range(options.pairs)]
    ratios = [theirs / ours for theirs, ours in pairs]
    theirs, ours = (statistics.median(pair[i] for pair in pairs) for i in (0, 1))
    ratio = statistics.median(ratios)
    return [say(f"{options.uploads} uploads of {options.size // 1000} kB", ratio, 0.5, 1.0, ratio >= 0.5,
                f"[{min(ratios):.2f}..{max(ratios):.2f}] aws {theirs:.1f} s / larder {ours:.1f} s, with its start and three "
                f"objects for each: {options.uploads / ours:.0f} uploads per s")]


def begin_anew(start, store, bucket, name, versions):
    """An empty folder: seconds until it is ready, until it has everything, and the requests of the first."""
    node = Node(start, name, **store.environment(bucket))
    begun = time.monotonic()
    node.start()
    wait(lambda: node.client.get("/readyz").status_code == 200)
    ready, requests = time.monotonic() - begun, node.view()["requests"]
    wait(lambda: quiet(node) and node.view()["log"]["applied"] == versions)
    whole = time.monotonic() - begun
    node.stop()
    shutil.rmtree(node.data)
    return ready, whole, requests


def run_cold(start, store, folder, options):
    head(f"an empty node, {options.versions} versions")
    bucket, versions = store.new_bucket(), options.versions
    first = Node(start, "one", **store.environment(bucket), LARDER_S3_SNAPSHOT_EVERY="1000000")
    first.start(LARDER_S3_ENABLED="off")
    fill(first, (package(n, 2000) for n in range(versions)))
    first.stop()
    first.start()
    wait(lambda: first.view()["log"]["applied"] == versions)
    good = []
    for what, ceiling in (("log", 120), ("snapshot", 30)):
        if what == "snapshot":
            first.stop()
            first.start(LARDER_S3_SNAPSHOT_EVERY=str(min(1000, versions)))
            wait(lambda: first.view()["log"]["snapshot"] == versions)
        ready, whole, requests = begin_anew(start, store, bucket, what, versions)
        good.append(say(f"ready, by the {what}", ready, ceiling, ceiling / 4, ready <= ceiling,
                        f"s after {requests} requests; less is better"))
        good.append(say("with every package", whole, 2 * ceiling + 60, ceiling, whole <= 2 * ceiling + 60, "s; less is better"))
    theirs = recursive_copy(store, f"s3://{bucket}/blobs/", str(folder / "blobs"))
    print(f"(aws s3 cp --recursive of the packages alone: {theirs:.1f} s)")
    first.stop()
    return good


def run_contended(start, store, folder, options):
    head(f"{options.nodes} nodes append at once")
    bucket, each = store.new_bucket(), 40
    with contextlib.ExitStack() as stack:
        wire = stack.enter_context(Proxy(store.endpoint))
        env = {**store.environment(bucket), "LARDER_S3_ENDPOINT": wire.endpoint}
        nodes = [Node(start, f"n{i}", **env).start() for i in range(options.nodes)]
        wait(lambda: all(n.view()["state"] == "online" for n in nodes))
        wire.cut()
        for i, node in enumerate(nodes):
            fill(node, (package(i * each + n, 2000) for n in range(each)))
        total = options.nodes * each
        wire.heal()
        for node in nodes:
            node.sync()
        begun = time.monotonic()
        wait(lambda: all(n.view()["log"]["applied"] == total for n in nodes))
        took = time.monotonic() - begun
        hashes = {n.view()["log"]["state_hash"] for n in nodes}
        for node in nodes:
            node.stop()
    assert len(hashes) == 1, "the nodes disagree"
    return [say("appends per second, all nodes", total / took, 20, 78, total / took >= 20,
                f"{total} in {took:.1f} s, each with its package and record")]


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--uploads", type=int, default=1000)
    parser.add_argument("--size", type=int, default=100_000)
    parser.add_argument("--pairs", type=int, default=3)
    parser.add_argument("--versions", type=int, default=10_000)
    parser.add_argument("--nodes", type=int, default=5)
    parser.add_argument("--only", default="sending,cold,contended")
    parser.add_argument("--store", choices=("ceph", "stub"), default="ceph")
    options = parser.parse_args()
    folder = pathlib.Path(tempfile.mkdtemp(prefix="larder-bench-"))
    binary = pathlib.Path(os.environ.get("LARDER_BIN", ROOT / "build" / "larder")).resolve()
    start, end = http_conftest.http_conftest.server_factory(binary)
    good = []
    with contextlib.ExitStack() as stack:
        stack.callback(shutil.rmtree, folder, ignore_errors=True)
        store = stack.enter_context(S3Stub() if options.store == "stub" else Ceph())
        stack.callback(end)
        for name in options.only.split(","):
            good += {"sending": run_sending, "cold": run_cold, "contended": run_contended}[name](start, store, folder, options)
    sys.exit(0 if all(good) or options.store == "stub" else 1)


if __name__ == "__main__":
    main()
