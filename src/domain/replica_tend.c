/*
 * replica_tend.c - once a day, and when somebody asks: is everything in the bucket that should be?
 *
 * A node that died for good between its record and its entry leaves a version that nobody can see:
 * whoever finds the record brings the entry, once it has seen for a
 * while that nobody else does. Packages, records and Cadence's keys that somebody
 * deleted by hand are put again by any node that has them. Nothing is deleted here.
 */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "base/names.h"
#include "blob/blob.h"
#include "domain/replica_node.h"
#include "store/plugin_store.h"

enum { TEND_MS = 24 * 3600 * 1000, WALK = 200, GRACE_POLLS = 30, ORPHANS = REPLICA_ORPHANS };

/* ------------------------------------------------------------------ what is there */

/* The names below a prefix. */
struct listing {
    struct ctx *ctx;
    struct replica *r;
    struct names names;
    /* of the walk over records */
    const char **orphans; /* keys of records that the log does not know */
    size_t orphan_count;
};

static enum err add_name(struct listing *s, const char *key)
{
    return names_add(&s->names, key) ? OK : ctx_no_memory(s->ctx);
}

static enum err list(struct listing *s, const char *prefix,
                     enum err (*one)(void *arg, const struct s3_object *object))
{
    struct s3_answer a;
    bool more;
    atomic_fetch_add(&s->r->requests, 1);
    enum err err = s3_list(s->ctx, s->r->s3, prefix, NULL, 0, one, s, &more, &a);
    if (err == OK && a.end != S3_OK)
        err = replica_trouble(s->ctx, s->r, &a);
    return err;
}

static enum err note_key(void *arg, const struct s3_object *object)
{
    return add_name(arg, object->key);
}

/* ------------------------------------------------------------------ records without an entry */

struct known {
    const char *entity;
    bool found;
};

static enum err look_up(struct ctx *ctx, struct conn *conn, void *arg)
{
    struct known *k = arg;
    struct truth t;
    enum err err = truth_get(ctx, conn, k->entity, &t);
    k->found = err == OK && t.row.rev > 0;
    return err;
}

static enum err note_record(void *arg, const struct s3_object *object)
{
    struct listing *s = arg;
    struct arena *callers = s->ctx->arena, scratch;
    arena_init(&scratch, 1 << 20);
    s->ctx->arena = &scratch;
    struct known k = {replica_entity_of(&scratch, slice_of(object->key)), true};
    enum err err = k.entity ? store_read(s->ctx, s->r->d->store, look_up, &k) : OK;
    s->ctx->arena = callers;
    arena_free(&scratch);
    if (err == OK && !k.found && s->orphan_count < ORPHANS) {
        const char *key = slice_dup(callers, slice_of(object->key));
        if (key == NULL)
            return ctx_no_memory(s->ctx);
        s->orphans[s->orphan_count++] = key;
    }
    return err == OK ? add_name(s, object->key) : err;
}

/* Since when it is known to have no entry: whoever lives brings it soon. */
static int64_t orphan_since(struct replica *r, const char *key)
{
    unsigned char sum[SHA256_BYTES];
    struct orphan fresh = {.since = clock_mono_ms(r->clock)};
    crypto_sha256(slice_of(key), sum);
    memcpy(&fresh.key, sum, sizeof fresh.key);
    for (size_t i = 0; i < REPLICA_ORPHANS; i++)
        if (r->loop.orphans[i].key == fresh.key)
            return r->loop.orphans[i].since;
    r->loop.orphans[r->loop.next_orphan++ % REPLICA_ORPHANS] = fresh;
    return fresh.since;
}

static enum err adopt(struct ctx *ctx, struct replica *r, const char *key)
{
    struct slice text;
    struct entry e;
    bool found;
    enum err err = replica_fetch_note(ctx, r, key, REPLICA_RECORD_MAX, &text, &found);
    if (err != OK || !found)
        return err;
    if (entry_read(ctx, text, 0, &e) != OK) {
        ctx_forgive(ctx);
        log_line(r->log, LOG_WARN, NULL, "replication.unreadable", "key", key, NULL);
        return OK;
    }
    struct known k = {change_entity(ctx->arena, &e.change), false};
    err = k.entity ? store_read(ctx, r->d->store, look_up, &k) : ctx_no_memory(ctx);
    if (err != OK || k.found || strcmp(e.change.kind, OUTBOX_CREATE) != 0)
        return err; /* it came meanwhile, or it replaces what nobody made */
    log_line(r->log, LOG_WARN, NULL, "replication.entry_brought", "pid", e.change.plugin.pid,
             "version", e.change.plugin.version, "node", e.node_name, NULL);
    return replica_append(ctx, r, &e);
}

static enum err adopt_some(struct ctx *ctx, struct replica *r, const struct listing *s)
{
    int64_t now = clock_mono_ms(r->clock), grace = GRACE_POLLS * r->options.poll_min;
    enum err err = OK;
    for (size_t i = 0; err == OK && i < s->orphan_count && !replica_stopping(r); i++) {
        int64_t left = orphan_since(r, s->orphans[i]) + grace - now;
        if (left <= 0)
            err = adopt(ctx, r, s->orphans[i]);
        else if (r->loop.next_tend > now + left)
            r->loop.next_tend = now + left;
    }
    return err;
}

/* ------------------------------------------------------------------ records of ours that lack */

struct entities {
    struct ctx *ctx;
    char after[1200];
    const char *names[WALK];
    size_t n;
};

static enum err note_entity(void *arg, const struct entity_rev *e)
{
    struct entities *w = arg;
    w->names[w->n] = slice_dup(w->ctx->arena, slice_of(e->entity));
    return w->names[w->n++] ? OK : ctx_no_memory(w->ctx);
}

static enum err next_entities(struct ctx *ctx, struct conn *conn, void *arg)
{
    struct entities *w = arg;
    w->ctx = ctx;
    w->n = 0;
    return entity_rev_walk(ctx, conn, w->after, WALK, note_entity, w);
}

struct version {
    const char *entity;
    struct truth truth;
    struct plugin row;
    bool found;
};

static enum err read_version(struct ctx *ctx, struct conn *conn, void *arg)
{
    struct version *v = arg;
    v->found = false;
    enum err err = truth_get(ctx, conn, v->entity, &v->truth);
    if (err != OK || !truth_is_version(v->entity) || !v->truth.lives)
        return err;
    err = plugin_store_find(ctx, conn, v->truth.id, &v->row, &v->found);
    v->found = v->found && strcmp(v->row.sha256, v->truth.sha256) == 0;
    return err;
}

static enum err put_record(struct ctx *ctx, struct replica *r, struct listing *there,
                           const struct version *v)
{
    struct entry e = {.op_id = v->truth.created, .node = r->node, .node_name = r->name};
    struct slice text;
    bool was;
    e.change = (struct change){
        .kind = OUTBOX_CREATE, .at = v->row.created_at, .by = v->row.created_by, .plugin = v->row};
    if (v->row.generation == PLUGIN_V1)
        return OK; /* named by their change, which may be gone by now */
    const char *key = replica_version_key(ctx->arena, &e.change, e.op_id);
    if (key == NULL)
        return ctx_no_memory(ctx);
    if (names_have(&there->names, key))
        return OK;
    enum err err = entry_write(ctx, &e, &text);
    if (err == OK)
        err = replica_create(ctx, r, key, text, &was);
    if (err == OK && !was) /* else it came after the list was made */
        log_line(r->log, LOG_WARN, NULL, "replication.record_put_again", "key", key, NULL);
    return err;
}

static enum err put_cadence(struct ctx *ctx, struct replica *r, struct listing *there,
                            const struct version *v)
{
    const char *key = replica_cadence_key(ctx->arena, &v->row);
    if (key == NULL)
        return ctx_no_memory(ctx);
    return names_have(&there->names, key) ? OK : replica_cadence_put(ctx, r, &v->row);
}

/* Every version that the log knows, some at a time: is its record there, and Cadence's key? */
static enum err walk_versions(struct ctx *ctx, struct replica *r, struct listing *records,
                              struct listing *cadence)
{
    struct arena *callers = ctx->arena, scratch;
    struct entities *w = arena_alloc(ctx->arena, sizeof *w);
    struct version *v = arena_alloc(ctx->arena, sizeof *v);
    if (w == NULL || v == NULL)
        return ctx_no_memory(ctx);
    enum err err = OK;
    arena_init(&scratch, REPLICA_ARENA);
    ctx->arena = &scratch;
    do {
        arena_reset(&scratch);
        err = store_read(ctx, r->d->store, next_entities, w);
        for (size_t i = 0; err == OK && i < w->n && !replica_stopping(r); i++) {
            v->entity = w->names[i];
            err = store_read(ctx, r->d->store, read_version, v);
            if (err == OK && v->found)
                err = put_record(ctx, r, records, v);
            if (err == OK && v->found && r->options.cadence_layout)
                err = put_cadence(ctx, r, cadence, v);
        }
        if (w->n > 0)
            str_set(w->after, sizeof w->after, slice_of(w->names[w->n - 1]));
    } while (err == OK && w->n == WALK && !replica_stopping(r));
    ctx->arena = callers;
    arena_free(&scratch);
    return err;
}

/* ------------------------------------------------------------------ packages that lack */

struct packages {
    const char *after;
    const char *hash[WALK];
    int64_t size[WALK];
    size_t n;
};

static enum err next_packages(struct ctx *ctx, struct conn *conn, void *arg)
{
    struct packages *p = arg;
    return replica_blobs_walk(ctx, conn, p->after, WALK, p->hash, p->size, &p->n);
}

static enum err put_package(struct ctx *ctx, struct replica *r, const char *sha256, int64_t size)
{
    struct s3_answer a;
    int fd;
    const char *key = replica_blob_key(ctx->arena, sha256);
    enum err err = key ? blob_open(ctx, r->d->blobs, sha256, size, &fd) : ctx_no_memory(ctx);
    if (err == ERR_NOT_FOUND || err == ERR_CORRUPT) {
        ctx_forgive(ctx);
        return OK;
    }
    if (err != OK)
        return err;
    log_line(r->log, LOG_WARN, NULL, "replication.package_put_again", "key", key, NULL);
    atomic_fetch_add(&r->requests, 1);
    err = s3_put_file(ctx, r->s3, key, fd, size, sha256, false, &a);
    (void)close(fd);
    if (err != OK)
        return err;
    return a.end == S3_OK ? OK : replica_trouble(ctx, r, &a);
}

static enum err walk_packages(struct ctx *ctx, struct replica *r, struct listing *there)
{
    struct arena *callers = ctx->arena, scratch;
    struct packages *p = arena_alloc(ctx->arena, sizeof *p);
    char after[SHA256_HEX] = "";
    if (p == NULL)
        return ctx_no_memory(ctx);
    enum err err = OK;
    arena_init(&scratch, REPLICA_ARENA);
    ctx->arena = &scratch;
    do {
        arena_reset(&scratch);
        p->after = after;
        err = store_read(ctx, r->d->store, next_packages, p);
        for (size_t i = 0; err == OK && i < p->n && !replica_stopping(r); i++) {
            const char *key = replica_blob_key(&scratch, p->hash[i]);
            if (key == NULL)
                err = ctx_no_memory(ctx);
            else if (!names_have(&there->names, key))
                err = put_package(ctx, r, p->hash[i], p->size[i]);
        }
        if (err == OK && p->n > 0)
            memcpy(after, p->hash[p->n - 1], SHA256_HEX);
    } while (err == OK && p->n == WALK && !replica_stopping(r));
    ctx->arena = callers;
    arena_free(&scratch);
    return err;
}

/* ------------------------------------------------------------------ the whole */

static enum err tend_records(struct ctx *ctx, struct replica *r)
{
    struct listing records = {.ctx = ctx, .r = r}, cadence = {.ctx = ctx, .r = r};
    records.orphans = arena_array(ctx->arena, ORPHANS, sizeof *records.orphans);
    if (records.orphans == NULL)
        return ctx_no_memory(ctx);
    enum err err = list(&records, REPLICA_VERSIONS, note_record);
    if (err == OK)
        err = adopt_some(ctx, r, &records);
    if (err == OK && r->options.cadence_layout)
        err = list(&cadence, "system/", note_key);
    if (err == OK && r->options.cadence_layout)
        err = list(&cadence, "tenants/", note_key);
    if (err == OK) /* what seems to be gone may be gone with all the rest */
        err = replica_check_bucket(ctx, r);
    if (err == OK)
        err = walk_versions(ctx, r, &records, &cadence);
    names_free(&records.names);
    names_free(&cadence.names);
    return err;
}

enum err replica_tend(struct ctx *ctx, struct replica *r)
{
    struct listing packages = {.ctx = ctx, .r = r};
    r->loop.next_tend = clock_mono_ms(r->clock) + TEND_MS;
    if (!r->loop.may_write)
        return OK;
    enum err err = tend_records(ctx, r);
    if (err == OK)
        err = list(&packages, REPLICA_BLOBS, note_key);
    if (err == OK)
        err = replica_check_bucket(ctx, r);
    if (err == OK)
        err = walk_packages(ctx, r, &packages);
    names_free(&packages.names);
    if (err == OK)
        err = replica_collect(ctx, r);
    if (err != OK)
        r->loop.next_tend = 0; /* where it stopped, it goes on after the trouble */
    return err;
}
