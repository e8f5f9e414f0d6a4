"""A real object store for the tests: Ceph's gateway with one monitor and one disk in memory.

Everything stands below one temporary folder and listens on free ports of loopback; the three
processes are ended by their ids, gateway first, since each lingers when the next one is gone. The
packages are in the group `ceph` of packaging/packages.txt. Where they are missing the fixture
fails: a run without a real store has not tested replication, and says so.

    store.endpoint, store.key, store.secret    what a client needs
    store.new_bucket()                         a fresh bucket of that user
    store.new_user(name)                       another (key, secret)
    store.osd, store.gateway                   processes, to be stopped and continued by a test
    aws(store, ...), s3cmd(store, ...)         witnesses from outside
"""

import http.client
import itertools
import json
import os
import pathlib
import shutil
import signal
import subprocess
import tempfile
import time
import uuid

import pytest

from ports import free_ports

NEEDED = ("ceph-mon", "ceph-osd", "radosgw", "radosgw-admin", "ceph-authtool", "monmaptool", "ceph")
START_SECONDS = 300  # it takes 12 s on an idle machine
STOP_SECONDS = 30
AWS = "/usr/bin/aws"  # Debian's; another one may stand before it in the path

CONF = """
[global]
fsid = {fsid}
mon host = v2:127.0.0.1:{mon_port}/0
mon initial members = a
public addr = 127.0.0.1
cluster addr = 127.0.0.1
ms bind msgr1 = false
auth cluster required = cephx
auth service required = cephx
auth client required = cephx
keyring = {folder}/keyring
auth allow insecure global id reclaim = false
osd pool default size = 1
osd pool default min size = 1
osd crush chooseleaf type = 0
osd pool default pg num = 8
osd pool default pgp num = 8
osd pool default pg autoscale mode = off
mon allow pool size one = true
mon data avail crit = 1
log file = {folder}/log/$name.log
run dir = {folder}/run
admin socket = {folder}/run/$name.asok
pid file = {folder}/run/$name.pid
setuser match path =
[mon.a]
mon data = {folder}/mon
host = localhost
[osd.0]
osd data = {folder}/osd
host = localhost
osd objectstore = memstore
memstore device bytes = 2147483648
[client.rgw.a]
rgw frontends = beast endpoint=127.0.0.1:{port} tcp_nodelay=1
rgw data = {folder}/rgw
rgw enable apis = s3, admin
"""


def stop_process(process):
    """SIGTERM, then SIGKILL, to this one id; also one that a test left standing still."""
    if process is None or process.poll() is not None:
        return
    process.send_signal(signal.SIGCONT)
    process.terminate()
    try:
        process.wait(STOP_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait(STOP_SECONDS)


class Store:
    """What a test knows of an object store."""

    region = "us-east-1"
    atomic = True  # writes may be conditional
    numbers = itertools.count(1)

    def __init__(self, endpoint, key, secret):
        self.endpoint, self.key, self.secret = endpoint, key, secret

    def new_bucket(self):
        name = f"larder-{os.getpid()}-{next(self.numbers)}"
        aws(self, "s3api", "create-bucket", "--bucket", name)
        return name

    def environment(self, bucket, **extra):
        """The settings of a server that is to use this store."""
        return {
            "LARDER_S3_ENDPOINT": self.endpoint,
            "LARDER_S3_BUCKET": bucket,
            "AWS_ACCESS_KEY_ID": self.key,
            "AWS_SECRET_ACCESS_KEY": self.secret,
            **extra,
        }


class Ceph(Store):
    def __init__(self):
        missing = [n for n in NEEDED if shutil.which(n) is None]
        if missing:
            raise AssertionError(f"Ceph is not installed ({', '.join(missing)}): group ceph of packaging/packages.txt")
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="larder-ceph-"))
        self.mon_port, self.port = free_ports(2)
        super().__init__(f"http://127.0.0.1:{self.port}", "TESTKEY", "TESTSECRET")
        self.mon = self.osd = self.gateway = None
        self.deadline = time.monotonic() + START_SECONDS
        try:
            self.make()
            self.start()
        except BaseException:
            self.stop()
            raise

    def tool(self, *argv, check=True):
        return subprocess.run(
            argv, check=check, capture_output=True, text=True, stdin=subprocess.DEVNULL,
            timeout=max(1, self.deadline - time.monotonic()), env={**os.environ, "CEPH_CONF": str(self.conf)},
        )

    def spawn(self, name, *argv):
        log = open(self.folder / "log" / f"{name}.out", "wb")
        with log:
            return subprocess.Popen(
                [*argv, "-c", str(self.conf), "-f"], stdin=subprocess.DEVNULL, stdout=log, stderr=log, close_fds=True
            )

    def wait(self, what, ready):
        while not ready():
            if time.monotonic() > self.deadline:
                logs = "\n".join(p.read_text(errors="replace")[-2000:] for p in self.folder.glob("log/*.out"))
                raise AssertionError(f"Ceph: {what} did not come up in {START_SECONDS} s\n{logs}")
            time.sleep(0.1)

    def make(self):
        for name in ("mon", "osd", "rgw", "log", "run"):
            (self.folder / name).mkdir()
        self.conf, keyring = self.folder / "ceph.conf", str(self.folder / "keyring")
        fsid = str(uuid.uuid4())
        self.conf.write_text(
            CONF.format(fsid=fsid, folder=self.folder, mon_port=self.mon_port, port=self.port), encoding="ascii"
        )
        self.tool("ceph-authtool", "--create-keyring", keyring, "--gen-key", "-n", "mon.", "--cap", "mon", "allow *")
        for who in ("client.admin", "client.rgw.a", "osd.0"):
            self.tool("ceph-authtool", keyring, "--gen-key", "-n", who, "--cap", "mon", "allow *", "--cap", "osd",
                      "allow *")
        monmap = str(self.folder / "monmap")
        self.tool("monmaptool", "--create", "--fsid", fsid, "--addv", "a", f"[v2:127.0.0.1:{self.mon_port}]", monmap)
        self.tool("ceph-mon", "-c", str(self.conf), "-i", "a", "--mkfs", "--monmap", monmap, "--keyring", keyring)

    def ceph(self, *argv, check=True):
        return self.tool("ceph", "-c", str(self.conf), "--connect-timeout", "3", *argv, check=check)

    def start(self):
        self.mon = self.spawn("mon", "ceph-mon", "-i", "a")
        self.wait("the monitor", lambda: self.ceph("quorum_status", check=False).returncode == 0)
        disk = str(uuid.uuid4())
        self.ceph("osd", "new", disk, "0")
        self.tool("ceph-osd", "-c", str(self.conf), "-i", "0", "--mkfs", "--osd-uuid", disk)
        self.osd = self.spawn("osd", "ceph-osd", "-i", "0")
        self.gateway = self.spawn("gateway", "radosgw", "-n", "client.rgw.a")
        self.wait("the gateway", self.answers)
        self.new_user("test", self.key, self.secret)

    def answers(self):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=5)
        try:
            connection.request("GET", "/")
            return connection.getresponse().status == 200
        except OSError:
            return False
        finally:
            connection.close()

    def new_user(self, name, key=None, secret=None):
        key, secret = key or f"KEY{name.upper()}", secret or f"SECRET{name.upper()}"
        done = self.tool("radosgw-admin", "-c", str(self.conf), "-n", "client.rgw.a", "user", "create", f"--uid={name}",
                         f"--display-name={name}", f"--access-key={key}", f"--secret-key={secret}")
        assert json.loads(done.stdout)["user_id"] == name
        return key, secret

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop()

    def stop(self):
        for process in (self.gateway, self.osd, self.mon):
            stop_process(process)
        shutil.rmtree(self.folder, ignore_errors=True)


def run_witness(argv, check, env=None, stdin=None):
    done = subprocess.run(argv, capture_output=True, timeout=300, env=env, input=stdin, check=False)
    if check and done.returncode != 0:
        raise AssertionError(f"{argv}: {done.stderr.decode(errors='replace')}")
    return done


def aws(store, *argv, check=True, stdin=None):
    """The AWS command line as a witness; its CompletedProcess, output in bytes."""
    env = {k: v for k, v in os.environ.items() if not k.startswith("AWS_")}
    env.update(
        AWS_ACCESS_KEY_ID=store.key, AWS_SECRET_ACCESS_KEY=store.secret, AWS_DEFAULT_REGION=store.region,
        AWS_EC2_METADATA_DISABLED="true", AWS_CONFIG_FILE="/dev/null", AWS_SHARED_CREDENTIALS_FILE="/dev/null",
    )
    return run_witness([AWS, "--endpoint-url", store.endpoint, *argv], check, env, stdin)


def s3cmd(store, *argv, check=True, stdin=None):
    """Another witness, written by other people."""
    host = store.endpoint.partition("://")[2]
    return run_witness(
        ["s3cmd", "--config=/dev/null", f"--access_key={store.key}", f"--secret_key={store.secret}", f"--host={host}",
         f"--host-bucket={host}", "--no-ssl", f"--region={store.region}", *argv], check, None, stdin,
    )


@pytest.fixture(scope="session")
def ceph_store():
    store = Ceph()
    yield store
    store.stop()
