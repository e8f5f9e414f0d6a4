"""cppcheck over src/, all configurations of the release build."""

import re
import subprocess

from commands import MEMORY
from source import ROOT, Findings

# Off, each for a reason: system headers are left out on purpose; NULL is a pointer on this system, so
# it may end a variadic call; whether a value was set or a pointer is NULL is judged by gcc's flow
# analysis and clang's analyzer, which see that `err` was OK.
OFF = ["missingIncludeSystem", "unmatchedSuppression", "varFuncNullUB", "uninitvar", "ctuuninitvar", "ctunullpointer",
       "nullPointerRedundantCheck"]


def main():
    found = Findings()
    folder = MEMORY / "cppcheck"
    folder.mkdir(parents=True, exist_ok=True)
    done = subprocess.run(
        ["cppcheck", "--quiet", "-j2", "--std=c11", "--enable=warning,performance,portability", "--inline-suppr",
         f"--cppcheck-build-dir={folder}", "-Isrc", "-D_GNU_SOURCE", "-DLARDER_SOCKET_SEAM=1", '-DLARDER_VERSION="0"',
         "--template={file}:{line}: {id}: {message}", "--error-exitcode=3", *[f"--suppress={o}" for o in OFF], "src"],
        capture_output=True, text=True, cwd=ROOT, check=False)
    for m in re.finditer(r"^(\S+?):(\d+): (.*)$", done.stderr, re.M):
        found.add(m[1], m[2], m[3])
    if done.returncode != 0 and found.count == 0:
        found.add("src", 1, (done.stderr or done.stdout).strip()[-300:] or "cppcheck ended badly")
    found.end()


main()
