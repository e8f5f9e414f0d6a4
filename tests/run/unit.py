"""The unit tests of one build, two programs at a time, and the seeds of every fuzz target.

What is run stands in unit.list and fuzz.list of the build folder, which CMake writes: a test whose
source is gone is not run from an old file. A program that ends badly without naming a failed test
counts as one failure, and so does one that ran no test.
"""

import concurrent.futures
import re
import subprocess
import tempfile
import time

from counts import Counts
from place import JOBS, ROOT, environment

PROGRAM_SECONDS = 600
SUMMARY = re.compile(rb"^\[  (PASSED |FAILED |SKIPPED) \] (\d+) test\(s\)", re.M)


def commands(build):
    """[name, argv] of every unit test, then of every fuzz target with its seeds."""
    for line in (build / "unit.list").read_text().split("\n"):
        if line:
            yield line.split("/")[-1], [str(build / line)]
    for line in (build / "fuzz.list").read_text().split("\n"):
        if line:
            program, seeds = line.split(" ")
            files = sorted(str(p) for p in (ROOT / seeds).glob("*") if p.is_file())
            yield program.split("/")[-1], [str(build / program), *files]


def judge(name, status, output):
    counts = Counts()
    if name.startswith("fuzz_"):
        match = re.search(rb"^(\d+) files replayed$", output, re.M)
        good = status == 0 and match is not None and int(match[1]) > 0
        return Counts(passed=1) if good else Counts(failed=1)
    for kind, number in SUMMARY.findall(output):
        field = {b"PASSED ": "passed", b"FAILED ": "failed", b"SKIPPED": "skipped"}[kind]
        setattr(counts, field, getattr(counts, field) + int(number))
    if counts.failed == 0 and (status != 0 or counts.ran_nothing()):
        counts.failed = 1
    return counts


def run_one(name, argv, env, deadline):
    left = min(PROGRAM_SECONDS, deadline - time.monotonic())
    if left <= 0:
        return name, None, 0, b""
    begun = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="larder-unit-") as folder:
        try:
            done = subprocess.run(
                argv, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                env={**env, "TMPDIR": folder}, cwd=folder, timeout=left, check=False,
            )
        except subprocess.TimeoutExpired as late:
            if time.monotonic() >= deadline:
                return name, None, time.monotonic() - begun, b""
            return name, Counts(failed=1), left, (late.output or b"") + b"\nit did not end in time\n"
    return name, judge(name, done.returncode, done.stdout), time.monotonic() - begun, done.stdout


def run(build, mode, everything=False, cap=float("inf")):
    """`cap` bounds the whole run, in seconds: what no longer fits is counted as skipped, aloud."""
    total, late = Counts(), []
    env = environment(mode, everything)
    deadline = time.monotonic() + cap
    with concurrent.futures.ThreadPoolExecutor(JOBS) as pool:
        jobs = [pool.submit(run_one, name, argv, env, deadline) for name, argv in commands(build)]
        for job in jobs:
            name, counts, seconds, output = job.result()
            if counts is None:
                late.append(name)
                total.skipped += 1
                continue
            total.add(counts)
            if counts.failed:
                print(output.decode("utf-8", "replace")[-12000:])
            if counts.failed or seconds > 5:
                print(f"  {name}: {counts.line()} ({seconds:.1f} s)", flush=True)
    if late:
        print(f"  not run, the {cap:.0f} s were over: {' '.join(late)}")
    return total
