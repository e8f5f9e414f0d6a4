"""Who may do what: every route of the tables, asked by everybody.

The expected status follows from the permission column alone, by the one table below. A permission
that is not in it fails, so no route can come without somebody having decided who may use it.
"""

import base64
import hashlib
import hmac
import json
import re
import time

import pytest
from people import Person, create_member, create_org

NOBODY, MEMBER, ORG_ADMIN, OTHER_ADMIN, SYS_ADMIN, REVOKED, EXPIRED = PEOPLE = (
    "nobody", "plain member", "org admin", "other org's admin", "sys admin", "revoked token", "expired token")
SIGNED_IN = {MEMBER, ORG_ADMIN, OTHER_ADMIN, SYS_ADMIN}

# Who passes the guard. "cadence:org:..." speaks of the org in the path.
MAY = {
    "public": set(PEOPLE),
    "session": SIGNED_IN,
    "cadence:org:read": {MEMBER, ORG_ADMIN, SYS_ADMIN},
    "cadence:org:write": {ORG_ADMIN, SYS_ADMIN},
    "cadence:org:members:read": {ORG_ADMIN, SYS_ADMIN},
    "cadence:org:members:write": {ORG_ADMIN, SYS_ADMIN},
    "cadence:org:plugins:read": {ORG_ADMIN, SYS_ADMIN},
    "cadence:org:plugins:write": {ORG_ADMIN, SYS_ADMIN},
    "cadence:system:admin": {SYS_ADMIN},
    "cadence:system:api_keys:read": {SYS_ADMIN},
    "cadence:system:api_keys:write": {SYS_ADMIN},
    "cadence:system:audit:read": {SYS_ADMIN},
    "cadence:system:backup:read": {SYS_ADMIN},
    "cadence:system:backup:write": {SYS_ADMIN},
    "cadence:system:logs:read": {SYS_ADMIN},
    "cadence:system:metrics:read": {SYS_ADMIN},
    "cadence:system:orgs:create": {SYS_ADMIN},
    "cadence:system:orgs:read": {SYS_ADMIN},
    "cadence:system:orgs:write": {SYS_ADMIN},
    "cadence:system:plugins:read": {SYS_ADMIN},
    "cadence:system:plugins:write": {SYS_ADMIN},
    "cadence:system:roles:read": {SYS_ADMIN},
    "cadence:system:roles:write": {SYS_ADMIN},
    "cadence:system:storage:read": {SYS_ADMIN},
    "cadence:system:storage:write": {SYS_ADMIN},
    "cadence:system:tiers:read": {SYS_ADMIN},
    "cadence:system:users:read": {SYS_ADMIN},
    "cadence:system:users:write": {SYS_ADMIN},
}
NONE = "01900000-0000-7000-8000-000000000000"  # an id of nothing, so that whoever may do it changes nothing


def expected(permission, person, path=""):
    if path == "/api/events" and person == MEMBER:
        return 403  # signed in, but there is nothing for them to see
    if person in MAY[permission]:
        return None  # anything but 401 and 403
    return 403 if person in SIGNED_IN else 401


def expired_copy(server, token):
    """The same token, signed with the server's own key, but over since an hour."""

    def part(value):
        return base64.urlsafe_b64encode(value).decode().rstrip("=")

    head, body, _ = token.split(".")
    claims = json.loads(base64.urlsafe_b64decode(body + "=" * (-len(body) % 4)))
    claims["exp"] = int(time.time()) - 3600
    key = bytes.fromhex((server.data / "key").read_text().strip())
    signed = f"{head}.{part(json.dumps(claims).encode())}"
    return f"{signed}.{part(hmac.new(key, signed.encode(), hashlib.sha256).digest())}"


@pytest.fixture(scope="module")
def world(module_server):
    admin = module_server.admin()
    org, other = create_org(admin), create_org(admin)
    people = {
        MEMBER: create_member(admin, org),
        ORG_ADMIN: create_member(admin, org, is_admin=True),
        OTHER_ADMIN: create_member(admin, other, is_admin=True),
        SYS_ADMIN: Person(admin, is_sys_admin=True),
    }
    gone = Person(admin, is_sys_admin=True)
    tokens = {name: person.client.bearer for name, person in people.items()}
    tokens[NOBODY] = None
    tokens[REVOKED] = gone.client.bearer
    tokens[EXPIRED] = expired_copy(module_server, people[SYS_ADMIN].client.bearer)
    assert gone.client.delete("/api/auth/logout").status_code == 204
    return {"client": module_server.client(), "org": org, "people": people, "tokens": tokens}


def address(route, org):
    values = {"org_id": org["org_id"]}
    return re.sub(r"\{([^}.]+)(?:\.\.\.)?\}", lambda m: values.get(m[1], NONE), route["path"])


def ask(world, route, person):
    headers = {}
    token = world["tokens"][person]
    if route["path"] == "/api/auth/logout" and person in SIGNED_IN:
        who = world["people"][person]  # this route ends what it is asked with, so it gets a session of its own
        token = who.client.token(who.username, who.password)
    if token:
        headers["Authorization"] = "Bearer " + token
    if route["path"] == "/api/events":  # the stream has no end
        with world["client"].request(route["method"], address(route, world["org"]), headers=headers, stream=True) as answer:
            if answer.status_code != 200:
                answer.content  # an error is to be read by the caller
        return answer
    body = {"json": {"json": {}}, "form": {"data": {"x": "y"}}, "upload": {"files": {"x": b"y"}}}.get(route["body"], {})
    return world["client"].request(route["method"], address(route, world["org"]), headers=headers, **body)


@pytest.fixture(scope="module")
def routes(cli):
    return json.loads(cli("routes", "--json", check=0).stdout)


def test_somebody_has_decided_about_every_permission(routes):
    assert {r["permission"] for r in routes} - set(MAY) == set()
    assert set(MAY) - {r["permission"] for r in routes} == set(), "decided about, but used by no route"


@pytest.mark.parametrize("person", PEOPLE)
def test_every_route(world, routes, person):
    wrong = []
    for route in routes:
        answer = ask(world, route, person)
        want = expected(route["permission"], person, route["path"])
        got = answer.status_code
        # A sign-in that fails is 401 for everybody; it is not the guard who says so.
        fits = got not in (401, 403) or route["permission"] == "public" if want is None else got == want
        if not fits:
            wrong.append(f"{route['method']} {route['path']} ({route['permission']}): {got}, expected {want or 'to pass'}")
        if got >= 500:
            wrong.append(f"{route['method']} {route['path']}: {got} {answer.text[:200]}")
        if want in (401, 403):
            body = answer.json()
            if route["path"].startswith("/api/v1/"):  # old clients read another shape
                assert body["success"] is False and body["message"], answer.text
                continue
            assert body["code"] in ({401: ("AU-0001", "AU-0002"), 403: ("AZ-0001", "AZ-0003")}[want]), answer.text
    assert wrong == []


def test_a_refusal_says_how_to_sign_in(world):
    answer = world["client"].get("/api/me")
    assert answer.headers["WWW-Authenticate"].startswith("Bearer")
