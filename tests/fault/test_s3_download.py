"""Downloads that are sent to the bucket for their bytes, and those that are not."""

import time

import pytest
import requests
from packages import package

DEADLINE = 180
OPTIONS = {"LARDER_DOWNLOAD_REDIRECT": "presigned", "LARDER_S3_POLL": "100ms"}


class Node:
    """A server over the bucket, with one package in an org."""

    def __init__(self, server):
        self.server, self.admin, self.bytes = server, server.admin(), package("com.acme.one")
        org = self.admin.post("/api/admin/orgs", json={"name": "Acme", "domain": "acme.com"}).json()["org_id"]
        done = self.admin.post(f"/api/orgs/{org}/plugins/upload", data=self.bytes,
                               headers={"Content-Type": "application/zip", "X-Filename": "one.zip"})
        assert done.status_code == 201, done.text
        self.row = f"/api/orgs/{org}/plugins/{done.json()['id']}"

    def wait_replicated(self):
        end = time.monotonic() + DEADLINE
        while (word := self.admin.get(self.row).json()["replication"]) != "replicated":
            assert time.monotonic() < end, (word, self.server.log_text())
            time.sleep(0.05)
        return self

    def wait_sent(self):
        """The answer that sends to the bucket: only while the store is known to answer, which a busy machine delays."""
        end = time.monotonic() + DEADLINE
        while (sent := self.wait_replicated().get()).status_code != 302:
            assert time.monotonic() < end, (sent.status_code, self.server.log_text())
            time.sleep(0.05)
        return sent

    def get(self, query="", method="GET", **headers):
        return self.admin.request(method, f"{self.row}/download{query}", headers=headers, allow_redirects=False)


@pytest.fixture
def start(start_server, stub_store):
    return lambda **env: Node(start_server(**stub_store.environment(stub_store.new_bucket()), **env))


def test_a_replicated_download_is_sent_to_the_bucket(start, stub_store):
    node = start(**OPTIONS)
    sent = node.wait_sent()
    assert (sent.status_code, sent.content) == (302, b"")
    assert sent.headers["Cache-Control"] == "no-store" and "ETag" not in sent.headers
    address = sent.headers["Location"]
    assert address.startswith(stub_store.endpoint) and "X-Amz-Expires=60" in address
    assert stub_store.secret not in address
    there = requests.get(address, timeout=DEADLINE)  # with no token of any kind
    assert (there.status_code, there.content) == (200, node.bytes)
    # the store checks what was signed: not for another object
    assert requests.get(address.replace(".zip", ".zap"), timeout=DEADLINE).status_code == 403


def test_what_is_answered_here_all_the_same(start):
    node = start(**OPTIONS).wait_replicated()
    whole = node.get("?redirect=false")
    assert (whole.status_code, whole.content) == (200, node.bytes)
    assert "immutable" in whole.headers["Cache-Control"]
    part = node.get(Range="bytes=10-19")
    assert (part.status_code, part.content) == (206, node.bytes[10:20])
    assert node.get(**{"If-None-Match": whole.headers["ETag"]}).status_code == 304
    assert node.get(method="HEAD").status_code == 200
    wrong = node.get("?redirect=maybe")
    assert wrong.status_code == 422 and "redirect" in wrong.text


def test_the_command_line_takes_the_bytes_from_the_server(start, tmp_path):
    node = start(**OPTIONS).wait_replicated()
    out = tmp_path / "one.zip"
    node.server.cli("download", node.row.rsplit("/", 1)[1], "--org", "Acme", "--output", out, check=0,
                    LARDER_URL=node.server.url, LARDER_TOKEN=node.admin.bearer)
    assert out.read_bytes() == node.bytes


def test_off_by_default(start):
    node = start(LARDER_S3_POLL="100ms").wait_replicated()
    assert (node.get().status_code, node.get().content) == (200, node.bytes)


def test_what_is_not_in_the_bucket_is_answered_here(start, stub_store):
    stub_store.rule("PUT", r"^blobs/", status=503, code="SlowDown")
    node = start(**OPTIONS)
    assert (node.get().status_code, node.get().content) == (200, node.bytes)
    stub_store.clear()
    node.wait_sent()


def test_a_store_that_is_away_sends_nobody_there(start, stub_store):
    node = start(**OPTIONS).wait_replicated()
    stub_store.rule(status=503, code="SlowDown")
    end = time.monotonic() + DEADLINE
    while node.get().status_code == 302:
        assert time.monotonic() < end
        node.admin.post("/api/admin/replication/sync")
        time.sleep(0.05)
    assert node.get().content == node.bytes
