"""Every header compiles alone, seeing only the rooms its own room may reach.

The rooms are linked into a folder of their own for each, so a header that needs one from above, or
one that relies on what its includer included before, does not compile.
"""

import concurrent.futures
import pathlib
import subprocess
import tempfile

from rooms import Rooms
from source import ROOT, Findings, files

FLAGS = ["-std=gnu11", "-D_GNU_SOURCE", '-DLARDER_VERSION="0"', "-Wall", "-Wextra", "-Werror", "-fsyntax-only"]
DEPS = ROOT / "build" / "deps" / "include"


def compile_header(path, farm):
    code = f'#include "{"/".join(path.parts[1:])}"\n' * 2 + "typedef int not_empty;\n"
    done = subprocess.run(
        ["gcc", *FLAGS, "-I", str(farm), "-isystem", str(DEPS), "-x", "c", "-"],
        input=code, capture_output=True, text=True, cwd=ROOT, check=False,
    )
    return path, done.returncode, done.stderr


def main():
    rooms, found = Rooms(), Findings()
    headers = files("src/*.h")
    with tempfile.TemporaryDirectory(prefix="larder-headers-") as scratch:
        for room in rooms.rank:
            farm = pathlib.Path(scratch) / room
            farm.mkdir()
            for r in rooms.reach(room):
                (farm / r).symlink_to(ROOT / "src" / r)
        with concurrent.futures.ThreadPoolExecutor(2) as pool:
            jobs = [pool.submit(compile_header, h, pathlib.Path(scratch) / h.parts[1]) for h in headers]
            for job in jobs:
                path, status, errors = job.result()
                if status != 0:
                    first = next((e for e in errors.split("\n") if "error" in e), errors.split("\n")[0])
                    found.add(path, 1, f"does not compile alone: {first.split('error: ')[-1]}")
    found.end()


main()
