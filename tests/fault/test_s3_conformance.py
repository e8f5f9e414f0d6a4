"""The same questions to every object store there is here, through Larder's own client.

What the stub answers is compared with what Ceph's gateway answers, and with Swift's where all tests
run: so the stub is calibrated, and the client is known to work on something we did not write.
"""

import hashlib
import os
import urllib.error
import urllib.request

import pytest

from ceph import aws, s3cmd
from s3_client import client_of

EVERYTHING = os.environ.get("LARDER_TEST_ALL") == "1"
EMPTY = "d41d8cd98f00b204e9800998ecf8427e"
ODD_KEYS = [
    "a b", "plus+sign", "at@1", "star*", "apostrophe'", "round(1)", "and&", "per%20cent", "hash#1", "semi;colon",
    "back\\slash", "less<than>", "quote\"", "equals=1", "question?", "tilde~", "comma,colon:", "ünï/çödé",
    "dollar$", "brackets[1]{2}", "pipe|caret^", "bang!",
]


@pytest.fixture(params=["stub", "ceph"] + (["swift"] if EVERYTHING else []))
def store(request):
    return request.getfixturevalue(request.param + "_store")


@pytest.fixture
def client(store):
    with client_of(store, store.new_bucket()) as made:
        made.bucket, made.atomic = made.name.split("/")[3], store.atomic
        yield made


def test_an_object_comes_back(store, client):
    text = "ä" * 5000
    put = client.put("a/b.json", text=text)
    assert (put["end"], put["status"]) == ("ok", 200)
    assert put["etag"] == hashlib.md5(text.encode()).hexdigest()
    got = client.get("a/b.json", max=100000)
    assert (got["end"], got["text"], got["size"]) == ("ok", text, 10000)
    head = client.head("a/b.json")
    assert (head["end"], head["size"], head["etag"]) == ("ok", 10000, put["etag"])
    assert client.get("a/b.json", max=9999)["end"] == "damaged"
    assert abs(put["offset"]) < 5000
    seen = aws(store, "s3", "cp", f"s3://{client.bucket}/a/b.json", "-").stdout
    assert seen.decode() == text


def test_nothing_is_an_object_too(client):
    assert client.put("empty", text="")["end"] == "ok"
    got = client.get("empty", max=10)
    assert (got["end"], got["text"], got["etag"]) == ("ok", "", EMPTY)


def test_what_is_absent_is_told_from_what_is_denied(store, client):
    for answer in (client.get("no", max=1), client.head("no"), client.get_file("no", file="/dev/null")):
        assert (answer["end"], answer["status"]) == ("absent", 404), answer
    assert client.get("no", max=1)["code"] == "NoSuchKey"
    assert client.delete("no")["end"] == "ok"
    with client_of(store, "larder-no-such-bucket") as nowhere:
        assert nowhere.put("k", text="x")["end"] == "no-bucket"
        assert nowhere.get("k", max=1)["end"] == "no-bucket"
        assert nowhere.list()["end"] == "no-bucket"


def test_a_wrong_key_and_a_wrong_secret(store, client):
    for wrong in ({"key": "NOBODY"}, {"secret": "wrong"}):
        with client_of(store, client.bucket, **wrong) as other:
            for answer in (other.put("k", text="x"), other.get("k", max=1), other.list()):
                assert (answer["end"], answer["status"]) == ("bad-key", 403), answer
                assert store.secret not in str(answer)
            assert other.head("k")["end"] == "denied"  # an answer without a body cannot say more
            assert other.keys(store.key, secret=store.secret)["err"] == "ok"
            assert other.put("k", text="x")["end"] == "ok"  # new keys, the same client


def test_a_file_goes_and_comes(client, tmp_path):
    data = os.urandom(3_000_000)
    (tmp_path / "up").write_bytes(data)
    sha256 = hashlib.sha256(data).hexdigest()
    there = str(tmp_path / "up")
    put = client.put_file("blob", file=there, size=len(data), sha256=sha256, create=client.atomic)
    assert put["end"] == "ok"
    got = client.get_file("blob", file=str(tmp_path / "down"), size=len(data), sha256=sha256)
    assert (got["end"], got["size"]) == ("ok", len(data))
    assert (tmp_path / "down").read_bytes() == data
    assert client.get_file("blob", file="/dev/null", size=len(data) - 1, sha256=sha256)["end"] == "damaged"
    assert client.get_file("blob", file="/dev/null", size=len(data) + 1, sha256=sha256)["end"] == "damaged"
    other = hashlib.sha256(b"other").hexdigest()
    assert client.get_file("blob", file="/dev/null", size=len(data), sha256=other)["end"] == "damaged"
    assert client.get_file("blob", file="/dev/full", size=len(data), sha256=sha256)["err"] != "ok"  # ours, not theirs


def test_a_file_that_has_changed_is_not_sent(client, tmp_path):
    (tmp_path / "up").write_bytes(b"other bytes")
    sha256 = hashlib.sha256(b"these bytes").hexdigest()
    assert client.put_file("k", file=str(tmp_path / "up"), size=11, sha256=sha256)["err"] == "corrupt"
    assert client.put_file("k", file=str(tmp_path / "up"), size=12, sha256=sha256)["err"] != "ok"
    assert client.head("k")["end"] == "absent"


def test_what_exists_is_not_overwritten(store, client):
    first = client.put("claim", text="first", create=True)
    if not client.atomic:
        assert first["end"] == "unsupported"
        return
    assert first["end"] == "ok"
    second = client.put("claim", text="second", create=True)
    assert (second["end"], second["status"]) == ("exists", 412)
    assert client.get("claim", max=100)["text"] == "first"
    assert client.put("claim", text="third")["end"] == "ok"
    assert client.get("claim", max=100)["text"] == "third"
    assert client.delete("claim")["end"] == "ok"
    assert client.put("claim", text="fourth", create=True)["end"] == "ok"


def test_a_race_has_one_winner(client):
    for size in (16, 200_000):
        ends = client.race(f"race/{size}", count=12, size=size)["ends"]
        if not client.atomic:
            assert set(ends) == {"unsupported"}
            continue
        assert ends.count("ok") == 1, ends
        assert set(ends) <= {"ok", "exists", "busy"}  # a loser may be told to come again
        winner = ends.index("ok")
        assert client.get(f"race/{size}", max=1_000_000)["text"].startswith(f"writer {winner}\0")


def test_listing(client):
    names = [f"n/{i:04d}" for i in range(23)]
    for name in names + ["m", "n", "o"]:
        assert client.put(name, text="x" * 7)["end"] == "ok"
    assert client.keys_below("n/") == names
    assert client.keys_below() == sorted(names + ["m", "n", "o"])
    assert client.keys_below("n/", after="n/0020") == names[21:]
    first = client.list(prefix="n/", max=10)
    assert ([o["key"] for o in first["objects"]], first["more"]) == (names[:10], True)
    assert {(o["size"], o["etag"]) for o in first["objects"]} == {(7, hashlib.md5(b"x" * 7).hexdigest())}
    last = client.list(prefix="n/", after="n/0012", max=10)
    assert ([o["key"] for o in last["objects"]], last["more"]) == (names[13:], False)
    assert client.list(prefix="nothing/")["objects"] == []


def test_odd_keys(store, client):
    for key in ODD_KEYS:
        assert client.put(key, text=key)["end"] == "ok", key
    assert client.keys_below() == sorted(ODD_KEYS, key=str.encode)
    for key in ODD_KEYS:
        assert client.get(key, max=100)["text"] == key
        assert client.keys_below(key[:-1])[0] in ODD_KEYS  # signed with an odd prefix
    for key in ODD_KEYS:
        assert client.delete(key)["end"] == "ok"
    assert client.keys_below() == []


def test_keys_that_cannot_be(client):
    for key in ("", "a//b", "/a", "a/", "./a", "a/../b", "a/.", "tab\tno", "x" * 1025, "nul\u0001"):
        answer = client.put(key, text="x")
        assert (answer["err"], answer["status"]) == ("invalid", 0), key


def test_others_read_what_we_wrote_and_we_read_theirs(store, client):
    assert client.put("von uns/ä+b é@1", text="hello")["end"] == "ok"
    listed = s3cmd(store, "ls", "--recursive", f"s3://{client.bucket}").stdout.decode()
    assert "von uns/ä+b é@1" in listed
    assert s3cmd(store, "get", f"s3://{client.bucket}/von uns/ä+b é@1", "-").stdout == b"hello"
    aws(store, "s3", "cp", "-", f"s3://{client.bucket}/von dort/ü+b", stdin=b"servus")
    assert client.get("von dort/ü+b", max=100)["text"] == "servus"


def test_a_prefix_of_our_own(store, client):
    with client_of(store, client.bucket, prefix="team a/larder/") as ours:
        assert ours.name.endswith("/team a/larder/")
        assert ours.put("k/1", text="x", create=client.atomic)["end"] == "ok"
        assert client.put("z", text="x")["end"] == "ok"
        assert ours.keys_below() == ["k/1"]
        assert ours.keys_below(after="k/0") == ["k/1"]
    assert client.keys_below() == ["team a/larder/k/1", "z"]


def test_an_address_to_hand_out(store, client):
    assert client.put("p/a+b c.zip", text="hello")["end"] == "ok"
    url = client.presign("p/a+b c.zip", seconds=60, text='attachment; filename="a b.zip"')["url"]
    with urllib.request.urlopen(url, timeout=30) as got:
        assert got.read() == b"hello"
        if store.atomic:  # Swift's own has another way to say it
            assert got.headers["Content-Disposition"] == 'attachment; filename="a b.zip"'
    with pytest.raises(urllib.error.HTTPError) as refused:
        urllib.request.urlopen(url.replace("a%2Bb", "a%2Bc"), timeout=30)
    assert refused.value.code == 403


def test_a_bucket_is_made_once(store):
    with client_of(store, store.new_bucket() + "-made") as client:
        assert client.list()["end"] == "no-bucket"
        assert client.make()["end"] == "ok"
        assert client.make()["end"] == "ok"
        assert client.keys_below() == []


def test_a_clock_that_is_wrong_is_corrected_once(store, client):
    for minutes in (-20, 20):
        with client_of(store, client.bucket, clock_shift_ms=minutes * 60000) as skewed:
            put = skewed.put("k", text="x")
            assert put["end"] == "ok", put
            assert abs(put["offset"] + minutes * 60000) < 10000
            assert skewed.head("k")["end"] == "ok"
            assert skewed.presign("k", seconds=60)["url"]
    with client_of(store, client.bucket, clock_shift_ms=3600000) as skewed:
        assert skewed.head("k")["end"] == "ok"  # the first answer has no body that names the reason


def test_a_session_token_is_signed_with_the_rest(store, client):
    with client_of(store, client.bucket, token="abc+/=") as other:
        assert other.put("k", text="x")["end"] in ("ok", "bad-key")  # it was read: nothing else failed


def test_a_put_that_breaks_off_leaves_no_half(store, client):
    cancelled = client.put("half", text="x" * 5_000_000, cancel_ms=1)
    assert cancelled["end"] in ("unknown", "ok")
    assert client.put("half", text="x")["end"] == "unknown"  # cancelled once, cancelled for good
    with client_of(store, client.bucket) as other:
        seen = other.head("half")
        assert seen["end"] == "absent" or seen["size"] == 5_000_000
