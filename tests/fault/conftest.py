"""The fixtures of tests/http, and a server whose disk can be made to fail."""

import contextlib
import importlib.util
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile

import pytest

STUB = pathlib.Path(__file__).resolve().parents[1] / "stub"
sys.path.insert(0, str(STUB))
from s3_stub import S3Stub  # noqa: E402

HTTP = pathlib.Path(__file__).resolve().parents[1] / "http"
sys.path.insert(0, str(HTTP))
from ceph import ceph_store  # noqa: E402
from proxy import Proxy  # noqa: E402
from swift import swift_store  # noqa: E402

_spec = importlib.util.spec_from_file_location("http_conftest", HTTP / "conftest.py")
http_conftest = importlib.util.module_from_spec(_spec)
sys.modules["http_conftest"] = http_conftest
_spec.loader.exec_module(http_conftest)

larder_bin = http_conftest.larder_bin
start_server = http_conftest.start_server
server = http_conftest.server
cli = http_conftest.cli
__all__ = ["ceph_store", "swift_store"]


class Faults:
    """Arms the shim (shim.c) of one server."""

    def __init__(self, library):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="larder-faults-"))
        self.arm_file = self.folder / "arm"
        self.env = {"LD_PRELOAD": str(library), "SHIM_ARM": str(self.arm_file)}

    def arm(self, text):
        fresh = self.folder / "fresh"
        fresh.write_text(text)
        fresh.replace(self.arm_file)  # in one step: a half written order must not be read

    def count(self):
        path = self.folder / "arm.count"
        return int(path.read_text()) if path.exists() else 0


@pytest.fixture
def small_disk():
    """small_disk("24m"): a folder that is a file system of that size; again with a folder: its new size."""
    made = []

    def mount(size, folder=None):
        option = f"size={size}" if folder is None else f"remount,size={size}"
        place = folder or pathlib.Path(tempfile.mkdtemp(prefix="larder-full-"))
        done = subprocess.run(["mount", "-t", "tmpfs", "-o", option, "tmpfs", str(place)], capture_output=True, text=True)
        if folder is None and done.returncode != 0:
            place.rmdir()
            pytest.skip("this machine lets nobody mount a file system: " + done.stderr.strip())
        assert done.returncode == 0, done.stderr
        if folder is None:
            made.append(place)
        return place

    yield mount
    for place in made:
        subprocess.run(["umount", "-l", str(place)], check=False)
        place.rmdir()


@pytest.fixture
def stub_store():
    with S3Stub() as stub:
        yield stub


@pytest.fixture
def wires():
    """wires(endpoint): a proxy in front of it, for one node; as many as a test wants."""
    with contextlib.ExitStack() as stack:
        yield lambda target: stack.enter_context(Proxy(target))


@pytest.fixture(scope="session")
def shim():
    if "sanitize" in os.environ.get("LARDER_MODE", ""):
        pytest.skip("a preloaded library and the sanitizer's own exclude each other")
    folder = pathlib.Path(tempfile.mkdtemp(prefix="larder-shim-"))
    library = folder / "shim.so"
    source = pathlib.Path(__file__).with_name("shim.c")
    subprocess.run(["cc", "-O1", "-shared", "-fPIC", str(source), "-o", str(library), "-ldl"], check=True)
    yield library
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def faults(shim):
    made = Faults(shim)
    yield made
    shutil.rmtree(made.folder, ignore_errors=True)
