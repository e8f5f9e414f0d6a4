"""Everything compiles with gcc -Werror: the release build with every test and fuzz target."""

import re
import subprocess

from commands import BUILD
from source import ROOT, Findings


def main():
    found = Findings()
    done = subprocess.run(["ninja", "-C", str(BUILD), "-k", "0", "--quiet"], capture_output=True, text=True, check=False)
    for m in re.finditer(r"^(\S+?):(\d+):\d+: (?:error|fatal error): (.*)$", done.stdout, re.M):
        found.add(m[1].removeprefix(f"{ROOT}/"), m[2], m[3])
    if done.returncode != 0 and found.count == 0:
        found.add("build/release", 1, done.stdout.strip()[-600:])
    found.end()


main()
