"""An object store of the tests' own, which misbehaves on command.

It is calibrated, not trusted: tests/fault/test_s3_conformance.py puts the same questions to it and
to Ceph's gateway. It checks signatures, payload hashes and clocks as strictly as those do, knows
path and virtual-host style, create-if-absent, both listings, ranges and presigned addresses; it does
not know multipart uploads, versions or access lists. Objects live in memory.

    with S3Stub() as stub:
        stub.endpoint, stub.key, stub.secret; stub.new_bucket()
        stub.objects(bucket)                          a dict: key -> bytes
        rule = stub.rule("PUT", r"^log/", status=503, code="SlowDown", retry_after=2, times=3)
        rule.hits                                     how often it has struck
        stub.clear()                                  behave again
        stub.requests                                 (seconds, method, bucket, key, query, status or 0)

A rule may do one of:
    status=503, code="SlowDown", retry_after=2, body=b"..."   an answer of its own
    reset="before" | "after"        the connection is cut before | after the request took effect
    stall="before" | "after"        no answer until clear(); before | after it took effect
    stall_at=100                    a GET stands still after so many bytes of its body
    truncate=100                    a GET promises all bytes and breaks off after so many
    cut=100                         a GET ends after so many bytes as if that were all
    flip=100                        a GET has one bit wrong at this place
    grow=b"x"                       a GET has more bytes than the object
    etag='"lie"'                    another ETag
    then=function(stub)             called before the request takes effect; behaves otherwise
and `after=n` lets n matching requests pass first.

Modes of the whole stub:
    stub.conditions = "atomic" | "unsupported" (501) | "ignored" (200, overwritten) | "304"
    stub.clock_offset, stub.date_offset       seconds: of its clock | of its Date header alone
    stub.users[key] = Secret(secret, token, expired)
"""

import base64
import calendar
import contextlib
import dataclasses
import hashlib
import hmac
import http.server
import itertools
import re
import socket
import socketserver
import ssl
import struct
import sys
import threading
import time
import urllib.parse
from email.utils import formatdate
from xml.sax.saxutils import escape

UNRESERVED = "-_.~"
SKEW = 15 * 60
PAGE = 1000


@dataclasses.dataclass
class Secret:
    secret: str
    token: str = None
    expired: bool = False
    denied: tuple = ()  # methods that this key may not use


@dataclasses.dataclass
class Object:
    data: bytes
    etag: str
    at: float
    headers: dict


@dataclasses.dataclass
class Rule:
    method: str
    match: re.Pattern
    times: int
    after: int
    does: dict
    hits: int = 0

    def __post_init__(self):
        self.released = threading.Event()


class Refusal(Exception):
    def __init__(self, status, code, message="", region=None):
        super().__init__(code)
        self.status, self.code, self.message, self.region = status, code, message, region


def encode(text, keep=""):
    return urllib.parse.quote(text, safe=UNRESERVED + keep)


def digest(key, text):
    return hmac.new(key, text.encode(), hashlib.sha256).digest()


def signature(secret, stamp, scope, canonical):
    key = ("AWS4" + secret).encode()
    for part in scope.split("/"):
        key = digest(key, part)
    text = "\n".join(("AWS4-HMAC-SHA256", stamp, scope, hashlib.sha256(canonical.encode()).hexdigest()))
    return digest(key, text).hex()


def parse_stamp(text):
    try:
        return calendar.timegm(time.strptime(text, "%Y%m%dT%H%M%SZ"))
    except ValueError:
        raise Refusal(403, "AccessDenied", "the date is none") from None


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server_version, sys_version = "Stub", ""
    timeout = 60

    def setup(self):
        super().setup()
        self.connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.stub = self.server.stub
        self.stub.connections += 1

    def log_message(self, *_):
        pass

    def date_time_string(self, timestamp=None):
        return formatdate(self.stub.now() + self.stub.date_offset, usegmt=True)

    # ---- the request ----

    def read_request(self):
        path, _, query = self.path.partition("?")
        self.path_text = urllib.parse.unquote(path)
        pairs = [p.partition("=") for p in query.split("&") if p]
        self.query = [(urllib.parse.unquote(n), urllib.parse.unquote(v)) for n, _, v in pairs]
        self.ask = dict(self.query)
        host = self.headers.get("Host", "")
        name = self.server.host_name
        if host.endswith("." + name):
            self.bucket, self.key = host[: -len(name) - 1], self.path_text[1:]
        else:
            self.bucket, _, self.key = self.path_text[1:].partition("/")
        length = self.headers.get("Content-Length")
        if self.headers.get("Transfer-Encoding"):
            raise Refusal(501, "NotImplemented", "chunked bodies")
        if length is None and self.command == "PUT":
            raise Refusal(411, "MissingContentLength")
        self.body = self.rfile.read(int(length or 0))
        if len(self.body) != int(length or 0):
            raise ConnectionError("half a request")

    def canonical(self, signed, payload, without=()):
        query = "&".join(sorted(f"{encode(n)}={encode(v)}" for n, v in self.query if n not in without))
        headers = "".join(f"{n}:{' '.join((self.headers.get(n) or '').split())}\n" for n in signed)
        return "\n".join((self.command, encode(self.path_text, "/"), query, headers, ";".join(signed), payload))

    def check_scope(self, credential, stamp):
        key, _, scope = credential.partition("/")
        parts = scope.split("/")
        user = self.stub.users.get(key)
        if user is None:
            raise Refusal(403, "InvalidAccessKeyId", "no such key")
        if len(parts) != 4 or parts[0] != stamp[:8] or parts[2:] != ["s3", "aws4_request"]:
            raise Refusal(400, "AuthorizationHeaderMalformed", "the scope is none")
        if parts[1] != self.stub.region:
            raise Refusal(400, "AuthorizationHeaderMalformed", "another region", self.stub.region)
        return user, scope

    def check_token(self, user, token):
        if user.expired:
            raise Refusal(400, "ExpiredToken", "the token has expired")
        if user.token is not None and token != user.token:
            raise Refusal(403, "InvalidToken", "the token is not the one")

    def check_header(self):
        fields = re.fullmatch(
            r"AWS4-HMAC-SHA256 Credential=([^,\s]+), ?SignedHeaders=([^,\s]+), ?Signature=([0-9a-f]{64})",
            self.headers["Authorization"],
        )
        if fields is None:
            raise Refusal(400, "AuthorizationHeaderMalformed")
        stamp, signed = self.headers.get("x-amz-date", ""), fields[2].split(";")
        payload = self.headers.get("x-amz-content-sha256")
        if payload is None:
            raise Refusal(400, "MissingSecurityHeader", "x-amz-content-sha256")
        must = {"host"} | {n.lower() for n in self.headers if n.lower().startswith("x-amz-")}
        if not must <= set(signed) or signed != sorted(signed):
            raise Refusal(403, "AccessDenied", "there were headers which were not signed")
        user, scope = self.check_scope(fields[1], stamp)
        if abs(parse_stamp(stamp) - self.stub.now()) > SKEW:
            raise Refusal(403, "RequestTimeTooSkewed", "the clocks are too far apart")
        if signature(user.secret, stamp, scope, self.canonical(signed, payload)) != fields[3]:
            raise Refusal(403, "SignatureDoesNotMatch", "the signature does not match")
        self.check_token(user, self.headers.get("x-amz-security-token"))
        if payload.startswith("STREAMING-"):
            raise Refusal(501, "NotImplemented", "chunk signatures")
        if payload != "UNSIGNED-PAYLOAD" and payload != hashlib.sha256(self.body).hexdigest():
            raise Refusal(400, "XAmzContentSHA256Mismatch", "the body is not that of its hash")
        return user

    def check_presigned(self):
        ask = self.ask
        stamp = ask.get("X-Amz-Date", "")
        user, scope = self.check_scope(ask.get("X-Amz-Credential", ""), stamp)
        begun = parse_stamp(stamp)
        if self.stub.now() > begun + int(ask.get("X-Amz-Expires", "0")) or begun > self.stub.now() + SKEW:
            raise Refusal(403, "AccessDenied", "the address has expired")
        signed = ask.get("X-Amz-SignedHeaders", "").split(";")
        text = self.canonical(signed, "UNSIGNED-PAYLOAD", without=("X-Amz-Signature",))
        if signature(user.secret, stamp, scope, text) != ask.get("X-Amz-Signature"):
            raise Refusal(403, "SignatureDoesNotMatch", "the signature does not match")
        self.check_token(user, ask.get("X-Amz-Security-Token"))
        return user

    def check(self):
        if self.headers.get("Authorization"):
            user = self.check_header()
        elif "X-Amz-Signature" in self.ask:
            user = self.check_presigned()
        else:
            raise Refusal(403, "AccessDenied", "nobody is known here")
        if self.command in user.denied:
            raise Refusal(403, "AccessDenied", "Access Denied")
        md5 = self.headers.get("Content-MD5")
        if md5 and md5 != base64.b64encode(hashlib.md5(self.body).digest()).decode():
            raise Refusal(400, "BadDigest", "the body is not that of its MD5")

    # ---- answers ----

    def send(self, status, body=b"", headers=None, length=None):
        fields = {"Content-Type": "application/xml", **(headers or {})}
        self.send_response(status)
        for name, value in fields.items():
            self.send_header(name, value)
        if status not in (204, 304):
            self.send_header("Content-Length", str(len(body) if length is None else length))
        self.note(status)  # before anybody is told, so that a test finds what it was told of
        self.end_headers()  # still in the buffer of wfile
        if self.command != "HEAD" and status not in (204, 304):
            self.wfile.write(body)
        self.wfile.flush()

    def send_xml(self, root, inside, status=200):
        text = f'<?xml version="1.0" encoding="UTF-8"?><{root}>{inside}</{root.split(" ")[0]}>'
        self.send(status, text.encode())

    def send_error_xml(self, e, headers=None):
        text = (
            f'<?xml version="1.0" encoding="UTF-8"?><Error><Code>{e.code}</Code>'
            f"<Message>{escape(e.message)}</Message>{f'<Region>{e.region}</Region>' if e.region else ''}"
            "<RequestId>stub</RequestId></Error>"
        )
        self.send(e.status, text.encode(), headers)

    def cut(self):
        """RST: what is still in the buffers is thrown away."""
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.close_connection = True
        raise ConnectionError("cut on purpose")

    def stand_still(self, rule):
        self.wfile.flush()
        while not rule.released.wait(0.05):
            if self.stub.closing:
                break
        self.close_connection = True
        raise ConnectionError("stood still on purpose")

    # ---- what it does ----

    def handle_one(self):
        self.key, self.bucket, self.query, self.noted, self.rule = "", "", [], False, None
        try:
            try:
                self.read_request()
                self.rule = self.stub.take_rule(self.command, self.key)
                does = self.rule.does if self.rule else {}
                if does.get("then"):
                    does["then"](self.stub)
                if does.get("reset") == "before":
                    self.cut()
                if does.get("stall") == "before":
                    self.stand_still(self.rule)
                if does.get("status"):
                    return self.answer_as_told(does)
                self.check()
                self.act()
            except Refusal as e:
                self.close_connection |= not hasattr(self, "body")
                self.send_error_xml(e)
        except (ConnectionError, TimeoutError, ssl.SSLError):
            self.close_connection = True
            self.note(0)

    def note(self, status):
        if not self.noted:
            self.noted = True
            row = (time.monotonic(), self.command, self.bucket, self.key, dict(self.query), status)
            self.stub.requests.append(row)

    do_GET = do_PUT = do_HEAD = do_DELETE = do_POST = handle_one

    def answer_as_told(self, does):
        headers = {"Retry-After": str(does["retry_after"])} if "retry_after" in does else {}
        headers.update(does.get("headers", {}))
        if "body" in does:
            self.send(does["status"], does["body"], headers)
        else:
            self.send_error_xml(Refusal(does["status"], does.get("code", "InternalError"), "on purpose"), headers)

    def after_effect(self):
        """Called when the store has changed and before anybody is told."""
        does = self.rule.does if self.rule else {}
        if does.get("reset") == "after":
            self.cut()
        if does.get("stall") == "after":
            self.stand_still(self.rule)

    def act(self):
        stub = self.stub
        if not self.bucket:
            inside = "".join(f"<Bucket><Name>{b}</Name><CreationDate>2026-01-01T00:00:00.000Z</CreationDate></Bucket>"
                             for b in sorted(stub.buckets))
            return self.send_xml("ListAllMyBucketsResult", f"<Owner><ID>stub</ID></Owner><Buckets>{inside}</Buckets>")
        if not self.key:
            return self.act_on_bucket()
        with stub.lock:
            bucket = stub.buckets.get(self.bucket)
        if bucket is None:
            raise Refusal(404, "NoSuchBucket", "there is no such bucket")
        if self.command == "PUT":
            return self.put(bucket)
        if self.command == "DELETE":
            with stub.lock:
                bucket.pop(self.key, None)
            self.after_effect()
            return self.send(204)
        if self.command in ("GET", "HEAD"):
            return self.get(bucket)
        raise Refusal(501, "NotImplemented", self.command)

    def act_on_bucket(self):
        stub = self.stub
        with stub.lock:
            there = self.bucket in stub.buckets
            if self.command == "PUT":
                stub.buckets.setdefault(self.bucket, {})
            elif there and self.command == "DELETE":
                if stub.buckets[self.bucket]:
                    raise Refusal(409, "BucketNotEmpty", "the bucket is not empty")
                del stub.buckets[self.bucket]
        if self.command == "PUT":
            self.after_effect()
            return self.send(200, headers={"Location": "/" + self.bucket})
        if not there:
            raise Refusal(404, "NoSuchBucket", "there is no such bucket")
        if self.command == "DELETE":
            return self.send(204)
        if self.command == "HEAD":
            return self.send(200)
        if self.command == "GET" and "location" in self.ask:
            return self.send_xml("LocationConstraint", "")
        if self.command == "GET":
            return self.list()
        raise Refusal(501, "NotImplemented", self.command)

    def put(self, bucket):
        stub = self.stub
        if "x-amz-copy-source" in self.headers:
            raise Refusal(501, "NotImplemented", "copies")
        condition = self.headers.get("If-None-Match")
        if condition is not None and stub.conditions == "unsupported":
            raise Refusal(501, "NotImplemented", "conditional writes")
        etag = hashlib.md5(self.body).hexdigest()
        fields = {n: v for n, v in self.headers.items() if n.lower().startswith(("x-amz-meta-", "content-type"))}
        with stub.lock:
            taken = self.key in bucket and condition == "*" and stub.conditions != "ignored"
            if not taken:
                bucket[self.key] = Object(self.body, etag, stub.now(), fields)
        if taken and stub.conditions == "304":
            return self.send(304)
        if taken:
            raise Refusal(412, "PreconditionFailed", "it is there")
        self.after_effect()
        does = self.rule.does if self.rule else {}
        self.send(200, headers={"ETag": does.get("etag", f'"{etag}"')})

    def get(self, bucket):
        does = self.rule.does if self.rule else {}
        with self.stub.lock:
            o = bucket.get(self.key)
        if o is None:
            raise Refusal(404, "NoSuchKey", "there is no such key")
        headers = {"Content-Type": "binary/octet-stream", **o.headers, "ETag": does.get("etag", f'"{o.etag}"'),
                   "Last-Modified": formatdate(o.at, usegmt=True), "Accept-Ranges": "bytes"}
        if "response-content-disposition" in self.ask:
            headers["Content-Disposition"] = self.ask["response-content-disposition"]
        data, status = o.data, 200
        wanted = re.fullmatch(r"bytes=(\d+)-(\d*)", self.headers.get("Range", ""))
        if wanted:
            first, last = int(wanted[1]), min(int(wanted[2] or len(data)), len(data) - 1)
            if first >= len(data):
                raise Refusal(416, "InvalidRange", "there are not so many bytes")
            headers["Content-Range"] = f"bytes {first}-{last}/{len(data)}"
            data, status = data[first:last + 1], 206
        length = len(data)
        if "flip" in does:
            data = data[: does["flip"]] + bytes([data[does["flip"]] ^ 1]) + data[does["flip"] + 1:]
        if "cut" in does:
            data = data[: does["cut"]]
            length = len(data)
        if "grow" in does:
            data += does["grow"]
            length = len(data)
        if "truncate" in does or "stall_at" in does:
            self.send(status, data[: does.get("truncate", does.get("stall_at"))], headers, length)
            if "stall_at" in does:
                self.stand_still(self.rule)
            self.close_connection = True
            return None
        return self.send(status, data, headers, length)

    def list(self):
        ask, second = self.ask, self.ask.get("list-type") == "2"
        prefix, delimiter = ask.get("prefix", ""), ask.get("delimiter", "")
        most = min(int(ask.get("max-keys") or PAGE), PAGE)
        after = ask.get("start-after", "") if second else ask.get("marker", "")
        if second and ask.get("continuation-token"):
            after = base64.b64decode(ask["continuation-token"]).decode()
        url = ask.get("encoding-type") == "url"
        shown = (lambda t: encode(t, "/")) if url else escape
        with self.stub.lock:
            rows = sorted(self.stub.buckets[self.bucket].items(), key=lambda r: r[0].encode())
        inside, count, last, folders, more = "", 0, "", set(), False
        for key, o in rows:
            if not key.startswith(prefix) or key.encode() <= after.encode():
                continue
            folder = None
            if delimiter and delimiter in key[len(prefix):]:
                folder = key[: len(prefix) + key[len(prefix):].index(delimiter) + len(delimiter)]
                if folder in folders or folder <= after:
                    continue
            if count == most:
                more = True
                break
            count, last = count + 1, folder or key
            if folder:
                folders.add(folder)
                inside += f"<CommonPrefixes><Prefix>{shown(folder)}</Prefix></CommonPrefixes>"
                continue
            at = time.strftime("%Y-%m-%dT%H:%M:%S.000Z", time.gmtime(o.at))
            inside += (f"<Contents><Key>{shown(key)}</Key><LastModified>{at}</LastModified><ETag>&quot;{o.etag}&quot;"
                       f"</ETag><Size>{len(o.data)}</Size><StorageClass>STANDARD</StorageClass></Contents>")
        head = f"<Name>{self.bucket}</Name><Prefix>{shown(prefix)}</Prefix><MaxKeys>{most}</MaxKeys>"
        head += "<EncodingType>url</EncodingType>" if url else ""
        head += f"<KeyCount>{count}</KeyCount>" if second else ""
        head += f"<IsTruncated>{'true' if more else 'false'}</IsTruncated>"
        if more and second:
            head += f"<NextContinuationToken>{base64.b64encode(last.encode()).decode()}</NextContinuationToken>"
        elif more:
            head += f"<NextMarker>{shown(last)}</NextMarker>"
        self.send_xml('ListBucketResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/"', head + inside)


class Server(socketserver.ThreadingTCPServer):
    allow_reuse_address = True
    daemon_threads = True
    request_queue_size = 128

    def __init__(self, *args):
        self.taken = set()
        super().__init__(*args)

    def process_request(self, request, client_address):
        self.taken.add(request)
        super().process_request(request, client_address)

    def shutdown_request(self, request):
        self.taken.discard(request)
        super().shutdown_request(request)

    def cut_all(self):
        """Kept connections end too: a store that is away answers nobody."""
        for request in list(self.taken):
            with contextlib.suppress(OSError):
                request.shutdown(socket.SHUT_RDWR)

    def handle_error(self, request, client_address):
        """A client that went away is no news; a mistake of the stub is."""
        if not isinstance(sys.exc_info()[1], (ConnectionError, TimeoutError, ssl.SSLError)):
            super().handle_error(request, client_address)


class S3Stub:
    region = "us-east-1"
    atomic = True  # unless conditions says otherwise
    numbers = itertools.count(1)

    def __init__(self, tls=None, port=0, host_name="127.0.0.1"):
        """tls: (certificate, key) files. host_name: what clients call it; must mean loopback."""
        self.key, self.secret = "STUBKEY", "STUBSECRET"
        self.users = {self.key: Secret(self.secret)}
        self.buckets, self.requests, self.rules = {}, [], []
        self.lock = threading.Lock()
        self.conditions = "atomic"
        self.clock_offset = self.date_offset = 0
        self.connections = 0
        self.closing = False
        self.tls, self.host_name = tls, host_name
        # Bound and never listening: while the store is away its port is nobody else's, and refuses.
        self.place = socket.socket()
        self.place.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self.place.bind(("127.0.0.1", port))
        self.port, self.server = self.place.getsockname()[1], None
        self.open()

    def open(self):
        """Listens; after close() again on the same port."""
        self.closing = False
        self.server = Server(("127.0.0.1", self.port), Handler)
        self.server.stub = self
        self.port = self.server.server_address[1]
        self.server.host_name = f"{self.host_name}:{self.port}"
        if self.tls:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(*self.tls)
            self.server.socket = context.wrap_socket(self.server.socket, server_side=True)
        self.endpoint = f"{'https' if self.tls else 'http'}://{self.host_name}:{self.port}"
        threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()

    def close(self):
        self.closing = True
        self.clear()
        if self.server:
            self.server.shutdown()
            self.server.server_close()
            self.server.cut_all()
            self.server = None

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()
        self.place.close()

    def now(self):
        return time.time() + self.clock_offset

    def new_bucket(self):
        name = f"stub-{next(self.numbers)}"
        with self.lock:
            self.buckets[name] = {}
        return name

    def objects(self, bucket):
        with self.lock:
            return {k: o.data for k, o in self.buckets[bucket].items()}

    def put(self, bucket, key, data):
        """As if somebody else had put it."""
        with self.lock:
            self.buckets[bucket][key] = Object(data, hashlib.md5(data).hexdigest(), self.now(), {})

    def remove(self, bucket, key):
        with self.lock:
            del self.buckets[bucket][key]

    def rule(self, method=None, match="", times=None, after=0, **does):
        made = Rule(method, re.compile(match), times, after, does)
        with self.lock:
            self.rules.append(made)
        return made

    def clear(self):
        with self.lock:
            gone, self.rules = self.rules, []
        for rule in gone:
            rule.released.set()

    def take_rule(self, method, key):
        with self.lock:
            for rule in self.rules:
                if rule.method not in (None, method) or not rule.match.search(key):
                    continue
                if rule.after > 0:
                    rule.after -= 1
                    continue
                if rule.times is not None and rule.hits >= rule.times:
                    continue
                rule.hits += 1
                return rule
        return None

    def environment(self, bucket, **extra):
        """The settings of a server that is to use this store."""
        return {
            "LARDER_S3_ENDPOINT": self.endpoint,
            "LARDER_S3_BUCKET": bucket,
            "AWS_ACCESS_KEY_ID": self.key,
            "AWS_SECRET_ACCESS_KEY": self.secret,
            **extra,
        }


if __name__ == "__main__":
    served = S3Stub(port=int(sys.argv[1]) if len(sys.argv) > 1 else 0)
    print(served.endpoint, served.key, served.secret, served.new_bucket(), flush=True)
    threading.Event().wait()
