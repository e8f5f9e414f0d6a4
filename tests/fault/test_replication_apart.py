"""What two appliances do while neither hears of the other, and a disk that is lost, full or empty.

Each case is asked of the stub and of Ceph's gateway. The numbers in the names are those of the list
of faults that the design must survive.
"""

import contextlib
import os
import shutil
import sqlite3
import threading

import pytest
from nodes import PASSWORD, Cluster, eventually, facts, math_plugin, sha
from packages import package
from witness import Witnessed


@pytest.fixture(params=["stub", "ceph"])
def cluster(request, start_server):
    store = request.getfixturevalue(request.param + "_store")
    return (Cluster if request.param == "stub" else Witnessed)(start_server, store)


@pytest.fixture
def pair(cluster, wires):
    """Two nodes, each on a wire of its own: pair.a, pair.b, and `with pair.apart():`"""
    return Pair(cluster, [wires(cluster.store.endpoint) for _ in range(2)])


class Pair:
    def __init__(self, cluster, lines):
        self.cluster, self.lines = cluster, lines
        self.a, self.b = (cluster.node(name, LARDER_S3_ENDPOINT=line.endpoint) for name, line in zip("ab", lines))
        cluster.settle()

    @contextlib.contextmanager
    def apart(self):
        for line in self.lines:
            line.cut()
        yield
        for line in self.lines:
            line.heal()
        self.cluster.settle()
        assert facts(self.a) == facts(self.b)


def test_11_twins_are_one_version_and_no_conflict(pair):
    content = package("com.acme.tool", "1.0.0")
    with pair.apart():
        pair.a.upload(content=content)
        pair.b.upload(content=content)
    assert len(pair.a.rows()) == 1
    for node in (pair.a, pair.b):
        assert node.row()["replication"] == "replicated" and node.conflicts() == []
        assert node.download(node.row()).content == content
    (blob,), (_,) = pair.cluster.keys("blobs/"), pair.cluster.keys("versions/")
    assert pair.cluster.read(blob) == content


def test_21_two_nodes_overwrite_the_same_v1_version(pair):
    a, b = pair.a, pair.b
    a.upload_v1(math_plugin("first"))
    pair.cluster.settle()
    with pair.apart():
        wanted = {a.upload_v1(math_plugin("of a"), force=True), b.upload_v1(math_plugin("of b"), force=True)}
    (row,) = a.rows().values()
    assert row["sha256"] in wanted
    for node in (a, b):
        assert sha(node.download(row).content) == row["sha256"]
    lost = a.conflicts() + b.conflicts()
    assert len(lost) == 1 and lost[0]["kind"] == "version.replace"
    assert {lost[0]["sha256"]} == wanted - {row["sha256"]}
    # what lost is not lost
    loser = a if a.conflicts() else b
    assert sha(loser.kept(lost[0])) == lost[0]["sha256"]


def test_22_one_overwrites_what_the_other_deletes(pair):
    a, b = pair.a, pair.b
    a.upload_v1(math_plugin("first"))
    pair.cluster.settle()
    with pair.apart():
        second = a.upload_v1(math_plugin("second"), force=True)
        b.delete_v1()
    lost = a.conflicts() + b.conflicts()
    if a.rows():  # the overwrite came first, so what was to be deleted is not what stands there
        assert [r["sha256"] for r in a.rows().values()] == [second]
        assert [c["kind"] for c in lost] == ["version.remove"] and b.conflicts() == lost
    else:
        assert [c["kind"] for c in lost] == ["version.replace"] and a.conflicts() == lost
        assert sha(a.kept(lost[0])) == second


def test_22_gone_is_gone(pair):
    pair.a.upload_v1(math_plugin("first"))
    pair.cluster.settle()
    with pair.apart():
        pair.a.delete_v1()
        pair.b.delete_v1()
    assert pair.a.rows() == pair.b.rows() == {} and pair.a.conflicts() == pair.b.conflicts() == []


@pytest.mark.parametrize("first", ["overwrite", "deletion"])
def test_22_whichever_is_first_in_the_log_decides(pair, first):
    """Both orders, one after the other: the loser is healed when the winner stands in the log."""
    a, b = pair.a, pair.b
    a.upload_v1(math_plugin("first"))
    pair.cluster.settle()
    head, (of_a, of_b) = pair.cluster.head(), pair.lines
    with pair.apart():
        second = a.upload_v1(math_plugin("second"), force=True)
        b.delete_v1()
        (of_a if first == "overwrite" else of_b).heal()
        (a if first == "overwrite" else b).sync()
        eventually(lambda: pair.cluster.head() == head + 1, "the first of them in the log")
    if first == "overwrite":
        assert [r["sha256"] for r in b.rows().values()] == [second] and a.conflicts() == []
        assert [c["kind"] for c in b.conflicts()] == ["version.remove"]
    else:
        assert b.rows() == {} and b.conflicts() == []
        assert [(c["kind"], sha(a.kept(c))) for c in a.conflicts()] == [("version.replace", second)]


def test_19_an_empty_disk_while_another_publishes(cluster):
    a = cluster.node("a", LARDER_S3_SNAPSHOT_EVERY="5")
    b = cluster.node("b", LARDER_S3_SNAPSHOT_EVERY="5")
    for n in range(6):
        a.upload(pid=f"com.acme.before{n}")
    created = b.client.post("/api/admin/users", json={"username": "ada", "email": "ada@acme.com", "password": PASSWORD})
    assert created.status_code == 201, created.text
    cluster.settle()
    assert b.change(b.row("com.acme.before0"), enabled=False).status_code == 200
    cluster.settle()
    over, sent = threading.Event(), []

    def publish():
        while len(sent) < 5 or (len(sent) < 40 and not over.is_set()):  # as many as a slow machine settles too
            sent.append(a.upload(pid=f"com.acme.during{len(sent)}").status_code)

    publisher = threading.Thread(target=publish)
    publisher.start()
    try:
        b.stop()
        shutil.rmtree(b.data)
        b.start()
        eventually(lambda: b.client.get("/readyz").status_code == 200, "readiness")
    finally:
        over.set()
        publisher.join()
    views = cluster.settle()
    assert facts(a) == facts(b) and len(b.rows()) == 6 + len(sent)
    assert b.row("com.acme.before0")["enabled"] is False
    assert views[0]["log"]["state_hash"] == views[1]["log"]["state_hash"]
    for row in b.rows().values():
        assert sha(b.download(row).content) == row["sha256"]
    # people are of one node: they come back from its backup, never from the bucket
    assert "ada" not in b.client.get("/api/admin/users").text


# ---------------------------------------------------------------- a small disk


def large(version, mib=1):
    return package("com.acme.tool", version, files={"pad.bin": os.urandom(mib << 20)})


def check_whole(node):
    for row in node.rows().values():
        assert sha(node.download(row).content) == row["sha256"]
    node.stop()
    with sqlite3.connect(node.data / "larder.db") as db:
        assert db.execute("PRAGMA integrity_check").fetchone() == ("ok",)


def check_no_half(node):
    for blob in (node.data / "blobs").glob("??/*"):
        assert sha(blob.read_bytes()) == blob.name, "half a package under the name of a whole one"


def test_14_a_disk_that_fills_while_packages_are_fetched(cluster, small_disk):
    a = cluster.node("a")
    count = 20
    for n in range(count):
        a.upload(version=f"1.{n}.0", content=large(f"1.{n}.0"))
    cluster.settle()
    b = cluster.node("b", run=False)
    folder = small_disk("24m")
    b.data = folder / "data"
    b.start()
    eventually(lambda: "replication.fetch_failed" in b.log, "the end of the disk")
    assert b.client.get("/api/admin/plugins").status_code == 200 and b.client.get("/readyz").status_code == 200
    assert b.upload(version="2.0.0", expect=None, content=large("2.0.0", 4)).status_code == 507
    check_no_half(b)
    small_disk("200m", folder)
    cluster.settle()
    assert facts(a) == facts(b) and len(b.rows()) == count
    check_whole(b)


def test_14_a_disk_that_fills_while_packages_are_uploaded(cluster, small_disk):
    a, b = cluster.node("a", run=False), cluster.node("b")
    folder = small_disk("24m")
    a.data = folder / "data"
    a.start()
    taken, refused = set(), 0
    for n in range(40):
        content = large(f"1.{n}.0")
        answer = a.upload(version=f"1.{n}.0", content=content, expect=None)
        assert answer.status_code in (201, 507), answer.text
        if answer.status_code == 201:
            taken.add(sha(content))
        else:
            refused += 1
            assert a.client.get("/api/admin/plugins").status_code == a.client.get("/readyz").status_code == 200
        if refused == 3:
            break
    assert taken and refused == 3
    check_no_half(a)
    small_disk("200m", folder)
    cluster.settle()
    # everywhere is what was acknowledged, and nothing of what was refused
    assert facts(a) == facts(b) and {r["sha256"] for r in b.rows().values()} == taken
    assert {k.rpartition("/")[2].removesuffix(".zip") for k in cluster.keys("blobs/")} == taken
    a.upload(version="2.0.0", content=large("2.0.0"))
    cluster.settle()
    assert facts(a) == facts(b)
    check_whole(a)
