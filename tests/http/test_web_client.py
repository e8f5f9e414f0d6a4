"""Cadence's own web client, as its server part speaks: it must work unmodified.

The client's server forwards every call with a JSON content type (also where there is no body), signs
in over the token route, and understands an error only if `code` and `message` are texts. The fields
below are those its pages read.
"""

import pytest
from people import Person, create_member, create_org, password, unique

USER = {"user_id", "username", "email", "is_sys_admin", "is_admin", "is_deleted", "created_at"}
ORG_WITH_ROLE = {"org_id", "name", "status", "created_at", "role", "display_name", "domain", "tier"}
ORG = {"org_id", "name", "status", "created_at", "display_name", "domain", "tier", "description", "contact_email",
       "website", "logo_url", "country", "timezone", "is_deleted"}


class WebClient:
    """What the client's server does with a call of its pages."""

    def __init__(self, client):
        self.client = client
        self.access = self.refresh = None

    def sign_in(self, username, secret):
        answer = self.client.post("/oauth2/token", data={
            "grant_type": "password", "client_id": "cadence-admin-ui", "username": username, "password": secret})
        return self.keep(answer)

    def renew(self):
        answer = self.client.post("/oauth2/token", data={
            "grant_type": "refresh_token", "client_id": "cadence-admin-ui", "refresh_token": self.refresh})
        return self.keep(answer)

    def keep(self, answer):
        if answer.ok:
            data = answer.json()
            self.access = data.get("access_token") or data.get("token")
            self.refresh = data["refresh_token"]
            assert isinstance(data["expires_in"], int) and isinstance(data["refresh_expires_in"], int)
        return answer

    def sign_out(self):
        return self.call("DELETE", "/api/auth/logout", headers={"X-Refresh-Token": self.refresh})

    def call(self, method, path, body=None, params=None, headers=None):
        fields = {"Content-Type": "application/json", "Accept": "application/json", **(headers or {})}
        if self.access:
            fields["Authorization"] = "Bearer " + self.access
        more = {"json": body} if body is not None else {}
        return self.client.request(method, path, params=params, headers=fields, **more)

    def get(self, path, **params):
        answer = self.call("GET", path, params=params)
        assert answer.status_code == 200, f"{path}: {answer.status_code} {answer.text}"
        return answer.json()


@pytest.fixture(scope="module")
def admin(module_server):
    web = WebClient(module_server.client())
    assert web.sign_in("admin", module_server.admin_password).ok
    return web


@pytest.fixture(scope="module")
def rest(module_server):
    return module_server.admin()


@pytest.fixture
def somebody(module_server, rest):
    """An org admin, signed in through the web client."""
    org = create_org(rest)
    person = create_member(rest, org, is_admin=True)
    web = WebClient(module_server.client())
    assert web.sign_in(person.username, person.password).ok
    web.org, web.person = org, person
    return web


def test_sign_in_page(module_server):
    web = WebClient(module_server.client())
    assert web.get("/oauth2/social/providers") == []
    answer = web.sign_in("admin", "not the password")
    assert not answer.ok
    body = answer.json()
    assert isinstance(body["code"], str) and body["message"] == "Invalid username or password"
    assert isinstance(body["request_id"], str) and isinstance(body["statusCode"], int)


def test_after_sign_in(somebody):
    me = somebody.get("/api/me")
    assert {"user_id", "is_sys_admin", "username", "email", "display_name", "avatar_url", "locale", "timezone", "bio"} <= set(me)
    orgs = somebody.get("/api/orgs")
    assert [o["role"] for o in orgs] == ["org_admin"]
    assert ORG_WITH_ROLE <= set(orgs[0])


def test_renewal_and_sign_out(somebody):
    old = somebody.refresh
    assert somebody.renew().ok
    assert somebody.get("/api/me")["username"] == somebody.person.username
    assert somebody.refresh != old
    assert somebody.sign_out().status_code == 204
    assert somebody.call("GET", "/api/me").status_code == 401
    assert not somebody.renew().ok


def test_profile_page(somebody):
    body = {"display_name": "Ada", "email": unique("ada") + "@acme.example", "avatar_url": None, "locale": "en-GB",
            "timezone": "Europe/Berlin", "bio": None}
    assert somebody.call("PATCH", "/api/me/profile", body).status_code == 204
    me = somebody.get("/api/me")
    assert {k: me[k] for k in body} == body
    change = {"current_password": somebody.person.password, "new_password": password()}
    assert somebody.call("PATCH", "/api/me/profile", change).status_code == 204


def test_organization_settings_page(somebody):
    path = "/api/orgs/" + somebody.org["org_id"]
    assert ORG <= set(somebody.get(path))
    body = {"display_name": "Acme", "description": None, "contact_email": "a@acme.example", "website": "https://acme.example",
            "logo_url": None, "country": "CH", "timezone": "Europe/Zurich"}
    assert somebody.call("PATCH", path + "/profile", body).ok
    org = somebody.get(path)
    assert {k: org[k] for k in body} == body


def test_members_page(somebody, rest):
    new = Person(rest)
    path = "/api/orgs/" + somebody.org["org_id"]
    found = somebody.get("/api/users", username=new.username)
    assert USER <= set(found[0]) and found[0]["user_id"] == new.id
    assert somebody.call("POST", path + "/users", {"user_id": new.id, "is_admin": False}).status_code == 201
    members = somebody.get(path + "/users")
    assert {m["user_id"] for m in members} == {somebody.person.id, new.id}
    assert all(USER <= set(m) for m in members)
    assert somebody.call("PATCH", f"{path}/users/{new.id}/membership", {"is_admin": True}).ok
    assert somebody.call("DELETE", f"{path}/users/{new.id}").status_code == 204


def test_admin_organizations_pages(admin):
    name = unique("acme")
    body = {"name": name, "display_name": None, "domain": f"{name}.example", "tier": "free", "description": None,
            "contact_email": None, "website": None, "logo_url": None, "country": None, "timezone": None}
    made = admin.call("POST", "/api/admin/orgs", body)
    assert made.status_code == 201, made.text
    org = made.json()
    assert ORG <= set(org)
    assert org["org_id"] in [o["org_id"] for o in admin.get("/api/admin/orgs")]
    assert admin.get("/api/admin/orgs/" + org["org_id"])["name"] == name
    assert isinstance(admin.get(f"/api/admin/orgs/{org['org_id']}/quota")["max_members"], int)
    assert {"key", "tier_name", "quota"} <= set(admin.get("/api/admin/tiers")[0])
    update = {**body, "status": "suspended"}
    assert admin.call("PATCH", "/api/admin/orgs/" + org["org_id"], update).ok


def test_admin_users_page(admin):
    name = unique("ada")
    made = admin.call("POST", "/api/admin/users", {"username": name, "email": None, "password": None, "is_sys_admin": False})
    assert made.status_code == 201, made.text
    user = next(u for u in admin.get("/api/admin/users") if u["username"] == name)
    assert USER <= set(user)
    change = {"username": name, "email": f"{name}@acme.example", "is_sys_admin": True}
    assert admin.call("PATCH", "/api/admin/users/" + user["user_id"], change).ok
    assert admin.call("DELETE", "/api/admin/users/" + user["user_id"]).status_code == 204


def test_admin_roles_page(admin):
    catalog = admin.get("/api/admin/permissions")
    assert all(isinstance(p, str) for p in catalog)
    fitting = [p for p in catalog if not p.startswith("cadence:system:")]
    body = {"name": unique("role"), "scope": "org", "permissions": fitting}
    assert admin.call("POST", "/api/admin/roles", body).status_code == 201
    role = next(r for r in admin.get("/api/admin/roles") if r["name"] == body["name"])
    assert {"id", "name", "description", "scope", "is_built_in", "permissions"} <= set(role)
    assert admin.call("PATCH", "/api/admin/roles/" + role["id"], {"permissions": fitting[:2]}).ok


def test_api_keys_tab(admin):
    """The page offers a role and asks for all its permissions, the sentinel of sys_admin included."""
    role = next(r for r in admin.get("/api/admin/roles") if r["name"] == "sys_admin")
    made = admin.call("POST", "/api/admin/users/api-keys", {"name": "ci", "scopes": role["permissions"]})
    assert made.status_code == 201, made.text
    assert {"id", "name", "key_prefix", "scopes", "raw_key", "org_id", "expires_at"} <= set(made.json())
    listed = next(k for k in admin.get("/api/admin/users/api-keys") if k["id"] == made.json()["id"])
    assert {"id", "name", "key_prefix", "scopes", "created_at", "org_id", "expires_at", "last_used_at", "is_active"} <= set(listed)
    assert "cadence:system:admin" not in listed["scopes"]
    assert admin.call("DELETE", "/api/admin/users/api-keys/" + listed["id"]).status_code == 204
    assert listed["id"] not in [k["id"] for k in admin.get("/api/admin/users/api-keys")]


def test_agent_store_pages_are_empty_and_answer(admin, somebody):
    assert somebody.get(f"/api/orgs/{somebody.org['org_id']}/plugins") == []
    assert admin.get("/api/admin/plugins") == []
    assert admin.get(f"/api/admin/orgs/{somebody.org['org_id']}/plugins") == []
