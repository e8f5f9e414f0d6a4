"""Users, as administrators keep them and as others find them.

What counts at once is checked at once: a promotion, a new password, a deletion. Signing in itself is
tested in test_auth.py.
"""

import pytest
from people import Person, assert_error, create_member, create_org, password, unique


@pytest.fixture(scope="module")
def admin(module_server):
    return module_server.admin()


@pytest.fixture
def person(admin):
    return Person(admin)


def test_a_new_user(admin):
    name = unique("ada")
    answer = admin.post("/api/admin/users", json={"username": name, "email": f"{name}@acme.example", "password": password()})
    assert answer.status_code == 201, answer.text
    user = answer.json()
    assert {"user_id", "username", "email", "is_sys_admin", "is_admin", "is_deleted", "created_at"} <= set(user)
    assert (user["username"], user["is_sys_admin"]) == (name, False)
    assert user["user_id"] in [u["user_id"] for u in admin.get("/api/admin/users").json()]
    assert "password" not in answer.text


def test_a_user_without_a_password_cannot_sign_in(admin, module_server):
    name = unique("ada")
    assert admin.post("/api/admin/users", json={"username": name, "email": None, "password": None}).status_code == 201
    answer = module_server.client().post("/api/auth/login", json={"username": name, "password": ""})
    assert answer.status_code in (401, 422)


def test_names_and_addresses_are_unique(admin, person):
    again = {"username": person.username.upper()}
    assert_error(admin.post("/api/admin/users", json=again), 409, "RE-0002")
    mail = unique("x") + "@acme.example"
    Person(admin, email=mail)
    body = assert_error(admin.post("/api/admin/users", json={"username": unique("x"), "email": mail.upper()}), 409, "RE-0002")
    assert body["message"] == "Email already exists"


@pytest.mark.parametrize("change,field", [
    ({"username": ""}, "username"),
    ({"username": "two words"}, "username"),
    ({"username": "x" * 65}, "username"),
    ({"username": 7}, "username"),
    ({"password": "too short"}, "password"),
    ({"email": "nowhere"}, "email"),
    ({"is_sys_admin": "yes"}, "is_sys_admin"),
])
def test_wrong_fields_are_named(admin, change, field):
    body = {"username": unique("ada"), "password": password(), **change}
    assert_error(admin.post("/api/admin/users", json=body), 422, "VA-9001", field=field)


@pytest.mark.parametrize("raw,status", [(b"{", 400), (b"", 400), (b"[]", 422), (b'{"username":"a","username":"b"}', 400)])
def test_bodies_that_are_no_objects(admin, raw, status):
    answer = admin.post("/api/admin/users", data=raw, headers={"Content-Type": "application/json"})
    assert answer.status_code == status, answer.text


def test_changes(admin, person):
    path = "/api/admin/users/" + person.id
    mail = unique("mail") + "@acme.example"
    answer = admin.patch(path, json={"email": mail, "display_name": "Ada"})
    assert answer.status_code == 200, answer.text
    assert (answer.json()["email"], answer.json()["username"]) == (mail, person.username)
    assert admin.patch(path, json={"email": None}).json()["email"] is None
    assert_error(admin.patch("/api/admin/users/01900000-0000-7000-8000-000000000000", json={}), 404, "RE-0001")


def test_a_promotion_counts_at_once(admin, person):
    assert person.client.get("/api/admin/users").status_code == 403
    admin.patch("/api/admin/users/" + person.id, json={"is_sys_admin": True})
    assert person.client.get("/api/admin/users").status_code == 200
    assert person.client.get("/api/me").json()["is_sys_admin"] is True
    admin.patch("/api/admin/users/" + person.id, json={"is_sys_admin": False})
    assert person.client.get("/api/admin/users").status_code == 403


def test_a_new_password_ends_all_sessions(admin, module_server, person):
    fresh = password()
    assert admin.patch("/api/admin/users/" + person.id, json={"password": fresh}).status_code == 200
    assert person.client.get("/api/me").status_code == 401
    assert module_server.client().signed_in(person.username, fresh).get("/api/me").status_code == 200


def test_deleting_ends_everything_and_frees_the_name(admin, person):
    assert admin.delete("/api/admin/users/" + person.id).status_code == 204
    assert person.client.get("/api/me").status_code == 401
    assert person.id not in [u["user_id"] for u in admin.get("/api/admin/users").json()]
    deleted = [u for u in admin.get("/api/admin/users?include_deleted=true").json() if u["user_id"] == person.id]
    assert deleted and deleted[0]["is_deleted"] is True
    assert Person(admin, username=person.username).id != person.id
    assert_error(admin.delete("/api/admin/users/" + person.id), 404, "RE-0001")


def test_the_last_administrator_stays(start_server):
    server = start_server()
    admin = server.admin()
    me = admin.get("/api/me").json()["user_id"]
    assert_error(admin.delete("/api/admin/users/" + me), 409, "RE-0003")
    assert_error(admin.patch("/api/admin/users/" + me, json={"is_sys_admin": False}), 409, "RE-0003")
    assert admin.get("/api/admin/users").status_code == 200


def test_somebody_who_keeps_users_cannot_make_administrators(admin, person):
    """users:write must not be a way to everything else."""
    role = admin.post("/api/admin/roles", json={"name": unique("keeper"), "permissions": ["cadence:system:users:read",
                                                                                         "cadence:system:users:write"]}).json()
    assert admin.post(f"/api/admin/users/{person.id}/roles", json={"role_id": role["id"]}).status_code == 201
    assert person.client.get("/api/admin/users").status_code == 200
    assert person.client.post("/api/admin/users", json={"username": unique("x"), "is_sys_admin": True}).status_code == 403
    root = admin.get("/api/me").json()["user_id"]
    assert person.client.patch(f"/api/admin/users/{root}", json={"password": password()}).status_code == 403
    assert person.client.delete(f"/api/admin/users/{root}").status_code == 403
    assert admin.get("/api/me").status_code == 200


def test_users_are_found_by_exact_words(admin, person):
    org = create_org(admin)
    seeker = create_member(admin, org, is_admin=True)
    mail = unique("mail") + "@acme.example"
    admin.patch("/api/admin/users/" + person.id, json={"email": mail})
    for query in ({"user_id": person.id}, {"username": person.username}, {"email": mail}):
        found = seeker.client.get("/api/users", params=query).json()
        assert [u["user_id"] for u in found] == [person.id], query
    for query in ({"user_id": "01900000-0000-7000-8000-000000000000"}, {"username": person.username[:-1]}, {"email": "x" + mail}):
        assert seeker.client.get("/api/users", params=query).json() == []
    assert_error(seeker.client.get("/api/users"), 400, "SY-0400")


def test_pages_cover_every_user_once(admin):
    for _ in range(5):
        admin.post("/api/admin/users", json={"username": unique("many")})
    whole = [u["user_id"] for u in admin.get("/api/admin/users").json()]
    walked, path = [], "/api/admin/users?limit=2"
    while path:
        answer = admin.get(path)
        walked += [u["user_id"] for u in answer.json()]
        path = answer.links.get("next", {}).get("url")
    assert walked == whole
