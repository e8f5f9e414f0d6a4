"""The browser tests in tests/browser: Chromium, driven by node, against one binary.

They print a line for each test; the counts come from a report of their own. A run that leaves none
counts as one failure. Pictures of what was looked at are in build/screens.
"""

import json
import os
import subprocess
import tempfile
import time

from counts import Counts
from place import BUILD, ROOT, environment


def run(binary, everything=False):
    begun = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="larder-browser-") as scratch:
        report = os.path.join(scratch, "report.json")
        env = environment(everything=everything, LARDER_BIN=str(binary), LARDER_REPORT=report,
                          LARDER_DEPS=str(BUILD / "deps"), TMPDIR=scratch)
        done = subprocess.run(["node", "tests/browser/run.mjs"], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, text=True, errors="replace", env=env, cwd=ROOT, check=False)
        counts = Counts()
        if os.path.exists(report):
            with open(report, encoding="utf-8") as file:
                counts = Counts(**json.load(file))
    if counts.failed == 0 and (done.returncode != 0 or counts.ran_nothing()):
        counts.failed = 1
    if counts.failed:
        print(done.stdout[-30000:])
    print(f"  tests/browser: {counts.line()} ({time.monotonic() - begun:.0f} s)", flush=True)
    return counts
