"""Signing in and out: both token routes, rotation, cookies, sessions, the first administrator."""

import base64
import concurrent.futures
import json
import re
import subprocess
import time

import pytest
from people import Person, assert_error, create_org, password, unique


def grant(client, **form):
    return client.post("/oauth2/token", data=form)


def sign_in(client, person):
    answer = grant(client, grant_type="password", username=person.username, password=person.password,
                   client_id="cadence-admin-ui")
    assert answer.status_code == 200, answer.text
    return answer.json()


def claims(token):
    part = token.split(".")[1]
    return json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))


@pytest.fixture(scope="module")
def admin(module_server):
    return module_server.admin()


@pytest.fixture
def person(admin):
    return Person(admin)


@pytest.fixture
def client(module_server):
    return module_server.client()


def test_login_answers_a_token(client, person):
    answer = client.post("/api/auth/login", json={"username": person.username, "password": person.password})
    assert answer.status_code == 200
    token = answer.json()["token"]
    assert answer.headers["Cache-Control"] == "no-store"
    me = client.get("/api/me", headers={"Authorization": f"Bearer {token}"})
    assert me.status_code == 200
    assert me.json()["username"] == person.username


@pytest.mark.parametrize("username,secret", [("right", "wrong"), ("unknown", "wrong")])
def test_wrong_password_and_unknown_user_look_the_same(client, person, username, secret):
    name = person.username if username == "right" else unique("nobody")
    body = assert_error(client.post("/api/auth/login", json={"username": name, "password": secret}), 401, "AU-0001")
    assert body["message"] == "Invalid username or password"


@pytest.mark.parametrize("missing", ["username", "password"])
def test_login_names_the_missing_field(client, missing):
    body = {"username": "ada", "password": "x"}
    del body[missing]
    assert_error(client.post("/api/auth/login", json=body), 422, "VA-9001", field=missing)


def test_the_token_holds_no_role(client, person):
    held = claims(sign_in(client, person)["access_token"])
    assert set(held) == {"sub", "jti", "iat", "exp"}
    assert held["sub"] == person.id


def test_password_grant_answers_what_the_web_client_reads(client, person):
    tokens = sign_in(client, person)
    assert tokens["token_type"] == "Bearer"
    assert tokens["expires_in"] == 10800
    assert tokens["refresh_expires_in"] == 604800
    assert tokens["access_token"] and tokens["refresh_token"]


def test_refresh_rotates_both_tokens(client, person):
    first = sign_in(client, person)
    answer = grant(client, grant_type="refresh_token", refresh_token=first["refresh_token"], client_id="x")
    assert answer.status_code == 200, answer.text
    second = answer.json()
    assert second["refresh_token"] != first["refresh_token"]
    assert second["access_token"] != first["access_token"]
    me = client.get("/api/me", headers={"Authorization": "Bearer " + second["access_token"]})
    assert me.status_code == 200


def test_a_used_refresh_token_ends_the_session(client, person):
    """Two holders of one refresh token: one of them is a thief, so neither keeps the session."""
    first = sign_in(client, person)
    second = grant(client, grant_type="refresh_token", refresh_token=first["refresh_token"]).json()
    again = grant(client, grant_type="refresh_token", refresh_token=first["refresh_token"])
    assert again.status_code == 401
    assert again.json()["error"] == "invalid_grant"
    me = client.get("/api/me", headers={"Authorization": "Bearer " + second["access_token"]})
    assert me.status_code == 401


def test_only_one_of_many_renewals_wins(module_server, client, person):
    first = sign_in(client, person)

    def renew(_):
        return grant(module_server.client(), grant_type="refresh_token",
                     refresh_token=first["refresh_token"]).status_code

    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(renew, range(8)))
    assert answers.count(200) <= 1, answers
    assert set(answers) <= {200, 401}, answers


def test_unknown_grant(client):
    answer = grant(client, grant_type="client_credentials")
    body = assert_error(answer, 400, answer.json()["code"], field="grant_type")
    assert body["error"] == "unsupported_grant_type"
    assert body["error_description"] == body["message"]


def test_a_field_that_stands_twice(client):
    """Which of the two would count, a proxy and we could read differently (RFC 6749, 3.2)."""
    for form in ("grant_type=password&grant_type=refresh_token&refresh_token=x", "grant_type=password&username=a&password=b&username=c"):
        answer = client.post("/oauth2/token", data=form, headers={"Content-Type": "application/x-www-form-urlencoded"})
        assert answer.status_code == 400 and answer.json()["error"] == "invalid_request", answer.text
        assert "more than once" in answer.json()["error_description"]


@pytest.mark.parametrize("form,field", [
    ({}, "grant_type"),
    ({"grant_type": "password", "password": "x"}, "username"),
    ({"grant_type": "password", "username": "x"}, "password"),
    ({"grant_type": "refresh_token"}, "refresh_token"),
])
def test_missing_form_fields_are_named(client, form, field):
    answer = grant(client, **form)
    body = assert_error(answer, 422, "VA-9001", field=field)
    assert body["error"] == "invalid_request"


def test_wrong_password_at_the_token_route(client, person):
    answer = grant(client, grant_type="password", username=person.username, password="wrong")
    assert answer.status_code == 401
    assert answer.json()["error"] == "invalid_grant"
    assert answer.json()["message"] == "Invalid username or password"


def test_the_token_route_reads_no_json(client):
    answer = client.post("/oauth2/token", json={"grant_type": "password"})
    assert answer.status_code == 415
    assert answer.json()["error"] == "invalid_request"


def test_logout_ends_the_session_at_once(person):
    assert person.client.get("/api/me").status_code == 200
    answer = person.client.delete("/api/auth/logout")
    assert answer.status_code == 204
    assert answer.content == b""
    assert_error(person.client.get("/api/me"), 401, "AU-0001")


def test_logout_can_take_a_refresh_token_along(client, person):
    other = sign_in(client, person)
    answer = person.client.delete("/api/auth/logout", headers={"X-Refresh-Token": other["refresh_token"]})
    assert answer.status_code == 204
    assert grant(client, grant_type="refresh_token", refresh_token=other["refresh_token"]).status_code == 401
    assert client.get("/api/me", headers={"Authorization": "Bearer " + other["access_token"]}).status_code == 401


def test_no_other_provider_is_offered(client):
    answer = client.get("/oauth2/social/providers")
    assert answer.status_code == 200
    assert answer.json() == []


def mangled(token):
    head, body, signature = token.split(".")
    none = base64.urlsafe_b64encode(b'{"alg":"none","typ":"JWT"}').decode().rstrip("=")
    return [f"{head}.{body}.{signature[:-4]}AAAA", f"{none}.{body}.", f"{none}.{body}.{signature}", f"{head}.{body}", "x", ""]


def test_tokens_that_are_not_ours(client, person):
    for token in mangled(sign_in(client, person)["access_token"]):
        answer = client.get("/api/me", headers={"Authorization": f"Bearer {token}"})
        assert answer.status_code == 401, token


# ---- cookies of the browser ---------------------------------------------------------------------


def sign_in_with_cookies(client, person):
    answer = client.post("/api/auth/login",
                         json={"username": person.username, "password": person.password, "cookie": True})
    assert answer.status_code == 200, answer.text
    return answer


def test_cookies_are_out_of_reach_of_scripts(client, person):
    answer = sign_in_with_cookies(client, person)
    assert answer.json()["token"] == answer.json()["access_token"] == "[set]"
    assert "refresh_token" not in answer.json()
    cookies = answer.raw.headers.getlist("Set-Cookie")
    assert len(cookies) == 1
    for cookie in cookies:
        assert re.search(r"; *HttpOnly", cookie, re.I), cookie
        assert re.search(r"; *SameSite=Strict", cookie, re.I), cookie
        assert re.search(r"; *Path=/", cookie, re.I), cookie
        assert not re.search(r"; *Secure", cookie, re.I), "over plain HTTP a Secure cookie would be lost"


OURS = {"X-Larder-CSRF": "1"}  # what no mere form of another site can send


def test_a_cookie_signs_in_and_out(client, person):
    sign_in_with_cookies(client, person)
    assert client.get("/api/me").json()["username"] == person.username
    assert client.delete("/api/auth/logout").status_code == 403, "without the sign that a page of ours asks"
    assert client.delete("/api/auth/logout", headers=OURS).status_code == 204
    assert len(client.session.cookies) == 0, "signing out takes the cookie away"
    assert client.get("/api/me").status_code == 401


def test_a_foreign_page_cannot_use_the_cookie(client, person):
    sign_in_with_cookies(client, person)
    answer = client.patch("/api/me/profile", json={"bio": "hacked"},
                          headers={"Origin": "https://evil.example", **OURS})
    assert answer.status_code == 403, answer.text
    assert client.get("/api/me").json()["bio"] is None


# ---- one's own profile and sessions -------------------------------------------------------------


def test_me_has_the_fields_of_the_web_client(person):
    me = person.client.get("/api/me").json()
    assert set(me) == {"user_id", "is_sys_admin", "username", "email", "display_name", "avatar_url", "locale",
                       "timezone", "bio", "permissions"}
    assert me["is_sys_admin"] is False


def test_profile_changes_only_what_was_sent(person):
    assert person.client.patch("/api/me/profile", json={"display_name": "Ada", "locale": "en"}).status_code == 204
    assert person.client.patch("/api/me/profile", json={"display_name": None, "bio": "x"}).status_code == 204
    me = person.client.get("/api/me").json()
    assert (me["display_name"], me["locale"], me["bio"]) == (None, "en", "x")


def test_an_email_belongs_to_one_person(admin, person):
    mail = unique("mail") + "@acme.example"
    Person(admin, email=mail)
    assert_error(person.client.patch("/api/me/profile", json={"email": mail}), 409, "RE-0002", field="email")


def test_a_new_password_needs_the_present_one(client, person):
    fresh = password()
    change = person.client.patch
    assert_error(change("/api/me/profile", json={"new_password": fresh}), 422, "VA-9001", field="current_password")
    assert change("/api/me/profile", json={"new_password": fresh, "current_password": "no"}).status_code == 401
    short = change("/api/me/profile", json={"new_password": "short", "current_password": person.password})
    assert_error(short, 422, "VA-9001", field="new_password")
    other = sign_in(client, person)
    answer = change("/api/me/profile", json={"new_password": fresh, "current_password": person.password})
    assert answer.status_code == 204, answer.text
    assert person.client.get("/api/me").status_code == 200, "the session that changed it goes on"
    assert client.get("/api/me", headers={"Authorization": "Bearer " + other["access_token"]}).status_code == 401
    assert grant(client, grant_type="password", username=person.username, password=person.password).status_code == 401
    assert grant(client, grant_type="password", username=person.username, password=fresh).status_code == 200


def test_sessions_are_listed_and_revoked(client, person):
    other = sign_in(client, person)
    sessions = person.client.get("/api/me/sessions").json()
    assert len(sessions) == 2
    assert [s["is_current"] for s in sessions].count(True) == 1
    victim = next(s for s in sessions if not s["is_current"])
    assert victim["client_id"] == "cadence-admin-ui"
    assert person.client.delete("/api/me/sessions/" + victim["id"]).status_code == 204
    assert client.get("/api/me", headers={"Authorization": "Bearer " + other["access_token"]}).status_code == 401
    assert len(person.client.get("/api/me/sessions").json()) == 1


def test_nobody_ends_the_session_of_somebody_else(admin, person):
    session = admin.get("/api/me/sessions").json()[0]
    assert_error(person.client.delete("/api/me/sessions/" + session["id"]), 404, "RE-0001")
    assert admin.get("/api/me").status_code == 200


def test_my_orgs(admin, person):
    org = create_org(admin)
    admin.post(f"/api/orgs/{org['org_id']}/members", json={"user_id": person.id, "is_admin": True})
    mine = person.client.get("/api/me/orgs").json()
    assert [(o["org_id"], o["org_name"], o["role"]) for o in mine] == [(org["org_id"], org["name"], "org_admin")]


# ---- too many tries -----------------------------------------------------------------------------


def test_guessing_is_throttled(server):
    client = server.client()
    answers = [client.post("/api/auth/login", json={"username": "admin", "password": f"guess {i}"}) for i in range(30)]
    refused = next((a for a in answers if a.status_code == 429), None)
    assert refused is not None, [a.status_code for a in answers]
    assert_error(refused, 429, "RL-0001")
    assert int(refused.headers["Retry-After"]) >= 1
    token = client.post("/oauth2/token", data={"grant_type": "password", "username": "admin", "password": "x"})
    assert token.status_code == 429, "both doors count together"
    assert token.json()["error"] == "temporarily_unavailable"


# ---- the first administrator --------------------------------------------------------------------


def setup_token(server):
    """The link follows the listening line, so it may come a moment later."""
    deadline = time.monotonic() + 60
    while not (found := re.search(r"/setup#token=(\S+)\n", server.log_text())):
        assert time.monotonic() < deadline, server.log_text()
        time.sleep(0.01)
    return found[1]


def test_setup_makes_the_first_administrator_once(start_server):
    server = start_server(admin_password=None)
    client = server.client()
    assert client.get("/api/setup").json() == {"setup_needed": True}
    token, secret = setup_token(server), password()
    assert_error(client.post("/api/setup", json={"token": token, "password": "short"}), 422, "VA-9001", field="password")
    assert client.post("/api/setup", json={"token": "wrong" + token[5:], "password": secret}).status_code == 401
    answer = client.post("/api/setup", json={"token": token, "username": "root", "password": secret})
    assert answer.status_code == 201, answer.text
    me = client.get("/api/me", headers={"Authorization": "Bearer " + answer.json()["access_token"]}).json()
    assert (me["username"], me["is_sys_admin"]) == ("root", True)
    assert client.get("/api/setup").json() == {"setup_needed": False}
    again = client.post("/api/setup", json={"token": token, "username": "second", "password": secret})
    assert again.status_code in (401, 409)
    assert client.signed_in("root", secret).get("/api/admin/users").status_code == 200


def test_a_new_setup_link_voids_the_old(start_server):
    server = start_server(admin_password=None)
    old = setup_token(server)
    printed = server.cli("setup-link", check=0)
    new = re.search(r"/setup#token=(\S+)", printed.stdout + printed.stderr)[1]
    client = server.client()
    assert client.post("/api/setup", json={"token": old, "password": password()}).status_code == 401
    answer = client.post("/api/setup", json={"token": new, "password": password(), "cookie": True})
    assert answer.status_code == 201, answer.text
    assert client.get("/api/me").json()["username"] == "admin"


def test_no_setup_where_an_administrator_exists(server):
    assert server.client().get("/api/setup").json() == {"setup_needed": False}
    assert "/setup#token=" not in server.log_text()


# ---- over TLS -----------------------------------------------------------------------------------


def test_the_cookie_of_an_encrypted_connection(start_server, tmp_path):
    """__Host- means: only over TLS, only from this host, for the whole of it."""
    cert, key = tmp_path / "cert.pem", tmp_path / "key.pem"
    subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "1", "-subj", "/CN=localhost",
                    "-addext", "subjectAltName=IP:127.0.0.1", "-keyout", str(key), "-out", str(cert)],
                   check=True, capture_output=True)
    server = start_server(args=("--tls-cert", str(cert), "--tls-key", str(key)))
    client = server.client()
    client.session.verify = str(cert)
    answer = client.post("/api/auth/login", json={"username": "admin", "password": server.admin_password, "cookie": True})
    assert answer.status_code == 200, answer.text
    (cookie,) = answer.raw.headers.getlist("Set-Cookie")
    assert cookie.startswith("__Host-larder=")
    assert re.search(r"; *Secure", cookie) and re.search(r"; *Path=/(;|$)", cookie) and "Domain" not in cookie
    assert client.get("/api/me").json()["username"] == "admin"
    token = cookie.split("=", 1)[1].split(";")[0]
    fresh = server.client()
    fresh.session.verify = str(cert)
    plain_name = fresh.get("/api/me", headers={"Cookie": f"larder={token}"})
    assert plain_name.status_code == 401, "the name that a page without TLS could have set does not count"
