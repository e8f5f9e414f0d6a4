"""The pytest folders, in processes of their own and two at a time, against one binary.

A folder has its own conftest.py; pytest would mix them up in one process. Its files know nothing of
each other: servers take any free port and a folder of their own, so the files of a large one are
dealt out to several processes. The counts come from the report pytest writes for machines; a run
that leaves none, or ran nothing, counts as one failure.
"""

import concurrent.futures
import os
import subprocess
import tempfile
import time
import xml.etree.ElementTree as xml

from counts import Counts
from place import JOBS, PYTHON, ROOT, environment

HANDS = {"http": 4}  # processes that the files of a folder are dealt out to; others: one


def read_report(path):
    counts = Counts()
    for suite in xml.parse(path).getroot().iter("testsuite"):
        tests, bad = int(suite.get("tests")), int(suite.get("failures")) + int(suite.get("errors"))
        skipped = int(suite.get("skipped"))
        counts.add(Counts(max(0, tests - bad - skipped), bad, skipped))
    return counts


def hands(name):
    """What each process of a folder is given."""
    folder = ROOT / "tests" / name
    count = HANDS.get(name, 1)
    files = sorted(folder.glob("test_*.py"))
    return [[str(f) for f in files[i::count]] for i in range(count)] if count > 1 else [[str(folder)]]


def run_hand(paths, env):
    """(counts, what pytest said) of one process."""
    with tempfile.TemporaryDirectory(prefix="larder-pytest-") as scratch:
        report = os.path.join(scratch, "report.xml")
        argv = [PYTHON, "-m", "pytest", "-q", "-p", "no:cacheprovider", "--no-header", "--tb=short", "-rs",
                "--durations=5", "--junitxml", report, "--basetemp", os.path.join(scratch, "t"), *paths]
        done = subprocess.run(
            argv, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
            errors="replace", env=env, cwd=ROOT, check=False,
        )
        counts = read_report(report) if os.path.exists(report) else Counts()
    if counts.failed == 0 and (done.returncode != 0 or counts.ran_nothing()):
        counts.failed = 1
    return counts, done.stdout


def run_folder(name, jobs, begun):
    """The sum of a folder's processes, told when the last of them is done."""
    total = Counts()
    for job in jobs:
        counts, said = job.result()
        total.add(counts)
        if counts.failed:
            print(said[-30000:])
        elif counts.skipped:
            print("\n".join("  " + line for line in said.split("\n") if line.startswith("SKIPPED")))
    print(f"  tests/{name}: {total.line()} (after {time.monotonic() - begun:.0f} s)", flush=True)
    return total


def run(folders, build, binary, mode, everything=False):
    """The folders in this order: the one whose single process takes longest comes first."""
    total, begun = Counts(), time.monotonic()
    env = environment(mode, everything, LARDER_BIN=str(binary), LARDER_TOOLS=str(build / "unit"))
    with concurrent.futures.ThreadPoolExecutor(JOBS) as pool:
        jobs = [(name, [pool.submit(run_hand, paths, env) for paths in hands(name)]) for name in folders]
        for name, parts in jobs:
            total.add(run_folder(name, parts, begun))
    return total
