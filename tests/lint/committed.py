"""What must not be committed: addresses of registries, paths of a machine, build output, new
top-level entries, download addresses in lockfiles.

Registry hosts and paths are read off the machine, so that this file names none.
"""

import glob
import json
import pathlib
import re
import subprocess

from source import ROOT, Findings, files, line_of, text

TOP = {"build.sh", "CMakeLists.txt", "src", "web", "schema.sql", "tests", "packaging", "README.md", "LICENSE"}
USUAL = {"/", "/tmp", "/var/tmp", "/root", "/home", "/srv", "/opt", "/usr/src", "/usr/local/src", "/mnt"}
ARTEFACTS = re.compile(r"\.(o|a|so|pyc|gcda|gcno|profraw|db|db-wal|orig|rej|zip|tar|gz|exe)$")


def hosts():
    for name in ["/etc/apt/sources.list", *glob.glob("/etc/apt/sources.list.d/*")]:
        try:
            lines = pathlib.Path(name).read_text(errors="replace")
        except OSError:
            continue
        yield from re.findall(r"https?://(?:[^/@\s]*@)?([^/:\s]+)", lines)
    try:
        done = subprocess.run(["npm", "config", "get", "registry"], capture_output=True, text=True, check=False)
        yield from re.findall(r"https?://(?:[^/@\s]*@)?([^/:\s]+)", done.stdout)
    except OSError:
        pass


def marks():
    found = {h for h in hosts() if h not in ("localhost", "127.0.0.1")}
    above = str(ROOT.parent)
    if above not in USUAL:
        found.add(above)
    home = str(pathlib.Path.home())
    if home not in USUAL:
        found.add(home + "/")
    return sorted(m for m in found if len(m) > 4)


def main():
    found, marked = Findings(), marks()
    for path in files():
        if path.parts[0] not in TOP and not path.parts[0].startswith("."):
            found.add(path, 1, f"'{path.parts[0]}' is no top-level entry of the design")
        seed = path.parts[:2] in (("tests", "fuzz"), ("tests", "fixtures"))
        if ARTEFACTS.search(path.name) and not seed:
            found.add(path, 1, "looks like something a build or a tool made")
        content = text(path)
        for mark in marked:
            # Not inside a longer path or word.
            for m in re.finditer(r"(?<![\w}.])" + re.escape(mark) + r"(?![\w-])", content):
                found.add(path, line_of(content, m.start()), "names a registry host or a path of this machine")
        if path.name == "package-lock.json":
            for name, entry in json.loads(content)["packages"].items():
                if "resolved" in entry or (name and "integrity" not in entry):
                    found.add(path, 1, f"{name}: a lockfile entry has a checksum and no address")
    found.end()


main()
