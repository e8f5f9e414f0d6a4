"""A catalog of any size, written into larder.db while no server has it open.

The schema is the program's own: a server made the file. A fifth of the rows are the system's, a
third belong to the first org, the rest to many small ones; each plugin has three versions, of which
the newest is the latest. The rows share a handful of blobs and say of them what the disk would:
missing.
"""

import base64
import contextlib
import hashlib
import json
import sqlite3
import uuid

VERSIONS = 3
WORDS = "asks checks counts cuts finds keeps maps moves names plans ranks reads sorts sums tells weighs".split()
INSERT = """INSERT INTO plugin (id, org_id, pid, version, scheme, order_key, is_latest, generation, stateless,
    is_specialized, size_bytes, artifact, created_at, updated_at, sha256, agent_type, sdk_version, name,
    capabilities, dependencies, default_settings, settings_schema, tools, description)
    VALUES (?, ?, ?, ?, 'pep440', ?, ?, 2, 1, 1, 100000, 'missing', ?, ?, ?, 'specialized', '>=2.0.0,<3.0.0',
    ?, ?, '["httpx>=0.27.0"]', '{"limit":10}', ?, ?, ?)"""
SCHEMA = (
    '[{"key":"limit","name":"Limit","type":"int","description":"How many",'
    '"default":10,"required":false,"sensitive":false}]'
)
EPOCH = 1_760_000_000_000


def compact(value):
    return json.dumps(value, separators=(",", ":"))


def identifier(n):
    """A UUID of version 7; the order of ids is that of arrival."""
    mixed = n * 0x9E3779B97F4A7C15 & (1 << 62) - 1
    return str(uuid.UUID(int=EPOCH + n << 80 | 7 << 76 | 2 << 62 | mixed))


def owner(share, orgs):
    """None for the system; `share` is how far along the catalog the plugin stands, from 0 to 1."""
    if share < 0.2:
        return None
    if share < 0.5 or len(orgs) == 1:
        return orgs[0]
    return orgs[1 + int((share - 0.5) * 2 * (len(orgs) - 1))]


def plugin_rows(count, orgs, blobs):
    n, plugins = 0, count // VERSIONS
    for k in range(plugins):
        word = WORDS[k * len(WORDS) // plugins]
        pid = f"com.acme.p{k:07d}.{word}"
        about = f"It {word} what number {k} of the catalog is asked for, and says so in a sentence."
        does = compact([word, f"{word}: things of kind {k % 97}"])
        tools = compact([{"name": word, "description": f"It {word} one thing.", "file": "plugin.py", "line": 12}])
        org = owner(k / plugins, orgs)
        for v in range(VERSIONS):
            n += 1
            yield (identifier(n), org, pid, f"1.{v}.0", b"\x01\x01%c" % v, v == VERSIONS - 1, EPOCH + n,
                   EPOCH + n, blobs[n % len(blobs)], f"Plugin {k} {word}", does, SCHEMA, tools, about)


def fill(data, count):
    """The ids of the orgs, the first of which has the large slice."""
    orgs = [str(uuid.uuid5(uuid.NAMESPACE_DNS, f"org{i}.example")) for i in range(max(count // 100, 2))]
    blobs = [hashlib.sha256(b"package %d" % i).hexdigest() for i in range(8)]
    with contextlib.closing(sqlite3.connect(data / "larder.db")) as db:
        db.execute("PRAGMA synchronous = OFF")
        db.execute("PRAGMA cache_size = -400000")
        with db:
            db.executemany("INSERT INTO org (id, name, created_at, updated_at) VALUES (?, ?, 1, 1)",
                           [(org, f"Org {i}") for i, org in enumerate(orgs)])
            db.executemany("INSERT INTO blob (sha256, size, state, first_seen) VALUES (?, 100000, 'missing', 1)",
                           [(blob,) for blob in blobs])
            db.executemany(INSERT, plugin_rows(count, orgs, blobs))
        db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    return orgs


def sample(data, org, how_many):
    """(id, cursor) of latest rows from all over the system's slice and the org's."""
    with contextlib.closing(sqlite3.connect(data / "larder.db")) as db:
        last = db.execute("SELECT max(seq) FROM plugin WHERE org_id = ?", (org,)).fetchone()[0]
        picked = []
        for i in range(how_many):
            at = 1 + (i * 0x9E3779B97F4A7C15 >> 20) % last
            row = db.execute("SELECT id, org_id, seq, pid FROM plugin WHERE seq >= ? AND is_latest = 1 LIMIT 1",
                             (at,)).fetchone()
            plain = f"{'o' if row[1] else 's'}.{row[2]}.{row[3]}"
            picked.append((row[0], cursor(plain)))
        return picked


def cursor(plain):
    return base64.urlsafe_b64encode(plain.encode()).rstrip(b"=").decode()
