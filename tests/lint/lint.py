"""Runs every check of this folder and ends with "N passed, N failed", one for each check.

    lint.py [CHECK...]     without a word: all

gcc comes first, since others read what it compiled; the slow ones run beside the quick ones.
"""

import concurrent.futures
import pathlib
import subprocess
import sys
import time

HERE = pathlib.Path(__file__).resolve().parent
FIRST = ["gcc"]
QUICK = ["layers", "foreign", "banned", "length", "story", "headers", "objects", "sql", "web", "committed", "shell",
         "format"]
SLOW = ["clang", "cppcheck", "tidy"]


def run(check):
    begun = time.monotonic()
    done = subprocess.run([sys.executable, str(HERE / f"{check}.py")], capture_output=True, text=True, check=False)
    return check, done.returncode, done.stdout, done.stderr, time.monotonic() - begun


def say(result):
    check, status, findings, trouble, seconds = result
    print(f"{'ok  ' if status == 0 else 'FAIL'} {check} ({seconds:.1f} s)")
    for line in (findings + trouble).split("\n"):
        if line and status != 0:
            print(f"     {line}")
    sys.stdout.flush()
    return status == 0


def main():
    chosen = sys.argv[1:] or [*FIRST, *QUICK, *SLOW]
    unknown = [c for c in chosen if c not in [*FIRST, *QUICK, *SLOW]]
    if unknown:
        sys.exit(f"no such check: {' '.join(unknown)}; there are {' '.join([*FIRST, *QUICK, *SLOW])}")
    good = [say(run(c)) for c in chosen if c in FIRST]
    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        good += [say(r) for r in pool.map(run, [c for c in chosen if c not in FIRST])]
    print(f"{sum(good)} passed, {len(good) - sum(good)} failed")
    return 0 if all(good) else 1


if __name__ == "__main__":
    sys.exit(main())
