/*
 * replica_collect.c - packages in the bucket that nothing names any more, and old parts of the log.
 *
 * One node does it: the living one with the lowest id. A package goes when two looks at least a week
 * apart have found it without a name; what was found stands in meta/unnamed.json between them. Log
 * entries go when two newer snapshots hold what they did and a month has passed. Version records and
 * what they say are kept for ever. Where deleting is withheld from the key, nothing is collected.
 */
#include <string.h>

#include "base/log.h"
#include "domain/replica_node.h"

#define UNNAMED_KEY "meta/unnamed.json"

enum { UNNAMED_MAX = 4000, NOTE_MAX = 1 << 20, TRIM_AT_ONCE = 1000 };
static const int64_t week_ms = 7LL * 24 * 3600 * 1000, month_ms = 30LL * 24 * 3600 * 1000,
                     dead_ms = 24LL * 3600 * 1000;

struct unnamed {
    char sha256[SHA256_HEX];
    int64_t since;
};

struct collecting {
    struct ctx *ctx;
    struct replica *r;
    struct unnamed *before, *now; /* of the last look, and of this one */
    size_t before_count, now_count;
};

/* ------------------------------------------------------------------ whose turn */

static bool is_mine(const struct replica *r, int64_t now)
{
    for (size_t i = 0; i < r->view.node_count; i++)
        if (strcmp(r->view.nodes[i].node, r->node) < 0 && now - r->view.nodes[i].at < dead_ms)
            return false;
    return true;
}

/* ------------------------------------------------------------------ packages */

struct name {
    const char *sha256;
    bool named;
};

static enum err ask(struct ctx *ctx, struct conn *conn, void *arg)
{
    struct name *n = arg;
    return replica_blob_named(ctx, conn, n->sha256, &n->named);
}

static int64_t since(const struct collecting *c, const char *sha256)
{
    for (size_t i = 0; i < c->before_count; i++)
        if (strcmp(c->before[i].sha256, sha256) == 0)
            return c->before[i].since;
    return c->ctx->now;
}

/* "blobs/sha256/ab/cd/<hash>.zip" */
static bool hash_of(struct slice key, char sha256[SHA256_HEX])
{
    if (!slice_starts(key, REPLICA_BLOBS) || !slice_ends(key, ".zip") || key.n < SHA256_HEX - 1 + 4)
        return false;
    struct slice name = slice_sub(key, key.n - 4 - (SHA256_HEX - 1), key.n - 4);
    memcpy(sha256, name.p, name.n);
    sha256[name.n] = '\0';
    return strspn(sha256, "0123456789abcdef") == SHA256_HEX - 1;
}

static enum err look_at(void *arg, const struct s3_object *object)
{
    struct collecting *c = arg;
    struct arena *callers = c->ctx->arena, scratch;
    char sha256[SHA256_HEX];
    if (c->now_count == UNNAMED_MAX || !hash_of(slice_of(object->key), sha256))
        return OK;
    struct name n = {sha256, true};
    arena_init(&scratch, 1 << 20);
    c->ctx->arena = &scratch;
    enum err err = store_read(c->ctx, c->r->d->store, ask, &n);
    c->ctx->arena = callers;
    arena_free(&scratch);
    if (err != OK || n.named)
        return err;
    struct unnamed *u = &c->now[c->now_count++];
    memcpy(u->sha256, sha256, sizeof u->sha256);
    u->since = since(c, sha256);
    return OK;
}

static enum err read_before(struct collecting *c)
{
    struct slice text;
    const struct jr *o;
    bool found;
    enum err err = replica_fetch_note(c->ctx, c->r, UNNAMED_KEY, NOTE_MAX, &text, &found);
    if (err != OK || !found)
        return err;
    if (jr_parse_object(c->ctx, text, &o) != OK) {
        ctx_forgive(c->ctx); /* begun anew: a week is lost, nothing else */
        return OK;
    }
    void *at = NULL;
    struct slice key;
    const struct jr *v;
    while (c->before_count < UNNAMED_MAX && jr_next(o, &at, &key, &v))
        if (key.n == SHA256_HEX - 1 && jr_kind(v) == JR_INT && jr_int(v) > 0) {
            struct unnamed *u = &c->before[c->before_count++];
            memcpy(u->sha256, key.p, key.n);
            u->since = jr_int(v);
        }
    return OK;
}

static enum err write_now(struct collecting *c)
{
    struct buf b;
    struct jw j;
    struct s3_answer a;
    if (c->now_count == 0 && c->before_count == 0)
        return OK;
    buf_init(&b, c->ctx->arena, NOTE_MAX);
    jw_start(&j, &b);
    jw_object(&j);
    for (size_t i = 0; i < c->now_count; i++)
        jw_put_int(&j, c->now[i].sha256, c->now[i].since);
    jw_end(&j);
    if (!jw_done(&j))
        return ctx_no_memory(c->ctx);
    enum err err = s3_put(c->ctx, c->r->s3, UNNAMED_KEY, buf_view(&b), false, &a);
    if (err != OK)
        return err;
    return a.end == S3_OK ? OK : replica_trouble(c->ctx, c->r, &a);
}

/* *withheld: the key may not delete, so collecting is off. */
static enum err delete (struct collecting *c, const char *key, bool *withheld) {
    struct s3_answer a; if (key == NULL) return ctx_no_memory(c->ctx);
    atomic_fetch_add(&c->r->requests, 1);
    enum err err = s3_delete(c->ctx, c->r->s3, key, &a);
    if (err != OK) return err;
    *withheld = a.end == S3_DENIED;
    return a.end == S3_OK || *withheld ? OK : replica_trouble(c->ctx, c->r, &a);
}

static enum err drop_unnamed(struct collecting *c)
{
    bool withheld = false, did;
    /* a last look at the log: a version may have come back meanwhile */
    enum err err = replica_pull(c->ctx, c->r, &did);
    size_t kept = 0;
    for (size_t i = 0; err == OK && i < c->now_count; i++) {
        struct name n = {c->now[i].sha256, false};
        bool old = c->ctx->now - c->now[i].since >= week_ms && !withheld;
        if (old)
            err = store_read(c->ctx, c->r->d->store, ask, &n);
        if (err == OK && old && !n.named)
            err = delete (c, replica_blob_key(c->ctx->arena, n.sha256), &withheld);
        if (!old || withheld)
            c->now[kept++] = c->now[i];
        else if (err == OK)
            log_line(c->r->log, LOG_INFO, NULL, "replication.collected", "sha256", n.sha256, NULL);
    }
    c->now_count = kept;
    return err;
}

static enum err collect_packages(struct collecting *c)
{
    struct s3_answer a;
    bool more;
    enum err err = read_before(c);
    if (err != OK)
        return err;
    err = s3_list(c->ctx, c->r->s3, REPLICA_BLOBS, NULL, 0, look_at, c, &more, &a);
    if (err == OK && a.end != S3_OK)
        err = replica_trouble(c->ctx, c->r, &a);
    if (err == OK)
        err = drop_unnamed(c);
    return err == OK ? write_now(c) : err;
}

/* ------------------------------------------------------------------ log */

struct newest {
    int64_t last, before;
};

static enum err note_snapshot(void *arg, const struct s3_object *object)
{
    struct newest *n = arg;
    int64_t seq = replica_number_of(slice_of(object->key), REPLICA_SNAPSHOTS, ".json.gz");
    if (seq > n->last) {
        n->before = n->last;
        n->last = seq;
    }
    return OK;
}

struct oldest {
    struct ctx *ctx;
    int64_t seq[TRIM_AT_ONCE];
    size_t n;
};

static enum err note_entry(void *arg, const struct s3_object *object)
{
    struct oldest *o = arg;
    int64_t seq = replica_number_of(slice_of(object->key), REPLICA_LOG, ".json");
    if (seq > 0 && o->n < TRIM_AT_ONCE)
        o->seq[o->n++] = seq;
    return OK;
}

static enum err is_old(struct collecting *c, int64_t seq, bool *old)
{
    struct slice text;
    struct entry e;
    bool found;
    enum err err = replica_fetch_note(c->ctx, c->r, replica_log_key(c->ctx->arena, seq),
                                      REPLICA_ENTRY_MAX, &text, &found);
    *old = false;
    if (err != OK || !found)
        return err;
    if (entry_read(c->ctx, text, seq, &e) == OK)
        *old = c->ctx->now - e.change.at > month_ms;
    ctx_forgive(c->ctx);
    return OK;
}

/* From the oldest on, until one is young: what is left has no hole. */
static enum err trim_log(struct collecting *c)
{
    struct oldest *o = arena_alloc(c->ctx->arena, sizeof *o);
    struct newest n = {0};
    struct s3_answer a;
    bool more, old = true, withheld = false;
    if (o == NULL)
        return ctx_no_memory(c->ctx);
    enum err err = s3_list(c->ctx, c->r->s3, REPLICA_SNAPSHOTS, NULL, 0, note_snapshot, &n, &more,
                           &a);
    if (err == OK && a.end == S3_OK && n.before > 0)
        err = s3_list(c->ctx, c->r->s3, REPLICA_LOG, NULL, TRIM_AT_ONCE, note_entry, o, &more, &a);
    if (err == OK && a.end != S3_OK)
        err = replica_trouble(c->ctx, c->r, &a);
    for (size_t i = 0; err == OK && old && !withheld && i < o->n && o->seq[i] < n.before; i++) {
        err = is_old(c, o->seq[i], &old);
        if (err == OK && old)
            err = delete (c, replica_log_key(c->ctx->arena, o->seq[i]), &withheld);
    }
    return err;
}

enum err replica_collect(struct ctx *ctx, struct replica *r)
{
    struct collecting *c = arena_alloc(ctx->arena, sizeof *c);
    if (!is_mine(r, ctx->now))
        return OK;
    if (c == NULL)
        return ctx_no_memory(ctx);
    c->ctx = ctx;
    c->r = r;
    c->before = arena_array(ctx->arena, UNNAMED_MAX, sizeof *c->before);
    c->now = arena_array(ctx->arena, UNNAMED_MAX, sizeof *c->now);
    if (c->before == NULL || c->now == NULL)
        return ctx_no_memory(ctx);
    enum err err = collect_packages(c);
    return err == OK ? trim_log(c) : err;
}
