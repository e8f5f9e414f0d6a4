"""Health checks over HTTP: asked for, queued, run in the sandbox, kept, and shown to who may see them."""

import time
import zipfile
import io

import pytest
from conftest import ROOT, needs_sandbox
from packages import archive, package, v1_package
from people import assert_error, create_member, create_org

DEADLINE = 300
PATIENT = {"LARDER_HEALTH_TIMEOUT": "5m"}  # a check that a busy machine makes slow is no failed one
EXAMPLES = sorted(p.name for p in (ROOT / "packaging" / "examples").iterdir())
NEEDS_HTTPX = {"page_reader", "web_search"}  # declared by them, and nothing is installed here


def wait_for(client, job_path):
    deadline = time.monotonic() + DEADLINE
    while time.monotonic() < deadline:
        job = client.get(job_path).json()
        if job["state"] in ("done", "failed"):
            return job
        time.sleep(0.05)
    raise AssertionError(f"the job did not end: {job}")


def check(client, path, jobs="/api/admin/jobs/"):
    answer = client.post(path + "/health")
    assert answer.status_code == 202, answer.text
    job = wait_for(client, jobs + answer.json()["job_id"])
    assert job["state"] == "done", job
    newest = client.get(path + "/health").json()[0]
    assert job["result"]["health"] == newest["health"]
    return newest


def upload(client, content, path="/api/admin/plugins/upload"):
    answer = client.post(path, files={"file": ("p.zip", content)})
    assert answer.status_code == 201, answer.text
    return answer.json()["id"]


def zipped(folder):
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as z:
        for f in sorted(folder.rglob("*")):
            z.write(f, f"{folder.name}/{f.relative_to(folder)}")
    return out.getvalue()


@pytest.fixture(scope="module")
def admin(start_module_server):
    needs_sandbox()
    return start_module_server(**PATIENT).admin()


@pytest.mark.parametrize("name", EXAMPLES)
def test_the_examples_are_healthy(admin, name):
    """A package of a wrapper folder; `calendar` has the name of a module of the standard library."""
    plugin_id = upload(admin, zipped(ROOT / "packaging" / "examples" / name))
    found = check(admin, f"/api/admin/plugins/{plugin_id}")
    if name in NEEDS_HTTPX and found["health"] != "healthy":
        assert found["health"] == "unchecked"
        assert found["reason"].startswith("It needs the module 'httpx', which is not installed here")
        return
    assert (found["health"], found["reason"]) == ("healthy", None), found
    detail = found["detail"]
    assert detail["tools"] and all(t["description"] and t["parameters"] is not None for t in detail["tools"])
    assert [s["name"] for s in detail["steps"]] == ["import", "find_class", "get_metadata", "create_agent", "initialize",
                                                    "get_tools", "health_check"]
    assert detail["plugin"]["sdk"] and detail["error"] is None


BROKEN = {
    "import nothing_of_that_name\n": ("failed", "import: ModuleNotFoundError: No module named 'nothing_of_that_name'", "extra.py", 1),
    "def f(:\n": ("failed", "import: SyntaxError: invalid syntax (extra.py, line 1)", "extra.py", 1),
    "raise SystemExit(0)\n": ("failed", "import: SystemExit: 0", "extra.py", 1),
    "import os\nos._exit(3)\n": ("failed", "It ended the process with status 3 in the step 'import'", None, None),
    "import ctypes\nctypes.string_at(0)\n": ("failed", "It was ended by SEGV in the step 'import'", None, None),
}


@pytest.mark.parametrize("code", BROKEN)
def test_what_fails_says_where(admin, code):
    version = f"1.0.{list(BROKEN).index(code)}"
    plugin_id = upload(admin, package(pid="io.broken.one", version=version, dependencies="[]", settings="",
                                      files={"__init__.py": "from . import extra\n", "extra.py": code}))
    result, reason, file, line = BROKEN[code]
    found = check(admin, f"/api/admin/plugins/{plugin_id}")
    assert (found["health"], found["reason"]) == (result, reason)
    if file:
        assert any(at.startswith(f"{file}:{line}") for at in found["detail"]["error"]["lines"]), found
    stage = {s["stage"]: s for s in admin.get(f"/api/admin/plugins/{plugin_id}/report").json()["stages"]}["health"]
    assert stage["result"] == "failed"
    finding = stage["findings"][0]
    assert (finding["level"], finding["message"], finding["file"], finding["line"]) == ("error", reason, file, line)


def test_tools_are_looked_at(admin):
    tools = '''
class Broken(BaseSpecializedAgent):
    def get_tools(self):
        @uvtool
        def untyped(query, limit: int = 3):
            return query

        return [untyped, 42]

SearchAgent = Broken
'''
    content = package(pid="io.broken.tools", dependencies="[]", settings="")
    source = zipfile.ZipFile(io.BytesIO(content)).read("plugin.py").decode() + tools
    plugin_id = upload(admin, package(pid="io.broken.tools", dependencies="[]", settings="", files={"plugin.py": source}))
    found = check(admin, f"/api/admin/plugins/{plugin_id}")
    assert found["health"] == "failed"
    assert found["reason"] == "get_tools: ValueError: tool '': it has no name"
    first, second = found["detail"]["tools"]
    assert first["name"] == "untyped" and first["problems"] == []
    assert first["remarks"] == ["it has no docstring, so a model does not know what it is for",
                                "its parameter 'query' has no type"]
    assert second["problems"] == ["it has no name", "it cannot be called"]


def test_an_org_checks_its_own(admin):
    org = create_org(admin, domain="acme.com")
    other = create_org(admin, domain="globex.io")
    person = create_member(admin, org, is_admin=True)
    stranger = create_member(admin, other, is_admin=True)
    base = f"/api/orgs/{org['org_id']}/plugins"
    plugin_id = upload(person.client, package(dependencies="[]"), base + "/upload")
    found = check(person.client, f"{base}/{plugin_id}", f"/api/orgs/{org['org_id']}/jobs/")
    assert found["health"] == "healthy", found
    elsewhere = f"/api/orgs/{other['org_id']}/plugins/{plugin_id}/health"
    assert_error(stranger.client.post(elsewhere), 404, "PL-0002")
    assert_error(stranger.client.get(elsewhere), 404, "PL-0002")
    assert stranger.client.post(f"{base}/{plugin_id}/health").status_code == 403
    network = f"/api/admin/orgs/{org['org_id']}/plugins/{plugin_id}/network"
    assert person.client.put(network, json={"allowed": True}).status_code == 403
    assert admin.put(network, json={"allowed": "yes"}).status_code == 422
    assert admin.put(network, json={"allowed": True}).json() == {"pid": "com.acme.search", "allowed": True}
    assert check(person.client, f"{base}/{plugin_id}", f"/api/orgs/{org['org_id']}/jobs/")["network"] is True
    system = upload(admin, package(pid="com.acme.search", dependencies="[]"))
    assert_error(person.client.post(f"{base}/{system}/health"), 404, "PL-0002")  # it sees it, and may not ask
    assert person.client.get(f"{base}/{system}/health").json() == []
    assert check(admin, f"/api/admin/plugins/{system}")["network"] is False  # the grant was the org's


def test_the_history_in_pages(admin):
    plugin_id = upload(admin, package(pid="io.history.one", dependencies="[]", settings=""))
    path = f"/api/admin/plugins/{plugin_id}"
    for _ in range(3):
        check(admin, path)
    first = admin.get(path + "/health?limit=2")
    rows = first.json()
    assert len(rows) == 2 and rows[0]["number"] > rows[1]["number"]
    rest = admin.get(path + f"/health?limit=2&cursor={first.headers['X-Next-Cursor']}")
    assert len(rest.json()) == 1 and "X-Next-Cursor" not in rest.headers
    assert rest.json()[0]["number"] < rows[1]["number"]
    assert admin.get(path + "/health?limit=2&cursor=x").status_code == 422


def test_uploads_are_checked_where_a_setting_says_so(start_server):
    needs_sandbox()
    server = start_server(LARDER_HEALTH_ON_UPLOAD="all", **PATIENT)
    client = server.admin()
    plugin_id = upload(client, package(pid="io.upload.one", dependencies="[]", settings=""))
    deadline = time.monotonic() + DEADLINE
    while not client.get(f"/api/admin/plugins/{plugin_id}/health").json():
        assert time.monotonic() < deadline
        time.sleep(0.05)
    assert client.get(f"/api/admin/plugins/{plugin_id}/health").json()[0]["health"] == "healthy"
    server.stop()


def test_without_a_sandbox_nothing_is_ever_healthy(start_server, tmp_path):
    for settings, reason in (({"LARDER_BWRAP": "/nonexistent/bwrap"}, "bwrap names /nonexistent/bwrap, which cannot be run"),
                             ({"LARDER_PYTHON": "/nonexistent/python3"}, "python names /nonexistent/python3, which cannot be run"),
                             ({"LARDER_BWRAP": "/bin/false"}, "This machine refuses to make a sandbox")):
        server = start_server(**settings)
        told = [line for line in server.log_text().splitlines() if "event=health.unavailable" in line]
        if "names" in reason:  # known without trying, so the start says it
            assert len(told) == 1 and "level=warn" in told[0] and reason in told[0]
        else:
            assert not told
        client = server.admin()
        plugin_id = upload(client, package(pid="io.upload.one", dependencies="[]", settings=""))
        found = check(client, f"/api/admin/plugins/{plugin_id}")
        assert found["health"] == "unchecked" and found["reason"].startswith(reason), found
        server.stop()


def test_a_check_outlives_the_server(start_server, tmp_path):
    """Stopped in the middle of a check: the job waits, and the next server does it."""
    needs_sandbox()
    server = start_server(data=tmp_path / "data", **PATIENT)
    client = server.admin()
    plugin_id = upload(client, package(pid="io.slow.one", dependencies="[]", settings="", files={
        "__init__.py": "import time\ntime.sleep(3)\n"}))
    job = client.post(f"/api/admin/plugins/{plugin_id}/health").json()["job_id"]
    deadline = time.monotonic() + DEADLINE
    while client.get(f"/api/admin/jobs/{job}").json()["state"] != "running":
        assert time.monotonic() < deadline
        time.sleep(0.02)
    server.stop()
    again = start_server(data=tmp_path / "data", admin_password=server.admin_password, **PATIENT)
    client = again.admin()
    assert wait_for(client, f"/api/admin/jobs/{job}")["result"]["health"] == "healthy"
    again.stop()


def test_changes_are_told(admin):
    with admin.request("GET", "/api/events", stream=True, timeout=DEADLINE) as stream:
        assert stream.status_code == 200
        plugin_id = upload(admin, package(pid="io.events.one", dependencies="[]", settings=""))
        check(admin, f"/api/admin/plugins/{plugin_id}")
        deadline, lines = time.monotonic() + DEADLINE, stream.iter_lines(chunk_size=1)  # a larger one waits to be full
        for line in lines:
            assert time.monotonic() < deadline
            if line == b"event: plugin.health":
                break
        told = next(lines).decode()
        assert plugin_id in told and '"health":"healthy"' in told


def test_lint_runs_it_where_it_is_asked(cli, tmp_path):
    needs_sandbox()
    good = ROOT / "packaging" / "examples" / "calculator"
    assert "health skipped" in cli("lint", good, check=0).stdout
    assert "health passed" in cli("lint", "--health", good, check=0, **PATIENT).stdout
    bad = tmp_path / "bad.zip"
    bad.write_bytes(package(files={"__init__.py": "import os\nos.listdir('/root')\n"}, dependencies="[]"))
    told = cli("lint", "--health", bad, check=1, **PATIENT).stdout
    assert "health failed" in told and "__init__.py:2" in told and "FileNotFoundError" in told
    without = cli("lint", "--health", good, check=0, LARDER_BWRAP="/nonexistent/bwrap").stdout
    assert "health skipped" in without and "bwrap names /nonexistent/bwrap, which cannot be run [health.unchecked]" in without


def test_v1_speaks_of_names(admin):
    """Checked after its upload, asked again in both spellings; a version that fails leaves the old one serving."""
    def v1(version, code=""):
        content = v1_package(name="sums", version=version, files={"extra.py": code} if code else None)
        if code:
            members = {n: zipfile.ZipFile(io.BytesIO(content)).read(n) for n in zipfile.ZipFile(io.BytesIO(content)).namelist()}
            members["tools.py"] = b"from . import extra\n" + members["tools.py"]
            members["plugin.py"] = members["plugin.py"] + b"\nfrom . import tools\n"
            content = archive(members)
        answer = admin.post("/api/v1/plugins/upload", files={"file": (f"sums-{version}.zip", content)})
        assert answer.status_code == 200, answer.text

    def newest(path, result, version):
        deadline = time.monotonic() + DEADLINE
        while time.monotonic() < deadline:
            rows = admin.get(path + f"?version={version}").json()
            if rows and rows[0]["health"] == result:
                return rows
            time.sleep(0.05)
        raise AssertionError(rows)

    for path in ("/api/v1/plugins/sums/health", "/api/v1/plugins/plugins/sums/health"):
        assert admin.get(path).status_code == 404
    v1("1.0.0")
    newest("/api/v1/plugins/sums/health", "healthy", "1.0.0")
    answer = admin.post("/api/v1/plugins/plugins/sums/health")
    assert answer.status_code == 202 and answer.json()["success"] is True
    assert wait_for(admin, "/api/admin/jobs/" + answer.json()["job_id"])["result"]["health"] == "healthy"
    v1("2.0.0", "raise RuntimeError('not today')\n")
    assert newest("/api/v1/plugins/sums/health", "failed", "2.0.0")[0]["reason"] == "import: RuntimeError: not today"
    assert admin.get("/api/v1/plugins/sums").json()["status"] == "failed"
    rows = {r["version"]: r["is_latest"] for r in admin.get("/api/admin/plugins/legacy.sums/versions").json()}
    assert rows == {"1.0.0": True, "2.0.0": False}
