"""Reads src/rooms.txt, the one place that states the layers."""

import fnmatch

from source import ROOT


class Rooms:
    def __init__(self):
        self.rank, self.below, self.foreign = {}, {}, []
        for line in (ROOT / "src" / "rooms.txt").read_text().split("\n"):
            words = line.split()
            if words and words[0] == "room":
                self.rank[words[1]] = int(words[2])
                self.below[words[1]] = words[3:]
            elif words and words[0] == "foreign":
                self.foreign.append((words[1], words[2:]))

    def reach(self, room):
        """The room and everything below it, through as many steps as it takes."""
        found, todo = [], [room]
        while todo:
            r = todo.pop()
            if r not in found:
                found.append(r)
                todo += self.below.get(r, [])
        return found

    def homes(self, header):
        """Where a foreign header may stand; None when it is not a foreign one."""
        for pattern, places in self.foreign:
            if fnmatch.fnmatch(header, pattern):
                return places
        return None
