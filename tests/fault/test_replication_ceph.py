"""The same promises on a real object store, Ceph's gateway; witnesses are `aws` and `s3cmd`.

What only a stub can do on command stands in test_replication_faults.py. On Swift, which has no
conditional writes, one case shows that a second writer is refused by a real server too.
"""

import json
import os
import random
import shutil
import signal
import sqlite3
import threading
import time

import pytest
from ceph import s3cmd
from nodes import Cluster, eventually, facts, sha
from packages import package
from people import create_org
from witness import Witnessed

ALL = bool(os.environ.get("LARDER_TEST_ALL"))
slow = pytest.mark.skipif(not ALL, reason="minutes of work: LARDER_TEST_ALL=1")


@pytest.fixture
def cluster(start_server, ceph_store):
    return Witnessed(start_server, ceph_store)


def test_two_nodes_and_two_witnesses(cluster, ceph_store):
    a, b = cluster.node("a"), cluster.node("b")
    org = create_org(a.client, domain="acme.com")["org_id"]
    content = package("com.acme.tool", "1.0.0")
    a.upload(content=content, org=org)
    b.upload(pid="com.acme.sys")
    cluster.settle()
    assert facts(a) == facts(b) and facts(a, org) == facts(b, org)
    assert a.view()["state"] == "online" and a.view()["capability"] == "atomic"
    digest = sha(content)
    key = f"blobs/sha256/{digest[:2]}/{digest[2:4]}/{digest}.zip"
    assert cluster.read(key) == content
    assert s3cmd(ceph_store, "get", "--force", f"s3://{cluster.bucket}/{key}", "-").stdout == content
    assert [int(k[4:24]) for k in cluster.keys("log/")] == [1, 2, 3]
    # the sum of what is in the bucket, from a disk that has nothing
    b.stop()
    shutil.rmtree(b.data)
    b.start()
    cluster.settle()
    assert facts(a) == facts(b) and facts(a, org) == facts(b, org)
    assert b.download(b.row(org=org)).content == content


def test_10_one_winner_everywhere(cluster):
    a, b = cluster.node("a"), cluster.node("b")
    rounds = 100 if ALL else 20
    told_yes = 0
    for n in range(rounds):
        version = f"1.{n}.0"
        contents = {x.name: package("com.acme.tool", version, description=f"By {x.name} {random.random()}") for x in (a, b)}
        status = {}
        threads = [threading.Thread(target=lambda x=x: status.__setitem__(x.name, x.upload(
            content=contents[x.name], version=version, expect=None).status_code)) for x in (a, b)]
        for t in threads:
            t.start()
        for t in threads:
            t.join()
        told_yes += list(status.values()).count(201) == 2

    cluster.settle()
    assert facts(a) == facts(b) and len(a.rows()) == rounds
    lost = a.conflicts() + b.conflicts()
    assert len(lost) == told_yes > 0
    assert len(cluster.keys("versions/")) == rounds
    for row in a.rows().values():
        assert sha(a.download(row).content) == sha(b.download(row).content) == row["sha256"]
    for node in (a, b):
        for c in node.conflicts():
            assert node.row(version=c["version"])["replication"] == "conflict"
            kept = node.client.get(f"/api/admin/replication/conflicts/{c['id']}/download")
            assert sha(kept.content) == c["sha256"] != node.row(version=c["version"])["sha256"]


def test_6_a_lost_answer_is_no_conflict(cluster, wires):
    wire = wires(cluster.store.endpoint)
    a = cluster.node("a", LARDER_S3_ENDPOINT=wire.endpoint)
    a.until("online")
    for n, prefix in enumerate(("blobs/", "versions/", "log/")):
        wire.lose(f"PUT /{cluster.bucket}/{prefix}")
        a.upload(version=f"1.{n}.0")
        cluster.settle()
        assert wire.lost == n + 1
        assert a.conflicts() == [] and a.row(version=f"1.{n}.0")["replication"] == "replicated"
    assert len(cluster.log()) == len(cluster.keys("versions/")) == len(cluster.keys("blobs/")) == 3


def test_7_an_answer_that_comes_too_late(cluster, ceph_store):
    a = cluster.node("a", LARDER_S3_TIMEOUT="2s")
    a.until("online")
    ceph_store.osd.send_signal(signal.SIGSTOP)
    try:
        a.upload()
        a.until("offline")
        assert a.download(a.row()).status_code == 200
    finally:
        ceph_store.osd.send_signal(signal.SIGCONT)
    cluster.settle()
    assert a.conflicts() == [] and len(cluster.log()) == 1 and len(cluster.keys("versions/")) == 1


def test_2_a_wrong_secret_at_a_real_server(cluster, ceph_store):
    a = cluster.node("a", AWS_SECRET_ACCESS_KEY="not-the-secret")
    a.until("auth-failed")
    a.upload()
    assert a.view()["backlog"]["changes"] == 1 and cluster.keys() == []
    assert a.client.get("/readyz").status_code == 200


def test_20_another_hand_in_the_bucket(cluster, ceph_store):
    a = cluster.node("a")
    a.upload()
    cluster.settle()
    (blob,) = cluster.keys("blobs/")
    content = cluster.read(blob)
    s3cmd(ceph_store, "del", f"s3://{cluster.bucket}/{blob}")
    assert cluster.keys("blobs/") == []
    a.sync()
    eventually(lambda: cluster.keys("blobs/") == [blob], "the package")
    assert cluster.read(blob) == content
    a.stop()
    s3cmd(ceph_store, "del", "--recursive", "--force", f"s3://{cluster.bucket}/")
    a.start()
    a.until("foreign-bucket")
    a.upload(version="1.1.0")
    a.sync()
    a.until("foreign-bucket")
    assert cluster.keys() == []


def test_20_a_hole_in_the_log_of_a_real_store(cluster, ceph_store):
    a = cluster.node("a")
    for n in range(3):
        a.upload(version=f"1.{n}.0")
    cluster.settle()
    hole = cluster.keys("log/")[1]
    kept = cluster.read(hole)
    s3cmd(ceph_store, "del", f"s3://{cluster.bucket}/{hole}")
    b = cluster.node("b")
    assert "Entry 2 of the log is missing" in b.until("stuck")["reason"]
    b.upload(version="9.0.0")
    b.sync()
    b.until("stuck")
    assert hole not in cluster.keys("log/"), "the hole was filled with something else"
    s3cmd(ceph_store, "put", "-", f"s3://{cluster.bucket}/{hole}", stdin=kept)
    b.sync()
    cluster.settle()
    assert facts(a) == facts(b) and len(a.rows()) == 4


@slow
def test_18_a_real_server_without_conditional_writes(start_server, swift_store):
    cluster = Cluster(start_server, swift_store)
    a, b = cluster.node("a", LARDER_S3_CREATE_BUCKET="true"), cluster.node("b", LARDER_S3_CREATE_BUCKET="true")
    for node in (a, b):
        assert node.until("single-writer", 60)["capability"] == "unsupported"
    assert a.client.post("/api/admin/replication/writer").status_code == 202
    eventually(lambda: a.upload(expect=None).status_code in (200, 201), "the right to write")
    b.sync()
    eventually(lambda: b.view()["writer"] == "a", "the writer's name")
    refused = b.upload(version="2.0.0", expect=409)
    assert "the one that writes is a" in refused.json()["message"]
    eventually(lambda: b.row() and b.row()["artifact"] == "present", "what a wrote")
    assert facts(a) == facts(b)


@slow
def test_12_five_nodes_toggle_for_half_a_minute(cluster, ceph_store, wires):
    wire = wires(ceph_store.endpoint)
    nodes = [cluster.node(f"n{i}", **({"LARDER_S3_ENDPOINT": wire.endpoint} if i == 0 else {})) for i in range(5)]
    nodes[0].upload()
    cluster.settle()
    wire.cut()
    end = time.monotonic() + 30

    def toggle(node, seed):
        rnd, pace = random.Random(seed), threading.Event()
        while time.monotonic() < end:
            assert node.change(node.row(), enabled=rnd.random() < 0.5).status_code in (200, 409)
            pace.wait(rnd.random() / 4)

    threads = [threading.Thread(target=toggle, args=(n, i)) for i, n in enumerate(nodes)]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    wire.heal()
    cluster.settle()
    assert len({json.dumps(sorted(map(str, facts(n).items()))) for n in nodes}) == 1


@slow
def test_9_killed_at_random_moments_under_load(cluster):
    a, b = cluster.node("a"), cluster.node("b")
    acknowledged, n = {}, 0
    for round_ in range(50):
        over = threading.Event()

        def load(over=over):
            nonlocal n
            while not over.is_set():
                n += 1
                content = package("com.acme.tool", f"1.{n}.0")
                try:
                    answer = a.upload(content=content, version=f"1.{n}.0", expect=None)
                except OSError:
                    return
                if answer.status_code == 201:
                    acknowledged[f"1.{n}.0"] = sha(content)

        worker = threading.Thread(target=load)
        worker.start()
        over.wait(random.Random(round_).random() / 2)
        a.kill()
        over.set()
        worker.join()
        a.start()
    cluster.settle()
    rows = a.rows()
    for version, digest in acknowledged.items():
        assert rows["com.acme.tool", version]["sha256"] == digest
    assert facts(a) == facts(b) and a.conflicts() == b.conflicts() == []
    log = cluster.log()
    assert len({e["op_id"] for e in log}) == len(log)
    a.stop()
    with sqlite3.connect(a.data / "larder.db") as db:
        assert db.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    for blob in a.data.glob("blobs/??/*"):
        assert sha(blob.read_bytes()) == blob.name
