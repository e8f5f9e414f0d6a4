"""Archives written record by record, so that any field can lie.

build() lays out members, directory and end record; every value that the format holds can be given
another one than the truth. Used for the zoo (zip_zoo.py) and free of judgement itself.
"""

import struct
import zlib
from dataclasses import dataclass, field


@dataclass
class Member:
    name: bytes
    data: bytes = b""
    method: int = 8
    flags: int = 0
    attributes: int = 0o100644 << 16
    made_by: int = 3 << 8 | 20
    needs: int = 20
    packed: bytes = None  # the bytes as they stand in the file
    descriptor: str = None  # "sig32", "bare32", "sig64", "bare64", or None
    descriptor_bytes: bytes = None  # instead of a true one
    local_extra: bytes = b""
    central_extra: bytes = b""
    comment: bytes = b""
    local: dict = field(default_factory=dict)  # field name -> value, over the truth
    central: dict = field(default_factory=dict)
    before: bytes = b""  # bytes put before the local record
    after: bytes = b""  # and behind the data (and descriptor)
    hidden: bool = False  # no entry in the directory
    twice: bool = False  # two entries for one record

    def raw(self):
        if self.packed is not None:
            return self.packed
        if self.method != 8:
            return self.data
        c = zlib.compressobj(9, zlib.DEFLATED, -15)
        return c.compress(self.data) + c.flush()

    def crc(self):
        return zlib.crc32(self.data)


def zip64(*values):
    body = b"".join(struct.pack("<Q", v) for v in values)
    return struct.pack("<HH", 1, len(body)) + body


def unicode_path(name, text=None, crc=None, version=1):
    text = name if text is None else text
    crc = zlib.crc32(name) if crc is None else crc
    body = struct.pack("<BI", version, crc) + text
    return struct.pack("<HH", 0x7075, len(body)) + body


def _descriptor(m, raw):
    if m.descriptor_bytes is not None:
        return m.descriptor_bytes
    if m.descriptor is None:
        return b""
    body = struct.pack("<IQQ" if m.descriptor.endswith("64") else "<III", m.crc(), len(raw), len(m.data))
    return (b"PK\7\x08" if m.descriptor.startswith("sig") else b"") + body


def local_record(m):
    raw = m.raw()
    streamed = m.descriptor is not None or m.descriptor_bytes is not None
    v = {
        "mark": 0x04034B50, "needs": m.needs, "flags": m.flags | (8 if streamed else 0),
        "method": m.method, "time": 0, "date": 33, "crc": 0 if streamed else m.crc(),
        "packed": 0 if streamed else len(raw), "size": 0 if streamed else len(m.data),
        "name": m.name, "extra": m.local_extra, "name_n": None, "extra_n": None,
    } | m.local
    name_n = len(v["name"]) if v["name_n"] is None else v["name_n"]
    extra_n = len(v["extra"]) if v["extra_n"] is None else v["extra_n"]
    head = struct.pack("<IHHHHHIIIHH", v["mark"], v["needs"], v["flags"], v["method"], v["time"],
                       v["date"], v["crc"], v["packed"], v["size"], name_n, extra_n)
    return head + v["name"] + v["extra"] + raw + _descriptor(m, raw)


def central_entry(m, offset):
    streamed = m.descriptor is not None or m.descriptor_bytes is not None
    v = {
        "mark": 0x02014B50, "made_by": m.made_by, "needs": m.needs,
        "flags": m.flags | (8 if streamed else 0), "method": m.method, "time": 0, "date": 33,
        "crc": m.crc(), "packed": len(m.raw()), "size": len(m.data), "name": m.name,
        "extra": m.central_extra, "comment": m.comment, "disk": 0, "internal": 0,
        "attributes": m.attributes, "offset": offset,
    } | m.central
    head = struct.pack("<IHHHHHHIIIHHHHHII", v["mark"], v["made_by"], v["needs"], v["flags"],
                       v["method"], v["time"], v["date"], v["crc"], v["packed"], v["size"],
                       len(v["name"]), len(v["extra"]), len(v["comment"]), v["disk"],
                       v["internal"], v["attributes"], v["offset"])
    return head + v["name"] + v["extra"] + v["comment"]


def build(*members, prefix=b"", before_directory=b"", in_directory=b"", before_end=b"", comment=b"",
          suffix=b"", end=None, end64=None, locator=None, order=None):
    """end: fields over the truth; end64/locator: dicts (maybe empty) when ZIP64 records are wanted."""
    out, entries = bytearray(prefix), []
    for m in members:
        out += m.before
        offset = len(out)
        out += local_record(m) + m.after
        entries += [] if m.hidden else [central_entry(m, offset)] * (2 if m.twice else 1)
    out += before_directory
    start = len(out)
    for i in order or range(len(entries)):
        out += entries[i]
    out += in_directory
    size = len(out) - start
    out += before_end
    n = len(entries)
    if end64 is not None:
        at = len(out)
        v = {"mark": 0x06064B50, "length": 44, "made_by": 45, "needs": 45, "disk": 0, "start": 0,
             "here": n, "all": n, "size": size, "offset": start, "tail": b""} | end64
        out += struct.pack("<IQHHIIQQQQ", v["mark"], v["length"], v["made_by"], v["needs"], v["disk"],
                           v["start"], v["here"], v["all"], v["size"], v["offset"]) + v["tail"]
        v = {"mark": 0x07064B50, "disk": 0, "at": at, "disks": 1} | (locator or {})
        out += struct.pack("<IIQI", v["mark"], v["disk"], v["at"], v["disks"])
    v = {"mark": 0x06054B50, "disk": 0, "start": 0, "here": n, "all": n, "size": size,
         "offset": start, "comment_n": len(comment)} | (end or {})
    out += struct.pack("<IHHHHIIH", v["mark"], v["disk"], v["start"], v["here"], v["all"], v["size"],
                       v["offset"], v["comment_n"])
    return bytes(out + comment + suffix)
