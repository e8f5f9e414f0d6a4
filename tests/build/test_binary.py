"""What build/larder promises as a file: self-contained, small, hardened, the same bytes twice."""

import os
import pathlib
import re
import shutil
import subprocess

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
STATIC = (ROOT / "build" / "deps" / "static").exists()
MAX_STRIPPED = 8_000_000
ALLOWED = {"libc.so.6", "libm.so.6", "ld-linux-x86-64.so.2", "ld-linux-aarch64.so.1", "linux-vdso.so.1"}

only_static = pytest.mark.skipif(
    not STATIC, reason="not applicable: this build links the system's shared libraries (see the build's message)"
)


@pytest.fixture(scope="module")
def larder_bin():
    path = pathlib.Path(os.environ.get("LARDER_BIN", ROOT / "build" / "larder"))
    return path if path.is_absolute() else ROOT / path


def output(*argv):
    return subprocess.run([str(a) for a in argv], check=True, capture_output=True, text=True).stdout


@only_static
def test_it_needs_libc_and_libm_only(larder_bin):
    names = {pathlib.Path(line.split()[0]).name for line in output("ldd", larder_bin).splitlines() if line.strip()}
    assert names and names <= ALLOWED
    assert "libc.so.6" in names  # else ldd said something this test does not understand


@only_static
def test_it_is_small(larder_bin, tmp_path):
    stripped = tmp_path / "larder"
    subprocess.run(["strip", "-o", stripped, larder_bin], check=True)
    assert stripped.stat().st_size <= MAX_STRIPPED


def test_it_is_position_independent(larder_bin):
    assert re.search(r"^\s*Type:\s+DYN", output("readelf", "-hW", larder_bin), re.M)
    assert re.search(r"\(FLAGS_1\).*PIE", output("readelf", "-dW", larder_bin))


def test_relocations_are_read_only_and_bound_at_start(larder_bin):
    assert "GNU_RELRO" in output("readelf", "-lW", larder_bin)
    assert re.search(r"\((FLAGS|FLAGS_1)\).*\b(BIND_NOW|NOW)\b", output("readelf", "-dW", larder_bin))


def test_the_stack_is_not_executable(larder_bin):
    flags = re.search(r"GNU_STACK\s+(?:0x\w+\s+){5}(\S+)", output("readelf", "-lW", larder_bin))
    assert flags and "E" not in flags[1]


def test_no_segment_is_writable_and_executable(larder_bin):
    segments = re.findall(r"^\s*LOAD\s+(?:0x\w+\s+){5}([RWE ]+?)\s+0x", output("readelf", "-lW", larder_bin), re.M)
    assert len(segments) >= 3
    assert all(not ("W" in s and "E" in s) for s in segments)


def test_stack_protector_and_fortify_are_in(larder_bin):
    symbols = output("readelf", "-sW", "--dyn-syms", larder_bin)
    assert "__stack_chk_fail" in symbols
    checked = set(re.findall(r"\b__(\w+)_chk\b", symbols))
    assert {"memcpy", "snprintf", "vsnprintf"} & checked


def test_no_library_path_is_written_in(larder_bin):
    assert not re.search(r"\((RPATH|RUNPATH)\)", output("readelf", "-dW", larder_bin))


def test_it_names_no_folder_of_the_build(larder_bin):
    data = larder_bin.read_bytes()
    for folder in (ROOT / "src", ROOT / "build", ROOT / "web"):
        assert str(folder).encode() not in data


@only_static
@pytest.mark.skipif(not os.environ.get("LARDER_TEST_ALL"), reason="two more clean builds: ./build.sh test --all")
def test_two_builds_in_different_folders_give_the_same_bytes(tmp_path):
    made = []
    for name in ("one", "another-folder"):
        tree = tmp_path / name
        shutil.copytree(ROOT, tree, ignore=shutil.ignore_patterns("build", ".git", "__pycache__"), symlinks=True)
        # "build" is also the name of this folder of tests, which the binary does not need.
        subprocess.run([tree / "build.sh"], check=True, cwd=tree, stdin=subprocess.DEVNULL,
                       env={k: v for k, v in os.environ.items() if not k.startswith("LARDER_")})
        made.append((tree / "build" / "larder").read_bytes())
        shutil.rmtree(tree)
    assert made[0] == made[1]
