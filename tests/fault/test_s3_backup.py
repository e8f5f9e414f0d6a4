"""Backups of one node in the bucket: sealed, listed, thinned out, brought back and restored."""

import hashlib
import json
import os
import pathlib
import re
import secrets
import shutil
import sqlite3
import subprocess
import time

import pytest

from ceph import aws
from http_conftest import ROOT, run_cli
from packages import package
from s3_stub import S3Stub

EVERYTHING = os.environ.get("LARDER_TEST_ALL") == "1"
DEADLINE = 300


@pytest.fixture
def store(request):
    return request.getfixturevalue(getattr(request, "param", "stub") + "_store")


on_both = pytest.mark.parametrize("store", ["stub", "ceph"], indirect=True)


@pytest.fixture
def key_file(larder_bin, tmp_path):
    file = tmp_path / "backup.key"
    run_cli(larder_bin, "backup", "s3", "--new-key", file, check=0)
    assert re.fullmatch(r"[0-9a-f]{64}\n", file.read_text()) and file.stat().st_mode & 0o777 == 0o600
    return file


class Place:
    """One server with a few packages, and a bucket for its backups; nothing is replicated."""

    def __init__(self, server, store, key_file):
        self.server, self.store, self.bucket = server, store, store.new_bucket()
        self.env = {**store.environment(self.bucket), "LARDER_BACKUP_S3_KEY_FILE": str(key_file)}
        self.admin = server.admin()
        self.org = self.admin.post("/api/admin/orgs", json={"name": "Acme", "domain": "acme.com"}).json()["org_id"]

    def upload(self, pid="com.acme.one"):
        done = self.admin.post(f"/api/orgs/{self.org}/plugins/upload", data=package(pid),
                               headers={"Content-Type": "application/zip", "X-Filename": "p.zip"})
        assert done.status_code == 201, done.text

    def cli(self, *args, check=0, **env):
        return self.server.cli("backup", "s3", *args, check=check, **{**self.env, **env})

    def make(self, *args, **env):
        return json.loads(self.cli("--json", *args, **env).stdout)

    def list(self):
        return json.loads(self.cli("--list", "--json").stdout)

    def keys(self):
        if isinstance(self.store, S3Stub):
            return sorted(self.store.objects(self.bucket))
        found = aws(self.store, "s3api", "list-objects-v2", "--bucket", self.bucket, "--output", "json").stdout
        return [o["Key"] for o in json.loads(found or "{}").get("Contents") or []]

    def read(self, key):
        if isinstance(self.store, S3Stub):
            return self.store.objects(self.bucket)[key]
        return aws(self.store, "s3", "cp", f"s3://{self.bucket}/{key}", "-").stdout

    def write(self, key, data):
        if isinstance(self.store, S3Stub):
            self.store.put(self.bucket, key, data)
            return
        aws(self.store, "s3", "cp", "-", f"s3://{self.bucket}/{key}", stdin=data)


@pytest.fixture
def place(server, store, key_file):
    made = Place(server, store, key_file)
    made.upload()
    return made


@on_both
def test_a_backup_comes_back(place, larder_bin, tmp_path):
    made = place.make()
    assert made["sealed"] and made["files"] == 2 and made["parts"] == 1 and made["removed"] == 0
    base = f"backup/{made['node']}/{made['backup']}/"
    assert place.keys() == [base + "backup.json", base + "part-00001"]
    content = place.read(base + "part-00001")
    assert content.startswith(b"larder-sealed-1\n") and b"SQLite" not in content and b"plugin.py" not in content
    assert place.list() == [{k: v for k, v in made.items() if k != "removed"}]

    place.upload("com.acme.two")  # what came later is not in it
    shutil.rmtree(place.server.data, ignore_errors=True)  # the machine is gone; the server dies with it
    place.server.kill()
    tar, data = tmp_path / "back.tar", tmp_path / "data"
    run_cli(larder_bin, "backup", "s3", "--fetch", tar, check=0, **place.env)
    assert tar.stat().st_mode & 0o777 == 0o600
    run_cli(larder_bin, "restore", tar, "--data", data, check=0)
    with sqlite3.connect(data / "larder.db") as db:
        assert db.execute("SELECT pid FROM plugin").fetchall() == [("com.acme.one",)]
    assert run_cli(larder_bin, "verify", "--deep", "--data", data).returncode == 0
    assert run_cli(larder_bin, "backup", "s3", "--fetch", tar, **place.env).returncode != 0  # it is there already


def test_without_the_key_it_stays_shut(place, larder_bin, tmp_path):
    place.make()
    tar, other = tmp_path / "back.tar", tmp_path / "other.key"
    other.write_text(secrets.token_hex(32))
    none = {**place.env, "LARDER_BACKUP_S3_KEY_FILE": None}
    for env, sentence in ((none, "sealed"), ({**none, "LARDER_BACKUP_S3_KEY_FILE": str(other)}, "another key"),
                          ({**none, "LARDER_BACKUP_S3_KEY": "short"}, "64 hexadecimal")):
        done = run_cli(larder_bin, "backup", "s3", "--fetch", tar, **env)
        assert done.returncode != 0 and sentence in done.stderr
        assert list(tmp_path.glob("back.tar*")) == []  # not even a half
    done = place.cli(check=2, LARDER_BACKUP_S3_KEY_FILE=None)
    assert "--unsealed" in done.stderr


def test_one_that_is_not_sealed_is_taken_on_demand_only(place, larder_bin, tmp_path):
    made = place.make("--unsealed", "--with-key")
    assert not made["sealed"] and made["files"] == 3
    tar = tmp_path / "back.tar"
    done = run_cli(larder_bin, "backup", "s3", "--fetch", tar, **place.env)
    assert done.returncode == 2 or "--unsealed" in done.stderr  # somebody else may have put it there
    assert not tar.exists()
    run_cli(larder_bin, "backup", "s3", "--fetch", tar, "--unsealed", check=0, **place.env)
    names = subprocess.run(["tar", "tf", tar], check=True, capture_output=True, text=True).stdout.split()
    assert names[:3] == ["manifest.json", "larder.db", "key"]


def test_every_damage_is_found(place, larder_bin, tmp_path):
    made = place.make()
    base = f"backup/{made['node']}/{made['backup']}/"
    good, listed = place.read(base + "part-00001"), place.read(base + "backup.json")
    flipped = good[:5000] + bytes([good[5000] ^ 1]) + good[5001:]
    parts = json.loads(listed)
    for key, data, sentence in ((base + "part-00001", flipped, "damaged"), (base + "part-00001", good[:-1], "damaged"),
                                (base + "backup.json", b"{}", "not the list"), (base + "backup.json", b"[", "not the list"),
                                (base + "backup.json", json.dumps({**parts, "sealed": False}).encode(), "not sealed"),
                                (base + "backup.json", json.dumps({**parts, "parts": parts["parts"] * 2}).encode(), "")):
        place.write(key, data)
        tar = tmp_path / "back.tar"
        done = run_cli(larder_bin, "backup", "s3", "--fetch", tar, "--backup", f"{made['node']}/{made['backup']}",
                       **place.env)
        assert done.returncode != 0 and sentence in done.stderr, done.stderr
        assert not tar.exists()
        place.write(base + "part-00001", good)
        place.write(base + "backup.json", listed)


def test_old_ones_go(place):
    names = [place.make(LARDER_BACKUP_S3_KEEP="2") for _ in range(4)]
    assert [n["removed"] for n in names] == [0, 0, 1, 1]
    assert [b["backup"] for b in place.list()] == [n["backup"] for n in names[2:]]
    strangers = [f"backup/{names[0]['node']}/litestream/generations/x", "backup/notes.txt", "versions/x"]
    for key in strangers:
        place.write(key, b"x")
    torn = f"backup/{names[0]['node']}/20200101T000000000Z/part-00001"  # one that never got its list
    place.write(torn, b"x")
    place.make(LARDER_BACKUP_S3_KEEP="2")
    assert len(place.list()) == 2
    assert set(strangers) < set(place.keys()) and torn not in place.keys()


@on_both
def test_many_parts(place, larder_bin, tmp_path):
    """Larger than a part, and with what does not pack: 40 MiB."""
    folder = place.server.data / "blobs"
    for i in range(8):
        content = os.urandom(5 << 20)
        name = hashlib.sha256(content).hexdigest()
        (folder / name[:2]).mkdir(mode=0o700, exist_ok=True)
        (folder / name[:2] / name).write_bytes(content)
    made = place.make()
    assert made["parts"] == 3 and made["files"] == 10
    tar = tmp_path / "back.tar"
    run_cli(larder_bin, "backup", "s3", "--fetch", tar, check=0, **place.env)
    run_cli(larder_bin, "restore", tar, "--data", tmp_path / "data", check=0)


def wait_for(what):
    deadline = time.monotonic() + DEADLINE
    while time.monotonic() < deadline:
        found = what()
        if found:
            return found
        time.sleep(0.1)
    raise AssertionError("it did not happen")


def backups_of(stub, bucket):
    return [k for k in stub.objects(bucket) if k.endswith("/backup.json") and k.startswith("backup/")]


def test_a_server_backs_up_by_the_clock(start_server, stub_store, key_file):
    bucket = stub_store.new_bucket()
    env = {**stub_store.environment(bucket), "LARDER_BACKUP_S3_KEY_FILE": str(key_file),
           "LARDER_BACKUP_S3_EVERY": "1s", "LARDER_BACKUP_S3_KEEP": "3"}
    server = start_server(**env)
    wait_for(lambda: len(backups_of(stub_store, bucket)) >= 2)
    assert "backup.done" in server.log_text()
    server.stop()  # within what is promised, whatever was under way


def test_a_store_that_is_busy_is_asked_again(place, stub_store):
    stub_store.rule("PUT", "part-", status=503, code="SlowDown", times=2)
    assert place.make()["parts"] == 1
    rule = stub_store.rule("PUT", "part-", status=403, code="AccessDenied")
    done = place.cli(check=5)
    assert "AccessDenied" in done.stderr and rule.hits == 1
    assert len(place.list()) == 1  # what has no list is no backup


def test_it_is_said_why_none_is_made(start_server, stub_store):
    bucket = stub_store.new_bucket()
    server = start_server(**stub_store.environment(bucket), LARDER_BACKUP_S3_EVERY="1h")
    assert "backup.off" in server.log_text() and "backup-s3-key" in server.log_text()
    other = start_server(LARDER_BACKUP_S3_EVERY="1h")
    assert "backup.off" in other.log_text() and "AWS_ACCESS_KEY_ID" in other.log_text()


# ---- Litestream, as packaging/litestream.yml documents it ----


def litestream(tmp_path):
    """Its program, from the npm registry: never part of this repository."""
    subprocess.run(["npm", "install", "--silent", "--no-save", "--prefix", str(tmp_path / "npm"),
                    "@flydotio/litestream-linux-x64"], check=True, capture_output=True, timeout=300)
    found = [p for p in (tmp_path / "npm").rglob("litestream") if p.is_file() and os.access(p, os.X_OK)]
    assert found, "the package holds no program"
    return found[0]


@pytest.mark.skipif(not EVERYTHING, reason="LARDER_TEST_ALL=1 runs Litestream beside a server")
@pytest.mark.parametrize("store", ["ceph"], indirect=True)
def test_litestream_follows_a_server(place, larder_bin, tmp_path):
    program, config = litestream(tmp_path), ROOT / "packaging" / "litestream.yml"
    node = place.make()["node"]
    env = {**os.environ, "LARDER_DATA": str(place.server.data), "LARDER_S3_BUCKET": place.bucket,
           "LARDER_S3_ENDPOINT": place.store.endpoint, "LARDER_S3_REGION": place.store.region, "LARDER_NODE": node,
           "AWS_ACCESS_KEY_ID": place.store.key, "AWS_SECRET_ACCESS_KEY": place.store.secret}
    with open(tmp_path / "log", "wb") as log:
        process = subprocess.Popen([program, "replicate", "-config", config], env=env, stdout=log, stderr=log)
    try:
        for i in range(50):
            place.upload(f"com.acme.p{i}")
        with sqlite3.connect(f"file:{place.server.data}/larder.db?mode=ro", uri=True) as db:
            rows = db.execute("SELECT pid FROM plugin ORDER BY pid").fetchall()

        def restored():
            target = pathlib.Path(tmp_path / f"restored-{time.monotonic_ns()}.db")
            subprocess.run([program, "restore", "-config", config, "-o", target, f"{place.server.data}/larder.db"],
                           env=env, capture_output=True, check=False)
            if not target.exists():
                return False
            with sqlite3.connect(target) as db:
                assert db.execute("PRAGMA integrity_check").fetchone() == ("ok",)
                return db.execute("SELECT pid FROM plugin ORDER BY pid").fetchall() == rows

        wait_for(restored)
        place.server.kill()
        assert restored()
    finally:
        process.terminate()
        process.wait(30)
