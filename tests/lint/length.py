"""No function over 80 lines, no file over 500: the tail is where all the defects live.

The rows of a constant table inside a function are not counted; a table may be as long as it is, and
so may the one file with all texts of the pages.
"""

import re
import subprocess

from source import ROOT, Findings, files, text

FUNCTION, FILE = 80, 500
TEXTS = "web/texts.js"
TABLE = re.compile(r"^\s*(static )?const [^;{]*\{.*?^\s*\};", re.M | re.S)


def main():
    found = Findings()
    sources = files("src/*.c", "src/*.h", "tests/unit/*.c", "tests/fuzz/*.c")
    tags = subprocess.run(
        ["ctags", "-L", "-", "--languages=C", "--kinds-C=f", "--fields=+ne", "--map-C=+.h", "-f", "-"],
        input="\n".join(map(str, sources)), capture_output=True, text=True, check=True, cwd=ROOT,
    ).stdout
    for tag in tags.split("\n"):
        fields = dict(f.split(":", 1) for f in tag.split("\t")[3:] if ":" in f)
        if "end" not in fields:
            continue
        name, path = tag.split("\t")[:2]
        lines = int(fields["end"]) - int(fields["line"]) + 1
        if lines > FUNCTION:
            body = "\n".join(text(path).split("\n")[int(fields["line"]) - 1:int(fields["end"])])
            lines -= sum(m[0].count("\n") for m in TABLE.finditer(body))
        if lines > FUNCTION:
            found.add(path, fields["line"], f"{name} has {lines} lines, {FUNCTION} are allowed")
    for path in [*files("src/*.c", "src/*.h"), *files("web/*.js")]:
        lines = text(path).count("\n")
        if lines > FILE and str(path) != TEXTS:
            found.add(path, 1, f"{lines} lines, {FILE} are allowed: one idea each")
    found.end()


main()
