"""What a server leaves behind when it ends in the middle of health checks: nothing; and several servers at once.

bubblewrap and the server are copies here, so that their processes can be told from all others of the machine by the
file that they run, at every moment of their lives, whoever their parent is by then.
"""

import os
import pathlib
import random
import secrets
import shutil
import tempfile
import time

import pytest

from http_conftest import Server, needs_sandbox
from packages import package

USER = 65531  # nobody's
MOMENTS = {"root": 30, "user": 10, "as-is": 30}  # as a user it is the same code
DEADLINE = 400  # the machine may be busy with other tests
EVERYTHING = os.environ.get("LARDER_TEST_ALL") == "1"
CHECKS = 4


class Place:
    """A data folder, and programs of its own that servers on it are started from."""

    def __init__(self, binary, as_root=True):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="larder-end-"))
        self.folder.chmod(0o755)
        self.program, self.bwrap = self.folder / "larder-program", self.folder / "bwrap"
        for source, own in ((binary, self.program), (shutil.which("bwrap"), self.bwrap)):
            shutil.copy(source, own)
            own.chmod(0o755)
        self.files = {(s.st_dev, s.st_ino) for s in map(os.stat, (self.program, self.bwrap))}
        self.start_with = self.program
        if not as_root:
            (self.folder / "data").mkdir()
            os.chown(self.folder / "data", USER, USER)
            self.start_with = self.folder / "larder"
            self.start_with.write_text(
                f'#!/bin/sh\nexec setpriv --reuid {USER} --regid {USER} --clear-groups {self.program} "$@"\n')
            self.start_with.chmod(0o755)
        self.password = secrets.token_urlsafe(18)
        self.server = None

    def start(self, **env):
        self.server = Server(self.start_with, self.folder / "data", admin_password=self.password, LARDER_BWRAP=self.bwrap,
                             HOME=self.folder, **env)
        return self.server

    def processes(self):
        """Every process of the machine that runs one of the copies."""
        found = {}
        for process in pathlib.Path("/proc").glob("[0-9]*"):
            try:
                status = os.stat(process / "exe")
                if (status.st_dev, status.st_ino) in self.files:
                    found[int(process.name)] = (process / "status").read_text().split("\n")[0], (process / "wchan").read_text()
            except OSError:
                pass  # gone meanwhile, or one of the kernel's own
        return found

    def wait_until_empty(self):
        deadline = time.monotonic() + DEADLINE
        while (left := self.processes()) and time.monotonic() < deadline:
            time.sleep(0.02)
        assert left == {}

    def dispose(self):
        if self.server:
            self.server.dispose()
        shutil.rmtree(self.folder, ignore_errors=True)


@pytest.fixture
def make_place(larder_bin):
    needs_sandbox()
    made = []

    def make(**options):
        made.append(Place(larder_bin, **options))
        return made[-1]

    yield make
    for place in made:
        place.dispose()


SLOW = "import time\ntime.sleep(0.2)\n"
MANY = "import threading, time\nfor _ in range(20):\n    threading.Thread(target=time.sleep, args=(0.5,)).start()\n"  # of 32


def upload(client, count, code):
    ids = []
    for n in range(count):
        content = package(pid=f"io.end.number{n}", dependencies="[]", settings="",
                          files={"__init__.py": code + "from .plugin import SearchPlugin\n"})
        answer = client.post("/api/admin/plugins/upload", files={"file": ("p.zip", content)})
        assert answer.status_code == 201, answer.text
        ids.append(answer.json()["id"])
    return ids


def ask(client, plugin_id):
    answer = client.post(f"/api/admin/plugins/{plugin_id}/health")
    assert answer.status_code == 202, answer.text
    return answer.json()["job_id"]


@pytest.mark.parametrize("who", ["root", "user"] if os.geteuid() == 0 else ["as-is"])
def test_nothing_outlives_the_server(make_place, who):
    place = make_place(as_root=who != "user")
    dice = random.Random()
    seed = dice.randrange(1 << 32)
    print("seed", seed)  # shown where it fails
    dice.seed(seed)
    seen, ids = 0, None
    for moment in range(MOMENTS[who] * (4 if EVERYTHING else 1)):
        server = place.start(LARDER_JOB_THREADS=str(CHECKS))
        client = server.admin()
        ids = ids or upload(client, CHECKS, SLOW)
        for plugin_id in ids:
            ask(client, plugin_id)
        time.sleep(dice.uniform(0, 0.4))
        seen = max(seen, len(place.processes()))
        if moment % 3 == 2:
            server.stop()
        else:
            server.kill()
        place.wait_until_empty()
        server.dispose()
    assert seen >= 4  # a server, a keeper, bubblewrap twice: the checks were really under way


def test_two_servers_check_at_once(make_place):
    """They know nothing of each other, and the kernel counts the processes of a user over the whole machine."""
    clients = [make_place().start(LARDER_JOB_THREADS="5", LARDER_HEALTH_TIMEOUT="5m").admin() for _ in range(2)]
    plugins = [upload(client, 10, MANY) for client in clients]
    jobs = [(client, ask(client, plugins[i][n])) for n in range(10) for i, client in enumerate(clients)]
    deadline = time.monotonic() + DEADLINE
    for client, job_id in jobs:
        while (job := client.get(f"/api/admin/jobs/{job_id}").json())["state"] not in ("done", "failed"):
            assert time.monotonic() < deadline, job
            time.sleep(0.05)
        assert job["state"] == "done" and job["result"]["health"] == "healthy", job
