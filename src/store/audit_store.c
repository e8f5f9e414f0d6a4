/*
 * audit_store.c - appending, listing and verifying the chain.
 *
 * The hash of a line is SHA-256 over the hash before it and every column, each with its length, so
 * that no two different lines have the same bytes. The head is read inside the write transaction:
 * other processes write to the chain too. Lists go by (at, seq), newest first; each filter leads
 * with the index made for it and the rest of the filter is checked on the rows found.
 */
#include "store/audit_store.h"

#include <stdio.h>
#include <string.h>

#include "store/db.h"
#include "store/statements.h"

#define COLUMNS                                                                                    \
    "seq,at,actor_id,actor_name,actor_via,address,request_id,action,org_id,subject,detail"

/* The time of the line to go on behind: it bounds the search of the index, so that a deep page costs
 * what the first one does. */
#define BEFORE "(SELECT a.at FROM audit a WHERE a.seq = ?9)"
/* ?1..?5 action, area, actor, org, subject; ?6 ?7 since, until; ?8 people; ?9 before; ?10 limit */
#define REST                                                                                       \
    " AND (?1 IS NULL OR action = ?1) AND (?2 IS NULL OR substr(action, 1, length(?2)) = ?2)"      \
    " AND (?3 IS NULL OR actor_id = ?3) AND (?4 IS NULL OR org_id = ?4)"                           \
    " AND (?5 IS NULL OR subject = ?5) AND (?8 = 0 OR actor_via <> 'system')"                      \
    " AND at >= ?6 AND at < min(?7, ifnull(" BEFORE " + 1, ?7))"                                   \
    " AND (at, seq) < (ifnull(" BEFORE ", ?7), ?9)"                                                \
    " ORDER BY at DESC, seq DESC LIMIT ?10"
#define LIST(index, lead)                                                                          \
    {                                                                                              \
        "SELECT " COLUMNS ",hash FROM audit INDEXED BY " index " WHERE " lead REST, NULL           \
    }

enum { BY_SUBJECT, BY_ACTOR, BY_ACTION, BY_ORG, BY_AREA, BY_PEOPLE, BY_TIME, HEAD, APPEND, WALK };

static const struct sql sql[] = {
    [BY_SUBJECT] = LIST("audit_subject", "subject = ?5"),
    [BY_ACTOR] = LIST("audit_actor", "actor_id = ?3"),
    [BY_ACTION] = LIST("audit_action", "action = ?1"),
    [BY_ORG] = LIST("audit_org", "org_id = ?4"),
    [BY_AREA] = LIST("audit_area", "area = substr(?2, 1, instr(?2, '.'))"),
    [BY_PEOPLE] = LIST("audit_people", "actor_via <> 'system'"),
    [BY_TIME] = LIST("audit_at", "1"),
    [HEAD] = {"SELECT seq, hash FROM audit WHERE seq = (SELECT max(seq) FROM audit)", NULL},
    [APPEND] = {"INSERT INTO audit (" COLUMNS ",prev,hash)"
                " VALUES (?1,?2,?3,?4,?5,?6,?7,?8,?9,?10,?11,?12,?13)",
                NULL},
    [WALK] = {"SELECT " COLUMNS ",prev,hash FROM audit WHERE seq > ?1 ORDER BY seq LIMIT ?2", NULL},
};

const struct sql_list audit_store_sql = {"audit_store.c", sql, sizeof sql / sizeof *sql};

/* ---- the hash of a line ---- */

enum { TEXTS = 9, HASHED_FIXED = 80, HASHED_TEXT_HEAD = 9 };

struct line {
    int64_t seq, at;
    struct slice text[TEXTS]; /* actor_id to detail, in the order of COLUMNS */
};

static void add_number(struct crypto_hash *h, uint64_t v)
{
    unsigned char bytes[8];
    for (int i = 0; i < 8; i++)
        bytes[i] = (unsigned char)(v >> (56 - 8 * i));
    crypto_hash_add(h, bytes, sizeof bytes);
}

/* False when there is no memory. */
static bool hash_line(const struct line *line, const unsigned char prev[SHA256_BYTES],
                      unsigned char out[SHA256_BYTES])
{
    static const char kind[] = "larder.audit.1";
    struct crypto_hash *h = crypto_hash_new();
    if (h == NULL)
        return false;
    crypto_hash_add(h, kind, sizeof kind);
    crypto_hash_add(h, prev, SHA256_BYTES);
    add_number(h, (uint64_t)line->seq);
    add_number(h, (uint64_t)line->at);
    for (size_t i = 0; i < TEXTS; i++) { /* nothing is told from an empty text */
        bool there = line->text[i].p != NULL;
        add_number(h, there ? line->text[i].n : UINT64_MAX);
        if (there)
            crypto_hash_add(h, line->text[i].p, line->text[i].n);
    }
    crypto_hash_end(h, out);
    return true;
}

/* ---- appending ---- */

static enum err head(struct ctx *ctx, struct conn *conn, int64_t *seq,
                     unsigned char hash[SHA256_BYTES])
{
    bool row;
    struct stmt *s = db_stmt(ctx, conn, &sql[HEAD]);
    *seq = 0;
    memset(hash, 0, SHA256_BYTES);
    enum err err = db_step(ctx, s, &row);
    if (err == OK && row) {
        struct slice stored = db_peek_slice(s, 1);
        *seq = db_int(s, 0);
        if (stored.n == SHA256_BYTES)
            memcpy(hash, stored.p, SHA256_BYTES);
        else
            err = ctx_fail_cause(ctx, ERR_CORRUPT, "the newest line of the audit has no hash");
    }
    db_done(s);
    return err;
}

enum err audit_append(struct ctx *ctx, struct conn *conn, const struct actor *actor,
                      const char *action, const char *org_id, const char *subject,
                      struct slice detail)
{
    unsigned char prev[SHA256_BYTES], hash[SHA256_BYTES];
    struct line line = {
        .at = ctx->now,
        .text = {slice_of(actor->user_id), slice_of(actor->username),
                 slice_of(actor->via ? actor->via : "none"),
                 slice_of(actor->address ? actor->address : ctx->remote), slice_of(ctx->request_id),
                 slice_of(action), slice_of(org_id), slice_of(subject), detail},
    };
    enum err err = head(ctx, conn, &line.seq, prev);
    if (err != OK)
        return err;
    line.seq++;
    if (!hash_line(&line, prev, hash))
        return ctx_no_memory(ctx);
    struct stmt *s = db_stmt(ctx, conn, &sql[APPEND]);
    db_bind_int(s, 1, line.seq);
    db_bind_int(s, 2, line.at);
    for (int i = 0; i < TEXTS; i++)
        db_bind_slice(s, 3 + i, line.text[i]);
    db_bind_blob(s, 12, prev, sizeof prev);
    db_bind_blob(s, 13, hash, sizeof hash);
    return db_run(ctx, conn, s, NULL);
}

/* ---- listing ---- */

static bool is_prefix(const char *action)
{
    return action && slice_ends(slice_of(action), ".");
}

/* The filter that leaves fewest rows leads. */
static int leading(const struct audit_filter *f)
{
    if (f->subject)
        return BY_SUBJECT;
    if (f->actor_id)
        return BY_ACTOR;
    if (f->action && !is_prefix(f->action))
        return BY_ACTION;
    if (f->org_id)
        return BY_ORG;
    if (f->action)
        return BY_AREA;
    return f->people_only ? BY_PEOPLE : BY_TIME;
}

static void bind_filter(struct stmt *s, const struct audit_filter *f)
{
    bool prefix = is_prefix(f->action);
    db_bind_text(s, 1, prefix ? NULL : f->action);
    db_bind_text(s, 2, prefix ? f->action : NULL);
    db_bind_text(s, 3, f->actor_id);
    db_bind_text(s, 4, f->org_id);
    db_bind_text(s, 5, f->subject);
    db_bind_int(s, 6, f->since);
    db_bind_int(s, 7, f->until ? f->until : INT64_MAX);
    db_bind_int(s, 8, f->people_only);
    db_bind_int(s, 9, f->before_seq ? f->before_seq : INT64_MAX);
    db_bind_int(s, 10, f->limit);
}

static void read_event(struct ctx *ctx, struct stmt *s, void *row)
{
    struct audit_event *e = row;
    struct slice hash = db_peek_slice(s, 11);
    char *hex = arena_alloc(ctx->arena, SHA256_HEX);
    e->seq = db_int(s, 0);
    e->at = db_int(s, 1);
    e->actor_id = db_text(ctx, s, 2);
    e->actor_name = db_text(ctx, s, 3);
    e->actor_via = db_text(ctx, s, 4);
    e->address = db_text(ctx, s, 5);
    e->request_id = db_text(ctx, s, 6);
    e->action = db_text(ctx, s, 7);
    e->org_id = db_text(ctx, s, 8);
    e->subject = db_text(ctx, s, 9);
    e->detail = db_text(ctx, s, 10);
    if (hex == NULL)
        (void)ctx_no_memory(ctx); /* the caller looks at the fault */
    else if (hash.n == SHA256_BYTES)
        crypto_hex((const unsigned char *)hash.p, hash.n, hex);
    e->hash = hex;
}

enum err audit_list(struct ctx *ctx, struct conn *conn, const struct audit_filter *filter,
                    struct audit_event **out, size_t *count)
{
    *count = 0;
    *out = NULL;
    if (filter->limit <= 0)
        return OK;
    struct stmt *s = db_stmt(ctx, conn, &sql[leading(filter)]);
    bind_filter(s, filter);
    *out = db_list(ctx, s, sizeof **out, filter->limit, read_event, count);
    return *out ? OK : ctx->fault.err;
}

/* ---- verifying ---- */

static void broken(struct audit_walk *walk, int64_t seq, const char *why)
{
    walk->broken_at = seq;
    walk->done = true;
    str_set(walk->why, sizeof walk->why, slice_of(why));
}

/* False when there is no memory. */
static bool check_line(struct stmt *s, struct audit_walk *walk)
{
    unsigned char hash[SHA256_BYTES];
    struct line line = {.seq = db_int(s, 0), .at = db_int(s, 1)};
    for (int i = 0; i < TEXTS; i++)
        line.text[i] = db_peek_slice(s, 2 + i);
    struct slice prev = db_peek_slice(s, 11), stored = db_peek_slice(s, 12);
    if (line.seq != walk->seq + 1) {
        broken(walk, walk->seq + 1, "the line is missing");
        return true;
    }
    if (prev.n != SHA256_BYTES || memcmp(prev.p, walk->hash, SHA256_BYTES) != 0) {
        broken(walk, line.seq, "it does not follow the line before it");
        return true;
    }
    if (!hash_line(&line, walk->hash, hash))
        return false;
    if (stored.n != SHA256_BYTES || memcmp(stored.p, hash, SHA256_BYTES) != 0) {
        broken(walk, line.seq, "its content does not match its hash");
        return true;
    }
    walk->seq = line.seq;
    memcpy(walk->hash, hash, sizeof hash);
    return true;
}

enum err audit_verify(struct ctx *ctx, struct conn *conn, struct audit_walk *walk, int64_t lines)
{
    struct stmt *s = db_stmt(ctx, conn, &sql[WALK]);
    db_bind_int(s, 1, walk->seq);
    db_bind_int(s, 2, lines);
    bool row = false;
    enum err err;
    int64_t seen = 0;
    while ((err = db_step(ctx, s, &row)) == OK && row && !walk->done) {
        seen++;
        if (!check_line(s, walk)) {
            err = ctx_no_memory(ctx);
            break;
        }
    }
    db_done(s);
    walk->done |= err == OK && seen < lines;
    return err;
}
