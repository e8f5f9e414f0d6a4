"""Several appliances over one bucket, on the stub: what users get while all is well.

What goes wrong stands in test_replication_faults.py, the same on a real store in
test_replication_ceph.py, and what two do at one moment, on both, in test_replication_apart.py.
"""

import gzip
import json
import shutil
import sqlite3

import pytest
from nodes import PASSWORD, Cluster, eventually, facts, math_plugin, sha
from packages import package
from people import create_org
from ports import free_ports


@pytest.fixture
def cluster(start_server, stub_store):
    return Cluster(start_server, stub_store)


def test_an_upload_reaches_the_other_node_with_its_org(cluster):
    a, b = cluster.node("a"), cluster.node("b")
    org = create_org(a.client, domain="acme.com")["org_id"]
    content = package("com.acme.tool", "1.0.0", description="Travels")
    assert a.upload(org=org, content=content).json()["replication"] == "pending"
    cluster.settle()
    theirs = b.row(org=org)
    assert theirs["replication"] == "replicated" and theirs["artifact"] == "present"
    assert b.download(theirs).content == content
    assert facts(a, org) == facts(b, org)
    assert a.row(org=org)["replication"] == "replicated"
    assert b.client.get(f"/api/admin/orgs/{org}").json()["domain"] == "acme.com"
    assert (b.data / "plugins" / "tenants" / org / "com.acme.tool" / "1.0.0" / "plugin.py").exists()
    # from outside: the bytes under their hash, one record, two entries
    digest = sha(content)
    assert cluster.read(f"blobs/sha256/{digest[:2]}/{digest[2:4]}/{digest}.zip") == content
    (record,) = [json.loads(cluster.read(k)) for k in cluster.keys("versions/")]
    assert record["change"]["sha256"] == digest and record["node_name"] == "a"
    assert [e["kind"] for e in cluster.log()] == ["org.put", "version.create"]
    assert [e["seq"] for e in cluster.log()] == [1, 2]


def test_flags_tags_and_logos_travel(cluster):
    a, b = cluster.node("a"), cluster.node("b")
    a.upload(version="1.0.0")
    a.upload(version="1.1.0")
    cluster.settle()
    assert b.change(b.row(version="1.1.0"), enabled=False).status_code == 200
    assert b.change(b.row(version="1.0.0"), tag="stable").status_code == 200
    cluster.settle()
    assert facts(a) == facts(b)
    assert a.row(version="1.1.0")["enabled"] is False and a.row(version="1.0.0")["is_latest"] is True
    assert a.row(version="1.0.0")["tag"] == "stable"
    for key in a.rows():
        mine, theirs = a.rows()[key], b.rows()[key]
        for field in ("logo_image", "settings_schema", "dependencies", "tools", "capabilities", "description"):
            assert mine[field] == theirs[field], field


def test_a_quarantine_holds_against_a_stale_enable(cluster, wires):
    wire = wires(cluster.store.endpoint)
    a, b = cluster.node("a"), cluster.node("b", LARDER_S3_ENDPOINT=wire.endpoint)
    a.upload()
    cluster.settle()
    assert a.change(a.row(), enabled=False).status_code == 200
    cluster.settle()
    wire.cut()  # b does not hear of the quarantine before it enables
    assert a.change(a.row(), quarantined=True).status_code == 200
    eventually(lambda: len(cluster.keys("log/")) == 3)
    assert b.change(b.row(), enabled=True).status_code == 200
    wire.heal()
    cluster.settle()
    assert facts(a) == facts(b)
    assert a.row()["quarantined"] is True and a.row()["enabled"] is False
    (lost,) = b.conflicts()
    assert lost["kind"] == "version.enabled" and lost["mine"]["enabled"] is True
    # enabling is refused until somebody lifts it by name
    refused = b.change(b.row(), enabled=True)
    assert refused.status_code == 409 and "quarantined" in refused.json()["message"]
    assert b.change(b.row(), quarantined=False, enabled=True).status_code == 200
    cluster.settle()
    assert a.row()["enabled"] is True and facts(a) == facts(b)
    assert b.client.post(f"/api/admin/replication/conflicts/{lost['id']}/resolve").status_code == 200
    assert b.conflicts() == []


def test_two_orgs_want_one_domain(cluster, stub_store):
    a, b = cluster.node("a"), cluster.node("b")
    stub_store.rule("PUT", r"^log/", status=503, code="SlowDown")
    first = create_org(a.client, domain="acme.com")["org_id"]
    second = create_org(b.client, domain="acme.com")["org_id"]
    stub_store.clear()
    cluster.settle()
    domains = [{o: n.client.get(f"/api/admin/orgs/{o}").json()["domain"] for o in (first, second)} for n in (a, b)]
    assert domains[0] == domains[1]
    assert sorted(domains[0].values(), key=str) == [None, "acme.com"]
    assert len(a.conflicts() + b.conflicts()) == 1


def test_v1_overwrites_and_deletes_travel(cluster):
    a, b = cluster.node("a"), cluster.node("b")
    one, two = math_plugin("one"), math_plugin("two")
    a.upload_v1(one)
    cluster.settle()
    (row,) = b.rows().values()
    assert row["sha256"] == sha(one)
    b.upload_v1(two, force=True)
    cluster.settle()
    assert facts(a) == facts(b)
    (row,) = a.rows().values()
    assert row["sha256"] == sha(two) and row["artifact"] == "present"
    assert a.download(row).content == two
    folder = next(p for p in a.data.rglob("math_plugin-1.0.0") if p.is_dir())
    assert "two" in (folder / "plugin.py").read_text()
    a.delete_v1()
    cluster.settle()
    assert a.rows() == b.rows() == {}
    assert not folder.exists() and not list(b.data.rglob("math_plugin-1.0.0"))
    # its number is free again
    b.upload_v1(one)
    cluster.settle()
    assert [r["sha256"] for r in a.rows().values()] == [sha(one)]
    assert [e["kind"] for e in cluster.log()] == ["version.create", "version.replace", "version.remove", "version.create"]


def test_without_a_bucket_what_waits_grows_with_the_catalog_only(cluster):
    a = cluster.node("a", run=False)
    whole = dict(a.env)
    a.env = {k: v for k, v in whole.items() if not k.startswith("AWS_")}
    a.start()
    for words in ("one", "two", "three"):
        last = math_plugin(words)
        a.upload_v1(last, force=True)
    a.upload()
    for enabled in (False, True, False):
        assert a.change(a.row(), enabled=enabled).status_code == 200
    org = create_org(a.client, domain="acme.com")["org_id"]
    a.upload(pid="com.acme.own", org=org)
    view = a.view()
    assert view["backlog"]["changes"] == 5  # three versions, one that is off, one org
    assert view["backlog"]["bytes"] == sum(r["size_bytes"] for r in [*a.rows().values(), *a.rows(org).values()])
    # nothing was ever tried, so nothing has failed
    assert view["state"] == "local-only" and "AWS_ACCESS_KEY_ID" in view["reason"]
    assert view["last_error"] is view["last_error_at"] is view["behind_since"] is view["last_success_at"] is None
    a.stop()
    a.env = whole
    a.start()
    b = cluster.node("b")
    cluster.settle()
    assert facts(a) == facts(b) and facts(a, org) == facts(b, org) and a.conflicts() == b.conflicts() == []
    assert b.row()["enabled"] is False and b.client.get(f"/api/admin/orgs/{org}").json()["domain"] == "acme.com"
    assert sha(last) in {r["sha256"] for r in b.rows().values()}
    assert len(cluster.keys("blobs/")) == len(cluster.keys("versions/")) == 3


@pytest.mark.parametrize("snapshots", [True, False], ids=["snapshot", "log alone"])
def test_19_an_empty_disk_comes_back_equal(cluster, snapshots):
    every = "5" if snapshots else "1000000"
    a, b = cluster.node("a", LARDER_S3_SNAPSHOT_EVERY=every), cluster.node("b", LARDER_S3_SNAPSHOT_EVERY=every)
    org = create_org(a.client, domain="acme.com")["org_id"]
    for n in range(8):
        a.upload(pid=f"com.acme.p{n}", org=org if n % 2 else None)
    cluster.settle()
    assert b.change(b.row("com.acme.p0"), enabled=False).status_code == 200
    views = cluster.settle()
    if snapshots:
        eventually(lambda: cluster.keys("snap/"), "a snapshot")
        head = json.loads(gzip.decompress(cluster.read(cluster.keys("snap/")[-1])).split(b"\n")[0])
        assert head["count"] > 0 and head["seq"] <= views[0]["log"]["applied"]
    else:
        assert cluster.keys("snap/") == []
    before, before_org = facts(b), facts(b, org)
    b.stop()
    shutil.rmtree(b.data)
    b.start()
    cluster.settle()
    assert facts(b) == before == facts(a)
    assert facts(b, org) == before_org == facts(a, org)
    assert b.view()["log"]["state_hash"] == a.view()["log"]["state_hash"]
    for row in list(b.rows().values()) + list(b.rows(org).values()):
        assert sha(b.download(row).content) == row["sha256"]
    # a snapshot leaves nothing behind that would be sent again
    assert b.view()["backlog"]["changes"] == 0 and b.conflicts() == []
    a.upload(pid="com.acme.later")
    cluster.settle()
    assert facts(a) == facts(b)


def test_readiness_waits_for_the_first_catch_up_only(cluster, stub_store):
    a = cluster.node("a")
    a.upload()
    cluster.settle()
    stub_store.rule("GET", r"^log/", stall="before")
    b = cluster.node("b", LARDER_S3_TIMEOUT="5m")
    ready = b.client.get("/readyz")
    assert ready.status_code == 503 and ready.json()["components"]["initial_load"]["status"] == "pending"
    b.stop()
    b.start(LARDER_S3_TIMEOUT="1s")
    b.until("offline")
    assert b.client.get("/readyz").status_code == 200  # the store is away: what is here is served
    stub_store.clear()
    b.until("online")
    assert b.client.get("/readyz").status_code == 200
    stub_store.rule(None, r"", status=500)
    b.until("offline")
    assert b.client.get("/readyz").status_code == 200


def test_a_package_on_its_way_is_answered_with_a_time(cluster, stub_store):
    a, b = cluster.node("a"), cluster.node("b")
    stub_store.rule("GET", r"^blobs/", status=503, code="SlowDown")
    a.upload()
    eventually(lambda: b.row(), "the row")
    assert b.row()["replication"] == "missing"
    answer = b.download(b.row())
    assert answer.status_code == 503 and int(answer.headers["Retry-After"]) >= 1
    assert "fetched" in answer.json()["message"]
    assert b.view()["packages"]["missing"] == 1
    stub_store.clear()
    b.sync()
    eventually(lambda: b.download(b.row()).status_code == 200, "the package")
    eventually(lambda: b.row()["replication"] == "replicated", "the row")


def test_sync_mode_answers_when_it_is_there_or_not_at_all(cluster, stub_store):
    a = cluster.node("a", LARDER_S3_MODE="sync")
    a.until("online")
    assert a.upload().json()["replication"] == "replicated"
    assert len(cluster.keys("log/")) == 1
    stub_store.rule(None, r"", status=500)
    a.sync()
    a.until("offline")
    refused = a.upload(version="1.1.0", expect=503)
    assert int(refused.headers["Retry-After"]) >= 1 and a.row(version="1.1.0") is None
    stub_store.clear()
    a.until("online")
    assert a.upload(version="1.1.0").json()["replication"] == "replicated"


def test_what_was_made_while_switched_off_follows(cluster):
    a = cluster.node("a", LARDER_S3_ENABLED="off")
    assert a.view()["state"] == "disabled"
    org = create_org(a.client, domain="acme.com")["org_id"]
    a.upload()
    a.upload(org=org)
    a.change(a.row(), enabled=False)
    assert a.view()["backlog"]["changes"] == 0 and a.row()["replication"] == "local"
    a.stop()
    with sqlite3.connect(a.data / "larder.db") as db:
        assert db.execute("SELECT count(*) FROM outbox").fetchone() == (0,)
    a.env["LARDER_S3_ENABLED"] = "on"
    a.start()
    b = cluster.node("b")
    cluster.settle()
    assert facts(a) == facts(b) and facts(a, org) == facts(b, org)
    assert b.row()["enabled"] is False and b.row(org=org)["enabled"] is True


def test_cadences_layout_and_taking_it_over(cluster, stub_store, start_server, cli):
    names = {"CADENCE_S3_ENDPOINT_URL": stub_store.endpoint, "CADENCE_S3_BUCKET_NAME": cluster.bucket,
             "CADENCE_S3_ACCESS_KEY_ID": stub_store.key, "CADENCE_S3_SECRET_ACCESS_KEY": stub_store.secret}
    a = cluster.node("a", run=False)
    a.env = names
    a.start()
    assert a.view()["cadence_layout"] is True
    org = create_org(a.client, domain="acme.com")["org_id"]
    system, tenant = package("com.acme.sys", "1.0.0"), package("com.acme.own", "2.1.0")
    a.upload(content=system)
    a.upload(content=tenant, org=org)
    cluster.settle()
    key = f"tenants/{org}/com.acme.own/2.1.0/plugin.zip"
    eventually(lambda: key in cluster.keys(), "the key, which follows the entry")
    assert cluster.read("system/com.acme.sys/1.0.0/plugin.zip") == system
    assert cluster.read(key) == tenant
    stub_store.remove(cluster.bucket, key)  # by hand; the walk that sync asks for puts it again
    a.sync()
    eventually(lambda: key in cluster.keys("tenants/"), "the key")
    a.stop()
    # a bucket that only Cadence has known
    other = Cluster(start_server, stub_store)
    for k in cluster.keys("system/") + cluster.keys("tenants/"):
        stub_store.put(other.bucket, k, cluster.read(k))
    stub_store.put(other.bucket, "system/com.acme.bad/1.0.0/plugin.zip", b"PK\3\4 no archive")
    before = other.keys()
    fresh = start_server(admin_password=PASSWORD, LARDER_S3_ENABLED="off")
    fresh.stop()
    env = stub_store.environment(other.bucket)
    tried = cli("import-bucket", "--data", fresh.data, "--dry-run", check=1, **env)  # the org is not here yet, and will be
    assert "2 added, 0 unchanged, 1 refused" in tried.stdout
    done = cli("import-bucket", "--data", fresh.data, check=1, **env)
    assert "2 added, 0 unchanged, 1 refused" in done.stdout
    assert other.keys() == before
    again = cli("import-bucket", "--data", fresh.data, "--json", check=1, **env)
    assert sorted(r["result"] for r in json.loads(again.stdout)) == ["refused", "unchanged", "unchanged"]
    b = other.node("b", run=False)
    b.data = fresh.data
    b.start()
    other.settle()
    assert b.row("com.acme.sys")["sha256"] == sha(system)
    assert b.row("com.acme.own", "2.1.0", org=org)["sha256"] == sha(tenant)


def test_the_command_line_sends_fetches_and_tells(cluster, cli):
    a = cluster.node("a")
    a.upload()
    cluster.settle()
    key = a.client.post("/api/admin/users/api-keys", json={"name": "sync", "scopes": ["cadence:system:storage:read", "cadence:system:storage:write"]})
    shown = json.loads(a.server.cli("sync", "--status", "--json", check=0, **a.env).stdout)
    assert shown["log"]["applied"] == 1 and shown["state"] == "starting"
    # a folder without a server: it comes, catches up and goes
    b = cluster.node("b", run=False)
    b.start(LARDER_S3_ENABLED="off")
    b.upload(version="2.0.0")
    b.stop()
    done = cli("sync", "--data", b.data, "--node-name", "b", check=0, **b.env)
    assert "online" in done.stdout and "0 changes" in done.stdout
    assert len(cluster.keys("log/")) == 2
    cluster.settle(a)
    assert set(a.rows()) == {("com.acme.tool", "1.0.0"), ("com.acme.tool", "2.0.0")}
    failed = cli("sync", "--data", b.data, check=4)
    assert "local-only" in failed.stderr
    # a store that is away: it says so and ends
    away = cli("sync", "--data", b.data, check=1, **{**b.env, "LARDER_S3_ENDPOINT": f"http://127.0.0.1:{free_ports(1)[0]}"})
    assert "Not synchronized (offline)" in away.stderr and "nothing is lost" in away.stderr
    told = cli("sync", check=0, LARDER_URL=a.server.url, LARDER_TOKEN=key.json()["raw_key"])
    assert "online" in told.stdout


def test_what_an_upload_costs(cluster, stub_store):
    a = cluster.node("a", LARDER_S3_POLL="10s")
    a.until("online")
    stub_store.requests.clear()

    def asked():
        return [(method, key.partition("/")[0]) for _, method, _, key, *_ in list(stub_store.requests) if not key.startswith("meta/")]

    for n in range(5):
        a.upload(version=f"1.{n}.0")
        eventually(lambda n=n: a.row(version=f"1.{n}.0")["replication"] == "replicated", "the upload")
    assert sorted(x for x in asked() if x[0] == "PUT") == sorted([("PUT", "blobs"), ("PUT", "log"), ("PUT", "versions")] * 5)
    assert set(asked()) - {("PUT", "blobs"), ("PUT", "log"), ("PUT", "versions")} == {("GET", "log")}
    assert asked().count(("GET", "log")) <= 6, "a look before each, and one of the clock"
    stub_store.requests.clear()
    b = cluster.node("b", LARDER_S3_POLL="10s")
    cluster.settle(b)
    assert asked().count(("GET", "versions")) == asked().count(("GET", "blobs")) == 5


def test_figures_for_prometheus(cluster):
    a = cluster.node("a")
    a.upload()
    cluster.settle()
    page = a.client.get("/metrics").text
    figure = {line.split()[0]: float(line.split()[1]) for line in page.splitlines() if line.startswith("larder_replication")}
    assert figure["larder_replication_up"] == 1 and figure["larder_replication_backlog"] == 0
    assert figure["larder_replication_applied"] == 1 and figure["larder_replication_sent_total"] == 1
