"""Sudden death between any two steps of what the v1 API does to its stores.

The server dies before its n-th call that changes the disk, for n = 1, 2, ... until the verb gets
through; it is started again on the same folder each time. Then rows, trees, archives and blobs must
agree, and the plugin must be what it was before or what it was to become, never something between.
"""

import hashlib
import io
import shutil
import sqlite3
import zipfile

import pytest
import requests

from packages import v1_package

V1 = "/api/v1/plugins"
# Without an object store to come, no bytes are kept for it, so blobs can be compared with the rows.
OPEN = {"LARDER_V1_AUTH": "off", "LARDER_HEALTH_ON_UPLOAD": "off", "LARDER_S3_ENABLED": "false"}
OLD = v1_package(description="The old one", files={"stale.py": "x = 1\n"})
NEW = v1_package(description="The new one", files={"fresh.py": "x = 1\n"})
OTHER = v1_package("bystander", "2.0.0")
STEPS_MAX = 120


def sha(content):
    return hashlib.sha256(content).hexdigest()


def upload(client, content, name="math_plugin-1.0.0.zip", force="false"):
    return client.post(V1 + "/upload", files={"file": (name, content)}, data={"force_overwrite": force})


def rows(server):
    """(folder, hash of the bytes) of each row, and what is kept beside them."""
    with sqlite3.connect(f"file:{server.data / 'larder.db'}?mode=ro", uri=True) as db:
        found = {(f"{n}-{v}", s) for n, v, s in db.execute("select name, version, sha256 from plugin")}
        kept = {s for (s,) in db.execute("select sha256 from blob where keep_until is not null")}
    db.close()
    return found, kept


def check(server, started=True):
    """Everything on the disk is what the rows say, to the last byte. Bytes of a version that was deleted
    stay until the next start."""
    found, kept = rows(server)
    listed = server.client().get(V1 + "/uploaded").json()["plugins"]
    assert {f"{p['name']}-{p['version']}" for p in listed} == {folder for folder, _ in found}
    plugins, archives = server.data / "store_plugin", server.data / "store_archived"
    assert {p.name for p in plugins.iterdir()} == {folder for folder, _ in found}, "trees and rows differ"
    names = {p.name for p in archives.iterdir()}
    assert names == {prefix + folder + ".zip" for folder, _ in found for prefix in ("", ".larder.")}
    for folder, digest in found:
        content = (archives / (folder + ".zip")).read_bytes()
        assert sha(content) == digest, "the archive is another"
        packed = zipfile.ZipFile(io.BytesIO(content))
        tree = {p.name: p.read_bytes() for p in (plugins / folder).iterdir()}
        assert tree.pop(".larder").decode() == digest
        assert tree == {n: packed.read(n) for n in packed.namelist()}, "a tree of two versions"
    blobs = {p.name for p in (server.data / "blobs").rglob("*") if p.is_file()}
    wanted = {digest for _, digest in found} | kept
    assert blobs == wanted if started else blobs >= wanted
    assert list((server.data / "tmp").iterdir()) == []
    return {digest for folder, digest in found if folder == "math_plugin-1.0.0"}


def put_old(server):
    answer = upload(server.client(), OLD, force="true")
    assert answer.status_code == 200, answer.text


def nothing(server):
    answer = server.client().delete(V1 + "/uploaded/math_plugin/1.0.0")
    assert answer.status_code in (200, 404), answer.text


def spoil(server):
    """Both files of a version are lost: a reload has to build them."""
    put_old(server)
    shutil.rmtree(server.data / "store_plugin" / "math_plugin-1.0.0")
    (server.data / "store_archived" / "math_plugin-1.0.0.zip").unlink()


VERBS = {
    "upload": (nothing, lambda c: upload(c, NEW), [set(), {sha(NEW)}]),
    "overwrite": (put_old, lambda c: upload(c, NEW, force="true"), [{sha(OLD)}, {sha(NEW)}]),
    "delete": (put_old, lambda c: c.delete(V1 + "/uploaded/math_plugin/1.0.0"), [{sha(OLD)}, set()]),
    "reload": (spoil, lambda c: c.post(V1 + "/reload"), [{sha(OLD)}, {sha(OLD)}]),
}


@pytest.mark.parametrize("verb", VERBS)
def test_killed_between_any_two_steps(start_server, faults, verb):
    prepare, act, (before, after) = VERBS[verb]
    server = start_server(**OPEN, **faults.env)
    password = server.admin_password
    assert upload(server.client(), OTHER, "bystander-2.0.0.zip").status_code == 200
    seen, step = [], 0
    while True:
        step += 1
        assert step < STEPS_MAX, "that verb has more steps than anybody would believe"
        allowed = (before, after)
        faults.arm("count 0")
        prepare(server)
        faults.arm(f"kill {step}")
        try:
            answer = act(server.client())
        except requests.RequestException:
            answer = None
        if answer is not None:
            assert answer.status_code == 200, answer.text
            faults.arm("count 0")
            try:
                assert check(server, started=False) == after, "acknowledged and not done"
                break
            except requests.ConnectionError:
                allowed = (after,)  # that step came after the answer: nothing may be undone
        server.kill()
        server.process.stdout.close()
        faults.arm_file.unlink()
        server = start_server(data=server.data, admin_password=password, **OPEN, **faults.env)
        state = check(server)
        assert state in allowed, f"step {step}: neither the old nor the new"
        seen.append(state)
    assert step > 5, "the shim saw too few steps to believe it"
    if before != after:
        assert seen[0] == before, "the first step did it all"
    server.stop()
