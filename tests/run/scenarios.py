"""The pytest folders, each in a process of its own, against one binary.

A folder has its own conftest.py; pytest would mix them up in one process. The counts come from the
report pytest writes for machines; a run that leaves none, or ran nothing, counts as one failure.
"""

import os
import subprocess
import tempfile
import time
import xml.etree.ElementTree as xml

from counts import Counts
from place import PYTHON, ROOT, environment


def read_report(path):
    counts = Counts()
    for suite in xml.parse(path).getroot().iter("testsuite"):
        tests, bad = int(suite.get("tests")), int(suite.get("failures")) + int(suite.get("errors"))
        skipped = int(suite.get("skipped"))
        counts.add(Counts(max(0, tests - bad - skipped), bad, skipped))
    return counts


def run_folder(folder, build, binary, mode, everything):
    with tempfile.TemporaryDirectory(prefix="larder-pytest-") as scratch:
        report = os.path.join(scratch, "report.xml")
        env = environment(mode, everything, LARDER_BIN=str(binary), LARDER_TOOLS=str(build / "unit"))
        argv = [PYTHON, "-m", "pytest", "-q", "-p", "no:cacheprovider", "--no-header", "--tb=short", "-rs",
                "--durations=5", "--junitxml", report, "--basetemp", os.path.join(scratch, "t"), str(folder)]
        begun = time.monotonic()
        done = subprocess.run(
            argv, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
            errors="replace", env=env, cwd=ROOT, check=False,
        )
        counts = read_report(report) if os.path.exists(report) else Counts()
    if counts.failed == 0 and (done.returncode != 0 or counts.ran_nothing()):
        counts.failed = 1
    if counts.failed:
        print(done.stdout[-30000:])
    elif counts.skipped:
        print("\n".join("  " + line for line in done.stdout.split("\n") if line.startswith("SKIPPED")))
    print(f"  {folder.relative_to(ROOT)}: {counts.line()} ({time.monotonic() - begun:.0f} s)", flush=True)
    return counts


def run(folders, build, binary, mode, everything=False):
    total = Counts()
    for name in folders:
        total.add(run_folder(ROOT / "tests" / name, build, binary, mode, everything))
    return total
