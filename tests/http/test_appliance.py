"""The machine room: settings, log, disk, and what waits for a person."""

import os
import sqlite3
import time

import pytest

from packages import package
from test_catalog import World


@pytest.fixture(scope="module")
def world(module_server):
    return World(module_server)


def test_settings_show_their_origin_and_no_secret(start_server):
    server = start_server(args=("--log-level", "debug"), LARDER_ALLOWED_HOSTS="larder.example")
    r = server.admin().get("/api/admin/config")
    assert r.status_code == 200, r.text
    rows = {row["key"]: row for row in r.json()}
    assert (rows["log-level"]["value"], rows["log-level"]["origin"]) == ("debug", "flag")
    assert rows["allowed-hosts"]["origin"] == "environment" and "LARDER_ALLOWED_HOSTS" in rows["allowed-hosts"]["where"]
    assert rows["max-upload"]["origin"] == "default"
    assert server.admin_password not in r.text


def test_log_lines_are_paged_by_their_number(world):
    sys = world.sys
    assert sys.get("/api/admin/none").status_code == 404
    sys.post("/api/admin/orgs", json={"name": "Logged", "domain": "logged.io"})
    first = sys.get("/api/admin/logs?limit=500").json()
    assert first["lines"] and first["last"] == first["lines"][-1]["seq"]
    numbers = [line["seq"] for line in first["lines"]]
    assert numbers == sorted(set(numbers))
    assert all("level=" + line["level"] in line["line"] for line in first["lines"])
    assert sys.get("/api/admin/logs?after=%d" % first["last"]).json()["last"] >= first["last"]
    assert len(sys.get("/api/admin/logs?limit=1").json()["lines"]) == 1
    assert all(line["level"] in ("warn", "error") for line in sys.get("/api/admin/logs?level=warn").json()["lines"])
    assert sys.get("/api/admin/logs?level=loud").status_code == 422


def test_a_sweep_takes_old_orphans_and_nothing_else(world):
    assert world.upload(package(pid="com.acme.kept"), world.acme).status_code == 201
    blobs = world.server.data / "blobs"
    young, old = blobs / "aa" / ("aa" + "1" * 62), blobs / "ab" / ("ab" + "2" * 62)
    for path in (young, old):
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(b"x" * 100)
    two_hours_ago = time.time() - 7200
    os.utime(old, (two_hours_ago, two_hours_ago))
    before = world.sys.get("/api/admin/storage").json()
    assert (before["orphans"], before["orphan_bytes"]) == (1, 100)
    assert before["versions"] >= 1 and before["blobs"] >= 1 and before["blob_bytes"] > 0
    assert 0 < before["disk_free"] <= before["disk_total"] and before["database_bytes"] > 0
    assert old.exists()  # looking removes nothing
    r = world.sys.post("/api/admin/storage/sweep")
    assert r.status_code == 200 and (r.json()["removed"], r.json()["removed_bytes"]) == (1, 100)
    assert young.exists() and not old.exists()
    after = world.sys.get("/api/admin/storage").json()
    assert after["orphans"] == 0 and after["blobs"] == before["blobs"]
    audit = world.sys.get("/api/admin/audit?limit=20").json()
    assert any(row["action"] == "storage.sweep" for row in (audit if isinstance(audit, list) else audit["items"]))
    for row in world.rows(world.acme):
        assert world.acme_admin.get(f"{world.path(world.acme)}/{row['id']}/download").status_code == 200


def test_what_waits_for_a_person_is_told(server):
    world = World(server)
    assert world.sys.get("/api/admin/attention").json() == []
    row = world.upload(package(pid="com.acme.lost"), world.acme).json()["id"]
    ill = world.upload(package(pid="com.acme.ill"), world.acme).json()["id"]
    soon = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() + 3 * 86400))
    made = world.sys.post("/api/admin/users/api-keys", json={"name": "ends soon", "expires_at": soon, "scopes": ["cadence:org:plugins:read"]})
    assert made.status_code in (200, 201), made.text
    with sqlite3.connect(server.data / "larder.db") as db:  # what a failed check and a lost blob leave
        db.execute("UPDATE plugin SET health = 'failed' WHERE id = ?", [ill])
        db.execute("UPDATE plugin SET artifact = 'missing' WHERE id = ?", [row])
    items = world.sys.get("/api/admin/attention").json()
    found = {(i["kind"], i["id"]) for i in items}
    assert ("health.failed", ill) in found and ("artifact", row) in found
    key = [i for i in items if i["kind"] == "key.expiring"]
    assert [k["name"] for k in key] == ["ends soon"] and key[0]["at"][:16] == soon[:16]
    lost = next(i for i in items if i["kind"] == "artifact")
    assert (lost["name"], lost["version"], lost["org_id"], lost["reason"]) == ("com.acme.lost", "1.0.0", world.acme, "missing")
