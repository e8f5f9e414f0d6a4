"""Wheels made on the spot, for the tests of installing: a ZIP with three files of metadata.

No tool builds them and no network is asked. `size` bytes of content that does not shrink, `files`
more members, or a requirement on another wheel, as a test needs it.
"""

import base64
import hashlib
import random
import zipfile


def _record(name, content):
    digest = base64.urlsafe_b64encode(hashlib.sha256(content).digest()).decode().rstrip("=")
    return f"{name},sha256={digest},{len(content)}\n"


def wheel(folder, name, version="1.0", requires=(), size=0, files=0, zeros=0):
    """Writes `name`-`version`-py3-none-any.whl into the folder and returns its path."""
    info = f"{name}-{version}.dist-info"
    members = {f"{name}/__init__.py": f'"""A package made by a test."""\n\nVERSION = "{version}"\n'.encode()}
    members.update({f"{name}/part_{n}.py": b"X = 1\n" for n in range(files)})
    if size:
        members[f"{name}/data.bin"] = random.Random(1).randbytes(size)
    if zeros:
        members[f"{name}/zeros.bin"] = bytes(zeros)
    lines = ["Metadata-Version: 2.1", f"Name: {name}", f"Version: {version}"]
    lines += [f"Requires-Dist: {r}" for r in requires]
    members[f"{info}/METADATA"] = ("\n".join(lines) + "\n").encode()
    members[f"{info}/WHEEL"] = b"Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
    record = "".join(_record(n, c) for n, c in members.items()) + f"{info}/RECORD,,\n"
    members[f"{info}/RECORD"] = record.encode()
    path = folder / f"{name}-{version}-py3-none-any.whl"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as z:
        for member, content in members.items():
            z.writestr(member, content)
    return path
