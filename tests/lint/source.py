"""What the checks share: which files there are, and C text without its comments or strings.

Each check is a script of its own: it prints one line per finding, "path:line: sentence", and ends
with 1 when there was one. lint.py runs them all.
"""

import pathlib
import re
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
TOKEN = re.compile(r'/\*.*?\*/|//[^\n]*|"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])*\'', re.S)


def files(*patterns):
    """Committed files and new ones that are not ignored, as paths below ROOT."""
    listed = subprocess.run(
        ["git", "-C", str(ROOT), "ls-files", "-co", "--exclude-standard", "--", *patterns],
        capture_output=True, text=True, check=True,
    ).stdout.split("\n")
    return [pathlib.Path(f) for f in sorted(set(listed)) if f and (ROOT / f).is_file()]


def text(path):
    return (ROOT / path).read_text(encoding="utf-8", errors="replace")


def blank(match):
    """The same number of letters and lines, so that positions stay right."""
    return re.sub(r"[^\n]", " ", match[0])


def without_comments(code):
    return TOKEN.sub(lambda m: blank(m) if m[0].startswith("/") else m[0], code)


def code_only(code):
    """No comments, and strings emptied."""
    return TOKEN.sub(lambda m: blank(m), code)


def strings(code):
    """(offset, text) of every string literal, neighbours joined as the compiler does."""
    joined, start, end = "", None, None
    for m in TOKEN.finditer(without_comments(code)):
        if not m[0].startswith('"'):
            continue
        if start is not None and code[end:m.start()].strip() == "":
            joined += m[0][1:-1]
        else:
            if start is not None:
                yield start, joined
            joined, start = m[0][1:-1], m.start()
        end = m.end()
    if start is not None:
        yield start, joined


def line_of(code, offset):
    return code.count("\n", 0, offset) + 1


class Findings:
    def __init__(self):
        self.count = 0

    def add(self, path, line, sentence):
        self.count += 1
        print(f"{path}:{line}: {sentence}")

    def end(self):
        sys.exit(1 if self.count else 0)
