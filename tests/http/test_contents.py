"""What stands inside a version, what two versions differ in, and how often one was downloaded."""

import pytest

from packages import PNG, package
from test_catalog import World

NOTES = "".join(f"line {i}\n" for i in range(40))


@pytest.fixture(scope="module")
def world(module_server):
    return World(module_server)


def put(world, version, members=None, **fields):
    name = f"com.acme.{fields.pop('name', 'contents')}"
    r = world.upload(package(pid=name, version=version, files=members, **fields), world.acme)
    assert r.status_code == 201, r.text
    return r.json()["id"]


@pytest.fixture(scope="module")
def both(world):
    old = put(world, "1.0.0", {"notes.txt": NOTES, "gone.txt": "bye\n", "logo.png": PNG, "data.bin": bytes(range(256))})
    new = put(world, "1.1.0", {"notes.txt": NOTES.replace("line 20\n", "line twenty\n") + "more\n",
                               "logo.png": PNG, "data.bin": bytes(reversed(range(256))), "new/page.html": "<script>1</script>"},
              dependencies='["cadence_sdk>=2.0.0,<3.0.0"]')
    return old, new


def path(world, row, rest):
    return f"{world.path(world.acme)}/{row}/{rest}"


def test_files_are_listed_in_order(world, both):
    r = world.acme_admin.get(path(world, both[0], "files"))
    assert r.status_code == 200, r.text
    files = {f["name"]: f["size"] for f in r.json()["files"]}
    assert list(files) == sorted(files, key=str.encode)
    assert {"plugin.py", "notes.txt", "logo.png", "data.bin"} <= set(files)
    assert files["notes.txt"] == len(NOTES) and r.json()["total_bytes"] == sum(files.values())
    assert "immutable" in r.headers["Cache-Control"]
    again = world.acme_admin.get(path(world, both[0], "files"), headers={"If-None-Match": r.headers["ETag"]})
    assert again.status_code == 304 and again.content == b""


@pytest.mark.parametrize("name,kind,content", [
    ("notes.txt", "text/plain; charset=utf-8", NOTES.encode()),
    ("logo.png", "image/png", PNG),
    ("data.bin", "application/octet-stream", bytes(range(256))),
])
def test_a_file_is_sent_as_nothing_that_runs(world, both, name, kind, content):
    r = world.acme_admin.get(path(world, both[0], "files/" + name))
    assert r.status_code == 200 and r.content == content
    assert r.headers["Content-Type"] == kind
    assert r.headers["Content-Security-Policy"] == "default-src 'none'; sandbox"
    assert r.headers["X-Content-Type-Options"] == "nosniff"
    again = world.acme_admin.get(path(world, both[0], "files/" + name), headers={"If-None-Match": r.headers["ETag"]})
    assert again.status_code == 304


def test_a_page_in_a_package_is_text(world, both):
    r = world.acme_admin.get(path(world, both[1], "files/new/page.html"))
    assert r.text == "<script>1</script>" and r.headers["Content-Type"].startswith("text/plain")


@pytest.mark.parametrize("name", ["none.txt", "new", "new/", "__pycache__/x.pyc", "a" * 2000])
def test_what_is_no_file_is_not_found(world, both, name):
    r = world.acme_admin.get(path(world, both[1], "files/" + name), headers={"If-None-Match": "*"})
    assert r.status_code in (404, 422), r.text
    assert r.json()["detail"]


@pytest.mark.parametrize("name", ["../plugin.py", "%2e%2e/plugin.py", "a%00b"])
def test_a_path_cannot_climb(world, both, name):
    sock = world.server.connect()
    token = "Bearer " + world.acme_admin.bearer
    head = f"GET {path(world, both[1], 'files/' + name)} HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: {token}\r\n"
    sock.sendall((head + "Connection: close\r\n\r\n").encode())
    assert sock.makefile("rb").readline().split()[1] in (b"400", b"404")
    sock.close()


def test_the_difference_of_two_versions(world, both):
    old, new = both
    r = world.acme_admin.get(path(world, old, "diff?with=" + new))
    assert r.status_code == 200, r.text
    answer = r.json()
    assert (answer["old"]["version"], answer["new"]["version"]) == ("1.0.0", "1.1.0")
    files = {f["name"]: f for f in answer["files"]}
    assert {n: f["change"] for n, f in files.items() if n != "plugin.py"} == {
        "data.bin": "changed", "gone.txt": "removed", "new/page.html": "added", "notes.txt": "changed"}
    assert files["data.bin"]["lines"] is None
    assert files["gone.txt"]["lines"] == [["-", 1, None, "bye"]]
    assert files["new/page.html"]["lines"] == [["+", None, 1, "<script>1</script>"]]
    lines = files["notes.txt"]["lines"]
    assert ["-", 21, None, "line 20"] in lines and ["+", None, 21, "line twenty"] in lines
    assert ["+", None, 41, "more"] in lines
    assert [" ", 18, 18, "line 17"] in lines and [" ", 17, 17, "line 16"] not in lines and None in lines
    assert answer["dependencies"] == {"removed": ["httpx>=0.27.0"], "added": []}
    assert answer["settings"] == {"removed": [], "added": []}
    assert [f["change"] for f in world.acme_admin.get(path(world, old, "diff?with=" + old)).json()["files"]] == []


def test_the_other_version_must_be_named_and_visible(world, both):
    r = world.acme_admin.get(path(world, both[0], "diff"))
    assert r.status_code == 422 and "with" in r.text
    hidden = world.upload(package(pid="io.globex.search"), world.globex, world.globex_admin)
    assert hidden.status_code == 201, hidden.text
    r = world.acme_admin.get(path(world, both[0], "diff?with=" + hidden.json()["id"]))
    assert r.status_code == 404
    for rest in ("files", "files/plugin.py", "downloads"):
        assert world.acme_admin.get(path(world, hidden.json()["id"], rest)).status_code == 404


def test_downloads_are_counted_by_day(server, start_server):
    world = World(server)
    row = put(world, "1.0.0", name="counted")

    def counts(days=30):
        r = world.acme_admin.get(path(world, row, f"downloads?days={days}"))
        assert r.status_code == 200, r.text
        return r.json()["total"], [d["count"] for d in r.json()["days"]]

    assert counts() == (0, [0] * 30)
    got = world.acme_admin.get(path(world, row, "download"))
    world.acme_admin.get(path(world, row, "download"))
    world.acme_admin.head(path(world, row, "download"))
    world.acme_admin.get(path(world, row, "download"), headers={"If-None-Match": got.headers["ETag"]})
    world.acme_admin.get(path(world, row, "download"), headers={"Range": "bytes=0-9"})
    total, days = counts(7)
    assert total == 2 and sum(days) == 2 and len(days) == 7  # a test at midnight has them on two days
    world.server.stop()  # what was noted is written before the end
    again = start_server(data=world.server.data, admin_password=None)
    client = again.client().signed_in("ada", "a long password ada")
    assert client.get(path(world, row, "downloads?days=366")).json()["total"] == 2
    assert client.get(path(world, row, "downloads?days=367")).status_code == 422
