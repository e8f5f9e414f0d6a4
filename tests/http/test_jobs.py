"""Work for later: done once, seen by those it concerns, and taken up again after a sudden death."""

import pathlib
import shutil
import sqlite3
import tempfile
import time
import uuid

import pytest
from conftest import needs_sandbox
from index_server import Index
from packages import package, v1_package
from people import create_member, create_org
from wheels import wheel

PATIENCE = 300
JOBS = "/api/admin/jobs"
KEYS = {"id", "kind", "subject", "state", "tries", "run_at", "created_at", "started_at", "finished_at", "progress", "result"}


@pytest.fixture(scope="module")
def admin(module_server):
    return module_server.admin()


def wait_for(what):
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        got = what()
        if got:
            return got
        time.sleep(0.02)
    raise AssertionError(f"waited {PATIENCE} s")


def queue(server, kind, subject, run_at=0):
    """As another process does: a row in the database, and nobody tells the server."""
    job_id = str(uuid.uuid4())
    with sqlite3.connect(server.data / "larder.db", timeout=30) as db:
        db.execute("INSERT INTO job (id, kind, subject, state, run_at, created_at) VALUES (?, ?, ?, 'queued', ?, 1)",
                   (job_id, kind, subject, run_at))
    db.close()
    return job_id


def ended(admin, job_id):
    def look():
        job = admin.get(f"{JOBS}/{job_id}").json()
        return job if job["state"] in ("done", "failed") else None

    return wait_for(look)


def metric(admin, name):
    lines = [line for line in admin.get("/metrics").text.splitlines() if line.startswith(name + " ")]
    assert len(lines) == 1, name
    return float(lines[0].split()[1])


def test_what_another_process_queued_is_found(module_server, admin):
    failed = metric(admin, "larder_jobs_failed_total")
    job = ended(admin, queue(module_server, "no.such.work", "x"))
    assert set(job) == KEYS
    assert (job["state"], job["tries"], job["progress"]) == ("failed", 1, None)
    assert job["result"] == {"error": "This server does not know such work"}
    assert job["finished_at"] >= job["started_at"]
    assert metric(admin, "larder_jobs_failed_total") == failed + 1
    assert metric(admin, "larder_jobs_running") == 0
    assert metric(admin, "larder_job_seconds_total") > 0


def test_the_list_is_filtered_and_paged(module_server, admin):
    kind = "kind." + uuid.uuid4().hex[:8]
    ids = [queue(module_server, kind, str(n), run_at=1 << 50) for n in range(5)]
    queued = metric(admin, "larder_jobs_queued")
    assert queued >= 5
    newest_first = list(reversed(ids))
    assert [j["id"] for j in admin.get(JOBS, params={"kind": kind}).json()] == newest_first
    assert [j["id"] for j in admin.get(JOBS, params={"kind": kind, "subject": "3"}).json()] == [ids[3]]
    assert admin.get(JOBS, params={"kind": kind, "state": "done"}).json() == []
    seen, params = [], {"kind": kind, "limit": 2}
    while True:
        answer = admin.get(JOBS, params=params)
        seen += [j["id"] for j in answer.json()]
        if "X-Next-Cursor" not in answer.headers:
            break
        params["cursor"] = answer.headers["X-Next-Cursor"]
    assert seen == newest_first


@pytest.mark.parametrize("query", ["state=lost", "limit=0", "limit=201", "cursor=x", "cursor=-1"])
def test_a_question_that_makes_no_sense_is_refused(admin, query):
    answer = admin.get(f"{JOBS}?{query}")
    assert answer.status_code == 422, answer.text


def test_an_unknown_job_is_not_found(admin):
    assert admin.get(f"{JOBS}/{uuid.uuid4()}").status_code == 404


def test_an_org_sees_the_jobs_on_its_own_plugins_only(module_server, admin):
    org, other = create_org(admin), create_org(admin)
    mine, theirs = create_member(admin, org, is_admin=True).client, create_member(admin, other, is_admin=True).client
    path = f"/api/orgs/{org['org_id']}"
    pid = ".".join(reversed(org["domain"].split("."))) + ".search"
    answer = admin.post(f"{path}/plugins/upload", files={"file": ("p.zip", package(pid))})
    assert answer.status_code == 201, answer.text
    job = queue(module_server, "wonder", answer.json()["id"])
    assert mine.get(f"{path}/jobs/{job}").json()["subject"] == answer.json()["id"]
    assert theirs.get(f"{path}/jobs/{job}").status_code == 403
    assert theirs.get(f"/api/orgs/{other['org_id']}/jobs/{job}").status_code == 404
    assert mine.get(JOBS).status_code == 403
    system = queue(module_server, "wonder", "nothing of an org")
    assert mine.get(f"{path}/jobs/{system}").status_code == 404


def test_a_job_that_dies_with_the_server_is_begun_again_and_done_once(start_server):
    needs_sandbox()
    folder = pathlib.Path(tempfile.mkdtemp(prefix="larder-wheels-"))
    wheel(folder, "alpha")
    index = Index(folder)
    env = {"LARDER_INDEX_URL": index.url, "LARDER_INSTALL_WAIT": "0"}
    try:
        index.open.clear()
        server = start_server(**env)
        admin = server.admin()
        content = v1_package("math_plugin", "1.0.0", dependencies='["alpha"]')
        answer = admin.post("/api/v1/plugins/upload", files={"file": ("math_plugin-1.0.0.zip", content)})
        assert answer.status_code == 202, answer.text
        for death in (1, 2):  # twice: it may be begun three times
            assert index.asked.wait(PATIENCE)
            index.asked.clear()
            (job,) = admin.get(JOBS, params={"kind": "install"}).json()
            assert (job["state"], job["tries"]) == ("running", death)
            server.kill()
            if death == 2:
                index.open.set()
            server = start_server(data=server.data, admin_password=server.admin_password, **env)
            admin = server.admin()
        done = ended(admin, job["id"])
        assert (done["state"], done["tries"]) == ("done", 3)
        assert len(admin.get("/api/admin/audit", params={"action": "plugin.upload"}).json()) == 1
        assert [p["version"] for p in admin.get("/api/v1/plugins").json()] == ["1.0.0"]
    finally:
        index.close()
        shutil.rmtree(folder)


def test_a_job_that_kills_the_server_each_time_is_given_up(start_server):
    needs_sandbox()
    folder = pathlib.Path(tempfile.mkdtemp(prefix="larder-wheels-"))
    wheel(folder, "alpha")
    index = Index(folder)
    env = {"LARDER_INDEX_URL": index.url, "LARDER_INSTALL_WAIT": "0"}
    try:
        index.open.clear()
        server = start_server(**env)
        admin = server.admin()
        content = v1_package("math_plugin", "1.0.0", dependencies='["alpha"]')
        upload = admin.post("/api/v1/plugins/upload", files={"file": ("math_plugin-1.0.0.zip", content)}).json()["details"]["id"]
        for _ in range(3):
            assert index.asked.wait(PATIENCE)
            index.asked.clear()
            server.kill()
            server = start_server(data=server.data, admin_password=server.admin_password, **env)
        admin = server.admin()
        answer = admin.get(f"/api/v1/plugins/uploads/{upload}").json()
        assert answer["message"] == "Dependency installation failed"
        assert answer["details"]["state"] == "failed"
        assert answer["details"]["error"] == "The server ended while this was at work"
        assert admin.get("/api/v1/plugins").json() == []
    finally:
        index.close()
        shutil.rmtree(folder)
