"""Rows are rendered once and kept in memory: whoever changes one, and however, no list shows an old one.

A list is compared with what the same server says of each row by itself, which it always reads. Each
list here has a limit of its own, so that no answer kept as a whole is given instead.
"""

import concurrent.futures
import itertools
import sqlite3

from packages import package
from test_catalog import World

LIMITS = itertools.cycle(range(20, 200))


def both(world):
    """What the list says, and what each row says by itself."""
    listed = world.rows(world.acme, f"?limit={next(LIMITS)}", world.acme_admin)
    single = [world.acme_admin.get(f"{world.path(world.acme)}/{row['id']}").json() for row in listed]
    return listed, single


def by_hand(world, statement, *values):
    """Another process writes; nothing tells the server."""
    db = sqlite3.connect(world.server.data / "larder.db", timeout=30)
    try:
        with db:
            assert db.execute(statement, values).rowcount > 0
    finally:
        db.close()


def test_lists_follow_what_another_process_wrote(server):
    world = World(server)
    ids = [world.upload(package(f"com.acme.p{i}"), world.acme).json()["id"] for i in range(4)]
    changes = {
        "name": "Another name", "description": "Another text", "health": "failed",
        "tag": "new", "updated_at": 1_700_000_000_000, "replication": "pending", "quarantined": 1,
        "logo_image": "iVBORw0KGgo=", "tools": '[{"name":"x"}]', "stateless": 0, "s3_path": "a/b", "artifact": "missing",
    }
    listed, single = both(world)
    assert listed == single and len(listed) == 4
    for name, value in changes.items():
        before = listed
        by_hand(world, f"UPDATE plugin SET {name} = ? WHERE id = ?", value, ids[1])
        listed, single = both(world)
        assert listed == single, name
        assert listed != before, name
        assert [a for a, b in zip(listed, before) if a != b] == [listed[1]], name
    # removed, and in its place another row that SQLite gives the same number
    columns = ", ".join(c for c in ("org_id", "pid", "version", "scheme", "order_key", "enabled", "generation", "is_latest",
                                    "size_bytes", "created_at", "updated_at", "sha256", "agent_type"))
    db = sqlite3.connect(server.data / "larder.db", timeout=30)
    with db:
        seq = db.execute("SELECT seq FROM plugin WHERE id = ?", (ids[3],)).fetchone()[0]
        db.execute(f"CREATE TEMP TABLE kept AS SELECT {columns} FROM plugin WHERE id = ?", (ids[3],))
        db.execute("DELETE FROM plugin WHERE id = ?", (ids[3],))
        db.execute(f"INSERT INTO plugin (id, name, {columns}) SELECT ?, 'Reborn', {columns} FROM kept", (ids[3],))
        assert db.execute("SELECT seq FROM plugin WHERE id = ?", (ids[3],)).fetchone()[0] == seq
    db.close()
    listed, single = both(world)
    assert listed == single and listed[3]["name"] == "Reborn"


def test_equal_lists_have_equal_tags_and_no_others(server):
    """The tag of a list is made of the rows it shows, wherever they came from."""
    world = World(server)
    row = world.upload(package(), world.acme).json()["id"]
    url = f"{world.path(world.acme)}?limit="

    def tag_and_body():
        r = world.acme_admin.get(url + str(next(LIMITS)))
        assert r.status_code == 200
        return r.headers["ETag"], r.content

    first = tag_and_body()
    assert tag_and_body() == first  # the second time from memory
    by_hand(world, "UPDATE plugin SET name = 'Other' WHERE id = ?", row)
    other = tag_and_body()
    assert other[0] != first[0] and other[1] != first[1] and tag_and_body() == other
    by_hand(world, "UPDATE plugin SET updated_by = 'somebody' WHERE id = ?", row)  # which no list shows
    assert tag_and_body() == other


def test_what_was_answered_is_seen_by_the_next_list(server):
    """Writers beside each other, each of its own plugin, and readers between them."""
    world = World(server)
    ids = [world.upload(package(f"com.acme.p{i}"), world.acme).json()["id"] for i in range(3)]
    limits = iter(range(20, 20000))

    def write(row):
        client = type(world.acme_admin)(world.server.url, world.acme_admin.bearer)
        for n in range(25):
            r = client.patch(f"{world.path(world.acme)}/{row}", json={"tag": f"t{n}"})
            assert r.status_code == 200, r.text
            for query in ("", f"?limit={20 + next(limits) % 180}", "?all_versions=true", "?include_disabled=true"):
                seen = client.get(world.path(world.acme) + query).json()
                assert [r["tag"] for r in seen if r["id"] == row] == [f"t{n}"], query
        return True

    with concurrent.futures.ThreadPoolExecutor(3) as pool:
        assert all(pool.map(write, ids))
