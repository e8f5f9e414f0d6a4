"""clang-format is silent on every C file. To mend: clang-format -i <file>."""

import re
import subprocess

from source import ROOT, Findings, files


def main():
    found, seen = Findings(), set()
    sources = [str(p) for p in files("src/*.c", "src/*.h", "tests/*.c", "tests/*.h")]
    done = subprocess.run(["clang-format", "--dry-run", *sources], capture_output=True, text=True, cwd=ROOT, check=False)
    for m in re.finditer(r"^(\S+?):(\d+):\d+: (?:warning|error): ", done.stderr, re.M):
        if m[1] not in seen:
            seen.add(m[1])
            found.add(m[1], m[2], f"not as the formatter writes it: clang-format -i {m[1]}")
    if done.returncode != 0 and not seen:
        found.add(".clang-format", 1, done.stderr.strip())
    found.end()


main()
