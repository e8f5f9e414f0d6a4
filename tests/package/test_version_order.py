"""Versions and dependencies against Python's own reader (the `packaging` library).

Larder's key of a version must order 10,000 generated pairs as packaging does, and both must accept
the same texts. A dependency that Larder accepts must mean the same to packaging; Larder may refuse
more (addresses, and what pip reads though PEP 508 does not have it).
"""

import random
import re

from packaging.requirements import InvalidRequirement, Requirement
from packaging.specifiers import InvalidSpecifier, Specifier
from packaging.utils import canonicalize_name
from packaging.version import InvalidVersion, Version

from reader import ask

PAIRS = 10_000


def number(rng):
    return rng.choice(("0", "1", "2", "9", "10", "00", "01", "007", "20261121", str(rng.randrange(10**rng.randint(1, 12)))))


def separator(rng):
    return rng.choice(("", "", ".", "-", "_"))


def version_text(rng):
    text = rng.choice(("", "", "", "v")) + (f"{number(rng)}!" if rng.random() < 0.1 else "")
    text += ".".join(number(rng) for _ in range(rng.randint(1, 4)))
    if rng.random() < 0.4:
        text += separator(rng) + rng.choice(("a", "b", "c", "rc", "alpha", "beta", "pre", "preview"))
        text += rng.choice(("", separator(rng) + number(rng)))
    if rng.random() < 0.3:
        text += rng.choice((f"-{number(rng)}", separator(rng) + rng.choice(("post", "rev", "r")) + rng.choice(("", separator(rng) + number(rng)))))
    if rng.random() < 0.3:
        text += separator(rng) + "dev" + rng.choice(("", separator(rng) + number(rng)))
    if rng.random() < 0.2:
        text += "+" + rng.choice(".-_").join(rng.choice((number(rng), "abc", "x1", "1x", "Ubuntu")) for _ in range(rng.randint(1, 3)))
    return text.upper() if rng.random() < 0.1 else text


def almost_version(rng):
    """A version with letters changed, mostly none any more."""
    text = list(version_text(rng))
    for _ in range(rng.randint(0, 2)):
        at = rng.randrange(len(text) + 1)
        text[at : at + rng.randrange(2)] = rng.choice("0123456789abcdevrpost.-_!+* xyz")
    return "".join(text)


def read_python(text):
    try:
        return Version(text)
    except InvalidVersion:
        return None


def test_versions_are_accepted_and_spelled_as_in_python():
    rng = random.Random(440)
    texts = [almost_version(rng) for _ in range(20_000)]
    valid = 0
    for text, answer in zip(texts, ask("v", texts)):
        python = read_python(text)
        expected = python is not None and len(text) <= 50 and text == text.strip()
        assert answer["ok"] == expected, text
        if expected:
            valid += 1
            assert answer["canonical"] == str(python), text
            assert answer["prerelease"] == python.is_prerelease, text
    assert 5_000 < valid < 19_000


def close_pair(rng):
    """Two versions that share a beginning: the pairs that tell orders apart."""
    a = version_text(rng)
    b = version_text(rng)
    if rng.random() < 0.7:
        cut = rng.randint(1, len(a))
        b = a[:cut] + rng.choice(("", "0", ".0", "a1", ".post1", ".dev1", "+1", "+a", b))
    return a, b


def test_ten_thousand_pairs_have_pythons_order():
    rng = random.Random(10_000)
    pairs = []
    while len(pairs) < PAIRS:
        a, b = close_pair(rng)
        if len(a) <= 50 and len(b) <= 50 and read_python(a) and read_python(b):
            pairs.append((a, b))
    keys = [bytes.fromhex(a["key"]) for a in ask("v", [text for pair in pairs for text in pair])]
    equal = 0
    for i, (a, b) in enumerate(pairs):
        ka, kb, va, vb = keys[2 * i], keys[2 * i + 1], Version(a), Version(b)
        assert (ka < kb, ka == kb) == (va < vb, va == vb), (a, b)
        equal += ka == kb
    assert equal > 100
    assert sorted(range(len(keys)), key=lambda i: keys[i]) == sorted(
        range(len(keys)), key=lambda i: Version(pairs[i // 2][i % 2]))


def requirement_text(rng):
    def blank():
        return rng.choice(("", "", " ", "\t"))

    def spec():
        op = rng.choice(("==", "!=", "<=", ">=", "<", ">", "~=", "===", "="))
        v = rng.choice(("1", "1.0", "2.1.3", "1.*", "1.0a1", "1.0.post1", "1!2", "v1", "1+x", "x", "", version_text(rng)))
        return op + blank() + v

    def value():
        return rng.choice(("os_name", "python_version", "extra", "'3.9'", '"nt"', "sys.platform", "platform_machine", "nonsense", "'it\"s'"))

    def term(depth=0):
        if depth < 3 and rng.random() < 0.2:
            return "(" + blank() + marker(depth + 1) + blank() + ")"
        return f"{value()}{rng.choice((' ', ''))}{rng.choice(('==', '!=', '<', '>=', '~=', ' in ', ' not in ', 'in', '=~'))}{blank()}{value()}"

    def marker(depth=0):
        return rng.choice((" and ", " or ", " and", "and ")).join(term(depth) for _ in range(rng.choice((1, 1, 2, 3))))

    text = blank() + rng.choice(("httpx", "My_Pkg", "a.b-c", "A", "a-", "-a", "_a", "a_", "x1", "a..b", "é")) + blank()
    if rng.random() < 0.3:
        text += "[" + blank() + rng.choice((",", " , ", ", ", " ")).join(rng.choice(("x", "Y_1", "z-")) for _ in range(rng.randint(0, 3))) + blank() + "]"
    if rng.random() < 0.7:
        specs = rng.choice((",", " ,", ", ", " ", ",,")).join(spec() for _ in range(rng.randint(1, 3)))
        text += blank() + rng.choice(("{}", "{}", "{}", "({})", "( {} )", "({}", "{})", "{},")).format(specs)
    if rng.random() < 0.4:
        text += blank() + ";" + blank() + marker() + blank()
    return text


def test_dependencies_mean_the_same_to_python():
    rng = random.Random(508)
    texts = [requirement_text(rng) for _ in range(20_000)]
    both = refused_here_only = 0
    for text, answer in zip(texts, ask("r", texts)):
        try:
            python = Requirement(text)
        except (InvalidRequirement, InvalidSpecifier):
            assert not answer["ok"], text
            continue
        if not answer["ok"]:
            refused_here_only += 1
            assert is_beyond_the_standard(text, python), (text, answer)
            continue
        both += 1
        assert answer["name"] == python.name and answer["key"] == canonicalize_name(python.name), text
        assert set(answer["extras"]) == python.extras, text
        specs = {Specifier(op + v) for op, v in zip(answer["specs"][::2], answer["specs"][1::2])}
        assert specs == set(python.specifier), text
        assert answer["marker"] == (python.marker is not None), text
    assert both > 2_000 and refused_here_only < both


def is_beyond_the_standard(text, python):
    """What packaging reads and Larder does not, each on purpose."""
    head = text.split(";")[0]
    versions = [s.version for s in python.specifier]
    return (
        head.rstrip().endswith((",", ", )", ",)"))  # a comma behind the last condition
        or re.search(r",\s*\)", head) is not None
        or "===" in head  # takes anything behind it, commas too
        or python.name.endswith("_")
        or re.search(r"[-_.][\],\s]", head) is not None  # an extra that ends in a sign
        or any(len(v) > 50 for v in versions)
    )
