"""`larder serve` as a process: first line, folder, lock, signals, first administrator, secrets."""

import json
import os
import pathlib
import pty
import re
import secrets
import select
import signal
import socket
import stat
import subprocess
import threading
import time

import pytest
import requests
from conftest import PATIENCE, clean_environment, run_cli

SETUP = re.compile(r"(https?://[^/\s]+/setup#token=(\S+))")


def wait_for(server, pattern, count=1):
    """Waits until the log holds the pattern; the deadline fails the test."""
    deadline = time.monotonic() + PATIENCE
    while len(found := re.findall(pattern, server.log_text())) < count:
        assert time.monotonic() < deadline, f"no {pattern!r} in:\n{server.log_text()}"
        assert server.process.poll() is None, server.log_text()
        time.sleep(0.01)
    return found


def setup_token(server):
    return wait_for(server, SETUP)[-1][1]


def test_exactly_one_line_on_stdout(server):
    assert server.client().get("/livez").status_code == 200
    server.stop()
    assert server.stdout_text == f"larder {server.version} listening on {server.url}\n"
    assert server.url == f"http://127.0.0.1:{server.port}" and server.port > 0


def test_it_answers_when_the_line_is_printed(start_server):
    server = start_server()
    with server.connect() as s:
        s.sendall(b"GET /readyz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
        assert s.recv(4096).startswith(b"HTTP/1.1 200 ")


def test_serve_needs_no_flag(larder_bin, tmp_path):
    """HOME decides where the data goes; the port is the only thing the test takes away."""
    env = clean_environment(HOME=tmp_path, LARDER_LISTEN="127.0.0.1:0", XDG_DATA_HOME=None)
    env.pop("XDG_DATA_HOME", None)
    process = subprocess.Popen([larder_bin, "serve"], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, env=env)
    try:
        assert b" listening on http://127.0.0.1:" in process.stdout.readline()
        assert (tmp_path / ".local/share/larder/larder.db").exists()
    finally:
        process.terminate()
        assert process.wait(PATIENCE) == 0
        process.stdout.close()


def test_everything_in_the_folder_is_private(server):
    for path in [server.data, *server.data.rglob("*")]:
        mode = stat.S_IMODE(path.stat().st_mode)
        assert mode & 0o077 == 0, f"{path} has mode {mode:o}"
    key = server.data / "key"
    assert stat.S_IMODE(key.stat().st_mode) == 0o600
    assert re.fullmatch(r"[0-9a-f]{64}\n", key.read_text())


def test_the_key_stays_and_is_never_replaced_in_silence(start_server):
    server = start_server()
    key = (server.data / "key").read_text()
    token = server.client().token("admin", server.admin_password)
    server.stop()
    again = start_server(data=server.data, admin_password=None)
    assert (server.data / "key").read_text() == key
    answer = again.client().get("/api/me", headers={"Authorization": "Bearer " + token})
    assert answer.status_code == 200  # the sign-in outlives the restart
    again.stop()
    (server.data / "key").write_text("not a key\n")
    broken = start_server(data=server.data, admin_password=None, wait=False)
    assert broken.process.wait(PATIENCE) == 1
    assert "is not a key" in broken.log_text()
    (server.data / "key").write_text(key)
    os.chmod(server.data / "key", 0o644)
    broken = start_server(data=server.data, admin_password=None, wait=False)
    assert broken.process.wait(PATIENCE) == 1
    assert "can be read by others" in broken.log_text()


def test_a_second_server_on_the_same_folder_is_refused(server, start_server):
    second = start_server(data=server.data, wait=False)
    assert second.process.wait(PATIENCE) == 4
    assert f"Another Larder process (pid {server.pid}) is using {server.data}" in second.log_text()
    assert second.process.stdout.read() == b""
    assert server.client().get("/readyz").status_code == 200
    server.kill()  # a lock dies with its process
    third = start_server(data=server.data)
    assert third.client().get("/readyz").status_code == 200


def test_a_port_that_is_taken_is_named(server, start_server):
    second = start_server(args=("--listen", f"127.0.0.1:{server.port}"), wait=False)
    assert second.process.wait(PATIENCE) != 0
    assert str(server.port) in second.log_text()
    assert second.process.stdout.read() == b""


def test_several_addresses(start_server):
    server = start_server(args=("--listen", "127.0.0.1:0,127.0.0.2:0"))
    assert server.url.startswith("http://127.0.0.1:")
    assert server.client().get("/livez").status_code == 200


def test_no_administrator_by_default(start_server):
    server = start_server(admin_password=None)
    assert server.cli("admin", "list", "--json", check=0).stdout == "[]\n"
    for password in ("admin", "password", "changeme", "larder", "secret", ""):
        answer = server.client().post(
            "/oauth2/token", data={"grant_type": "password", "username": "admin", "password": password}
        )
        assert answer.status_code in (400, 401, 422, 429)


def test_the_setup_link_is_good_once(start_server):
    server = start_server(admin_password=None)
    link, token = wait_for(server, SETUP)[0]
    assert link == f"{server.url}/setup#token={token}" and len(token) >= 40
    password = secrets.token_urlsafe(16)
    body = {"token": token, "username": "root", "password": password}
    assert server.client().post("/api/setup", json=body).status_code == 201
    assert server.client().signed_in("root", password).get("/api/me").status_code == 200
    body["username"] = "second"
    assert server.client().post("/api/setup", json=body).status_code in (401, 409)
    names = [row["username"] for row in json.loads(server.cli("admin", "list", "--json").stdout)]
    assert names == ["root"]
    assert token not in str((server.data / "larder.db").read_bytes())  # kept as a hash only
    done = server.cli("setup-link", check=4)
    assert "administrator exists" in done.stderr


def test_a_new_link_voids_the_old_one(start_server):
    server = start_server(admin_password=None)
    old = setup_token(server)
    new = SETUP.search(server.cli("setup-link", check=0).stdout)[2]
    assert new != old
    body = {"token": old, "password": secrets.token_urlsafe(16)}
    assert server.client().post("/api/setup", json=body).status_code == 401
    body["token"] = new
    assert server.client().post("/api/setup", json=body).status_code == 201


def test_the_public_url_stands_in_the_link(start_server):
    server = start_server(args=("--public-url", "https://larder.example/"), admin_password=None)
    assert wait_for(server, SETUP)[0][0].startswith("https://larder.example/setup#token=")


def test_an_administrator_without_a_screen(start_server, tmp_path):
    password = secrets.token_urlsafe(16)
    file = tmp_path / "password"
    file.write_text(password + "\n")
    server = start_server(admin_password=None, LARDER_ADMIN_PASSWORD_FILE=file)
    assert server.client().signed_in("admin", password).get("/api/me").status_code == 200
    assert "setup#token" not in server.log_text()
    server.stop()
    # it makes the first one only, and never changes a password
    again = start_server(data=server.data, admin_password=secrets.token_urlsafe(16))
    assert again.client().signed_in("admin", password).get("/api/me").status_code == 200


def test_a_weak_first_password_is_refused(start_server):
    server = start_server(admin_password="short", wait=False)
    assert server.process.wait(PATIENCE) != 0
    assert "12" in server.log_text() and "short" not in server.log_text()
    assert server.process.stdout.read() == b""


def test_people_and_keys_are_managed_beside_a_running_server(server):
    password = secrets.token_urlsafe(16)
    server.cli("admin", "create", "beside", "--email", "b@x.example", stdin=password + "\n", check=0)
    client = server.client().signed_in("beside", password)
    assert client.get("/api/me").status_code == 200
    done = server.cli("admin", "create", "beside", stdin=password + "\n", check=4)
    assert "already exists" in done.stderr
    done = server.cli("admin", "create", "weak", stdin="short\n")
    assert done.returncode == 1 and "12" in done.stderr
    assert "No password was given" in server.cli("admin", "create", "none", check=2).stderr

    fresh = secrets.token_urlsafe(16)
    server.cli("admin", "passwd", "beside", stdin=fresh + "\n", check=0)
    deadline = time.monotonic() + PATIENCE  # another process: seen within 200 ms
    while client.get("/api/me").status_code != 401:
        assert time.monotonic() < deadline, "the old session is still alive"
    assert server.client().signed_in("beside", fresh).get("/api/me").status_code == 200
    assert "There is no user 'nobody'" in server.cli("admin", "passwd", "nobody", stdin="x\n", check=3).stderr


def at_a_terminal(server, *args, answers):
    """Runs a verb at a terminal of its own, answers its questions, returns status and screen."""
    pid, fd = pty.fork()
    if pid == 0:
        os.execve(server.binary, [str(server.binary), *args, "--data", str(server.data)], clean_environment())
    screen, answers = "", list(answers)
    try:
        while select.select([fd], [], [], PATIENCE)[0] and (piece := os.read(fd, 4096)):
            screen += piece.decode()
            if answers and screen.endswith(": "):
                os.write(fd, answers.pop(0).encode())
    except OSError:
        pass  # the other end is closed: the program has ended
    os.close(fd)  # one that still waits for an answer is hung up on
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]), screen


def test_passwords_are_asked_for_without_echo(server):
    password = "Typed-" + secrets.token_hex(8)
    status, screen = at_a_terminal(server, "admin", "create", "typist", answers=[password + "\n"] * 2)
    assert status == 0, screen
    assert "New password: " in screen and "The same again: " in screen and password not in screen
    assert server.client().signed_in("typist", password).get("/api/me").status_code == 200
    status, screen = at_a_terminal(server, "admin", "create", "other", answers=[password + "\n", "else\n"])
    assert status == 2 and "not the same" in screen and password not in screen
    status, screen = at_a_terminal(server, "admin", "create", "other", answers=["\x03"])
    assert status == 2 and "No password was given" in screen


def test_keys_are_shown_once_and_revoked_at_once(server):
    done = server.cli(
        "token", "create", "robot", "--user", "admin", "--scopes", "cadence:system:metrics:read",
        "--days", "30", "--json", check=0,
    )  # fmt: skip
    key = json.loads(done.stdout)
    assert key["key"].startswith("cdk_") and key["expires_at"]
    assert server.client().get("/metrics").status_code == 401
    headers = {"X-API-KEY": key["key"]}
    deadline = time.monotonic() + PATIENCE
    while server.client().get("/metrics", headers=headers).status_code != 200:
        assert time.monotonic() < deadline, "the key does not work"
    listed = server.cli("token", "list", "--json", check=0).stdout
    assert key["id"] in listed and key["key"] not in listed
    server.cli("token", "revoke", key["id"], check=0)
    deadline = time.monotonic() + PATIENCE
    while server.client().get("/metrics", headers=headers).status_code != 401:
        assert time.monotonic() < deadline, "the revoked key still works"
    assert server.cli("token", "list", check=0).stdout == ""
    assert "revoked" in server.cli("token", "list", "--all", check=0).stdout
    server.cli("token", "revoke", "00000000-0000-7000-8000-000000000000", check=3)


def test_secrets_appear_nowhere(start_server, tmp_path):
    """Marked secrets in every place where one can be given; every output is searched for them."""
    password = "Marked-" + secrets.token_hex(12)
    server = start_server(args=("--log-level", "debug", "--access-log"), admin_password=password)
    client = server.client()
    token = client.token("admin", password)
    wrong = "Wrong-" + secrets.token_hex(12)
    client.post("/oauth2/token", data={"grant_type": "password", "username": "admin", "password": wrong})
    client.get("/api/me", headers={"Authorization": "Bearer " + token})
    client.get("/api/me", headers={"Cookie": "larder_session=" + token})
    client.get("/nowhere?access_token=" + token)
    client.post("/api/auth/login", json={"username": wrong, "password": wrong})
    raw = server.cli(
        "token", "create", "k", "--user", "admin", "--scopes", "cadence:system:metrics:read", check=0
    ).stdout.strip()
    answer = client.get("/metrics", headers={"X-API-KEY": raw})
    assert answer.status_code == 200
    metrics = answer.text
    process = pathlib.Path(f"/proc/{server.pid}/cmdline").read_bytes().decode()
    config = server.cli("config", check=0, LARDER_ADMIN_PASSWORD=password).stdout
    routes = server.cli("routes", "--json", check=0).stdout
    key = (server.data / "key").read_text().strip()
    backup = tmp_path / "b.tar"
    server.cli("backup", backup, check=0)
    server.stop()
    database = (server.data / "larder.db").read_bytes()
    places = {
        "log": server.log_text(), "stdout": server.stdout_text, "ps": process, "config": config,
        "metrics": metrics, "routes": routes, "database": database.decode("latin-1"),
        "backup": backup.read_bytes().decode("latin-1"),
    }  # fmt: skip
    for name, text in places.items():
        for what, secret in {"password": password, "wrong": wrong, "token": token, "key": key, "api key": raw}.items():
            assert secret not in text, f"the {what} is in the {name}"


def test_core_dumps_are_off(server):
    limits = pathlib.Path(f"/proc/{server.pid}/limits").read_text()
    assert re.search(r"Max core file size +0 +0 ", limits)


def test_sighup_applies_what_is_live_and_names_the_rest(start_server):
    server = start_server(admin_password=None)
    conf = server.data / "larder.conf"
    conf.write_text("log-level = debug\nthreads = 8\nmetrics = open\n")
    assert server.client().get("/metrics").status_code == 401
    server.signal(signal.SIGHUP)
    wait_for(server, r"event=reloaded")
    log = server.log_text()
    assert "event=setting.changed key=log-level" in log
    assert "event=setting.changed key=metrics" in log
    assert "event=setting.needs_restart key=threads" in log
    assert server.client().get("/metrics").status_code == 200
    conf.write_text("metrics = tokn\n")
    server.signal(signal.SIGHUP)
    wait_for(server, r"event=reload\.refused")
    assert server.client().get("/metrics").status_code == 200  # a wrong file changes nothing
    conf.unlink()
    server.signal(signal.SIGHUP)
    wait_for(server, r"event=reloaded", 2)
    assert server.client().get("/metrics").status_code == 401
    server.stop()


def test_the_service_manager_is_told(start_server, tmp_path):
    path = str(tmp_path / "notify")
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
        manager.bind(path)
        manager.settimeout(PATIENCE)
        server = start_server(NOTIFY_SOCKET=path, WATCHDOG_USEC="200000")
        assert manager.recv(100) == b"READY=1"
        assert manager.recv(100) == b"WATCHDOG=1"
        server.signal(signal.SIGHUP)
        while not manager.recv(100).startswith(b"RELOADING=1\nMONOTONIC_USEC="):
            pass  # more of the watchdog; the socket's own deadline ends this
        assert manager.recv(100) == b"READY=1"
        server.stop()
        while manager.recv(100) != b"STOPPING=1":
            pass


def test_a_socket_of_the_service_manager_is_used(larder_bin, tmp_path):
    """LISTEN_FDS: the socket is open before the process is, so no connection is ever refused."""
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        listening.listen(64)
        port = listening.getsockname()[1]

        def hand_over():
            os.dup2(listening.fileno(), 3)

        command = 'LISTEN_PID=$$ LISTEN_FDS=1 exec "$0" serve --data "$1"'
        process = subprocess.Popen(
            ["sh", "-c", command, larder_bin, tmp_path / "data"],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env=clean_environment(),
            preexec_fn=hand_over,
            close_fds=False,
        )
        try:
            assert process.stdout.readline().endswith(f" listening on http://127.0.0.1:{port}\n".encode())
            assert requests.get(f"http://127.0.0.1:{port}/livez", timeout=PATIENCE).status_code == 200
        finally:
            process.terminate()
            assert process.wait(PATIENCE) == 0
            process.stdout.close()
            process.stderr.close()


def test_sigint_ends_it_too(server):
    server.signal(signal.SIGINT)
    assert server.process.wait(PATIENCE) == 0


class Load:
    """Threads that ask until the server is gone, and remember anything but a whole answer."""

    def __init__(self, server, threads=6):
        self.url, self.wrong, self.answers = server.url, [], 0
        self.stopping = self.over = False
        self.token = server.client().token("admin", server.admin_password)
        self.threads = [threading.Thread(target=self.run, args=(i,)) for i in range(threads)]
        for thread in self.threads:
            thread.start()

    def run(self, number):
        session = requests.Session()
        session.trust_env = False
        headers = {"Authorization": "Bearer " + self.token}
        while not self.over:
            try:
                if number % 2:
                    answer = session.get(self.url + "/api/me", headers=headers, timeout=PATIENCE)
                    good = answer.status_code == 200
                else:
                    body = {"display_name": f"name {self.answers}"}
                    answer = session.patch(self.url + "/api/me/profile", json=body, headers=headers, timeout=PATIENCE)
                    good = answer.status_code in (200, 204)
                # a body that was still on its way when its idle connection was hung up
                refused = self.stopping and answer.status_code in (408, 503)
                if answer.content:
                    answer.json()  # whole, whatever it says
                if not good and not refused:
                    self.wrong.append(f"{answer.status_code} {answer.text[:200]}")
                self.answers += 1
            except requests.ConnectionError as failure:
                # refused, or a kept-alive connection that was closed between two requests; an
                # answer that was cut in its middle is a ChunkedEncodingError or ContentDecodingError
                if "IncompleteRead" in str(failure):
                    self.wrong.append(repr(failure))
                return
            except requests.RequestException as failure:
                self.wrong.append(repr(failure))
                return

    def join(self):
        self.over = True
        for thread in self.threads:
            thread.join(PATIENCE)
            assert not thread.is_alive()


@pytest.mark.parametrize("rounds", [50 if os.environ.get("LARDER_TEST_ALL") else 15])
def test_sigterm_under_load(start_server, rounds):
    """In-flight requests end, exit 0 below 5 s, no WAL is left: each time."""
    data = None
    for number in range(rounds):
        server = start_server(data=data, admin_password="a password for load tests")
        data = server.data
        load = Load(server)
        deadline = time.monotonic() + PATIENCE
        while load.answers < 20 + number % 7 and not load.wrong:
            assert time.monotonic() < deadline, "no answers under load"
            time.sleep(0.001)
        load.stopping = True
        server.stop()  # asserts exit 0 and the time
        load.join()
        assert not load.wrong, load.wrong[:3]
        left = {p.name for p in data.iterdir()}
        assert not {"larder.db-wal", "larder.db-shm"} & left
        server.dispose()


def test_a_slow_request_is_let_finish(server):
    """Half of a body is sent, then SIGTERM, then the other half: the answer still comes."""
    body = b'{"username":"admin","password":"' + server.admin_password.encode() + b'"}'
    head = (
        b"POST /api/auth/login HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
        b"Content-Length: " + str(len(body)).encode() + b"\r\nConnection: close\r\n\r\n"
    )
    with server.connect() as s:
        s.sendall(head + body[:10])
        deadline = time.monotonic() + PATIENCE
        while in_flight(server) < 2:  # the slow one, and the one that asks
            assert time.monotonic() < deadline, "the slow request was not seen"
        server.signal(signal.SIGTERM)
        s.sendall(body[10:])
        answer = b""
        while piece := s.recv(65536):
            answer += piece
    assert answer.startswith(b"HTTP/1.1 200 ") and b"token" in answer
    assert server.process.wait(PATIENCE) == 0


def in_flight(server):
    if not hasattr(server, "metrics_token"):
        server.metrics_token = server.client().token("admin", server.admin_password)
    text = server.client().get("/metrics", headers={"Authorization": "Bearer " + server.metrics_token}).text
    return int(re.search(r"^larder_http_in_flight (\d+)$", text, re.M)[1])


def test_sudden_death_loses_nothing_that_was_answered(start_server):
    server = start_server()
    client = server.admin()
    names = []
    for i in range(20):
        answer = client.post("/api/admin/orgs", json={"name": f"org {i}", "domain": f"o{i}.example"})
        assert answer.status_code == 201
        names.append(f"org {i}")
    server.kill()
    again = start_server(data=server.data, admin_password=server.admin_password)
    rows = again.admin().get("/api/admin/orgs").json()
    rows = rows if isinstance(rows, list) else rows.get("orgs", rows.get("items"))
    assert sorted(row["name"] for row in rows) == sorted(names)


def test_an_interrupted_restore_is_not_served(server, start_server):
    server.stop()
    (server.data / "restore.pending").write_text("")
    again = start_server(data=server.data, wait=False)
    assert again.process.wait(PATIENCE) == 4
    assert "was interrupted" in again.log_text()


def test_odd_data_folders_are_refused_in_plain_words(larder_bin, tmp_path):
    file = tmp_path / "file"
    file.write_text("x")
    done = run_cli(larder_bin, "serve", "--data", file, "--listen", "127.0.0.1:0", check=1)
    assert str(file) in done.stderr
    done = run_cli(larder_bin, "serve", "--data", file / "below", "--listen", "127.0.0.1:0", check=1)
    assert str(file) in done.stderr


@pytest.fixture(scope="module")
def certificate(tmp_path_factory):
    """A certificate of our own for localhost, good for a day."""
    folder = tmp_path_factory.mktemp("tls")
    cert, key = folder / "cert.pem", folder / "key.pem"
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "1", "-subj", "/CN=localhost",
         "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1", "-keyout", key, "-out", cert],
        check=True, capture_output=True, timeout=60,
    )  # fmt: skip
    return cert, key


def test_tls(start_server, certificate):
    cert, key = certificate
    server = start_server(args=("--tls-cert", str(cert), "--tls-key", str(key)))
    assert server.url == f"https://127.0.0.1:{server.port}"
    with requests.Session() as session:
        session.trust_env, session.verify = False, str(cert)
        answer = session.get(server.url + "/livez", timeout=PATIENCE)
    assert answer.status_code == 200 and "Strict-Transport-Security" in answer.headers
    server.stop()


def test_half_of_a_tls_setting_is_refused(start_server, certificate):
    cert, key = certificate
    for args, words in [
        (("--tls-cert", str(cert)), "set together"),
        (("--tls-cert", str(cert), "--tls-key", "/nonexistent/key.pem"), "key.pem"),
    ]:
        server = start_server(args=args, wait=False)
        assert server.process.wait(PATIENCE) == 1
        assert words in server.log_text()


def test_tls_files_that_do_not_serve_are_named(start_server, certificate):
    cert, key = certificate
    for args, words in [
        (("--tls-cert", str(key), "--tls-key", str(key)), "tls-cert and tls-key: the first holds no certificate"),
        (("--tls-cert", str(cert), "--tls-key", str(cert)), "tls-cert and tls-key: the second holds no private key"),
    ]:
        server = start_server(args=args, wait=False)
        assert server.process.wait(PATIENCE) == 1
        assert words in server.log_text() and "SSL callback" not in server.log_text()


@pytest.mark.parametrize("key, value, shape", [
    ("public-url", "larder.example", "must be as in https://"),
    ("public-url", "https://", "must be as in https://"),
    ("allowed-hosts", "ok.example, https://larder.example", "without https://"),
    ("cors-origins", "https://app.example/", "without a path"),
    ("cors-origins", "app.example", "without a path"),
    ("trusted-proxies", "10.0.0.1, 10.0.0.0/8", "IP addresses"),
    ("trusted-proxies", "proxy", "IP addresses"),
    ("index-url", "pypi.example/simple", "https://"),
    ("listen", "127.0.0.1:99999", "port up to 65535"),
    ("listen", "somewhere", "host:port"),
    ("store-plugin", "/dev/null/x", "/dev/null"),
    ("system-plugins", "/dev/null/x", "/dev/null"),
    ("web-dir", "/proc/nonexistent", "/proc/nonexistent"),
    ("trusted-key", "/proc/nonexistent", "/proc/nonexistent"),
])  # fmt: skip
def test_a_setting_that_would_help_nobody_is_refused_by_its_name(larder_bin, tmp_path, key, value, shape):
    env = {"LARDER_LISTEN": "127.0.0.1:0", "LARDER_" + key.upper().replace("-", "_"): value}
    done = run_cli(larder_bin, "serve", "--data", tmp_path / "data", check=1, **env)
    sentence = done.stderr.strip().splitlines()[-1]
    assert sentence.startswith("larder: " + key) and shape in sentence


@pytest.mark.parametrize("key", ["data", "listen", "store-plugin", "store-archived", "log-level", "threads"])
def test_what_has_a_default_cannot_be_empty(larder_bin, tmp_path, key):
    """Empty means "not set" where that is possible; here it met code that counts on a value."""
    conf = tmp_path / "larder.conf"
    conf.write_text(key + " =\n")
    for args in (("--" + key, ""), ("--config", conf)):
        rest = ("--data", tmp_path / "data") if key != "data" else ()
        for verb in ("serve", "list"):
            done = run_cli(larder_bin, verb, *args, *rest, check=2, HOME=tmp_path)
            assert f"{key} must be" in done.stderr
    run_cli(larder_bin, "config", "--tls-cert", "", "--data", tmp_path / "data", check=0, LARDER_TLS_CERT="/x")


def test_one_folder_is_not_two_stores(larder_bin, tmp_path):
    done = run_cli(larder_bin, "serve", "--data", tmp_path / "data", "--store-plugin", "one", "--store-archived", "one",
                   "--listen", "127.0.0.1:0", check=1)
    assert "store-plugin and store-archived both name" in done.stderr


def test_settings_of_these_shapes_are_taken(start_server):
    server = start_server(
        LARDER_PUBLIC_URL="https://larder.example:8443/below", LARDER_ALLOWED_HOSTS="a.example, b_c:8080,",
        LARDER_CORS_ORIGINS="https://app.example:1234, tauri://localhost", LARDER_TRUSTED_PROXIES="::1, 10.0.0.1",
    )  # fmt: skip
    server.stop()


def test_a_server_that_is_not_there_is_named(larder_bin):
    done = run_cli(larder_bin, "list", "--url", "http://127.0.0.1:1", check=1, LARDER_TOKEN="x")
    assert "http://127.0.0.1:1" in done.stderr and "--url" in done.stderr
