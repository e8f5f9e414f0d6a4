"""Backups and restores over HTTP: made by a job, previewed, and put in place by the server itself."""

import hashlib
import io
import os
import pathlib
import signal
import tarfile
import time

import pytest
import requests
from conftest import run_cli
from people import Person, create_org

DEADLINE = 300


def until(ask, what):
    deadline = time.monotonic() + DEADLINE
    while time.monotonic() < deadline:
        answer = ask()
        if answer:
            return answer
        time.sleep(0.05)
    raise AssertionError(f"not within {DEADLINE} s: {what}")


def make_backup(admin):
    asked = admin.post("/api/admin/backups")
    assert asked.status_code == 202, asked.text

    def done():
        job = admin.get(f"/api/admin/jobs/{asked.json()['job_id']}").json()
        assert job["state"] != "failed", job
        return job["state"] == "done" and job

    job = until(done, "the backup is made")
    assert job["result"]["name"] == asked.json()["name"]
    return asked.json()["name"]


def preview(admin, data):
    return admin.post("/api/admin/restore/preview", data=data, headers={"Content-Type": "application/x-tar"})


def restore(admin, token, password, confirm="RESTORE"):
    return admin.post("/api/admin/restore", json={"token": token, "password": password, "confirm": confirm})


def names(admin):
    return sorted(o["name"] for o in admin.get("/api/admin/orgs").json())


def answers_again(server):
    """The process is the same, and it has started anew."""

    def ready():
        try:
            return server.client().get("/readyz").status_code == 200 and "restored" in server.log_text()
        except requests.RequestException:
            return False

    until(ready, "the server answers after a restore")
    assert server.process.poll() is None


def test_a_backup_is_made_listed_and_downloaded(server):
    admin = server.admin()
    assert admin.get("/api/admin/backups").json() == []
    admin.post("/api/admin/examples")
    name = make_backup(admin)
    [row] = admin.get("/api/admin/backups").json()
    assert row["name"] == name and row["verified_at"] >= row["made_at"]
    answer = admin.get(f"/api/admin/backups/{name}")
    assert answer.status_code == 200 and len(answer.content) == row["bytes"]
    assert name in answer.headers["Content-Disposition"]
    with tarfile.open(fileobj=io.BytesIO(answer.content)) as tar:
        members = tar.getnames()
        assert members[:2] == ["manifest.json", "larder.db"] and "key" not in members
        blobs = [m for m in members if m.startswith("blobs/")]
        assert blobs
        for blob in blobs:
            assert hashlib.sha256(tar.extractfile(blob).read()).hexdigest() == blob.rsplit("/", 1)[1]
    assert admin.delete(f"/api/admin/backups/{name}").status_code == 204
    assert admin.get("/api/admin/backups").json() == []
    assert admin.get(f"/api/admin/backups/{name}").status_code == 404
    assert not list((server.data / "backups").glob("larder-*"))
    actions = {e["action"] for e in admin.get("/api/admin/audit?limit=200").json()}
    assert {"backup.make", "backup.delete"} <= actions


@pytest.mark.parametrize("name", ["..%2Flarder.db", "%2e%2e", "x", ".tar", "a%00.tar", "a%2Fb.tar", "x" * 200 + ".tar"])
def test_names_lead_nowhere_else(module_server, name):
    answer = module_server.admin().get(f"/api/admin/backups/{name}")
    assert answer.status_code in (400, 404), answer.text


def test_a_restore_brings_back_what_was(server):
    admin = server.admin()
    create_org(admin, name="Before")
    admin.post("/api/admin/examples")
    name = make_backup(admin)
    data = admin.get(f"/api/admin/backups/{name}").content
    create_org(admin, name="After")
    seen = preview(admin, data)
    assert seen.status_code == 200, seen.text
    seen = seen.json()
    assert seen["now"]["orgs"] == seen["backup"]["orgs"] + 1
    assert seen["now"]["versions"] == seen["backup"]["versions"] > 0
    assert seen["key"] is False and seen["files"] > 1 and seen["bytes"] > 1000
    assert names(admin) == ["After", "Before"], "a preview changes nothing"
    done = restore(admin, seen["token"], server.admin_password)
    assert done.status_code == 202, done.text
    answers_again(server)
    again = server.client().signed_in("admin", server.admin_password)
    assert names(again) == ["Before"]
    rows = again.get("/api/admin/plugins").json()
    assert len({r["pid"] for r in rows}) == seen["backup"]["plugins"]
    assert again.get(f"/api/admin/plugins/{rows[0]['id']}/download").status_code == 200
    aside = server.data / "backups" / f"before-restore-{seen['token']}"
    assert (aside / "larder.db").exists() and list((aside / "blobs").glob("*/*"))
    assert not (server.data / "restore.plan").exists()
    assert not list((server.data / "tmp").iterdir())
    event = next(e for e in again.get("/api/admin/audit?limit=50").json() if e["action"] == "restore.done")
    assert event["detail"]["by"] == "admin"
    kept = make_backup(again)  # and it goes on as before
    seen = again.post(f"/api/admin/backups/{kept}/preview").json()
    assert seen["now"] == seen["backup"]


def test_a_restore_wants_word_password_and_token(server):
    admin = server.admin()
    other = Person(admin)
    token = admin.post(f"/api/admin/backups/{make_backup(admin)}/preview").json()["token"]
    wrong = restore(admin, token, server.admin_password, confirm="restore")
    assert wrong.status_code == 422 and wrong.json()["field"] == "confirm"
    wrong = restore(admin, "01900000-0000-7000-8000-000000000000", server.admin_password)
    assert wrong.status_code == 404 and wrong.json()["field"] == "token"
    assert restore(admin, "../../x", server.admin_password).status_code == 404
    for _ in range(10):
        wrong = restore(admin, token, "not the password")
        assert wrong.status_code == 401 and wrong.json()["field"] == "password"
    wrong = restore(admin, token, server.admin_password)
    assert wrong.status_code == 429 and int(wrong.headers["Retry-After"]) > 0
    assert not (server.data / "restore.plan").exists()
    assert restore(other.client, token, other.password).status_code == 403


def test_what_is_no_whole_backup_is_refused(server):
    admin = server.admin()
    data = bytearray(admin.get(f"/api/admin/backups/{make_backup(admin)}").content)
    changed = bytes(data[:-5000]) + bytes([data[-5000] ^ 1]) + bytes(data[-4999:])
    for bad in (b"", b"not a tar at all" * 100, bytes(data[: len(data) // 2]), changed):
        answer = preview(admin, bad)
        assert answer.status_code in (400, 411), answer.text
        assert answer.json()["message"]
    answer = admin.post("/api/admin/restore/preview", files={"file": b"x"})
    assert answer.status_code == 415
    assert not [p for p in (server.data / "tmp").iterdir() if p.name.startswith("restore")]


def test_a_restore_that_the_server_does_not_start_on_is_taken_back(start_server):
    """A backup without an administrator, where the setting that would make one is no good: it was not
    needed until now, so no check before the restore can know."""
    empty = start_server(admin_password=None)
    file = empty.data.parent / "empty.tar"
    empty.cli("backup", file, check=0)
    empty.stop()
    server = start_server()
    password, data = server.admin_password, server.data
    admin = server.admin()
    create_org(admin, name="Before")
    admin.post("/api/admin/examples")
    admin.session.close()
    server.stop()
    server = start_server(data=data, admin_password="short")
    server.admin_password = password
    admin = server.admin()
    token = preview(admin, file.read_bytes()).json()["token"]
    assert restore(admin, token, password).status_code == 202

    def ready():
        try:
            return server.client().get("/readyz").status_code == 200 and "restore.taken_back" in server.log_text()
        except requests.RequestException:
            return False

    until(ready, "the server answers with what it had before")
    assert admin.get("/api/me").status_code == 200, "even the session is there"
    assert names(admin) == ["Before"]
    rows = admin.get("/api/admin/plugins").json()
    assert rows and admin.get(f"/api/admin/plugins/{rows[0]['id']}/download").status_code == 200
    for row in rows:
        assert (data / "plugins" / "system" / row["pid"] / row["version"] / "plugin.py").exists()
    event = next(e for e in admin.get("/api/admin/audit?limit=50").json() if e["action"] == "restore.failed")
    assert "admin-password" in event["detail"]["why"] and event["detail"]["by"] == "admin"
    assert event["detail"]["set_aside"] == f"backups/failed-restore-{token}"
    assert (data / "backups" / f"failed-restore-{token}" / "larder.db").exists()
    assert list((data / "backups" / f"before-restore-{token}").iterdir()) in ([], [data / "backups" / f"before-restore-{token}" / "larder.db-shm"])
    assert not (data / "restore.plan").exists() and not list((data / "tmp").iterdir())
    server.stop()
    again = start_server(data=data, admin_password=password)
    assert names(again.admin()) == ["Before"]


@pytest.mark.parametrize("moved", [0, 1, 2, 3, 4, 5, 6, 7])
def test_a_way_back_is_gone_to_its_end_by_the_next_start(start_server, moved):
    """As after a kill while what was there before comes back. Its last change stands in its log alone."""
    server = start_server()
    create_org(server.admin(), name="Before")
    file = server.data.parent / "backup.tar"
    server.cli("backup", file, check=0)
    create_org(server.admin(), name="After")
    server.process.send_signal(signal.SIGKILL)
    server.process.wait()
    token, data = "01900000-0000-7000-8000-000000000001", server.data
    before, failed = data / "backups" / f"before-restore-{token}", data / "backups" / f"failed-restore-{token}"
    before.mkdir()
    assert (data / "larder.db-wal").stat().st_size > 0
    for part in ("larder.db-wal", "larder.db-shm", "larder.db", "plugins", "blobs"):
        os.rename(data / part, before / part)
    other = data.parent / "restored"
    run_cli(server.binary, "restore", file, "--data", other, check=0)
    os.rename(other / "larder.db", data / "larder.db")
    os.rename(other / "blobs", data / "blobs")
    (data / "plugins").mkdir()
    (data / "restore.plan").write_text(f"back {token} admin\nThe reason")
    failed.mkdir()
    steps = [(data / "plugins", failed / "plugins"), (data / "blobs", failed / "blobs"), (data / "larder.db", failed / "larder.db"),
             (before / "blobs", data / "blobs"), (before / "plugins", data / "plugins"),
             (before / "larder.db-wal", data / "larder.db-wal"), (before / "larder.db", data / "larder.db")]
    for source, target in steps[:moved]:
        os.rename(source, target)
    again = start_server(data=data, admin_password=server.admin_password)
    admin = again.admin()
    assert names(admin) == ["After", "Before"]
    event = next(e for e in admin.get("/api/admin/audit?limit=50").json() if e["action"] == "restore.failed")
    assert event["detail"]["why"] == "The reason"
    assert (failed / "larder.db").exists() and not (data / "restore.plan").exists()


@pytest.mark.parametrize("moved", [0, 1, 2, 3, 4])
def test_a_decided_restore_is_ended_by_the_next_start(start_server, moved):
    """As after a kill: the decision stands, and some of the names have moved already."""
    server = start_server()
    admin = server.admin()
    create_org(admin, name="Before")
    token = admin.post(f"/api/admin/backups/{make_backup(admin)}/preview").json()["token"]
    create_org(admin, name="After")
    server.process.send_signal(signal.SIGKILL)
    server.process.wait()
    data: pathlib.Path = server.data
    stage, aside = data / "tmp" / f"restore-{token}", data / "backups" / f"before-restore-{token}"
    assert stage.exists()
    (data / "restore.plan").write_text(f"{token} admin")
    aside.mkdir()
    steps = [(data / "plugins", aside / "plugins"), (data / "blobs", aside / "blobs"), (stage / "blobs", data / "blobs"),
             (data / "larder.db", aside / "larder.db")]
    for source, target in steps[:moved]:
        os.rename(source, target)
    if moved == 4:  # the log of the database goes aside before it
        for leftover in data.glob("larder.db-*"):
            os.rename(leftover, aside / leftover.name)
    again = start_server(data=data, admin_password=server.admin_password)
    assert names(again.admin()) == ["Before"]
    assert (aside / "larder.db").exists() and not (data / "restore.plan").exists()
