"""The zoo, and what Python and a streaming reader make of everything Larder accepts.

Three readers, one archive: Larder, Python's zipfile (which starts at the end) and the one below
(which starts at the beginning and never looks at the directory). Where Larder accepts, all three
must see the same members with the same bytes; where they disagree, Larder must have refused.
"""

import hashlib
import io
import random
import struct
import zipfile
import zlib

import pytest

from reader import ask
from zip_build import Member, build
from zip_zoo import kind, zoo

MUTANTS = 6000
SLICE = 1500  # answers are judged in portions, so that a failure shows early


def python_view(data):
    """{name: sha256} as zipfile sees it; an exception where it refuses."""
    view = {}
    with zipfile.ZipFile(io.BytesIO(data)) as z:
        for info in z.infolist():
            assert info.filename not in view, "Python sees a name twice"
            view[info.filename] = hashlib.sha256(z.read(info)).hexdigest()
    return view


def stream_view(data):
    """The same, record by record from the first byte, as a reader of a pipe does."""
    view, at = {}, 0
    while data[at : at + 4] == b"PK\3\4":
        _, flags, method, _, _, crc, packed, size, name_n, extra_n = struct.unpack_from("<HHHHHIIIHH", data, at + 4)
        name = data[at + 30 : at + 30 + name_n].decode("utf-8" if flags & 0x800 else "ascii")
        extra, wide = data[at + 30 + name_n : at + 30 + name_n + extra_n], None
        while len(extra) >= 4:
            kind_, n = struct.unpack_from("<HH", extra)
            if kind_ == 1 and n >= 16:
                wide = struct.unpack_from("<QQ", extra, 4)
            extra = extra[4 + n :]
        if wide and size == 0xFFFFFFFF:
            size = wide[0]
        if wide and packed == 0xFFFFFFFF:
            packed = wide[1]
        at += 30 + name_n + extra_n
        if method == 8:  # the stream says where it ends
            d = zlib.decompressobj(-15)
            body = d.decompress(data[at:]) + d.flush()
            assert d.eof
            at = len(data) - len(d.unused_data)
        else:
            body = data[at : at + packed]
            at += packed
        if flags & 8:
            form = "<IQQ" if wide else "<III"
            skip = 4 if data[at : at + 4] == b"PK\7\x08" else 0
            crc, _, size = struct.unpack_from(form, data, at + skip)
            at += skip + struct.calcsize(form)
        assert (zlib.crc32(body), len(body)) == (crc, size)
        assert name not in view, "a streaming reader sees a name twice"
        view[name] = hashlib.sha256(body).hexdigest()
    assert data[at : at + 4] == b"PK\1\2"
    return view


def assert_agreement(label, data, answer):
    assert answer["ok"], (label, answer)
    ours = {m["name"]: m["sha256"] for m in answer["members"]}
    assert len(ours) == len(answer["members"]), label
    assert ours == python_view(data), label
    assert ours == stream_view(data), label


def test_the_zoo_is_judged_as_it_says():
    cases = list(zoo())
    assert len(cases) >= 300
    answers = ask("z", [data for _, data, _ in cases])
    wrong = []
    for (label, data, rules), answer in zip(cases, answers):
        if rules is None:
            if not answer["ok"]:
                wrong.append((label, answer["rules"], answer["sentence"]))
            else:
                assert_agreement(label, data, answer)
        elif answer["ok"] or answer["err"] != "invalid" or not rules & set(answer["rules"]):
            wrong.append((label, "expected", rules, "got", answer.get("rules", "accepted")))
    assert not wrong, "\n".join(map(str, wrong))


def test_every_rule_but_memory_is_met_in_the_zoo():
    answers = ask("z", [data for _, data, _ in zoo()])
    met = {rule for a in answers if not a["ok"] for rule in a["rules"]}
    table = (ask.__globals__["ROOT"] / "src/package/zip_rules.c").read_text()
    ids = {part.split('"')[0] for part in table.split('{"')[1:]} - {"zip.fine"}
    assert ids - met == set()


def bend(rng, data):
    out = bytearray(data)
    for _ in range(rng.randint(1, 4)):
        at, n, other = rng.randrange(len(out)), rng.randint(1, 60), rng.randrange(len(out))
        act = rng.randrange(7)
        if act == 0:
            out[at] ^= 1 << rng.randrange(8)
        elif act == 1:
            out[at] = rng.choice((0, 1, 0x50, 0x7F, 0x80, 0xFF))
        elif act == 2:
            out[at:at] = out[other : other + n]
        elif act == 3:
            del out[at : at + n]
        elif act == 4:
            out[at : at + n] = out[other : other + n]
        elif act == 5:  # a whole field of a header
            marks = [i for i in range(len(out) - 4) if out[i : i + 2] == b"PK"]
            if marks:
                field = rng.choice(marks) + rng.randrange(4, 46)
                out[field : field + 2] = struct.pack("<H", rng.choice((0, 1, 8, 255, 0xFFFF, rng.randrange(65536))))
        else:
            out[at : at + 4] = struct.pack("<I", rng.choice((0, 1, len(out), 0xFFFFFFFF, rng.randrange(1 << 32))))
        if not out:
            out = bytearray(b"PK")
    return bytes(out)


def small_ones():
    return [d for _, d in kind() if len(d) < 3000]


@pytest.mark.parametrize("part", range(MUTANTS // SLICE))
def test_what_is_accepted_reads_the_same_everywhere(part):
    rng = random.Random(20_000 + part)
    seeds = small_ones()
    mutants = [bend(rng, rng.choice(seeds)) for _ in range(SLICE)]
    accepted = 0
    for i, (data, answer) in enumerate(zip(mutants, ask("z", mutants))):
        if answer["ok"]:
            accepted += 1
            assert_agreement((part, i), data, answer)
        else:
            assert answer["err"] == "invalid" and answer["rules"], (part, i, answer)
    assert accepted > 0  # times, modes and comments may change without harm


def test_generated_archives_are_accepted_and_read_the_same():
    rng = random.Random(7)
    archives = []
    for _ in range(400):
        members = []
        for i in range(rng.randint(1, 12)):
            data = bytes(rng.choices(b"ab\n\0\xff", k=rng.randrange(400)))
            streamed = rng.choice((None, None, "sig32", "bare32"))
            method = 8 if streamed else rng.choice((0, 8))
            name = f"{rng.choice(('', 'd/', 'd/e/', 'é/'))}f{i}"
            members.append(Member(name.encode(), data, method=method, flags=0x800, descriptor=streamed))
        archives.append(build(*members, comment=b"c" * rng.randrange(30)))
    for i, (data, answer) in enumerate(zip(archives, ask("z", archives))):
        assert_agreement(i, data, answer)
