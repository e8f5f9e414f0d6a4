-- schema.sql - the whole database of Larder, and the only CREATE TABLE in the repository.
--
-- One model of plugin, version and blob, from which every dialect projects its own shape: a row of
-- `plugin` is one version of one plugin in one slice (the system's, or one org's), and it names a
-- `blob` by SHA-256. Bytes of packages are never in here; they are files named by their hash.
--
-- How to read it
--   * Every table has an integer `seq` (the rowid: cheap joins, order of arrival). What the outside
--     can name also has `id`, a UUID version 7 as text. Each surface renders ids its own way.
--   * Times are milliseconds since 1970 UTC; NULL or 0 where the comment says "never".
--   * Yes and no are 1 and 0. JSON is canonical text, written once and copied as it is.
--   * Secrets are here as hashes only: SHA-256 of long random tokens, Argon2id of passwords.
--   * Where uploads write, no list of values is longer than two: for three and more SQLite builds a
--     table in memory, each time a row is checked.
--   * Wide columns stand last in a row, so that reading the narrow ones follows no overflow page.
--
-- What is not here on purpose: counts of failed sign-ins (in memory, they may die with the
-- process), the text of READMEs (read from the package), permissions of the built-in roles
-- (a table in the program), logs.
--
-- What later migrations add, and where it hangs: the full text index (content rows of `plugin`, by
-- seq); release channels, signatures, ratings and teams of the other dialects (all on plugin.id or
-- plugin.sha256); the replica's position, applied operations and conflicts (beside `outbox`);
-- declarative catalogs (tables of their own). A migration is SQL text in store/migrate.c; a test
-- holds this file and the sum of the migrations equal.

PRAGMA application_id = 0x4C617264; -- "Lard": tells our files from other people's
PRAGMA user_version = 1;

-- Facts about this database and this node, one value each: 'node_id', 'created_at',
-- 'clean_stop' (1 while no server has it open), ...
CREATE TABLE kv (
    name       TEXT NOT NULL PRIMARY KEY, -- dotted, lower case
    value      TEXT NOT NULL,             -- text; the reader knows what it means
    updated_at INTEGER NOT NULL           -- last write
) STRICT, WITHOUT ROWID;

-- ------------------------------------------------------------------ people and organisations

-- A person (or a robot with a password). Deleting sets is_deleted: the audit goes on naming it.
CREATE TABLE user (
    seq           INTEGER PRIMARY KEY, -- order of arrival
    id            TEXT NOT NULL UNIQUE,          -- UUIDv7
    username      TEXT NOT NULL COLLATE NOCASE,  -- what is typed at sign-in
    email         TEXT COLLATE NOCASE,           -- NULL = none
    display_name  TEXT,                          -- NULL = the username
    avatar_url    TEXT,                          -- profile, never fetched by us
    locale        TEXT,                          -- profile, "en-GB"
    timezone      TEXT,                          -- profile, "Europe/Berlin"
    bio           TEXT,                          -- profile, plain text
    password_hash TEXT,                          -- Argon2id or imported PBKDF2; NULL = no password sign-in
    is_sys_admin  INTEGER NOT NULL DEFAULT 0 CHECK (is_sys_admin IN (0, 1)), -- may do everything
    is_deleted    INTEGER NOT NULL DEFAULT 0 CHECK (is_deleted IN (0, 1)),   -- cannot sign in, is listed to admins only
    created_at    INTEGER NOT NULL, -- when it was made
    updated_at    INTEGER NOT NULL -- last change
) STRICT;
-- A deleted user's name and address may be given again.
CREATE UNIQUE INDEX user_username ON user (username) WHERE is_deleted = 0;
CREATE UNIQUE INDEX user_email ON user (email) WHERE is_deleted = 0 AND email IS NOT NULL;
-- Is there an administrator, and is this the last one? Asked at start and at each removal.
CREATE INDEX user_admin ON user (id) WHERE is_sys_admin = 1 AND is_deleted = 0;

-- A tenant. Its plugins live in its own slice; its domain decides which pids it may publish.
CREATE TABLE org (
    seq           INTEGER PRIMARY KEY, -- order of arrival
    id            TEXT NOT NULL UNIQUE,    -- UUIDv7
    name          TEXT NOT NULL,           -- shown; need not be unique
    domain        TEXT,                    -- lower case, "acme.com" admits pids of "com.acme"; NULL = no rule
    status        TEXT NOT NULL DEFAULT 'active' CHECK (status IN ('active', 'suspended')), -- suspended = its members cannot work
    display_name  TEXT,                    -- profile
    tier          TEXT NOT NULL DEFAULT 'free', -- profile, set by the platform
    description   TEXT,                    -- profile
    contact_email TEXT,                    -- profile
    website       TEXT,                    -- profile
    logo_url      TEXT,                    -- profile, never fetched by us
    country       TEXT,                    -- profile
    timezone      TEXT,                    -- profile
    is_deleted    INTEGER NOT NULL DEFAULT 0 CHECK (is_deleted IN (0, 1)), -- seen by sys admins only
    created_at    INTEGER NOT NULL, -- when it was made
    updated_at    INTEGER NOT NULL -- last change
) STRICT;
CREATE UNIQUE INDEX org_domain ON org (domain) WHERE is_deleted = 0 AND domain IS NOT NULL;

-- Who belongs to which org. is_admin stands for the built-in roles org_admin and org_member.
CREATE TABLE member (
    org_id     TEXT NOT NULL REFERENCES org (id) ON DELETE CASCADE, -- which org
    user_id    TEXT NOT NULL REFERENCES user (id) ON DELETE CASCADE, -- whose
    is_admin   INTEGER NOT NULL DEFAULT 0 CHECK (is_admin IN (0, 1)), -- 1 = org_admin, 0 = org_member
    created_at INTEGER NOT NULL, -- when they joined
    PRIMARY KEY (org_id, user_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX member_user ON member (user_id);

-- A named set of permissions. Built-in ones are refreshed from the program's table at start.
CREATE TABLE role (
    seq         INTEGER PRIMARY KEY, -- order of arrival
    id          TEXT NOT NULL UNIQUE,   -- UUIDv7
    name        TEXT NOT NULL,          -- "org_admin", "release_manager"
    description TEXT,                   -- one sentence for the admin
    org_id      TEXT REFERENCES org (id) ON DELETE CASCADE, -- NULL = usable everywhere
    builtin     INTEGER NOT NULL DEFAULT 0 CHECK (builtin IN (0, 1)), -- cannot be changed or removed
    created_at  INTEGER NOT NULL -- when it was made
) STRICT;
CREATE UNIQUE INDEX role_name ON role (ifnull(org_id, ''), name);
CREATE INDEX role_org ON role (org_id);

-- What a role may do.
CREATE TABLE role_permission (
    role_id    TEXT NOT NULL REFERENCES role (id) ON DELETE CASCADE, -- whose permission
    permission TEXT NOT NULL,           -- "cadence:org:plugins:write"
    PRIMARY KEY (role_id, permission)
) STRICT, WITHOUT ROWID;

-- Roles a user holds, everywhere or in one org, besides what `member` and is_sys_admin give.
CREATE TABLE user_role (
    seq        INTEGER PRIMARY KEY, -- order of arrival
    user_id    TEXT NOT NULL REFERENCES user (id) ON DELETE CASCADE, -- whose
    role_id    TEXT NOT NULL REFERENCES role (id) ON DELETE CASCADE, -- which role
    org_id     TEXT REFERENCES org (id) ON DELETE CASCADE, -- NULL = in every org
    created_at INTEGER NOT NULL -- when it was granted
) STRICT;
CREATE UNIQUE INDEX user_role_once ON user_role (user_id, role_id, ifnull(org_id, ''));
CREATE INDEX user_role_role ON user_role (role_id);
CREATE INDEX user_role_org ON user_role (org_id);

-- ------------------------------------------------------------------ what proves who is asking

-- A sign-in. Access tokens carry its id as `jti`: when the row is revoked or gone, they are void.
-- A refresh makes a new row of the same family and stamps the old one; a refresh token shown
-- twice means that somebody copied it, and the whole family is revoked.
CREATE TABLE session (
    seq                INTEGER PRIMARY KEY, -- order of arrival
    id                 TEXT NOT NULL UNIQUE,  -- UUIDv7, the jti
    user_id            TEXT NOT NULL REFERENCES user (id) ON DELETE CASCADE, -- whose
    family             TEXT NOT NULL,         -- id of the first session of this sign-in
    client_id          TEXT,                  -- of the OAuth2 request, "cadence-admin-ui"
    refresh_hash       BLOB UNIQUE,           -- SHA-256 of the refresh token; NULL = there is none
    refresh_used_at    INTEGER,               -- when it was exchanged; NULL = not yet
    address            TEXT,                  -- where the sign-in came from
    user_agent         TEXT,                  -- what it called itself, cut to 200 letters
    created_at         INTEGER NOT NULL, -- when it was made
    expires_at         INTEGER NOT NULL,      -- of the access token
    refresh_expires_at INTEGER,               -- of the refresh token; NULL = there is none
    last_used_at       INTEGER,               -- stamped now and then, not at each request
    revoked_at         INTEGER                -- NULL = valid until it expires
) STRICT;
CREATE INDEX session_user ON session (user_id);
CREATE INDEX session_family ON session (family);
CREATE INDEX session_expiry ON session (ifnull(refresh_expires_at, expires_at)); -- for sweeping

-- A key for programs. Its text is shown once; kept are a hash and the first letters.
CREATE TABLE api_key (
    seq          INTEGER PRIMARY KEY, -- order of arrival
    id           TEXT NOT NULL UNIQUE,  -- UUIDv7
    user_id      TEXT NOT NULL REFERENCES user (id) ON DELETE CASCADE, -- it can never do more than its owner
    org_id       TEXT REFERENCES org (id) ON DELETE CASCADE, -- NULL = all orgs of the owner
    name         TEXT NOT NULL,         -- given by the owner
    prefix       TEXT NOT NULL,         -- first letters of the key, to recognise it by
    key_hash     BLOB NOT NULL UNIQUE,  -- SHA-256 of the key
    scopes       TEXT NOT NULL,         -- JSON array of permission strings
    created_at   INTEGER NOT NULL, -- when it was made
    expires_at   INTEGER,               -- NULL = never
    last_used_at INTEGER,               -- stamped now and then
    revoked_at   INTEGER                -- NULL = in force
) STRICT;
CREATE INDEX api_key_user ON api_key (user_id);
CREATE INDEX api_key_org ON api_key (org_id);
CREATE INDEX api_key_end ON api_key (expires_at) WHERE revoked_at IS NULL AND expires_at IS NOT NULL;

-- The right to make the first admin. Minting one removes those before it, using it removes it.
CREATE TABLE setup_token (
    token_hash BLOB NOT NULL PRIMARY KEY, -- SHA-256 of the token in the setup link
    created_at INTEGER NOT NULL, -- when it was made
    expires_at INTEGER NOT NULL -- not valid from then on
) STRICT, WITHOUT ROWID;

-- ------------------------------------------------------------------ the record of what happened

-- One row per change, written by the transaction that made the change. Each hash covers the row
-- and the hash before it, so that no row can be altered, inserted or left out unseen.
CREATE TABLE audit (
    seq        INTEGER PRIMARY KEY,  -- position in the chain, from 1, without gaps
    at         INTEGER NOT NULL,     -- when the work began
    actor_id   TEXT,                 -- user; NULL = nobody or the system. No foreign key: it outlives them
    actor_name TEXT,                 -- as it was called then
    actor_via  TEXT NOT NULL,        -- 'session', 'external', 'api_key', 'cli', 'system', 'none'
    address    TEXT,                 -- where the request came from
    request_id TEXT,                 -- finds the log lines
    action     TEXT NOT NULL,        -- "plugin.upload": area, dot, verb
    org_id     TEXT,                 -- NULL = the system
    subject    TEXT,                 -- id of what it was done to
    detail     TEXT,                 -- JSON object with what changed, never a secret
    prev       BLOB NOT NULL CHECK (length(prev) = 32), -- hash of row seq - 1; 32 zero bytes before the first
    hash       BLOB NOT NULL CHECK (length(hash) = 32), -- SHA-256 of this row and prev
    area       TEXT GENERATED ALWAYS AS (substr(action, 1, instr(action, '.'))) VIRTUAL -- "plugin.": for filtering by prefix
) STRICT;
-- Pages go newest first by (at, seq); each filter has an index in that order.
CREATE INDEX audit_at ON audit (at);
CREATE INDEX audit_action ON audit (action, at);
CREATE INDEX audit_area ON audit (area, at);
CREATE INDEX audit_actor ON audit (actor_id, at);
CREATE INDEX audit_org ON audit (org_id, at);
CREATE INDEX audit_subject ON audit (subject, at);
CREATE INDEX audit_people ON audit (at) WHERE actor_via <> 'system';
CREATE TRIGGER audit_no_update BEFORE UPDATE ON audit
BEGIN
    SELECT raise(ABORT, 'audit rows are never changed');
END;
CREATE TRIGGER audit_no_delete BEFORE DELETE ON audit
BEGIN
    SELECT raise(ABORT, 'audit rows are never removed');
END;

-- ------------------------------------------------------------------ plugins

-- The bytes of a package, named by their hash; they live in blobs/<first two>/<sha256>.
CREATE TABLE blob (
    sha256      TEXT NOT NULL PRIMARY KEY CHECK (length(sha256) = 64), -- lower case hex
    size        INTEGER NOT NULL CHECK (size >= 0),                   -- bytes
    state       TEXT NOT NULL DEFAULT 'present' CHECK (state IN ('present', 'missing') OR state IN ('corrupt')), -- present = on disk; missing = not there; corrupt = there with other bytes
    first_seen  INTEGER NOT NULL, -- when this node first had it (or first heard of it)
    verified_at INTEGER,          -- when its hash was last found right on disk; NULL = never since
    keep_until  INTEGER           -- stays until then though no version names it: for undoing an overwrite; NULL = not kept
) STRICT, WITHOUT ROWID;
CREATE INDEX blob_trouble ON blob (state) WHERE state <> 'present';
CREATE INDEX blob_kept ON blob (keep_until) WHERE keep_until IS NOT NULL;

-- One version of one plugin in one slice. What it says of itself never changes once it is here
-- (a v1 overwrite replaces the row's content as a whole, in one audited transaction).
CREATE TABLE plugin (
    seq              INTEGER PRIMARY KEY, -- order of arrival
    stamp            INTEGER NOT NULL DEFAULT (random()), -- another one after every change of the row, see plugin_stamped
    id               TEXT NOT NULL UNIQUE,         -- UUIDv7, the `plugin_id` of the paths
    org_id           TEXT REFERENCES org (id),     -- NULL = the system's
    source           TEXT NOT NULL GENERATED ALWAYS AS (CASE WHEN org_id IS NULL THEN 'system' ELSE 'org' END) VIRTUAL, -- whose it is: 'system' or 'org'
    slice            TEXT NOT NULL GENERATED ALWAYS AS (ifnull(org_id, 'system')) VIRTUAL, -- one column to index by
    pid              TEXT NOT NULL CHECK (length(pid) BETWEEN 1 AND 255), -- reverse domain name, "com.acme.search"
    version          TEXT NOT NULL CHECK (length(version) BETWEEN 1 AND 50), -- as its author wrote it
    scheme           TEXT NOT NULL CHECK (scheme IN ('pep440', 'semver')), -- how order_key was made
    order_key        BLOB NOT NULL,                -- compares as bytes the way the versions compare
    enabled          INTEGER NOT NULL DEFAULT 1 CHECK (enabled IN (0, 1)),   -- 0 = deleted softly
    is_latest        INTEGER NOT NULL DEFAULT 0 CHECK (is_latest IN (0, 1)), -- the highest enabled one
    generation       INTEGER NOT NULL CHECK (generation IN (1, 2)),          -- of the SDK it is written for
    stateless        INTEGER NOT NULL DEFAULT 1 CHECK (stateless IN (0, 1)), -- keeps nothing between calls
    is_specialized   INTEGER NOT NULL DEFAULT 0 CHECK (is_specialized IN (0, 1)), -- its agent works for a supervisor
    is_scoped        INTEGER NOT NULL DEFAULT 0 CHECK (is_scoped IN (0, 1)), -- its agent is bound to one anchor
    has_readme       INTEGER NOT NULL DEFAULT 0 CHECK (has_readme IN (0, 1)), -- the package holds a README.md
    size_bytes       INTEGER NOT NULL,             -- of the uploaded bytes
    artifact         TEXT NOT NULL DEFAULT 'present' CHECK (artifact IN ('present', 'missing') OR artifact IN ('corrupt')), -- state of its blob, kept here for lists
    replication      TEXT NOT NULL DEFAULT 'local' CHECK (replication IN ('local', 'pending') OR replication IN ('replicated', 'conflict')), -- how far its changes are on their way to the shared log; 'conflict' = what was uploaded here lost
    quarantined      INTEGER NOT NULL DEFAULT 0 CHECK (quarantined IN (0, 1)), -- 1 = disabled for safety: only lifting it enables again
    health           TEXT NOT NULL DEFAULT 'unchecked' CHECK (health IN ('unchecked', 'healthy') OR health IN ('failed')), -- newest row of health_check
    created_at       INTEGER NOT NULL,             -- when it was uploaded
    updated_at       INTEGER NOT NULL,             -- last change of enabled, tag or content
    created_by       TEXT,                         -- user; no foreign key: it outlives them
    updated_by       TEXT,                         -- user
    sha256           TEXT NOT NULL REFERENCES blob (sha256), -- the uploaded bytes
    tag              TEXT CHECK (length(tag) <= 100), -- one word to filter by; NULL = none
    agent_type       TEXT NOT NULL,                -- 'specialized', 'general', 'scoped', 'utility'
    sdk_version      TEXT,                         -- requirement on the SDK, ">=2.0.0,<3.0.0"
    s3_path          TEXT,                         -- key in the object store; NULL = none
    name             TEXT NOT NULL,                -- shown
    capabilities     TEXT NOT NULL DEFAULT '[]',   -- JSON array of text
    dependencies     TEXT NOT NULL DEFAULT '[]',   -- JSON array of PEP 508 requirements
    default_settings TEXT NOT NULL DEFAULT '{}',   -- JSON object key -> default
    settings_schema  TEXT NOT NULL DEFAULT '[]',   -- JSON array of settings
    tools            TEXT NOT NULL DEFAULT '[]',   -- JSON array of {name, description, file, line}
    llm_requirements TEXT,                         -- v1: JSON object; NULL = none
    description      TEXT,                         -- NULL = none
    logo_image       TEXT                          -- base64 of a PNG; NULL = none
) STRICT;
-- Version 1.0 and 1.0.0 are the same version. Newest first, so that a history is read forwards.
CREATE UNIQUE INDEX plugin_version ON plugin (slice, pid, order_key DESC);
-- One latest per plugin, and at the same time the order in which lists are read: a list is the
-- merge of the system's part and the org's part of this index.
CREATE UNIQUE INDEX plugin_latest ON plugin (slice, pid) WHERE is_latest = 1;
-- All that a list must read of a row that the program holds in memory: whether it is still the same.
CREATE INDEX plugin_listed ON plugin (slice, pid, stamp) WHERE is_latest = 1;
CREATE INDEX plugin_tag ON plugin (slice, tag, pid) WHERE is_latest = 1 AND tag IS NOT NULL;
CREATE INDEX plugin_blob ON plugin (sha256);
CREATE INDEX plugin_org ON plugin (org_id);
-- What waits for a person: three indexes that are empty while all is well.
CREATE INDEX plugin_unwell ON plugin (seq) WHERE health = 'failed' AND enabled = 1;
CREATE INDEX plugin_bereft ON plugin (seq) WHERE artifact <> 'present';
CREATE INDEX plugin_disputed ON plugin (seq) WHERE replication = 'conflict';
-- Packages to fetch from the object store, and rows that no change has brought there yet.
CREATE INDEX plugin_missing ON plugin (enabled DESC, created_at DESC) WHERE artifact <> 'present';
CREATE INDEX plugin_unsent ON plugin (seq) WHERE replication = 'local';
-- Rows are kept in memory under (seq, stamp). A rule in here cannot be forgotten by a statement, and
-- a random number names no other state of the row, whatever was rolled back, restored or removed.
CREATE TRIGGER plugin_stamped AFTER UPDATE ON plugin WHEN NEW.stamp = OLD.stamp
BEGIN
    UPDATE plugin SET stamp = random() WHERE seq = NEW.seq;
END;

-- The four stages a package went through: what each found and how long it took.
CREATE TABLE validation (
    plugin_id   TEXT NOT NULL REFERENCES plugin (id) ON DELETE CASCADE ON UPDATE CASCADE, -- which version
    stage       TEXT NOT NULL CHECK (stage IN ('structure', 'metadata') OR stage IN ('dependencies', 'health')), -- which of the four
    result      TEXT NOT NULL CHECK (result IN ('passed', 'failed') OR result IN ('skipped', 'pending')), -- pending = still at work
    at          INTEGER NOT NULL, -- when it ended
    duration_us INTEGER NOT NULL, -- microseconds
    PRIMARY KEY (plugin_id, stage)
) STRICT, WITHOUT ROWID;

-- One remark of a stage.
CREATE TABLE finding (
    plugin_id TEXT NOT NULL, -- which version
    stage     TEXT NOT NULL, -- which of the four
    n         INTEGER NOT NULL,  -- from 1, in the order found
    level     TEXT NOT NULL CHECK (level IN ('info', 'warning') OR level IN ('error')), -- how much it matters
    rule      TEXT NOT NULL,     -- stable name, "deps.undeclared"
    field     TEXT,              -- the field it concerns; NULL = none
    file      TEXT,              -- member of the package; NULL = none
    line      INTEGER,           -- from 1; NULL = none
    col       INTEGER,           -- from 1; NULL = none
    sentence  TEXT NOT NULL,     -- what is so
    remedy    TEXT,              -- what to do; NULL = nothing
    PRIMARY KEY (plugin_id, stage, n),
    FOREIGN KEY (plugin_id, stage) REFERENCES validation (plugin_id, stage) ON DELETE CASCADE ON UPDATE CASCADE
) STRICT, WITHOUT ROWID;
CREATE INDEX finding_error ON finding (plugin_id) WHERE level = 'error';

-- Every run of a plugin's health check in the sandbox.
CREATE TABLE health_check (
    seq         INTEGER PRIMARY KEY, -- order of arrival
    plugin_id   TEXT NOT NULL REFERENCES plugin (id) ON DELETE CASCADE ON UPDATE CASCADE, -- which version
    at          INTEGER NOT NULL, -- when it was run
    result      TEXT NOT NULL CHECK (result IN ('unchecked', 'healthy', 'failed')), -- how it ended
    reason      TEXT,             -- why it failed or was not checked
    duration_ms INTEGER NOT NULL, -- what it took, start of the sandbox included
    network     INTEGER NOT NULL DEFAULT 0 CHECK (network IN (0, 1)), -- 1 = it could reach the network
    detail      TEXT              -- JSON object: tools, timings, lines of the traceback; NULL where it was long ago
) STRICT;
CREATE INDEX health_check_plugin ON health_check (plugin_id, at);

-- Plugins, in all their versions, whose checks may reach the network: a platform admin said so.
CREATE TABLE network_grant (
    slice      TEXT NOT NULL,    -- 'system', or the org's id
    pid        TEXT NOT NULL,    -- which plugin
    granted_by TEXT,             -- user; NULL = the command line
    granted_at INTEGER NOT NULL, -- when
    PRIMARY KEY (slice, pid)
) STRICT, WITHOUT ROWID;

-- Downloads of a version, by hour: exact enough for a chart, bounded in size.
CREATE TABLE download (
    plugin_id TEXT NOT NULL REFERENCES plugin (id) ON DELETE CASCADE ON UPDATE CASCADE, -- which version
    hour      INTEGER NOT NULL,  -- hours since 1970 UTC
    count     INTEGER NOT NULL, -- downloads in that hour
    PRIMARY KEY (plugin_id, hour)
) STRICT, WITHOUT ROWID;

-- ------------------------------------------------------------------ work

-- Answers to requests that carried an Idempotency-Key, for 24 hours.
CREATE TABLE idempotency (
    actor_id     TEXT NOT NULL,    -- whose key it is
    route        TEXT NOT NULL,    -- method and pattern
    key          TEXT NOT NULL,    -- as sent
    request_hash BLOB NOT NULL,    -- SHA-256 of the request; another one under the key is a conflict
    status       INTEGER NOT NULL, -- HTTP status that was answered
    subject      TEXT,             -- id of what was made
    body         TEXT NOT NULL,    -- the answer
    created_at   INTEGER NOT NULL, -- when it was made
    PRIMARY KEY (actor_id, route, key)
) STRICT, WITHOUT ROWID;
CREATE INDEX idempotency_age ON idempotency (created_at);

-- Changes on their way to the object store, written by the transaction that made the change and
-- removed when they stand in the shared log. Numbers are never used twice.
CREATE TABLE outbox (
    seq        INTEGER PRIMARY KEY AUTOINCREMENT, -- order of arrival
    op_id      TEXT NOT NULL UNIQUE,  -- UUIDv7; how a node recognises its own work again
    kind       TEXT NOT NULL,         -- 'version.create', 'version.enabled', 'org.put', ...: store/outbox_store.h
    entity     TEXT NOT NULL,         -- what it is about, as in entity_rev: one change per entity is under way at a time
    sha256     TEXT,                  -- bytes that must be in the bucket before it; they are kept until then; NULL = none
    size       INTEGER NOT NULL DEFAULT 0, -- of those bytes
    body       TEXT NOT NULL,         -- JSON object
    tries      INTEGER NOT NULL DEFAULT 0, -- how often it was begun
    next_at    INTEGER NOT NULL,      -- not before
    last_error TEXT,                  -- NULL = none yet
    created_at INTEGER NOT NULL -- when it was made
) STRICT;
CREATE INDEX outbox_entity ON outbox (entity, seq);
CREATE INDEX outbox_due ON outbox (next_at);
CREATE INDEX outbox_bytes ON outbox (sha256) WHERE sha256 IS NOT NULL;

-- Where this node stands in the log that all nodes over one bucket share. One row, made by the first
-- run that is told about replication; without it nothing was ever said.
CREATE TABLE repl_state (
    one           INTEGER PRIMARY KEY CHECK (one = 1), -- there is one row
    recording     INTEGER NOT NULL DEFAULT 1 CHECK (recording IN (0, 1)), -- 0 = switched off: changes leave no outbox rows
    carries       INTEGER NOT NULL DEFAULT 0 CHECK (carries IN (0, 1)), -- 1 = there is an object store: rows with waiting changes say 'pending', else 'local'
    bucket_id     TEXT,                       -- of the bucket this node belongs to; NULL = it has met none
    applied_seq   INTEGER NOT NULL DEFAULT 0, -- last entry of the log that is in the tables here
    state_hash    TEXT NOT NULL DEFAULT '0000000000000000000000000000000000000000000000000000000000000000', -- of all rows of entity_rev: equal on all nodes at the same applied_seq
    snap_seq      INTEGER NOT NULL DEFAULT 0, -- newest snapshot known to be in the bucket
    capability    TEXT CHECK (capability IN ('atomic', 'unsupported', 'ignored')), -- of the bucket's conditional writes; NULL = not probed
    writer        TEXT,                       -- single-writer mode: the node that may publish, where it is another one; NULL = this one may
    clock_offset  INTEGER NOT NULL DEFAULT 0, -- milliseconds the store's clock is ahead of ours
    updated_at    INTEGER NOT NULL            -- last change of the row
) STRICT;

-- What the log says about each version and each org: the truth that all nodes share, while `plugin`
-- and `org` may be ahead of it by changes that still wait in `outbox`.
CREATE TABLE entity_rev (
    entity TEXT NOT NULL PRIMARY KEY, -- 'v/<slice>/<pid>/<order key in hex>', 'o/<org id>'
    rev    INTEGER NOT NULL,          -- counts the entries that changed it
    op_id  TEXT NOT NULL,             -- of the last one
    seq    INTEGER NOT NULL,          -- its number in the log
    claim  TEXT,                      -- a domain name that this org holds alone; NULL = none
    state  TEXT NOT NULL              -- canonical JSON: what the entries made of it
) STRICT, WITHOUT ROWID;
CREATE UNIQUE INDEX entity_claim ON entity_rev (claim) WHERE claim IS NOT NULL;

-- Changes that are in the tables already: an entry that stands twice in the log counts once.
CREATE TABLE applied (
    op_id TEXT NOT NULL PRIMARY KEY, -- of the change
    seq   INTEGER NOT NULL           -- its number in the log
) STRICT, WITHOUT ROWID;
CREATE INDEX applied_seq ON applied (seq);

-- What was wanted here and lost to what another node had published before. Nothing is thrown away:
-- the bytes of `mine` stay until somebody resolves the row.
CREATE TABLE repl_conflict (
    seq         INTEGER PRIMARY KEY, -- order of arrival
    id          TEXT NOT NULL UNIQUE, -- UUIDv7
    op_id       TEXT NOT NULL UNIQUE, -- of the change that lost
    entity      TEXT NOT NULL,        -- which version or org
    kind        TEXT NOT NULL,        -- of the change: 'version.create', ...
    org_id      TEXT,                 -- slice; NULL = system
    pid         TEXT,                 -- of the plugin; NULL = an org
    version     TEXT,                 -- of the plugin
    sha256      TEXT,                 -- bytes kept for `mine`; NULL = none
    mine        TEXT NOT NULL,        -- JSON object: what was wanted
    theirs      TEXT NOT NULL,        -- JSON object: what stands
    seen_at     INTEGER NOT NULL,     -- when it was found
    resolved_at INTEGER               -- NULL = still open
) STRICT;
CREATE INDEX repl_conflict_open ON repl_conflict (seq) WHERE resolved_at IS NULL;
CREATE INDEX repl_conflict_bytes ON repl_conflict (sha256) WHERE resolved_at IS NULL AND sha256 IS NOT NULL;
CREATE INDEX repl_conflict_entity ON repl_conflict (entity);

-- Work for later, done by the job thread: health checks, installs, sweeps.
CREATE TABLE job (
    seq         INTEGER PRIMARY KEY, -- order of arrival
    id          TEXT NOT NULL UNIQUE, -- UUIDv7
    kind        TEXT NOT NULL,        -- 'health', 'install', ...
    subject     TEXT NOT NULL,        -- what it is done to
    args        TEXT NOT NULL DEFAULT '{}', -- JSON object
    state       TEXT NOT NULL CHECK (state IN ('queued', 'running', 'done', 'failed')), -- running at start-up means: died with the process
    tries       INTEGER NOT NULL DEFAULT 0, -- how often it was begun
    run_at      INTEGER NOT NULL,     -- not before
    created_at  INTEGER NOT NULL, -- when it was made
    started_at  INTEGER,              -- NULL = not yet
    finished_at INTEGER,              -- NULL = not yet
    result      TEXT                  -- JSON object, or the reason it failed
) STRICT;
-- Asking twice for the same work while it waits is asking once.
CREATE UNIQUE INDEX job_once ON job (kind, subject) WHERE state = 'queued';
CREATE INDEX job_due ON job (run_at) WHERE state = 'queued';
CREATE INDEX job_running ON job (started_at) WHERE state = 'running';
CREATE INDEX job_subject ON job (subject, seq);
CREATE INDEX job_failed ON job (finished_at) WHERE state = 'failed';
CREATE INDEX job_finished ON job (finished_at) WHERE finished_at IS NOT NULL; -- for sweeping

-- Uploads that were accepted and wait for their dependencies. Their bytes are a blob already; a row
-- of `plugin` is made by the job that ends the wait.
CREATE TABLE pending_upload (
    seq        INTEGER PRIMARY KEY, -- order of arrival
    id         TEXT NOT NULL UNIQUE,  -- UUIDv7, subject of the job
    name       TEXT NOT NULL,         -- of the plugin
    version    TEXT NOT NULL,         -- as its author wrote it
    file_name  TEXT NOT NULL,         -- as it was uploaded
    sha256     TEXT NOT NULL,         -- the uploaded bytes; not yet in `blob`
    needs      TEXT NOT NULL,         -- JSON array of PEP 508 requirements
    detail     TEXT NOT NULL DEFAULT '{}', -- JSON object for the publisher
    state      TEXT NOT NULL CHECK (state IN ('pending', 'installing', 'checked', 'failed')), -- checked = published
    report     TEXT,                  -- JSON object: what came of the installation; NULL = not yet known
    message    TEXT,                  -- why it failed; NULL = it did not
    details    TEXT,                  -- what exactly; NULL = nothing to add
    plugin_id  TEXT,                  -- the version it became; no foreign key: v1 frees versions
    actor_id   TEXT,                  -- who uploaded it; no foreign key: it outlives them
    actor_name TEXT,                  -- as it was called then
    actor_via  TEXT NOT NULL,         -- how it proved that: 'session', 'api_key', ...
    address    TEXT,                  -- where the upload came from
    created_at INTEGER NOT NULL,      -- when it was uploaded
    updated_at INTEGER NOT NULL       -- last change of state
) STRICT;
-- The same version is on its way once.
CREATE UNIQUE INDEX pending_upload_once ON pending_upload (name, version) WHERE state IN ('pending', 'installing');
CREATE INDEX pending_upload_blob ON pending_upload (sha256) WHERE state IN ('pending', 'installing');
CREATE INDEX pending_upload_old ON pending_upload (updated_at) WHERE state IN ('checked', 'failed'); -- for sweeping

-- Folders and ZIPs that somebody dropped into the plugin store, and what became of them.
CREATE TABLE directory_entry (
    name      TEXT PRIMARY KEY,      -- in the store
    plugin    TEXT NOT NULL,         -- name of the plugin as that name says; '' = it says none
    sha256    TEXT NOT NULL,         -- of the bytes that were judged, a folder's as packed; '' = it could not be read
    state     TEXT NOT NULL CHECK (state IN ('listed', 'failed', 'gone')), -- gone = taken away again
    plugin_id TEXT,                  -- the version it became, NULL = none; no foreign key: v1 frees versions
    reason    TEXT,                  -- why it failed, NULL = it did not
    judged_at INTEGER NOT NULL       -- when that was found
) STRICT;
