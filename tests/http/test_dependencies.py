"""What a plugin declares is installed in the sandbox, from wheels the tests make, or refused.

There is no network: a wheelhouse is a folder, an index a small server on loopback whose gate holds
an installation where a test wants it.
"""

import json
import os
import pathlib
import shutil
import sqlite3
import tempfile
import threading
import time

import pytest
from conftest import needs_sandbox
from index_server import Index
from packages import v1_package
from wheels import wheel

PATIENCE = 300
LITERAL = "Dependency installation failed"


@pytest.fixture
def wheelhouse():
    needs_sandbox()
    folder = pathlib.Path(tempfile.mkdtemp(prefix="larder-wheels-"))
    folder.chmod(0o755)  # read by the user that pip runs as
    yield folder
    shutil.rmtree(folder)


@pytest.fixture
def index(wheelhouse):
    made = []

    def make(**kw):
        made.append(Index(wheelhouse, **kw))
        return made[-1]

    yield make
    for i in made:
        i.close()


def upload(client, name="math_plugin", version="1.0.0", needs=(), **kw):
    content = v1_package(name, version, dependencies=json.dumps(list(needs)))
    files = {"file": (f"{name}-{version}.zip", content)}
    return client.post("/api/v1/plugins/upload", files=files, timeout=PATIENCE, **kw)


def environments(server):
    folder = server.data / "environments"
    return sorted(folder.iterdir()) if folder.exists() else []


def wait_for(what, *args):
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        got = what(*args)
        if got:
            return got
        time.sleep(0.02)
    raise AssertionError(f"waited {PATIENCE} s")


def poll(client, upload_id):
    answer = client.get(f"/api/v1/plugins/uploads/{upload_id}")
    assert answer.status_code == 200, answer.text
    return answer.json()


def until_over(client, upload_id):
    def over():
        now = poll(client, upload_id)
        return now if now["details"]["state"] in ("checked", "failed") else None

    return wait_for(over)


def newest_report(client):
    """Of the last installation, as the job tells it."""
    return client.get("/api/admin/jobs?kind=install&limit=1").json()[0]["result"]


def assert_refused(answer, spec):
    assert answer.status_code == 400, answer.text
    assert answer.json() == {"success": False, "message": LITERAL, "details": f"Failed to install: {spec}"}


def assert_nothing_left(server, client, name="math_plugin"):
    assert environments(server) == []
    assert client.get("/api/v1/plugins").json() == []
    assert client.get("/api/v1/plugins/uploaded").json()["plugins"] == []
    for store in ("store_plugin", "store_archived"):
        folder = server.data / store
        assert not folder.exists() or [p for p in folder.iterdir() if p.name.startswith(name)] == []


def test_a_wheelhouse_is_installed_from_and_shared(start_server, wheelhouse):
    wheel(wheelhouse, "alpha", "1.4", requires=["beta>=1"])
    wheel(wheelhouse, "beta", "1.2")
    server = start_server(LARDER_WHEELHOUSE=wheelhouse)
    admin = server.admin()
    answer = upload(admin, needs=["alpha>=1.0"])
    assert answer.status_code == 200, answer.text
    assert answer.json()["details"]["dependencies_installed"] == ["alpha>=1.0"]
    report = newest_report(admin)
    assert report["packages"] == [{"name": "alpha", "version": "1.4"}, {"name": "beta", "version": "1.2"}]
    (environment,) = environments(server)
    assert (environment / "site" / "beta" / "__init__.py").read_text().endswith('VERSION = "1.2"\n')
    assert not list(environment.rglob("*.pyc"))
    made = environment.stat().st_ino
    # the same in another spelling, another version: one folder
    assert upload(admin, version="1.1.0", needs=["Alpha >= 1.0"]).status_code == 200
    assert [e.stat().st_ino for e in environments(server)] == [made]
    # something else gets its own
    assert upload(admin, version="1.2.0", needs=["beta"]).status_code == 200
    assert len(environments(server)) == 2


def test_what_is_installed_belongs_to_the_server_and_can_be_read(start_server, wheelhouse):
    wheel(wheelhouse, "alpha")
    server = start_server(LARDER_WHEELHOUSE=wheelhouse)
    assert upload(server.admin(), needs=["alpha"]).status_code == 200
    (environment,) = environments(server)
    for path in (environment / "site").rglob("*"):
        assert path.stat().st_uid == os.geteuid()
        assert path.stat().st_mode & 0o777 == (0o755 if path.is_dir() else 0o644)


def test_a_missing_wheel_is_named_and_leaves_nothing(start_server, wheelhouse):
    wheel(wheelhouse, "alpha", requires=["gone>=3"])
    server = start_server(LARDER_WHEELHOUSE=wheelhouse)
    admin = server.admin()
    assert_refused(upload(admin, needs=["numpy>=1.20.0"]), "numpy>=1.20.0")
    assert_nothing_left(server, admin)
    assert_refused(upload(admin, needs=["alpha>=1"]), "alpha>=1")  # the one whose own need is not there
    assert "gone" in newest_report(admin)["output"]
    assert_nothing_left(server, admin)
    # nothing of it stands in the way later
    wheel(wheelhouse, "numpy", "1.26")
    assert upload(admin, needs=["numpy>=1.20.0"]).status_code == 200


@pytest.mark.parametrize("what, limits", [
    ("bytes", {"LARDER_INSTALL_MAX_BYTES": "64KiB"}),
    ("files", {"LARDER_INSTALL_MAX_FILES": "60"}),
    ("zeros", {"LARDER_INSTALL_MAX_BYTES": "1MiB"}),
])
def test_too_large_is_refused_and_leaves_nothing(start_server, wheelhouse, what, limits):
    wheel(wheelhouse, "alpha", **{"bytes": {"size": 300000}, "files": {"files": 100}, "zeros": {"zeros": 64 << 20}}[what])
    server = start_server(LARDER_WHEELHOUSE=wheelhouse, **limits)
    admin = server.admin()
    assert_refused(upload(admin, needs=["alpha"]), "alpha")
    assert_nothing_left(server, admin)


def test_too_slow_is_refused_and_leaves_nothing(start_server, wheelhouse, index):
    wheel(wheelhouse, "alpha")
    slow = index()
    slow.open.clear()
    server = start_server(LARDER_INDEX_URL=slow.url, LARDER_INSTALL_TIMEOUT="2s")
    admin = server.admin()
    assert_refused(upload(admin, needs=["alpha"]), "alpha")
    assert "longer than 2 seconds" in newest_report(admin)["reason"]
    assert_nothing_left(server, admin)


@pytest.mark.parametrize("policy", ["off", "check", "install"])
def test_options_addresses_and_paths_are_refused_under_every_policy(start_server, wheelhouse, policy):
    server = start_server(LARDER_DEPENDENCIES=policy, LARDER_WHEELHOUSE=wheelhouse)
    admin = server.admin()
    for need in ("--index-url=http://127.0.0.1/simple", "-r requirements.txt", "alpha @ https://127.0.0.1/alpha.whl",
                 "https://127.0.0.1/alpha-1.0.whl", "git+https://127.0.0.1/alpha", "./alpha", "/etc/alpha",
                 "alpha; import os", "alpha --pre"):
        answer = upload(admin, needs=[need])
        assert answer.status_code == 400, f"{need}: {answer.text}"
        assert answer.json()["success"] is False
    assert admin.get("/api/admin/jobs?kind=install").json() == []
    assert_nothing_left(server, admin)


@pytest.mark.parametrize("policy", ["off", "check", None])
def test_without_installing_nothing_is_installed(start_server, policy):
    server = start_server(LARDER_DEPENDENCIES=policy)
    admin = server.admin()
    answer = upload(admin, needs=["numpy>=1.20.0"])
    assert answer.status_code == 200, answer.text
    assert answer.json()["details"]["dependencies_installed"] == []
    assert environments(server) == []


def test_installing_needs_something_to_install_from(cli, tmp_path):
    done = cli("serve", "--data", tmp_path / "data", "--listen", "127.0.0.1:0", LARDER_DEPENDENCIES="install")
    assert done.returncode == 1
    assert "wheelhouse" in done.stderr and "index-url" in done.stderr
    done = cli("serve", "--data", tmp_path / "data", "--listen", "127.0.0.1:0", LARDER_WHEELHOUSE=tmp_path / "none")
    assert done.returncode == 1
    assert str(tmp_path / "none") in done.stderr


def test_an_answer_does_not_wait_longer_than_it_may(start_server, wheelhouse, index):
    wheel(wheelhouse, "alpha")
    slow = index()
    slow.open.clear()
    server = start_server(LARDER_INDEX_URL=slow.url, LARDER_INSTALL_WAIT="0")
    admin = server.admin()
    answer = upload(admin, needs=["alpha"])
    assert answer.status_code == 202, answer.text
    body = answer.json()
    assert body["success"] is True
    assert body["message"] == "Plugin accepted, dependencies installing"
    assert body["details"]["state"] in ("pending", "installing")
    upload_id = body["details"]["id"]
    # while it goes on it is in no list and no store, and says how far it is
    assert slow.asked.wait(PATIENCE)

    def says_what_it_does():
        now = poll(admin, upload_id)
        assert now["details"]["state"] in ("pending", "installing")
        return "alpha" in ((now["details"]["report"] or {}).get("step") or "") and now

    now = wait_for(says_what_it_does)
    assert now["success"] is True and now["plugin_name"] == "math_plugin"
    assert set(now["details"]["report"]) == {"step", "bytes", "files"}
    assert admin.get("/api/v1/plugins").json() == []
    assert admin.get("/api/v1/plugins/uploaded").json()["plugins"] == []
    assert list((server.data / "store_plugin").glob("math_plugin*")) == []
    again = upload(admin, needs=["alpha"])
    assert again.status_code in (400, 409), again.text  # it is on its way already
    slow.open.set()
    done = until_over(admin, upload_id)
    assert done["details"]["state"] == "checked" and done["details"]["error"] is None
    assert [p["name"] for p in admin.get("/api/v1/plugins").json()] == ["math_plugin"]
    assert admin.get("/api/v1/plugins/plugins/uploads/" + upload_id).json()["details"]["plugin_id"]
    assert admin.get("/api/v1/plugins/uploads/" + upload_id[:-1] + "x").status_code == 404


def test_a_failure_after_the_answer_is_told_to_who_asks(start_server, wheelhouse):
    server = start_server(LARDER_WHEELHOUSE=wheelhouse, LARDER_INSTALL_WAIT="0")
    admin = server.admin()
    answer = upload(admin, needs=["numpy>=1.20.0"])
    assert answer.status_code == 202, answer.text
    done = until_over(admin, answer.json()["details"]["id"])
    assert (done["success"], done["message"]) == (False, LITERAL)
    assert done["details"]["error"] == "Failed to install: numpy>=1.20.0"
    assert_nothing_left(server, admin)


@pytest.mark.parametrize("end", ["kill", "stop"])
def test_a_restart_in_the_middle_goes_on(start_server, wheelhouse, index, end):
    wheel(wheelhouse, "alpha")
    slow = index()
    slow.open.clear()
    env = {"LARDER_INDEX_URL": slow.url, "LARDER_INSTALL_WAIT": "0"}
    server = start_server(**env)
    admin = server.admin()
    upload_id = upload(admin, needs=["alpha"]).json()["details"]["id"]
    assert slow.asked.wait(PATIENCE)
    server.kill() if end == "kill" else server.stop()
    slow.open.set()
    server = start_server(data=server.data, admin_password=server.admin_password, **env)
    admin = server.admin()
    assert until_over(admin, upload_id)["details"]["state"] == "checked"
    wait_for(lambda: admin.get("/api/admin/jobs?kind=install&state=done").json())
    (job,) = admin.get("/api/admin/jobs?kind=install").json()
    assert job["tries"] == (2 if end == "kill" else 1)
    assert len(admin.get("/api/admin/audit", params={"action": "plugin.upload"}).json()) == 1
    assert [p["name"] for p in admin.get("/api/v1/plugins").json()] == ["math_plugin"]
    assert [e.name for e in environments(server) if e.name.startswith(".")] == []


def test_a_stop_does_not_wait_for_who_waits(start_server, wheelhouse, index):
    """The request is answered 202 and the server ends in time; server.stop asserts that."""
    wheel(wheelhouse, "alpha")
    slow = index()
    slow.open.clear()
    server = start_server(LARDER_INDEX_URL=slow.url)
    admin = server.admin()
    answers = []
    thread = threading.Thread(target=lambda: answers.append(upload(admin, needs=["alpha"])))
    thread.start()
    assert slow.asked.wait(PATIENCE)
    server.stop()
    thread.join(PATIENCE)
    assert [a.status_code for a in answers] == [202]


def test_a_password_of_the_index_is_shown_nowhere(start_server, wheelhouse, index):
    wheel(wheelhouse, "alpha")
    closed = index(secret="robot:hushhush")
    server = start_server(LARDER_INDEX_URL=closed.url)
    admin = server.admin()
    assert upload(admin, needs=["alpha"]).status_code == 200
    assert_refused(upload(admin, version="2.0.0", needs=["numpy"]), "numpy")
    report = json.dumps(newest_report(admin))
    assert "numpy" in report
    shown = report + server.cli("config", check=0, LARDER_INDEX_URL=closed.url).stdout + server.log_text()
    assert "hushhush" not in shown


def test_an_sdk_that_is_nowhere_is_left_to_the_runner(start_server, wheelhouse, index):
    wheel(wheelhouse, "alpha")
    sdk = "cadence_sdk>=1.0.1,<2.0.0"
    for env in ({"LARDER_WHEELHOUSE": wheelhouse}, {"LARDER_INDEX_URL": index().url}):
        server = start_server(**env)
        admin = server.admin()
        assert upload(admin, needs=[sdk, "alpha"]).status_code == 200
        report = newest_report(admin)
        assert report["without_sdk"] is True and report["installed"] == ["alpha"]
        assert upload(admin, version="1.1.0", needs=[sdk]).status_code == 200
    wheel(wheelhouse, "cadence_sdk", "1.0.5")
    server = start_server(LARDER_WHEELHOUSE=wheelhouse)
    admin = server.admin()
    assert upload(admin, needs=[sdk, "alpha"]).status_code == 200
    assert {p["name"] for p in newest_report(admin)["packages"]} == {"alpha", "cadence_sdk"}


def test_environments_that_no_version_asks_for_are_swept(start_server, wheelhouse):
    wheel(wheelhouse, "alpha")
    wheel(wheelhouse, "beta")
    server = start_server(LARDER_WHEELHOUSE=wheelhouse)
    admin = server.admin()
    assert upload(admin, needs=["alpha", "cadence_sdk>=1.0.1"]).status_code == 200
    (kept,) = environments(server)
    assert upload(admin, version="2.0.0", needs=["beta"]).status_code == 200
    (gone,) = set(environments(server)) - {kept}
    assert admin.delete("/api/v1/plugins/uploaded/math_plugin/2.0.0").status_code == 200

    def sweep():
        before = {j["id"] for j in admin.get("/api/admin/jobs?kind=environments.sweep&state=done").json()}
        with sqlite3.connect(server.data / "larder.db", timeout=30) as db:
            db.execute("UPDATE job SET run_at = 0 WHERE kind = 'environments.sweep' AND state = 'queued'")
        db.close()
        done = wait_for(lambda: [j for j in admin.get("/api/admin/jobs?kind=environments.sweep&state=done").json()
                                 if j["id"] not in before])
        return done[0]["result"]["removed"]

    assert sweep() == 0  # both were used today
    for environment in (kept, gone):
        os.utime(environment, (time.time() - 2 * 86400,) * 2)
    assert sweep() == 1
    assert environments(server) == [kept]
