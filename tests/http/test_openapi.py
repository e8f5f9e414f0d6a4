"""openapi.json against the route tables, in both directions, and against real answers."""

import json
import re

import pytest
from people import create_member, create_org
from schema import faults, follow

METHODS = ("get", "post", "put", "patch", "delete")
BODY = {"json": {"application/json"}, "form": {"application/x-www-form-urlencoded"}}


@pytest.fixture(scope="module")
def routes(cli):
    return json.loads(cli("routes", "--json", check=0).stdout)


@pytest.fixture(scope="module")
def spec(cli):
    return json.loads(cli("openapi", check=0).stdout)


def operations(spec):
    for path, item in spec["paths"].items():
        for method in METHODS:
            if method in item:
                yield method, path, item[method]


def test_the_server_hands_out_the_same_document(module_server, spec):
    answer = module_server.client().get("/openapi.json")
    assert answer.status_code == 200
    assert answer.headers["Content-Type"].startswith("application/json")
    assert answer.json() == spec
    assert spec["openapi"].startswith("3.1.")


def test_every_route_is_described_and_nothing_else(routes, spec):
    tables = {(r["method"].lower(), r["path"]) for r in routes}
    document = {(method, path) for method, path, _ in operations(spec)}
    assert tables - document == set(), "routes that openapi.json does not describe"
    assert document - tables == set(), "routes that openapi.json describes and nobody answers"


def test_permissions_and_security_agree(routes, spec):
    permission = {(r["method"].lower(), r["path"]): r["permission"] for r in routes}
    for method, path, op in operations(spec):
        where = f"{method} {path}"
        assert op["x-permission"] == permission[method, path], where
        assert (op["security"] == []) == (permission[method, path] == "public"), where
        for choice in op["security"]:
            assert set(choice) <= set(spec["components"]["securitySchemes"]), where


def test_bodies_agree(routes, spec):
    kind = {(r["method"].lower(), r["path"]): r["body"] for r in routes}
    for method, path, op in operations(spec):
        where = f"{method} {path}"
        types = set(op.get("requestBody", {}).get("content", {}))
        if kind[method, path] == "none":
            assert not types, where
        elif kind[method, path] == "upload":
            assert types & {"multipart/form-data", "application/x-tar"}, where
        else:
            assert types == BODY[kind[method, path]], where


def test_parameters_of_paths_are_described(spec):
    for method, path, op in operations(spec):
        named = {p["name"] for p in op.get("parameters", []) if p["in"] == "path"}
        assert named == set(re.findall(r"\{([^}.]+)(?:\.\.\.)?\}", path)), f"{method} {path}"
        for p in op.get("parameters", []):
            assert p["description"] and p["in"] in ("path", "query", "header")


def test_operations_have_names_of_their_own(spec):
    ids = [op["operationId"] for _, _, op in operations(spec)]
    assert len(ids) == len(set(ids))
    tags = {t["name"] for t in spec["tags"]}
    for method, path, op in operations(spec):
        assert op["summary"] and set(op["tags"]) <= tags, f"{method} {path}"
    assert tags == {tag for _, _, op in operations(spec) for tag in op["tags"]}, "a group without a route"


def schemas(spec):
    """Every schema with an example, wherever it stands."""

    def walk(value, at):
        if isinstance(value, dict):
            if "example" in value and "type" in value:
                yield at, value
            for key, inner in value.items():
                if key != "example":
                    yield from walk(inner, f"{at}/{key}")
        elif isinstance(value, list):
            for i, inner in enumerate(value):
                yield from walk(inner, f"{at}/{i}")

    yield from walk(spec, "#")


def test_references_lead_somewhere_and_examples_fit(spec):
    for ref in set(re.findall(r'"\$ref": "([^"]+)"', json.dumps(spec))):
        assert follow(spec, {"$ref": ref}) is not None, ref
    found = [f"{at} {fault}" for at, schema in schemas(spec) for fault in faults(spec, schema, schema["example"], complete=True)]
    assert found == []


def test_json_bodies_have_an_example(spec):
    for method, path, op in operations(spec):
        for media in (m for t, m in op.get("requestBody", {}).get("content", {}).items() if t in BODY["json"] | BODY["form"]):
            assert follow(spec, media["schema"]).get("example") is not None, f"{method} {path}"


def check_answer(spec, method, path, answer):
    op = spec["paths"][path][method]
    described = op["responses"].get(str(answer.status_code))
    assert described, f"{method} {path} answers {answer.status_code}, which is not described"
    content = follow(spec, described).get("content", {})
    if "application/json" not in content:
        return
    found = faults(spec, content["application/json"]["schema"], answer.json(), f"{method} {path}", complete=True)
    assert found == []


def test_real_answers_fit_the_document(server, spec):
    """Each GET of the document that needs no more than ids, with something to show behind it."""
    admin = server.admin()
    org = create_org(admin, country="CH")
    person = create_member(admin, org, is_admin=True)
    role = admin.post("/api/admin/roles", json={"name": "looker", "permissions": ["cadence:org:read"]}).json()
    admin.post(f"/api/admin/users/{person.id}/roles", json={"role_id": role["id"], "org_id": org["org_id"]})
    admin.post("/api/admin/users/api-keys", json={"name": "k", "scopes": ["cadence:org:read"]})
    ids = {"org_id": org["org_id"], "user_id": person.id, "role_id": role["id"]}
    seen = 0
    for method, path, _ in operations(spec):
        if method != "get" or set(re.findall(r"\{([^}]+)\}", path)) - set(ids):
            continue
        query = {"username": person.username} if path == "/api/users" else None
        endless = path == "/api/events"  # its content is not waited for
        answer = admin.get(path.format(**ids), params=query, stream=endless)
        assert answer.status_code == 200, f"{path}: {answer.text}"
        check_answer(spec, method, path, answer)
        seen += 1
    assert seen > 20


def test_errors_fit_the_document(module_server, spec):
    client, admin = module_server.client(), module_server.admin()
    for method, path, kw in (
        ("get", "/api/me", {}),
        ("post", "/api/auth/login", {"json": {}}),
        ("post", "/oauth2/token", {"data": {"grant_type": "magic"}}),
    ):
        check_answer(spec, method, path, client.request(method.upper(), path, **kw))
    check_answer(spec, "post", "/api/admin/orgs", admin.post("/api/admin/orgs", json={}))
