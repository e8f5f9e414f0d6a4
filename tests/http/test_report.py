"""What was found when a package was judged: the report of a version, the dry run, lint, and the setting."""

import io
import json
import zipfile
from pathlib import Path

import pytest

from packages import archive, package, v1_package
from test_catalog import World

STAGES = ["structure", "metadata", "dependencies", "health"]
CODE = '''"""Things that a report should name."""
import subprocess
from base64 import b64decode

import pandas as pd

try:
    import ujson as json
except ImportError:
    import json

KEY = "AKIA''' + "IOSFODNN7EXAMPLE" + '''"


def load(path):
    eval(b64decode(path))
    return pd.read_csv(path), open(path), subprocess
'''


@pytest.fixture(scope="module")
def world(module_server):
    return World(module_server)


def stage(report, name):
    assert [s["stage"] for s in report["stages"]] == STAGES
    return report["stages"][STAGES.index(name)]


def found(report, name, rule):
    return [f for f in stage(report, name)["findings"] if f["rule"] == rule]


def test_a_clean_package_passes_and_says_when(world):
    done = world.upload(package("com.acme.clean", dependencies='["cadence_sdk>=2.0.0,<3.0.0"]'), world.acme)
    assert done.status_code == 201, done.text
    report = world.acme_admin.get(f"{world.path(world.acme)}/{done.json()['id']}/report").json()
    assert (report["pid"], report["version"], report["result"]) == ("com.acme.clean", "1.0.0", "passed")
    assert [s["result"] for s in report["stages"]] == ["passed", "passed", "passed", "skipped"]
    assert all(s["at"].endswith("Z") and s["duration_ms"] >= 0 for s in report["stages"])
    assert stage(report, "structure")["duration_ms"] > 0 and stage(report, "metadata")["duration_ms"] > 0
    assert [f for s in report["stages"] for f in s["findings"] if f["level"] != "info"] == []
    assert report["health"]["state"] == "unchecked" and report["health"]["at"] is None


def test_findings_name_file_and_line_and_decide_nothing(world):
    done = world.upload(package("com.acme.busy", files={"lib/__init__.py": "", "lib/work.py": CODE}), world.acme)
    assert done.status_code == 201, done.text
    report = world.acme_admin.get(f"{world.path(world.acme)}/{done.json()['id']}/report").json()
    lines = CODE.splitlines()
    for name, rule, level, text in (
        ("structure", "code.process", "warning", "import subprocess"),
        ("structure", "code.obfuscation", "warning", "    eval("),
        ("structure", "code.secret", "warning", "KEY = "),
        ("structure", "code.files", "info", "    return pd.read_csv"),
        ("dependencies", "dependency.undeclared", "warning", "    import ujson"),
        ("dependencies", "dependency.unclear", "warning", "import pandas"),
    ):
        finding = found(report, name, rule)[0]
        assert (finding["file"], finding["level"]) == ("lib/work.py", level), finding
        assert lines[finding["line"] - 1].startswith(text), finding
        assert finding["message"] and finding["remedy"]
    assert "IOSFODNN7EXAMPLE" not in json.dumps(report)  # a report must not spread the secret
    assert [f["message"] for f in found(report, "dependencies", "dependency.unused")] == [
        "httpx is declared, and no import was seen that needs it"]


def test_a_missing_import_fails_its_stage_and_not_the_upload(world):
    content = package("com.acme.missing", dependencies="[]", files={"util.py": "import os\nimport pandas\n"})
    done = world.upload(content, world.acme)
    assert done.status_code == 201, done.text
    report = world.acme_admin.get(f"{world.path(world.acme)}/{done.json()['id']}/report").json()
    assert report["result"] == "failed" and stage(report, "dependencies")["result"] == "failed"
    finding = stage(report, "dependencies")["findings"][0]
    assert finding == {
        "level": "error", "rule": "dependency.undeclared", "field": None, "file": "util.py", "line": 2, "column": 8,
        "message": "pandas is imported but not declared",
        "remedy": 'Add "pandas" to the dependencies of PluginMetadata(...)'}
    row = world.acme_admin.get(f"{world.path(world.acme)}/{done.json()['id']}").json()
    assert row["enabled"] and row["is_latest"]


def test_the_dry_run_tells_the_same_and_keeps_nothing(world):
    content = package("com.acme.dry", dependencies="[]", files={"util.py": "import pandas\n"})
    tried = world.upload(content, world.acme, dry_run="true").json()
    assert tried["dry_run"] and tried["id"] is None
    done = world.upload(content, world.acme).json()
    assert "stages" not in done
    kept = world.acme_admin.get(f"{world.path(world.acme)}/{done['id']}/report").json()
    for a, b in zip(tried["stages"], kept["stages"], strict=True):
        assert (a["stage"], a["result"], a["findings"]) == (b["stage"], b["result"], b["findings"])


def test_who_sees_which_report(world):
    own = world.upload(package("com.acme.own"), world.acme).json()["id"]
    system = world.upload(package("io.cadence.system.seen")).json()["id"]
    path = f"/api/orgs/{world.acme}/plugins/{{}}/report"
    assert world.acme_admin.get(path.format(own)).status_code == 200
    assert world.acme_admin.get(path.format(system)).status_code == 200
    assert world.member.get(path.format(own)).status_code == 403
    assert world.globex_admin.get(path.format(own)).status_code == 403
    assert world.globex_admin.get(f"/api/orgs/{world.globex}/plugins/{own}/report").status_code == 404
    assert world.sys.get(f"/api/admin/plugins/{system}/report").json()["plugin_id"] == system
    assert world.sys.get(f"/api/admin/plugins/{own}/report").status_code == 404
    assert world.sys.get(f"/api/admin/orgs/{world.acme}/plugins/{own}/report").status_code == 200
    assert world.sys.get(f"/api/admin/orgs/{world.globex}/plugins/{own}/report").status_code == 404
    assert world.acme_admin.get(f"/api/admin/plugins/{system}/report").status_code == 403
    assert world.acme_admin.get(path.format("no-such-id")).status_code == 404


def test_v1_reports_by_name(world):
    for version in ("1.0.0", "1.1.0"):
        done = world.sys.post(
            "/api/v1/plugins/upload",
            files={"file": (f"math_plugin-{version}.zip", v1_package(version=version), "application/zip")})
        assert done.status_code == 200, done.text
    report = world.sys.get("/api/v1/plugins/math_plugin/report").json()
    assert (report["name"], report["version"]) == ("math_plugin", "1.1.0")
    assert [s["result"] for s in report["stages"]][:3] == ["passed"] * 3
    older = world.sys.get("/api/v1/plugins/plugins/math_plugin/report", params={"version": "1.0.0"}).json()
    assert older["version"] == "1.0.0"
    assert world.sys.get("/api/v1/plugins/math_plugin/report", params={"version": "9.9"}).status_code == 404
    assert world.sys.get("/api/v1/plugins/nothing/report").status_code == 404


def test_v1_is_refused_by_what_the_stages_find(world):
    def upload(name="math_plugin", version="3.0.0", **changed):
        with zipfile.ZipFile(io.BytesIO(v1_package(name, version))) as z:
            members = {n: z.read(n).decode() for n in z.namelist()}
        for member, text in changed.items():
            members[member + ".py"] = text(members[member + ".py"]) if callable(text) else text
        members = {k: v for k, v in members.items() if v is not None}
        return world.sys.post(
            "/api/v1/plugins/upload", files={"file": (f"{name}-{version}.zip", archive(members), "application/zip")})

    for changed, details in (
        ({"plugin": None}, "Missing required file: plugin.py"),
        ({"agent": None}, "Missing required file: agent.py"),
        ({"tools": None}, "Missing required file: tools.py"),
        ({"__init__": None}, "Missing required file: __init__.py"),
        ({"__init__": "from .plugin import MathPlugin\n"}, "__init__.py: The plugin is not registered"),
        ({"agent": lambda t: t.replace("(BaseAgent)", "")},
         "agent.py: The class MathAgent does not inherit from BaseAgent"),
        ({"tools": lambda t: "import pandas\n" + t}, "tools.py:1: pandas is imported but not declared"),
        ({"tools": lambda t: "from .other import x\n" + t}, "tools.py:1: The package has no module .other"),
    ):
        answer = upload(**changed)
        assert answer.status_code == 400, answer.text
        assert answer.json()["message"] == "Plugin validation failed"
        assert answer.json()["details"] == details


def test_a_setting_refuses_a_family(start_server):
    server = start_server(LARDER_FINDINGS_BLOCK="process,secret")
    admin = server.admin()

    def upload(content):
        return admin.post("/api/admin/plugins/upload", files={"file": ("p.zip", content, "application/zip")})

    assert upload(package("io.cadence.system.calm", files={"u.py": "import httpx\nopen('x')\n"})).status_code == 201
    refused = upload(package("io.cadence.system.busy", files={"u.py": "import os\nos.system('ls')\n"}))
    assert refused.status_code == 400
    assert refused.json()["code"] == "PL-0003"
    assert refused.json()["message"] == "u.py:2: The file calls os.system, which starts or ends other processes"
    first = refused.json()["errors"][0]
    assert (first["code"], first["details"]["stage"], first["details"]["line"]) == ("code.process", "structure", 2)
    unread = upload(package("io.cadence.system.odd", files={"u.py": "def broken(:\n"}))
    assert unread.status_code == 400 and unread.json()["errors"][0]["code"] == "python.unreadable"
    assert len(admin.get("/api/admin/plugins").json()) == 1


def test_an_unknown_family_stops_the_start(cli, tmp_path):
    done = cli("serve", "--data", tmp_path / "d", "--listen", "127.0.0.1:0", "--findings-block", "proces")
    assert done.returncode != 0 and "'proces'" in done.stderr


def test_lint_runs_the_same_stages(cli, tmp_path):
    (tmp_path / "busy.zip").write_bytes(package("com.acme.busy", dependencies="[]", files={"lib/work.py": CODE}))
    done = cli("lint", tmp_path / "busy.zip", "--json", check=1)
    report = json.loads(done.stdout)[0]
    assert report["ok"] is False and [s["stage"] for s in report["stages"]] == STAGES
    first = report["findings"][0]
    assert (first["stage"], first["rule"], first["file"], first["line"]) == (
        "dependencies", "dependency.undeclared", "lib/work.py", 5)
    text = cli("lint", tmp_path / "busy.zip", check=1).stdout
    assert "lib/work.py:5:8: error: pandas is imported but not declared [dependency.undeclared]" in text
    assert "dependencies failed, health skipped" in text and " info: " not in text
    assert " info: " in cli("lint", "--all", tmp_path / "busy.zip", check=1).stdout


def test_lint_knows_v1(cli, tmp_path):
    (tmp_path / "a.zip").write_bytes(v1_package())
    assert "health skipped" in cli("lint", tmp_path / "a.zip", "--v1", check=0).stdout
    (tmp_path / "b.zip").write_bytes(package("com.acme.new"))
    done = cli("lint", tmp_path / "b.zip", "--v1", check=1)
    assert "Missing required file: agent.py" in done.stdout


def test_lint_finds_nothing_wrong_with_the_examples(cli):
    examples = Path(__file__).parents[2] / "packaging" / "examples"
    reports = json.loads(cli("lint", examples, "--json", check=0).stdout)
    assert len(reports) == 12
    assert [f for r in reports for f in r["findings"] if f["level"] != "info"] == []
