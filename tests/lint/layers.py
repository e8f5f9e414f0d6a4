"""Every include goes down: src/rooms.txt says which room may include which.

Also: a quoted include carries its room, main.c knows cli only, src/tool knows base only, and every
folder below src/ is a room of the table.
"""

import re

from rooms import Rooms
from source import Findings, files, line_of, text, without_comments

INCLUDE = re.compile(r'^\s*#\s*include\s+"([^"]+)"', re.M)
EXTRA = {"": ["cli"], "tool": ["base"]}


def main():
    rooms, found = Rooms(), Findings()
    for room, below in rooms.below.items():
        for b in below:
            if rooms.rank.get(b, 99) > rooms.rank[room] or b not in rooms.rank:
                found.add("src/rooms.txt", 1, f"'{room}' may include '{b}', which does not stand below it")
    for path in files("src/*.c", "src/*.h"):
        parts = path.parts[1:]
        room = parts[0] if len(parts) > 1 else ""
        if room not in rooms.rank and room not in EXTRA:
            found.add(path, 1, f"'{room}' is no room of src/rooms.txt")
            continue
        allowed = EXTRA.get(room) or [room, *rooms.below[room]]
        code = without_comments(text(path))
        for m in INCLUDE.finditer(code):
            target = m[1].split("/")[0]
            if "/" not in m[1]:
                found.add(path, line_of(code, m.start(1)), f'"{m[1]}" does not carry its room')
            elif target not in allowed:
                found.add(path, line_of(code, m.start(1)), f"{room or path.name} may not include {m[1]}")
    found.end()


main()
