"""Sudden death: whatever was acknowledged is there afterwards, and nothing else is left behind.

A client keeps its own ledger. The server is killed with SIGKILL at a random moment, or exactly
before its n-th call that changes the disk; it is started again on the same folder, and ledger,
catalog, bytes, blobs, trees and temp files are compared.
"""

import hashlib
import os
import random
import signal
import sqlite3
import threading

import pytest
import requests

from packages import package

ROUNDS = 500 if os.environ.get("LARDER_TEST_ALL") else 30


class Ledger:
    """What the server acknowledged, and what it may or may not have done."""

    def __init__(self):
        self.acknowledged = {}  # (pid, version) -> sha256
        self.tried = {}  # (pid, version) -> sha256
        self.enabled = {}  # plugin id -> bool, or None where the answer was not heard
        self.ids = {}


def work(client, org, ledger, lock, n, stop):
    rnd = random.Random(n)
    turn = 0
    while not stop.is_set():
        turn += 1
        pid, version = f"com.acme.w{n}", f"1.{len(ledger.tried)}.{turn}"
        content = package(pid, version, description=f"Round {turn} of {n}")
        sha = hashlib.sha256(content).hexdigest()
        try:
            with lock:
                ledger.tried[pid, version] = sha
            r = client.post(f"/api/orgs/{org}/plugins/upload", files={"file": ("p.zip", content)})
            if r.status_code != 201:
                continue
            with lock:
                ledger.acknowledged[pid, version] = sha
                ledger.ids[r.json()["id"]] = (pid, version)
                ledger.enabled[r.json()["id"]] = True
            if rnd.random() < 0.5:
                chosen = r.json()["id"]
                want = rnd.random() < 0.5
                with lock:
                    ledger.enabled[chosen] = None
                if want:
                    r = client.patch(f"/api/orgs/{org}/plugins/{chosen}", json={"enabled": True})
                else:
                    r = client.delete(f"/api/orgs/{org}/plugins/{chosen}")
                if r.status_code in (200, 204):
                    with lock:
                        ledger.enabled[chosen] = want
        except requests.RequestException:
            return


def check(server, client, org, ledger):
    """Everything agrees with the ledger and with itself."""
    rows = client.get(f"/api/admin/orgs/{org}/plugins?all_versions=true").json()
    found = {(r["pid"], r["version"]): r for r in rows}
    for key, sha in ledger.acknowledged.items():
        assert key in found, f"acknowledged and lost: {key}"
        assert found[key]["sha256"] == sha, f"wrong bytes: {key}"
    for key, row in found.items():
        assert ledger.tried[key] == row["sha256"], f"nobody uploaded {key}"
        assert row["artifact"] == "present"
    for plugin_id, want in ledger.enabled.items():
        if want is not None:
            assert found[ledger.ids[plugin_id]]["enabled"] is want
    for pid in {p for p, _ in found}:
        mine = [r for r in rows if r["pid"] == pid]
        enabled = [r for r in mine if r["enabled"]]
        latest = [r for r in mine if r["is_latest"]]
        assert len(latest) == (1 if enabled else 0)
        if enabled:  # newest first: the first enabled one is the highest
            assert latest[0]["id"] == enabled[0]["id"]
    blobs = {p.name for p in (server.data / "blobs").rglob("*") if p.is_file()}
    assert blobs == {r["sha256"] for r in rows}, "orphans or missing blobs"
    for name in blobs:
        assert hashlib.sha256((server.data / "blobs" / name[:2] / name).read_bytes()).hexdigest() == name
    assert list((server.data / "tmp").iterdir()) == []
    trees = server.data / "plugins" / "tenants" / org
    have = {(p.parent.name, p.name) for p in trees.glob("*/*")} if trees.exists() else set()
    assert have == set(found), "trees and versions differ"
    assert not [p for p in (server.data / "plugins").glob("*/.larder-staging-*")]
    for pid, version in found:
        assert (trees / pid / version / "plugin.py").exists()


def check_database(server):
    db = sqlite3.connect(f"file:{server.data / 'larder.db'}?mode=ro", uri=True)
    assert db.execute("pragma integrity_check").fetchone() == ("ok",)
    assert db.execute("pragma foreign_key_check").fetchall() == []
    db.close()


def test_killed_at_random_moments(start_server):
    server = start_server()
    password = server.admin_password
    org = server.admin().post("/api/admin/orgs", json={"name": "Acme", "domain": "acme.com"}).json()["org_id"]
    ledger, rnd = Ledger(), random.Random(20260102)
    for _ in range(ROUNDS):
        client, lock, stop = server.admin(), threading.Lock(), threading.Event()
        threads = [threading.Thread(target=work, args=(client.__class__(server.url, client.bearer), org, ledger, lock, n, stop))
                   for n in range(3)]
        for t in threads:
            t.start()
        stop.wait(rnd.uniform(0, 0.05))  # the moment of death is the random part
        os.kill(server.pid, signal.SIGKILL)
        stop.set()
        for t in threads:
            t.join()
        server.kill()
        server.process.stdout.close()
        server = start_server(data=server.data, admin_password=password)
        assert server.client().get("/readyz").status_code == 200
        check(server, server.admin(), org, ledger)
    server.stop()
    check_database(server)
    server.cli("verify", "--deep", check=0)
    assert ledger.acknowledged, "the rounds were too short for any upload"


def test_killed_between_any_two_steps_of_an_upload(start_server, faults):
    """Before every call that changes the disk, one after the other, until an upload gets through."""
    server = start_server(**faults.env)
    password = server.admin_password
    org = server.admin().post("/api/admin/orgs", json={"name": "Acme", "domain": "acme.com"}).json()["org_id"]
    ledger, step = Ledger(), 0
    while True:
        step += 1
        assert step < 200, "an upload has more steps than anybody would believe"
        client = server.admin()
        content = package("com.acme.step", f"1.{step}.0")
        key = ("com.acme.step", f"1.{step}.0")
        ledger.tried[key] = hashlib.sha256(content).hexdigest()
        faults.arm(f"kill {step}")
        try:
            r = client.post(f"/api/orgs/{org}/plugins/upload", files={"file": ("p.zip", content)})
        except requests.RequestException:
            r = None
        if r is not None:
            assert r.status_code == 201, r.text
            ledger.acknowledged[key] = ledger.tried[key]
            faults.arm("count 0")
            try:
                check(server, client, org, ledger)
                break
            except requests.ConnectionError:
                pass  # that step came after the answer: what was acknowledged is there all the same
        server.kill()
        server.process.stdout.close()
        faults.arm_file.unlink()
        server = start_server(data=server.data, admin_password=password, **faults.env)
        check(server, server.admin(), org, ledger)
    assert step > 8, "the shim saw too few steps to believe it"
    server.stop()
    check_database(server)
