"""Where things are, and the environment every test program gets.

No setting of the caller's reaches a test by accident, and each sanitizer is told to end the process
on the first finding with a status of its own.
"""

import os
import pathlib

ROOT = pathlib.Path(__file__).resolve().parents[2]
BUILD = ROOT / "build"
PYTHON = "/usr/bin/python3"  # Debian's own: pytest comes from apt
JOBS = 2

SANITIZER_OPTIONS = {
    "ASAN_OPTIONS": "detect_stack_use_after_return=1:strict_string_checks=1:detect_leaks=1:exitcode=99",
    "UBSAN_OPTIONS": "print_stacktrace=1:halt_on_error=1:exitcode=99",
    "TSAN_OPTIONS": f"second_deadlock_stack=1:exitcode=99:suppressions={ROOT}/tests/run/tsan.supp",
}


def environment(mode="release", everything=False, **extra):
    kept = {k: v for k, v in os.environ.items()
            if not k.startswith(("LARDER_", "CADENCE_")) and not k.lower().endswith("_proxy")}
    kept.update(SANITIZER_OPTIONS, PYTHONDONTWRITEBYTECODE="1", LC_ALL="C.UTF-8")
    kept["LARDER_MODE"] = "release" if mode == "release" else f"sanitize {mode}"
    if everything:
        kept["LARDER_TEST_ALL"] = "1"
    kept.update(extra)
    return kept
