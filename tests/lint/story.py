"""Every file opens with its story: what it is for, what it never does, where to look next.

A .c file whose header tells the story may be brief, and so may the other way round.
"""

import re

from source import ROOT, Findings, files, text

SHORTEST, BRIEF = 60, 15  # letters of story; a bare title is none
TWIN = {".c": ".h", ".h": ".c"}


def story_of(path, content):
    if path.suffix in (".c", ".h", ".js", ".css"):
        m = re.match(r"/\*(.*?)\*/", content, re.S)
    elif path.suffix == ".py":
        m = re.match(r'(?:#![^\n]*\n)?"""(.*?)"""', content, re.S)
    elif path.suffix == ".sql":
        m = re.match(r"((?:--[^\n]*\n)+)", content)
    else:
        m = re.match(r"(?:#![^\n]*\n)?((?:#[^\n]*\n)+)", content)
    return None if m is None else re.sub(r"[\s*#/-]+", " ", m[1]).strip()


def told_beside(path):
    twin = path.with_suffix(TWIN.get(path.suffix, "")) if path.suffix in TWIN else None
    return twin is not None and (ROOT / twin).exists() and len(story_of(twin, text(twin)) or "") >= SHORTEST


def is_long_enough(path, story):
    brief = path.parts[0] == "tests" or told_beside(path)
    return len(story) >= (BRIEF if brief else SHORTEST)


def main():
    found = Findings()
    ours = files("src/*.c", "src/*.h", "tests/*.c", "tests/*.h", "tests/*.py", "tests/*.sh", "web/*.js", "web/*.css",
                 "schema.sql", "build.sh", "CMakeLists.txt", "packaging/deps/*.sh", "packaging/deps/*.py", ".ci/run")
    for path in ours:
        if path.parts[:2] == ("tests", "fixtures"):
            continue
        content = text(path)
        if content.strip() == "":
            continue
        story = story_of(path, content)
        if story is None:
            found.add(path, 1, "does not open with its story")
        elif not is_long_enough(path, story):
            found.add(path, 1, "its story is only a title: say what it is for and what it never does")
        elif path.suffix in (".c", ".h") and not story.startswith(path.name):
            found.add(path, 1, f"its story does not begin with '{path.name} - '")
    found.end()


main()
