"""The web pages: what a browser gets, how long it may keep it, and that nothing else is loaded."""

import re

import pytest

PAGES = ("/", "/setup", "/docs")


@pytest.fixture(scope="module")
def client(module_server):
    return module_server.client()


def links(html):
    return re.findall(r'(?:href|src)="([^"]+)"', html)


def policy_of(answer):
    rules = (r.split() for r in answer.headers["Content-Security-Policy"].split(";") if r.strip())
    return {name: values for name, *values in rules}


@pytest.mark.parametrize("path", PAGES)
def test_a_page(client, path):
    answer = client.get(path)
    assert answer.status_code == 200
    assert answer.headers["Content-Type"] == "text/html; charset=utf-8"
    assert "{{" not in answer.text, "a placeholder was left"
    assert not re.search(r"<script(?![^>]*\bsrc=)", answer.text), "a script stands in the page"
    assert not re.search(r"\son\w+=|style=", answer.text)
    for link in links(answer.text):
        assert link.startswith("/"), f"{link} leaves the appliance"


@pytest.mark.parametrize("path", PAGES)
def test_a_page_is_guarded(client, path):
    answer = client.get(path)
    policy = policy_of(answer)
    assert policy["default-src"] == ["'none'"]
    assert policy["script-src"] == ["'self'"]
    assert policy["style-src"] == ["'self'"]
    assert policy["connect-src"] == ["'self'"]
    assert policy["frame-ancestors"] == ["'none'"]
    assert policy["base-uri"] == ["'none'"]
    assert not re.search(r"unsafe|https?:|\*", answer.headers["Content-Security-Policy"])
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Referrer-Policy"] == "no-referrer"


@pytest.mark.parametrize("path", PAGES)
def test_a_page_is_asked_for_again_and_its_files_are_kept(client, path):
    page = client.get(path)
    assert "no-cache" in page.headers["Cache-Control"]
    again = client.get(path, headers={"If-None-Match": page.headers["ETag"]})
    assert again.status_code == 304 and again.content == b""
    # The fields of a 304 replace those of the kept page, so it must not bring another policy.
    assert again.headers.get("Content-Security-Policy") in (None, page.headers["Content-Security-Policy"])
    files = [link for link in links(page.text) if link.startswith("/a/")]
    assert len(files) >= 4
    for link in files:
        answer = client.get(link)
        assert answer.status_code == 200, link
        assert "immutable" in answer.headers["Cache-Control"]
        assert client.get(link, headers={"If-None-Match": answer.headers["ETag"]}).status_code == 304


def modules_of(client, page):
    """Every script of a page, followed through its imports."""
    html = client.get(page).text
    todo = [link for link in links(html) if link.endswith(".js")]
    seen = {}
    while todo:
        path = todo.pop()
        if path in seen:
            continue
        answer = client.get(path)
        assert answer.status_code == 200, path
        assert answer.headers["Content-Type"].startswith("text/javascript"), path
        seen[path] = answer.text
        folder = path.rsplit("/", 1)[0]
        for name in re.findall(r'(?:from|import)\s*\(?\s*"(\.[^"]+)"', answer.text):
            parts = (folder + "/" + name).split("/")
            clean = []
            for part in parts:
                if part == "..":
                    clean.pop()
                elif part != ".":
                    clean.append(part)
            todo.append("/".join(clean))
    return seen


@pytest.mark.parametrize("page", ["/", "/docs"])
def test_all_scripts_are_there_and_tame(client, page):
    scripts = modules_of(client, page)
    assert any(path.endswith("/vendor/preact.js") for path in scripts)
    for path, text in scripts.items():
        if "/vendor/" in path:
            continue
        code = re.sub(r"/\*.*?\*/|//[^\n]*", "", text, flags=re.S)
        assert not re.search(r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\(|new Function", code), path
        assert not re.search(r"https?://", code), f"{path} names a foreign place"
        if not path.endswith("/api.js"):
            assert "fetch(" not in code, f"{path} calls fetch; only api.js does"


def test_a_page_of_an_older_build_still_finds_its_files(client):
    answer = client.get("/a/000000000000/app.js")
    assert answer.status_code == 200
    assert answer.headers["Cache-Control"] == "no-cache", "kept for ever it would be wrong"


def test_files_travel_packed(client):
    css = next(link for link in links(client.get("/").text) if link.endswith("parts.css"))
    packed = client.get(css, headers={"Accept-Encoding": "gzip"})
    assert packed.headers.get("Content-Encoding") == "gzip"
    plain = client.get(css, headers={"Accept-Encoding": "identity"})
    assert "Content-Encoding" not in plain.headers
    assert plain.text == packed.text
    assert "Accept-Encoding" in plain.headers["Vary"]


@pytest.mark.parametrize("path", ["/a/0/nothing.js", "/a/0/index.html", "/a/", "/a/x/../../etc/passwd", "/a/x/%2e%2e/openapi.json", "/a/x/app.js%00.css",
                                  "/app.js", "/web/app.js", "/.htpasswd", "/index.html"])
def test_there_is_nothing_else(client, path):
    answer = client.get(path)
    assert answer.status_code in (400, 404), f"{path}: {answer.status_code}"


def test_the_icon(client):
    answer = client.get("/favicon.ico")
    assert answer.status_code == 200
    assert answer.headers["Content-Type"] == "image/svg+xml"


def test_pages_answer_head(client):
    assert client.head("/").status_code == 200
    assert client.head("/").content == b""


def test_a_page_takes_no_post(client):
    answer = client.post("/")
    assert answer.status_code == 405
    assert set(re.split(r",\s*", answer.headers["Allow"])) >= {"GET", "HEAD"}


def test_pages_can_be_served_from_disk(start_server, tmp_path):
    """While developing: a change shows without a build."""
    web = tmp_path / "web"
    web.mkdir()
    (web / "index.html").write_text('<!doctype html><title>one</title><script src="{{assets}}/app.js"></script>')
    (web / "app.js").write_text("1;")
    client = start_server(args=("--web-dir", str(web))).client()
    page = client.get("/")
    assert "<title>one</title>" in page.text and "{{" not in page.text
    assert client.get(links(page.text)[0]).text == "1;"
    (web / "index.html").write_text("<!doctype html><title>two</title>")
    assert "two" in client.get("/").text
