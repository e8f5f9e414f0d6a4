"""Asks Larder's readers, through the test program tool_package_read.

LARDER_TOOLS names the folder of the program (default: unit/ beside LARDER_BIN, or build/unit). All
questions of one call go through one process.
"""

import json
import os
import pathlib
import struct
import subprocess
import tempfile

ROOT = pathlib.Path(__file__).resolve().parents[2]


def tool():
    binary = pathlib.Path(os.environ.get("LARDER_BIN", ROOT / "build" / "larder"))
    folder = pathlib.Path(os.environ.get("LARDER_TOOLS", binary.parent / "unit"))
    return folder / "tool_package_read"


def ask(kind, questions):
    """kind: z archive, v PEP 440 version, s semantic version, r dependency. One answer each."""
    with tempfile.TemporaryFile() as frames:
        for q in questions:
            q = q.encode("utf-8", "surrogateescape") if isinstance(q, str) else q
            frames.write(kind.encode() + struct.pack("<I", len(q)) + q)
        frames.seek(0)
        done = subprocess.run([tool()], stdin=frames, capture_output=True, timeout=300, check=False)
    answers = done.stdout.decode("utf-8").split("\n")[:-1]  # not splitlines: names hold odd letters
    assert done.returncode == 0, done.stderr.decode("utf-8", "replace")[-2000:]
    assert len(answers) == len(questions)
    return [json.loads(a) for a in answers]
