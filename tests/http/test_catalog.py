"""The org-scoped catalog as its clients use it: every line of the contract, over HTTP."""

import base64
import concurrent.futures
import hashlib
import io
import re
import zipfile

import pytest

from packages import PNG, archive, package, plugin, v1_package

ROW_FIELDS = {
    "id": str, "pid": str, "name": str, "version": str, "description": str, "is_latest": bool,
    "capabilities": list, "is_specialized": bool, "is_scoped": bool, "agent_type": str,
    "stateless": bool, "source": str, "default_settings": dict, "settings_schema": list, "enabled": bool,
}
MAX = 5242880


class World:
    """One server with two orgs, an admin of each, and a member of the first."""

    def __init__(self, server):
        self.server = server
        self.sys = server.admin()
        self.acme = self.org("Acme", "acme.com")
        self.globex = self.org("Globex", "globex.io")
        self.acme_admin = self.user("ada", self.acme, True)
        self.globex_admin = self.user("gus", self.globex, True)
        self.member = self.user("mel", self.acme, False)

    def org(self, name, domain):
        r = self.sys.post("/api/admin/orgs", json={"name": name, "domain": domain})
        assert r.status_code == 201, r.text
        return r.json()["org_id"]

    def user(self, name, org, is_admin):
        r = self.sys.post("/api/admin/users", json={"username": name, "password": "a long password " + name})
        assert r.status_code == 201, r.text
        body = {"user_id": r.json()["user_id"], "is_admin": is_admin}
        r = self.sys.post(f"/api/orgs/{org}/members", json=body)
        assert r.status_code == 201, r.text
        return self.server.client().signed_in(name, "a long password " + name)

    def path(self, org=None):
        return f"/api/orgs/{org}/plugins" if org else "/api/admin/plugins"

    def upload(self, content, org=None, who=None, name="p.zip", query="", headers=None, **fields):
        who = who or (self.acme_admin if org == self.acme else self.sys)
        return who.post(
            self.path(org) + "/upload" + query,
            files={"file": (name, content, "application/zip")},
            data=fields,
            headers=headers,
        )

    def rows(self, org=None, query="", who=None):
        r = (who or self.sys).get(self.path(org) + query)
        assert r.status_code == 200, r.text
        return r.json()


@pytest.fixture
def world(server):
    return World(server)


@pytest.fixture(scope="module")
def shared(module_server):
    return World(module_server)


def test_upload_list_versions_schema_disable_enable(world):
    content = package(wrapper="web_search_agent/")
    r = world.upload(content, world.acme)
    assert r.status_code == 201, r.text
    body = r.json()
    assert body["message"] == "Plugin uploaded successfully"
    assert (body["pid"], body["version"], body["org_id"]) == ("com.acme.search", "1.0.0", world.acme)
    (row,) = world.rows(world.acme, who=world.acme_admin)
    for field, kind in ROW_FIELDS.items():
        assert isinstance(row[field], kind), field
    assert row["id"] == body["id"] and row["source"] == "org" and row["is_latest"] and row["enabled"]
    assert row["is_specialized"] and not row["is_scoped"] and row["agent_type"] == "specialized"
    assert row["tag"] is None and row["stateless"] is True
    assert row["capabilities"] == ["search", "find: Finds what was lost"]
    assert row["default_settings"] == {"api_key": None, "limit": 10, "ratio": 1.0}
    assert row["sha256"] == hashlib.sha256(content).hexdigest() and row["size_bytes"] == len(content)
    assert base64.b64decode(row["logo_image"]) == PNG
    (tool,) = row["tools"]
    assert (tool["name"], tool["description"]) == ("search", "Search for something.")
    assert tool["file"] == "web_search_agent/plugin.py" and tool["line"] > 1
    schema = world.acme_admin.get(f"{world.path(world.acme)}/com.acme.search/settings-schema").json()
    assert schema == row["settings_schema"]
    assert schema[0] == {"key": "api_key", "name": "api_key", "type": "str", "default": None,
                         "description": "Key of the service", "required": True, "sensitive": True}
    assert world.upload(package(version="1.1.0"), world.acme).status_code == 201
    versions = world.acme_admin.get(f"{world.path(world.acme)}/com.acme.search/versions?source=org").json()
    assert [v["version"] for v in versions] == ["1.1.0", "1.0.0"]
    assert [v["is_latest"] for v in versions] == [True, False]
    # DELETE disables; the next enabled version is promoted
    latest = versions[0]["id"]
    for _ in range(2):  # idempotent
        r = world.acme_admin.delete(f"{world.path(world.acme)}/{latest}")
        assert r.status_code == 204 and r.content == b""
    (row,) = world.rows(world.acme, who=world.acme_admin)
    assert row["version"] == "1.0.0" and row["is_latest"]
    versions = world.acme_admin.get(f"{world.path(world.acme)}/com.acme.search/versions").json()
    assert [(v["version"], v["enabled"], v["is_latest"]) for v in versions] == [
        ("1.1.0", False, False), ("1.0.0", True, True)]
    r = world.acme_admin.patch(f"{world.path(world.acme)}/{latest}", json={"enabled": True})
    assert r.status_code == 200 and r.json()["is_latest"] is True and r.json()["enabled"] is True
    (row,) = world.rows(world.acme, who=world.acme_admin)
    assert row["version"] == "1.1.0"


def test_an_org_that_is_not_there_has_no_catalog(world):
    """The system's rows, or an empty list, would tell a platform administrator that the id was right."""
    for unknown in ("01900000-0000-7000-8000-000000000000", "nope", world.acme[:-1]):
        for path in (world.path(unknown), f"/api/admin/orgs/{unknown}/plugins", f"/api/orgs/{unknown}/permissions"):
            r = world.sys.get(path)
            assert r.status_code == 404 and r.json()["message"] == "Organization not found", path
        assert world.acme_admin.get(world.path(unknown)).status_code == 403
    world.upload(package("io.globex.one"), world.globex)
    assert len(world.rows(world.globex, who=world.globex_admin)) == 1
    assert world.sys.delete(f"/api/admin/orgs/{world.globex}").status_code == 204
    assert world.sys.get(world.path(world.globex) + "?limit=7").status_code == 404
    assert len(world.sys.get(f"/api/admin/orgs/{world.globex}/plugins").json()) == 1, "what it had can still be looked at"
    assert world.globex_admin.get(world.path(world.globex)).status_code == 403


def test_all_disabled_leaves_the_list_but_not_the_catalog(world):
    plugin_id = world.upload(package(), world.acme).json()["id"]
    world.acme_admin.delete(f"{world.path(world.acme)}/{plugin_id}")
    assert world.rows(world.acme, who=world.acme_admin) == []
    (row,) = world.rows(world.acme, "?include_disabled=true", who=world.acme_admin)
    assert row["enabled"] is False and row["is_latest"] is False
    r = world.acme_admin.get(f"{world.path(world.acme)}/com.acme.search/settings-schema")
    assert r.status_code == 404 and r.json()["code"] == "PL-0002"
    r = world.acme_admin.get(f"{world.path(world.acme)}/com.acme.search/settings-schema?version=1.0")
    assert r.status_code == 200


def test_the_two_layers_are_merged_and_kept_apart(world):
    assert world.upload(package("io.cadence.system.b"), None).status_code == 201
    assert world.upload(package("com.acme.a"), None).status_code == 201  # no domain rule for system
    assert world.upload(package("com.acme.a"), world.acme).status_code == 201
    assert world.upload(package("com.acme.z"), world.acme).status_code == 201
    got = [(r["source"], r["pid"]) for r in world.rows(world.acme, who=world.acme_admin)]
    assert got == [("system", "com.acme.a"), ("system", "io.cadence.system.b"), ("org", "com.acme.a"), ("org", "com.acme.z")]
    assert [r["source"] for r in world.rows(world.acme, "?source=org")] == ["org", "org"]
    assert [r["source"] for r in world.rows(world.acme, "?source=system")] == ["system", "system"]
    assert [r["pid"] for r in world.rows(world.globex, who=world.globex_admin)] == ["com.acme.a", "io.cadence.system.b"]
    assert {r["source"] for r in world.rows()} == {"system"}
    r = world.sys.get(f"/api/admin/orgs/{world.acme}/plugins")
    assert [p["pid"] for p in r.json()] == ["com.acme.a", "com.acme.z"]
    assert world.sys.get(f"/api/admin/orgs/{world.acme}/plugins/com.acme.a/versions").json()[0]["source"] == "org"
    r = world.acme_admin.get(f"{world.path(world.acme)}?source=elsewhere")
    assert r.status_code == 422 and r.json()["field"] == "source"


def test_tags(world):
    plugin_id = world.upload(package(), world.acme).json()["id"]
    url = f"{world.path(world.acme)}/{plugin_id}"
    assert world.acme_admin.patch(url, json={"tag": "finance"}).json()["tag"] == "finance"
    assert len(world.rows(world.acme, "?tag=finance", who=world.acme_admin)) == 1
    assert world.rows(world.acme, "?tag=other", who=world.acme_admin) == []
    assert len(world.rows(world.acme, "?tag=", who=world.acme_admin)) == 1
    assert world.acme_admin.patch(url, json={"tag": None}).json()["tag"] is None
    for body, field in (({}, "enabled"), ({"enabled": "yes"}, "enabled"), ({"tag": 5}, "tag")):
        r = world.acme_admin.patch(url, json=body)
        assert r.status_code == 422 and r.json()["field"] == field


def test_identity_of_versions(world):
    first = package()
    made = world.upload(first, world.acme).json()
    again = world.upload(first, world.acme)
    assert again.status_code == 200 and again.json()["id"] == made["id"] and again.json()["unchanged"] is True
    other = world.upload(package(description="Other words"), world.acme)
    assert other.status_code == 409 and other.json()["code"] == "RE-0002"
    same_number = world.upload(package(version="1.0"), world.acme)
    assert same_number.status_code == 409
    (row,) = world.rows(world.acme)
    assert row["sha256"] == hashlib.sha256(first).hexdigest()
    # an identical upload of a disabled version does not enable it
    world.acme_admin.delete(f"{world.path(world.acme)}/{made['id']}")
    assert world.upload(first, world.acme).json()["unchanged"] is True
    assert world.rows(world.acme) == []


def test_lower_versions_need_a_word(world):
    assert world.upload(package(version="2.0.0"), world.acme).status_code == 201
    r = world.upload(package(version="1.9.0"), world.acme)
    assert r.status_code == 409 and "2.0.0" in r.json()["message"] and "allow_backport" in r.json()["message"]
    r = world.upload(package(version="1.9.0"), world.acme, allow_backport="true")
    assert r.status_code == 201 and r.json()["is_latest"] is False
    assert world.rows(world.acme)[0]["version"] == "2.0.0"
    r = world.upload(package(version="2.1.0rc1"), world.acme)
    assert r.status_code == 201 and r.json()["is_latest"] is True  # a pre-release counts for Cadence
    assert world.upload(package(version="2.1.0"), world.acme).json()["is_latest"] is True


def test_downloads(world):
    content = package(files={"data.bin": bytes(range(256)) * 400})
    made = world.upload(content, world.acme).json()
    url = f"{world.path(world.acme)}/{made['id']}/download"
    r = world.acme_admin.get(url)
    assert r.status_code == 200 and r.content == content
    etag = r.headers["ETag"]
    assert etag == f'"{hashlib.sha256(content).hexdigest()}"'
    assert "immutable" in r.headers["Cache-Control"] and r.headers["Content-Type"] == "application/zip"
    assert "attachment" in r.headers["Content-Disposition"] and r.headers["X-Content-Type-Options"] == "nosniff"
    r = world.acme_admin.head(url)
    assert r.status_code == 200 and r.content == b"" and int(r.headers["Content-Length"]) == len(content)
    r = world.acme_admin.get(url, headers={"If-None-Match": etag})
    assert r.status_code == 304 and r.content == b""
    r = world.acme_admin.get(url, headers={"Range": "bytes=10-19"})
    assert r.status_code == 206 and r.content == content[10:20]
    assert r.headers["Content-Range"] == f"bytes 10-19/{len(content)}"
    assert r.headers["Accept-Ranges"] == "bytes"  # said twice it reads "bytes, bytes"
    r = world.acme_admin.get(url, headers={"Range": "bytes=-5"})
    assert r.status_code == 206 and r.content == content[-5:]
    r = world.acme_admin.get(url, headers={"Range": f"bytes={len(content)}-"})
    assert r.status_code == 416 and r.headers["Content-Range"] == f"bytes */{len(content)}"
    r = world.acme_admin.get(url, headers={"Range": "bytes=0-4", "If-Range": '"other"'})
    assert r.status_code == 200 and r.content == content
    assert world.globex_admin.get(f"{world.path(world.globex)}/{made['id']}/download").status_code == 404
    assert world.sys.get(f"/api/admin/plugins/{made['id']}/download").status_code == 404
    system = world.upload(package("io.cadence.system.x"), None).json()["id"]
    assert world.globex_admin.get(f"{world.path(world.globex)}/{system}/download").status_code == 200


def test_permissions(world):
    made = world.upload(package(), world.acme).json()
    nobody = world.server.client()
    for who, status in ((nobody, 401), (world.member, 403), (world.globex_admin, 403)):
        assert who.get(world.path(world.acme)).status_code == status
        assert who.get(f"{world.path(world.acme)}/{made['id']}/download").status_code == status
        assert world.upload(package(version="9.0"), world.acme, who=who).status_code == status
        assert who.patch(f"{world.path(world.acme)}/{made['id']}", json={"enabled": False}).status_code == status
    # an org admin may not touch the system layer, nor a system row through its own route
    system = world.upload(package("io.cadence.system.x"), None).json()["id"]
    assert world.acme_admin.delete(f"/api/admin/plugins/{system}").status_code == 403
    assert world.acme_admin.delete(f"{world.path(world.acme)}/{system}").status_code == 404
    assert world.acme_admin.delete(f"{world.path(world.acme)}/not-a-uuid").status_code == 404
    r = world.acme_admin.get(f"{world.path(world.acme)}/com.acme.nothing/versions")
    assert r.status_code == 404 and r.json()["code"] == "PL-0002"


REFUSED = [
    ("domain", dict(pid="com.other.search"), "com.acme"),
    ("domain prefix", dict(pid="com.acmefoo"), "com.acme"),
    ("version", dict(version="1.2.3.4"), "version"),
    ("version", dict(version="1"), "version"),
    ("int for float", dict(settings='[{"key": "a", "type": "float", "description": "d", "default": 1}]'), "float"),
    ("twice", dict(settings='[{"key": "a", "type": "str", "description": "d"}, {"key": "a", "type": "str", "description": "d"}]'), "a"),
    ("unknown type", dict(settings='[{"key": "a", "type": "text", "description": "d"}]'), "type"),
    ("not literal", dict(before="import os", extra="", name='" + os.getenv("NAME") + "'), "plugin_manifest.json"),
    ("empty name", dict(name=""), "name"),
]


@pytest.mark.parametrize("why,change,says", REFUSED, ids=[r[0] + " " + str(i) for i, r in enumerate(REFUSED)])
def test_packages_that_are_refused_say_why(shared, why, change, says):
    r = shared.upload(package(**change), shared.acme)
    assert r.status_code == 400, (why, r.text)
    assert r.json()["code"].startswith("PL-0003") or r.json()["code"].startswith("PL"), r.text
    assert says in r.text
    assert all(set(e) >= {"code", "message"} for e in r.json()["errors"])


def test_all_findings_come_in_one_answer(shared):
    r = shared.upload(package(pid="com.other.x", version="1.2.3.4", dependencies='["--index-url http://x", "httpx>=0.27"]'), shared.acme)
    assert r.status_code == 400 and len(r.json()["errors"]) >= 3, r.text


def test_form_of_the_upload(shared):
    good = package("com.acme.form")
    up = shared.acme_admin.post
    url = shared.path(shared.acme) + "/upload"
    assert up(url, files={"other": ("p.zip", good)}).status_code == 422
    two = up(url, files=[("file", ("p.zip", good)), ("file", ("q.zip", good))])
    assert two.status_code == 422 and "stands 2 times" in two.json()["message"]  # taking one in silence loses the other
    assert shared.upload(good, shared.acme, name="p.tar").status_code == 400
    assert shared.upload(b"not a zip at all", shared.acme).status_code == 400
    assert shared.upload(archive({}), shared.acme).status_code == 400  # PK\5\6: an empty archive
    assert shared.upload(b"", shared.acme).status_code == 400
    assert shared.upload(archive({"readme.txt": "x"}), shared.acme).status_code == 400
    assert shared.upload(v1_package(), shared.acme).status_code == 400
    assert "/api/v1/plugins/upload" in shared.upload(v1_package(), shared.acme).text
    r = up(url, data=good, headers={"Content-Type": "text/plain"})
    assert r.status_code == 415
    r = up(url + "?filename=form.zip", data=good, headers={"Content-Type": "application/zip"})
    assert r.status_code == 201, r.text
    r = up(url, data=good, headers={"Content-Type": "application/zip"})
    assert r.status_code == 400 and "filename" in r.text


def padded(size, pid="com.acme.size", version="1.0.0"):
    """A valid package of exactly `size` bytes."""
    import os

    base = package(pid, version, files={"pad.bin": b""})
    need = size - len(base)
    members = {"pad.bin": os.urandom(need)}
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(base)) as src, zipfile.ZipFile(out, "w") as z:
        for info in src.infolist():
            if info.filename != "pad.bin":
                z.writestr(info, src.read(info))
            else:
                stored = zipfile.ZipInfo("pad.bin", (2026, 1, 2, 3, 4, 6))
                stored.external_attr = 0o644 << 16
                z.writestr(stored, members["pad.bin"])
    text = out.getvalue()
    if len(text) != size:  # deflate of an empty member costs two bytes that stored does not
        members["pad.bin"] = os.urandom(need + size - len(text))
        out = io.BytesIO()
        with zipfile.ZipFile(io.BytesIO(base)) as src, zipfile.ZipFile(out, "w") as z:
            for info in src.infolist():
                if info.filename != "pad.bin":
                    z.writestr(info, src.read(info))
                else:
                    stored = zipfile.ZipInfo("pad.bin", (2026, 1, 2, 3, 4, 6))
                    stored.external_attr = 0o644 << 16
                    z.writestr(stored, members["pad.bin"])
        text = out.getvalue()
    assert len(text) == size
    return text


def test_size_limit_is_inclusive(shared):
    assert shared.upload(padded(MAX), shared.acme).status_code == 201
    r = shared.upload(padded(MAX + 1, version="1.0.1"), shared.acme)
    assert r.status_code == 413 and r.json()["message"] == "Plugin file exceeds maximum allowed size (5 MB)"
    r = shared.acme_admin.post(shared.path(shared.acme) + "/upload?filename=a.zip", data=b"PK\3\4" + bytes(MAX),
                               headers={"Content-Type": "application/zip"})
    assert r.status_code == 413


def test_dry_run_stores_nothing(world):
    r = world.upload(package(), world.acme, query="?dry_run=true")
    assert r.status_code == 200 and r.json()["dry_run"] is True and r.json()["plugin"]["pid"] == "com.acme.search"
    assert world.rows(world.acme) == []
    r = world.upload(package(version="1.2.3.4"), world.acme, dry_run="true")
    assert r.status_code == 400
    world.upload(package(), world.acme)
    assert world.upload(package(description="x"), world.acme, query="?dry_run=true").status_code == 409


def test_idempotency_key(world):
    key = {"Idempotency-Key": "build-42"}
    a = world.upload(package(), world.acme, headers=key)
    b = world.upload(package(), world.acme, headers=key)
    assert a.status_code == b.status_code == 201 and a.json() == b.json()
    r = world.upload(package(version="3.0.0"), world.acme, headers=key)
    assert r.status_code == 422 and "Idempotency-Key" in r.text
    assert len(world.rows(world.acme)) == 1


def test_pages_cover_every_row_once_under_inserts(world):
    for i in range(25):
        assert world.upload(package(f"com.acme.p{i:02}"), world.acme).status_code == 201
    for i in range(7):
        assert world.upload(package(f"io.cadence.system.s{i}"), None).status_code == 201
    seen, url, turn = [], f"{world.path(world.acme)}?limit=5", 0
    while url:
        r = world.acme_admin.get(url)
        assert r.status_code == 200 and len(r.json()) <= 5
        seen += [(p["source"], p["pid"]) for p in r.json()]
        link = re.search(r'<([^>]+)>; rel="next"', r.headers.get("Link", ""))
        assert bool(link) == ("X-Next-Cursor" in r.headers)
        url = link[1] if link else None
        turn += 1
        if turn == 2:  # before and behind the place of the walk
            world.upload(package("com.acme.a_late"), world.acme)
            world.upload(package("com.acme.p01.late"), world.acme)
    assert len(seen) == len(set(seen))
    assert {p for _, p in seen} >= {f"com.acme.p{i:02}" for i in range(25)} | {f"io.cadence.system.s{i}" for i in range(7)}
    for bad in ("?limit=0", "?limit=201", "?limit=x", "?limit=5&cursor=%21", "?limit=5&cursor=AAAA", "?cursor=cy4xLmE"):
        assert world.acme_admin.get(world.path(world.acme) + bad).status_code == 422, bad


def test_pages_of_different_queries_are_kept_apart(world):
    for i in range(4):
        world.upload(package(f"com.acme.p{i}"), world.acme)
    links = [world.acme_admin.get(f"{world.path(world.acme)}?limit=2{extra}").headers["Link"] for extra in ("", "&source=org", "&x=1", "")]
    assert "source=org" in links[1] and "x=1" in links[2] and links[0] == links[3]
    assert "source" not in links[0] and "x=1" not in links[0]


def test_list_etag_changes_with_the_catalog(world):
    plugin_id = world.upload(package(), world.acme).json()["id"]
    etag = world.acme_admin.get(world.path(world.acme)).headers["ETag"]
    assert world.acme_admin.get(world.path(world.acme), headers={"If-None-Match": etag}).status_code == 304
    world.acme_admin.patch(f"{world.path(world.acme)}/{plugin_id}", json={"tag": "x"})
    r = world.acme_admin.get(world.path(world.acme), headers={"If-None-Match": etag})
    assert r.status_code == 200 and r.headers["ETag"] != etag
    world.upload(package("io.cadence.system.new"), None)
    assert len(world.acme_admin.get(world.path(world.acme), headers={"If-None-Match": r.headers["ETag"]}).json()) == 2


def test_one_winner_of_64(world):
    contents = [package(description=f"Attempt {i}") for i in range(64)]
    with concurrent.futures.ThreadPoolExecutor(64) as pool:
        answers = list(pool.map(lambda c: world.upload(c, world.acme), contents))
    codes = sorted(a.status_code for a in answers)
    assert codes == [201] + [409] * 63
    winner = next(i for i, a in enumerate(answers) if a.status_code == 201)
    (row,) = world.rows(world.acme)
    assert row["sha256"] == hashlib.sha256(contents[winner]).hexdigest()
    r = world.acme_admin.get(f"{world.path(world.acme)}/{row['id']}/download")
    assert r.content == contents[winner]


def test_tree_for_workers(world):
    content = package(wrapper="wrapped/", files={"sub/data.txt": "x", "__pycache__/a.pyc": b"\0"})
    world.upload(content, world.acme)
    world.upload(package("io.cadence.system.t"), None)
    tree = world.server.data / "plugins" / "tenants" / world.acme / "com.acme.search" / "1.0.0"
    assert (tree / "plugin.py").read_text() == plugin()
    assert (tree / "sub" / "data.txt").read_text() == "x"
    assert not (tree / "__pycache__").exists()
    assert (world.server.data / "plugins" / "system" / "io.cadence.system.t" / "1.0.0" / "plugin.py").exists()


def test_every_change_is_audited(world):
    made = world.upload(package(), world.acme).json()["id"]
    world.acme_admin.patch(f"{world.path(world.acme)}/{made}", json={"tag": "x"})
    world.acme_admin.delete(f"{world.path(world.acme)}/{made}")
    world.acme_admin.patch(f"{world.path(world.acme)}/{made}", json={"enabled": True})
    r = world.sys.get(f"/api/admin/audit?action=plugin.")
    assert r.status_code == 200, r.text
    events = r.json() if isinstance(r.json(), list) else r.json()["events"]
    assert [e["action"] for e in events][:4] == ["plugin.enable", "plugin.disable", "plugin.tag", "plugin.upload"]
    world.server.cli("audit", "verify", check=0)


@pytest.mark.parametrize("damage", ["flipped", "removed"])
def test_damaged_bytes_are_never_served_and_can_be_mended(start_server, damage):
    server = start_server()
    world = World(server)
    content = package()
    made = world.upload(content, world.acme).json()
    server.stop()
    sha = made["sha256"]
    blob = server.data / "blobs" / sha[:2] / sha
    if damage == "flipped":
        bad = bytearray(content)
        bad[len(bad) // 2] ^= 1
        blob.chmod(0o600)
        blob.write_bytes(bad)
    else:
        blob.unlink()
    again = start_server(data=server.data, admin_password=server.admin_password)
    client, url = again.admin(), f"/api/orgs/{world.acme}/plugins"
    r = client.get(f"{url}/{made['id']}/download")
    assert r.status_code == 500 and r.json()["code"] == "PL-0001" and r.json()["request_id"]
    state = {"flipped": "corrupt", "removed": "missing"}[damage]
    assert [p["artifact"] for p in client.get(url).json()] == [state]
    r = client.post(f"{url}/upload", files={"file": ("p.zip", content)})
    assert r.status_code == 200 and r.json()["unchanged"] is True
    assert [p["artifact"] for p in client.get(url).json()] == ["present"]
    assert client.get(f"{url}/{made['id']}/download").content == content


def test_survives_a_restart(start_server):
    server = start_server()
    world = World(server)
    content = package()
    made = world.upload(content, world.acme).json()
    server.stop()
    again = start_server(data=server.data, admin_password=server.admin_password)
    client = again.admin()
    r = client.get(f"/api/orgs/{world.acme}/plugins/{made['id']}/download")
    assert r.status_code == 200 and r.content == content


def test_requests_of_one_org_can_be_limited(start_server):
    world = World(start_server(LARDER_TENANT_LIMIT="20", LARDER_TENANT_WINDOW="10m"))
    codes = [world.acme_admin.get(world.path(world.acme)).status_code for _ in range(30)]
    assert codes == [200] * codes.count(200) + [429] * codes.count(429) and 10 < codes.count(200) <= 20
    r = world.acme_admin.get(world.path(world.acme))
    assert r.status_code == 429 and r.json()["code"] == "RL-0001" and 0 < int(r.headers["Retry-After"]) <= 600
    assert world.globex_admin.get(world.path(world.globex)).status_code == 200  # the neighbours are left alone
    assert world.member.get(world.path(world.acme)).status_code == 403  # who may not is not counted
    assert world.sys.get("/api/me").status_code == 200
