"""The plugin API of the first generation: every line of it, both spellings, both stores.

The documentation's own examples are run as they stand; only the address is that of the server under
test. What the two stores hold is looked at from outside, on the disk.
"""

import hashlib
import io
import json
import os
import pathlib
import sqlite3
import subprocess
import sys
import threading
import zipfile

import pytest
import requests

from packages import archive, package, v1_package
from people import Person

ROOT = pathlib.Path(__file__).resolve().parents[2]
FIXTURE = ROOT / "tests" / "fixtures" / "plugins" / "math_plugin"
V1, TWICE = "/api/v1/plugins", "/api/v1/plugins/plugins"
RELOADS = 1000 if os.environ.get("LARDER_TEST_ALL") else 100


class Shelf:
    """One server with an open v1 API, and what lies in its stores."""

    def __init__(self, server, base=V1):
        self.server, self.base = server, base
        self.client = server.client()
        self.plugins, self.archives = server.data / "store_plugin", server.data / "store_archived"

    def upload(self, content, name=None, force=None, client=None, base=None):
        data = {} if force is None else {"force_overwrite": force}
        files = {"file": (name or "math_plugin-1.0.0.zip", content)}
        return (client or self.client).post((base or self.base) + "/upload", files=files, data=data)

    def put(self, name="math_plugin", version="1.0.0", force=None, **more):
        content = v1_package(name, version, **more)
        answer = self.upload(content, f"{name}-{version}.zip", force)
        assert answer.status_code == 200, answer.text
        return content

    def list(self):
        answer = self.client.get(self.base)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def stored(self):
        """Names in both stores; hidden files are the server's own marks."""
        trees = {p.name for p in self.plugins.iterdir() if not p.name.startswith(".")}
        zips = {p.name for p in self.archives.iterdir() if not p.name.startswith(".")}
        return trees, zips

    def consistent(self, *versions):
        """Exactly these versions, as trees and as archives, and no trace of work."""
        assert self.stored() == (set(versions), {v + ".zip" for v in versions})
        for folder in (self.plugins, self.archives):
            assert not list(folder.glob(".larder-staging-*"))

    def set_health(self, version, health, name="math_plugin"):
        """As the health job would, but decided by the test; the server sees the commit by itself."""
        with sqlite3.connect(self.server.data / "larder.db", timeout=30) as db:
            done = db.execute("update plugin set health = ? where pid = ? and version = ?", (health, "legacy." + name, version))
            assert done.rowcount == 1
        db.close()


@pytest.fixture
def shelf(start_server):
    return Shelf(start_server(LARDER_V1_AUTH="off", LARDER_HEALTH_ON_UPLOAD="off"))


@pytest.fixture(scope="module")
def shared(start_module_server):
    """For refusals, which leave nothing behind."""
    return Shelf(start_module_server(LARDER_V1_AUTH="off", LARDER_HEALTH_ON_UPLOAD="off"))


def exactly(answer, status, body):
    """Byte for byte the documentation's body, its key order included; only its white space is not."""
    assert answer.status_code == status, answer.text
    assert answer.headers["Content-Type"].startswith("application/json")
    assert answer.text == json.dumps(body, separators=(",", ":"), ensure_ascii=False)


# ---- the documentation's examples ---------------------------------------------------------------

CURL_UPLOAD = """curl -X POST "http://localhost:8000/api/v1/plugins/upload" \\
  -H "Content-Type: multipart/form-data" \\
  -F "file=@math_plugin-1.0.0.zip" \\
  -F "force_overwrite=false"
"""
CURL_LIST = 'curl -X GET "http://localhost:8000/api/v1/plugins/uploaded"\n'
CURL_DELETE = 'curl -X DELETE "http://localhost:8000/api/v1/plugins/uploaded/math_plugin/1.0.0"\n'

SIMPLE = """import requests

# Upload plugin via API
with open('my_plugin-1.0.0.zip', 'rb') as f:
    files = {'file': f}
    data = {'force_overwrite': 'false'}
    response = requests.post(
        'http://localhost:8000/api/v1/plugins/upload',
        files=files,
        data=data
    )

print(response.json())
"""

BATCH = """import requests
import os

def upload_plugins_from_directory(directory):
    \"\"\"Upload all ZIP files from a directory.\"\"\"
    for filename in os.listdir(directory):
        if filename.endswith('.zip'):
            filepath = os.path.join(directory, filename)
            with open(filepath, 'rb') as f:
                files = {'file': f}
                data = {'force_overwrite': 'true'}
                response = requests.post(
                    'http://localhost:8000/api/v1/plugins/upload',
                    files=files,
                    data=data
                )
                print(f"{filename}: {response.json()}")

# Upload all plugins from directory
upload_plugins_from_directory('./plugin_packages/')
"""


def run_example(shelf, folder, program, text):
    """The text as printed, on this server's port instead of 8000."""
    env = {k: v for k, v in os.environ.items() if not k.lower().endswith("_proxy")}
    text = text.replace("localhost:8000", f"localhost:{shelf.server.port}")
    done = subprocess.run([*program, text], cwd=folder, env=env, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    return done.stdout


def uploaded_body(name, version, installed=()):
    return {
        "success": True,
        "message": "Plugin uploaded and loaded successfully",
        "plugin_name": name,
        "plugin_version": version,
        "details": {
            "extracted_to": f"./store_plugin/{name}-{version}",
            "validation": "passed",
            "dependencies_installed": list(installed),
        },
    }


def test_the_curl_examples(shelf, tmp_path):
    (tmp_path / "math_plugin-1.0.0.zip").write_bytes(v1_package())
    curl = ["sh", "-c"]
    assert json.loads(run_example(shelf, tmp_path, curl, CURL_UPLOAD)) == uploaded_body("math_plugin", "1.0.0")
    entry = {"name": "math_plugin", "version": "1.0.0", "directory": "./store_plugin/math_plugin-1.0.0"}
    assert json.loads(run_example(shelf, tmp_path, curl, CURL_LIST)) == {"success": True, "plugins": [entry]}
    assert json.loads(run_example(shelf, tmp_path, curl, CURL_DELETE)) == {
        "success": True,
        "message": "Plugin deleted successfully",
        "plugin_name": "math_plugin",
        "plugin_version": "1.0.0",
    }
    assert json.loads(run_example(shelf, tmp_path, curl, CURL_LIST)) == {"success": True, "plugins": []}
    shelf.consistent()


def test_the_requests_examples(shelf, tmp_path):
    (tmp_path / "my_plugin-1.0.0.zip").write_bytes(v1_package("my_plugin"))
    said = run_example(shelf, tmp_path, [sys.executable, "-c"], SIMPLE)
    assert said.strip() == str(uploaded_body("my_plugin", "1.0.0"))
    batch = tmp_path / "plugin_packages"
    batch.mkdir()
    for name, version in (("math_plugin", "1.0.0"), ("search_plugin", "2.1.0"), ("my_plugin", "1.0.0")):
        (batch / f"{name}-{version}.zip").write_bytes(v1_package(name, version, description="Another"))
    said = run_example(shelf, tmp_path, [sys.executable, "-c"], BATCH)
    assert said.count("'success': True") == 3, said
    shelf.consistent("math_plugin-1.0.0", "search_plugin-2.1.0", "my_plugin-1.0.0")


def test_a_plugin_as_its_authors_wrote_it(shelf):
    members = {p.name: p.read_bytes() for p in sorted(FIXTURE.iterdir()) if p.is_file()}
    answer = shelf.upload(archive(members))
    exactly(answer, 200, uploaded_body("math_plugin", "1.0.0"))
    assert {p.name for p in (shelf.plugins / "math_plugin-1.0.0").iterdir()} == {*members, ".larder"}


# ---- the documentation's four failures ----------------------------------------------------------


def test_not_a_zip(shared):
    body = {"success": False, "message": "Invalid ZIP file format", "details": "File is not a valid ZIP archive"}
    for content in (b"just some text", b"", b"PK\x05\x06" + bytes(18)):
        exactly(shared.upload(content), 400, body)
    shared.consistent()


@pytest.mark.parametrize("missing", ["__init__.py", "plugin.py", "agent.py", "tools.py"])
def test_a_required_file_is_missing(shared, missing):
    body = {"success": False, "message": "Plugin validation failed", "details": f"Missing required file: {missing}"}
    exactly(shared.upload(v1_package(omit=[missing])), 400, body)
    exactly(shared.upload(v1_package(omit=[missing], wrapper="math_plugin/")), 400, body)
    shared.consistent()


def test_it_exists_already(shelf):
    content = shelf.put()
    body = {
        "success": False,
        "message": "Plugin already exists",
        "plugin_name": "math_plugin",
        "plugin_version": "1.0.0",
        "details": "Use force_overwrite=true to replace",
    }
    exactly(shelf.upload(content), 400, body)
    exactly(shelf.upload(content, force="false"), 400, body)
    exactly(shelf.upload(v1_package(description="Other words")), 400, body)
    assert zipfile.ZipFile(shelf.archives / "math_plugin-1.0.0.zip").testzip() is None
    assert (shelf.archives / "math_plugin-1.0.0.zip").read_bytes() == content


# ---- what else is refused -----------------------------------------------------------------------


@pytest.mark.parametrize("file_name", ["other-1.0.0.zip", "math_plugin-1.0.1.zip", "math_plugin.zip", "math_plugin-1.0.zip",
                                       "math_plugin-1.0.0 (1).zip", "math_plugin-.zip", "-1.0.0.zip", ".zip"])
def test_the_file_name_says_what_the_metadata_says(shared, file_name):
    answer = shared.upload(v1_package(), file_name)
    assert answer.status_code == 400, answer.text
    assert answer.json()["message"] == "Plugin validation failed"
    assert answer.json()["success"] is False and "math_plugin" in answer.json()["details"]


def test_a_name_that_is_no_zip(shared):
    assert shared.upload(v1_package(), "math_plugin-1.0.0.tar").status_code == 400


def test_spellings_of_a_file_name(shelf):
    assert shelf.upload(v1_package(), "math_plugin-v1.0.0.ZIP").status_code == 200
    assert shelf.upload(v1_package("a-2", "3"), "a-2-3.zip").status_code == 200
    assert shelf.upload(v1_package("x", "1.0.0-rc1"), "x-1.0.0-rc1.zip").status_code == 200
    shelf.consistent("math_plugin-1.0.0", "a-2-3", "x-1.0.0-rc1")
    clash = shelf.upload(v1_package("a", "2-3"), "a-2-3.zip")  # the same folder, were it let in
    assert clash.status_code == 400 and "dash before a digit" in clash.json()["details"]


@pytest.mark.parametrize("name", ["plugins", "upload", "uploaded", "reload"])
def test_reserved_names(shared, name):
    answer = shared.upload(v1_package(name), f"{name}-1.0.0.zip")
    body = {"success": False, "message": "Plugin validation failed", "details": f"The name '{name}' is reserved"}
    exactly(answer, 400, body)


@pytest.mark.parametrize("name", ["two words", "../../etc/x", "a/b", ".hidden", "a..b", "ä", "n" * 151])
def test_names_that_are_none(shared, name):
    answer = shared.upload(v1_package(name), f"{name}-1.0.0.zip")
    assert answer.status_code == 400 and answer.json()["message"] == "Plugin validation failed", answer.text
    shared.consistent()


def test_dangerous_archives(shared):
    for name in ("../escape.py", "/abs.py", "a\\b.py", ".larder"):
        answer = shared.upload(v1_package(files={name: "x = 1\n"}))
        assert answer.status_code == 400 and answer.json()["success"] is False, answer.text
    link = io.BytesIO()
    with zipfile.ZipFile(link, "w") as z:
        info = zipfile.ZipInfo("plugin.py")
        info.external_attr = 0o120777 << 16
        z.writestr(info, "/etc/passwd")
    assert shared.upload(link.getvalue()).status_code == 400
    shared.consistent()


def test_a_package_of_the_newer_layout(shared):
    extra = {"agent.py": "", "tools.py": ""}
    answer = shared.upload(package(files=extra), "Search-1.0.0.zip")
    assert answer.status_code == 400 and answer.json()["message"] == "Plugin validation failed"
    admin = shared.server.admin()
    answer = admin.post("/api/admin/plugins/upload", files={"file": ("x.zip", package(pid="legacy.math_plugin"))})
    assert answer.status_code == 400 and "legacy." in answer.json()["message"]


def test_forms(shared):
    client = shared.client
    answer = client.post(V1 + "/upload", data={"force_overwrite": "true"}, files={"other": b"x"})
    assert answer.status_code == 422 and answer.json()["success"] is False and "file" in answer.json()["message"]
    answer = client.post(V1 + "/upload", data=b"raw", headers={"Content-Type": "application/zip"})
    assert answer.status_code == 415 and answer.json()["success"] is False
    assert shared.upload(v1_package(), force="perhaps").status_code == 422
    parts = [("file", ("math_plugin-1.0.0.zip", v1_package())), ("file", ("math_plugin-1.1.0.zip", v1_package(version="1.1.0")))]
    answer = client.post(V1 + "/upload", files=parts)
    assert answer.status_code == 422 and "stands 2 times" in answer.json()["message"]


def test_too_large(start_server):
    shelf = Shelf(start_server(LARDER_V1_AUTH="off", MAX_PLUGIN_UPLOAD_BYTES="1048576"))
    body = {
        "success": False,
        "message": "Plugin file is too large",
        "details": "Plugin file exceeds maximum allowed size (1 MB)",
    }
    exactly(shelf.upload(b"PK\x03\x04" + bytes(1 << 20)), 413, body)
    exactly(shelf.upload(b"PK\x03\x04" + bytes(2 << 20)), 413, body)
    shelf.consistent()


# ---- rows, lists, both spellings ----------------------------------------------------------------


def test_a_v1_upload_is_a_system_row(shelf):
    content = shelf.put()
    admin = shelf.server.admin()
    rows = admin.get("/api/admin/plugins").json()
    assert [(r["pid"], r["version"], r["source"], r["name"], r["is_latest"]) for r in rows] == [
        ("legacy.math_plugin", "1.0.0", "system", "math_plugin", True)]
    assert rows[0]["sha256"] == hashlib.sha256(content).hexdigest()
    answer = admin.get(f"/api/admin/plugins/{rows[0]['id']}/download")
    assert answer.content == content
    assert (shelf.archives / "math_plugin-1.0.0.zip").read_bytes() == content
    tree = shelf.plugins / "math_plugin-1.0.0"
    for name in ("__init__.py", "plugin.py", "agent.py", "tools.py"):
        assert (tree / name).read_bytes() == zipfile.ZipFile(io.BytesIO(content)).read(name)
    assert not list((shelf.server.data / "plugins" / "system").iterdir())
    audit = admin.get("/api/admin/audit?action=plugin.upload").json()
    assert "legacy.math_plugin" in json.dumps(audit)


@pytest.mark.parametrize("base", [V1, TWICE])
def test_the_whole_way_in_both_spellings(shelf, base):
    shelf.base = base
    exactly(shelf.client.get(base), 200, [])
    exactly(shelf.upload(v1_package(wrapper="math_plugin/")), 200, uploaded_body("math_plugin", "1.0.0"))
    shelf.put("math_plugin", "1.2.0")
    shelf.put("math_plugin", "0.9.0")  # lower: accepted, latest stays
    shelf.put("search_plugin", "2.1.0", description="Sucht Dinge – überall")
    math = {"name": "math_plugin", "version": "1.2.0", "description": "Does sums", "capabilities": ["addition"],
            "status": "unchecked", "source": "system"}
    search = {**math, "name": "search_plugin", "version": "2.1.0", "description": "Sucht Dinge – überall"}
    exactly(shelf.client.get(base), 200, [math, search])
    exactly(shelf.client.get(base + "/math_plugin"), 200, math)
    exactly(shelf.client.get(base + "/nobody"), 404, {"detail": "Plugin 'nobody' not found in available plugins"})
    entries = [{"name": n, "version": v, "directory": f"./store_plugin/{n}-{v}"}
               for n, v in (("math_plugin", "1.2.0"), ("math_plugin", "1.0.0"), ("math_plugin", "0.9.0"), ("search_plugin", "2.1.0"))]
    exactly(shelf.client.get(base + "/uploaded"), 200, {"success": True, "plugins": entries})
    exactly(shelf.client.post(base + "/reload"), 200,
            {"status": "success", "loaded": ["math_plugin", "search_plugin"], "healthy": [], "failed": []})
    exactly(shelf.client.get("/api/v1/system/status"), 200,
            {"status": "operational", "available_plugins": ["math_plugin", "search_plugin"], "healthy_plugins": [],
             "failed_plugins": [], "total_sessions": 0})
    assert shelf.client.get("/api/v1/system/health").json() == {"status": "healthy"}
    assert shelf.client.get("/health").json()["status"] == "healthy"
    answer = shelf.client.delete(base + "/uploaded/math_plugin/1.2.0")
    exactly(answer, 200, {"success": True, "message": "Plugin deleted successfully", "plugin_name": "math_plugin",
                          "plugin_version": "1.2.0"})
    exactly(shelf.client.get(base + "/math_plugin"), 200, {**math, "version": "1.0.0"})


def test_errors_below_the_prefix_have_its_shape(shared):
    for method, path, status in (("GET", "/api/v1/nothing", 404), ("PUT", V1, 405), ("DELETE", V1 + "/uploaded/x/1.0", 404)):
        answer = shared.client.request(method, path)
        assert answer.status_code == status, answer.text
        body = answer.json()
        assert body["success"] is False and list(body) == ["success", "message"], body


def test_disabled_versions_are_not_listed(shelf):
    shelf.put("math_plugin", "1.0.0")
    shelf.put("math_plugin", "2.0.0")
    admin = shelf.server.admin()
    newest = admin.get("/api/admin/plugins").json()[0]
    assert newest["version"] == "2.0.0"
    assert admin.delete(f"/api/admin/plugins/{newest['id']}").status_code == 204
    assert [p["version"] for p in shelf.list()] == ["1.0.0"]
    assert len(shelf.client.get(V1 + "/uploaded").json()["plugins"]) == 2


# ---- overwriting and deleting -------------------------------------------------------------------


def test_force_overwrite_exchanges_everything(shelf):
    old = shelf.put(files={"stale.py": "x = 1\n"})
    admin = shelf.server.admin()
    before = admin.get("/api/admin/plugins").json()[0]
    new = v1_package(description="New words")
    exactly(shelf.upload(new, force="true"), 200, uploaded_body("math_plugin", "1.0.0"))
    assert not (shelf.plugins / "math_plugin-1.0.0" / "stale.py").exists(), "a stale file stayed"
    assert (shelf.archives / "math_plugin-1.0.0.zip").read_bytes() == new
    assert shelf.list()[0]["description"] == "New words"
    after = admin.get("/api/admin/plugins").json()[0]
    assert after["id"] == before["id"] and after["sha256"] == hashlib.sha256(new).hexdigest()
    event = admin.get("/api/admin/audit?action=plugin.overwrite").json()[0]
    assert event["detail"]["sha256_before"] == hashlib.sha256(old).hexdigest()
    shelf.consistent("math_plugin-1.0.0")
    # the old bytes stay for a month, over a restart and its sweep, so that it can be undone
    name = hashlib.sha256(old).hexdigest()
    shelf.server.stop()
    with sqlite3.connect(shelf.server.data / "larder.db") as db:
        until, seen = db.execute("select keep_until, first_seen from blob where sha256 = ?", (name,)).fetchone()
    db.close()
    assert 29 * 86400_000 < until - seen < 31 * 86400_000
    assert (shelf.server.data / "blobs" / name[:2] / name).read_bytes() == old


def test_old_bytes_outlive_a_restart_and_go_after_a_month(start_server):
    # nothing else keeps them: without an object store to come, no change waits for one
    env = {"LARDER_V1_AUTH": "off", "LARDER_HEALTH_ON_UPLOAD": "off", "LARDER_S3_ENABLED": "false"}
    server = start_server(**env)
    shelf = Shelf(server)
    old = shelf.put()
    shelf.put(force="true", description="New words")
    name = hashlib.sha256(old).hexdigest()
    blob = server.data / "blobs" / name[:2] / name
    server.stop()
    server = start_server(data=server.data, **env)
    assert blob.read_bytes() == old
    shelf = Shelf(server)
    answer = shelf.upload(old, force="true")  # undone
    assert answer.status_code == 200
    assert (shelf.archives / "math_plugin-1.0.0.zip").read_bytes() == old
    shelf.put(force="true", description="Newer words")
    server.stop()
    with sqlite3.connect(server.data / "larder.db") as db:
        db.execute("update blob set keep_until = 1 where keep_until is not null")
    db.close()
    start_server(data=server.data, **env)
    assert not blob.exists()


def test_another_spelling_of_the_version_leaves_no_second_folder(shelf):
    shelf.put("math_plugin", "1.0")
    answer = shelf.upload(v1_package("math_plugin", "1.0.0"), "math_plugin-1.0.0.zip")
    assert answer.json()["message"] == "Plugin already exists"
    shelf.put("math_plugin", "1.0.0", force="true")
    shelf.consistent("math_plugin-1.0.0")
    assert [p["version"] for p in shelf.client.get(V1 + "/uploaded").json()["plugins"]] == ["1.0.0"]


def test_overwriting_the_same_bytes(shelf):
    content = shelf.put()
    exactly(shelf.upload(content, force="true"), 200, uploaded_body("math_plugin", "1.0.0"))
    shelf.consistent("math_plugin-1.0.0")


def test_deleting_frees_the_version(shelf):
    shelf.put()
    shelf.put("math_plugin", "2.0.0")
    assert shelf.client.delete(V1 + "/uploaded/math_plugin/2.0.0").status_code == 200
    shelf.consistent("math_plugin-1.0.0")
    assert shelf.client.delete(V1 + "/uploaded/math_plugin/2.0.0").status_code == 404
    shelf.put("math_plugin", "2.0.0", description="Quite another")
    shelf.consistent("math_plugin-1.0.0", "math_plugin-2.0.0")
    deleted = shelf.server.admin().get("/api/admin/audit?action=plugin.delete").json()
    assert len(deleted) == 1 and deleted[0]["detail"]["version"] == "2.0.0"


@pytest.mark.parametrize("path", ["..%2f..%2fblobs/1.0.0", "../1.0.0", "%2e%2e/1.0.0", "math_plugin/..%2f..%2f", "math_plugin/%2e%2e",
                                  "math_plugin/1.0.0%2f..", "x/not-a-version", "math_plugin%00/1.0.0", "notes/1"])
def test_deleting_never_reaches_outside(shelf, path):
    shelf.put()
    (shelf.plugins / "notes-1").mkdir()  # somebody's own
    (shelf.plugins / "notes-1" / "mine.txt").write_text("mine")
    with shelf.server.connect() as s:
        s.sendall(f"DELETE {V1}/uploaded/{path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n".encode())
        head = s.recv(65536).split(b"\r\n")[0]
    assert head.split()[1] in (b"400", b"404", b"405"), head
    assert (shelf.plugins / "notes-1" / "mine.txt").read_text() == "mine"
    assert (shelf.plugins / "math_plugin-1.0.0" / "plugin.py").exists()
    assert len(list((shelf.server.data / "blobs").glob("*/*"))) == 1


def test_what_somebody_put_there_is_not_replaced(start_server):
    server = start_server(LARDER_V1_AUTH="off", LARDER_HEALTH_ON_UPLOAD="off")
    shelf = Shelf(server)
    mine = shelf.plugins / "math_plugin-1.0.0"
    mine.mkdir()
    (mine / "mine.py").write_text("mine")
    for force in ("false", "true"):
        answer = shelf.upload(v1_package(), force=force)
        assert answer.status_code == 400 and "did not make" in answer.json()["details"]
    (shelf.archives / "other-1.0.zip").write_text("mine too")
    assert shelf.upload(v1_package("other", "1.0"), "other-1.0.zip").status_code == 400
    server.stop()
    start_server(data=server.data)
    assert (mine / "mine.py").read_text() == "mine" and (shelf.archives / "other-1.0.zip").read_text() == "mine too"


def test_stores_elsewhere(start_server, tmp_path):
    plugins, archives = tmp_path / "p", tmp_path / "deep" / "a"
    server = start_server(LARDER_V1_AUTH="off", CADENCE_STORE_PLUGIN=str(plugins), CADENCE_STORE_ARCHIVED=str(archives))
    shelf = Shelf(server)
    answer = shelf.upload(v1_package())
    assert answer.json()["details"]["extracted_to"] == f"{plugins}/math_plugin-1.0.0"
    assert (plugins / "math_plugin-1.0.0" / "plugin.py").exists()
    assert (archives / "math_plugin-1.0.0.zip").exists()
    assert not (server.data / "store_plugin").exists()


# ---- health, reload, rollback -------------------------------------------------------------------


def test_a_failed_new_version_leaves_the_old_one_serving(shelf):
    shelf.put("math_plugin", "1.0.0")
    shelf.put("math_plugin", "2.0.0")
    shelf.set_health("1.0.0", "healthy")
    shelf.set_health("2.0.0", "failed")
    assert [(p["version"], p["status"]) for p in shelf.list()] == [("2.0.0", "failed")]
    body = shelf.client.post(V1 + "/reload").json()
    assert body == {"status": "success", "loaded": ["math_plugin"], "healthy": [], "failed": ["math_plugin"]}
    status = shelf.client.get("/api/v1/system/status").json()
    assert status["available_plugins"] == ["math_plugin"] and status["failed_plugins"] == ["math_plugin"]
    # the next change of the plugin finds the old one as what is served; so does the health job itself
    admin = shelf.server.admin()
    shelf.put("math_plugin", "0.1.0")
    assert admin.get("/api/admin/plugins").json()[0]["version"] == "1.0.0"
    assert (shelf.plugins / "math_plugin-1.0.0" / "plugin.py").exists()
    shelf.set_health("1.0.0", "failed")
    shelf.set_health("0.1.0", "failed")
    assert shelf.client.post(V1 + "/reload").json()["loaded"] == []


def test_reload_builds_what_lacks(shelf):
    content = shelf.put()
    shelf.put("search_plugin", "2.1.0")
    subprocess.run(["rm", "-r", str(shelf.plugins / "math_plugin-1.0.0")], check=True)
    (shelf.archives / "math_plugin-1.0.0.zip").unlink()
    (shelf.archives / "search_plugin-2.1.0.zip").unlink()
    assert shelf.client.post(V1 + "/reload").json()["loaded"] == ["math_plugin", "search_plugin"]
    shelf.consistent("math_plugin-1.0.0", "search_plugin-2.1.0")
    assert (shelf.archives / "math_plugin-1.0.0.zip").read_bytes() == content


def test_reload_names_what_cannot_be_had(shelf):
    content = shelf.put()
    shelf.put("search_plugin", "2.1.0")
    name = hashlib.sha256(content).hexdigest()
    (shelf.server.data / "blobs" / name[:2] / name).unlink()
    subprocess.run(["rm", "-r", str(shelf.plugins / "math_plugin-1.0.0")], check=True)
    assert shelf.client.post(V1 + "/reload").json() == {
        "status": "success", "loaded": ["search_plugin"], "healthy": [], "failed": ["math_plugin"]}
    assert [p["status"] for p in shelf.list()] == ["failed", "unchecked"]
    assert shelf.upload(content, force="true").status_code == 200
    assert shelf.client.post(V1 + "/reload").json()["failed"] == []


def test_reloads_and_lists_at_once(shelf):
    """Whoever lists meanwhile sees the old set or the new one and never an error."""
    shelf.put("steady", "1.0.0")
    stop, seen, errors = threading.Event(), set(), []

    def watch():
        client = shelf.server.client()
        while not stop.is_set():
            try:
                answer = client.get(V1)
                assert answer.status_code == 200, answer.text
                seen.add(tuple((p["name"], p["version"]) for p in answer.json()))
            except Exception as e:
                errors.append(e)
                return

    def churn():
        client = shelf.server.client()
        turn = 0
        while not stop.is_set():
            turn += 1
            content = v1_package("moving", "1.0.0", description=f"Turn {turn}")
            assert shelf.upload(content, "moving-1.0.0.zip", "true", client=client).status_code == 200
            if turn % 5 == 0:
                assert client.delete(V1 + "/uploaded/moving/1.0.0").status_code == 200

    threads = [threading.Thread(target=watch) for _ in range(2)] + [threading.Thread(target=churn)]
    for t in threads:
        t.start()
    try:
        for _ in range(RELOADS):
            answer = shelf.client.post(V1 + "/reload")
            assert answer.status_code == 200, answer.text
            assert "steady" in answer.json()["loaded"] and answer.json()["failed"] == []
    finally:
        stop.set()
        for t in threads:
            t.join()
    assert not errors, errors
    assert seen <= {(("steady", "1.0.0"),), (("moving", "1.0.0"), ("steady", "1.0.0"))}, seen


def test_uploads_of_one_version_at_once(shelf):
    """Whatever wins, row, tree and archive agree about it."""
    contents = [v1_package(description=f"From {n}") for n in range(8)]
    threads = [threading.Thread(target=shelf.upload, args=(c, None, "true", shelf.server.client())) for c in contents]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    row = shelf.server.admin().get("/api/admin/plugins").json()[0]
    stored = (shelf.archives / "math_plugin-1.0.0.zip").read_bytes()
    assert hashlib.sha256(stored).hexdigest() == row["sha256"]
    assert (shelf.plugins / "math_plugin-1.0.0" / ".larder").read_text() == row["sha256"]
    assert row["description"] in (shelf.plugins / "math_plugin-1.0.0" / "plugin.py").read_text()
    shelf.consistent("math_plugin-1.0.0")


@pytest.mark.parametrize("generation", [1, 2])
def test_rollback_promotes_the_version_before(shelf, generation):
    admin = shelf.server.admin()
    for version in ("1.0.0", "1.1.0", "1.2.0"):
        if generation == 1:
            shelf.put("math_plugin", version)
        else:
            files = {"file": ("x.zip", package(version=version))}
            assert admin.post("/api/admin/plugins/upload", files=files).status_code == 201
    newest = admin.get("/api/admin/plugins").json()[0]
    answer = admin.post(f"/api/admin/plugins/{newest['id']}/rollback")
    assert answer.status_code == 200, answer.text
    assert answer.json()["version"] == "1.1.0" and answer.json()["is_latest"] is True
    gone = admin.get(f"/api/admin/plugins/{newest['id']}").json()
    assert gone["enabled"] is False and gone["is_latest"] is False
    # any version of the plugin names it
    assert admin.post(f"/api/admin/plugins/{newest['id']}/rollback").json()["version"] == "1.0.0"
    answer = admin.post(f"/api/admin/plugins/{newest['id']}/rollback")
    assert answer.status_code == 409 and "1.0.0" in answer.json()["message"]
    events = admin.get("/api/admin/audit?action=plugin.rollback").json()
    assert [(e["detail"]["from"], e["detail"]["to"]) for e in events] == [("1.1.0", "1.0.0"), ("1.2.0", "1.1.0")]


def test_rollback_of_an_org(server):
    from people import create_member, create_org

    admin = server.admin()
    org = create_org(admin, domain="acme.com")
    mine = create_member(admin, org, is_admin=True).client
    base = f"/api/orgs/{org['org_id']}/plugins"
    ids = [mine.post(base + "/upload", files={"file": ("x.zip", package(version=v))}).json()["id"] for v in ("1.0.0", "2.0.0")]
    answer = mine.post(f"{base}/{ids[1]}/rollback")
    assert answer.status_code == 200 and answer.json()["id"] == ids[0]
    assert mine.post(f"{base}/{ids[0]}/rollback").status_code == 409
    system = admin.post("/api/admin/plugins/upload", files={"file": ("x.zip", package(pid="com.acme.sys"))}).json()["id"]
    assert mine.post(f"{base}/{system}/rollback").status_code == 404


# ---- who may ------------------------------------------------------------------------------------


def test_a_token_is_needed_by_default(server):
    shelf, admin = Shelf(server), server.admin()
    answer = shelf.upload(v1_package())
    assert answer.status_code == 401 and answer.json()["success"] is False
    assert shelf.client.get(V1).status_code == 401
    assert shelf.upload(v1_package(), client=Person(admin).client).status_code == 403
    assert shelf.upload(v1_package(), client=admin).status_code == 200
    key = admin.post("/api/admin/users/api-keys", json={"name": "ci", "scopes": ["cadence:system:plugins:write"]}).json()
    answer = shelf.client.get(V1, headers={"X-API-KEY": key["raw_key"]})
    assert answer.status_code == 200 and len(answer.json()) == 1


def test_open_only_on_this_machine(start_server):
    for listen in ("0.0.0.0:0", "127.0.0.1:0,0.0.0.0:0", "[::]:0"):
        server = start_server(args=("--listen", listen), wait=False, LARDER_V1_AUTH="off")
        assert server.process.wait(30) != 0
        assert "v1-auth" in server.log_text() and "127.0.0.1" in server.log_text()
    server = start_server(LARDER_V1_AUTH="off")
    assert "v1.open" in server.log_text()
    assert server.client().get(V1).status_code == 200
    assert server.client().get("/api/admin/plugins").status_code == 401, "it opens v1 and nothing else"
    assert server.client().get(V1, headers={"Authorization": "Bearer wrong"}).status_code == 401


@pytest.mark.parametrize("headers", [{"Origin": "https://evil.example"}, {"Origin": "null"}, {"Sec-Fetch-Site": "cross-site"}])
def test_open_is_not_open_to_other_sites(shared, headers):
    files = {"file": ("math_plugin-1.0.0.zip", v1_package())}
    assert shared.client.post(V1 + "/upload", files=files, headers=headers).status_code == 403
    assert shared.client.get(V1, headers=headers).status_code == 403
    assert shared.client.delete(V1 + "/uploaded/x/1.0", headers=headers).status_code == 403
    shared.consistent()


def test_open_is_not_open_to_other_hosts(shared):
    answer = shared.client.get(V1, headers={"Host": "evil.example"})
    assert answer.status_code == 421 and answer.json()["success"] is False
    own = {"Origin": shared.server.url}
    assert requests.get(shared.server.url + V1, headers=own, timeout=30).status_code == 200
