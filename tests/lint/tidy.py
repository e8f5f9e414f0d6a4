"""clang-tidy over src/, with the checks that .clang-tidy chooses.

The analyzer reads one file at a time, so analyzer.h tells it what the failing functions of
base/ctx.h always answer.
"""

import re
import subprocess

from commands import BUILD, commands, run
from source import ROOT, Findings


def work(source, argv):
    hints = [] if source.name == "ctx.c" else [f"--extra-arg=-include{ROOT}/tests/lint/analyzer.h"]
    done = subprocess.run(
        ["clang-tidy", *hints, "--quiet", "-p", str(BUILD), "--extra-arg=-Wno-unknown-warning-option",
         "--extra-arg=-Wno-unused-command-line-argument", str(ROOT / source)],
        capture_output=True, text=True, cwd=ROOT, check=False)
    found = re.findall(r"^(\S+?):(\d+):\d+: (?:warning|error): (.*)$", done.stdout, re.M)
    if done.returncode != 0 and not found:
        found = [(str(source), "1", (done.stderr or done.stdout).strip()[-300:])]
    return [(p.removeprefix(f"{ROOT}/"), line, sentence) for p, line, sentence in found]


def main():
    found, seen = Findings(), set()
    settings = (ROOT / ".clang-tidy").read_text() + (ROOT / "tests/lint/analyzer.h").read_text()
    for finding in run("tidy", settings, work, list(commands("src"))):
        if finding not in seen:  # a header is read once for each file that includes it
            seen.add(finding)
            found.add(*finding)
    found.end()


main()
