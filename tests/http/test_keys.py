"""API keys: shown once, worth no more than their owner, gone when revoked."""

import pytest
from people import Person, assert_error, create_member, create_org, unique

KEYS = "/api/admin/users/api-keys"
READ = "cadence:org:read"
MEMBERS = "cadence:org:members:read"


@pytest.fixture(scope="module")
def admin(module_server):
    return module_server.admin()


@pytest.fixture
def client(module_server):
    return module_server.client()


def make(admin, *scopes, **more):
    answer = admin.post(KEYS, json={"name": unique("key"), "scopes": list(scopes), **more})
    assert answer.status_code == 201, answer.text
    return answer.json()


def use(client, key, path, method="GET", **kw):
    return client.request(method, path, headers={"X-API-KEY": key["raw_key"]}, **kw)


def test_a_key_is_shown_once(admin):
    key = make(admin, READ)
    assert key["raw_key"].startswith("cdk_")
    assert key["raw_key"].startswith(key["key_prefix"])
    answer = admin.get(KEYS)
    listed = next(k for k in answer.json() if k["id"] == key["id"])
    assert {"id", "name", "key_prefix", "scopes", "created_at", "org_id", "expires_at", "last_used_at", "is_active"} <= set(listed)
    assert listed["is_active"] is True and listed["scopes"] == [READ]
    assert key["raw_key"] not in answer.text


def test_a_key_opens_what_its_scopes_name(admin, client):
    org = create_org(admin)
    key = make(admin, READ)
    path = f"/api/orgs/{org['org_id']}"
    assert use(client, key, path).status_code == 200
    assert_error(use(client, key, path + "/users"), 403, "AZ-0001")
    assert use(client, key, "/api/admin/orgs").status_code == 403


def test_a_key_is_worth_no_more_than_its_owner(admin, client):
    org, other = create_org(admin), create_org(admin)
    owner = create_member(admin, org)
    key = make(admin, READ, MEMBERS, user_id=owner.id)
    assert use(client, key, f"/api/orgs/{org['org_id']}").status_code == 200
    assert use(client, key, f"/api/orgs/{org['org_id']}/users").status_code == 403
    assert use(client, key, f"/api/orgs/{other['org_id']}").status_code == 403
    admin.delete("/api/admin/users/" + owner.id)
    assert_error(use(client, key, f"/api/orgs/{org['org_id']}"), 401, "AU-0001")


def test_a_key_bound_to_an_org_works_there_only(admin, client):
    org, other = create_org(admin), create_org(admin)
    key = make(admin, READ, org_id=org["org_id"])
    assert use(client, key, f"/api/orgs/{org['org_id']}").status_code == 200
    assert use(client, key, f"/api/orgs/{other['org_id']}").status_code == 403


def test_no_key_is_an_administrator_or_makes_keys(admin, client):
    key = make(admin, "cadence:system:admin", "cadence:system:api_keys:read", "cadence:system:api_keys:write", READ)
    assert use(client, key, KEYS).status_code == 403
    assert use(client, key, KEYS, "POST", json={"name": "x", "scopes": [READ]}).status_code == 403
    assert use(client, key, "/api/admin/users").status_code == 403


def test_a_revoked_key_is_gone_at_once(admin, client):
    org = create_org(admin)
    key = make(admin, READ)
    assert use(client, key, f"/api/orgs/{org['org_id']}").status_code == 200
    assert admin.delete(f"{KEYS}/{key['id']}").status_code == 204
    assert_error(use(client, key, f"/api/orgs/{org['org_id']}"), 401, "AU-0001")
    assert key["id"] not in [k["id"] for k in admin.get(KEYS).json() if k["is_active"]]
    gone = next(k for k in admin.get(KEYS + "?include_revoked=true").json() if k["id"] == key["id"])
    assert gone["is_active"] is False
    assert_error(admin.delete(f"{KEYS}/01900000-0000-7000-8000-000000000000"), 404, "RE-0001")


def test_an_api_key_is_no_bearer_token(admin, client):
    key = make(admin, READ)
    assert client.get("/api/me", headers={"Authorization": "Bearer " + key["raw_key"]}).status_code == 401
    token = admin.bearer
    assert client.get("/api/me", headers={"X-API-KEY": token}).status_code == 401


@pytest.mark.parametrize("change,status,field", [
    ({"name": None}, 422, "name"),
    ({"scopes": None}, 422, "scopes"),
    ({"scopes": "cadence:org:read"}, 422, "scopes"),
    ({"scopes": ["cadence:org:fly"]}, 422, "scopes"),
    ({"expires_at": "tomorrow"}, 422, "expires_at"),
    ({"expires_at": "2020-01-01T00:00:00Z"}, 422, "expires_at"),
])
def test_wrong_fields_are_named(admin, change, status, field):
    body = {"name": "x", "scopes": [READ], **change}
    assert_error(admin.post(KEYS, json=body), status, "VA-9001", field=field)


def test_expiry_is_kept(admin):
    key = make(admin, READ, expires_at="2099-01-31T12:00:00+02:00")
    assert key["expires_at"] == "2099-01-31T10:00:00.000Z"


def test_the_list_is_ones_own(admin):
    other = Person(admin, is_sys_admin=True)
    theirs = make(other.client, READ)
    assert theirs["id"] not in [k["id"] for k in admin.get(KEYS).json()]
    assert theirs["id"] in [k["id"] for k in admin.get(KEYS + "?all=true").json()]
