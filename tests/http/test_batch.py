"""Batches from a shell: over both APIs, broken off and gone on with; reload and health as verbs."""

import json
import shutil

import pytest

from conftest import run_cli
from packages import package, v1_package


@pytest.fixture
def over_http(server):
    made = server.cli("token", "create", "batch", "--user", "admin", "--scopes",
                      "cadence:system:plugins:read,cadence:system:plugins:write", "--json", check=0)
    key = json.loads(made.stdout)["key"]
    return lambda *args, check=None: run_cli(server.binary, *args, "--url", server.url, check=check, LARDER_TOKEN=key)


@pytest.fixture
def on_folder(start_server):
    server = start_server()
    server.stop()
    return lambda *args, check=None: server.cli(*args, check=check)


@pytest.fixture(params=["over_http", "on_folder"])
def run(request):
    return request.getfixturevalue(request.param)


def test_a_batch_goes_on_where_it_broke_off(run, tmp_path):
    folder, journal = tmp_path / "packages", tmp_path / "journal"
    folder.mkdir()
    for i in range(6):
        (folder / f"p{i}.zip").write_bytes(package(f"com.system.p{i}"))
    (folder / "p3.zip").write_bytes(b"PK\3\4 not really")
    done = run("upload", folder, "--resume", journal, check=1)
    assert "5 stored, 0 unchanged, 1 failed, 0 done before" in done.stderr
    assert "p3.zip" in done.stdout
    assert len(journal.read_text().splitlines()) == 5
    # as if it had been broken off in the middle of the fourth line
    journal.write_text("".join(journal.read_text().splitlines(True)[:3]) + "12ab")
    (folder / "p3.zip").write_bytes(package("com.system.p3"))
    done = run("upload", folder, "--resume", journal, check=0)
    assert "1 stored, 2 unchanged, 0 failed, 3 done before" in done.stderr
    done = run("upload", folder, "--resume", journal, check=0)
    assert "0 stored, 0 unchanged, 0 failed, 6 done before" in done.stderr
    (folder / "p0.zip").write_bytes(package("com.system.p0", "1.1.0"))  # the bytes decide, not the name
    done = run("upload", folder, "--resume", journal, check=0)
    assert "1 stored" in done.stderr and "5 done before" in done.stderr
    done = run("upload", folder, check=0)  # without one nothing is stored twice either
    assert "0 stored, 6 unchanged" in done.stderr


def test_a_journal_must_be_a_file(on_folder, tmp_path):
    (tmp_path / "a.zip").write_bytes(package())
    assert str(tmp_path) in on_folder("upload", tmp_path / "a.zip", "--resume", tmp_path, check=1).stderr


def test_over_the_v1_api(run, tmp_path):
    first = tmp_path / "math_plugin-1.0.0.zip"
    first.write_bytes(v1_package())
    done = run("upload", first, "--v1", check=0)
    assert "stored  math_plugin 1.0.0" in done.stdout and "1 stored" in done.stderr
    done = run("upload", first, "--v1", check=1)
    assert "Plugin already exists: Use force_overwrite=true to replace" in done.stdout
    done = run("upload", first, "--v1", "--force", check=0)
    assert "stored  math_plugin 1.0.0" in done.stdout
    shutil.copy(first, tmp_path / "other-1.0.0.zip")
    assert "Plugin validation failed: " in run("upload", tmp_path / "other-1.0.0.zip", "--v1", check=1).stdout
    done = run("reload", check=0)
    assert done.stdout.splitlines()[0].split() == ["loaded", "math_plugin"]
    assert json.loads(run("reload", "--json", check=0).stdout)["loaded"] == ["math_plugin"]
    listed = run("health")
    assert "legacy.math_plugin@1.0.0" in listed.stdout


@pytest.mark.parametrize("flags", [("--force",), ("--v1", "--org", "x"), ("--v1", "--dry-run"), ("--v1", "--allow-backport")])
def test_flags_that_do_not_fit_are_usage(on_folder, tmp_path, flags):
    (tmp_path / "a-1.zip").write_bytes(package())
    assert on_folder("upload", tmp_path / "a-1.zip", *flags).returncode == 2


def test_health_of_one_plugin(server, over_http, tmp_path):
    (tmp_path / "a.zip").write_bytes(package("com.system.a"))
    over_http("upload", tmp_path / "a.zip", check=0)
    assert "never checked" in over_http("health", "com.system.a", check=0).stdout
    assert "unchecked" in over_http("health", check=0).stdout
    assert over_http("health", "com.system.none").returncode == 3
    assert over_http("health", "--wait").returncode == 2
    queued = json.loads(over_http("health", "com.system.a", "--check", "--json", check=0).stdout)
    assert server.admin().get("/api/admin/jobs/" + queued["job_id"]).status_code == 200
    done = over_http("health", "com.system.a", "--wait")
    word = done.stdout.split()[0]
    # what the sandbox says depends on the machine; that a check took place does not
    assert word in ("healthy", "failed", "unchecked") and "never checked" not in done.stdout
    assert done.returncode == (1 if word == "failed" else 0)
    assert word in over_http("health").stdout
