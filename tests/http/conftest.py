"""A real server for each test that wants one.

Every server gets a fresh folder and port 0 on loopback, is found by the one line it prints on
stdout, and is ended by its process id at teardown. LARDER_BIN names the program under test
(default build/larder). Nothing here waits by sleeping for a fixed time: a wait ends at an event,
and has a deadline that fails the test.
"""

import contextlib
import functools
import os
import pathlib
import re
import secrets
import select
import shutil
import signal
import socket
import subprocess
import tempfile
import time

import pytest
import requests

ROOT = pathlib.Path(__file__).resolve().parents[2]
LISTENING = re.compile(r"^larder (\S+) listening on (https?://\S+:(\d+))$")
START_SECONDS = 120  # a generous deadline: sanitizer builds start slowly, and so does a machine that is busy elsewhere
PATIENCE = 120  # of one answer; a wait ends at its event, and this is when a test gives up
STOP_SECONDS = 5  # what the appliance promises

for _name in [n for n in os.environ if n.lower().endswith("_proxy")]:
    del os.environ[_name]  # loopback only, whoever asks: requests, curl, a witness
os.umask(0o022)  # others read what a test makes for them; what must be private is the program's to say


def clean_environment(**extra):
    """The environment without anything that would configure a server by accident."""
    kept = {
        k: v
        for k, v in os.environ.items()
        if not k.startswith(("LARDER_", "CADENCE_", "AWS_"))
        and k not in ("NOTIFY_SOCKET", "LISTEN_FDS", "LISTEN_PID", "STATE_DIRECTORY", "WATCHDOG_USEC")
    }
    kept.update({k: str(v) for k, v in extra.items() if v is not None})
    return kept


class Client:
    """requests against one server, with a token where one was asked for."""

    def __init__(self, url, bearer=None):
        self.url = url
        self.session = requests.Session()
        self.session.trust_env = False  # no proxy, no .netrc: loopback only
        self.bearer = bearer

    def request(self, method, path, **kw):
        headers = dict(kw.pop("headers", None) or {})
        if self.bearer:
            headers.setdefault("Authorization", "Bearer " + self.bearer)
        kw.setdefault("timeout", PATIENCE)
        kw.setdefault("allow_redirects", False)
        return self.session.request(method, self.url + path, headers=headers, **kw)

    def get(self, path, **kw):
        return self.request("GET", path, **kw)

    def head(self, path, **kw):
        return self.request("HEAD", path, **kw)

    def options(self, path, **kw):
        return self.request("OPTIONS", path, **kw)

    def post(self, path, **kw):
        return self.request("POST", path, **kw)

    def put(self, path, **kw):
        return self.request("PUT", path, **kw)

    def patch(self, path, **kw):
        return self.request("PATCH", path, **kw)

    def delete(self, path, **kw):
        return self.request("DELETE", path, **kw)

    def token(self, username, password):
        """Signs in and returns the access token."""
        answer = self.session.post(
            self.url + "/oauth2/token",
            data={"grant_type": "password", "username": username, "password": password},
            timeout=PATIENCE,
        )
        assert answer.status_code == 200, f"{answer.status_code} {answer.text}"
        return answer.json()["access_token"]

    def signed_in(self, username, password):
        """Another client of the same server, signed in as somebody."""
        return Client(self.url, self.token(username, password))


class Server:
    """One running `larder serve`."""

    def __init__(self, binary, data, args=(), wait=True, admin_password=None, **env):
        self.binary = binary
        self.data = pathlib.Path(data)
        self.admin_password = admin_password
        self.log_path = pathlib.Path(tempfile.mkdtemp(prefix="larder-log-")) / "stderr"
        self.url = self.port = self.version = None
        self.stdout_text = ""
        options = ["--data", str(self.data), *args]
        if not any(a == "--listen" or a.startswith("--listen=") for a in args):
            options += ["--listen", "127.0.0.1:0"]
        if admin_password is not None:
            env.setdefault("LARDER_ADMIN_PASSWORD", admin_password)
        with open(self.log_path, "wb") as log:
            self.process = subprocess.Popen(
                [str(binary), "serve", *options],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=log,
                env=clean_environment(**env),
                close_fds=True,
            )
        self.pid = self.process.pid
        if wait:
            self.wait_until_listening()

    def wait_until_listening(self):
        fd = self.process.stdout.fileno()
        deadline = time.monotonic() + START_SECONDS
        while "\n" not in self.stdout_text:
            left = deadline - time.monotonic()
            ready = left > 0 and select.select([fd], [], [], left)[0]
            piece = os.read(fd, 4096) if ready else b""
            if not piece:
                self.kill()
                raise AssertionError(f"the server did not start listening:\n{self.log_text()}")
            self.stdout_text += piece.decode()
        match = LISTENING.match(self.stdout_text.split("\n")[0])
        assert match, f"unexpected first line: {self.stdout_text!r}"
        self.version, self.url, self.port = match[1], match[2], int(match[3])
        return self

    def log_text(self):
        return self.log_path.read_text(errors="replace")

    def client(self):
        return Client(self.url)

    def admin(self):
        """A client signed in as the first administrator."""
        return self.client().signed_in("admin", self.admin_password)

    def connect(self, timeout=PATIENCE):
        """A raw socket to the server, for requests no library would send."""
        return socket.create_connection(("127.0.0.1", self.port), timeout=timeout)

    def cli(self, *args, check=None, stdin=None, **env):
        """Runs another verb of the program beside this server, on the same data folder."""
        return run_cli(self.binary, *args, "--data", str(self.data), check=check, stdin=stdin, **env)

    def signal(self, number):
        self.process.send_signal(number)

    def stop(self, expect=0):
        """SIGTERM; the exit status and the time it took are part of the promise."""
        if self.process.poll() is None:
            begun = time.monotonic()
            self.signal(signal.SIGTERM)
            late = self.wait_for_the_end()
            took = time.monotonic() - begun - late
            assert took < STOP_SECONDS, f"the server took {took:.1f} s to stop, and the machine {late:.1f} s"
        self.stdout_text += self.process.stdout.read().decode()
        self.process.stdout.close()
        status = self.process.returncode
        assert status == expect, f"exit status {status}, expected {expect}:\n{self.log_text()}"

    def wait_for_the_end(self):
        """The seconds of this wait that were the machine's: the server has to write to its disk, and what
        a small write of ours takes there in the same time is not the server's fault."""
        deadline, late = time.monotonic() + START_SECONDS, 0.0
        with contextlib.suppress(subprocess.TimeoutExpired):
            self.process.wait(1)
        while self.process.poll() is None:
            if time.monotonic() > deadline:
                self.kill()
                raise AssertionError(f"the server did not stop:\n{self.log_text()}")
            begun = time.monotonic()
            with contextlib.suppress(OSError), tempfile.TemporaryFile(dir=self.data.parent) as probe:
                probe.write(b"x")
                probe.flush()
                os.fsync(probe.fileno())
            time.sleep(0.01)
            late += max(0.0, time.monotonic() - begun - 0.02)
        return late

    def kill(self):
        """For teardown and for tests of sudden death."""
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()

    def dispose(self):
        """Asked first: a server that dies at once cannot end the sandbox that it is just making."""
        if self.process.poll() is None:
            self.signal(signal.SIGTERM)
            with contextlib.suppress(subprocess.TimeoutExpired):
                self.process.wait(START_SECONDS)
        self.kill()
        if not self.process.stdout.closed:
            self.process.stdout.close()
        shutil.rmtree(self.log_path.parent, ignore_errors=True)


@functools.cache
def sandbox_refusal():
    """What bubblewrap says on a machine that refuses to make a sandbox; None on one that makes them. Asked
    without Larder: what stands between the two is ours to fail."""
    argv = ["bwrap", *([] if os.geteuid() == 0 else ["--unshare-user"]), "--unshare-ipc", "--unshare-pid", "--unshare-net",
            "--die-with-parent", "--ro-bind", "/", "/", "--proc", "/proc", "--dev", "/dev", "true"]
    done = subprocess.run(argv, stdin=subprocess.DEVNULL, capture_output=True, text=True)
    return None if done.returncode == 0 else done.stderr.strip() or f"bwrap ended with status {done.returncode}"


def needs_sandbox():
    """Called at the head of a test or of a fixture; that such a machine is told so is test_health's."""
    if sandbox_refusal():
        pytest.skip("this machine refuses to make a sandbox: " + sandbox_refusal())


def run_cli(binary, *args, check=None, stdin=None, timeout=PATIENCE, **env):
    """Runs one verb to its end. `check` is the exit status the caller insists on."""
    done = subprocess.run(
        [str(binary), *map(str, args)],
        input=stdin,
        stdin=subprocess.DEVNULL if stdin is None else None,
        capture_output=True,
        text=True,
        env=clean_environment(**env),
        timeout=timeout,
    )
    if check is not None:
        assert done.returncode == check, (
            f"larder {' '.join(map(str, args))}: exit {done.returncode}, expected {check}\n"
            f"{done.stdout}{done.stderr}"
        )
    return done


@pytest.fixture(scope="session")
def larder_bin():
    path = pathlib.Path(os.environ.get("LARDER_BIN", ROOT / "build" / "larder"))
    if not path.is_absolute():
        path = ROOT / path
    assert path.exists(), f"{path} is missing: run ./build.sh first, or set LARDER_BIN"
    return path


@pytest.fixture(scope="session")
def cli(larder_bin):
    """cli("config", "--json", check=0, LARDER_LISTEN="...") -> finished process."""

    def run(*args, **kw):
        return run_cli(larder_bin, *args, **kw)

    return run


def server_factory(larder_bin):
    servers, folders = [], []

    def start(args=(), data=None, wait=True, admin_password=..., **env):
        if data is None:
            data = pathlib.Path(tempfile.mkdtemp(prefix="larder-test-")) / "data"
            folders.append(data.parent)
        if admin_password is ...:
            admin_password = secrets.token_urlsafe(18)
        server = Server(larder_bin, data, args, False, admin_password, **env)
        servers.append(server)
        return server.wait_until_listening() if wait else server

    def end():
        for server in servers:
            server.dispose()
        for folder in folders:
            shutil.rmtree(folder, ignore_errors=True)

    return start, end


@pytest.fixture
def start_server(larder_bin):
    """start_server(args=("--access-log",), LARDER_LOG_LEVEL="debug"); as many as a test wants."""
    start, end = server_factory(larder_bin)
    yield start
    end()


@pytest.fixture
def server(start_server):
    """A fresh server with an admin whose password nobody else knows."""
    return start_server()


@pytest.fixture(scope="module")
def start_module_server(larder_bin):
    """start_server for a whole file: for tests that do not disturb each other."""
    start, end = server_factory(larder_bin)
    yield start
    end()


@pytest.fixture(scope="module")
def module_server(start_module_server):
    """One server for all tests of a file that do not disturb each other."""
    return start_module_server()
