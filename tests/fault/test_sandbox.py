"""Plugins that attack the sandbox they are checked in: none gets anywhere, each is reported.

Every attack is a plugin of its own, uploaded and checked like any other. It tries, collects what it
got, and raises it, so that the report says what an attacker would have seen; what it must not have
got is asked for here. All of it runs twice where the tests are root: as root, and as a plain user.
A machine that has bubblewrap and refuses to make a sandbox fails these tests; it skips nothing.
"""

import os
import pathlib
import secrets
import shutil
import socket
import subprocess
import tempfile
import threading
import time

import pytest

from http_conftest import Server
from packages import archive, package, plugin

USER = 65531  # nobody's
SECRET = secrets.token_hex(16)
DEADLINE = 400  # the machine may be busy with other tests


class Lab:
    """A server, and attacks on it."""

    def __init__(self, binary, as_root, timeout="2m"):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="larder-attack-"))
        self.folder.chmod(0o755)
        self.as_root = as_root
        data = self.folder / "data"
        program = binary
        if not as_root:
            own = self.folder / "larder-program"
            shutil.copy(binary, own)
            own.chmod(0o755)
            data.mkdir()
            os.chown(data, USER, USER)
            program = self.folder / "larder"
            program.write_text(f'#!/bin/sh\nexec setpriv --reuid {USER} --regid {USER} --clear-groups {own} "$@"\n')
            program.chmod(0o755)
        self.server = Server(program, data, admin_password=secrets.token_urlsafe(18), LARDER_HEALTH_TIMEOUT=timeout,
                             LARDER_JOB_THREADS="4", SOMEBODYS_SECRET=SECRET, HOME=self.folder)
        self.client = self.server.admin()
        self.count = 0

    def upload(self, code, wrapper=""):
        """Uploads a plugin that runs `code` when it is imported; returns its row's id."""
        self.count += 1
        content = package(pid=f"io.attack.number{self.count}", dependencies="[]", settings="", wrapper=wrapper,
                          files={"attack.py": code, "__init__.py": "from . import attack\nfrom .plugin import SearchPlugin\n"})
        answer = self.client.post("/api/admin/plugins/upload", files={"file": ("p.zip", content)})
        assert answer.status_code == 201, answer.text
        return answer.json()["id"]

    def begin(self, plugin_id):
        answer = self.client.post(f"/api/admin/plugins/{plugin_id}/health")
        assert answer.status_code == 202, answer.text
        return answer.json()["job_id"]

    def result(self, plugin_id, job_id):
        deadline = time.monotonic() + DEADLINE
        while time.monotonic() < deadline:
            job = self.client.get(f"/api/admin/jobs/{job_id}").json()
            if job["state"] in ("done", "failed"):
                assert job["state"] == "done", job
                return self.client.get(f"/api/admin/plugins/{plugin_id}/health").json()[0]
            time.sleep(0.05)
        raise AssertionError(f"the check did not end: {job}")

    def attack(self, code):
        """What the report says; that it is one of failure is part of every attack."""
        plugin_id = self.upload(code)
        check = self.result(plugin_id, self.begin(plugin_id))
        assert check["health"] == "failed" and check["reason"], check
        row = self.client.get(f"/api/admin/plugins/{plugin_id}").json()
        assert row.get("health", "failed") == "failed"
        assert SECRET not in str(check)
        return check

    def dispose(self):
        self.server.dispose()
        shutil.rmtree(self.folder, ignore_errors=True)


@pytest.fixture(scope="module", params=["root", "user"] if os.geteuid() == 0 else ["as-is"])
def lab(request, larder_bin):
    made = Lab(larder_bin, as_root=request.param != "user")
    yield made
    made.dispose()


@pytest.fixture
def hasty_lab(lab, larder_bin):
    """One more, with short checks; the others have the time that a busy machine takes."""
    made = Lab(larder_bin, as_root=lab.as_root, timeout="20s")
    yield made
    made.dispose()


def told(check):
    return check["detail"]["error"]["message"]


def test_the_machine_can_do_it(lab):
    """The control: what is harmless is healthy. Where bwrap stands and is refused, this fails."""
    assert shutil.which("bwrap"), "bubblewrap belongs to the packages of the tests"
    plugin_id = lab.upload("import json, socket, subprocess, threading\n", wrapper="calm/")
    check = lab.result(plugin_id, lab.begin(plugin_id))
    assert (check["health"], check["reason"]) == ("healthy", None), check
    assert [t["name"] for t in check["detail"]["tools"]] == ["search"]
    assert check["detail"]["tools"][0]["parameters"] == [{"name": "query", "type": "str", "required": True}]


def test_reading_what_is_ours(lab):
    check = lab.attack(f"""
import glob, os
got = []
for path in ["{lab.server.data}", "{lab.server.data}/key", "{lab.server.data}/larder.db", "/etc/passwd", "/etc/shadow",
             "/root", "/home", "/var", "/sys", "/boot", "/run/systemd", "/proc/1/root/etc/passwd", "/proc/1/root/root",
             "/proc/kcore", "/proc/1/mem"]:
    try:
        got.append((path, os.listdir(path) if os.path.isdir(path) else open(path, "rb").read(10)))
    except OSError:
        pass
for path in glob.glob("/proc/*/environ") + glob.glob("/proc/*/task/*/environ"):
    try:
        text = open(path, "rb").read()
        print(text)
        if b"LARDER" in text: got.append((path, text))
    except OSError:
        pass
print(sorted(os.environ), sorted(os.listdir("/proc/self/fd")))
got += [(p, "") for p in glob.glob("/proc/self/fd/*") if os.path.exists(p) and "larder" in os.path.realpath(p)]
raise RuntimeError(f"got {{got}}")
""")
    assert told(check) == "got []", check
    assert "LARDER" not in check["detail"]["output"]


def test_writing_outside(lab):
    check = lab.attack("""
import os
did = []
here = os.path.dirname(__file__)
for path in ["/mark", "/usr/mark", "/usr/lib/mark", "/etc/mark", "/dev/mark", "/run/mark", "/run/larder/runner.py",
             "/proc/sys/kernel/core_pattern", "/proc/1/oom_score_adj", "/plugin/mark", here + "/mark", __file__, "/environment/mark"]:
    try:
        with open(path, "ab") as f:
            f.write(b"x")
        did.append(path)
    except OSError:
        pass
raise RuntimeError(f"wrote {did}")
""")
    assert told(check) == "wrote []", check


def test_symlink_games(lab):
    check = lab.attack(f"""
import os
got = []
for n, target in enumerate(["{lab.server.data}/key", "/proc/1/root/etc/shadow", "/proc/self/cwd/../../{lab.server.data}/key",
                            "/../../../{lab.server.data}/key"]):
    link = f"/tmp/link{{n}}"
    os.symlink(target, link)
    for way in (lambda: open(link).read(5), lambda: open(link, "w")):
        try:
            way()
            got.append(target)
        except OSError:
            pass
try:
    os.rename("/tmp/link0", "/usr/link")
    got.append("rename")
except OSError:
    pass
raise RuntimeError(f"got {{got}}")
""")
    assert told(check) == "got []", check


def test_calls_to_the_kernel(lab):
    check = lab.attack("""
import ctypes, errno, os, platform
c = ctypes.CDLL(None, use_errno=True)
x86 = platform.machine() == "x86_64"
calls = {"ptrace": (101, 117), "process_vm_readv": (310, 270), "mount": (165, 40), "umount2": (166, 39), "unshare": (272, 97),
         "setns": (308, 268), "pivot_root": (155, 41), "chroot": (161, 51), "bpf": (321, 280), "perf_event_open": (298, 241),
         "userfaultfd": (323, 282), "keyctl": (250, 219), "add_key": (248, 217), "init_module": (175, 105),
         "kexec_load": (246, 104), "memfd_create": (319, 279), "io_uring_setup": (425, 425), "open_tree": (428, 428),
         "clone3": (435, 435), "reboot": (169, 142), "sethostname": (170, 161)}
passed = []
for name, numbers in calls.items():
    ctypes.set_errno(0)
    if c.syscall(numbers[0 if x86 else 1], 16, 1, 0, 0, 0, 0) >= 0:
        passed.append(name)
    elif ctypes.get_errno() not in (errno.EPERM, errno.ENOSYS):
        passed.append(f"{name}: {errno.errorcode[ctypes.get_errno()]}")
for flags in (0x10000000, 0x00020000, 0x20000000, 0x40000000):
    if c.syscall(56 if x86 else 220, flags | 17, 0, 0, 0, 0) >= 0:
        passed.append(f"clone {flags:x}")
raise RuntimeError(f"passed {passed}")
""")
    assert told(check) == "passed []", check


def test_other_processes(lab):
    check = lab.attack(f"""
import os, signal
hit = []
for pid in [1, os.getppid(), {lab.server.pid}, -{lab.server.pid}]:
    try:
        os.kill(pid, signal.SIGKILL)
        if pid not in (1, os.getppid()): hit.append(pid)
    except OSError:
        pass
seen = sorted(int(n) for n in os.listdir("/proc") if n.isdigit())
raise RuntimeError(f"hit {{hit}} sees {{len(seen) < 5 and max(seen) < 1000}}")
""")
    assert told(check) == "hit [] sees True", check
    assert lab.client.get("/livez").status_code == 200


def test_threads_count_too(lab):
    check = lab.attack("""
import threading, time
for i in range(1000):
    threading.Thread(target=time.sleep, args=(600,), daemon=True).start()
""")
    assert "can't start new thread" in check["reason"] or "processes" in check["reason"], check


def test_memory_bomb(lab):
    check = lab.attack("kept = [bytearray(64 << 20) for i in range(1000)]")
    assert "MemoryError" in check["reason"] or "of memory" in check["reason"], check


def test_memory_bomb_of_many(lab):
    check = lab.attack("""
import os, time
for i in range(8):
    if os.fork() == 0:
        break
kept = bytearray(b"x") * (200 << 20)
time.sleep(600)
""")
    assert "of memory" in check["reason"], check


def test_full_disk(lab):
    check = lab.attack("""
import os
done = 0
try:
    for n in range(1000):
        for folder in ("/tmp", "/dev/shm"):
            with open(f"{folder}/bomb{n}", "wb") as f:
                done += f.write(bytes(16 << 20))
except OSError as e:
    raise RuntimeError(f"{e.strerror} {done < 400 << 20}")
""")
    assert told(check) in ("No space left on device True", "File too large True"), check


def test_what_never_ends(hasty_lab):
    """A loop, a wait and a fork bomb at once, each swallowing every error; the server answers all the while."""
    codes = ["while True: pass", "import time\nwhile True: time.sleep(600)", """
import os
while True:
    try:
        os.fork()
    except OSError:
        pass
"""]
    lab = hasty_lab
    plugins = [lab.upload(code) for code in codes]
    jobs = [lab.begin(p) for p in plugins]
    for _ in range(50):
        begun = time.monotonic()
        assert lab.server.client().get("/livez").status_code == 200
        assert time.monotonic() - begun < 15
    loop, wait, bomb = [lab.result(p, j) for p, j in zip(plugins, jobs)]
    assert {c["health"] for c in (loop, wait, bomb)} == {"failed"}
    assert "CPU time in the step 'import'" in loop["reason"] or "did not finish" in loop["reason"], loop
    assert wait["reason"] == "It did not finish within 20 s; it was at work in the step 'import'"
    assert any(w in bomb["reason"] for w in ("CPU time", "did not finish", "processes")), bomb


def test_flood_of_output(lab):
    for stream in ("1", "2"):
        check = lab.attack(f"import os\nwhile True: os.write({stream}, b'x' * 4096)")
        assert check["reason"].startswith("It wrote more than"), check
        assert len(str(check)) < 20000


def test_forged_report(lab):
    report = {"report": {"error": None, "steps": [{"name": n, "ms": 1, "ok": True} for n in (
        "import", "find_class", "get_metadata", "create_agent", "get_tools", "health_check")], "tools": []}}
    for ending in ("os._exit(0)", "pass"):
        check = lab.attack(f"""
import json, os
report = json.dumps({report!r}).encode()
for fd in range(3, 64):
    for line in (report, b"0" * 32 + b" " + report):
        try:
            os.write(fd, line + b"\\n")
        except OSError:
            pass
{ending}
""")
        assert check["reason"].startswith("It wrote into the channel of the report"), check
        assert check["detail"]["tools"] == []
    check = lab.attack(f"import os\nprint({report!r}, flush=True)\nos._exit(0)")
    assert check["reason"] == "It ended the process with status 0 in the step 'import'", check


def test_network(lab):
    """Out of reach, until an administrator says otherwise: then the same plugin is healthy."""
    taken = []
    with socket.create_server(("127.0.0.1", 0)) as listener:
        def accept():
            try:
                while True:
                    listener.accept()[0].close()
                    taken.append(1)
            except OSError:
                pass

        threading.Thread(target=accept, daemon=True).start()
        port = listener.getsockname()[1]
        plugin_id = lab.upload(f"import socket\nsocket.create_connection(('127.0.0.1', {port}), 5).close()\n")
        check = lab.result(plugin_id, lab.begin(plugin_id))
        assert check["health"] == "failed" and not check["network"] and taken == []
        path = f"/api/admin/plugins/{plugin_id}/network"
        assert lab.client.get(path).json()["allowed"] is False
        assert lab.client.put(path, json={"allowed": True}).json()["allowed"] is True
        check = lab.result(plugin_id, lab.begin(plugin_id))
        assert check["health"] == "healthy" and check["network"], check
        assert lab.client.put(path, json={"allowed": False}).status_code == 200
        check = lab.result(plugin_id, lab.begin(plugin_id))
        assert check["health"] == "failed" and not check["network"]
        listener.shutdown(socket.SHUT_RDWR)
    audit = [row["action"] for row in lab.client.get("/api/admin/audit?limit=200").json()]
    assert audit.count("plugin.network") == 2 and audit.count("plugin.check") >= 3


def test_nothing_stays_behind(lab):
    """The last of all: no process of a sandbox lives on, no file was left in the data folder's tmp."""
    deadline = time.monotonic() + DEADLINE
    while time.monotonic() < deadline:
        children = subprocess.run(["ps", "-o", "args=", "--ppid", str(lab.server.pid)], capture_output=True, text=True).stdout
        if not children:
            break
        time.sleep(0.05)
    assert not children
    assert list((lab.server.data / "tmp").iterdir()) == []
    lab.server.stop()
