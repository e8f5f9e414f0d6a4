"""Backup while running, restore, verify: what comes back is what was there, or nothing comes back."""

import hashlib
import io
import json
import os
import secrets
import sqlite3
import subprocess
import tarfile
import threading

import pytest
from conftest import clean_environment, run_cli

ROUNDS = 100 if os.environ.get("LARDER_TEST_ALL") else 10


def put_blob(data, content):
    """A package as the store keeps it: a file named by its hash."""
    name = hashlib.sha256(content).hexdigest()
    folder = data / "blobs" / name[:2]
    folder.mkdir(mode=0o700, exist_ok=True)
    (folder / name).write_bytes(content)
    return f"blobs/{name[:2]}/{name}"


@pytest.fixture
def stocked(server):
    """A server with people, orgs and two packages that no row names yet."""
    admin = server.admin()
    for i in range(3):
        assert admin.post("/api/admin/orgs", json={"name": f"org {i}", "domain": f"o{i}.example"}).status_code == 201
    server.blobs = sorted([put_blob(server.data, b"one" * 1000), put_blob(server.data, b"two" * 99)])
    return server


@pytest.fixture
def backup(stocked, tmp_path):
    file = tmp_path / "backup.tar"
    stocked.cli("backup", file, check=0)
    return file


def rows_of(path):
    """Every row of every table but those that a server stamps when it stops."""
    with sqlite3.connect(f"file:{path}?mode=ro", uri=True) as db:
        names = [r[0] for r in db.execute("SELECT name FROM sqlite_schema WHERE type = 'table' ORDER BY name")]
        return {n: sorted(map(repr, db.execute(f'SELECT * FROM "{n}"'))) for n in names if n not in ("kv", "session")}


def test_a_backup_is_a_plain_tar(stocked, backup):
    with tarfile.open(backup) as tar:
        names = tar.getnames()
        manifest = json.load(tar.extractfile("manifest.json"))
        assert names == ["manifest.json", "larder.db", *stocked.blobs]
        assert [f["name"] for f in manifest["files"]] == names[1:]
        for file in manifest["files"]:
            content = tar.extractfile(file["name"]).read()
            assert len(content) == file["size"]
            assert hashlib.sha256(content).hexdigest() == file["sha256"]
        assert all(m.isfile() and m.mode == 0o600 for m in tar.getmembers())
    assert manifest["format"] == "larder-backup" and manifest["larder_version"] == stocked.version
    assert oct(backup.stat().st_mode)[-3:] == "600"
    assert [p.name for p in backup.parent.iterdir() if "tmp" in p.name] == []
    assert [p.name for p in (stocked.data / "backups").iterdir()] == []


def test_restore_brings_everything_back(stocked, backup, start_server, tmp_path):
    stocked.stop()
    data = tmp_path / "elsewhere"
    done = run_cli(stocked.binary, "restore", backup, "--data", data, "--json", check=0)
    report = json.loads(done.stdout)
    assert report["files"] == 3 and report["key"] is False and report["set_aside"] is None
    assert rows_of(data / "larder.db") == rows_of(stocked.data / "larder.db")
    for name in stocked.blobs:
        assert (data / name).read_bytes() == (stocked.data / name).read_bytes()
    assert list((data / "tmp").iterdir()) == []
    again = start_server(data=data, admin_password=None)
    client = again.client().signed_in("admin", stocked.admin_password)
    assert client.get("/api/me").status_code == 200
    again.stop()


def test_the_key_travels_only_when_asked_for(stocked, backup, start_server, tmp_path):
    token = stocked.client().token("admin", stocked.admin_password)
    with_key = tmp_path / "with-key.tar"
    assert "keep the file as safe as a password" in stocked.cli("backup", with_key, "--with-key", check=0).stdout
    assert "everybody signs in again" in stocked.cli("backup", tmp_path / "third.tar", check=0).stdout
    key = (stocked.data / "key").read_bytes()
    with tarfile.open(with_key) as tar:
        assert tar.extractfile("key").read() == key
    assert key.strip() not in backup.read_bytes()
    stocked.stop()
    for file, status in [(with_key, 200), (backup, 401)]:
        data = tmp_path / f"restored-{status}"
        run_cli(stocked.binary, "restore", file, "--data", data, check=0)
        server = start_server(data=data, admin_password=None)
        answer = server.client().get("/api/me", headers={"Authorization": "Bearer " + token})
        assert answer.status_code == status


def test_through_a_pipe(stocked, tmp_path):
    made = subprocess.run(
        [stocked.binary, "backup", "-", "--data", stocked.data],
        capture_output=True, check=True, timeout=60, env=clean_environment(),
    )  # fmt: skip
    assert b"Backed up 3 files" in made.stderr
    data = tmp_path / "piped"
    subprocess.run(
        [stocked.binary, "restore", "-", "--data", data],
        input=made.stdout, capture_output=True, check=True, timeout=60, env=clean_environment(),
    )  # fmt: skip
    assert (data / stocked.blobs[0]).exists()


def test_an_existing_file_is_kept(stocked, backup):
    before = backup.read_bytes()
    assert "--force replaces it" in stocked.cli("backup", backup, check=4).stderr
    assert backup.read_bytes() == before
    stocked.cli("backup", backup, "--force", check=0)
    assert backup.read_bytes() != before


def test_a_running_server_and_an_occupied_folder_are_safe(stocked, backup, start_server):
    assert f"pid {stocked.pid}" in stocked.cli("restore", backup, "--force", check=4).stderr
    admin = stocked.admin()
    assert admin.post("/api/admin/orgs", json={"name": "made after the backup", "domain": "after.example"}).status_code == 201
    stocked.stop()
    before = rows_of(stocked.data / "larder.db")
    assert "--force sets it aside" in stocked.cli("restore", backup, check=4).stderr
    assert rows_of(stocked.data / "larder.db") == before
    done = stocked.cli("restore", backup, "--force", "--json", check=0)
    aside = stocked.data / json.loads(done.stdout)["set_aside"]
    assert rows_of(aside / "larder.db") == before
    assert (aside / stocked.blobs[0]).exists() and (stocked.data / stocked.blobs[0]).exists()
    assert "made after" not in str(rows_of(stocked.data / "larder.db")["org"])
    assert start_server(data=stocked.data, admin_password=None).client().get("/readyz").status_code == 200


def test_a_mistyped_file_leaves_nothing(larder_bin, tmp_path):
    done = run_cli(larder_bin, "restore", tmp_path / "none.tar", "--data", tmp_path / "data", check=3)
    assert "none.tar cannot be read" in done.stderr and list(tmp_path.iterdir()) == []
    assert "is a folder" in run_cli(larder_bin, "restore", tmp_path, "--data", tmp_path / "data", check=1).stderr


def test_an_interrupted_restore_is_finished_by_another(stocked, backup, start_server):
    stocked.stop()
    (stocked.data / "restore.pending").write_text("")
    (stocked.data / "larder.db").rename(stocked.data / "backups" / "moved.db")
    stocked.cli("restore", backup, check=4)
    stocked.cli("restore", backup, "--force", check=0)
    assert not (stocked.data / "restore.pending").exists()
    assert start_server(data=stocked.data, admin_password=None).client().get("/readyz").status_code == 200


def test_backup_during_writes_is_consistent(stocked, tmp_path):
    """Each org is made with its audit row in one transaction, so both counts agree in every copy."""
    over, failures, made = threading.Event(), [], []
    admin = stocked.admin()

    def write():
        client = stocked.client()
        client.bearer = admin.bearer
        while not over.is_set():
            name = secrets.token_hex(8)
            answer = client.post("/api/admin/orgs", json={"name": name, "domain": f"{name}.example"})
            if answer.status_code != 201:
                failures.append(answer.text)
                return
            made.append(answer.json())

    writers = [threading.Thread(target=write) for _ in range(3)]
    for writer in writers:
        writer.start()
    try:
        last = 0
        for i in range(ROUNDS):
            file, data = tmp_path / f"{i}.tar", tmp_path / f"restored-{i}"
            known = len(made)
            stocked.cli("backup", file, check=0)
            run_cli(stocked.binary, "restore", file, "--data", data, check=0)
            run_cli(stocked.binary, "verify", "--deep", "--data", data, check=0)
            with sqlite3.connect(data / "larder.db") as db:
                orgs = db.execute("SELECT count(*) FROM org").fetchone()[0]
                audited = db.execute("SELECT count(*) FROM audit WHERE action = 'org.create'").fetchone()[0]
            assert orgs == audited >= known + 3, "what was answered before the backup is in it"
            assert orgs >= last
            last = orgs
            file.unlink()
    finally:
        over.set()
        for writer in writers:
            writer.join(30)
    assert not failures, failures[:2]
    assert len(made) > ROUNDS


# ---- tampering ----------------------------------------------------------------------------------


def members(file):
    with tarfile.open(file) as tar:
        return [(m.name, tar.extractfile(m).read()) for m in tar.getmembers()]


def pack(parts, **change):
    """A tar of (name, bytes) pairs; `change` maps a name to a function over its TarInfo."""
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w", format=tarfile.USTAR_FORMAT) as tar:
        for name, content in parts:
            info = tarfile.TarInfo(name)
            info.size, info.mode = len(content), 0o600
            change.get(name.split("/")[0].split(".")[0], lambda _: None)(info)
            tar.addfile(info, io.BytesIO(content) if info.isfile() else None)
    return out.getvalue()


def listed(parts):
    """The same members with a manifest that agrees with them: only the content is hostile then."""
    manifest = json.loads(dict(parts)["manifest.json"])
    manifest["files"] = [
        {"name": n, "size": len(c), "sha256": hashlib.sha256(c).hexdigest()} for n, c in parts if n != "manifest.json"
    ]
    return [("manifest.json", json.dumps(manifest).encode())] + [p for p in parts if p[0] != "manifest.json"]


def replaced(parts, name, content):
    return [(n, content if n == name else c) for n, c in parts]


def edit(path, *statements):
    """Changes a database behind the program's back: its triggers are put away and back."""
    with sqlite3.connect(path) as db:
        triggers = db.execute("SELECT name, sql FROM sqlite_schema WHERE type = 'trigger'").fetchall()
        for name, _ in triggers:
            db.execute(f'DROP TRIGGER "{name}"')
        for statement in statements:
            db.execute(statement)
        for _, sql in triggers:
            db.execute(sql)
    db.close()


def edit_database(parts, tmp_path, *statements):
    path = tmp_path / "edited.db"
    path.write_bytes(dict(parts)["larder.db"])
    edit(path, *statements)
    return listed(replaced(parts, "larder.db", path.read_bytes()))


def flipped(content, at):
    return content[:at] + bytes([content[at] ^ 1]) + content[at + 1 :]


def edit_manifest(parts, change):
    manifest = json.loads(dict(parts)["manifest.json"])
    change(manifest)
    return pack(replaced(parts, "manifest.json", json.dumps(manifest).encode()))


def as_type(kind, link=""):
    def change(info):
        info.type, info.linkname, info.size = kind, link, 0

    return change


def rename_to(name):
    def change(info):
        info.name = name

    return change


TAMPERED = {
    "empty": lambda p, t: b"",
    "not a tar": lambda p, t: b"PK\x03\x04" + bytes(4096),
    "cut in half": lambda p, t: pack(p)[: len(pack(p)) // 2],
    "without its end": lambda p, t: pack(p)[:-10240].rstrip(b"\0"),
    "something behind its end": lambda p, t: pack(p) + b"more",
    "no manifest": lambda p, t: pack(p[1:]),
    "manifest not first": lambda p, t: pack([p[1], p[0], *p[2:]]),
    "manifest is not JSON": lambda p, t: pack(replaced(p, "manifest.json", b"{")),
    "manifest of another format": lambda p, t: edit_manifest(p, lambda m: m.update(format="other")),
    "manifest of a newer version": lambda p, t: edit_manifest(p, lambda m: m.update(format_version=2)),
    "manifest with a wrong size": lambda p, t: edit_manifest(p, lambda m: m["files"][0].update(size=1)),
    "manifest with a wrong hash": lambda p, t: edit_manifest(p, lambda m: m["files"][0].update(sha256="0" * 64)),
    "manifest that forgets a file": lambda p, t: edit_manifest(p, lambda m: m["files"].pop()),
    "manifest that names a file twice": lambda p, t: edit_manifest(p, lambda m: m["files"].append(m["files"][-1])),
    "a flipped bit in a package": lambda p, t: pack(p[:-1] + [(p[-1][0], flipped(p[-1][1], 5))]),
    "a flipped bit in the database": lambda p, t: pack(replaced(p, "larder.db", flipped(dict(p)["larder.db"], 5000))),
    "a package under another name": lambda p, t: pack(listed(p[:-1] + [("blobs/00/" + "0" * 64, p[-1][1])])),
    "a missing package": lambda p, t: pack(p[:-1]),
    "one member too many": lambda p, t: pack(p + [("blobs/zz", b"x")]),
    "a path that climbs": lambda p, t: pack(listed(p + [("../evil", b"x")])),
    "an absolute path": lambda p, t: pack(listed(p + [("/tmp/larder-evil", b"x")])),
    "a file that is not ours": lambda p, t: pack(listed(p + [("larder.conf", b"listen = 0.0.0.0:80\n")])),
    "a symbolic link": lambda p, t: pack(p, larder=as_type(tarfile.SYMTYPE, "/etc/passwd")),
    "a hard link": lambda p, t: pack(p, larder=as_type(tarfile.LNKTYPE, "/etc/passwd")),
    "a device": lambda p, t: pack(p, larder=as_type(tarfile.CHRTYPE)),
    "a folder": lambda p, t: pack(p, larder=as_type(tarfile.DIRTYPE)),
    "a name hidden in the prefix": lambda p, t: pack(p, larder=rename_to("x" * 120 + "/larder.db")),
    "a database that is not one": lambda p, t: pack(listed(replaced(p, "larder.db", b"SQLite format 3\0" + bytes(8192)))),
    "another program's database": lambda p, t: pack(edit_database(p, t, "PRAGMA application_id = 7")),
    "a database of the future": lambda p, t: pack(edit_database(p, t, "PRAGMA user_version = 999")),
    "a trigger": lambda p, t: pack(
        edit_database(p, t, "CREATE TRIGGER evil AFTER INSERT ON org BEGIN UPDATE user SET is_sys_admin = 1; END")
    ),
    "a view": lambda p, t: pack(edit_database(p, t, "CREATE VIEW evil AS SELECT * FROM user")),
    "a table of its own": lambda p, t: pack(edit_database(p, t, "CREATE TABLE evil (x)")),
    "a changed audit row": lambda p, t: pack(edit_database(p, t, "UPDATE audit SET action = 'nothing' WHERE seq = 1")),
    "a removed audit row": lambda p, t: pack(edit_database(p, t, "DELETE FROM audit WHERE seq = 2")),
}


@pytest.mark.parametrize("kind", TAMPERED)
def test_a_tampered_backup_is_refused(kind, tampering_material, cli, tmp_path):
    file, data = tmp_path / "tampered.tar", tmp_path / "data"
    file.write_bytes(TAMPERED[kind](members(tampering_material), tmp_path))
    before = {p.name for p in tmp_path.iterdir()}
    done = cli("restore", file, "--data", data)
    assert done.returncode == 1, f"{kind}: exit {done.returncode} {done.stdout}{done.stderr}"
    assert done.stderr.startswith("larder: ") and "(" not in done.stderr.split("\n")[0][:9]
    assert not (data / "larder.db").exists()
    left = [p for p in data.rglob("*") if p.is_file() and p.name != "larder.lock"]
    assert left == [], f"{kind} left {left}"
    assert {p.name for p in tmp_path.iterdir()} - before <= {"data"}
    assert not os.path.exists("/tmp/larder-evil")


def test_the_material_itself_is_good(tampering_material, cli, tmp_path):
    """Repacked by another program and listed anew, it is accepted: the refusals above are earned."""
    file = tmp_path / "repacked.tar"
    file.write_bytes(pack(listed(members(tampering_material))))
    cli("restore", file, "--data", tmp_path / "data", check=0)


@pytest.fixture(scope="module")
def tampering_material(module_server, tmp_path_factory):
    admin = module_server.admin()
    for i in range(3):
        assert admin.post("/api/admin/orgs", json={"name": f"org {i}", "domain": f"o{i}.example"}).status_code == 201
    put_blob(module_server.data, b"one" * 1000)
    put_blob(module_server.data, b"two" * 99)
    file = tmp_path_factory.mktemp("material") / "backup.tar"
    module_server.cli("backup", file, check=0)
    return file


# ---- verify -------------------------------------------------------------------------------------


def test_verify_finds_a_flipped_byte(stocked):
    stocked.cli("verify", "--deep", check=0)
    victim = stocked.data / stocked.blobs[0]
    victim.write_bytes(flipped(victim.read_bytes(), 7))
    stocked.cli("verify", check=0)  # a quick look does not read the packages
    done = stocked.cli("verify", "--deep", "--json")
    assert done.returncode == 1
    report = json.loads(done.stdout)
    assert report["ok"] is False and report["damaged"] == [stocked.blobs[0]]
    done = stocked.cli("backup", stocked.data / "backups" / "b.tar")
    assert done.returncode == 1 and stocked.blobs[0] in done.stderr
    assert not (stocked.data / "backups" / "b.tar").exists()


def test_audit_verify(stocked):
    text = stocked.cli("audit", "verify", check=0).stdout
    assert "is whole" in text
    count = json.loads(stocked.cli("audit", "verify", "--json", check=0).stdout)["rows"]
    assert count >= 4
    stocked.stop()
    edit(stocked.data / "larder.db", "UPDATE audit SET subject = 'somebody else' WHERE seq = 3")
    done = stocked.cli("audit", "verify", "--json")
    assert done.returncode == 1
    report = json.loads(done.stdout)
    assert report["ok"] is False and report["first_bad"] == 3
    done = stocked.cli("verify", "--json")
    assert done.returncode == 1 and json.loads(done.stdout)["audit_ok"] is False
