"""Our signatures beside those of the AWS command line's library, over keys and secrets made at random.

The published vectors stand in the unit tests; here somebody else's program signs the same request.
Addresses to hand out are compared, which need no server; what is sent is checked by real ones in
test_s3_conformance.py.
"""

import datetime
import random
import string
import types
import urllib.parse

import awscli.clidriver  # noqa: F401, the library is reachable once this is there
import awscli.botocore.auth as theirs
from awscli.botocore.awsrequest import AWSRequest
from awscli.botocore.credentials import Credentials
from s3_client import client_of

LETTERS = string.ascii_letters + string.digits + "-_.~ +@!$&'()*,;:=%#?<>[]{}|^`\"\\äß語🙂"


def some_text(rnd, letters, most):
    return "".join(rnd.choice(letters) for _ in range(rnd.randrange(1, most)))


def some_key(rnd):
    parts = [some_text(rnd, LETTERS, 12) for _ in range(rnd.randrange(1, 5))]
    return "/".join("x" + p if p.strip(".") == "" else p for p in parts)


def signed_by_others(monkeypatch, credentials, region, url, expires):
    """Their address for the same object, hour and extra fields."""
    ours = urllib.parse.urlsplit(url)
    asked = dict(urllib.parse.parse_qsl(ours.query, keep_blank_values=True))
    now = datetime.datetime.strptime(asked["X-Amz-Date"], "%Y%m%dT%H%M%SZ")
    clock = types.SimpleNamespace(datetime=types.SimpleNamespace(utcnow=lambda: now))
    monkeypatch.setattr(theirs, "datetime", clock)
    extra = {k: v for k, v in asked.items() if not k.startswith("X-Amz-")}
    query = urllib.parse.urlencode(extra, quote_via=urllib.parse.quote, safe="-_.~")
    request = AWSRequest("GET", urllib.parse.urlunsplit(ours._replace(query=query)))
    theirs.S3SigV4QueryAuth(credentials, "s3", region, expires).add_auth(request)
    return asked, dict(urllib.parse.parse_qsl(urllib.parse.urlsplit(request.url).query, keep_blank_values=True))


def test_another_signer_says_the_same(stub_store, monkeypatch):
    rnd, compared = random.Random(20260214), 0
    for _ in range(10):
        key, secret = some_text(rnd, string.ascii_uppercase + string.digits, 24), some_text(rnd, string.ascii_letters + "+/=", 48)
        token = some_text(rnd, string.ascii_letters + "+/=", 200) if rnd.random() < 0.5 else None
        region = rnd.choice(["us-east-1", "eu-central-1", "auto"])
        with client_of(stub_store, "a-bucket", key=key, secret=secret, token=token, region=region) as client:
            for _ in range(20):
                seconds, words = rnd.randrange(1, 7 * 24 * 3600), some_text(rnd, string.ascii_letters + ' ;="+&%', 30)
                answer = client.presign(some_key(rnd), seconds=seconds, text=words if rnd.random() < 0.5 else None)
                asked, expected = signed_by_others(monkeypatch, Credentials(key, secret, token), region, answer["url"], seconds)
                assert asked == expected, answer["url"]
                compared += 1
    assert compared == 200
