"""The compile commands of the release build, for the checks that read sources as a compiler does.

run() gives each source to a tool, two at a time, and remembers what was clean: build/lint/ keeps a
hash of the preprocessed truth (the source, every header of ours, the tool's settings), so that only
what changed is read again.
"""

import concurrent.futures
import hashlib
import json
import pathlib
import shlex

from source import ROOT, files

BUILD = ROOT / "build" / "release"
MEMORY = ROOT / "build" / "lint"


def commands(*tops):
    """(source below ROOT, argv) of each file below the given folders, once each."""
    seen = set()
    for entry in json.loads((BUILD / "compile_commands.json").read_text()):
        source = pathlib.Path(entry["file"])
        if not source.is_relative_to(ROOT) or source in seen or not source.exists():
            continue
        seen.add(source)
        source = source.relative_to(ROOT)
        if source.parts[0] in tops:
            yield source, shlex.split(entry["command"])


def headers_hash():
    h = hashlib.sha256()
    for path in files("src/*.h", "tests/*.h"):
        h.update(str(path).encode() + b"\0" + (ROOT / path).read_bytes())
    return h.hexdigest()


def run(tool, settings, work, sources):
    """work(source, argv) -> list of findings; a clean source is not asked again until it changes."""
    memory = MEMORY / tool
    memory.mkdir(parents=True, exist_ok=True)
    common = headers_hash() + settings

    def one(source, argv):
        key = hashlib.sha256((common + "\0" + " ".join(argv)).encode() + (ROOT / source).read_bytes()).hexdigest()
        note = memory / str(source).replace("/", "_")
        if note.exists() and note.read_text() == key:
            return []
        findings = work(source, argv)
        if not findings:
            note.write_text(key)
        return findings

    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        for findings in pool.map(lambda pair: one(*pair), sources):
            yield from findings
