/*
 * replica_snapshot.c - the whole truth at one position, so that nobody has to read the log from its
 * beginning.
 *
 * A snapshot is written under its number once, by whoever comes first; all nodes would write the
 * same lines. A node that loads one checks that what it has read hashes to what the head says, and
 * takes it in one transaction. It brings what the log said and nothing that still waits here.
 */
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/log.h"
#include "domain/arrival.h"
#include "domain/catalog.h"
#include "domain/replica_node.h"
#include "package/zip_gzip.h"
#include "store/audit_store.h"
#include "store/plugin_store.h"

enum { WALK = 500, LINE_MAX_BYTES = 5 << 20, LINE_MEMORY = 64 << 20 };
static const int64_t unpacked_max = 4LL << 30, packed_max = 1LL << 30;

/* ------------------------------------------------------------------ writing */

struct writing {
    struct ctx *ctx;
    struct conn *conn;
    struct gzip_writer *gz;
    char after[1200]; /* entity the next page begins behind */
    int seen;
    int64_t count;
    bool unfit; /* a row is ahead of the log: another time */
    struct snapshot_head head;
};

static enum err put_line(struct writing *w, const struct truth_line *line)
{
    struct buf b;
    struct jw j;
    buf_init(&b, w->ctx->arena, LINE_MAX_BYTES);
    jw_start(&j, &b);
    truth_line_write(&j, line);
    return jw_done(&j) ? gzip_line(w->ctx, w->gz, buf_view(&b)) : ctx_no_memory(w->ctx);
}

/* The place of a version, from its name. */
static enum err find_row(struct writing *w, const char *entity, struct plugin *row, bool *found)
{
    struct slice rest = slice_of(entity), part[4];
    size_t n = 0;
    while (n < 4 && slice_split(&rest, '/', &part[n]))
        n++;
    unsigned char *key = arena_alloc(w->ctx->arena, n == 4 ? part[3].n / 2 + 1 : 1);
    if (key == NULL)
        return ctx_no_memory(w->ctx);
    if (n != 4 || !crypto_unhex(part[3], key, part[3].n / 2))
        return ctx_fail_cause(w->ctx, ERR_CORRUPT, "%s is no version", entity);
    const char *org = slice_is(part[1], "system") ? NULL : slice_dup(w->ctx->arena, part[1]);
    const char *pid = slice_dup(w->ctx->arena, part[2]);
    if (pid == NULL)
        return ctx_no_memory(w->ctx);
    return plugin_store_find_version(w->ctx, w->conn, org, pid,
                                     (struct slice){(const char *)key, part[3].n / 2}, row, found);
}

static enum err write_entity(struct writing *w, const char *entity)
{
    struct truth t;
    bool found = false;
    struct truth_line line = {.entity = entity};
    enum err err = truth_get(w->ctx, w->conn, entity, &t);
    if (err != OK)
        return err;
    line.rev = t.row.rev;
    line.op_id = t.row.op_id;
    line.seq = t.row.seq;
    line.claim = t.row.claim;
    line.state = t.row.state;
    if (truth_is_version(entity) && t.lives) {
        err = find_row(w, entity, &line.change.plugin, &found);
        /* the package's words are those of other bytes while a replacement waits */
        w->unfit |= err == OK && (!found || strcmp(line.change.plugin.sha256, t.sha256) != 0);
        line.has_change = true;
        line.change.kind = OUTBOX_CREATE;
        line.change.at = found ? line.change.plugin.created_at : 0;
        line.change.by = found ? line.change.plugin.created_by : NULL;
        line.change.plugin.id = t.id;
    }
    w->count++;
    return err == OK && !w->unfit ? put_line(w, &line) : err;
}

struct page {
    struct ctx *ctx;
    const char *names[WALK];
    size_t n;
};

static enum err note_name(void *arg, const struct entity_rev *e)
{
    struct page *p = arg;
    p->names[p->n] = slice_dup(p->ctx->arena, slice_of(e->entity));
    return p->names[p->n++] ? OK : ctx_no_memory(p->ctx);
}

static enum err count_one(void *arg, const struct entity_rev *e)
{
    struct writing *w = arg;
    str_set(w->after, sizeof w->after, slice_of(e->entity));
    w->count++;
    w->seen++;
    return OK;
}

/* The head stands first, so all are counted before. */
static enum err write_head(struct writing *w)
{
    struct repl_state state;
    struct buf b;
    struct jw j;
    enum err err = repl_state_get(w->ctx, w->conn, &state);
    w->after[0] = '\0';
    do {
        w->seen = 0;
        if (err == OK)
            err = entity_rev_walk(w->ctx, w->conn, w->after, WALK, count_one, w);
    } while (err == OK && w->seen == WALK);
    if (err != OK)
        return err;
    w->head = (struct snapshot_head){state.bucket_id, state.applied_seq, w->count,
                                     state.state_hash};
    buf_init(&b, w->ctx->arena, REPLICA_NOTE_MAX);
    jw_start(&j, &b);
    snapshot_head_write(&j, &w->head);
    return jw_done(&j) ? gzip_line(w->ctx, w->gz, buf_view(&b)) : ctx_no_memory(w->ctx);
}

static enum err write_page(struct writing *w, size_t *n)
{
    struct page *page = arena_alloc(w->ctx->arena, sizeof *page);
    if (page == NULL)
        return ctx_no_memory(w->ctx);
    page->ctx = w->ctx;
    enum err err = entity_rev_walk(w->ctx, w->conn, w->after, WALK, note_name, page);
    for (size_t i = 0; err == OK && i < page->n && !w->unfit; i++)
        err = write_entity(w, page->names[i]);
    if (err == OK && page->n > 0)
        str_set(w->after, sizeof w->after, slice_of(page->names[page->n - 1]));
    *n = page->n;
    return err;
}

/* In one read transaction: it sees one moment. */
static enum err write_lines(struct ctx *ctx, struct conn *conn, void *arg)
{
    struct writing *w = arg;
    struct arena *callers = ctx->arena, scratch;
    size_t n = WALK;
    w->ctx = ctx;
    w->conn = conn;
    enum err err = write_head(w);
    w->after[0] = '\0';
    arena_init(&scratch, REPLICA_ARENA);
    ctx->arena = &scratch;
    while (err == OK && n == WALK && !w->unfit) {
        arena_reset(&scratch);
        err = write_page(w, &n);
    }
    ctx->arena = callers;
    arena_free(&scratch);
    return err;
}

static enum err save_snapshot(struct ctx *ctx, struct conn *conn, void *arg)
{
    return repl_state_snapshot(ctx, conn, *(const int64_t *)arg);
}

static enum err note_snapshot(struct ctx *ctx, struct replica *r, int64_t seq)
{
    enum err err = store_write(ctx, r->d->store, save_snapshot, &seq);
    pthread_mutex_lock(&r->lock);
    r->view.snap_seq = seq;
    pthread_mutex_unlock(&r->lock);
    return err;
}

static enum err send(struct ctx *ctx, struct replica *r, struct writing *w, int fd)
{
    struct s3_answer a;
    char sha256[SHA256_HEX];
    int64_t size = 0;
    enum err err = gzip_end(ctx, w->gz, &size, sha256);
    const char *key = replica_snapshot_key(ctx->arena, w->head.seq);
    if (err != OK || key == NULL)
        return err != OK ? err : ctx_no_memory(ctx);
    atomic_fetch_add(&r->requests, 1);
    err = s3_put_file(ctx, r->s3, key, fd, size, sha256, r->loop.atomic, &a);
    if (err != OK)
        return err;
    if (a.end != S3_OK && a.end != S3_EXISTS)
        return replica_trouble(ctx, r, &a);
    log_line(r->log, LOG_INFO, NULL, "replication.snapshot", "key", key, NULL);
    return note_snapshot(ctx, r, w->head.seq);
}

enum err replica_snapshot_write(struct ctx *ctx, struct replica *r)
{
    struct writing w = {0};
    int fd = memfd_create("snapshot", MFD_CLOEXEC);
    if (fd < 0)
        return ctx_fail_cause(ctx, ERR_IO, "no memory file for a snapshot");
    enum err err = gzip_open(ctx, fd, &w.gz);
    if (err == OK)
        err = store_read(ctx, r->d->store, write_lines, &w);
    if (err == OK && !w.unfit)
        err = send(ctx, r, &w, fd);
    gzip_close(w.gz);
    (void)close(fd);
    return err;
}

/* ------------------------------------------------------------------ finding */

static enum err newest(void *arg, const struct s3_object *object)
{
    int64_t *seq = arg, n = replica_number_of(slice_of(object->key), REPLICA_SNAPSHOTS, ".json.gz");
    if (n > *seq)
        *seq = n;
    return OK;
}

enum err replica_snapshot_newest(struct ctx *ctx, struct replica *r, int64_t *seq)
{
    struct s3_answer a;
    bool more;
    *seq = 0;
    atomic_fetch_add(&r->requests, 1);
    enum err err = s3_list(ctx, r->s3, REPLICA_SNAPSHOTS, NULL, 0, newest, seq, &more, &a);
    if (err == OK && a.end != S3_OK)
        err = replica_trouble(ctx, r, &a);
    if (err == OK && *seq > r->view.snap_seq)
        err = note_snapshot(ctx, r, *seq);
    return err;
}

/* ------------------------------------------------------------------ loading */

struct loading {
    struct ctx *ctx;
    struct conn *conn;
    struct replica *r;
    int fd;
    int64_t seq, count;
    bool begun;
    char *want_hash, *bucket_id;
    int64_t want;
    struct applying a;
};

static enum err take_head(struct loading *l, struct slice line)
{
    struct snapshot_head head = {0};
    enum err err = snapshot_head_read(l->ctx, line, &head);
    if (err != OK)
        return err;
    if (head.seq != l->seq || strcmp(head.bucket_id, l->bucket_id) != 0)
        return ctx_fail_cause(l->ctx, ERR_CORRUPT, "the snapshot is of another bucket or position");
    l->want = head.count;
    l->want_hash = slice_dup(l->ctx->arena, slice_of(head.state_hash));
    l->begun = true;
    return l->want_hash ? OK : ctx_no_memory(l->ctx);
}

static enum err take_line(void *arg, struct slice text)
{
    struct loading *l = arg;
    struct truth_line line;
    if (!l->begun)
        return take_head(l, text);
    struct arena *callers = l->ctx->arena, scratch;
    l->count++;
    arena_init(&scratch, LINE_MEMORY); /* of one line: a catalog may have a million */
    l->ctx->arena = &scratch;
    enum err err = truth_line_read(l->ctx, text, &line);
    if (err == OK)
        err = replica_load(l->ctx, l->conn, &l->a, &line);
    l->ctx->arena = callers;
    arena_free(&scratch);
    return err;
}

static enum err write_record(struct loading *l)
{
    static const struct actor replica = {.username = "replication", .via = "system"};
    const char *detail = str_printf(l->ctx->arena, "{\"seq\":%lld,\"entities\":%lld}",
                                    (long long)l->seq, (long long)l->count);
    return detail ? audit_append(l->ctx, l->conn, &replica, "replica.snapshot", NULL, NULL,
                                 slice_of(detail))
                  : ctx_no_memory(l->ctx);
}

static enum err load(struct ctx *ctx, struct conn *conn, void *arg)
{
    struct loading *l = arg;
    struct repl_state state;
    l->ctx = ctx;
    l->conn = conn;
    enum err err = repl_state_get(ctx, conn, &state);
    if (err == OK && state.bucket_id == NULL)
        return ctx_fail_cause(ctx, ERR_INTERNAL, "a snapshot before its bucket");
    if (err == OK)
        err = repl_forget(ctx, conn);
    if (err == OK && (l->bucket_id = slice_dup(ctx->arena, slice_of(state.bucket_id))) == NULL)
        err = ctx_no_memory(ctx);
    l->a.home = ctx->arena;
    if (err == OK) {
        err = repl_state_get(ctx, conn, &state);
        memcpy(l->a.state_hash, state.state_hash, SHA256_HEX);
    }
    if (err == OK)
        err = gzip_each(ctx, l->fd, unpacked_max, LINE_MAX_BYTES, take_line, l);
    if (err == OK && (l->count != l->want || strcmp(l->a.state_hash, l->want_hash) != 0))
        err = ctx_fail_cause(ctx, ERR_CORRUPT, "the snapshot is not what its head says");
    if (err == OK)
        err = repl_state_position(ctx, conn, l->seq, l->a.state_hash);
    if (err == OK)
        err = repl_state_snapshot(ctx, conn, l->seq);
    l->a.applied_seq = l->seq;
    return err == OK ? write_record(l) : err;
}

static void note_loaded(struct replica *r, const struct loading *l)
{
    pthread_mutex_lock(&r->lock);
    r->view.applied_seq = r->view.snap_seq = l->seq;
    if (r->view.head_seq < l->seq)
        r->view.head_seq = l->seq;
    memcpy(r->view.state_hash, l->a.state_hash, SHA256_HEX);
    r->fetch.look = true;
    pthread_cond_broadcast(&r->work);
    pthread_mutex_unlock(&r->lock);
}

static enum err load_file(struct ctx *ctx, struct replica *r, int fd, int64_t seq)
{
    struct arena *callers = ctx->arena, scratch;
    struct loading l = {.r = r, .fd = fd, .seq = seq, .a = {.d = r->d}};
    arena_init(&scratch, (size_t)unpacked_max);
    ctx->arena = &scratch;
    atomic_fetch_add(&r->turn, 1);
    enum err err = store_write(ctx, r->d->store, load, &l);
    if (err == OK)
        err = replica_settle(ctx, r->d, &l.a);
    if (err == OK)
        note_loaded(r, &l);
    atomic_fetch_add(&r->turn, 1);
    char why[400];
    str_set(why, sizeof why, slice_of(ctx->fault.cause[0] ? ctx->fault.cause : ctx_sentence(ctx)));
    ctx->arena = callers;
    arena_free(&scratch);
    if (err == ERR_CORRUPT || err == ERR_INVALID || err == ERR_UNPROCESSABLE ||
        err == ERR_TOO_LARGE) {
        ctx_forgive(ctx);
        return replica_trouble_as(ctx, r, REPLICA_STUCK, "Snapshot %lld cannot be taken: %s",
                                  (long long)seq, why);
    }
    return err;
}

enum err replica_snapshot_load(struct ctx *ctx, struct replica *r, int64_t seq)
{
    struct s3_answer a;
    const char *key = replica_snapshot_key(ctx->arena, seq);
    int fd = key ? memfd_create("snapshot", MFD_CLOEXEC) : -1;
    if (fd < 0)
        return key ? ctx_fail_cause(ctx, ERR_IO, "no memory file for a snapshot")
                   : ctx_no_memory(ctx);
    atomic_fetch_add(&r->requests, 1);
    enum err err = s3_head(ctx, r->s3, key, &a);
    if (err == OK && a.end == S3_OK && a.size > packed_max)
        err = replica_trouble_as(ctx, r, REPLICA_STUCK, "Snapshot %lld is too large",
                                 (long long)seq);
    if (err == OK && a.end == S3_OK)
        err = s3_get_file(ctx, r->s3, key, fd, -1, NULL, &a);
    if (err == OK && a.end != S3_OK)
        err = replica_trouble(ctx, r, &a);
    if (err == OK)
        err = load_file(ctx, r, fd, seq);
    (void)close(fd);
    return err;
}
