"""The catalog from a shell: against a server with a key, and straight on the data folder."""

import json
import os
import pathlib
import sysconfig
import zipfile

import pytest

from conftest import run_cli
from packages import package, plugin


@pytest.fixture
def folder(tmp_path):
    """Two packages as ZIPs, one as a folder, and one that is refused."""
    (tmp_path / "a.zip").write_bytes(package("io.cadence.system.a"))
    (tmp_path / "b.zip").write_bytes(package("io.cadence.system.b", "2.0.0"))
    inner = tmp_path / "c_plugin"
    inner.mkdir()
    (inner / "plugin.py").write_text(plugin(pid="io.cadence.system.c"))
    (inner / "__init__.py").write_text("")
    (inner / "__pycache__").mkdir()
    (inner / "__pycache__" / "x.pyc").write_bytes(b"\0")
    (tmp_path / "bad.zip").write_bytes(package("io.cadence.system.bad", "1.2.3.4"))
    return tmp_path


def check_verbs(run, folder):
    done = run("upload", folder, "--dry-run")
    assert done.returncode == 1 and "3 valid, 0 unchanged, 1 failed" in done.stderr, done.stdout + done.stderr
    assert json.loads(run("list", "--json", check=0).stdout) == []
    done = run("upload", folder)
    assert done.returncode == 1 and "3 stored, 0 unchanged, 1 failed" in done.stderr, done.stdout + done.stderr
    assert "bad.zip" in done.stdout and "version" in done.stdout
    done = run("upload", folder / "a.zip", folder / "c_plugin", check=0)
    assert "0 stored, 2 unchanged" in done.stderr
    rows = json.loads(run("list", "--json", check=0).stdout)
    assert [r["pid"] for r in rows] == ["io.cadence.system.a", "io.cadence.system.b", "io.cadence.system.c"]
    text = run("list", check=0).stdout
    assert "PID" in text and "io.cadence.system.b" in text and "\x1b" not in text
    shown = json.loads(run("show", "io.cadence.system.b", "--json", check=0).stdout)
    assert shown["version"] == "2.0.0"
    assert "api_key" in run("show", shown["id"], check=0).stdout
    assert run("show", "io.cadence.system.b@9.9").returncode == 3
    run("upload", folder / "d.zip" if (folder / "d.zip").exists() else folder / "a.zip", check=0)
    run("disable", "io.cadence.system.b@2.0.0", check=0)
    assert [r["pid"] for r in json.loads(run("list", "--json", check=0).stdout)] == ["io.cadence.system.a", "io.cadence.system.c"]
    assert len(json.loads(run("list", "--all", "--json", check=0).stdout)) == 3
    run("enable", "io.cadence.system.b", check=0)
    versions = json.loads(run("versions", "io.cadence.system.b", "--json", check=0).stdout)
    assert [v["enabled"] for v in versions] == [True]
    out = folder / "out.zip"
    run("download", "io.cadence.system.a", "--output", out, check=0)
    assert out.read_bytes() == (folder / "a.zip").read_bytes()
    assert run("download", "io.cadence.system.a", "--output", out).returncode == 4  # never overwrites
    done = run("download", "io.cadence.system.a", "--output", folder / "nowhere" / "out.zip", check=1)
    assert f"{folder / 'nowhere' / 'out.zip'} cannot be made: No such file" in done.stderr
    done = run("download", "io.cadence.system.a", "--json", "--output", folder / "again.zip", check=0)
    assert json.loads(done.stdout)["version"] == "1.0.0" and done.stderr == ""
    (folder / "again.zip").unlink()


def test_against_a_server(server, folder):
    made = server.cli("token", "create", "ci", "--user", "admin", "--scopes",
                      "cadence:system:plugins:read,cadence:system:plugins:write", "--json", check=0)
    key = json.loads(made.stdout)["key"]

    def run(*args, check=None):
        return run_cli(server.binary, *args, "--url", server.url, check=check, LARDER_TOKEN=key)

    check_verbs(run, folder)
    assert run_cli(server.binary, "list", "--url", server.url, LARDER_TOKEN="cdk_wrong").returncode == 5
    assert run_cli(server.binary, "list", "--url", server.url).returncode == 2


def test_straight_on_the_folder(start_server, folder):
    server = start_server()
    server.stop()

    def run(*args, check=None):
        return server.cli(*args, check=check)

    check_verbs(run, folder)
    again = start_server(data=server.data, admin_password=server.admin_password)
    assert len(again.admin().get("/api/admin/plugins").json()) == 3
    done = again.cli("upload", folder / "a.zip")
    assert done.returncode == 4 and str(again.pid) in done.stderr  # a server holds the folder
    assert "--url or LARDER_URL" in done.stderr, "the way that needs no server to be stopped"


def test_org_by_domain(start_server, tmp_path):
    server = start_server()
    server.admin().post("/api/admin/orgs", json={"name": "Acme", "domain": "acme.com"})
    server.stop()
    (tmp_path / "a.zip").write_bytes(package("com.acme.a"))
    server.cli("upload", tmp_path / "a.zip", "--org", "acme.com", check=0)
    assert "com.acme.a" in server.cli("list", "--org", "Acme", check=0).stdout
    assert server.cli("list", "--org", "nobody").returncode == 3


@pytest.fixture(params=["over_http", "on_folder"])
def upload(request, start_server):
    server = start_server()
    if request.param == "on_folder":
        server.stop()
        return server.cli
    made = server.cli("token", "create", "ci", "--user", "admin", "--scopes", "cadence:system:plugins:write", "--json", check=0)
    return lambda *args, **kw: run_cli(server.binary, *args, "--url", server.url, LARDER_TOKEN=json.loads(made.stdout)["key"], **kw)


def test_a_refused_upload_shows_what_lint_shows(upload, cli, tmp_path):
    bad = tmp_path / "bad.zip"
    bad.write_bytes(package("io.cadence.system.bad", "1.2.3.4", dependencies='["--index-url=http://x", "fine", "not valid!"]'))
    shown = cli("lint", bad, check=1).stdout.splitlines()
    errors = [i for i, line in enumerate(shown) if ": error: " in line]
    assert len(errors) >= 3 and all(f"{bad}/plugin.py:" in shown[i] for i in errors)
    done = upload("upload", bad, check=1).stdout.splitlines()
    assert done[0].startswith(f"failed  {bad}: ")
    for i in errors:  # the line, and the remedy below it
        at = done.index(shown[i])
        assert not shown[i + 1].startswith("    ") or done[at + 1] == shown[i + 1]
    report = json.loads(cli("lint", bad, "--json", check=1).stdout)[0]
    told = json.loads(upload("upload", bad, "--json", check=1).stdout)
    assert told["file"] == str(bad) and told["code"] == "PL-0003"
    assert told["findings"] == [f for f in report["findings"] if f["level"] == "error"]
    first = tmp_path / "math_plugin-1.0.0.zip"
    first.write_bytes(b"PK\3\4 and then nothing")
    assert f"larder lint --v1 {first}" in upload("upload", first, "--v1", check=1).stdout  # its answers have one sentence


def test_code_of_others_is_read_to_its_end(cli, tmp_path):
    """Python's own library: a few hundred files in all its grammar, each as a plugin's code, and none makes Larder fall."""
    ending = plugin(pid="io.cadence.system.ending").encode()
    sources = sorted(pathlib.Path(sysconfig.get_paths()["stdlib"]).rglob("*.py"))
    assert len(sources) > 200
    for i, source in enumerate(sources):
        (tmp_path / str(i)).mkdir()
        (tmp_path / str(i) / "plugin.py").write_bytes(source.read_bytes() + b"\n" + ending)
    for i in range(0, len(sources), 100):
        done = cli("lint", "--json", *(tmp_path / str(at) for at in range(i, min(i + 100, len(sources)))), timeout=120)
        assert done.returncode in (0, 1), (done.returncode, sources[i], done.stderr[-500:])
        assert len(json.loads(done.stdout)) == min(100, len(sources) - i)


def test_lint(cli, folder, tmp_path):
    done = cli("lint", folder / "a.zip", folder / "c_plugin", check=0)
    assert "a.zip: ok: io.cadence.system.a 1.0.0" in done.stdout
    done = cli("lint", folder / "bad.zip", check=1)
    assert "plugin.py:" in done.stdout and "1.2.3.4" in done.stdout
    report = json.loads(cli("lint", folder / "bad.zip", "--json").stdout)
    assert report[0]["ok"] is False and report[0]["findings"][0]["line"] > 0
    assert cli("lint", tmp_path / "nothing").returncode == 3
    broken = tmp_path / "broken.zip"
    broken.write_bytes(b"PK\3\4 and then nothing")
    assert cli("lint", broken).returncode == 1


def test_what_is_no_file_is_not_waited_for(cli, folder, tmp_path):
    os.mkfifo(tmp_path / "pipe.zip")
    (tmp_path / "folder.zip").mkdir()
    done = cli("lint", folder / "a.zip", tmp_path / "pipe.zip", check=1, timeout=30)
    assert "a.zip: ok" in done.stdout and "pipe.zip is no plain file" in done.stdout
    assert "pipe.zip" not in cli("lint", folder, check=1, timeout=30).stdout  # among others it is passed over


def test_lint_says_what_it_could_not_read(cli, tmp_path):
    """What a file declares that cannot be parsed is not known, and so it has not passed."""
    inner = tmp_path / "broken"
    inner.mkdir()
    for text in ("def (", "x = 1\n"):
        (inner / "plugin.py").write_text(text)
        assert "structure failed, metadata skipped, dependencies skipped, health skipped" in cli("lint", inner, check=1).stdout


def test_lint_knows_how_large_an_upload_may_be(cli, folder):
    size = (folder / "a.zip").stat().st_size
    assert size > 1024
    done = cli("lint", folder / "a.zip", check=1, LARDER_MAX_UPLOAD=str(size - 1))
    assert f"{size} bytes" in done.stdout and f"{size - 1} (max-upload)" in done.stdout
    cli("lint", folder / "a.zip", check=0, LARDER_MAX_UPLOAD=str(size))


def test_packing_a_folder_gives_the_same_bytes(start_server, folder):
    server = start_server()
    server.stop()
    server.cli("upload", folder / "c_plugin", check=0)
    out = folder / "packed.zip"
    server.cli("download", "io.cadence.system.c", "--output", out, check=0)
    assert sorted(zipfile.ZipFile(out).namelist()) == ["__init__.py", "plugin.py"]


def test_demo(start_server):
    server = start_server(args=("--demo",))
    client = server.admin()
    orgs = client.get("/api/orgs").json()
    assert {o["domain"] for o in orgs} == {"acme.com", "globex.io"}
    assert len(client.get("/api/admin/plugins").json()) == 6
    for org in orgs:
        rows = client.get(f"/api/orgs/{org['org_id']}/plugins?include_disabled=true").json()
        assert len([r for r in rows if r["source"] == "org"]) == 3
        assert all(r["logo_image"] and r["description"] and r["settings_schema"] for r in rows)
    password = next(line.split()[6] for line in server.log_text().splitlines() if line.startswith("demo: sign in as ada"))
    ada = server.client().signed_in("ada", password)
    assert ada.get("/api/me/orgs").json()[0]["role"] == "org_admin"
    server.stop()
    again = start_server(data=server.data, args=("--demo",), admin_password=server.admin_password)
    assert "demo: sign in" not in again.log_text()  # a catalog with content is left alone
    assert len(again.admin().get("/api/admin/plugins").json()) == 6
