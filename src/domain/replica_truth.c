/*
 * replica_truth.c - reading and writing entity_rev.
 */
#include "domain/replica_truth.h"

#include <string.h>

enum { STATE_MAX = 8192, ROW_MAX = 16384 };

bool truth_is_version(const char *entity)
{
    return entity[0] == 'v';
}

/* ------------------------------------------------------------------ state as JSON */

static const char *text_of(struct ctx *ctx, const struct jr *o, const char *key)
{
    struct slice s = jr_str(jr_member(o, key));
    return s.p ? slice_dup(ctx->arena, s) : NULL;
}

static enum err read_state(struct ctx *ctx, struct truth *t)
{
    const struct jr *o;
    enum err err = jr_parse_object(ctx, t->row.state, &o);
    if (err != OK)
        return err;
    t->id = text_of(ctx, o, "id");
    t->sha256 = text_of(ctx, o, "sha256");
    t->tag = text_of(ctx, o, "tag");
    t->created = text_of(ctx, o, "created");
    t->size = jr_int(jr_member(o, "size"));
    t->generation = (int)jr_int(jr_member(o, "generation"));
    t->enabled = jr_bool(jr_member(o, "enabled"));
    t->quarantined = jr_bool(jr_member(o, "quarantined"));
    t->removed = jr_bool(jr_member(o, "removed"));
    t->name = text_of(ctx, o, "name");
    t->domain = text_of(ctx, o, "domain");
    t->status = text_of(ctx, o, "status");
    t->is_deleted = jr_bool(jr_member(o, "is_deleted"));
    t->lives = !t->removed;
    bool whole = truth_is_version(t->row.entity) ? t->id && t->sha256 && t->created
                                                 : t->name && t->status;
    return whole ? OK
                 : ctx_fail_cause(ctx, ERR_CORRUPT, "the state of %s is not whole", t->row.entity);
}

static enum err write_state(struct ctx *ctx, struct truth *t)
{
    struct buf b;
    struct jw j;
    buf_init(&b, ctx->arena, STATE_MAX);
    jw_start(&j, &b);
    jw_object(&j);
    if (truth_is_version(t->row.entity)) {
        jw_put_str(&j, "id", t->id);
        jw_put_str(&j, "sha256", t->sha256);
        jw_put_int(&j, "size", t->size);
        jw_put_int(&j, "generation", t->generation);
        jw_put_bool(&j, "enabled", t->enabled);
        jw_put_bool(&j, "quarantined", t->quarantined);
        jw_put_str(&j, "tag", t->tag);
        jw_put_str(&j, "created", t->created);
        jw_put_bool(&j, "removed", t->removed);
    } else {
        jw_put_str(&j, "name", t->name);
        jw_put_str(&j, "domain", t->domain);
        jw_put_str(&j, "status", t->status);
        jw_put_bool(&j, "is_deleted", t->is_deleted);
    }
    jw_end(&j);
    t->row.state = buf_view(&b);
    return jw_done(&j) ? OK : ctx_no_memory(ctx);
}

enum err truth_get(struct ctx *ctx, struct conn *conn, const char *entity, struct truth *out)
{
    bool found = false;
    *out = (struct truth){.row = {.entity = entity}};
    enum err err = entity_rev_get(ctx, conn, entity, &out->row, &found);
    return err == OK && found ? read_state(ctx, out) : err;
}

/* ------------------------------------------------------------------ the hash over all */

/* Takes a row out of the hash, or puts it in: the same step. */
static enum err fold(struct ctx *ctx, const struct entity_rev *row, char state_hash[SHA256_HEX])
{
    struct buf b;
    unsigned char sum[SHA256_BYTES], all[SHA256_BYTES];
    buf_init(&b, ctx->arena, ROW_MAX);
    buf_str(&b, row->entity);
    buf_printf(&b, "\n%lld\n%s\n%lld\n", (long long)row->rev, row->op_id, (long long)row->seq);
    buf_slice(&b, row->state);
    if (buf_failed(&b))
        return ctx_no_memory(ctx);
    if (!crypto_unhex((struct slice){state_hash, SHA256_HEX - 1}, all, sizeof all))
        return ctx_fail_cause(ctx, ERR_CORRUPT, "the hash over all entities is none");
    crypto_sha256(buf_view(&b), sum);
    for (size_t i = 0; i < sizeof all; i++)
        all[i] ^= sum[i];
    crypto_hex(all, sizeof all, state_hash);
    return OK;
}

enum err truth_put(struct ctx *ctx, struct conn *conn, struct truth *t, const char *op_id,
                   int64_t seq, char state_hash[SHA256_HEX])
{
    enum err err = t->row.rev > 0 ? fold(ctx, &t->row, state_hash) : OK;
    if (err == OK)
        err = write_state(ctx, t);
    if (err != OK)
        return err;
    t->row.rev++;
    t->row.op_id = op_id;
    t->row.seq = seq;
    t->lives = !t->removed;
    t->row.claim = t->domain && !t->is_deleted ? t->domain : NULL;
    err = fold(ctx, &t->row, state_hash);
    return err == OK ? entity_rev_put(ctx, conn, &t->row) : err;
}

enum err truth_load(struct ctx *ctx, struct conn *conn, const struct truth_line *line,
                    char state_hash[SHA256_HEX], struct truth *out)
{
    *out = (struct truth){
        .row = {line->entity, line->rev, line->op_id, line->seq, line->claim, line->state}};
    enum err err = read_state(ctx, out);
    if (err == OK)
        err = fold(ctx, &out->row, state_hash);
    return err == OK ? entity_rev_put(ctx, conn, &out->row) : err;
}
