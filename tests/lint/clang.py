"""Every source passes clang's warnings as it passes gcc's (the release build was made with gcc)."""

import re
import subprocess

from commands import BUILD, commands, run
from source import ROOT, Findings

MORE = ["-fsyntax-only", "-Wmissing-variable-declarations", "-Wimplicit-fallthrough", "-Wunreachable-code-break",
        "-Wno-unused-command-line-argument"]


def work(source, argv):
    done = subprocess.run(["clang", *argv[1:], *MORE], capture_output=True, text=True, cwd=BUILD, check=False)
    found = re.findall(r"^(\S+?):(\d+):\d+: (?:error|fatal error): (.*)$", done.stderr, re.M)
    if done.returncode != 0 and not found:
        found = [(str(source), "1", done.stderr.strip()[-300:])]
    return [(p.removeprefix(f"{ROOT}/"), line, sentence) for p, line, sentence in found]


def main():
    found = Findings()
    for path, line, sentence in run("clang", " ".join(MORE), work, list(commands("src", "tests"))):
        found.add(path, line, sentence)
    found.end()


main()
