"""A disk that fails or is full: a clean 507 or 5xx, reads go on, and it heals by itself."""

import hashlib
import os

import pytest

from nodes import eventually
from packages import package

STEPS = 60


def upload(client, org, content):
    return client.post(f"/api/orgs/{org}/plugins/upload", files={"file": ("p.zip", content)})


@pytest.fixture
def world(start_server, faults):
    server = start_server(**faults.env)
    client = server.admin()
    org = client.post("/api/admin/orgs", json={"name": "Acme", "domain": "acme.com"}).json()["org_id"]
    assert upload(client, org, package("com.acme.first")).status_code == 201
    return server, client, org


@pytest.mark.parametrize("sticky", ["", "+"], ids=["once", "for ever"])
def test_every_failing_call_gives_a_clean_answer(world, faults, sticky):
    server, client, org = world
    succeeded = 0
    for step in range(1, STEPS):
        faults.arm(f"fail {step}{sticky}")
        r = upload(client, org, package("com.acme.fails", f"1.{step}.0"))
        faults.arm("none 0")
        assert r.status_code in (201, 500, 503, 507), (step, r.text)
        if r.status_code != 201:
            body = r.json()
            assert body["request_id"] and body["code"], r.text
        else:
            succeeded += 1
        reads = client.get(f"/api/orgs/{org}/plugins")
        assert reads.status_code == 200
        rows = {p["version"] for p in client.get(f"/api/orgs/{org}/plugins/com.acme.fails/versions").json()} if succeeded else set()
        assert (f"1.{step}.0" in rows) or r.status_code != 201
        # it heals by itself: the same version can be uploaded now
        r = upload(client, org, package("com.acme.fails", f"1.{step}.0"))
        assert r.status_code in (200, 201), (step, r.text)
        succeeded += 1
        if r.status_code == 201 and succeeded > 2 * STEPS:
            break
    server.stop()


@pytest.mark.parametrize("how", ["fail", "shut"], ids=["full", "read-only"])
def test_15_what_was_refused_leaves_nothing_behind(start_server, faults, stub_store, how):
    """From the n-th call on nothing can be written: the blob, the transaction, the tree behind it."""
    server = start_server(**faults.env)
    client, password = server.admin(), server.admin_password
    org = client.post("/api/admin/orgs", json={"name": "Acme", "domain": "acme.com"}).json()["org_id"]
    tried, status = {}, {}
    for step in range(1, 5 * STEPS):
        content, version = package("com.acme.full", f"1.{step}.0"), f"1.{step}.0"
        tried[version] = hashlib.sha256(content).hexdigest()
        faults.arm(f"{how} {step}+")
        r = upload(client, org, content)
        faults.arm("none 0")
        status[version] = r.status_code
        assert r.status_code in (201, 503, 507), (step, r.text)
        if r.status_code == 201:
            break
    assert 201 in status.values() and len(status) > 8, "the shim saw too few steps to believe it"
    server.stop()
    faults.arm_file.unlink()
    bucket = stub_store.new_bucket()
    server = start_server(data=server.data, admin_password=password, LARDER_S3_POLL="100ms", **stub_store.environment(bucket))
    rows = server.admin().get(f"/api/orgs/{org}/plugins/com.acme.full/versions").json()
    stored = {row["version"]: row["sha256"] for row in rows}
    # what was acknowledged is there; what was committed before the disk failed may be; no byte else
    assert {v for v, s in status.items() if s == 201} <= set(stored) and stored.items() <= tried.items()
    assert "1.1.0" not in stored and len(stored) < len(tried) - 3
    assert {blob.name for blob in (server.data / "blobs").glob("??/*")} == set(stored.values())
    assert {p.name for p in (server.data / "plugins" / "tenants" / org / "com.acme.full").iterdir()} == set(stored)
    for row in rows:
        got = server.admin().get(f"/api/orgs/{org}/plugins/{row['id']}/download")
        assert hashlib.sha256(got.content).hexdigest() == row["sha256"]
    # and none goes to the others that is not stored here
    eventually(lambda: server.admin().get("/api/admin/replication").json()["log"]["applied"] == 1 + len(stored), "the log")
    sent = {key.rpartition("/")[2].removesuffix(".zip") for key in stub_store.objects(bucket) if key.startswith("blobs/")}
    assert sent == set(stored.values())
    server.stop()


def test_a_full_disk(start_server, small_disk):
    folder = small_disk("24m")
    server = start_server(data=folder / "data")
    client = server.admin()
    org = client.post("/api/admin/orgs", json={"name": "Acme", "domain": "acme.com"}).json()["org_id"]
    stored, refused = {}, 0
    for i in range(40):
        content = package("com.acme.big", f"1.{i}.0", files={"pad.bin": os.urandom(1 << 20)})
        r = upload(client, org, content)
        assert r.status_code in (201, 507), r.text
        if r.status_code == 201:
            stored[r.json()["id"]] = hashlib.sha256(content).hexdigest()
        else:
            refused += 1
            assert r.json()["code"] == "SY-0507"
            assert client.get(f"/api/orgs/{org}/plugins").status_code == 200
        if refused == 5:
            break
    assert stored and refused == 5
    for plugin_id, sha in stored.items():
        r = client.get(f"/api/orgs/{org}/plugins/{plugin_id}/download")
        assert r.status_code == 200 and hashlib.sha256(r.content).hexdigest() == sha
    small_disk("64m", folder)
    assert upload(client, org, package("com.acme.big", "2.0.0", files={"pad.bin": os.urandom(1 << 20)})).status_code == 201
    server.stop()


def test_no_allocation_is_taken_for_granted(start_server, faults):
    server = start_server(**faults.env, SHIM_HEAP="1")
    client = server.admin()
    org = client.post("/api/admin/orgs", json={"name": "Acme", "domain": "acme.com"}).json()["org_id"]
    for step in list(range(1, 120)) + list(range(120, 600, 13)):
        faults.arm(f"heap {step}")
        try:
            r = upload(client, org, package("com.acme.heap", f"1.{step}.0"))
            assert r.status_code in (200, 201, 503, 500), (step, r.text)
        except OSError:
            pass  # the connection itself could not be had; the process must live on
        faults.arm("none 0")
        assert server.process.poll() is None, f"died at allocation {step}:\n{server.log_text()[-2000:]}"
        assert server.client().get("/livez").status_code == 200
    server.stop()
