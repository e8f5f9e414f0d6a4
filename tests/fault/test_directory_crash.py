"""Sudden death while what was dropped into the plugin store becomes rows.

In one pass a folder is new, another has changed, a third went or came back, and a ZIP was put in. The
server dies before its n-th call that changes the disk, and is started again on the same folder. What
lies in the store decides: at the end each thing that is there is one enabled row with exactly its
bytes, what went is disabled, and nothing was done to what was dropped.
"""

import hashlib
import io
import os
import shutil
import sqlite3
import time
import zipfile

import pytest

from packages import v1_package

ALL = bool(os.environ.get("LARDER_TEST_ALL"))
STEPS = 1000 if ALL else 6  # of all steps, evenly apart
SECONDS = 300  # a wait ends at an event; this is when the test gives up
ENV = {"LARDER_DIRECTORY_PLUGINS": "true", "LARDER_HEALTH_ON_UPLOAD": "off", "LARDER_DEPENDENCIES": "check",
       "LARDER_S3_ENABLED": "false"}  # fmt: skip


def members(name, **more):
    with zipfile.ZipFile(io.BytesIO(v1_package(name))) as z:
        return {**{n: z.read(n) for n in z.namelist()}, **more}


def write(folder, content):
    folder.mkdir(exist_ok=True)
    for name, data in content.items():
        (folder / name).write_bytes(data)


class Store:
    """What somebody dropped, and what has to come of it."""

    def __init__(self, server):
        self.server = server
        self.folder, self.away = server.data / "store_plugin", server.data.parent / "away"
        self.there, self.gone = {}, set()  # "name-version" -> members
        self.zips = set()
        write(self.folder / "changing-1.0.0", members("changing"))
        write(self.folder / "moving-1.0.0", members("moving"))
        self.there.update({"changing-1.0.0": members("changing"), "moving-1.0.0": members("moving")})

    def turn(self, n):
        """One of everything; whole things are moved in, as the README asks."""
        made = self.folder.parent / "made"
        fresh, zipped = f"fresh{n}-1.0.0", f"zipped{n}-1.0.0"
        self.there[fresh], self.there[zipped] = members(f"fresh{n}"), members(f"zipped{n}")
        self.there["changing-1.0.0"] = members("changing", **{"notes.py": b"N = %d\n" % n})
        write(made, self.there[fresh])
        made.rename(self.folder / fresh)
        made.write_bytes(v1_package(f"zipped{n}"))
        made.rename(self.folder / f"{zipped}.zip")
        self.zips.add(zipped)
        write(self.folder / "changing-1.0.0", self.there["changing-1.0.0"])
        here = self.folder / "moving-1.0.0"
        if here.exists():
            here.rename(self.away)
            self.gone.add(here.name)
            del self.there[here.name]
        else:
            self.away.rename(here)
            self.gone.discard(here.name)
            self.there[here.name] = members("moving")

    def rows(self):
        with sqlite3.connect(f"file:{self.server.data / 'larder.db'}?mode=ro", uri=True) as db:
            found = list(db.execute("select name || '-' || version, sha256, enabled from plugin"))
            kept = {s for (s,) in db.execute("select sha256 from blob where keep_until is not null")}
        db.close()
        return found, kept

    def packed(self, sha256):
        content = (self.server.data / "blobs" / sha256[:2] / sha256).read_bytes()
        assert hashlib.sha256(content).hexdigest() == sha256
        with zipfile.ZipFile(io.BytesIO(content)) as z:
            return {n: z.read(n) for n in z.namelist()}

    def settled(self):
        """Everything is as the store says; false while that is still to come."""
        found, _ = self.rows()
        enabled = {folder: sha256 for folder, sha256, on in found if on}
        return enabled.keys() == self.there.keys() and all(self.packed(s) == self.there[f] for f, s in enabled.items())

    def check(self):
        """Raises where something is not right, or not yet: the row comes before its files."""
        assert self.settled()
        found, kept = self.rows()
        assert len({folder for folder, _, _ in found}) == len(found), "a version stands twice"
        assert {folder for folder, _, on in found if not on} == self.gone
        for folder, sha256, on in found:
            archive = self.server.data / "store_archived" / f"{folder}.zip"
            if on:
                assert hashlib.sha256(archive.read_bytes()).hexdigest() == sha256
        for folder, content in self.there.items():
            place = {p.name: p.read_bytes() for p in (self.folder / folder).iterdir()}
            if folder in self.zips:
                place.pop(".larder")  # unpacked by us
                assert (self.folder / f"{folder}.zip").exists()
            assert place == content, "it is not ours to write to"
        blobs = {p.name for p in (self.server.data / "blobs").rglob("*") if p.is_file()}
        assert blobs >= {sha256 for _, sha256, _ in found} | kept
        assert list((self.server.data / "tmp").iterdir()) == []


def until(what, server=None):
    """True when it holds; false when the server is dead."""
    deadline = time.monotonic() + SECONDS
    while True:
        if server and server.process.poll() is not None:
            return False
        try:
            if what() is not False:
                return True
        except (AssertionError, FileNotFoundError):
            if time.monotonic() > deadline:
                raise
        assert time.monotonic() < deadline, "it did not happen"
        time.sleep(0.02)  # between two questions; nothing depends on its length


def test_killed_while_folders_become_rows(start_server, faults):
    server = start_server(**ENV, **faults.env)
    store = Store(server)
    assert until(store.check)
    faults.arm("count 0")
    store.turn(0)
    assert until(store.check)
    total = faults.count()
    assert total > 30, "the shim saw too few steps to believe it"
    chosen = range(1, total, max(1, total // STEPS))
    died = 0
    for turn, step in enumerate(chosen, 1):
        faults.arm(f"kill {step}")
        store.turn(turn)
        died += not until(store.settled, server)  # the order of things may be another, and the step come later
        server.kill()
        server.process.stdout.close()
        faults.arm_file.unlink()
        server = store.server = start_server(data=server.data, admin_password=server.admin_password, **ENV, **faults.env)
        assert until(store.check)
    assert died >= len(chosen) / 2, "it hardly ever died in the middle"
    with sqlite3.connect(f"file:{server.data / 'larder.db'}?mode=ro", uri=True) as db:
        (uploads,) = db.execute("select count(*) from audit where action = 'plugin.upload'").fetchone()
    db.close()
    assert uploads == 2 + 2 * (1 + len(chosen)), "each thing is uploaded once"
    server.stop()
    again = start_server(data=server.data, admin_password=server.admin_password, **ENV)
    store.server = again
    blobs = {p.name for p in (server.data / "blobs").rglob("*") if p.is_file()}
    found, kept = store.rows()
    assert blobs == {sha256 for _, sha256, _ in found} | kept, "a blob that nobody owns outlived a start"
    again.stop()
