"""The README keeps its word: the tour runs as it stands, the table of settings is complete."""

import json
import os
import pathlib
import re
import signal
import subprocess
import tempfile

import pytest
from conftest import ROOT, clean_environment, needs_sandbox
from ports import free_ports

README = (ROOT / "README.md").read_text()


def section(title):
    found = re.search(rf"^## {re.escape(title)}\n(.*?)(?=^## |\Z)", README, re.M | re.S)
    assert found, title
    return found[1]


def follow(title, least, larder_bin, tmp_path, places):
    """Runs the blocks of a chapter as one script, in folders and on a port of its own; gives what it said."""
    blocks = re.findall(r"^```sh\n(.*?)^```", section(title), re.M | re.S)
    assert len(blocks) >= least
    (port,) = free_ports(1)
    script = "\n".join(f"echo '== block {i}' >&2\n{block}" for i, block in enumerate(blocks))
    for place in places:
        script = script.replace(place, str(tmp_path / place.rpartition("-")[2]))
    script = script.replace("127.0.0.1:8080", f"127.0.0.1:{port}")
    (tmp_path / "packaging").symlink_to(ROOT / "packaging")  # where this stands may have blanks in its name
    script = script.replace("$PWD/build", str(larder_bin.parent)).replace("packaging/", f"{tmp_path}/packaging/")
    path = f"{larder_bin.parent}:/usr/bin:{os.environ['PATH']}"  # Debian's Python, as on a fresh machine
    process = subprocess.Popen(
        ["bash", "-c", "set -euo pipefail\nset -m\n" + script],
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=tmp_path,
        env=clean_environment(LARDER_LISTEN=f"127.0.0.1:{port}", PATH=path), start_new_session=True,
    )
    try:
        out, err = process.communicate(timeout=600)
    except subprocess.TimeoutExpired:
        for line in subprocess.run(["ps", "-o", "pid=", "--sid", str(process.pid)], capture_output=True, text=True).stdout.split():
            os.kill(int(line), signal.SIGKILL)
        out, err = process.communicate()
        raise AssertionError(f"the chapter did not end:\n{out}{err}") from None
    assert process.returncode == 0, f"{out}\n{err}"
    return out


def test_the_tour(larder_bin, tmp_path):
    out = follow("Five minutes", 6, larder_bin, tmp_path, ["/tmp/larder-tour"])
    assert '"username":"admin"' in out
    assert re.search(r"403$", out, re.M)
    assert (tmp_path / "tour.tar").stat().st_size > 0


def test_a_plugin_from_its_folder_to_its_health(larder_bin):
    needs_sandbox()
    # the folder of wheels must be readable to the sandbox, which a folder of pytest's is not
    with tempfile.TemporaryDirectory(prefix="larder-readme-") as name:
        os.chmod(name, 0o755)
        out = follow("A plugin from its folder to its health", 4, larder_bin, pathlib.Path(name), ["/tmp/larder-made"])
    assert "exit status 1" in out and "broken/tools.py:3:8: error: sums" in out
    listed = json.loads(re.search(r"^\[\{.*?\}\]", out, re.M)[0])
    assert [(p["name"], p["version"], p["status"]) for p in listed] == [("math_plugin", "1.0.0", "healthy")]


def test_all_settings_are_in_the_table(cli):
    rows = {}
    for line in section("Configuration").splitlines():
        cells = [c.strip() for c in re.split(r"(?<!\\)\|", line)[1:-1]]
        if len(cells) == 4 and cells[0].startswith("`"):
            key, variable, default, meaning = cells
            rows[key.strip("`")] = (variable.strip("`"), default.strip("`").replace("\\|", "|"), meaning)
    settings = {s["key"]: s for s in json.loads(cli("config", "--json", check=0).stdout)}
    assert set(rows) == set(settings)
    for key, (variable, default, meaning) in rows.items():
        setting = settings[key]
        assert variable == setting["variable"], key
        assert default == (setting["default"] or "-"), key
        assert meaning.endswith("(reload)") == setting["reload"], key
        assert meaning.removesuffix(" (reload)").replace("\\|", "|") == setting["help"], key


@pytest.mark.parametrize("word", sorted(set(re.findall(r"`larder ([a-z][a-z-]*)", README))))
def test_named_verbs_exist(cli, word):
    assert cli("help", word).returncode == 0, word


def test_links_lead_somewhere():
    for link in re.findall(r"\]\((?!https?:)([^)#]+)", README):
        assert (ROOT / link).exists(), link


def test_the_map_of_the_house_is_true():
    text = (ROOT / "src" / "README.md").read_text()
    named = set(re.findall(r"`((?:[a-z]+/)+[a-z_0-9]+\.(?:c|h|js|py))`", text))
    missing = {name for name in named if not (ROOT / "src" / name).exists() and not (ROOT / name).exists()}
    assert missing == set()
    rooms = {path.name for path in (ROOT / "src").iterdir() if path.is_dir() and any(path.iterdir())}
    assert {room for room in rooms if f"`{room}`" not in text} == set()
