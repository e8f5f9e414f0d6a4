"""Shell scripts pass shellcheck, Python files compile.

Off: SC1091 (a sourced file it was not given) and SC2164 (every script ends at the first failing
command, so a cd that fails ends it).
"""

import re
import subprocess

from source import ROOT, Findings, files, text


def main():
    found = Findings()
    scripts = [str(p) for p in files() if p.suffix == ".sh" or p.suffix == "" and re.match(r"#!.*\b(ba)?sh\b", text(p))]
    done = subprocess.run(["shellcheck", "-x", "-s", "bash", "-S", "warning", "-f", "gcc", "-e", "SC1091,SC2164", *scripts],
                          capture_output=True, text=True, cwd=ROOT, check=False)
    for m in re.finditer(r"^(\S+?):(\d+):\d+: (?:\w+): (.*)$", done.stdout, re.M):
        found.add(m[1], m[2], m[3])
    for path in files("*.py"):
        if path.parts[:2] == ("tests", "fixtures"):
            continue  # some are wrong on purpose
        try:
            compile(text(path), str(path), "exec")
        except SyntaxError as wrong:
            found.add(path, wrong.lineno, wrong.msg)
    found.end()


main()
