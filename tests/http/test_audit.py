"""The record of what happened: every change has its row, and the chain holds."""

import pytest
from people import Person, assert_error, create_member, create_org, password, unique

AUDIT = "/api/admin/audit"


@pytest.fixture(scope="module")
def admin(module_server):
    return module_server.admin()


def rows(admin, **query):
    answer = admin.get(AUDIT, params=query)
    assert answer.status_code == 200, answer.text
    return answer.json()


def test_a_row_says_who_what_and_from_where(admin):
    request_id = unique("req")
    name = unique("org")
    answer = admin.post("/api/admin/orgs", json={"name": name, "domain": f"{name}.example"}, headers={"X-Request-ID": request_id})
    org = answer.json()
    row = rows(admin, subject=org["org_id"])[0]
    assert {"seq", "at", "action", "actor_id", "actor_name", "actor_via", "address", "request_id", "org_id", "subject",
            "detail", "hash"} == set(row)
    assert row["action"].startswith("org.")
    assert (row["actor_name"], row["actor_via"], row["address"]) == ("admin", "session", "127.0.0.1")
    assert row["request_id"] == request_id == answer.headers["X-Request-ID"]
    assert len(row["hash"]) == 64


def changes(admin, person, org):
    """(what, call) for every route that changes something and succeeds."""
    role = {"name": unique("role"), "permissions": ["cadence:org:read"]}
    yield "user", lambda: admin.patch(f"/api/admin/users/{person.id}", json={"display_name": unique("n")})
    yield "profile", lambda: person.client.patch("/api/me/profile", json={"bio": unique("b")})
    yield "org", lambda: admin.patch(f"/api/admin/orgs/{org['org_id']}", json={"name": unique("n")})
    yield "org profile", lambda: admin.patch(f"/api/orgs/{org['org_id']}/profile", json={"website": "https://x.example"})
    yield "member", lambda: admin.patch(f"/api/orgs/{org['org_id']}/users/{person.id}/membership", json={"is_admin": True})
    yield "role", lambda: admin.post("/api/admin/roles", json=role)
    yield "key", lambda: admin.post("/api/admin/users/api-keys", json={"name": "x", "scopes": ["cadence:org:read"]})
    yield "removal", lambda: admin.delete(f"/api/orgs/{org['org_id']}/users/{person.id}")
    yield "logout", lambda: person.client.delete("/api/auth/logout")
    yield "deletion", lambda: admin.delete(f"/api/admin/users/{person.id}")


def test_every_change_leaves_a_row(admin):
    org = create_org(admin)
    person = create_member(admin, org)
    for what, change in changes(admin, person, org):
        before = rows(admin, limit=1)[0]["seq"]
        answer = change()
        assert answer.status_code < 300, f"{what}: {answer.text}"
        assert rows(admin, limit=1)[0]["seq"] > before, what


def test_a_refused_change_leaves_none(admin):
    before = rows(admin, limit=1)[0]["seq"]
    assert admin.post("/api/admin/orgs", json={"name": "x"}).status_code == 422
    assert admin.delete("/api/admin/users/01900000-0000-7000-8000-000000000000").status_code == 404
    assert rows(admin, limit=1)[0]["seq"] == before


def test_sign_ins_are_recorded_without_secrets(admin, module_server):
    person = Person(admin)
    client = module_server.client()
    secret = password()
    client.post("/api/auth/login", json={"username": person.username, "password": secret})
    found = rows(admin, action="auth.", limit=200)
    actions = {r["action"] for r in found}
    assert {"auth.login", "auth.login_refused"} <= actions
    text = admin.get(AUDIT, params={"limit": 200}).text
    assert secret not in text and person.password not in text


def test_filters(admin):
    org = create_org(admin)
    person = create_member(admin, org)
    by_org = rows(admin, org_id=org["org_id"])
    assert by_org and all(r["org_id"] == org["org_id"] for r in by_org)
    person.client.patch("/api/me/profile", json={"bio": "x"})
    by_actor = rows(admin, actor_id=person.id)
    assert by_actor and all(r["actor_id"] == person.id for r in by_actor)
    exact = rows(admin, action=by_org[0]["action"])
    assert exact and {r["action"] for r in exact} == {by_org[0]["action"]}
    assert rows(admin, action="no.such.action") == []
    middle = by_org[0]["at"]
    assert all(r["at"] >= middle for r in rows(admin, since=middle))
    assert all(r["at"] <= middle for r in rows(admin, until=middle))
    people = rows(admin, people_only="true", limit=200)
    assert people and all(r["actor_via"] != "system" for r in people)
    assert any(r["actor_via"] == "system" for r in rows(admin, limit=200)), "the start made the administrator by itself"


@pytest.mark.parametrize("query,field", [("since=yesterday", "since"), ("until=x", "until"), ("people_only=perhaps", "people_only"),
                                         ("limit=201", "limit"), ("cursor=abc", "cursor"), ("cursor=-1", "cursor")])
def test_wrong_filters_are_named(admin, query, field):
    assert_error(admin.get(f"{AUDIT}?{query}"), 422, "VA-9001", field=field)


def test_pages_cover_every_row_once_even_while_it_grows(admin):
    for _ in range(4):
        create_org(admin)
    newest = rows(admin, limit=1)[0]["seq"]
    walked, path = [], AUDIT + "?limit=3&action=org."
    while path:
        answer = admin.get(path)
        walked += [r["seq"] for r in answer.json()]
        path = answer.links.get("next", {}).get("url")
        create_org(admin) if len(walked) == 3 else None
    assert walked == sorted(walked, reverse=True)
    assert len(walked) == len(set(walked))
    assert walked[0] <= newest
    assert walked[-1] == min(r["seq"] for r in rows(admin, action="org.", limit=200))


def test_the_chain_verifies(server):
    admin = server.admin()
    for _ in range(3):
        create_org(admin)
    server.cli("audit", "verify", check=0)
