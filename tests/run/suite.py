"""Runs what one word of build.sh stands for, and ends with "N passed, N failed".

    suite.py test|asan|tsan|fuzz|bench [--all]

The programs are built already. Every part prints its own line; the last line is the sum, and the
exit status is 0 only when nothing failed. A part that ran nothing has failed.
"""

import sys
import time

import bench
import browser
import fuzz
import scenarios
import unit
from counts import Counts
from place import BUILD

ASAN_SHARE = 120  # seconds of the default run that the unit tests get under ASan; `asan` has no limit
FOLDERS = ("fault", "http", "package", "build")
# Under a sanitizer: no look at the release binary. Under that of memory no preloaded library that fails
# on purpose (tests/fault skips what needs one), and under that of threads no processes that die.
SANITIZED = {"asan": ("fault", "http", "package"), "tsan": ("http", "package")}


def parts_of_sanitizer(mode, everything):
    build = BUILD / mode
    yield f"unit tests under {mode}", lambda: unit.run(build, mode, everything)
    yield f"scenarios under {mode}", lambda: scenarios.run(SANITIZED[mode], build, build / "larder", mode, everything)


def parts(word, everything):
    release = BUILD / "release"
    if word == "test":
        yield "unit tests", lambda: unit.run(release, "release", everything)
        yield "unit tests under asan", lambda: unit.run(BUILD / "asan", "asan", cap=ASAN_SHARE)
        yield "scenarios", lambda: scenarios.run(FOLDERS, release, BUILD / "larder", "release", everything)
        yield "browser", lambda: browser.run(BUILD / "larder", everything)
    elif word in ("asan", "tsan"):
        yield from parts_of_sanitizer(word, everything)
    elif word == "fuzz":
        yield "fuzz targets", fuzz.run
    elif word == "bench":
        yield "benchmarks", bench.run
    else:
        sys.exit(__doc__)


def main():
    total = Counts()
    for title, part in parts(sys.argv[1] if len(sys.argv) > 1 else "", "--all" in sys.argv[2:]):
        begun = time.monotonic()
        print(f"{title}:", flush=True)
        counts = part()
        if counts.ran_nothing():
            counts.failed += 1
            print("  ran nothing")
        total.add(counts)
        print(f"{title}: {counts.line()} in {time.monotonic() - begun:.0f} s\n", flush=True)
    print(total.line())
    return 1 if total.failed else 0


if __name__ == "__main__":
    sys.exit(main())
