"""People and organizations for tests: made over the API, as an administrator would."""

import secrets

PASSWORD = "a-password-of-twenty-"


def password():
    return PASSWORD + secrets.token_hex(4)


def unique(prefix):
    return f"{prefix}-{secrets.token_hex(4)}"


def create_org(admin, name=None, domain=None, **more):
    name = name or unique("org")
    answer = admin.post("/api/admin/orgs", json={"name": name, "domain": domain or f"{name}.example", **more})
    assert answer.status_code == 201, answer.text
    return answer.json()


class Person:
    """A user, and a client signed in as them."""

    def __init__(self, admin, username=None, **more):
        self.username = username or unique("user")
        self.password = more.setdefault("password", password())
        answer = admin.post("/api/admin/users", json={"username": self.username, **more})
        assert answer.status_code == 201, answer.text
        self.row = answer.json()
        self.id = self.row["user_id"]
        self.client = admin.signed_in(self.username, self.password)


def create_member(admin, org, is_admin=False, **more):
    person = Person(admin, **more)
    answer = admin.post(f"/api/orgs/{org['org_id']}/members", json={"user_id": person.id, "is_admin": is_admin})
    assert answer.status_code == 201, answer.text
    return person


def assert_error(answer, status, code, field=None):
    """The superset that all clients of all generations understand."""
    assert answer.status_code == status, f"{answer.status_code} {answer.text}"
    body = answer.json()
    assert body["statusCode"] == status
    assert body["code"] == code, body
    assert isinstance(body["message"], str) and body["message"]
    assert body["detail"] == body["message"]
    assert body["request_id"] == answer.headers["X-Request-ID"]
    assert body["timestamp"].endswith("Z")
    if field is not None:
        assert body["field"] == field, body
    return body
