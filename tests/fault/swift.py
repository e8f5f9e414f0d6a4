"""A second real object store, quite another one: OpenStack Swift with its S3 interface.

It checks signatures as strictly as Ceph and answers 501 to conditional writes, so it is the real
"store without conditional writes". Four servers on free ports of loopback, everything below one
temporary folder, ended by their ids. Its packages are the group `swift` of packaging/packages.txt,
installed for `./build.sh test --all`, where it must be there.
"""

import http.client
import os
import pathlib
import shutil
import subprocess
import tempfile
import time

import pytest

from ceph import Store, stop_process
from ports import free_ports

NEEDED = ("swift-proxy-server", "swift-account-server", "swift-container-server", "swift-object-server",
          "swift-ring-builder", "memcached")
START_SECONDS = 300
KINDS = ("account", "container", "object")

SWIFT_CONF = """
[swift-hash]
swift_hash_path_prefix = tests
swift_hash_path_suffix = tests
[storage-policy:0]
name = only
default = yes
"""

BACK_CONF = """
[DEFAULT]
swift_dir = {folder}
devices = {folder}/disks
mount_check = false
bind_ip = 127.0.0.1
bind_port = {port}
workers = 1
user = {user}
log_address = {folder}/log/none
[pipeline:main]
pipeline = {kind}-server
[app:{kind}-server]
use = egg:swift#{kind}
"""

PROXY_CONF = """
[DEFAULT]
swift_dir = {folder}
bind_ip = 127.0.0.1
bind_port = {port}
workers = 1
user = {user}
log_address = {folder}/log/none
[pipeline:main]
pipeline = catch_errors proxy-logging cache listing_formats s3api tempauth copy slo dlo proxy-logging proxy-server
[app:proxy-server]
use = egg:swift#proxy
account_autocreate = true
[filter:catch_errors]
use = egg:swift#catch_errors
[filter:proxy-logging]
use = egg:swift#proxy_logging
[filter:cache]
use = egg:swift#memcache
memcache_servers = 127.0.0.1:{memcached}
[filter:listing_formats]
use = egg:swift#listing_formats
[filter:s3api]
use = egg:swift#s3api
location = us-east-1
[filter:tempauth]
use = egg:swift#tempauth
user_test_tester = testing .admin
[filter:copy]
use = egg:swift#copy
[filter:slo]
use = egg:swift#slo
[filter:dlo]
use = egg:swift#dlo
"""


class Swift(Store):
    atomic = False

    def __init__(self):
        missing = [n for n in NEEDED if shutil.which(n) is None]
        if missing:
            raise AssertionError(f"Swift is not installed ({', '.join(missing)}): group swift of packaging/packages.txt")
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="larder-swift-"))
        self.ports = dict(zip((*KINDS, "proxy", "memcached"), free_ports(5)))
        super().__init__(f"http://127.0.0.1:{self.ports['proxy']}", "test:tester", "testing")
        self.processes = []
        try:
            self.make()
            self.start()
        except BaseException:
            self.stop()
            raise

    def make(self):
        (self.folder / "disks" / "d1").mkdir(parents=True)
        (self.folder / "log").mkdir()
        (self.folder / "swift.conf").write_text(SWIFT_CONF)
        user = os.environ.get("USER") or subprocess.run(["id", "-un"], capture_output=True, text=True).stdout.strip()
        for kind in KINDS:
            ring, port = str(self.folder / f"{kind}.builder"), self.ports[kind]
            for words in (["create", "6", "1", "0"], ["add", f"r1z1-127.0.0.1:{port}/d1", "1"], ["rebalance"]):
                done = subprocess.run(["swift-ring-builder", ring, *words], capture_output=True, text=True, timeout=START_SECONDS)
                assert done.returncode in (0, 1), done.stdout + done.stderr  # 1 is a warning
            text = BACK_CONF.format(folder=self.folder, port=port, user=user, kind=kind)
            (self.folder / f"{kind}.conf").write_text(text)
        text = PROXY_CONF.format(folder=self.folder, port=self.ports["proxy"], user=user,
                                 memcached=self.ports["memcached"])
        (self.folder / "proxy.conf").write_text(text)

    def spawn(self, name, *argv):
        with open(self.folder / "log" / f"{name}.out", "wb") as log:
            self.processes.append(subprocess.Popen(argv, stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                                                   close_fds=True))

    def start(self):
        self.spawn("memcached", "memcached", "-u", "nobody", "-l", "127.0.0.1", "-p", str(self.ports["memcached"]))
        for kind in (*KINDS, "proxy"):
            self.spawn(kind, f"swift-{kind}-server", str(self.folder / f"{kind}.conf"))
        deadline = time.monotonic() + START_SECONDS
        while not all(self.answers(port) for name, port in self.ports.items() if name != "memcached"):
            if time.monotonic() > deadline:
                logs = "\n".join(p.read_text(errors="replace")[-2000:] for p in self.folder.glob("log/*.out"))
                raise AssertionError(f"Swift did not come up in {START_SECONDS} s\n{logs}")
            time.sleep(0.1)

    def answers(self, port):
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
        try:
            connection.request("GET", "/healthcheck")
            return connection.getresponse().status > 0
        except (OSError, http.client.HTTPException):
            return False
        finally:
            connection.close()

    def stop(self):
        for process in reversed(self.processes):
            stop_process(process)
        shutil.rmtree(self.folder, ignore_errors=True)


@pytest.fixture(scope="session")
def swift_store():
    store = Swift()
    yield store
    store.stop()
