"""The edge of the program, over raw sockets: what is malformed, slow, foreign or too large.

Each row of the table is sent as it stands on a connection of its own. The promise is the same for
all: one answer from the expected set, or none where None is in it, and then the end of the
connection. Never a 5xx, never a second answer.
"""

import contextlib
import json
import re
import select
import shutil
import signal
import socket
import ssl
import subprocess
import time
import warnings

import pytest
from conftest import PATIENCE

HOST = b"Host: localhost\r\n"
REFUSED = {400, None}


def get(path=b"/livez", version=b"HTTP/1.1", head=HOST, end=b"\r\n"):
    return b"GET " + path + b" " + version + b"\r\n" + head + end


def post(head, body=b"", path=b"/api/auth/login"):
    return b"POST " + path + b" HTTP/1.1\r\n" + HOST + head + b"\r\n" + body


def with_field(line):
    return get(head=HOST + line + b"\r\n")


JSON = b"Content-Type: application/json\r\n"


def table():
    """(name, bytes, expected statuses); None = closed without an answer."""
    rows = []

    def add(name, data, *expected):
        rows.append((name, data, set(expected) or REFUSED))

    # request lines
    for name, line in {
        "no version": b"GET /livez",
        "http 0.9": b"GET /",
        "empty version": b"GET /livez ",
        "http 1.2": b"GET /livez HTTP/1.2",
        "http 2": b"GET /livez HTTP/2",
        "http 2.0": b"GET /livez HTTP/2.0",
        "http 3": b"GET /livez HTTP/3.0",
        "http 1": b"GET /livez HTTP/1",
        "http 1.10": b"GET /livez HTTP/1.10",
        "http 01.1": b"GET /livez HTTP/01.1",
        "small http": b"GET /livez http/1.1",
        "another protocol": b"GET /livez ICAP/1.0",
        "rtsp": b"OPTIONS rtsp://localhost/x RTSP/1.0",
        "version with a tail": b"GET /livez HTTP/1.1x",
        "blank behind the version": b"GET /livez HTTP/1.1 ",
        "two blanks before the target": b"GET  /livez HTTP/1.1",
        "two blanks behind the target": b"GET /livez  HTTP/1.1",
        "a blank in the target": b"GET /li vez HTTP/1.1",
        "tab for a blank": b"GET\t/livez\tHTTP/1.1",
        "vertical tab": b"GET\x0b/livez HTTP/1.1",
        "a blank in front": b" GET /livez HTTP/1.1",
        "a tab in front": b"\tGET /livez HTTP/1.1",
        "no method": b"/livez HTTP/1.1",
        "empty method": b" /livez HTTP/1.1",
        "small method": b"get /livez HTTP/1.1",
        "unknown method": b"BREW /livez HTTP/1.1",
        "method with a separator": b"G(T /livez HTTP/1.1",
        "method with a NUL": b"GE\0T /livez HTTP/1.1",
        "method of 5000 letters": b"G" * 5000 + b" /livez HTTP/1.1",
        "no slash": b"GET livez HTTP/1.1",
        "a star": b"GET * HTTP/1.1",
        "an authority": b"GET localhost:80 HTTP/1.1",
        "another scheme": b"GET ftp://localhost/livez HTTP/1.1",
        "another host": b"GET http://evil.example/livez HTTP/1.1",
        "credentials in the target": b"GET http://a@localhost/livez HTTP/1.1",
        "a fragment": b"GET /livez#top HTTP/1.1",
        "raw byte 0xff": b"GET /\xff HTTP/1.1",
        "raw UTF-8": "GET /é HTTP/1.1".encode(),
        "a NUL in the target": b"GET /livez\0 HTTP/1.1",
        "a DEL in the target": b"GET /livez\x7f HTTP/1.1",
        "a NUL in the version": b"GET /livez HTTP/1.1\0",
    }.items():
        add(name, line + b"\r\n" + HOST + b"\r\n")
    add("CONNECT", b"CONNECT localhost:443 HTTP/1.1\r\n" + HOST + b"\r\n", 400, 405, None)
    add("TRACE", b"TRACE /livez HTTP/1.1\r\n" + HOST + b"\r\n", 400, 405)
    for method in (b"PROPFIND", b"MKCOL", b"LOCK", b"UNLOCK", b"PROPPATCH", b"REPORT"):
        add(method.decode(), method + b" /livez HTTP/1.1\r\n" + HOST + b"\r\n", 405)
    add("options star", b"OPTIONS * HTTP/1.1\r\n" + HOST + b"\r\n", 400, None)
    add("http 2 preface", b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n")
    add("a TLS hello", bytes.fromhex("16030100c8010000c40303") + b"\0" * 50)
    add("SSH", b"SSH-2.0-OpenSSH_9.2\r\n\r\n")
    add("zeros", b"\0" * 100)
    add("0xff", b"\xff" * 100 + b"\r\n\r\n")
    add("nothing", b"", None)
    add("only an empty line", b"\r\n\r\n")
    add("only line feeds", b"\n\n\n\n")
    add("an empty line in front", b"\r\n" + get())
    add("two empty lines in front", b"\r\n\r\n" + get())
    add("line feeds in front", b"\n\n" + get())
    add("blanks and an empty line in front", b" " * 16 + b"\r\n\r\n" + get())
    add("sixteen line feeds in front", b"\n" * 16 + get())
    add("cut in the line", b"GET /liv")
    add("cut in a field", b"GET /livez HTTP/1.1\r\nHost: local")

    # line ends and folding
    add("line feeds only", get().replace(b"\r\n", b"\n"))
    add("carriage returns only", get().replace(b"\r\n", b"\r"))
    add("LF behind the line", b"GET /livez HTTP/1.1\n" + HOST + b"\r\n")
    add("LF CR behind the line", b"GET /livez HTTP/1.1\n\r" + HOST + b"\r\n")
    add("LF blank behind the line", b"GET /livez HTTP/1.1\n " + HOST + b"\r\n")
    add("CR CR LF behind the line", b"GET /livez HTTP/1.1\r\r\n" + HOST + b"\r\n")
    add("LF behind a field", b"GET /livez HTTP/1.1\r\nHost: localhost\nX: y\r\n\r\n")
    add("LF behind the last field", b"GET /livez HTTP/1.1\r\nHost: localhost\n\r\n")
    add("LF LF at the end", b"GET /livez HTTP/1.1\r\nHost: localhost\n\n")
    add("blank, colon, LF", get(head=HOST + b"X :\nY: z\r\n"))
    add("LF for the empty line", get(end=b"\n"))
    add("CR in a value", with_field(b"X: a\rb"))
    add("CR CR LF behind a value", with_field(b"X: a\r"))
    add("folded with a blank", with_field(b"X: a\r\n b"))
    add("folded with a tab", with_field(b"X: a\r\n\tb"))
    add("folded first field", get(head=b" X: y\r\n" + HOST))
    add("folded host", get(head=b"Host:\r\n localhost\r\n"))
    add("folded length", post(b"Content-Length:\r\n 2\r\n" + JSON, b"{}"))
    add("length behind a folded line", post(b"X: a\r\n b\r\nContent-Length: 2\r\n" + JSON, b"{}"))
    add("a line of blanks", get(head=HOST + b"   \r\nX: y\r\n"))
    add("a line of blanks in front", get(head=b"   \r\n" + HOST))

    # fields
    for name, line in {
        "blank before the colon": b"X : y",
        "tab before the colon": b"X\t: y",
        "blanks before the colon": b"X   : y",
        "blank before the colon and no value": b"X :",
        "no colon": b"Xyz",
        "no name": b": y",
        "blank in a name": b"X Y: z",
        "slash in a name": b"X/Y: z",
        "bracket in a name": b"X(Y): z",
        "quote in a name": b'X"Y: z',
        "at in a name": b"X@Y: z",
        "0x80 in a name": b"X\x80: z",
        "NUL in a name": b"X\0Y: z",
        "NUL in a value": b"X: y\0z",
        "control letter in a value": b"X: y\x01z",
        "bell in a value": b"X: \x07",
        "escape in a value": b"X: \x1b[2J",
        "DEL in a value": b"X: \x7f",
        "no host in a URL": b"Host: other",
        "second host": b"Host: localhost",
        "host twice in a list": b"Host: a, b",
        "second authorization": b"Authorization: Bearer a\r\nAuthorization: Bearer b",
        "second content type": b"Content-Type: a/b\r\nContent-Type: a/b",
        "second key": b"X-API-KEY: a\r\nX-API-KEY: b",
        "second origin": b"Origin: http://localhost\r\nOrigin: null",
        "second connection": b"Connection: close\r\nConnection: keep-alive",
        "second range": b"Range: bytes=0-1\r\nRange: bytes=2-3",
    }.items():
        add(name, with_field(line))
    for name, value in {
        "absent": None,
        "empty": b"",
        "blank": b" ",
        "with a path": b"localhost/x",
        "with a user": b"user@localhost",
        "with a blank": b"local host",
        "with a comma": b"localhost,evil",
        "with a backslash": b"localhost\\x",
        "with a large port": b"localhost:65536",
        "with an empty port": b"localhost:",
        "with a named port": b"localhost:http",
        "with a signed port": b"localhost:+80",
        "with two ports": b"localhost:80:80",
        "with an open bracket": b"[::1",
        "with letters behind the bracket": b"[::1]x",
        "with a bad literal": b"[::g]",
        "of 300 letters": b"a" * 300,
        "with 0x80": b"local\x80host",
    }.items():
        add("host " + name, get(head=b"X: y\r\n" if value is None else b"Host: " + value + b"\r\n"))
    add("foreign host", get(head=b"Host: evil.example\r\n"), 421)
    add("look-alike host", get(head=b"Host: localhost.evil.example\r\n"), 421)
    add("short literal", get(head=b"Host: 127.1\r\n"), 421)
    add("octal literal", get(head=b"Host: 0177.0.0.1\r\n"), 421)
    add("decimal literal", get(head=b"Host: 2130706433\r\n"), 421)

    # lengths and codings
    for value in (b"", b"-1", b"+2", b"2abc", b"0x2", b"2.0", b"2e0", b"2 2", b"2,2", b"2, 2", b"2;",
                  b'"2"', b"two", b"\xd9\xa2", b"- 2", b"2-"):
        add(f"length {value!r}", post(b"Content-Length: " + value + b"\r\n" + JSON, b"{}"), 400)
    for value in (b"65537", b"1073741824", b"9223372036854775807", b"9223372036854775808",
                  b"18446744073709551615", b"18446744073709551616", b"9" * 40):
        add(f"length {value!r}", post(b"Content-Length: " + value + b"\r\n" + JSON, b"{}"), 413)
    add("two lengths", post(b"Content-Length: 2\r\nContent-Length: 3\r\n" + JSON, b"{}" + get()), 400)
    add("the same length twice", post(b"Content-Length: 2\r\nContent-Length: 2\r\n" + JSON, b"{}"), 400)
    add("three lengths", post(b"Content-Length: 2\r\n" * 3 + JSON, b"{}"), 400)
    add("length and chunked", post(b"Content-Length: 2\r\nTransfer-Encoding: chunked\r\n", b"0\r\n\r\n" + get()), 400)
    add("chunked and length", post(b"Transfer-Encoding: chunked\r\nContent-Length: 0\r\n", b"0\r\n\r\n"), 400)
    for coding in (b"gzip", b"gzip, chunked", b"chunked, gzip", b"chunked, chunked", b"identity",
                   b"xchunked", b"chunkedx", b'"chunked"', b"", b"chunked;a=b", b"\x0bchunked"):
        add(f"coding {coding!r}", post(b"Transfer-Encoding: " + coding + b"\r\n", b"0\r\n\r\n"))
    add("two codings", post(b"Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n", b"0\r\n\r\n"))
    add("coding with a blank", post(b"Transfer-Encoding : chunked\r\n", b"0\r\n\r\n"))
    for name, body in {
        "": b"0\r\n\r\n",
        " of 2^64-1": b"ffffffffffffffff\r\nx",
        " of 2^63-1": b"7fffffffffffffff\r\nx",
        " of -1": b"-1\r\nx",
        " without size": b"\r\n\r\n",
        " with an extension": b"1;a=b\r\nx\r\n0\r\n\r\n",
        " with 1000 digits": b"0" * 1000 + b"\r\n\r\n",
    }.items():
        add("chunked" + name, post(b"Transfer-Encoding: chunked\r\n", body), 411)
    add("chunked get", with_field(b"Transfer-Encoding: chunked") + b"0\r\n\r\n", 411)
    add("chunked 1.0", b"POST /api/auth/login HTTP/1.0\r\n" + HOST + b"Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400)
    add("a body for get", get(head=HOST + b"Content-Length: 5\r\n") + b"hello", 400)
    add("a request as the body of get", get(head=HOST + b"Content-Length: 45\r\n") + get(b"/readyz"), 400)
    add("body cut off", post(b"Content-Length: 20\r\n" + JSON, b"{"), 400, 408, None)
    for value in (b"100", b"continue", b"100-continue, x", b"200-ok", b""):
        add(f"expect {value!r}", post(b"Content-Length: 2\r\nExpect: " + value + b"\r\n" + JSON, b"{}"), 417)

    # paths
    for path in (b"/livez%00", b"/livez%00x", b"/%00", b"/x/../livez", b"/../livez", b"/./livez",
                 b"/%2e%2e/livez", b"/%2E%2e/%2e%2e/etc/passwd", b"/..%2flivez", b"//livez", b"/livez//x",
                 b"/%", b"/%2", b"/%zz", b"/%u0041", b"/%c0%af", b"/%ff", b"/%0d%0aX:y", b"/%7f",
                 b"/%c0%ae%c0%ae/", b"/a/dev/../x", b"/%ed%a0%80"):
        add(f"path {path.decode()}", get(path), 400, 404)
    for path in (b"/livez/x", b"/livez/", b"/Livez", b"/livezx", b"/.htpasswd", b"/etc/passwd",
                 b"/livez;x", b"/livez%20", b"/livez%2f", b"/livez%3fx", b"/a/x/%2e%2e%2fschema.sql",
                 b"/index.php", b"/cgi-bin/x.cgi", b"/.git/config", b"/x" * 200):
        add(f"path {path.decode()[:40]}", get(path), 404)
    add("query with a broken escape", get(b"/api/users?username=%zz"), 400, 401)

    # limits
    add("target of 4097", get(b"/livez?" + b"q" * 4090), 414)
    add("target of 9000", get(b"/" + b"x" * 9000), 414)
    add("target of 20000", get(b"/" + b"x" * 20000), 414)
    add("65 fields", get(head=HOST + b"".join(b"X-%d: y\r\n" % i for i in range(64))), 431)
    add("1000 fields", get(head=HOST + b"X: y\r\n" * 1000), 431)
    add("one field of 17000", with_field(b"X: " + b"y" * 17000), 431)
    add("fields of 24000", get(head=HOST + b"".join(b"X-%d: %s\r\n" % (i, b"y" * 500) for i in range(48))), 431)
    add("header of 40000", with_field(b"X: " + b"y" * 40000), 400, 431, None)
    add("header without end", get(end=b"") + b"X: " + b"y" * 100000, 400, 431, None)
    add("name of 17000", with_field(b"x" * 17000 + b": y"), 431)

    # bodies
    for name, data in {"text": b"text/plain", "form": b"application/x-www-form-urlencoded",
                       "xml": b"application/xml", "multipart": b"multipart/form-data; boundary=b"}.items():
        add("json route with " + name, post(b"Content-Type: " + data + b"\r\nContent-Length: 2\r\n", b"{}"), 415)
    add("json route without type", post(b"Content-Length: 2\r\n", b"{}"), 415)
    for body in (b"{", b"[]", b"nul", b"{}{}", b'{"a":1,"a":2}', b"\xff", b'"\\ud800"', b"\0", b"[" * 3000):
        add(f"body {body[:20]!r}", post(JSON + b"Content-Length: %d\r\n" % len(body), body), 400, 422)
    return rows


ROWS = table()


def receive(sock, seconds=PATIENCE):
    """Everything until the server closes; None in second place when it does not."""
    end, data = time.monotonic() + seconds, b""
    while True:
        left = end - time.monotonic()
        if left <= 0 or not select.select([sock], [], [], left)[0]:
            return data, False
        try:
            piece = sock.recv(65536)
        except (ConnectionResetError, ssl.SSLError):
            return data, True
        if not piece:
            return data, True
        data += piece


STATUS = re.compile(rb"HTTP/1\.1 (\d\d\d) ")


def statuses(data):
    """The status lines of what came, found by walking the answers by their length."""
    found = []
    while data:
        match = STATUS.match(data)
        assert match, f"this is not an answer: {data[:80]!r}"
        head, _, rest = data.partition(b"\r\n\r\n")
        if match[1] != b"100":
            found.append(int(match[1]))
        length = re.search(rb"\r\nContent-Length: (\d+)", head)
        data = rest[int(length[1]) if length else 0 :]
    return found


def send_and_end(server, data):
    with server.connect() as sock:
        with contextlib.suppress(OSError):  # the server may have closed already
            sock.sendall(data)
            sock.shutdown(socket.SHUT_WR)
        return receive(sock)


def ask(server, data):
    """One answer: status, fields in lower case, content."""
    with server.connect() as sock:
        sock.sendall(data)
        return read_one(sock, head_only=data.startswith(b"HEAD"))


def read_one(sock, head_only=False):
    data = b""
    while b"\r\n\r\n" not in data:
        piece = sock.recv(65536)
        assert piece, f"the connection ended in the header: {data!r}"
        data += piece
    head, _, body = data.partition(b"\r\n\r\n")
    lines = head.decode("latin-1").split("\r\n")
    fields = {}
    for line in lines[1:]:
        name, _, value = line.partition(":")
        fields[name.lower()] = fields[name.lower()] + ", " + value.strip() if name.lower() in fields else value.strip()
    want = 0 if head_only else int(fields.get("content-length", 0))
    while len(body) < want:
        piece = sock.recv(65536)
        assert piece, "the connection ended in the content"
        body += piece
    return int(lines[0].split()[1]), fields, body


# ---- malformed ---------------------------------------------------------------------------------


def test_the_table_is_long_enough():
    assert len(ROWS) >= 150
    assert len({name for name, _, _ in ROWS}) == len(ROWS)


@pytest.mark.parametrize("name,data,expected", ROWS, ids=[row[0] for row in ROWS])
def test_malformed(module_server, name, data, expected):
    got, closed = send_and_end(module_server, data)
    found = statuses(got)
    assert closed, "the connection was not closed"
    assert len(found) <= 1, f"more than one answer: {found}"
    assert (found[0] if found else None) in expected, f"{found}: {got[:300]!r}"


def test_errors_repeat_nothing_that_was_sent(module_server):
    marker = b"kilroy<script>"
    for data in (
        get(b"/" + marker), b"GET " + marker + b" HTTP/1.1\r\n" + HOST + b"\r\n", with_field(marker),
        get(head=b"X-Request-ID: " + marker + b"\r\n"), get(head=b"Host: " + marker + b"\r\n"),
        marker + b" / HTTP/1.1\r\n" + HOST + b"\r\n", get(version=marker), get(b"/%zz" + marker),
    ):
        got, _ = send_and_end(module_server, data)
        assert b"kilroy" not in got
        assert b"HTTP/1.1 200" not in got


def test_the_server_is_well_after_all_that(module_server):
    assert ask(module_server, get())[0] == 200
    assert "event=request.failed" not in module_server.log_text()


# ---- limits ----------------------------------------------------------------------------------------


def test_what_is_just_legal(module_server):
    for data in (
        get(b"/livez?" + b"q" * (4096 - 7)),
        get(head=HOST + b"".join(b"X-%d: y\r\n" % i for i in range(63))),
        get(head=HOST + b"X: " + b"y" * (16384 - len(get()) - 5) + b"\r\n"),
        get(head=b"Host: [::1]:8080\r\n"), get(head=b"Host: LocalHost.\r\n"),
        get(head=b"Host: 127.0.0.1:1\r\n"), get(head=HOST + b"Empty:\r\nBlank:  \r\nX:y\r\n"),
        get(head=HOST + b"X: \x80\xff\r\n"), get(version=b"HTTP/1.0"), get(version=b"HTTP/1.0", head=b""),
        get(head=HOST + b"Content-Length: 0\r\n"), get(b"/livez?"), get(b"http://localhost/livez"),
    ):
        got, _ = send_and_end(module_server, data)
        if data.startswith(b"GET http:") and not got:
            continue  # the library closes when the port in an absolute address is not its own
        assert statuses(got) == [200], f"{data[:60]!r}: {got[:200]!r}"


def test_a_body_that_is_too_large_is_refused_before_it_is_sent(module_server):
    token = module_server.admin().bearer
    field = b"Authorization: Bearer " + token.encode() + b"\r\n"
    for path in (b"/api/admin/plugins/upload", b"/api/auth/login"):
        took = []
        while len(took) < 5 and (not took or min(took) >= 0.1):  # a busy machine has a quick moment too
            with module_server.connect() as sock:
                begun = time.monotonic()
                sock.sendall(post(field + b"Content-Type: multipart/form-data; boundary=b\r\nContent-Length: 1073741824\r\n", path=path))
                status, fields, _ = read_one(sock)
                assert status == 413 and fields["connection"] == "close"
                took.append(time.monotonic() - begun)
        assert min(took) < 0.1
    # a client that does not listen: it is not read for long
    with module_server.connect() as sock:
        sock.sendall(post(b"Content-Length: 1073741824\r\n" + JSON))
        sent, piece = 0, b"x" * 65536
        with contextlib.suppress(BrokenPipeError, ConnectionResetError):
            while sent < 1 << 30:
                sent += sock.send(piece)
        assert sent < 64 << 20  # what was read (256 KiB) and what the kernel's buffers took


# ---- connections -----------------------------------------------------------------------------------


def test_requests_in_a_row_and_at_once(module_server):
    with module_server.connect() as sock:
        for _ in range(5):
            sock.sendall(get())
            assert read_one(sock)[0] == 200
    got, _ = send_and_end(module_server, get() * 10)
    assert statuses(got) == [200] * 10
    got, _ = send_and_end(module_server, get() + get(b"/none") + post(JSON + b"Content-Length: 2\r\n", b"[]") + get())
    assert statuses(got)[:2] == [200, 404] and statuses(got)[-1] == 200


def test_an_idle_connection_is_closed(module_server):
    took = []
    while len(took) < 5 and (not took or took[-1] >= 8):  # of a busy machine one of several is in time
        with module_server.connect() as sock:
            begun = time.monotonic()  # before the request: the five seconds of the server begin later
            sock.sendall(get())
            read_one(sock)
            data, closed = receive(sock)
            took.append(time.monotonic() - begun)
            assert closed and data == b"" and took[-1] > 3
    assert took[-1] < 8, took


def test_expectations(module_server):
    head = post(JSON + b"Content-Length: 35\r\nExpect: 100-continue\r\n")
    with module_server.connect() as sock:
        sock.sendall(head)
        assert sock.recv(1000) == b"HTTP/1.1 100 Continue\r\n\r\n"
        sock.sendall(b'{"username":"x","password":"y"}    ')
        assert read_one(sock)[0] == 401
    for refused, status in (
        (post(b"Content-Length: 99999999\r\nExpect: 100-continue\r\n"), 413),
        (post(b"Content-Length: 9\r\nExpect: 100-continue\r\n", path=b"/api/admin/users"), 401),
        (post(b"Content-Length: 9\r\nExpect: 100-continue\r\n", path=b"/none"), 404),
    ):
        with module_server.connect() as sock:
            sock.sendall(refused)
            assert read_one(sock)[0] == status  # no "100 Continue" before


# ---- every route ------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def routes(larder_bin):
    done = subprocess.run([larder_bin, "routes", "--json"], capture_output=True, check=True)
    return json.loads(done.stdout)


def concrete(path):
    return re.sub(r"\{[a-z_]+(\.\.\.)?\}", "x", path).encode()


def test_head_options_and_405_on_every_path(module_server, routes):
    paths = {}
    for route in routes:
        paths.setdefault(route["path"], set()).add(route["method"])
    for path in paths:
        target = concrete(path)
        status, fields, body = ask(module_server, b"OPTIONS " + target + b" HTTP/1.1\r\n" + HOST + b"\r\n")
        assert status == 204 and body == b""
        allow = set(fields["allow"].split(", "))
        assert paths[path] <= allow and "OPTIONS" in allow, path
        for method in {"GET", "POST", "PUT", "PATCH", "DELETE"} - allow:
            status, fields, _ = ask(module_server, method.encode() + b" " + target + b" HTTP/1.1\r\n" + HOST + b"Content-Length: 0\r\n\r\n")
            assert status == 405 and set(fields["allow"].split(", ")) == allow, (method, path)
        if "GET" in paths[path]:
            plain = ask(module_server, get(target))
            head = ask(module_server, b"HEAD " + target + b" HTTP/1.1\r\n" + HOST + b"\r\n")
            assert head[0] == plain[0] and head[2] == b"", path
            assert head[1].get("content-type") == plain[1].get("content-type"), path


SECURITY = {
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "referrer-policy": "no-referrer",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
}


def test_security_fields_on_every_answer(module_server, routes):
    targets = [(r["method"], concrete(r["path"])) for r in routes]
    targets += [("GET", b"/none"), ("GET", b"/%zz"), ("GET", b"/livez/x"), ("PUT", b"/livez"), ("GET", b"/" + b"x" * 5000)]
    for method, target in targets:
        status, fields, _ = ask(module_server, method.encode() + b" " + target + b" HTTP/1.1\r\n" + HOST + b"\r\n")
        for name, value in SECURITY.items():
            assert fields.get(name) == value, (method, target, name)
        assert fields["x-request-id"] and fields["date"] and "permissions-policy" in fields
        policy = fields["content-security-policy"]
        assert policy.startswith("default-src 'none'") and "frame-ancestors 'none'" in policy
        assert "unsafe" not in policy
        page = fields.get("content-type", "").startswith("text/html")
        assert ("sandbox" in policy) == (not page) or "script-src 'self'" in policy, (target, policy)
        if status >= 400:
            assert fields["cache-control"] == "no-store"
        assert "strict-transport-security" not in fields and "server" not in fields


def test_request_ids(module_server):
    for sent, kept in ((b"abc-1_2.X", True), (b"x" * 63, True), (b"x" * 65, False), (b"a b", False), (b"a/b", False), (b"", False)):
        _, fields, _ = ask(module_server, with_field(b"X-Request-ID: " + sent))
        assert (fields["x-request-id"] == sent.decode()) == kept, sent
    ids = {ask(module_server, get())[1]["x-request-id"] for _ in range(20)}
    assert len(ids) == 20


def test_assets_are_kept_and_pages_are_not(module_server):
    status, fields, page = ask(module_server, get(b"/"))
    assert status == 200 and fields["cache-control"] == "no-cache"
    match = re.search(rb'"(/a/[0-9a-f]+/[^"]+\.css)"', page)
    assert match, page
    status, fields, plain = ask(module_server, get(match[1]))
    assert status == 200 and fields["cache-control"] == "public, max-age=31536000, immutable"
    etag = fields["etag"].encode()
    status, fields, body = ask(module_server, get(match[1], head=HOST + b"If-None-Match: " + etag + b"\r\n"))
    assert (status, body) == (304, b"") and "content-length" not in fields
    status, fields, packed = ask(module_server, get(match[1], head=HOST + b"Accept-Encoding: gzip\r\n"))
    assert status == 200
    if "content-encoding" in fields:
        assert fields["content-encoding"] == "gzip" and len(packed) < len(plain)
        assert fields["etag"].encode() != etag and "Accept-Encoding" in fields["vary"]


# ---- hosts and origins -------------------------------------------------------------------------------


def test_hosts_and_origins(start_server):
    server = start_server(
        LARDER_ALLOWED_HOSTS="box.lan,other.lan",
        LARDER_PUBLIC_URL="https://larder.example",
        LARDER_CORS_ORIGINS="https://friend.example",
    )
    own = b"http://localhost:%d" % server.port
    host = b"Host: localhost:%d\r\n" % server.port
    for name, status in ((b"box.lan", 200), (b"BOX.lan:99", 200), (b"larder.example", 200), (b"lan", 421),
                         (b"x.box.lan", 421), (b"box.lan.evil", 421), (b"10.1.2.3", 200), (b"[fe80::1]", 200),
                         (b"app.localhost", 200), (b"localhost.example", 421)):
        got = ask(server, get(head=b"Host: " + name + b"\r\n"))
        assert got[0] == status, name
        assert (b"LARDER_ALLOWED_HOSTS" in got[2]) == (status == 421)
    login = b'{"username":"nobody","password":"wrong password"}'

    def attempt(*fields):
        head = host + b"".join(f + b"\r\n" for f in fields) + JSON + b"Content-Length: %d\r\n\r\n" % len(login)
        return ask(server, b"POST /api/auth/login HTTP/1.1\r\n" + head + login)

    for fields, refused, readable in (
        ((), False, None),
        ((b"Origin: " + own,), False, None),
        ((b"Origin: https://larder.example",), False, None),
        ((b"Origin: null",), True, None),
        ((b"Origin: https://evil.example",), True, None),
        ((b"Origin: http://localhost:1",), True, None),
        ((b"Origin: http://localhost:%d.evil.example" % server.port,), True, None),
        ((b"Origin: https://friend.example",), False, "https://friend.example"),
        ((b"Origin: https://friend.example.evil",), True, None),
        ((b"Origin: http://friend.example",), True, None),
        ((b"Origin: https://friend.example", b"Cookie: larder_session=x"), True, "https://friend.example"),
        ((b"Sec-Fetch-Site: cross-site", b"Cookie: larder_session=x"), True, None),
        ((b"Sec-Fetch-Site: same-site", b"Cookie: larder_session=x"), True, None),
        ((b"Sec-Fetch-Site: cross-site",), False, None),
        ((b"Sec-Fetch-Site: same-origin", b"Origin: " + own, b"Cookie: larder_session=x"), False, None),
        ((b"Sec-Fetch-Site: none", b"Cookie: larder_session=x"), False, None),
    ):
        status, got, _ = attempt(*fields)
        assert (status == 403) == refused, (fields, status)
        assert got.get("access-control-allow-origin") == readable, fields
        assert "access-control-allow-credentials" not in got
        assert "Origin" in got["vary"]

    def preflight(origin):
        return ask(server, b"OPTIONS /api/auth/login HTTP/1.1\r\n" + host + b"Origin: " + origin
                   + b"\r\nAccess-Control-Request-Method: POST\r\nAccess-Control-Request-Headers: content-type\r\n\r\n")

    status, fields, _ = preflight(b"https://friend.example")
    assert status == 204 and fields["access-control-allow-origin"] == "https://friend.example"
    assert "POST" in fields["access-control-allow-methods"]
    assert "Content-Type" in fields["access-control-allow-headers"]
    status, fields, _ = preflight(b"https://evil.example")
    assert status == 204 and not any(name.startswith("access-control") for name in fields)


def test_any_origin_without_cookies(start_server):
    server = start_server(LARDER_CORS_ORIGINS="*")
    status, fields, _ = ask(server, get(head=HOST + b"Origin: https://any.example\r\n"))
    assert status == 200 and fields["access-control-allow-origin"] == "*"
    status, _, _ = ask(server, post(b"Origin: https://any.example\r\nCookie: a=b\r\nContent-Length: 2\r\n" + JSON, b"{}"))
    assert status == 403


def logged(server, request_id):
    """The line of the access log; it is written after the answer has gone out."""
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        for line in server.log_text().splitlines():
            if f"request={request_id}" in line:
                return line
        select.select([], [], [], 0.02)
    raise AssertionError(f"{request_id} is not in the log")


def test_a_trusted_proxy_speaks_for_its_clients(start_server):
    server = start_server(args=("--access-log=true",), LARDER_TRUSTED_PROXIES="127.0.0.1")
    for chain, address in ((b"203.0.113.9", "203.0.113.9"), (b"10.9.9.9, 203.0.113.8", "203.0.113.8"),
                           (b"203.0.113.7, 127.0.0.1", "203.0.113.7"), (b"nonsense", "127.0.0.1")):
        _, fields, _ = ask(server, get(head=HOST + b"X-Forwarded-Proto: https\r\nX-Forwarded-For: " + chain + b"\r\n"))
        assert "strict-transport-security" in fields
        assert f"remote={address}" in logged(server, fields["x-request-id"])
    plain = start_server(args=("--access-log=true",))
    _, fields, _ = ask(plain, get(head=HOST + b"X-Forwarded-Proto: https\r\nX-Forwarded-For: 203.0.113.9\r\n"))
    assert "strict-transport-security" not in fields
    assert "remote=127.0.0.1" in logged(plain, fields["x-request-id"])


# ---- slow clients -----------------------------------------------------------------------------------------


def worst_of(server, request, seconds):
    """The slowest answer to a new client, asked again and again for a while."""
    worst, end = 0.0, time.monotonic() + seconds
    while True:
        begun = time.monotonic()
        assert ask(server, request)[0] == 200
        worst = max(worst, time.monotonic() - begun)
        if time.monotonic() >= end:
            return worst


def is_prompt(server, request, seconds, limit=0.25):
    """Whether there is a while without a slow answer: a server that is kept busy has none, a machine
    that was busy with something else has one soon."""
    return any(worst_of(server, request, seconds) < limit for _ in range(20))


def wait_until_closed(socks, seconds):
    """How long it took until the server had closed each of them."""
    begun, left = time.monotonic(), set(socks)
    for sock in socks:
        sock.setblocking(False)
    while left and time.monotonic() - begun < seconds:
        ready = select.select(list(left), [], [], 0.1)[0]
        for sock in ready:
            try:
                piece = sock.recv(65536)
            except BlockingIOError:
                continue
            except OSError:
                piece = b""
            if not piece:
                left.discard(sock)
    assert not left, f"{len(left)} connections are still open"
    return time.monotonic() - begun


def raise_limit():
    import resource

    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(hard, 8192) if hard != resource.RLIM_INFINITY else 8192, hard))


@pytest.mark.parametrize("sent", [b"", b"GET /liv", b"GET /livez HTTP/1.1\r\nHost: localhost\r\nX: "], ids=["silent", "line", "field"])
def test_500_half_open_requests(start_server, sent):
    raise_limit()
    server = start_server()
    token = server.admin().bearer.encode()
    listing = get(b"/api/orgs", head=HOST + b"Authorization: Bearer " + token + b"\r\n")
    for last in (False, False, False, False, True):
        with contextlib.ExitStack() as stack:
            socks = [stack.enter_context(server.connect()) for _ in range(500)]
            begun = time.monotonic()
            for sock in socks:
                sock.sendall(sent)
            prompt = [worst_of(server, request, 0.4) < 0.25 for request in (get(), listing)]
            beside = time.monotonic() - begun < 4  # in less time than the half-open ones have
            # select() has room for 1,024 descriptors only, and 500 are ours
            wait_until_closed(socks, PATIENCE)
            in_time = time.monotonic() - begun < 10
        if all(prompt) and beside and in_time:
            break  # a server that they keep busy has no such round, a busy machine has one of these
        assert not last, (prompt, beside, in_time)
    assert is_prompt(server, get(), 0.5)


def test_a_dripping_header_is_cut_off(module_server):
    """One byte a second is not progress: the header has five seconds in all."""
    with module_server.connect() as sock:
        begun, closed = time.monotonic(), False
        for byte in get() * 2:
            try:
                sock.sendall(bytes([byte]))
            except OSError:
                closed = True
                break
            if select.select([sock], [], [], 1.0)[0]:
                closed = True
                break
        assert closed and time.monotonic() - begun < 20  # all of it would take 76


def test_64_slow_bodies_are_cut_off(module_server):
    socks = [module_server.connect() for _ in range(64)]
    try:
        for sock in socks:
            sock.sendall(post(JSON + b"Content-Length: 30000\r\n", b"{"))
        begun, waiting = time.monotonic(), set(socks)
        while waiting and time.monotonic() - begun < PATIENCE:  # at this pace a body would take 300 s
            readable = select.select(list(waiting), [], [], 0.5)[0]
            for sock in readable:
                status, _, _ = read_one(sock)
                assert status == 408
                waiting.discard(sock)
            for sock in waiting:
                with contextlib.suppress(OSError):
                    sock.sendall(b" " * 50)
            assert is_prompt(module_server, get(), 0.05)
        assert not waiting, f"{len(waiting)} slow bodies are still read"
    finally:
        for sock in socks:
            sock.close()


def test_64_clients_that_do_not_read_are_let_go(module_server):
    """Each asks for a large page a hundred times and reads nothing."""
    socks = []
    try:
        for _ in range(64):
            sock = socket.socket()
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            sock.connect(("127.0.0.1", module_server.port))
            sock.setblocking(False)
            with contextlib.suppress(BlockingIOError):
                sock.send(get(b"/openapi.json") * 300)
            socks.append(sock)
        deadline, quick = time.monotonic() + PATIENCE, 0  # until the kernel's buffers are full
        while quick < 5 and time.monotonic() < deadline:
            quick = quick + 1 if worst_of(module_server, get(), 0) < 0.1 else 0
        assert is_prompt(module_server, get(), 1.0)
        end = time.monotonic() + PATIENCE
        while time.monotonic() < end and established(module_server.port, socks):
            select.select([], [], [], 0.2)
        assert established(module_server.port, socks) == 0
    finally:
        for sock in socks:
            sock.close()


def established(port, socks):
    """Connections the server still holds, by the kernel's table."""
    mine = {sock.getsockname()[1] for sock in socks}
    count = 0
    with open("/proc/net/tcp", encoding="ascii") as table_of_kernel:
        for line in list(table_of_kernel)[1:]:
            local, remote, state = line.split()[1:4]
            if int(local.split(":")[1], 16) == port and int(remote.split(":")[1], 16) in mine and state == "01":
                count += 1
    return count


def own_address():
    """An address of this machine that is not loopback; connecting a datagram socket sends nothing."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        try:
            sock.connect(("192.0.2.1", 9))
        except OSError:
            return None
        return sock.getsockname()[0]


def test_connections_of_one_address(start_server):
    address = own_address()
    if address is None or address.startswith("127."):
        pytest.skip("this machine has no address but loopback, which is exempt")
    server = start_server(args=("--listen", "0.0.0.0:0"), LARDER_PER_ADDRESS_MAX="8")

    def connect():
        return socket.create_connection((address, server.port), timeout=PATIENCE)

    def fill():
        """Eight that are answered and kept, and what the ninth is told."""
        made = [connect() for _ in range(8)]
        for sock in made:
            sock.sendall(get())
            assert read_one(sock)[0] == 200
        with connect() as extra:
            with contextlib.suppress(OSError):
                extra.sendall(get())
            return made, *receive(extra)

    keep, data, closed = fill()
    try:
        for _ in range(4):
            if not select.select(keep, [], [], 0)[0]:
                break
            for sock in keep:  # the machine took so long that one was closed, as idle, before the ninth came
                sock.close()
            keep, data, closed = fill()
        assert closed and statuses(data) in ([], [503])
        keep[0].close()
        deadline = time.monotonic() + PATIENCE
        while time.monotonic() < deadline:  # until the server has seen the end of that one
            with connect() as again:
                with contextlib.suppress(OSError):
                    again.sendall(get(head=HOST + b"Connection: close\r\n"))
                if statuses(receive(again)[0])[:1] == [200]:
                    break
        else:
            pytest.fail("a freed place was not given to a new connection")
        loopback = [server.connect() for _ in range(20)]
        assert ask(server, get())[0] == 200
        for sock in loopback:
            sock.close()
    finally:
        for sock in keep:
            sock.close()


# ---- stopping -----------------------------------------------------------------------------------------------


def stop_beside_idle_ones(server):
    """Seconds from the signal to the end of the server."""
    body = b'{"username":"nobody","password":"wrong password"}'
    with contextlib.ExitStack() as stack:
        idle = [stack.enter_context(server.connect()) for _ in range(20)]
        for sock in idle[:10]:
            sock.sendall(get())
            read_one(sock)
        sock = stack.enter_context(server.connect())
        sock.sendall(post(JSON + b"Content-Length: %d\r\nExpect: 100-continue\r\n" % len(body)))
        assert sock.recv(1000).startswith(b"HTTP/1.1 100")  # it is being answered now
        begun = time.monotonic()
        server.signal(signal.SIGTERM)
        assert receive(idle[0])[1]  # idle ones are closed, so the stop has begun
        sock.sendall(body)
        status, fields, _ = read_one(sock)
        assert status == 401 and fields["connection"] == "close"
        assert all(receive(other)[1] for other in idle[1:10])
        server.stop()
        return time.monotonic() - begun


def test_a_stop_lets_the_request_in_flight_end(start_server):
    took = []
    while len(took) < 5 and (not took or took[-1] >= 4):  # before an idle one's own five seconds; a busy machine has several tries
        took.append(stop_beside_idle_ones(start_server()))
    assert took[-1] < 4, took


# ---- TLS ------------------------------------------------------------------------------------------------------


def test_tls(start_server, tmp_path):
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2",
         "-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1",
         "-keyout", tmp_path / "key.pem", "-out", tmp_path / "cert.pem"],
        check=True, capture_output=True,
    )
    server = start_server(args=("--tls-cert", str(tmp_path / "cert.pem"), "--tls-key", str(tmp_path / "key.pem")))
    assert server.url.startswith("https://")
    context = ssl.create_default_context(cafile=tmp_path / "cert.pem")
    with context.wrap_socket(server.connect(), server_hostname="localhost") as sock:
        for _ in range(3):
            sock.sendall(get())
            status, fields, _ = read_one(sock)
            assert status == 200 and fields["strict-transport-security"].startswith("max-age=")
        sock.sendall(post(b"Content-Length: 2\r\nContent-Length: 2\r\n", b"{}"))
        assert read_one(sock)[0] == 400
    old = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    old.check_hostname, old.verify_mode = False, ssl.CERT_NONE
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # that it is old is the point
        old.minimum_version = old.maximum_version = ssl.TLSVersion.TLSv1_1
    with pytest.raises((ssl.SSLError, OSError)), old.wrap_socket(server.connect()):
        pass
    got, closed = send_and_end(server, get())  # plain HTTP to the TLS port
    assert closed and b"200 OK" not in got


# ---- system calls -----------------------------------------------------------------------------------------------


@pytest.mark.skipif(shutil.which("strace") is None, reason="strace is not installed")
def test_a_kept_alive_read_costs_three_system_calls(start_server, tmp_path):
    server = start_server()
    with server.connect() as sock:
        sock.sendall(get())
        read_one(sock)
        trace = tmp_path / "trace"
        strace = subprocess.Popen(["strace", "-f", "-qq", "-o", trace, "-p", str(server.pid)], stderr=subprocess.PIPE)
        try:
            # strace says nothing when it is attached; the first request that shows in its file does
            deadline = time.monotonic() + PATIENCE
            while time.monotonic() < deadline and not (trace.exists() and b"sendto" in trace.read_bytes()):
                if strace.poll() is not None:
                    pytest.skip("this machine lets nobody trace: " + strace.stderr.read().decode().strip())
                sock.sendall(get())
                assert read_one(sock)[0] == 200
            before = trace.read_text(errors="replace").count("HTTP/1.1 200")
            for _ in range(50):
                sock.sendall(get())
                assert read_one(sock)[0] == 200
        finally:
            strace.terminate()
            strace.wait(PATIENCE)
            strace.stderr.close()
    lines = trace.read_text(errors="replace").splitlines()
    worker = next(line.split()[0] for line in lines if "sendto" in line)
    names = [m[1] for m in (re.match(rf"{worker}\s+(?:<\.\.\. )?(\w+)", line) for line in lines) if m and "resumed" not in m.string]
    sends = names.count("sendto")
    assert sends >= 50 and before >= 1
    # a wait that was cut by a signal or by the attaching shows as one more
    assert len(names) <= 3 * sends + 4, names[-40:]
    assert set(names) - {"restart_syscall"} <= {"poll", "recvfrom", "sendto"}, set(names)
