"""What the compiled objects tell: functions that are global without need, mutable globals, and circles.

Reads the objects of the release build with objdump. A function that no other object calls
should be static; a header declares only what another file calls, and a test is another file. State
hangs from a struct that somebody makes, so that two servers fit into one process. Of two files one
stands on the other: those that call each other in a circle can only be understood all at once.
"""

import collections
import json
import pathlib
import re
import subprocess

from source import ROOT, Findings

BUILD = ROOT / "build" / "release"
# Symbols that may change, each with its reason.
MUTABLE = {
    "self": "http/seam.c: civetweb calls bind, listen and poll without a context of ours",
    "adoption": "http/seam.c: the same, for the sockets handed over by the service manager",
    "counter": "base/crypto.c: ids made in one millisecond are told apart in the whole process",
    "starved": "base/json_read.c: jansson's allocator takes no context",
    "present": "package/pyread_memory.c: tree-sitter's allocator takes no context",
    "once": "pthread_once: a library's hook is set once for the process",
}
# Files that may call each other in a circle, each group with its reason.
CIRCLES = [
    # a language is read as it is written: an expression holds calls, names and texts, which hold expressions
    {f"src/package/pyread_{part}.c" for part in ("call", "class", "eval", "eval_string", "names")},
]
# Called from outside of our objects.
OUTSIDE = re.compile(r"main|LLVMFuzzerTestOneInput|LLVMFuzzerInitialize|larder_\w+")


def objects():
    for entry in json.loads((BUILD / "compile_commands.json").read_text()):
        path = BUILD / re.search(r" -o (\S+)", entry["command"])[1]
        source = pathlib.Path(entry["file"])
        if path.exists() and source.is_relative_to(ROOT) and not source.is_relative_to(ROOT / "build"):
            yield source.relative_to(ROOT), path


def symbols(paths):
    """(object, section, size, name) of every symbol; the section of one that is used only is *UND*."""
    table = subprocess.run(["objdump", "-t", *paths], capture_output=True, text=True, check=True).stdout
    current = None
    for line in table.split("\n"):
        if m := re.match(r"(\S+):\s+file format", line):
            current = m[1]
        elif m := re.match(r"\w+ (.{7}) (\S+)\s+(\w+)\s+(?:\.hidden )?(\S+)$", line):
            yield current, m[1], m[2], int(m[3], 16), m[4]


def circles(calls):
    """Groups of files each of which leads to each other one (Tarjan's walk)."""
    number, low, open_files, groups = {}, {}, [], []

    def walk(file):
        number[file] = low[file] = len(number)
        open_files.append(file)
        for other in sorted(calls[file]):
            if other not in number:
                walk(other)
            if other in open_files:
                low[file] = min(low[file], low[other])
        if low[file] == number[file]:
            at = open_files.index(file)
            groups.append(open_files[at:])
            del open_files[at:]

    for file in sorted(calls):
        if file not in number:
            walk(file)
    return [group for group in groups if len(group) > 1]


def main():
    found = Findings()
    defined, used = {}, collections.defaultdict(set)
    sources = {str(path): source for source, path in objects()}
    for path, flags, section, size, name in symbols(sorted(sources)):
        source = sources[path]
        if section == "*UND*":
            used[name].add(source)
        elif source.parts[0] != "src" or source.parts[1] == "tool":
            continue
        elif flags[0] == "g" and flags[6] == "F":
            defined[name] = source
        elif flags[6] == "O" and re.match(r"\.(data|bss|tdata|tbss)", section) and ".rel.ro" not in section \
                and size and name.split(".")[0] not in MUTABLE:
            found.add(source, 1, f"'{name}' is a mutable global")
    if not defined:
        found.add("build/release", 1, "has no objects to read")
    for name, source in sorted(defined.items()):
        if not used[name] - {source} and not OUTSIDE.fullmatch(name):
            found.add(source, 1, f"{name} is global, but no other file calls it")
    calls = {source: set() for source in defined.values()}
    for name, source in defined.items():
        for caller in used[name] & calls.keys() - {source}:
            calls[caller].add(source)
    for group in circles(calls):
        names = sorted(str(source) for source in group)
        if set(names) not in CIRCLES:
            found.add(names[0], 1, f"calls and is called in a circle: {', '.join(names)}")
    found.end()


main()
