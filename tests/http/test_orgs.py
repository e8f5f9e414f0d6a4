"""Organizations: made, shown, changed; their members; what each role sees of them."""

import pytest
from people import Person, assert_error, create_member, create_org, unique


@pytest.fixture(scope="module")
def admin(module_server):
    return module_server.admin()


@pytest.fixture
def org(admin):
    return create_org(admin)


@pytest.fixture
def org_admin(admin, org):
    return create_member(admin, org, is_admin=True)


FIELDS = {"org_id", "name", "status", "created_at", "display_name", "domain", "tier", "description",
          "contact_email", "website", "logo_url", "country", "timezone", "is_deleted"}


def test_a_new_org(admin):
    name = unique("acme")
    org = create_org(admin, name, f"{name}.EXAMPLE", display_name="Acme Robotics", country="CH")
    assert FIELDS <= set(org)
    assert (org["name"], org["domain"], org["status"], org["tier"]) == (name, f"{name}.example", "active", "free")
    assert (org["display_name"], org["country"], org["is_deleted"]) == ("Acme Robotics", "CH", False)
    assert admin.get("/api/admin/orgs/" + org["org_id"]).json() == org


@pytest.mark.parametrize("missing", ["name", "domain"])
def test_a_new_org_needs(admin, missing):
    body = {"name": unique("acme"), "domain": unique("acme") + ".example"}
    del body[missing]
    assert_error(admin.post("/api/admin/orgs", json=body), 422, "VA-9001", field=missing)


def test_a_domain_belongs_to_one_org(admin, org):
    answer = admin.post("/api/admin/orgs", json={"name": unique("other"), "domain": org["domain"].upper()})
    body = assert_error(answer, 409, "RE-0002")
    assert body["message"] == "Organization domain already exists"


@pytest.mark.parametrize("domain", ["", "no dots here", "-a.example", "a..example", "http://a.example"])
def test_a_domain_must_be_one(admin, domain):
    answer = admin.post("/api/admin/orgs", json={"name": unique("other"), "domain": domain})
    assert_error(answer, 422, "VA-9001", field="domain")


def test_lists_hold_what_each_may_see(admin, org, org_admin):
    plain = create_member(admin, org)
    stranger = Person(admin)
    everything = admin.get("/api/orgs").json()
    assert {o["role"] for o in everything} == {"sys_admin"}
    assert [o["org_id"] for o in everything] == sorted(o["org_id"] for o in everything)
    roles = {p: [(o["org_id"], o["role"]) for o in p.client.get("/api/orgs").json()] for p in (org_admin, plain, stranger)}
    assert roles[org_admin] == [(org["org_id"], "org_admin")]
    assert roles[plain] == [(org["org_id"], "member")]
    assert roles[stranger] == []
    assert [o["role"] for o in plain.client.get("/api/me/orgs").json()] == ["user"]


def test_pages_cover_every_org_once(admin):
    for _ in range(5):
        create_org(admin)
    whole = [o["org_id"] for o in admin.get("/api/admin/orgs").json()]
    walked, path = [], "/api/admin/orgs?limit=2"
    while path:
        answer = admin.get(path)
        assert answer.status_code == 200, answer.text
        assert 1 <= len(answer.json()) <= 2
        walked += [o["org_id"] for o in answer.json()]
        path = answer.links.get("next", {}).get("url")
        assert ("X-Next-Cursor" in answer.headers) == bool(path)
    assert walked == whole


@pytest.mark.parametrize("query,field", [("limit=0", "limit"), ("limit=x", "limit"), ("limit=1&cursor=x", "cursor")])
def test_bad_pages(admin, query, field):
    assert_error(admin.get("/api/admin/orgs?" + query), 422, "VA-9001", field=field)


def test_an_org_admin_changes_the_profile_and_nothing_else(org, org_admin):
    path = f"/api/orgs/{org['org_id']}"
    answer = org_admin.client.patch(path + "/profile", json={"website": "https://acme.example", "name": "Taken",
                                                            "domain": "evil.example", "tier": "pro", "status": "suspended"})
    assert answer.status_code == 200, answer.text
    after = org_admin.client.get(path).json()
    assert after["website"] == "https://acme.example"
    assert {k: after[k] for k in ("name", "domain", "tier", "status")} == {k: org[k] for k in ("name", "domain", "tier", "status")}
    org_admin.client.patch(path + "/profile", json={"website": None})
    assert org_admin.client.get(path).json()["website"] is None


def test_the_platform_changes_the_rest(admin, org):
    path = "/api/admin/orgs/" + org["org_id"]
    domain = unique("new") + ".example"
    after = admin.patch(path, json={"name": "New name", "domain": domain, "tier": "pro"}).json()
    assert (after["name"], after["domain"], after["tier"]) == ("New name", domain, "pro")
    assert_error(admin.patch(path, json={"status": "asleep"}), 422, "VA-9001", field="status")


def test_a_suspended_org_locks_its_people_out(admin, org, org_admin):
    path = f"/api/orgs/{org['org_id']}"
    assert org_admin.client.get(path).status_code == 200
    assert admin.patch("/api/admin/orgs/" + org["org_id"], json={"status": "suspended"}).status_code == 200
    assert org_admin.client.get(path).status_code == 403
    assert org_admin.client.get("/api/orgs").json() == []
    admin.patch("/api/admin/orgs/" + org["org_id"], json={"status": "active"})
    assert org_admin.client.get(path).status_code == 200


def test_a_deleted_org_can_be_brought_back(admin, org, org_admin):
    path = f"/api/orgs/{org['org_id']}"
    assert admin.delete("/api/admin/orgs/" + org["org_id"]).status_code == 204
    assert org_admin.client.get(path).status_code == 403
    assert admin.get("/api/admin/orgs/" + org["org_id"]).json()["is_deleted"] is True
    assert admin.patch("/api/admin/orgs/" + org["org_id"], json={"is_deleted": False}).status_code == 200
    assert org_admin.client.get(path).status_code == 200


def test_nobody_can_tell_an_unknown_org_from_a_foreign_one(admin, org):
    stranger = Person(admin)
    unknown = stranger.client.get("/api/orgs/01900000-0000-7000-8000-000000000000")
    foreign = stranger.client.get(f"/api/orgs/{org['org_id']}")
    assert unknown.status_code == foreign.status_code == 403
    volatile = ("request_id", "timestamp")
    assert {k: v for k, v in unknown.json().items() if k not in volatile} == {
        k: v for k, v in foreign.json().items() if k not in volatile}
    assert_error(admin.get("/api/admin/orgs/01900000-0000-7000-8000-000000000000"), 404, "RE-0001")
    assert_error(admin.get("/api/admin/orgs/not-an-id"), 404, "RE-0001")


def test_quota_has_the_shape_of_the_web_client(admin, org, org_admin):
    quota = admin.get(f"/api/admin/orgs/{org['org_id']}/quota").json()
    assert {"max_orchestrators", "max_central_points", "max_members", "max_messages_per_month", "max_messages_per_day",
            "rate_limit_rpm", "rate_chat_limit_rpm", "rate_limit_burst", "max_llm_configs", "description"} <= set(quota)
    assert quota["usage"]["members"] == 1
    assert quota["usage"]["admins"] == 1
    tiers = admin.get("/api/admin/tiers").json()
    assert quota["tier"] in [t["tier_name"] for t in tiers]


# ---- members --------------------------------------------------------------------------------


def test_members_come_and_go(admin, org, org_admin):
    path = f"/api/orgs/{org['org_id']}"
    person = Person(admin)
    answer = org_admin.client.post(path + "/users", json={"user_id": person.id})
    assert answer.status_code == 201, answer.text
    assert (answer.json()["user_id"], answer.json()["is_admin"]) == (person.id, False)
    listed = {m["user_id"]: m for m in org_admin.client.get(path + "/users").json()}
    assert set(listed) == {org_admin.id, person.id}
    assert {"user_id", "username", "email", "is_sys_admin", "is_admin", "created_at", "is_deleted"} <= set(listed[person.id])

    answer = org_admin.client.patch(f"{path}/users/{person.id}/membership", json={"is_admin": True})
    assert answer.status_code == 200 and answer.json()["is_admin"] is True
    assert person.client.get(path + "/users").status_code == 200, "the new right counts at once"

    assert org_admin.client.delete(f"{path}/users/{person.id}").status_code == 204
    assert person.client.get(path).status_code == 403, "the lost right is lost at once"
    assert_error(org_admin.client.delete(f"{path}/users/{person.id}"), 404, "RE-0001")


def test_a_member_twice(org, org_admin):
    answer = org_admin.client.post(f"/api/orgs/{org['org_id']}/members", json={"user_id": org_admin.id})
    assert_error(answer, 409, "RE-0002")


def test_members_need_an_id_of_somebody(org, org_admin):
    path = f"/api/orgs/{org['org_id']}/members"
    assert_error(org_admin.client.post(path, json={}), 422, "VA-9001", field="user_id")
    unknown = {"user_id": "01900000-0000-7000-8000-000000000000"}
    assert_error(org_admin.client.post(path, json=unknown), 404, "RE-0001")
    assert_error(org_admin.client.post(path, json={"user_id": org_admin.id, "is_admin": "yes"}), 422, "VA-9001", field="is_admin")


def test_membership_needs_the_flag(org, org_admin):
    path = f"/api/orgs/{org['org_id']}/users/{org_admin.id}/membership"
    assert_error(org_admin.client.patch(path, json={}), 422, "VA-9001", field="is_admin")


def test_a_plain_member_sees_the_org_and_no_more(admin, org):
    plain = create_member(admin, org)
    path = f"/api/orgs/{org['org_id']}"
    assert plain.client.get(path).status_code == 200
    for method, below in (("GET", "/users"), ("PATCH", "/profile"), ("POST", "/members")):
        answer = plain.client.request(method, path + below, json=None if method == "GET" else {})
        assert_error(answer, 403, "AZ-0001")
