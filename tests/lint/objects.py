"""What the compiled objects tell: functions that are global without need, and mutable globals.

Reads the objects of the release build with objdump. A function that no other object calls
should be static; a header declares only what another file calls, and a test is another file. State
hangs from a struct that somebody makes, so that two servers fit into one process.
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
    found.end()


main()
