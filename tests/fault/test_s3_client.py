"""What the client makes of a store that misbehaves: each trap of the protocol once, on the stub."""

import hashlib
import os
import subprocess
import time
from email.utils import formatdate

import pytest

from s3_client import Client, client_of
from s3_stub import S3Stub, Secret

BIG = 400_000
PATIENT = 120_000  # ms that a client waits for a store; what ends within the half has ended by something else
LATE = PATIENT // 2


@pytest.fixture
def stub(stub_store):
    return stub_store


@pytest.fixture
def bucket(stub):
    return stub.new_bucket()


@pytest.fixture
def client(stub, bucket):
    with client_of(stub, bucket, timeout_ms=PATIENT) as made:
        yield made


def hasty(stub, bucket, **options):
    """A client that gives up after a second."""
    return client_of(stub, bucket, timeout_ms=1000, **options)


# ---- what a status means ----


@pytest.mark.parametrize("status, code, end", [
    (429, "SlowDown", "busy"), (500, "InternalError", "busy"), (502, "", "busy"), (503, "SlowDown", "busy"),
    (504, "", "busy"), (408, "RequestTimeout", "busy"), (400, "RequestTimeout", "busy"), (409, "OperationAborted", "busy"),
    (409, "ConditionalRequestConflict", "busy"), (501, "NotImplemented", "unsupported"), (411, "", "refused"),
    (400, "EntityTooLarge", "refused"), (413, "", "refused"), (401, "", "bad-key"), (403, "AccessDenied", "denied"),
    (400, "ExpiredToken", "bad-key"), (403, "InvalidToken", "bad-key"), (400, "BadDigest", "damaged"),
    (412, "PreconditionFailed", "exists"), (304, "", "exists"), (307, "TemporaryRedirect", "refused"),
])
def test_what_a_status_means(stub, client, status, code, end):
    stub.rule("PUT", status=status, code=code)
    answer = client.put("k", text="x", create=True)
    assert (answer["err"], answer["end"], answer["status"]) == ("ok", end, status)
    if status != 304:
        assert answer["code"] == code
    assert answer["message"].startswith(f"put of k: {status}")


def test_an_answer_that_is_no_xml(stub, client):
    for body in (b"<html><body>Bad gateway</body></html>", b"", b"\xff\x00<Error>", b"<Error><Code>"):
        stub.clear()
        stub.rule("GET", status=503, body=body)
        answer = client.get("k", max=10)
        assert (answer["end"], answer["code"]) == ("busy", "")


def test_a_condition_that_was_not_asked_for(stub, client):
    stub.rule("PUT", status=412, code="PreconditionFailed")
    assert client.put("k", text="x")["end"] == "refused"


def test_a_304_is_an_existing_object_too(stub, client, bucket):
    stub.conditions = "304"
    assert client.put("k", text="x", create=True)["end"] == "ok"
    assert client.put("k", text="y", create=True)["end"] == "exists"
    assert stub.objects(bucket) == {"k": b"x"}


def test_a_store_without_conditions_is_found_out_by_reading_back(stub, client, bucket):
    stub.conditions = "ignored"
    assert client.put("k", text="x", create=True)["end"] == "ok"
    assert client.put("k", text="y", create=True)["end"] == "ok"
    assert client.get("k", max=10)["text"] == "y"
    stub.conditions = "unsupported"
    assert client.put("k", text="z", create=True)["end"] == "unsupported"
    assert stub.objects(bucket) == {"k": b"y"}


def test_what_a_key_may_not_do_is_named(stub, client):
    stub.users[stub.key].denied = ("GET",)
    stub_says = client.get("secret", max=10)
    assert stub_says["end"] == "denied"
    assert stub_says["message"] == "get of secret: 403 AccessDenied: Access Denied"
    assert client.list()["message"].startswith("list of the bucket: 403")
    assert client.put("k", text="x")["end"] == "ok"


def test_retry_after_is_reported(stub, client):
    stub.rule(status=503, code="SlowDown", retry_after=7, times=1)
    assert client.get("k", max=1)["retry_after"] == 7
    stub.rule(status=503, retry_after=formatdate(time.time() + 30, usegmt=True), times=1)
    assert 0 < client.get("k", max=1)["retry_after"] <= 31
    stub.rule(status=503, retry_after=10**9, times=1)
    assert client.get("k", max=1)["retry_after"] == 3600
    stub.rule(status=503, retry_after="soon", times=1)
    assert client.get("k", max=1)["retry_after"] == 0


def test_another_region_is_named_and_not_followed(stub, bucket):
    with client_of(stub, bucket, region="eu-west-9") as elsewhere:
        answer = elsewhere.put("k", text="x")
        assert (answer["end"], answer["code"]) == ("refused", "AuthorizationHeaderMalformed")
        assert answer["message"].endswith("(the bucket is in region us-east-1)")
    with S3Stub() as other, client_of(stub, bucket) as client:
        stub.rule(status=301, code="PermanentRedirect",
                  headers={"Location": other.endpoint + "/", "x-amz-bucket-region": "eu-x"})
        answer = client.get("k", max=10)
        assert answer["end"] == "refused" and answer["message"].endswith("(the bucket is in region eu-x)")
        assert other.requests == []  # a redirect would carry the signature elsewhere


# ---- answers that do not come ----


def test_a_timeout_may_have_happened(stub, bucket):
    with hasty(stub, bucket) as client:
        stub.rule("PUT", "^after", stall="after")
        stub.rule("PUT", "^before", stall="before")
        for key in ("after", "before"):
            answer = client.put(key, text="x", create=True)
            assert (answer["end"], answer["status"]) == ("unknown", 0)
            assert 900 <= answer["ms"] < LATE
        stub.clear()
    with client_of(stub, bucket) as client:
        assert client.put("after", text="x", create=True)["end"] == "exists"  # our own earlier write
        assert client.put("before", text="x", create=True)["end"] == "ok"


def test_a_connection_that_is_cut(stub, client, bucket):
    stub.rule("PUT", "^before", reset="before")
    stub.rule("PUT", "^after", reset="after")
    assert client.put("before", text="x", create=True)["end"] == "unknown"
    # On a fresh connection a cut is told at once; what was stored is there all the same.
    assert client.put("after", text="x", create=True)["end"] in ("unknown", "exists")
    assert stub.objects(bucket) == {"after": b"x"}


def test_a_store_that_is_away_and_comes_back(stub, client):
    assert client.put("k", text="x")["end"] == "ok"
    stub.close()
    away = client.put("k", text="x")
    assert away["end"] == "unknown" and away["ms"] < LATE
    stub.open()
    assert client.put("k", text="x")["end"] == "ok"


def test_a_body_that_stands_still_is_ended_by_the_clock(stub, client, bucket):
    stub.put(bucket, "k", b"x" * 1000)
    stub.rule("GET", stall_at=500)
    with hasty(stub, bucket) as other:
        answer = other.get_file("k", file="/dev/null", size=1000)
        assert answer["end"] == "unknown" and answer["ms"] < LATE


def test_stopping_ends_what_is_under_way(stub, client):
    stub.rule(stall="before")
    answer = client.get("k", max=10, cancel_ms=200)
    assert answer["end"] == "unknown" and answer["ms"] < LATE
    after = client.get("k", max=10)
    assert after["end"] == "unknown" and after["ms"] < LATE


def test_a_name_that_is_nowhere(stub):
    with client_of(stub, "bucket", endpoint="http://no-such-host.invalid:1", plain_http=1) as client:
        answer = client.get("k", max=10)
        assert answer["end"] == "unknown"


# ---- bytes that are not those ----


def test_what_is_damaged_is_told(stub, client, bucket, tmp_path):
    data = os.urandom(BIG)
    stub.put(bucket, "k", data)
    sha256, target = hashlib.sha256(data).hexdigest(), str(tmp_path / "k")
    for does, end in [({"flip": 0}, "damaged"), ({"flip": BIG - 1}, "damaged"), ({"cut": 0}, "damaged"),
                      ({"cut": BIG - 1}, "damaged"), ({"grow": b"x"}, "damaged"), ({"truncate": 0}, "unknown"),
                      ({"truncate": BIG // 2}, "unknown"), ({"truncate": BIG - 1}, "unknown"),
                      ({"etag": '"lie"'}, "ok")]:
        stub.clear()
        stub.rule("GET", **does)
        answer = client.get_file("k", file=target, size=BIG, sha256=sha256)
        assert (answer["err"], answer["end"]) == ("ok", end), does
    stub.clear()
    assert client.get_file("k", file=target)["size"] == BIG  # whatever comes


def test_an_error_is_not_written_into_the_file(stub, client, tmp_path):
    stub.rule("GET", status=503, code="SlowDown")
    (tmp_path / "k").write_bytes(b"")
    assert client.get_file("k", file=str(tmp_path / "k"))["end"] == "busy"
    assert (tmp_path / "k").read_bytes() == b""


def test_an_endless_error_is_not_read(stub, client):
    stub.rule("GET", status=500, body=b"x" * 20_000_000)
    answer = client.get("k", max=10)
    assert answer["end"] == "damaged"


@pytest.mark.parametrize("body", [
    b"", b"<a/>", b"not xml", b"<ListBucketResult>",
    b"<ListBucketResult><IsTruncated>true</IsTruncated></ListBucketResult>",
    b"<ListBucketResult><IsTruncated>true</IsTruncated><Contents><Key>a</Key><Size>1</Size></Contents></ListBucketResult>",
    b"<ListBucketResult><IsTruncated>false</IsTruncated><Contents><Key>p/b</Key><Size>1</Size></Contents>"
    b"<Contents><Key>p/a</Key><Size>1</Size></Contents></ListBucketResult>",
    b'<!DOCTYPE a [<!ENTITY b SYSTEM "file:///etc/passwd">]><ListBucketResult><IsTruncated>false</IsTruncated>'
    b"<Contents><Key>p/&b;</Key><Size>1</Size></Contents></ListBucketResult>",
])
def test_a_listing_that_is_none(stub, client, body):
    stub.rule("GET", status=200, body=body)
    answer = client.list(prefix="p/")
    assert answer["end"] == "damaged" and answer["objects"] == []


def test_a_listing_that_never_ends(stub, client):
    """The same page again and again, which says each time that there is more."""
    body = (b"<ListBucketResult><IsTruncated>true</IsTruncated><Contents><Key>a</Key><Size>1</Size></Contents>"
            b"</ListBucketResult>")
    stub.rule("GET", status=200, body=body)
    answer = client.list()
    assert (answer["end"], [o["key"] for o in answer["objects"]]) == ("damaged", ["a"])
    assert len(stub.requests) == 2


def test_2500_objects_in_three_pages(stub, client, bucket):
    names = [f"k/{i:05d}" for i in range(2500)]
    for name in names:
        stub.put(bucket, name, b"x")
    assert client.keys_below("k/") == names
    assert len(stub.requests) == 3
    some = client.list(prefix="k/", max=1500)
    assert ([o["key"] for o in some["objects"]], some["more"]) == (names[:1500], True)


# ---- clocks and keys ----


def test_a_date_that_lies_does_no_harm(stub, client):
    stub.date_offset = 3600
    assert client.put("k", text="x")["end"] == "ok"
    answer = client.put("k", text="x")
    assert answer["end"] == "ok" and abs(answer["offset"] - 3600_000) < 60_000
    assert [r[5] for r in stub.requests] == [200, 200]


def test_a_clock_is_corrected_with_one_more_request(stub, client):
    stub.clock_offset = 3600
    assert client.put("k", text="x")["end"] == "ok"
    assert [r[5] for r in stub.requests] == [403, 200]
    assert client.put("k", text="x")["end"] == "ok"
    stub.clock_offset = -3600  # and the other way, without a start
    assert client.put("k", text="x")["end"] == "ok"
    assert [r[5] for r in stub.requests] == [403, 200, 200, 403, 200]


def test_a_clock_that_cannot_be_met_is_given_up(stub, client):
    stub.clock_offset, stub.date_offset = 7200, -3600
    answer = client.put("k", text="x")
    assert (answer["end"], answer["code"]) == ("bad-key", "RequestTimeTooSkewed")
    assert len(stub.requests) == 2


def test_a_session_that_expires_and_is_renewed(stub, bucket):
    stub.users["ASIA1"] = Secret("secret1", "token+/=1")
    stub.users["ASIA2"] = Secret("secret2", "token+/=2")
    with client_of(stub, bucket, key="ASIA1", secret="secret1", token="token+/=1") as client:
        assert client.put("k", text="x")["end"] == "ok"
        stub.users["ASIA1"].expired = True
        answer = client.put("k", text="x")
        assert (answer["end"], answer["code"]) == ("bad-key", "ExpiredToken")
        assert client.keys("ASIA2", secret="secret2", token="wrong")["err"] == "ok"
        assert client.put("k", text="x")["code"] == "InvalidToken"
        assert client.keys("ASIA2", secret="secret2", token="token+/=2")["err"] == "ok"
        assert client.put("k", text="x")["end"] == "ok"
        url = client.presign("k", seconds=60)["url"]
        assert "X-Amz-Security-Token=token%2B%2F%3D2" in url
        for secret in ("secret1", "secret2"):
            assert secret not in url
        assert client.keys("ASIA2", secret="")["err"] == "invalid"


def test_a_key_brings_no_field_with_it(stub, client):
    assert client.keys("KEY\r\nX-Evil: 1", secret="s")["err"] == "ok"
    answer = client.put("k", text="x")
    assert answer["err"] == "invalid" and stub.requests == []


# ---- connections ----


def test_connections_are_kept(stub, client):
    for i in range(50):
        assert client.put(f"k/{i}", text="x")["end"] == "ok"
    assert client.keys_below("k/") and client.head("k/1")["end"] == "ok" and client.delete("k/1")["end"] == "ok"
    assert stub.connections == 1
    assert client.race("race", count=8)["ends"].count("ok") == 1
    assert stub.connections <= 9


def test_the_environment_brings_no_proxy(stub, bucket, monkeypatch):
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")
    monkeypatch.setenv("ALL_PROXY", "http://127.0.0.1:9")
    with client_of(stub, bucket) as client:
        assert client.put("k", text="x")["end"] == "ok"


def test_an_early_refusal_of_a_large_body(stub, bucket):
    with client_of(stub, bucket, secret="wrong") as client:
        answer = client.put("k", text="x" * 5_000_000)
        assert answer["end"] == "bad-key" and answer["ms"] < LATE


def test_the_bucket_in_front_of_the_host():
    with S3Stub(host_name="localhost") as stub:
        bucket = stub.new_bucket()
        with client_of(stub, bucket, virtual_host=1) as client:
            assert client.name == f"http://{bucket}.localhost:{stub.port}/"
            assert client.put("a/ü b", text="x")["end"] == "ok"
            assert client.keys_below() == ["a/ü b"]
            assert stub.objects(bucket) == {"a/ü b": b"x"}


# ---- what is refused before anything is sent ----


@pytest.mark.parametrize("options, field", [
    ({"endpoint": "http://192.0.2.1:9000"}, "s3-plain-http"), ({"endpoint": "minio:9000"}, "s3-endpoint"),
    ({"endpoint": "ftp://127.0.0.1"}, "s3-endpoint"), ({"endpoint": "https://user:pw@host"}, "s3-endpoint"),
    ({"endpoint": "https://host/path"}, "s3-endpoint"), ({"endpoint": "https://"}, "s3-endpoint"),
    ({"endpoint": "http://127.0.0.1.evil.example/"}, "s3-plain-http"), ({"bucket": "a"}, "s3-bucket"),
    ({"endpoint": "http://localhost.evil.example"}, "s3-plain-http"),
    ({"bucket": "a/b"}, "s3-bucket"), ({"bucket": "a..b"}, "s3-bucket"), ({"bucket": "-ab"}, "s3-bucket"),
    ({"region": "us east"}, "s3-region"), ({"prefix": "a"}, "s3-prefix"), ({"prefix": "/"}, "s3-prefix"),
    ({"prefix": "a//"}, "s3-prefix"), ({"prefix": "../"}, "s3-prefix"), ({"secret": ""}, "access key"),
])
def test_settings_that_cannot_be(stub, options, field):
    client = Client(**{"endpoint": stub.endpoint, "bucket": "bucket", "key": "k", "secret": "very-secret", **options})
    assert client.name == "" and field in client.refusal and "very-secret" not in client.refusal
    assert client.close()[0] == 2


def test_addresses_of_a_clouds_insides_are_never_called(stub):
    with client_of(stub, "bucket", endpoint="http://169.254.169.254", plain_http=1) as client:
        answer = client.get("latest", max=10)
        assert answer["end"] == "refused" and answer["ms"] < LATE


# ---- certificates ----


@pytest.fixture(scope="module")
def certificates(tmp_path_factory):
    folder = tmp_path_factory.mktemp("tls")

    def openssl(*argv):
        subprocess.run(["openssl", *argv], cwd=folder, check=True, capture_output=True)

    (folder / "names").write_text("subjectAltName=DNS:localhost,IP:127.0.0.1\n")
    (folder / "other").write_text("subjectAltName=DNS:other.example\n")
    openssl("req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", "ca.key", "-out", "ca.pem", "-days", "2",
            "-subj", "/CN=Private CA")
    for name, names, days in (("good", "names", "1"), ("expired", "names", "-1"), ("stranger", "other", "1")):
        openssl("req", "-newkey", "rsa:2048", "-nodes", "-keyout", f"{name}.key", "-out", f"{name}.csr", "-subj",
                "/CN=stub")
        openssl("x509", "-req", "-in", f"{name}.csr", "-CA", "ca.pem", "-CAkey", "ca.key", "-CAcreateserial", "-out",
                f"{name}.pem", "-days", days, "-extfile", names)
    return folder


@pytest.mark.parametrize("name, ca, end", [
    ("good", "ca.pem", "ok"), ("good", None, "unknown"), ("expired", "ca.pem", "unknown"),
    ("stranger", "ca.pem", "unknown"),
])
def test_certificates_are_checked(certificates, name, ca, end):
    with S3Stub(tls=(certificates / f"{name}.pem", certificates / f"{name}.key")) as stub:
        ca_file = str(certificates / ca) if ca else None
        with client_of(stub, stub.new_bucket(), ca_file=ca_file) as client:
            answer = client.put("k", text="x")
            assert answer["end"] == end, answer
            if end == "ok":
                assert client.put("k", text="y")["end"] == "ok" and stub.connections == 1
            else:
                assert "certificate" in answer["message"] or "SSL" in answer["message"]
