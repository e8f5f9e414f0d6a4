"""Plugins that are dropped into the plugin store: found, followed, refused, taken away again."""

import io
import json
import os
import shutil
import time
import zipfile

import pytest
from conftest import PATIENCE
from packages import v1_package

SECONDS = PATIENCE  # a wait ends at an event; this is when the test gives up


def members(name, version):
    with zipfile.ZipFile(io.BytesIO(v1_package(name, version))) as z:
        return {n: z.read(n) for n in z.namelist()}


def drop(store, name, version, **more):
    """As somebody would: made elsewhere and moved in."""
    made = store.parent / "elsewhere" / f"{name}-{version}"
    for path, content in {**members(name, version), **more}.items():
        file = made / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(content)
    return shutil.move(made, store / made.name)


def until(what, seconds=SECONDS):
    deadline = time.monotonic() + seconds
    while True:
        got = what()
        if got:
            return got
        assert time.monotonic() < deadline, "it did not happen"
        time.sleep(0.05)  # between two questions; nothing depends on its length


class Store:
    def __init__(self, start_server, **env):
        self.start_server = start_server
        self.env = {"CADENCE_ENABLE_DIRECTORY_PLUGINS": "true", "LARDER_DEPENDENCIES": "check", **env}
        self.server = start_server(**self.env)
        self.folder = self.server.data / "store_plugin"
        self.admin = self.server.admin()

    def restart(self, meanwhile=None, **env):
        self.server.stop()
        if meanwhile:
            meanwhile()
        self.server = self.start_server(data=self.server.data, admin_password=self.server.admin_password, **{**self.env, **env})
        self.admin = self.server.admin()

    def listed(self):
        return {p["name"]: p for p in self.admin.get("/api/v1/plugins").json()}

    def entries(self):
        return {e["name"]: e for e in self.admin.get("/api/admin/directory-plugins").json()}

    def state(self, name):
        return self.entries().get(name, {}).get("state")

    def until_served(self, *names):
        """Listed, and all that follows the row done: a row is seen before its files are in their places."""
        until(lambda: set(names) <= set(self.listed()) and all(self.state(n + "-1.0.0") == "listed" for n in names))

    def row(self, name):
        rows = self.admin.get("/api/admin/plugins?include_disabled=true&all_versions=true").json()
        return next(r for r in rows if r["pid"] == "legacy." + name)

    def reload(self):
        answer = self.admin.post("/api/v1/plugins/reload")
        assert answer.status_code == 200, answer.text
        return answer.json()


@pytest.fixture
def store(start_server):
    return Store(start_server)


def test_a_folder_is_found_and_followed(store):
    place = drop(store.folder, "math_plugin", "1.0.0")
    store.until_served("math_plugin")
    found = store.listed()["math_plugin"]
    assert (found["version"], found["source"]) == ("1.0.0", "system") and found["status"] != "failed"
    row = store.row("math_plugin")
    assert row["enabled"] and row["is_latest"]
    assert sorted(p.name for p in place.iterdir()) == ["__init__.py", "agent.py", "plugin.py", "tools.py"], "it is not ours to write to"
    archive = store.server.data / "store_archived" / "math_plugin-1.0.0.zip"
    assert zipfile.ZipFile(archive).namelist() == ["__init__.py", "agent.py", "plugin.py", "tools.py"]
    download = store.admin.get(f"/api/admin/plugins/{row['id']}/download")
    assert download.content == archive.read_bytes()
    # a change replaces the version, once it is quiet
    judged = store.entries()["math_plugin-1.0.0"]["judged_at"]
    (place / "notes.py").write_text("ANSWER = 42\n")
    until(lambda: "notes.py" in zipfile.ZipFile(archive).namelist())
    until(lambda: store.entries()["math_plugin-1.0.0"]["judged_at"] != judged)
    changed = store.row("math_plugin")
    assert changed["id"] == row["id"] and changed["sha256"] != row["sha256"] and changed["enabled"]
    # it goes, and its version with it
    away = store.folder.parent / "away"
    shutil.move(place, away)
    until(lambda: store.state("math_plugin-1.0.0") == "gone")
    assert store.listed() == {} and not store.row("math_plugin")["enabled"]
    store.reload()
    assert not place.exists(), "nothing is put where a folder was taken away"
    # and comes back
    shutil.move(away, place)
    until(lambda: "math_plugin" in store.listed())
    assert store.row("math_plugin")["sha256"] == changed["sha256"]
    actions = [a["action"] for a in store.admin.get("/api/admin/audit").json() if a["action"].startswith("plugin.")]
    assert {"plugin.upload", "plugin.overwrite", "plugin.disable", "plugin.enable"} <= set(actions)


def test_a_zip_is_found_too(store):
    zipped = store.folder / "math_plugin-2.0.0.zip"
    zipped.write_bytes(v1_package("math_plugin", "2.0.0"))
    until(lambda: "math_plugin" in store.listed() and (store.folder / "math_plugin-2.0.0" / "plugin.py").exists())
    assert zipped.exists()
    zipped.unlink()
    until(lambda: "math_plugin" not in store.listed())


def test_what_is_broken_harms_nobody(store, tmp_path):
    drop(store.folder, "good_one", "1.0.0")
    drop(store.folder, "broken_one", "1.0.0")
    (store.folder / "broken_one-1.0.0" / "plugin.py").unlink()
    linked = drop(store.folder, "linked_one", "1.0.0")
    (linked / "secret.py").symlink_to(store.server.data / "key")
    piped = drop(store.folder, "piped_one", "1.0.0")
    os.mkfifo(piped / "pipe.py")
    (store.folder / "outside-1.0.0").symlink_to(tmp_path)
    (store.folder / "not-a-zip-1.0.0.zip").write_bytes(b"PK\3\4 no")
    (store.folder / "nameless").mkdir()
    (store.folder / "nameless.zip").write_bytes(b"no archive")
    (store.folder / "notes.txt").write_text("nobody's business")
    deep = store.folder / "deep-1.0.0"
    deep.joinpath(*["d"] * 40).mkdir(parents=True)
    names = ["broken_one-1.0.0", "linked_one-1.0.0", "piped_one-1.0.0", "not-a-zip-1.0.0.zip", "nameless", "deep-1.0.0", "nameless.zip"]
    until(lambda: all(store.state(n) == "failed" for n in names) and store.state("good_one-1.0.0") == "listed")
    entries = store.entries()
    assert set(entries) == {*names, "good_one-1.0.0"}
    assert "plugin.py" in entries["broken_one-1.0.0"]["reason"]
    assert "link" in entries["linked_one-1.0.0"]["reason"]
    assert "special file" in entries["piped_one-1.0.0"]["reason"]
    assert "deep" in entries["deep-1.0.0"]["reason"]
    assert all("{name}-{version}" in entries[n]["reason"] for n in ["nameless", "nameless.zip"])
    listed = store.listed()
    assert listed["good_one"]["status"] != "failed"
    assert listed["broken_one"]["status"] == "failed" and "plugin.py" in listed["broken_one"]["description"]
    assert set(listed["broken_one"]) == {"name", "version", "description", "capabilities", "status", "source"}
    status = store.admin.get("/api/v1/system/status").json()
    assert "broken_one" in status["failed_plugins"] and "broken_one" not in status["available_plugins"]
    assert (store.server.data / "key").read_text().strip() not in json.dumps(entries)
    # mended, it is taken
    (store.folder / "broken_one-1.0.0" / "plugin.py").write_bytes(members("broken_one", "1.0.0")["plugin.py"])
    until(lambda: store.listed()["broken_one"]["status"] != "failed")
    # broken again, the version that was there goes on
    before = store.row("broken_one")["sha256"]
    (store.folder / "broken_one-1.0.0" / "plugin.py").write_text("this is no plugin\n")
    until(lambda: store.state("broken_one-1.0.0") == "failed")
    assert store.row("broken_one")["sha256"] == before and store.row("broken_one")["enabled"]


def test_what_was_uploaded_is_not_replaced(store):
    upload = {"file": ("math_plugin-1.0.0.zip", v1_package())}
    assert store.admin.post("/api/v1/plugins/upload", files=upload).status_code == 200
    before = store.row("math_plugin")
    shutil.rmtree(store.folder / "math_plugin-1.0.0")
    drop(store.folder, "math_plugin", "1.0.0", **{"other.py": b"X = 1\n"})
    until(lambda: store.state("math_plugin-1.0.0") == "failed")
    assert "uploaded" in store.entries()["math_plugin-1.0.0"]["reason"]
    after = store.row("math_plugin")
    assert all(after[k] == before[k] for k in ("id", "sha256", "enabled", "version"))


def test_a_deleted_plugin_takes_its_folder_along(store):
    place = drop(store.folder, "math_plugin", "1.0.0")
    store.until_served("math_plugin")
    assert store.admin.delete("/api/v1/plugins/uploaded/math_plugin/1.0.0").status_code == 200
    assert not place.exists()
    until(lambda: store.state("math_plugin-1.0.0") == "gone")
    drop(store.folder, "math_plugin", "1.0.0")
    until(lambda: "math_plugin" in store.listed())


def test_over_a_restart(store):
    drop(store.folder, "stays", "1.0.0")
    drop(store.folder, "goes", "1.0.0")
    store.until_served("stays", "goes")
    assert set(store.listed()) == {"stays", "goes"}
    before = store.row("stays")

    def meanwhile():
        shutil.rmtree(store.folder / "goes-1.0.0")
        drop(store.folder, "comes", "1.0.0")

    store.restart(meanwhile)
    until(lambda: set(store.listed()) == {"stays", "comes"})
    after = store.row("stays")
    assert all(after[k] == before[k] for k in ("id", "sha256", "enabled")), "what has not changed is not touched"
    assert not (store.folder / "goes-1.0.0").exists()
    store.restart(CADENCE_ENABLE_DIRECTORY_PLUGINS="false")
    drop(store.folder, "ignored", "1.0.0")
    store.reload()
    assert "ignored" not in store.listed() and store.entries() == {}


def test_a_reload_looks_at_once(store):
    place = drop(store.folder, "math_plugin", "1.0.0")
    old = time.time() - 60
    for path in [place, *place.rglob("*")]:
        os.utime(path, (old, old))
    # its status has changed a moment ago, so it is not quiet before a second has passed
    until(lambda: store.reload()["loaded"] == ["math_plugin"])


def test_a_copy_that_takes_its_time_is_judged_once(store):
    place = store.folder / "math_plugin-1.0.0"
    place.mkdir()
    longest, last = 0.0, time.monotonic()
    for name, content in members("math_plugin", "1.0.0").items():
        for i in range(0, len(content), 64):
            with open(place / name, "ab") as f:
                f.write(content[i : i + 64])
            time.sleep(0.02)  # the slow copy itself
            longest, last = max(longest, time.monotonic() - last), time.monotonic()
    until(lambda: "math_plugin" in store.listed() and store.state("math_plugin-1.0.0") == "listed")
    if longest > 0.8:
        return  # this machine paused so long that the folder was quiet in between, rightly judged
    rows = store.admin.get("/api/admin/audit").json()
    assert sum(r["action"] in ("plugin.upload", "plugin.overwrite") for r in rows) == 1
    assert store.server.log_text().count("directory.judged") == 1
