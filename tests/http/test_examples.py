"""The examples that the binary carries, loaded into an empty catalog; and what the caller may do."""

from people import Person, create_member, create_org


def test_examples_fill_an_empty_catalog_once(server):
    admin = server.admin()
    assert admin.get("/api/admin/plugins").json() == []
    first = admin.post("/api/admin/examples")
    assert first.status_code == 200 and first.json() == {"loaded": 12, "known": 0}, first.text
    rows = admin.get("/api/admin/plugins").json()
    assert len({row["pid"] for row in rows}) == 12
    assert all(row["enabled"] and row["is_latest"] for row in rows)
    assert admin.post("/api/admin/examples").json() == {"loaded": 0, "known": 12}
    assert admin.get("/api/admin/plugins").json() == rows


def test_examples_need_the_right_to_upload(module_server):
    assert module_server.client().post("/api/admin/examples").status_code == 401
    assert Person(module_server.admin()).client.post("/api/admin/examples").status_code == 403


def test_the_caller_learns_what_it_may_do(module_server):
    admin = module_server.admin()
    org = create_org(admin)
    member, chief = create_member(admin, org), create_member(admin, org, is_admin=True)
    path = f"/api/orgs/{org['org_id']}/permissions"

    def may(client, where):
        return set(client.get(where).json()["permissions"])

    assert may(member.client, "/api/me") == {"cadence:profile:read", "cadence:profile:write"}
    assert "cadence:org:plugins:write" in may(chief.client, path)
    assert "cadence:org:read" in may(member.client, path)
    assert "cadence:org:plugins:read" not in may(member.client, path)
    assert "cadence:system:plugins:write" not in may(chief.client, path) | may(chief.client, "/api/me")
    assert {"cadence:system:admin", "cadence:system:plugins:write"} <= may(admin, "/api/me")
    assert Person(admin).client.get(path).status_code == 403
