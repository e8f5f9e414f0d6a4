"""A foreign header stands in its one home only; one that nobody has a home for is refused.

What belongs to C, POSIX or Linux is free everywhere. So is sanitizer/, which exists only for
sanitizer builds.
"""

import fnmatch
import re

from rooms import Rooms
from source import Findings, files, line_of, text, without_comments

INCLUDE = re.compile(r"^\s*#\s*include\s+<([^>]+)>", re.M)
FREE = """assert ctype errno fenv float inttypes limits locale math setjmp signal stdalign stdarg stdatomic
stdbool stddef stdint stdio stdlib stdnoreturn string strings time dirent dlfcn fcntl fnmatch getopt grp
ifaddrs langinfo malloc netdb poll pthread pwd sched semaphore spawn syslog termios ucontext unistd wchar""".split()
FREE_FOLDERS = ("sys/", "linux/", "netinet/", "arpa/", "net/", "sanitizer/")


def main():
    rooms, found = Rooms(), Findings()
    for path in files("src/*.c", "src/*.h"):
        code = without_comments(text(path))
        inside = "/".join(path.parts[1:])
        for m in INCLUDE.finditer(code):
            homes, header = rooms.homes(m[1]), m[1]
            if homes is None:
                if not header.startswith(FREE_FOLDERS) and header.removesuffix(".h") not in FREE:
                    found.add(path, line_of(code, m.start(1)), f"<{header}> has no home in src/rooms.txt")
            elif not any(fnmatch.fnmatch(inside, home) for home in homes):
                found.add(path, line_of(code, m.start(1)), f"<{header}> belongs to {' '.join(homes)}")
    found.end()


main()
