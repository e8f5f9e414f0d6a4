"""GET /api/events: what is told to whom, when a stream ends, and what many of them cost."""

import concurrent.futures
import json
import os
import re
import select
import shutil
import signal
import socket
import ssl
import subprocess
import threading
import time

import pytest
from conftest import PATIENCE
from packages import package
from people import create_member, create_org

ALL = bool(os.environ.get("LARDER_TEST_ALL"))
STREAMS = 500 if ALL else 200
LIVEZ_SECONDS = 0.25 if ALL else 1.0  # beside other tests on a busy machine the figure would tell nothing
SOON = 1 if ALL else 10  # seconds; nothing but the event itself ends a stream within them
SECONDS = PATIENCE  # a wait ends at an event; this is when the test gives up


class Stream:
    """One client of the stream, as raw as a browser's."""

    def __init__(self, server, bearer=None, query="", last_id=None, tls=None, receive=None, headers=None):
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        if receive:
            self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive)
        self.socket.settimeout(SECONDS)
        self.socket.connect(("127.0.0.1", server.port))
        if tls:
            self.socket = tls.wrap_socket(self.socket, server_hostname="127.0.0.1")
        fields = {"Host": "localhost", "Accept": "text/event-stream", **(headers or {})}
        if bearer:
            fields["Authorization"] = "Bearer " + bearer
        if last_id:
            fields["Last-Event-ID"] = last_id
        head = "".join(f"{k}: {v}\r\n" for k, v in fields.items())
        self.socket.sendall(f"GET /api/events{query} HTTP/1.1\r\n{head}\r\n".encode())
        self.buffer = b""
        self.ended = False
        self.last_id = None
        while b"\r\n\r\n" not in self.buffer and self.fill(SECONDS):
            pass
        head, _, self.buffer = self.buffer.partition(b"\r\n\r\n")
        lines = head.decode().split("\r\n")
        self.status = int(lines[0].split()[1])
        self.headers = {k.lower(): v for k, v in (line.split(": ", 1) for line in lines[1:])}

    def fill(self, seconds):
        """Reads what there is; false when the stream has ended or the time is over."""
        waiting = isinstance(self.socket, ssl.SSLSocket) and self.socket.pending()
        if not waiting and not select.select([self.socket], [], [], max(0, seconds))[0]:
            return False
        try:
            piece = self.socket.recv(65536)
        except ConnectionResetError:
            piece = b""
        self.buffer += piece
        self.ended = self.ended or not piece
        return bool(piece)

    def event(self, seconds=SECONDS):
        """The next event as (kind, data); None when the stream ends before there is one."""
        deadline = time.monotonic() + seconds
        while True:
            text, found, rest = self.buffer.partition(b"\n\n")
            if not found:
                if not self.fill(deadline - time.monotonic()):
                    return None
                continue
            self.buffer = rest
            fields = dict(re.findall(r"^(\w+): (.*)$", text.decode(), re.M))
            self.last_id = fields.get("id", self.last_id)
            if "event" in fields:
                data = json.loads(fields["data"])
                assert data["kind"] == fields["event"]
                return fields["event"], data

    def seconds_until_end(self):
        begun = time.monotonic()
        while not self.ended and time.monotonic() < begun + SECONDS:
            self.fill(SECONDS)
        assert self.ended, "the stream goes on"
        return time.monotonic() - begun

    def close(self):
        self.socket.close()


@pytest.fixture
def follow():
    streams = []

    def open_one(*args, **kw):
        streams.append(Stream(*args, **kw))
        return streams[-1]

    yield open_one
    for stream in streams:
        stream.close()


@pytest.fixture(scope="module")
def world(module_server):
    admin = module_server.admin()
    org, other = create_org(admin), create_org(admin)
    return {
        "server": module_server,
        "admin": admin,
        "org": org,
        "other": other,
        "boss": create_member(admin, org, is_admin=True),
        "stranger": create_member(admin, other, is_admin=True),
        "plain": create_member(admin, org),
    }


def upload(client, pid, version="1.0.0", org=None):
    path = f"/api/orgs/{org['org_id']}/plugins/upload" if org else "/api/admin/plugins/upload"
    answer = client.post(path, files={"file": (f"{pid}.zip", package(pid=pid, version=version))})
    assert answer.status_code == 201, answer.text
    return answer.json()


def pid_of(org, name):
    return ".".join(reversed(org["domain"].split("."))) + "." + name


def test_what_happens_is_told(world, follow):
    stream = follow(world["server"], world["boss"].client.bearer)
    assert stream.status == 200
    assert stream.headers["content-type"] == "text/event-stream"
    assert stream.headers["cache-control"] == "no-store"
    assert stream.headers["x-accel-buffering"] == "no"
    assert stream.event()[0] == "ready"
    row = upload(world["boss"].client, pid_of(world["org"], "told"), org=world["org"])
    kind, data = stream.event()
    assert kind == "plugin.uploaded"
    assert data["org_id"] == world["org"]["org_id"] and data["plugin_id"] == row["id"]
    assert data["pid"] == row["pid"] and data["version"] == "1.0.0" and data["at"].endswith("Z")
    address = f"/api/orgs/{world['org']['org_id']}/plugins/{row['id']}"
    assert world["boss"].client.delete(address).status_code < 300
    assert stream.event()[0] == "plugin.disabled"
    assert world["boss"].client.patch(address, json={"enabled": True}).status_code == 200
    assert stream.event()[0] == "plugin.enabled"
    upload_again = world["boss"].client.patch(address, json={"enabled": True})  # changes nothing, so it is no event
    assert upload_again.status_code == 200
    assert world["boss"].client.patch(address, json={"tag": "told"}).status_code == 200
    kind, data = stream.event()
    assert (kind, data["plugin_id"]) == ("plugin.tagged", row["id"])
    row = upload(world["admin"], "com.system.told")
    kind, data = stream.event()
    assert (kind, data["org_id"], data["plugin_id"]) == ("plugin.uploaded", None, row["id"])


def test_each_sees_only_what_they_may(world, follow):
    boss = follow(world["server"], world["boss"].client.bearer)
    stranger = follow(world["server"], world["stranger"].client.bearer)
    admin = follow(world["server"], world["admin"].bearer)
    narrow = follow(world["server"], world["admin"].bearer, query=f"?org_id={world['other']['org_id']}")
    for stream in (boss, stranger, admin, narrow):
        assert stream.event()[0] == "ready"
    mine = upload(world["boss"].client, pid_of(world["org"], "mine"), org=world["org"])["id"]
    theirs = upload(world["stranger"].client, pid_of(world["other"], "theirs"), org=world["other"])["id"]
    ours = upload(world["admin"], "com.system.seen")["id"]

    def ids(stream, count):
        return [stream.event()[1]["plugin_id"] for _ in range(count)]

    assert ids(boss, 2) == [mine, ours]
    assert ids(stranger, 2) == [theirs, ours]
    assert ids(admin, 3) == [mine, theirs, ours]
    assert ids(narrow, 2) == [theirs, ours]


def test_who_may_see_nothing_is_refused(world, follow):
    server = world["server"]
    assert follow(server).status == 401
    assert follow(server, "nonsense").status == 401
    assert follow(server, query="?token=" + world["boss"].client.bearer).status == 401
    assert follow(server, query="?access_token=" + world["boss"].client.bearer).status == 401
    assert follow(server, world["plain"].client.bearer).status == 403
    other = f"?org_id={world['other']['org_id']}"
    assert follow(server, world["boss"].client.bearer, query=other).status == 403
    for unknown in ("x" * 100, "00000000-0000-7000-8000-000000000000", "a%2F..", "%C3%BC"):
        assert follow(server, world["boss"].client.bearer, query="?org_id=" + unknown).status == 403
        assert follow(server, world["admin"].bearer, query="?org_id=" + unknown).status == 404  # who may see all, is told


def test_a_key_follows_as_far_as_its_scope(world, follow):
    boss = world["boss"].client
    for scopes, status in ((["cadence:org:plugins:read"], 200), (["cadence:org:read"], 403)):
        key = world["admin"].post(
            "/api/admin/users/api-keys",
            json={"name": "follower", "scopes": scopes, "org_id": world["org"]["org_id"]},
        )
        assert key.status_code == 201, key.text
        stream = follow(world["server"], headers={"X-API-KEY": key.json()["raw_key"]})
        assert stream.status == status
        if status == 200:
            assert stream.event()[0] == "ready"
            row = upload(boss, pid_of(world["org"], "keyed"), org=world["org"])
            assert stream.event()[1]["plugin_id"] == row["id"]
            gone = world["admin"].delete("/api/admin/users/api-keys/" + key.json()["id"])
            assert gone.status_code < 300
            assert stream.seconds_until_end() < SOON


def test_a_logout_ends_the_stream(world, follow):
    boss = world["boss"]
    client = world["admin"].signed_in(boss.username, boss.password)
    stream, another = follow(world["server"], client.bearer), follow(world["server"], boss.client.bearer)
    assert stream.event()[0] == another.event()[0] == "ready"
    assert client.delete("/api/auth/logout").status_code == 204
    took = stream.seconds_until_end()
    print(f"ended {took:.3f} s after the logout")
    assert took < SOON
    assert not another.ended and another.event(0.01) is None and not another.ended


def test_a_lost_role_ends_the_stream(world, follow):
    person = create_member(world["admin"], world["org"], is_admin=True)
    stream = follow(world["server"], person.client.bearer)
    assert stream.event()[0] == "ready"
    address = f"/api/orgs/{world['org']['org_id']}/users/{person.id}/membership"
    assert world["admin"].patch(address, json={"is_admin": False}).status_code < 300
    took = stream.seconds_until_end()
    print(f"ended {took:.3f} s after the role was lost")
    assert took < SOON
    assert follow(world["server"], person.client.bearer).status == 403


def test_a_session_that_runs_out_ends_the_stream(start_server, follow):
    server = start_server(LARDER_ACCESS_TOKEN_TTL="60s") if ALL else None
    if server is None:
        pytest.skip("a minute is the shortest session: ./build.sh test --all")
    stream = follow(server, server.admin().bearer)
    assert stream.event()[0] == "ready"
    begun = time.monotonic()
    while not stream.ended and time.monotonic() < begun + 90:
        stream.fill(30)
    assert stream.ended and time.monotonic() - begun < 65


def test_going_on_where_it_broke_off(world, follow):
    stream = follow(world["server"], world["boss"].client.bearer)
    assert stream.event()[0] == "ready"
    stream.close()
    rows = [upload(world["boss"].client, pid_of(world["org"], "later"), f"1.{i}.0", world["org"]) for i in range(3)]
    stream = follow(world["server"], world["boss"].client.bearer, last_id=stream.last_id)
    assert stream.event()[0] == "ready"
    assert [stream.event()[1]["plugin_id"] for _ in range(2)] == [r["id"] for r in rows[:2]]
    again = follow(world["server"], world["boss"].client.bearer, last_id=stream.last_id)
    assert again.event()[0] == "ready"
    assert again.event()[1]["plugin_id"] == rows[2]["id"]


def test_following_from_where_one_asked_who_one_is(world, follow):
    """What was read after that answer is followed without a gap; the query is for scripts of pages."""
    boss = world["boss"].client
    place = boss.get("/api/me").headers["X-Last-Event-ID"]
    row = upload(boss, pid_of(world["org"], "between"), org=world["org"])
    stream = follow(world["server"], boss.bearer, query=f"?last_event_id={place}")
    assert stream.event()[0] == "ready"
    assert stream.event()[1]["plugin_id"] == row["id"]
    newer = follow(world["server"], boss.bearer, query=f"?last_event_id={place}", last_id=stream.last_id)
    assert newer.event()[0] == "ready"
    assert newer.last_id == stream.last_id, "the field is the newer one"
    assert follow(world["server"], boss.bearer, query="?last_event_id=nonsense").event()[0] == "reset"


@pytest.mark.parametrize("last_id", ["00000000-5", "nonsense", "-", "99999999999999999999-1", "x" * 500])
def test_an_unknown_id_means_beginning_afresh(world, follow, last_id):
    stream = follow(world["server"], world["boss"].client.bearer, last_id=last_id)
    assert stream.event()[0] == "reset"


def test_another_run_knows_no_id_of_the_last(start_server, follow):
    server = start_server()
    stream = follow(server, server.admin().bearer)
    assert stream.event()[0] == "ready"
    server.stop()
    second = start_server(data=server.data, admin_password=server.admin_password)
    after = follow(second, second.admin().bearer, last_id=stream.last_id)
    assert after.event()[0] == "reset"


def metric(server, name):
    text = server.admin().get("/metrics").text
    return float(re.search(rf"^{name} (\S+)$", text, re.M)[1])


@pytest.mark.skipif(not ALL, reason="ten seconds of patience: ./build.sh test --all; the unit tests have a shorter one")
def test_who_does_not_read_is_dropped(world, follow):
    server, admin = world["server"], world["admin"]
    row = upload(admin, "com.system.flood")
    before = metric(server, "larder_event_streams_dropped_total")
    slow = follow(server, admin.bearer, receive=2048)
    quick = follow(server, admin.bearer)
    assert quick.event()[0] == "ready"
    deadline = time.monotonic() + 2 * SECONDS
    count = 0
    while metric(server, "larder_event_streams_dropped_total") == before:
        assert time.monotonic() < deadline, "nobody was dropped"
        for _ in range(50):
            count += 1
            answer = admin.patch(f"/api/admin/plugins/{row['id']}", json={"enabled": count % 2 == 0})
            assert answer.status_code == 200
            assert quick.event()[1]["plugin_id"] == row["id"]  # the one that reads misses nothing
    slow.seconds_until_end()
    assert metric(server, "larder_event_streams_dropped_total") == before + 1


def slowest_probe(server, work):
    """Seconds that the slowest answer to a probe took while the work was done."""
    took, stop = [0.0], threading.Event()

    def probe():
        client = server.client()
        while not stop.is_set():
            begun = time.monotonic()
            assert client.get("/livez").status_code == 200
            took.append(time.monotonic() - begun)

    prober = threading.Thread(target=probe)
    prober.start()
    try:
        work()
    finally:
        stop.set()
        prober.join()
    return max(took)


def tell_all(admin, streams, number):
    """Five uploads, and each of them at every stream."""
    rows = [upload(admin, f"com.system.many{number}x{i}") for i in range(5)]
    for stream in streams:
        assert [stream.event()[1]["plugin_id"] for _ in rows] == [r["id"] for r in rows]


def test_many_streams_leave_the_probe_quick(start_server, follow):
    server = start_server()
    admin = server.admin()
    with concurrent.futures.ThreadPoolExecutor(16) as pool:
        streams = list(pool.map(lambda _: follow(server, admin.bearer), range(STREAMS)))
    assert all(s.status == 200 and s.event()[0] == "ready" for s in streams)
    assert metric(server, "larder_event_streams") == STREAMS
    if STREAMS == 500:
        refused = follow(server, admin.bearer)
        assert refused.status == 503 and int(refused.headers["retry-after"]) > 0
    worst = []
    while len(worst) < 5 and (not worst or worst[-1] >= LIVEZ_SECONDS):  # a busy machine has a quick moment too
        worst.append(slowest_probe(server, lambda n=len(worst): tell_all(admin, streams, n)))
    print(f"worst probe beside {STREAMS} streams: {worst[-1] * 1000:.1f} ms")
    assert worst[-1] < LIVEZ_SECONDS, worst
    for stream in streams:
        stream.close()
    deadline = time.monotonic() + SECONDS
    while metric(server, "larder_event_streams") > 0:
        assert time.monotonic() < deadline, "closed streams are still counted"


def test_the_ceiling_is_a_setting(start_server, follow):
    server = start_server(LARDER_EVENTS_MAX="2")
    token = server.admin().bearer
    first = follow(server, token)
    assert [first.status, follow(server, token).status] == [200, 200]
    refused = follow(server, token)
    assert refused.status == 503 and int(refused.headers["retry-after"]) > 0
    first.close()
    deadline = time.monotonic() + SECONDS
    while follow(server, token).status != 200:
        assert time.monotonic() < deadline


def test_a_server_that_stops_ends_its_streams(start_server, follow):
    server = start_server()
    token = server.admin().bearer
    streams = [follow(server, token) for _ in range(20)]
    assert all(s.event()[0] == "ready" for s in streams)
    server.stop()  # within five seconds, as ever
    for stream in streams:
        assert stream.event(1) is None and stream.ended


def make_certificate(folder):
    folder.mkdir(exist_ok=True)
    cert, key = folder / "cert.pem", folder / "key.pem"
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "1", "-subj", "/CN=localhost",
         "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1", "-keyout", key, "-out", cert],
        check=True, capture_output=True, timeout=60,
    )  # fmt: skip
    return cert, key


def shown(server, version):
    """The certificate that a new connection gets."""
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    tls.check_hostname, tls.verify_mode = False, ssl.CERT_NONE
    tls.minimum_version = tls.maximum_version = version
    with server.connect(SECONDS) as plain, tls.wrap_socket(plain) as connection:
        return ssl.DER_cert_to_PEM_cert(connection.getpeercert(binary_form=True))


def test_a_renewed_certificate_is_shown_and_breaks_no_connection(start_server, follow, tmp_path):
    old, new = make_certificate(tmp_path / "old"), make_certificate(tmp_path / "new")
    cert, key = (shutil.copy(path, tmp_path) for path in old)
    server = start_server(args=("--tls-cert", str(cert), "--tls-key", str(key)))
    client = server.client()
    client.session.verify = str(old[0])
    client.bearer = client.token("admin", server.admin_password)
    stream = follow(server, client.bearer, tls=ssl.create_default_context(cafile=str(old[0])))
    assert stream.event()[0] == "ready"

    def hang_up(times):
        server.signal(signal.SIGHUP)
        deadline = time.monotonic() + SECONDS
        while server.log_text().count("event=reloaded") < times:
            assert time.monotonic() < deadline
            time.sleep(0.01)

    versions = (ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3)
    shutil.copy(new[0], cert)  # half of it: a program that renews is still at work
    hang_up(1)
    assert "event=certificate.refused" in server.log_text() and "tls-cert and tls-key: the second" in server.log_text()
    assert all(shown(server, v) == old[0].read_text() for v in versions)
    shutil.copy(new[1], key)
    hang_up(2)
    assert server.log_text().count("event=certificate.refused") == 1
    assert all(shown(server, v) == new[0].read_text() for v in versions)
    client.session.close()
    client.session.verify = str(new[0])
    row = upload(client, "com.system.renewed")
    assert stream.event()[1]["plugin_id"] == row["id"], "the connection that was open goes on"
    server.stop()


def test_over_tls_a_worker_stays_and_there_are_fewer(start_server, follow, tmp_path):
    cert, key = make_certificate(tmp_path)
    server = start_server(args=("--tls-cert", str(cert), "--tls-key", str(key), "--threads", "16"))
    client = server.client()
    client.session.verify = str(cert)
    client.bearer = client.token("admin", server.admin_password)
    tls = ssl.create_default_context(cafile=str(cert))
    streams = [follow(server, client.bearer, tls=tls) for _ in range(5)]
    assert sorted(s.status for s in streams) == [200] * 4 + [503], "a quarter of the threads"
    streams = [s for s in streams if s.status == 200]
    assert all(s.event()[0] == "ready" for s in streams)
    row = upload(client, "com.system.secret")
    assert all(s.event()[1]["plugin_id"] == row["id"] for s in streams)
    assert client.delete("/api/auth/logout").status_code == 204
    assert all(s.seconds_until_end() < SOON for s in streams)
    client.bearer = client.token("admin", server.admin_password)
    assert follow(server, client.bearer, tls=tls).event()[0] == "ready", "their workers are free again"
    server.stop()


def test_head_and_other_methods(world):
    admin = world["admin"]
    answer = admin.head("/api/events")
    assert answer.status_code == 200 and answer.headers["Content-Type"] == "text/event-stream" and answer.text == ""
    assert admin.post("/api/events").status_code == 405


def test_uploads_events_and_lists_together(start_server, follow):
    """For the thread sanitizer more than for itself: everything at once."""
    server = start_server()
    admin = server.admin()
    streams = [follow(server, admin.bearer) for _ in range(4)]
    failures = []

    def guarded(work):
        try:
            work()
        except BaseException as e:  # noqa: BLE001 - reported below
            failures.append(e)

    def send(n):
        client = server.admin()
        for i in range(6):
            upload(client, f"com.system.t{n}", f"1.{i}.0")

    def read():
        client = server.admin()
        for _ in range(30):
            assert client.get("/api/admin/plugins").status_code == 200

    def come_and_go():
        for _ in range(15):
            stream = Stream(server, admin.bearer)
            assert stream.event()[0] == "ready"
            stream.close()

    work = [lambda n=n: send(n) for n in range(3)] + [read, come_and_go]
    threads = [threading.Thread(target=guarded, args=(w,)) for w in work]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    assert failures == []
    for stream in streams:
        assert stream.event()[0] == "ready"
        assert len({stream.event()[1]["plugin_id"] for _ in range(18)}) == 18
    server.stop()
