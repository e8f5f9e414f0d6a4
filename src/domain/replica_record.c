/*
 * replica_record.c - changes, entries and records as JSON.
 *
 * One table of columns serves writing and reading, so that what one node writes is what another
 * reads. Columns that are JSON are checked for their kind and written again compactly: the same
 * bytes on every node.
 */
#include "domain/replica_record.h"

#include <string.h>

#include "package/pid.h"
#include "package/version.h"
#include "store/outbox_store.h"

enum { TEXT_MAX = 4096, COLUMN_MAX = 1 << 20, ORG_TEXT_MAX = 253, USER_MAX = 64 };

/* ------------------------------------------------------------------ kinds */

// clang-format off
static const struct kind {
    const char *name;
    bool version, bytes, old;
} kinds[] = {
    {OUTBOX_CREATE,  true,  true,  false},
    {OUTBOX_ENABLED, true,  false, false},
    {OUTBOX_TAG,     true,  false, false},
    {OUTBOX_REPLACE, true,  true,  true},
    {OUTBOX_REMOVE,  true,  false, true},
    {OUTBOX_ORG,     false, false, false},
};
// clang-format on

static const struct kind *kind_of(struct slice name)
{
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
        if (slice_is(name, kinds[i].name))
            return &kinds[i];
    return NULL;
}

bool change_brings_bytes(const struct change *c)
{
    const struct kind *k = kind_of(slice_of(c->kind));
    return k && k->bytes;
}

static bool is_kind(const struct change *c, const char *kind)
{
    return strcmp(c->kind, kind) == 0;
}

static enum err wrong(struct ctx *ctx, const char *field, const char *what)
{
    return ctx_fail_field(ctx, ERR_INVALID, field, "'%s' %s", field, what);
}

/* ------------------------------------------------------------------ writing */

static void write_package(struct jw *j, const struct plugin *p)
{
    jw_key(j, "record");
    jw_object(j);
    jw_put_str(j, "name", p->name);
    jw_put_str(j, "description", p->description);
    jw_put_str(j, "tag", p->tag);
    jw_put_str(j, "agent_type", p->agent_type);
    jw_put_str(j, "sdk_version", p->sdk_version);
    jw_put_bool(j, "stateless", p->stateless);
    jw_put_bool(j, "is_specialized", p->is_specialized);
    jw_put_bool(j, "is_scoped", p->is_scoped);
    jw_put_bool(j, "has_readme", p->has_readme);
    jw_put_raw(j, "capabilities", p->capabilities);
    jw_put_raw(j, "dependencies", p->dependencies);
    jw_put_raw(j, "default_settings", p->default_settings);
    jw_put_raw(j, "settings_schema", p->settings_schema);
    jw_put_raw(j, "tools", p->tools);
    jw_put_raw(j, "llm_requirements", p->llm_requirements.n ? p->llm_requirements : SLICE("null"));
    jw_end(j);
}

static void write_version(struct jw *j, const struct change *c, bool record)
{
    const struct plugin *p = &c->plugin;
    char key[2 * VERSION_KEY + 1] = "";
    if (p->order_key.n <= VERSION_KEY)
        crypto_hex((const unsigned char *)p->order_key.p, p->order_key.n, key);
    jw_put_str(j, "org_id", p->org_id);
    jw_put_str(j, "pid", p->pid);
    jw_put_str(j, "version", p->version);
    jw_put_str(j, "scheme", p->scheme);
    jw_put_str(j, "order_key", key);
    jw_put_int(j, "generation", p->generation);
    if (change_brings_bytes(c)) {
        jw_put_str(j, "id", p->id);
        jw_put_int(j, "size", p->size_bytes);
        jw_put_str(j, is_kind(c, OUTBOX_CREATE) ? "sha256" : "new_sha", p->sha256);
        if (record)
            write_package(j, p);
    }
    if (c->old_sha)
        jw_put_str(j, "old_sha", c->old_sha);
    if (is_kind(c, OUTBOX_ENABLED)) {
        jw_put_bool(j, "enabled", p->enabled);
        jw_put_bool(j, "quarantined", p->quarantined);
    }
    if (is_kind(c, OUTBOX_TAG))
        jw_put_str(j, "tag", p->tag);
}

static void write_org(struct jw *j, const struct org *o)
{
    jw_put_str(j, "id", o->id);
    jw_put_str(j, "name", o->name);
    jw_put_str(j, "domain", o->domain);
    jw_put_str(j, "status", o->status);
    jw_put_bool(j, "is_deleted", o->is_deleted);
}

void change_write(struct jw *j, const struct change *c, bool record)
{
    jw_object(j);
    jw_put_int(j, "base_rev", c->base_rev);
    jw_put_str(j, "base_op", c->base_op);
    jw_put_int(j, "at", c->at);
    jw_put_str(j, "by", c->by);
    if (c->org.id)
        write_org(j, &c->org);
    else
        write_version(j, c, record);
    jw_end(j);
}

enum err entry_write(struct ctx *ctx, const struct entry *e, struct slice *out)
{
    struct buf b;
    struct jw j;
    buf_init(&b, ctx->arena, e->seq ? REPLICA_ENTRY_MAX : REPLICA_RECORD_MAX);
    jw_start(&j, &b);
    jw_object(&j);
    jw_put_int(&j, "format", REPLICA_FORMAT);
    if (e->seq)
        jw_put_int(&j, "seq", e->seq);
    jw_put_str(&j, "op_id", e->op_id);
    jw_put_str(&j, "node", e->node);
    jw_put_str(&j, "node_name", e->node_name);
    jw_put_str(&j, "kind", e->change.kind);
    jw_key(&j, "change");
    change_write(&j, &e->change, e->seq == 0);
    jw_end(&j);
    *out = buf_view(&b);
    if (jw_done(&j))
        return OK;
    return b.over ? ctx_fail_cause(ctx, ERR_TOO_LARGE, "a record is too large for the bucket")
                  : ctx_no_memory(ctx);
}

/* ------------------------------------------------------------------ reading */

/* A copy that ends in NUL; NULL where the member is null or absent. */
static enum err take_text(struct ctx *ctx, const struct jr *o, const char *key, bool want,
                          size_t max, const char **out)
{
    struct slice s = SLICE_NONE;
    enum err err = jr_get_str(ctx, o, key, want, max, &s);
    if (err != OK || s.p == NULL)
        return err;
    *out = slice_dup(ctx->arena, s);
    return *out ? OK : ctx_no_memory(ctx);
}

static enum err take_uuid(struct ctx *ctx, const struct jr *o, const char *key, bool want,
                          const char **out)
{
    enum err err = take_text(ctx, o, key, want, ID_TEXT - 1, out);
    if (err == OK && *out && !crypto_is_uuid(slice_of(*out)))
        return wrong(ctx, key, "is not an id");
    return err;
}

static enum err take_sha(struct ctx *ctx, const struct jr *o, const char *key, const char **out)
{
    enum err err = take_text(ctx, o, key, true, SHA256_HEX - 1, out);
    if (err == OK &&
        (strlen(*out) != SHA256_HEX - 1 || strspn(*out, "0123456789abcdef") != SHA256_HEX - 1))
        return wrong(ctx, key, "is not a SHA-256");
    return err;
}

/* The value as our own writer puts it, so that a column has the same bytes on every node. */
static void write_again(struct jw *j, const struct jr *v, int depth)
{
    struct slice key;
    const struct jr *member;
    void *at = NULL;
    struct buf number;
    char room[64];
    j->wrong |= depth > JW_DEPTH - 2;
    if (j->wrong)
        return;
    switch (jr_kind(v)) {
    case JR_NULL: jw_null(j); return;
    case JR_BOOL: jw_bool(j, jr_bool(v)); return;
    case JR_INT: jw_int(j, jr_int(v)); return;
    case JR_STR: jw_text(j, jr_str(v)); return;
    case JR_REAL: /* in the reader's digits */
        number = (struct buf){.p = room, .cap = sizeof room, .max = sizeof room};
        jr_copy(v, &number);
        j->wrong |= buf_failed(&number);
        jw_raw(j, buf_view(&number));
        return;
    case JR_ARRAY:
        jw_array(j);
        for (size_t i = 0; i < jr_count(v); i++)
            write_again(j, jr_item(v, i), depth + 1);
        break;
    case JR_OBJECT:
        jw_object(j);
        while (jr_next(v, &at, &key, &member)) {
            jw_key_slice(j, key);
            write_again(j, member, depth + 1);
        }
        break;
    }
    jw_end(j);
}

/* A JSON column, written again; `kind` is what it must be, or null where `want` is false. */
static enum err take_json(struct ctx *ctx, const struct jr *o, const char *key, enum jr_kind kind,
                          bool want, struct slice *out)
{
    struct buf b;
    struct jw j;
    const struct jr *v = jr_member(o, key);
    if (!want && (v == NULL || jr_kind(v) == JR_NULL))
        return OK;
    if (v == NULL || jr_kind(v) != kind)
        return wrong(ctx, key, "is missing or of another kind");
    buf_init(&b, ctx->arena, COLUMN_MAX);
    jw_start(&j, &b);
    write_again(&j, v, 0);
    *out = buf_view(&b);
    return jw_done(&j) ? OK : wrong(ctx, key, "is too large or too deep");
}

static bool is_agent_type(const char *type)
{
    static const char *const known[] = {"specialized", "general", "scoped", "utility"};
    for (size_t i = 0; i < sizeof known / sizeof *known; i++)
        if (strcmp(type, known[i]) == 0)
            return true;
    return false;
}

static enum err read_package(struct ctx *ctx, const struct jr *change, struct plugin *p)
{
    const struct jr *o = jr_member(change, "record");
    if (o == NULL || jr_kind(o) != JR_OBJECT)
        return wrong(ctx, "record", "is missing");
    enum err err = take_text(ctx, o, "name", true, TEXT_MAX, &p->name);
    if (err == OK)
        err = take_text(ctx, o, "description", false, 16 * TEXT_MAX, &p->description);
    if (err == OK)
        err = take_text(ctx, o, "tag", false, 100, &p->tag);
    if (err == OK)
        err = take_text(ctx, o, "agent_type", true, 20, &p->agent_type);
    if (err == OK && !is_agent_type(p->agent_type))
        err = wrong(ctx, "agent_type", "is not known");
    if (err == OK)
        err = take_text(ctx, o, "sdk_version", false, TEXT_MAX, &p->sdk_version);
    if (err == OK)
        err = jr_get_bool(ctx, o, "stateless", true, &p->stateless);
    if (err == OK)
        err = jr_get_bool(ctx, o, "is_specialized", true, &p->is_specialized);
    if (err == OK)
        err = jr_get_bool(ctx, o, "is_scoped", true, &p->is_scoped);
    if (err == OK)
        err = jr_get_bool(ctx, o, "has_readme", true, &p->has_readme);
    if (err == OK)
        err = take_json(ctx, o, "capabilities", JR_ARRAY, true, &p->capabilities);
    if (err == OK)
        err = take_json(ctx, o, "dependencies", JR_ARRAY, true, &p->dependencies);
    if (err == OK)
        err = take_json(ctx, o, "default_settings", JR_OBJECT, true, &p->default_settings);
    if (err == OK)
        err = take_json(ctx, o, "settings_schema", JR_ARRAY, true, &p->settings_schema);
    if (err == OK)
        err = take_json(ctx, o, "tools", JR_ARRAY, true, &p->tools);
    if (err == OK)
        err = take_json(ctx, o, "llm_requirements", JR_OBJECT, false, &p->llm_requirements);
    return err;
}

/* The key must be the one that the version itself gives, or order would be a stranger's choice. */
static enum err read_order(struct ctx *ctx, const struct jr *o, struct plugin *p)
{
    struct version *v = arena_alloc(ctx->arena, sizeof *v);
    const char *hex = NULL;
    if (v == NULL)
        return ctx_no_memory(ctx);
    enum err err = take_text(ctx, o, "order_key", true, 2 * (size_t)VERSION_KEY, &hex);
    if (err != OK)
        return err;
    size_t n = strlen(hex) / 2;
    unsigned char *key = arena_alloc(ctx->arena, n + 1);
    if (key == NULL)
        return ctx_no_memory(ctx);
    if (n == 0 || !crypto_unhex(slice_of(hex), key, n))
        return wrong(ctx, "order_key", "is not a key");
    p->order_key = (struct slice){(const char *)key, n};
    enum version_scheme scheme = strcmp(p->scheme, "semver") == 0 ? VERSION_SEMVER : VERSION_PEP440;
    if (!version_parse(scheme, slice_of(p->version), v))
        return wrong(ctx, "version", "is not a version");
    if (v->key_len != n || memcmp(v->key, key, n) != 0)
        return wrong(ctx, "order_key", "is not that of the version");
    return OK;
}

static enum err read_pid(struct ctx *ctx, struct plugin *p)
{
    for (const char *c = p->pid; *c; c++)
        if ((unsigned char)*c <= ' ' || *c == '/' || *c == '\\' || *c == 0x7F)
            return wrong(ctx, "pid", "has a letter that no pid has");
    if (*p->pid == '\0' || *p->pid == '.' ||
        (p->generation == PLUGIN_V2 && pid_problem(slice_of(p->pid))))
        return wrong(ctx, "pid", "is not a pid");
    return OK;
}

/* Which version it is about. */
static enum err read_place(struct ctx *ctx, const struct jr *o, struct plugin *p)
{
    int64_t generation = 0;
    enum err err = take_uuid(ctx, o, "org_id", false, &p->org_id);
    if (err == OK)
        err = take_text(ctx, o, "pid", true, PID_MAX, &p->pid);
    if (err == OK)
        err = take_text(ctx, o, "version", true, VERSION_PEP440_TEXT, &p->version);
    if (err == OK)
        err = take_text(ctx, o, "scheme", true, 10, &p->scheme);
    if (err == OK && strcmp(p->scheme, "pep440") != 0 && strcmp(p->scheme, "semver") != 0)
        err = wrong(ctx, "scheme", "is not known");
    if (err == OK)
        err = jr_get_int(ctx, o, "generation", true, PLUGIN_V1, PLUGIN_V2, &generation);
    if (err != OK)
        return err;
    p->generation = (int)generation;
    p->source = p->org_id ? SOURCE_ORG : SOURCE_SYSTEM;
    if ((err = read_pid(ctx, p)) != OK)
        return err;
    return read_order(ctx, o, p);
}

static enum err read_bytes(struct ctx *ctx, const struct jr *o, bool record, struct change *c)
{
    struct plugin *p = &c->plugin;
    enum err err = take_uuid(ctx, o, "id", true, &p->id);
    if (err == OK)
        err = jr_get_int(ctx, o, "size", true, 1, REPLICA_PACKAGE_MAX, &p->size_bytes);
    if (err == OK)
        err = take_sha(ctx, o, is_kind(c, OUTBOX_CREATE) ? "sha256" : "new_sha", &p->sha256);
    p->enabled = true;
    p->created_at = p->updated_at = c->at;
    p->created_by = p->updated_by = c->by;
    p->artifact = "missing";
    p->health = "unchecked";
    return err == OK && record ? read_package(ctx, o, p) : err;
}

static enum err read_version(struct ctx *ctx, const struct jr *o, const struct kind *kind,
                             bool record, struct change *c)
{
    enum err err = read_place(ctx, o, &c->plugin);
    if (err == OK && kind->bytes)
        err = read_bytes(ctx, o, record, c);
    if (err == OK && kind->old)
        err = take_sha(ctx, o, "old_sha", &c->old_sha);
    if (err == OK && kind->old && c->plugin.generation != PLUGIN_V1)
        err = wrong(ctx, "generation", "has versions that are never replaced");
    if (err == OK && is_kind(c, OUTBOX_ENABLED)) {
        err = jr_get_bool(ctx, o, "enabled", true, &c->plugin.enabled);
        if (err == OK)
            err = jr_get_bool(ctx, o, "quarantined", true, &c->plugin.quarantined);
        if (err == OK && c->plugin.enabled && c->plugin.quarantined)
            err = wrong(ctx, "quarantined", "cannot be enabled");
    }
    if (err == OK && is_kind(c, OUTBOX_TAG))
        err = take_text(ctx, o, "tag", false, 100, &c->plugin.tag);
    return err;
}

static enum err read_org(struct ctx *ctx, const struct jr *o, struct org *org)
{
    enum err err = take_uuid(ctx, o, "id", true, &org->id);
    if (err == OK)
        err = take_text(ctx, o, "name", true, ORG_TEXT_MAX, &org->name);
    if (err == OK)
        err = take_text(ctx, o, "domain", false, ORG_TEXT_MAX, &org->domain);
    if (err == OK)
        err = take_text(ctx, o, "status", true, 20, &org->status);
    if (err == OK && strcmp(org->status, "active") != 0 && strcmp(org->status, "suspended") != 0)
        err = wrong(ctx, "status", "is not known");
    return err == OK ? jr_get_bool(ctx, o, "is_deleted", true, &org->is_deleted) : err;
}

enum err change_read(struct ctx *ctx, const char *kind, const struct jr *body, bool record,
                     struct change *out)
{
    const struct kind *k = kind_of(slice_of(kind));
    if (k == NULL)
        return wrong(ctx, "kind", "is not known; a newer Larder may have written it");
    *out = (struct change){.kind = k->name};
    enum err err = jr_get_int(ctx, body, "base_rev", true, 0, INT64_MAX, &out->base_rev);
    if (err == OK)
        err = take_uuid(ctx, body, "base_op", false, &out->base_op);
    if (err == OK)
        err = jr_get_int(ctx, body, "at", true, 0, INT64_MAX, &out->at);
    if (err == OK)
        err = take_text(ctx, body, "by", false, USER_MAX, &out->by);
    if (err != OK)
        return err;
    return k->version ? read_version(ctx, body, k, record, out) : read_org(ctx, body, &out->org);
}

enum err entry_read(struct ctx *ctx, struct slice text, int64_t seq, struct entry *out)
{
    const struct jr *o, *body;
    int64_t format = 0;
    const char *kind = NULL;
    *out = (struct entry){.seq = seq};
    enum err err = jr_parse_object(ctx, text, &o);
    if (err == OK)
        err = jr_get_int(ctx, o, "format", true, REPLICA_FORMAT, REPLICA_FORMAT, &format);
    if (err == OK && seq)
        err = jr_get_int(ctx, o, "seq", true, seq, seq, &out->seq);
    if (err == OK)
        err = take_uuid(ctx, o, "op_id", true, &out->op_id);
    if (err == OK)
        err = take_uuid(ctx, o, "node", true, &out->node);
    if (err == OK)
        err = take_text(ctx, o, "node_name", true, REPLICA_NAME_MAX, &out->node_name);
    if (err == OK)
        err = take_text(ctx, o, "kind", true, 40, &kind);
    if (err != OK)
        return err;
    body = jr_member(o, "change");
    if (body == NULL || jr_kind(body) != JR_OBJECT)
        return wrong(ctx, "change", "is missing");
    return change_read(ctx, kind, body, seq == 0, &out->change);
}
