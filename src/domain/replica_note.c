/*
 * replica_note.c - the small files of the bucket (whose it is, who is there, who may write) and the
 * lines of a snapshot.
 */
#include <string.h>

#include "domain/replica_record.h"
#include "store/outbox_store.h"

enum { ENTITY_MAX = 1024, HASH_TEXT = SHA256_HEX - 1, STATE_MAX = 8192 };

/* ------------------------------------------------------------------ shared */

struct note {
    struct buf buf;
    struct jw json;
};

static void begin(struct ctx *ctx, struct note *n)
{
    buf_init(&n->buf, ctx->arena, REPLICA_NOTE_MAX);
    jw_start(&n->json, &n->buf);
    jw_object(&n->json);
    jw_put_int(&n->json, "format", REPLICA_FORMAT);
}

static enum err finish(struct ctx *ctx, struct note *n, struct slice *out)
{
    jw_end(&n->json);
    *out = buf_view(&n->buf);
    return jw_done(&n->json) ? OK : ctx_no_memory(ctx);
}

static enum err open_note(struct ctx *ctx, struct slice text, const struct jr **o)
{
    int64_t format;
    enum err err = jr_parse_object(ctx, text, o);
    return err == OK ? jr_get_int(ctx, *o, "format", true, REPLICA_FORMAT, REPLICA_FORMAT, &format)
                     : err;
}

static enum err text_of(struct ctx *ctx, const struct jr *o, const char *key, bool want, size_t max,
                        const char **out)
{
    struct slice s = SLICE_NONE;
    enum err err = jr_get_str(ctx, o, key, want, max, &s);
    if (err != OK || s.p == NULL)
        return err;
    *out = slice_dup(ctx->arena, s);
    return *out ? OK : ctx_no_memory(ctx);
}

static enum err id_of(struct ctx *ctx, const struct jr *o, const char *key, const char **out)
{
    enum err err = text_of(ctx, o, key, true, ID_TEXT - 1, out);
    if (err == OK && !crypto_is_uuid(slice_of(*out)))
        return ctx_fail_field(ctx, ERR_INVALID, key, "'%s' is not an id", key);
    return err;
}

static enum err hash_of(struct ctx *ctx, const struct jr *o, const char **out)
{
    enum err err = text_of(ctx, o, "state_hash", true, HASH_TEXT, out);
    if (err == OK && (strlen(*out) != HASH_TEXT || strspn(*out, "0123456789abcdef") != HASH_TEXT))
        return ctx_fail_field(ctx, ERR_INVALID, "state_hash", "'state_hash' is not a hash");
    return err;
}

/* ------------------------------------------------------------------ meta/ */

enum err bucket_note_write(struct ctx *ctx, const struct bucket_note *n, struct slice *out)
{
    struct note note;
    begin(ctx, &note);
    jw_put_str(&note.json, "bucket_id", n->bucket_id);
    jw_put_int(&note.json, "created", n->created);
    return finish(ctx, &note, out);
}

enum err bucket_note_read(struct ctx *ctx, struct slice text, struct bucket_note *out)
{
    const struct jr *o;
    enum err err = open_note(ctx, text, &o);
    if (err == OK)
        err = id_of(ctx, o, "bucket_id", &out->bucket_id);
    return err == OK ? jr_get_int(ctx, o, "created", true, 0, INT64_MAX, &out->created) : err;
}

enum err node_note_write(struct ctx *ctx, const struct node_note *n, struct slice *out)
{
    struct note note;
    begin(ctx, &note);
    jw_put_str(&note.json, "node", n->node);
    jw_put_str(&note.json, "name", n->name);
    jw_put_str(&note.json, "version", n->version);
    jw_put_int(&note.json, "applied_seq", n->applied_seq);
    jw_put_str(&note.json, "state_hash", n->state_hash);
    jw_put_int(&note.json, "at", n->at);
    return finish(ctx, &note, out);
}

enum err node_note_read(struct ctx *ctx, struct slice text, struct node_note *out)
{
    const struct jr *o;
    enum err err = open_note(ctx, text, &o);
    if (err == OK)
        err = id_of(ctx, o, "node", &out->node);
    if (err == OK)
        err = text_of(ctx, o, "name", true, REPLICA_NAME_MAX, &out->name);
    if (err == OK)
        err = text_of(ctx, o, "version", true, 40, &out->version);
    if (err == OK)
        err = jr_get_int(ctx, o, "applied_seq", true, 0, INT64_MAX, &out->applied_seq);
    if (err == OK)
        err = hash_of(ctx, o, &out->state_hash);
    return err == OK ? jr_get_int(ctx, o, "at", true, 0, INT64_MAX, &out->at) : err;
}

enum err writer_note_write(struct ctx *ctx, const struct writer_note *n, struct slice *out)
{
    struct note note;
    begin(ctx, &note);
    jw_put_str(&note.json, "node", n->node);
    jw_put_str(&note.json, "name", n->name);
    jw_put_int(&note.json, "at", n->at);
    return finish(ctx, &note, out);
}

enum err writer_note_read(struct ctx *ctx, struct slice text, struct writer_note *out)
{
    const struct jr *o;
    enum err err = open_note(ctx, text, &o);
    if (err == OK)
        err = id_of(ctx, o, "node", &out->node);
    if (err == OK)
        err = text_of(ctx, o, "name", true, REPLICA_NAME_MAX, &out->name);
    return err == OK ? jr_get_int(ctx, o, "at", true, 0, INT64_MAX, &out->at) : err;
}

/* ------------------------------------------------------------------ snapshots */

void snapshot_head_write(struct jw *j, const struct snapshot_head *h)
{
    jw_object(j);
    jw_put_int(j, "format", REPLICA_FORMAT);
    jw_put_str(j, "bucket_id", h->bucket_id);
    jw_put_int(j, "seq", h->seq);
    jw_put_int(j, "count", h->count);
    jw_put_str(j, "state_hash", h->state_hash);
    jw_end(j);
}

enum err snapshot_head_read(struct ctx *ctx, struct slice text, struct snapshot_head *out)
{
    const struct jr *o;
    enum err err = open_note(ctx, text, &o);
    if (err == OK)
        err = id_of(ctx, o, "bucket_id", &out->bucket_id);
    if (err == OK)
        err = jr_get_int(ctx, o, "seq", true, 1, INT64_MAX, &out->seq);
    if (err == OK)
        err = jr_get_int(ctx, o, "count", true, 0, INT64_MAX, &out->count);
    return err == OK ? hash_of(ctx, o, &out->state_hash) : err;
}

void truth_line_write(struct jw *j, const struct truth_line *line)
{
    jw_object(j);
    jw_put_str(j, "entity", line->entity);
    jw_put_int(j, "rev", line->rev);
    jw_put_str(j, "op_id", line->op_id);
    jw_put_int(j, "seq", line->seq);
    jw_put_str(j, "claim", line->claim);
    jw_put_raw(j, "state", line->state);
    if (line->has_change) {
        jw_key(j, "change");
        change_write(j, &line->change, true);
    }
    jw_end(j);
}

static enum err read_state(struct ctx *ctx, const struct jr *o, struct slice *out)
{
    struct buf b;
    const struct jr *state = jr_member(o, "state");
    if (state == NULL || jr_kind(state) != JR_OBJECT)
        return ctx_fail_field(ctx, ERR_INVALID, "state", "'state' is missing");
    buf_init(&b, ctx->arena, STATE_MAX);
    jr_copy(state, &b);
    *out = buf_view(&b);
    return buf_failed(&b) ? ctx_fail_field(ctx, ERR_INVALID, "state", "'state' is too large") : OK;
}

enum err truth_line_read(struct ctx *ctx, struct slice text, struct truth_line *out)
{
    const struct jr *o;
    *out = (struct truth_line){0};
    enum err err = jr_parse_object(ctx, text, &o);
    if (err == OK)
        err = text_of(ctx, o, "entity", true, ENTITY_MAX, &out->entity);
    if (err == OK)
        err = jr_get_int(ctx, o, "rev", true, 1, INT64_MAX, &out->rev);
    if (err == OK)
        err = id_of(ctx, o, "op_id", &out->op_id);
    if (err == OK)
        err = jr_get_int(ctx, o, "seq", true, 1, INT64_MAX, &out->seq);
    if (err == OK)
        err = text_of(ctx, o, "claim", false, ENTITY_MAX, &out->claim);
    if (err == OK)
        err = read_state(ctx, o, &out->state);
    const struct jr *change = err == OK ? jr_member(o, "change") : NULL;
    if (change == NULL || jr_kind(change) != JR_OBJECT)
        return err;
    out->has_change = true;
    return change_read(ctx, OUTBOX_CREATE, change, true, &out->change);
}
