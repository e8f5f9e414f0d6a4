"""Roles: built in and made, given everywhere or in one organization, read live."""

import pytest
from people import Person, assert_error, create_member, create_org, unique

ROLES = "/api/admin/roles"


@pytest.fixture(scope="module")
def admin(module_server):
    return module_server.admin()


def make(admin, *permissions, **more):
    answer = admin.post(ROLES, json={"name": unique("role"), "permissions": list(permissions), **more})
    assert answer.status_code == 201, answer.text
    return answer.json()


def give(admin, person, role, org=None):
    body = {"role_id": role["id"], "org_id": org["org_id"] if org else None}
    answer = admin.post(f"/api/admin/users/{person.id}/roles", json=body)
    assert answer.status_code == 201, answer.text
    return answer.json()


def test_built_in_roles(admin):
    roles = {r["name"]: r for r in admin.get(ROLES).json()}
    assert {"sys_admin", "org_admin", "org_member"} <= set(roles)
    for name, scope in (("sys_admin", "system"), ("org_admin", "org"), ("org_member", "org")):
        assert roles[name]["is_built_in"] is True
        assert roles[name]["scope"] == scope
        assert {"id", "name", "description", "scope", "is_built_in", "permissions"} <= set(roles[name])
    assert "cadence:org:plugins:write" in roles["org_admin"]["permissions"]
    assert "cadence:org:plugins:read" not in roles["org_member"]["permissions"]
    assert not [p for p in roles["org_admin"]["permissions"] if p.startswith("cadence:system:")]


def test_permissions_are_listed(admin):
    names = admin.get("/api/admin/permissions").json()
    assert len(names) == len(set(names))
    assert "cadence:system:admin" in names and "cadence:org:plugins:read" in names


def test_built_in_roles_stay(admin):
    role = next(r for r in admin.get(ROLES).json() if r["name"] == "org_member")
    assert_error(admin.patch(f"{ROLES}/{role['id']}", json={"permissions": []}), 409, "RE-0003")
    assert_error(admin.delete(f"{ROLES}/{role['id']}"), 409, "RE-0003")


def test_a_role_is_made_changed_and_deleted(admin):
    role = make(admin, "cadence:org:read", scope="org", description="May look")
    assert (role["scope"], role["is_built_in"], role["description"]) == ("org", False, "May look")
    changed = admin.patch(f"{ROLES}/{role['id']}", json={"permissions": ["cadence:org:read", "cadence:org:members:read"]})
    assert changed.status_code == 200, changed.text
    assert sorted(changed.json()["permissions"]) == ["cadence:org:members:read", "cadence:org:read"]
    assert changed.json()["description"] == "May look"
    assert admin.delete(f"{ROLES}/{role['id']}").status_code == 204
    assert_error(admin.delete(f"{ROLES}/{role['id']}"), 404, "RE-0001")


def test_a_system_permission_makes_a_system_role(admin):
    assert make(admin, "cadence:system:users:read", scope="system")["scope"] == "system"
    answer = admin.post(ROLES, json={"name": unique("x"), "scope": "org", "permissions": ["cadence:system:users:read"]})
    assert_error(answer, 422, "VA-9001", field="permissions")


@pytest.mark.parametrize("change,field", [
    ({"name": None}, "name"),
    ({"name": "Two Words"}, "name"),
    ({"permissions": None}, "permissions"),
    ({"permissions": ["cadence:org:fly"]}, "permissions"),
    ({"scope": "galaxy"}, "scope"),
])
def test_wrong_fields_are_named(admin, change, field):
    body = {"name": unique("role"), "permissions": ["cadence:org:read"], **change}
    assert_error(admin.post(ROLES, json=body), 422, "VA-9001", field=field)


def test_a_name_is_used_once(admin):
    role = make(admin, "cadence:org:read")
    assert_error(admin.post(ROLES, json={"name": role["name"], "permissions": []}), 409, "RE-0002")


def test_a_role_counts_in_its_org_and_at_once(admin):
    org, other = create_org(admin), create_org(admin)
    person = create_member(admin, org)
    admin.post(f"/api/orgs/{other['org_id']}/members", json={"user_id": person.id})
    role = make(admin, "cadence:org:members:read")
    assert person.client.get(f"/api/orgs/{org['org_id']}/users").status_code == 403
    held = give(admin, person, role, org)
    assert [(r["role_id"], r["org_id"]) for r in held] == [(role["id"], org["org_id"])]
    assert person.client.get(f"/api/orgs/{org['org_id']}/users").status_code == 200
    assert person.client.get(f"/api/orgs/{other['org_id']}/users").status_code == 403
    answer = admin.delete(f"/api/admin/users/{person.id}/roles/{role['id']}?org_id={org['org_id']}")
    assert answer.status_code == 204, answer.text
    assert person.client.get(f"/api/orgs/{org['org_id']}/users").status_code == 403
    assert admin.get(f"/api/admin/users/{person.id}/roles").json() == []


def test_a_right_without_membership_opens_nothing(admin):
    """Permission first, membership second: both must hold."""
    org = create_org(admin)
    person = Person(admin)
    give(admin, person, make(admin, "cadence:org:read"))
    assert_error(person.client.get(f"/api/orgs/{org['org_id']}"), 403, "AZ-0003")


def test_a_deleted_role_is_taken_from_everybody(admin):
    person = Person(admin)
    role = make(admin, "cadence:system:users:read")
    give(admin, person, role)
    assert person.client.get("/api/admin/users").status_code == 200
    admin.delete(f"{ROLES}/{role['id']}")
    assert person.client.get("/api/admin/users").status_code == 403


def test_nobody_hands_out_what_they_do_not_hold(admin):
    person = Person(admin)
    keeper = make(admin, "cadence:system:roles:read", "cadence:system:roles:write")
    give(admin, person, keeper)
    more = {"name": unique("more"), "permissions": ["cadence:system:users:write"]}
    assert person.client.post(ROLES, json=more).status_code == 403
    everything = next(r for r in admin.get(ROLES).json() if r["name"] == "sys_admin")
    answer = person.client.post(f"/api/admin/users/{person.id}/roles", json={"role_id": everything["id"]})
    assert answer.status_code == 403, answer.text


def test_roles_of_nobody(admin):
    nobody = "01900000-0000-7000-8000-000000000000"
    role = make(admin, "cadence:org:read")
    assert_error(admin.get(f"/api/admin/users/{nobody}/roles"), 404, "RE-0001")
    assert_error(admin.post(f"/api/admin/users/{nobody}/roles", json={"role_id": role["id"]}), 404, "RE-0001")
    person = Person(admin)
    assert_error(admin.post(f"/api/admin/users/{person.id}/roles", json={"role_id": nobody}), 404, "RE-0001")
    assert_error(admin.post(f"/api/admin/users/{person.id}/roles", json={}), 422, "VA-9001", field="role_id")
