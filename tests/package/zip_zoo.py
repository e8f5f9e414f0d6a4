"""About 300 archives, kind and hostile, each with what must be said of it.

zoo() yields (label, bytes, rules): rules is None where the archive must be accepted, else the set of
rules of which at least one must be among the findings. Deterministic: no clock, no random numbers.
"""

import hashlib
import io
import struct
import zipfile
import zlib

from zip_build import Member, build, central_entry, local_record, unicode_path, zip64

FULL = 0xFFFFFFFF
A = Member(b"pkg/plugin.py", b"x = 1\n" * 50)
B = Member(b"pkg/README.md", b"# Hello\n", method=0)


def deflate(data, level=9):
    c = zlib.compressobj(level, zlib.DEFLATED, -15)
    return c.compress(data) + c.flush()


def python_zip(write, **kw):
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", **kw) as z:
        write(z)
    return out.getvalue()


class Unseekable(io.RawIOBase):
    """A pipe: what is written to it has descriptors."""

    def __init__(self):
        self.parts = []

    def writable(self):
        return True

    def write(self, data):
        self.parts.append(bytes(data))
        return len(data)


def piped(method):
    pipe = Unseekable()
    with zipfile.ZipFile(pipe, "w", method) as z:
        z.writestr("pkg/a.py", "a = 1\n" * 100)
        z.writestr("pkg/b.py", "b = 1\n")
    return b"".join(pipe.parts)


def kind():
    yield "two plain members", build(A, B)
    yield "stored only", build(Member(b"a.py", b"1", method=0))
    yield "an empty stored file", build(Member(b"a.py", method=0))
    yield "an empty deflated file", build(Member(b"a.py"))
    yield "a comment", build(A, B, comment=b"made by hand")
    yield "the longest comment", build(A, comment=b"c" * 65535)
    yield "member comments", build(Member(b"a", b"1", comment=b"hi"), Member(b"b", comment=b"ho"))
    yield "directory in another order", build(A, B, Member(b"pkg/z"), order=[2, 0, 1])
    yield "folders", build(Member(b"pkg/", method=0, attributes=0o40755 << 16 | 0x10), A)
    yield "a folder without attributes", build(Member(b"pkg/", method=0, attributes=0), A)
    yield "a deflated folder", build(Member(b"pkg/", attributes=0x10), A)
    yield "DOS attributes", build(Member(b"a", b"1", made_by=20, attributes=0x21))
    yield "a mode without a type", build(Member(b"a", b"1", attributes=0o600 << 16))
    yield "setuid is only a bit", build(Member(b"a", b"1", attributes=0o104755 << 16))
    for bits in (2, 4, 6):
        yield f"level bits {bits}", build(Member(b"a", b"1" * 99, flags=bits))
    yield "UTF-8 marked, ASCII name", build(Member(b"a", flags=0x800))
    yield "UTF-8 marked name", build(Member("é/日本.py".encode(), b"1", flags=0x800))
    yield "needs 1.0", build(Member(b"a", b"1", method=0, needs=10))
    yield "needs 4.5", build(Member(b"a", b"1", needs=45))
    for form in ("sig32", "bare32"):
        yield f"descriptor {form}", build(Member(b"a", b"1" * 99, descriptor=form), B)
    for form in ("sig64", "bare64"):
        yield f"descriptor {form}", build(Member(b"a", b"1" * 99, descriptor=form, local_extra=zip64(0, 0)), B)
    yield "full sizes open, wide descriptor", build(
        Member(b"a", b"1" * 99, descriptor="sig64", local_extra=zip64(0, 0), local={"size": FULL, "packed": FULL}), B)
    m = Member(b"a", b"1" * 99, descriptor="sig32")
    yield "descriptor after true sizes", build(
        Member(b"a", b"1" * 99, descriptor="sig32",
               local={"crc": m.crc(), "size": 99, "packed": len(m.raw())}), B)
    yield "stored with sizes and descriptor", build(
        Member(b"a", b"123", method=0, descriptor="sig32",
               local={"crc": zlib.crc32(b"123"), "size": 3, "packed": 3}), B)
    yield "an empty stored file with descriptor", build(Member(b"a", method=0, descriptor="sig32"), B)
    yield "descriptor bit only in the record", build(
        Member(b"a", b"1" * 99, descriptor="sig32", central={"flags": 0}), B)
    for where in ("local_extra", "central_extra"):
        yield f"a time stamp in {where}", build(Member(b"a", b"1", **{where: struct.pack("<HHBI", 0x5455, 5, 1, 0)}))
        yield f"an unknown field in {where}", build(Member(b"a", b"1", **{where: b"\xfe\xca\x00\x00"}))
        yield f"a true Unicode path in {where}", build(Member(b"a", b"1", **{where: unicode_path(b"a")}))
    n = len(deflate(b"1" * 99))
    yield "ZIP64 in the record", build(Member(b"a", b"1" * 99, local_extra=zip64(99, n), local={"size": FULL, "packed": FULL}))
    yield "ZIP64 beside plain sizes", build(Member(b"a", b"1" * 99, local_extra=zip64(99, n)))
    yield "ZIP64 in the directory", build(Member(b"a", b"1" * 99, central_extra=zip64(99, n), central={"size": FULL, "packed": FULL}))
    yield "ZIP64 size only", build(Member(b"a", b"1" * 99, central_extra=zip64(99), central={"size": FULL}))
    yield "ZIP64 offset", build(Member(b"a", b"1", central_extra=zip64(0), central={"offset": FULL}))
    yield "ZIP64 end", build(A, B, end64={})
    yield "ZIP64 end, plain one full", build(
        A, B, end64={}, end={"here": 0xFFFF, "all": 0xFFFF, "size": FULL, "offset": FULL})
    yield "ignored leftovers", build(A, Member(b"__MACOSX/pkg/._plugin.py", b"1"), Member(b".DS_Store"),
                                     Member(b"pkg/__pycache__/plugin.cpython-311.pyc", b"1"))
    yield "a name of 255 bytes", build(Member(b"a" * 255))
    yield "20 folders deep", build(Member(b"/".join([b"a"] * 20)))
    yield "2,000 members", build(*[Member(b"f%d" % i, method=0) for i in range(2000)])
    yield "1 MiB of zeros", build(Member(b"z", bytes(1 << 20)))
    noise = b"".join(hashlib.sha256(bytes([i])).digest() for i in range(150))
    yield "ratio of nearly 200", build(Member(b"z", bytes(1 << 20) + noise))
    yield "marks inside data", build(Member(b"a", b"PK\1\2PK\3\4PK\5\6PK\6\6PK\6\7PK\7\x08" * 9, method=0))
    yield "several deflate blocks", build(Member(b"a", bytes(range(256)) * 2000, packed=deflate(bytes(range(256)) * 2000, 0)))
    for method in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        def write(z):
            z.mkdir("pkg")
            z.writestr("pkg/plugin.py", "x = 1\n" * 30)
            z.writestr("pkg/ünï.py", "y")
            z.writestr("pkg/empty.py", "")
        yield f"Python, method {method}", python_zip(write, compression=method)
    def wide(z):
        with z.open("pkg/wide.py", "w", force_zip64=True) as f:
            f.write(b"w = 1\n" * 30)
    yield "Python, forced ZIP64", python_zip(wide, compression=zipfile.ZIP_DEFLATED)
    yield "Python, through a pipe", piped(zipfile.ZIP_DEFLATED)


def ends():
    """No end, two ends, an end somewhere else, and bytes where none belong."""
    good = build(A, B)
    yield "nothing", b"", {"zip.magic"}
    yield "text", b"this is no archive at all", {"zip.magic"}
    yield "an empty archive", build(), {"zip.magic"}
    yield "a spanned mark", b"PK\7\x08" + good, {"zip.magic"}
    yield "a gzip file", b"\x1f\x8b\x08\x00" + good, {"zip.magic"}
    yield "the magic alone", b"PK\3\4", {"zip.end_record"}
    for n in (1, 4, 21, 22, 23, 60, len(good) // 2):
        yield f"cut by {n}", good[:-n], {"zip.end_record", "zip.magic"}
    for tail in (b"\0", b"\n", b"PK", b"junk" * 100, good):
        yield f"{len(tail)} bytes behind: {tail[:4]!r}", good + tail, {"zip.end_record", "zip.directory", "zip.gap"}
    for head in (b"\0", b"#!/usr/bin/python3\n", b"MZ" + bytes(100)):
        yield f"{len(head)} bytes before", head + good, {"zip.magic"}
        yield f"{len(head)} bytes before, offsets true", build(A, B, prefix=head), {"zip.magic"}
    shadow = build(Member(b"other.py", b"2"))
    yield "an archive before", shadow + good, {"zip.directory", "zip.gap"}
    yield "an archive before, offsets true", build(A, B, prefix=shadow), {"zip.gap"}
    yield "an end record in the comment", build(A, comment=b"PK\5\6" + bytes(18)), {"zip.end_record"}
    yield "an end mark in the comment", build(A, comment=b"..PK\5\6.."), {"zip.end_record"}
    fake = b"PK\5\6" + bytes(16)  # its comment would reach exactly the end of the file
    yield "a second end record, in data", build(
        Member(b"a", fake + struct.pack("<H", 47 + 22), method=0)), {"zip.end_record"}
    yield "half an end record in data", build(Member(b"a", fake + struct.pack("<H", 46 + 22), method=0)), None
    yield "comment longer than it says", build(A, comment=b"abc", end={"comment_n": 2}), {"zip.end_record"}
    yield "comment shorter than it says", build(A, comment=b"abc", end={"comment_n": 4}), {"zip.end_record"}
    for name, value in (("disk", 1), ("start", 1), ("disk", 0xFFFF), ("here", 1), ("all", 3)):
        yield f"end {name} {value}", build(A, B, end={name: value}), {"zip.disks"}
    for n in (0, 1, 3, 65534):
        yield f"end counts {n}", build(A, B, end={"here": n, "all": n}), {"zip.directory", "zip.members"}
    yield "end counts 65535 and no ZIP64", build(A, B, end={"here": 65535, "all": 65535}), {"zip.directory"}
    for name, value in (("size", 0), ("size", 1), ("size", FULL), ("offset", 0), ("offset", 1), ("offset", FULL)):
        yield f"end {name} {value}", build(A, B, end={name: value}), {"zip.directory", "zip.gap"}
    yield "bytes before the directory", build(A, B, before_directory=b"?"), {"zip.gap"}
    yield "a member before the directory, not in it", build(A, Member(b"evil.py", b"1", hidden=True)), {"zip.gap"}
    yield "a member in front, not in it", build(Member(b"evil.py", b"1", hidden=True), A), {"zip.gap"}
    yield "a member between, not in it", build(A, Member(b"evil.py", b"1", hidden=True), B), {"zip.gap"}
    yield "bytes between members", build(A, Member(b"b", before=b"?" * 7)), {"zip.gap"}
    yield "bytes behind data", build(Member(b"a", b"1", after=b"!"), B), {"zip.gap"}
    yield "bytes behind a descriptor", build(Member(b"a", b"1" * 9, descriptor="sig32", after=b"!"), B), {"zip.gap"}
    yield "bytes in the directory", build(A, B, in_directory=b"?"), {"zip.directory"}
    yield "a signature in the directory", build(A, B, in_directory=b"PK\5\5\0\0"), {"zip.directory"}
    yield "bytes before the end", build(A, B, before_end=b"????"), {"zip.gap"}
    yield "an archive extra record", build(A, B, before_directory=b"PK\6\x08\0\0\0\0"), {"zip.gap"}


def wide_ends():
    full = {"here": 0xFFFF, "all": 0xFFFF, "size": FULL, "offset": FULL}
    for name, value in (("here", 1), ("all", 1), ("here", 3), ("size", 1), ("offset", 1), ("length", 45),
                        ("length", 0), ("mark", 1), ("disk", 1), ("start", 1), ("size", 1 << 63),
                        ("offset", (1 << 64) - 1), ("all", (1 << 64) - 1)):
        yield f"ZIP64 end {name} {value}", build(A, B, end64={name: value}, end=full), {
            "zip.zip64", "zip.disks", "zip.directory", "zip.gap"}
        yield f"ZIP64 end {name} {value} beside a plain one", build(A, B, end64={name: value}), {
            "zip.zip64", "zip.disks", "zip.directory", "zip.gap"}
    for name, value in (("disk", 1), ("disks", 2), ("disks", 0), ("at", 0), ("at", 1 << 40), ("mark", 1)):
        yield f"ZIP64 locator {name} {value}", build(A, B, end64={}, locator={name: value}, end=full), {
            "zip.zip64", "zip.directory", "zip.gap", "zip.disks"}
    yield "ZIP64 end with more behind", build(A, B, end64={"length": 52, "tail": bytes(8)}, end=full), {"zip.zip64"}
    both = build(A, B, end64={}, end=full)
    yield "a byte between ZIP64 end and locator", both[:-42] + b"\0" + both[-42:], {"zip.zip64"}
    yield "a byte between locator and end", both[:-22] + b"\0" + both[-22:], {"zip.directory", "zip.gap", "zip.disks"}


def records():
    """The record and the directory say different things, or share bytes."""
    for name, value in (("mark", 0x02014B50), ("flags", 0x800), ("flags", 1), ("method", 0), ("crc", 1), ("packed", 1),
                        ("size", 1), ("packed", 0), ("size", 0), ("packed", FULL), ("size", FULL), ("name", b"pkg/plugin.pz"),
                        ("name", b"pkg/plugin.p"), ("name_n", 0), ("name_n", 65535), ("extra_n", 1), ("extra_n", 65535)):
        yield f"record {name} {value}", build(Member(A.name, A.data, local={name: value}), B), {
            "zip.magic", "zip.record", "zip.mismatch", "zip.zip64", "zip.extra", "zip.gap", "zip.overlap"}
    for name, value in (("flags", 0x800), ("method", 0), ("crc", 1), ("packed", 0), ("packed", 1), ("packed", 1 << 30),
                        ("packed", FULL), ("size", 0), ("size", 1), ("size", 299), ("size", 301), ("size", FULL),
                        ("name", b"pkg/other.py"), ("disk", 1), ("disk", 0xFFFF), ("offset", 1), ("offset", 30),
                        ("offset", 1 << 30), ("offset", FULL), ("mark", 0x04034B50)):
        yield f"directory {name} {value}", build(Member(A.name, A.data, central={name: value}), B), {
            "zip.record", "zip.mismatch", "zip.zip64", "zip.disks", "zip.gap", "zip.overlap", "zip.directory"}
    yield "one record, two entries", build(Member(b"a", b"1", twice=True)), {"zip.overlap", "zip.duplicate"}
    yield "an entry that is not counted", build(A, B, in_directory=central_entry(A, 0)), {"zip.directory"}
    inner = Member(b"inner.py", b"i = 1", method=0)
    record = local_record(inner)
    outer = Member(b"outer.bin", record, method=0)
    at = 30 + len(outer.name)
    yield "a member inside another's data", build(
        outer, in_directory=central_entry(inner, at), end={"here": 2, "all": 2}), {"zip.overlap", "zip.gap"}
    yield "that archive without the trick", build(outer), None
    for bomb in (64, 100):
        member = Member(b"m", b"1" * 99)
        entries = b"".join(central_entry(Member(b"m%d" % k, b"1" * 99), 0) for k in range(bomb))
        yield f"{bomb} names for one record", build(
            member, in_directory=entries, end={"here": bomb + 1, "all": bomb + 1}), {"zip.overlap", "zip.mismatch"}


def descriptors():
    data = b"1" * 99
    n, crc = len(deflate(data)), zlib.crc32(data)
    true = struct.pack("<III", crc, n, 99)
    for label, body in (("nothing", b""), ("half of it", true[:6]), ("wrong crc", struct.pack("<III", 1, n, 99)),
                        ("wrong packed", struct.pack("<III", crc, n + 1, 99)),
                        ("wrong size", struct.pack("<III", crc, n, 98)), ("zeros", bytes(12)),
                        ("the mark only", b"PK\7\x08"), ("two marks", b"PK\7\x08PK\7\x08" + true),
                        ("wide without a ZIP64 field", struct.pack("<IQQ", crc, n, 99)),
                        ("marked wide without a ZIP64 field", b"PK\7\x08" + struct.pack("<IQQ", crc, n, 99))):
        yield f"descriptor is {label}", build(Member(b"a", data, descriptor_bytes=body), B), {
            "zip.descriptor", "zip.gap", "zip.overlap"}
    yield "narrow with a ZIP64 field", build(Member(b"a", data, descriptor="sig32", local_extra=zip64(0, 0)), B), {
        "zip.descriptor"}
    yield "stored without a size in front", build(Member(b"a", b"123", method=0, descriptor="sig32"), B), {"zip.descriptor"}
    yield "Python, stored through a pipe", piped(zipfile.ZIP_STORED), {"zip.descriptor"}
    for name, value in (("crc", crc), ("size", 99), ("packed", n), ("size", 5)):
        yield f"half open record: {name} {value}", build(
            Member(b"a", data, descriptor="sig32", local={name: value}), B), {"zip.mismatch"}
    yield "descriptor bit only in the directory", build(Member(b"a", data, central={"flags": 8})), None
    # a CRC that reads as the descriptor's mark: one reader sees a mark, another a checksum
    tricky = Member(b"a", data, descriptor_bytes=struct.pack("<III", 0x08074B50, n, 99), central={"crc": 0x08074B50})
    yield "a CRC that is the mark", build(tricky, B), {"zip.descriptor"}


def extras():
    for where in ("local_extra", "central_extra"):
        for label, raw in (("one byte", b"\1"), ("three bytes", b"\1\0\0"), ("too long", b"\xfe\xca\x05\x00ab"),
                           ("padding", b"\0" * 6)):
            yield f"{where}: {label}", build(Member(b"a", b"1", **{where: raw})), {"zip.extra"}
        yield f"{where}: two ZIP64", build(Member(b"a", b"1", **{where: zip64() * 2})), {"zip.extra"}
        yield f"{where}: two Unicode paths", build(Member(b"a", b"1", **{where: unicode_path(b"a") * 2})), {"zip.extra"}
        for label, raw in (("another name", unicode_path(b"a", b"evil.py")), ("another crc", unicode_path(b"a", crc=1)),
                           ("another version", unicode_path(b"a", version=2)), ("nothing", b"\x75\x70\0\0"),
                           ("an empty name", unicode_path(b"a", b""))):
            yield f"{where}: Unicode path is {label}", build(Member(b"a", b"1", **{where: raw})), {"zip.unicode_path"}
        for label, raw in (("short", b"\1\0\4\0abcd"), ("false", zip64(1, 2)), ("false sizes", zip64(5, 5)),
                           ("of one value", zip64(1))):
            yield f"{where}: ZIP64 is {label}", build(Member(b"a", b"1" * 99, **{where: raw})), {"zip.zip64"}
    n = len(deflate(b"1" * 99))
    for label, values in (("nothing", None), ("the size only", (99,)), ("a false size", (98, n)), ("a false packed", (99, n + 1)),
                          ("more", (99, n, 7)), ("too much", (99, n, 0, 0, 0))):
        raw = b"" if values is None else zip64(*values)
        yield f"full sizes in the directory, ZIP64 has {label}", build(
            Member(b"a", b"1" * 99, central_extra=raw, central={"size": FULL, "packed": FULL})), {
                "zip.zip64", "zip.mismatch", "zip.overlap"}
        yield f"full sizes in the record, ZIP64 has {label}", build(
            Member(b"a", b"1" * 99, local_extra=raw, local={"size": FULL, "packed": FULL})), {"zip.zip64", "zip.mismatch"}
    yield "a huge ZIP64 size", build(Member(b"a", b"1", central_extra=zip64((1 << 64) - 1), central={"size": FULL})), {
        "zip.mismatch"}
    yield "huge sizes everywhere", build(
        Member(b"a", b"1", central_extra=zip64(1 << 63, 1 << 63), central={"size": FULL, "packed": FULL},
               local_extra=zip64(1 << 63, 1 << 63), local={"size": FULL, "packed": FULL})), {"zip.overlap"}
    yield "a ZIP64 offset beyond", build(Member(b"a", b"1", central_extra=zip64(1 << 62), central={"offset": FULL})), {"zip.record"}


def packing():
    for method in (1, 6, 7, 9, 12, 14, 93, 95, 98, 99, 0xFFFF):
        yield f"method {method}", build(Member(b"a", b"1", method=method)), {"zip.method"}
    yield "encrypted", build(Member(b"a", b"1", flags=1)), {"zip.encrypted"}
    for bit in (4, 5, 6, 7, 8, 9, 10, 12, 13, 14, 15):
        yield f"flag {bit}", build(Member(b"a", b"1", flags=1 << bit)), {"zip.flags"}
    for needs in (64, 100, 255):
        yield f"needs {needs}", build(Member(b"a", b"1", needs=needs)), {"zip.version"}
    yield "stored with two sizes", build(Member(b"a", b"12", method=0, packed=b"1")), {"zip.stored_size"}
    yield "stored, wrong crc", build(Member(b"a", b"12", method=0, packed=b"13")), {"zip.crc"}
    yield "deflated, wrong crc", build(Member(b"a", b"12", packed=deflate(b"13"))), {"zip.crc"}
    yield "deflated, too long", build(Member(b"a", b"12", packed=deflate(b"123"))), {"zip.size"}
    yield "deflated, much too long", build(Member(b"a", b"12", packed=deflate(bytes(1 << 24)))), {"zip.size"}
    yield "deflated, too short", build(Member(b"a", b"12", packed=deflate(b"1"))), {"zip.size"}
    yield "deflated and more", build(Member(b"a", b"12", packed=deflate(b"12") + b"\0")), {"zip.deflate"}
    yield "deflated and more streams", build(Member(b"a", b"12", packed=deflate(b"12") * 2)), {"zip.deflate"}
    yield "deflated, cut off", build(Member(b"a", b"12" * 99, packed=deflate(b"12" * 99)[:-1])), {"zip.deflate"}
    yield "deflated, not ended", build(Member(b"a", b"12", packed=b"\x00\x02\x00\xfd\xff12")), {"zip.deflate"}
    yield "no bytes at all", build(Member(b"a", b"12", packed=b"")), {"zip.deflate"}
    yield "empty, and no bytes at all", build(Member(b"a", b"", packed=b"")), {"zip.deflate"}
    yield "a reserved block", build(Member(b"a", b"12", packed=b"\x07")), {"zip.deflate"}
    yield "a zlib header", build(Member(b"a", b"12", packed=zlib.compress(b"12"))), {"zip.deflate"}
    yield "a distance too far back", build(Member(b"a", b"1" * 9, packed=b"\x4b\x04\xa2\x00")), {"zip.deflate", "zip.size", "zip.crc"}
    yield "one byte above the ratio", build(Member(b"z", bytes((1 << 20) + 1))), {"zip.ratio"}
    yield "10 MiB of zeros", build(Member(b"z", bytes(10 << 20))), {"zip.ratio"}
    yield "a size of 20 MiB and one", build(Member(b"z", b"1", central={"size": (20 << 20) + 1}, local={"size": (20 << 20) + 1})), {
        "zip.member_size"}
    yield "50 MiB and more by their headers", build(
        *[Member(b"z%d" % i, b"1", central={"size": 20 << 20}, local={"size": 20 << 20}) for i in range(3)]), {"zip.unpacked"}
    yield "2,001 members", build(*[Member(b"f%d" % i, method=0) for i in range(2001)]), {"zip.members"}


def names():
    for name, rule in ((b"", "empty"), (b"/etc/passwd", "absolute"), (b"/", "absolute"), (b"../evil.py", "segment"),
                       (b"pkg/../../evil.py", "segment"), (b"pkg/..", "segment"), (b"..", "segment"), (b".", "segment"),
                       (b"./a.py", "segment"), (b"a/./b", "segment"), (b"a//b", "segment"), (b"..\\evil.py", "backslash"),
                       (b"pkg\\plugin.py", "backslash"), (b"C:/evil.py", "colon"), (b"C:evil.py", "colon"),
                       (b"a.py:stream", "colon"), (b"plugin.py\0.txt", "control"), (b"a\rb", "control"), (b"a\x1bb", "control"),
                       (b"a\x7fb", "control"), (b"a" * 256, "length"), (b"/".join([b"a"] * 21), "depth"),
                       ("é".encode(), "encoding"), (b"\xe9", "encoding"), (b"\x82", "encoding")):
        yield f"name {name[:20]!r}", build(Member(name, b"1")), {"zip.name_" + rule}
    for name, rule in (("a\u202egpj.exe".encode(), "control"), ("a\u0085".encode(), "control"), (b"a\xc0\xae", "encoding"),
                       (b"\xff\xfe", "encoding"), (b"\xed\xa0\x80", "encoding"), (b"a\xf4\x90\x80\x80", "encoding")):
        yield f"marked name {name!r}", build(Member(name, b"1", flags=0x800)), {"zip.name_" + rule}
    clash = {"zip.duplicate", "zip.collision", "zip.file_and_folder"}
    for a, b in (("a", "a"), ("a", "A"), ("a/b", "A/c"), ("a", "a/b"), ("a/b", "a"), ("a", "a/"), ("é", "e\u0301"),
                 ("ß", "SS"), ("ﬁ", "fi"), ("K", "\u212a"), ("Å", "\u212b"), ("a/É/x", "a/é/y"), ("a\u00ad", "a")):
        yield f"names {a!r} and {b!r}", build(
            Member(a.encode(), b"1", flags=0x800, attributes=0), Member(b.encode(), b"" if b[-1] == "/" else b"2", flags=0x800, attributes=0)), clash
    yield "a name twice in ignored folders", build(A, Member(b"__MACOSX/x"), Member(b"__MACOSX/X")), clash


def types():
    for label, mode in (("link", 0o120777), ("pipe", 0o010644), ("character device", 0o020644), ("block device", 0o060644),
                        ("socket", 0o140644), ("folder without a slash", 0o040755), ("odd type", 0o150000)):
        for system in (0, 3, 19):
            yield f"a {label}, made by {system}", build(
                Member(b"a", b"/etc/passwd", attributes=mode << 16, made_by=system << 8 | 20)), {"zip.link", "zip.file_type"}
    yield "a DOS folder without a slash", build(Member(b"a", b"1", attributes=0x10)), {"zip.file_type"}
    yield "a file with a slash", build(Member(b"a/", attributes=0o100644 << 16)), {"zip.file_type"}
    yield "a Windows link", build(Member(b"a", b"1", attributes=0x400, made_by=20)), {"zip.link"}
    yield "a folder with bytes", build(Member(b"a/", b"1", method=0, attributes=0o40755 << 16)), {"zip.folder_data"}


def zoo():
    for label, data in kind():
        yield label, data, None
    for source in (ends, wide_ends, records, descriptors, extras, packing, names, types):
        yield from source()
