/*
 * sessions.c - the rules about sign-ins.
 *
 * An exchange that shows a token for the second time must end the family and be refused: both, so
 * the transaction is one that succeeds, and the refusal is made after it.
 */
#include "domain/sessions.h"

#include <string.h>

#include "base/crypto.h"
#include "domain/access.h"
#include "domain/record.h"
#include "store/session_store.h"
#include "store/user_store.h"

enum { USER_AGENT_MAX = 200, CLIENT_ID_MAX = 100 };

static enum err refuse(struct ctx *ctx)
{
    return ctx_fail(ctx, ERR_UNKNOWN_CALLER, "The refresh token is not valid");
}

static void hash_token(struct slice token, unsigned char out[SHA256_BYTES])
{
    crypto_sha256(token, out);
}

/* What a client says of itself may be anything: kept is the beginning, where it is text. */
static const char *cut(struct ctx *ctx, struct slice text, size_t max)
{
    struct slice part = slice_sub(text, 0, max);
    for (int i = 0; i < 3 && part.n < text.n && !slice_is_utf8(part); i++)
        part.n--; /* the cut fell into a letter */
    return part.n > 0 && slice_is_utf8(part) ? slice_dup(ctx->arena, part) : NULL;
}

/* ------------------------------------------------------------------ opening */

struct opening {
    const struct actor *actor;
    const struct domain *domain;
    struct session_row row;
    unsigned char refresh_hash[SHA256_BYTES];
    struct session_opened *out;
    /* of an exchange */
    unsigned char old_hash[SHA256_BYTES];
    bool refused;
};

/* A new row in memory: id, times, and a refresh token in out. */
static enum err prepare(struct ctx *ctx, struct opening *o, struct slice client_id,
                        struct slice user_agent)
{
    unsigned char secret[REFRESH_TOKEN_BYTES];
    char *id = arena_alloc(ctx->arena, ID_TEXT);
    struct buf text;
    buf_init(&text, ctx->arena, REFRESH_TOKEN_TEXT);
    crypto_random(secret, sizeof secret);
    crypto_base64url(&text, secret, sizeof secret);
    crypto_wipe(secret, sizeof secret);
    if (id == NULL || buf_failed(&text))
        return ctx_no_memory(ctx);
    crypto_uuid7(ctx->now, id);
    memset(o->out->refresh_token, 0, sizeof o->out->refresh_token);
    memcpy(o->out->refresh_token, text.p, text.n);
    hash_token(buf_view(&text), o->refresh_hash);
    o->row.family = id;
    o->row.session = (struct session){
        .id = id,
        .client_id = cut(ctx, client_id, CLIENT_ID_MAX),
        .user_agent = cut(ctx, user_agent, USER_AGENT_MAX),
        .address = slice_dup(ctx->arena, slice_of(ctx->remote)),
        .created_at = ctx->now,
        .expires_at = ctx->now + o->domain->limits.access_ttl_ms,
        .refresh_expires_at = ctx->now + o->domain->limits.refresh_ttl_ms,
    };
    return OK;
}

static enum err record_session(struct ctx *ctx, struct conn *conn, const struct actor *actor,
                               const char *action, const struct session *s, int64_t ended)
{
    struct record r;
    record_start(ctx, &r);
    jw_put_str(&r.json, "session", s->id);
    if (s->client_id)
        jw_put_str(&r.json, "client_id", s->client_id);
    if (ended >= 0)
        jw_put_int(&r.json, "sessions_ended", ended);
    return record_append(ctx, conn, &r, actor, action, NULL, s->user_id);
}

/* The user is read again: it may have been removed since its password was checked. */
static enum err get_user(struct ctx *ctx, struct conn *conn, const char *id, struct user *out)
{
    bool found;
    enum err err = user_store_find(ctx, conn, id, out, &found);
    if (err == OK && (!found || out->is_deleted))
        return ctx_fail(ctx, ERR_UNKNOWN_CALLER, "This user does not exist any more");
    return err;
}

static enum err insert_session(struct ctx *ctx, struct conn *conn, void *arg)
{
    struct opening *o = arg;
    enum err err = get_user(ctx, conn, o->row.session.user_id, &o->out->user);
    if (err == OK)
        err = session_store_insert(ctx, conn, &o->row, o->refresh_hash);
    if (err == OK)
        err = record_session(ctx, conn, o->actor, "auth.login", &o->row.session, -1);
    return err;
}

enum err sessions_open(struct ctx *ctx, struct domain *d, const struct actor *actor,
                       const struct session_new *what, struct session_opened *out)
{
    struct opening o = {.actor = actor, .domain = d, .out = out};
    enum err err = prepare(ctx, &o, what->client_id, what->user_agent);
    o.row.session.user_id = what->user_id;
    if (err == OK)
        err = store_write(ctx, d->store, insert_session, &o);
    out->session = o.row.session;
    return err;
}

/* ------------------------------------------------------------------ exchanging */

/* Seen before: somebody else has a copy. Whoever holds a token of this family signs in again. */
static enum err end_family(struct ctx *ctx, struct conn *conn, const struct session_row *old,
                           const struct actor *actor)
{
    int64_t ended = 0;
    enum err err = session_store_revoke_family(ctx, conn, old->family, &ended);
    if (err == OK && ended > 0) /* once: a thief who goes on trying writes no rows */
        err = record_session(ctx, conn, actor, "auth.refresh_reuse", &old->session, ended);
    return err;
}

/* Good for an exchange: never used, not ended, not expired. */
static bool is_exchangeable(const struct ctx *ctx, const struct session_row *old)
{
    return old->refresh_used_at == 0 && old->revoked_at == 0 &&
           old->session.refresh_expires_at > ctx->now;
}

static enum err exchange(struct ctx *ctx, struct conn *conn, void *arg)
{
    struct opening *o = arg;
    struct session_row old;
    bool found;
    enum err err = session_store_find_refresh(ctx, conn, o->old_hash, &old, &found);
    o->refused = err == OK && !found;
    if (err != OK || o->refused)
        return err;
    err = user_store_find(ctx, conn, old.session.user_id, &o->out->user, &found);
    if (err != OK)
        return err;
    const struct actor actor = {.user_id = old.session.user_id,
                                .username = found ? o->out->user.username : NULL,
                                .session_id = old.session.id,
                                .address = ctx->remote,
                                .via = "session"};
    o->refused = !found || o->out->user.is_deleted || !is_exchangeable(ctx, &old);
    if (o->refused)
        return old.refresh_used_at ? end_family(ctx, conn, &old, &actor) : OK;
    o->row.family = old.family;
    o->row.session.user_id = old.session.user_id;
    err = session_store_exchange(ctx, conn, old.session.id);
    if (err == OK)
        err = session_store_insert(ctx, conn, &o->row, o->refresh_hash);
    return err == OK ? record_session(ctx, conn, &actor, "auth.refresh", &o->row.session, -1) : err;
}

enum err sessions_refresh(struct ctx *ctx, struct domain *d, struct slice refresh_token,
                          struct slice client_id, struct slice user_agent,
                          struct session_opened *out)
{
    struct opening o = {.domain = d, .out = out};
    if (refresh_token.n == 0 || refresh_token.n >= REFRESH_TOKEN_TEXT)
        return refuse(ctx);
    hash_token(refresh_token, o.old_hash);
    enum err err = prepare(ctx, &o, client_id, user_agent);
    if (err == OK)
        err = store_write(ctx, d->store, exchange, &o);
    out->session = o.row.session;
    return err == OK && o.refused ? refuse(ctx) : err;
}

/* ------------------------------------------------------------------ ending */

struct ending {
    const struct actor *actor;
    unsigned char refresh_hash[SHA256_BYTES];
    bool with_refresh;
    const char *session_id, *user_id, *except_id;
    int64_t ended;
};

static enum err close_session(struct ctx *ctx, struct conn *conn, void *arg)
{
    struct ending *e = arg;
    struct session_row other;
    bool found = false;
    int64_t more = 0;
    enum err err = OK;
    if (e->session_id)
        err = session_store_revoke(ctx, conn, e->session_id, &e->ended);
    if (err == OK && e->with_refresh)
        err = session_store_find_refresh(ctx, conn, e->refresh_hash, &other, &found);
    if (err == OK && found && strcmp(other.session.user_id, e->actor->user_id) == 0)
        err = session_store_revoke_family(ctx, conn, other.family, &more);
    e->ended += more;
    if (err != OK || e->ended == 0)
        return err;
    const struct session own = {.id = e->session_id, .user_id = e->actor->user_id};
    return record_session(ctx, conn, e->actor, "auth.logout", &own, e->ended);
}

enum err sessions_close(struct ctx *ctx, struct domain *d, const struct actor *actor,
                        struct slice refresh_token)
{
    struct ending e = {.actor = actor, .session_id = actor->session_id};
    e.with_refresh = refresh_token.n > 0 && refresh_token.n < REFRESH_TOKEN_TEXT;
    if (e.with_refresh)
        hash_token(refresh_token, e.refresh_hash);
    if (actor->user_id == NULL)
        return OK;
    return store_write(ctx, d->store, close_session, &e);
}

static enum err revoke_session(struct ctx *ctx, struct conn *conn, void *arg)
{
    struct ending *e = arg;
    struct session_row row;
    bool found;
    enum err err = session_store_find(ctx, conn, e->session_id, &row, &found);
    if (err == OK && (!found || e->actor->user_id == NULL ||
                      strcmp(row.session.user_id, e->actor->user_id) != 0))
        return ctx_fail(ctx, ERR_NOT_FOUND, "Session not found");
    if (err == OK)
        err = session_store_revoke(ctx, conn, e->session_id, &e->ended);
    if (err != OK || e->ended == 0)
        return err;
    return record_session(ctx, conn, e->actor, "auth.revoke", &row.session, e->ended);
}

enum err sessions_revoke(struct ctx *ctx, struct domain *d, const struct actor *actor,
                         const char *session_id)
{
    struct ending e = {.actor = actor, .session_id = session_id};
    return store_write(ctx, d->store, revoke_session, &e);
}

static enum err revoke_all(struct ctx *ctx, struct conn *conn, void *arg)
{
    struct ending *e = arg;
    struct user user;
    struct record r;
    bool found, own = e->actor->user_id && strcmp(e->actor->user_id, e->user_id) == 0;
    enum err err = user_store_find(ctx, conn, e->user_id, &user, &found);
    if (err == OK && !found)
        return ctx_fail(ctx, ERR_NOT_FOUND, "User not found");
    if (err == OK && !own)
        err = access_may_touch(ctx, conn, e->actor, &user);
    if (err == OK)
        err = session_store_revoke_user(ctx, conn, e->user_id, e->except_id, &e->ended);
    if (err != OK || e->ended == 0)
        return err;
    record_start(ctx, &r);
    jw_put_int(&r.json, "sessions_ended", e->ended);
    return record_append(ctx, conn, &r, e->actor, "auth.revoke_all", NULL, e->user_id);
}

enum err sessions_revoke_all(struct ctx *ctx, struct domain *d, const struct actor *actor,
                             const char *user_id, int64_t *ended)
{
    struct ending e = {.actor = actor, .user_id = user_id, .except_id = actor->session_id};
    enum err err = store_write(ctx, d->store, revoke_all, &e);
    *ended = e.ended;
    return err;
}

/* ------------------------------------------------------------------ reading */

struct listing {
    const char *user_id;
    struct session *list;
    size_t count;
};

static enum err list_sessions(struct ctx *ctx, struct conn *conn, void *arg)
{
    struct listing *l = arg;
    return session_store_list(ctx, conn, l->user_id, SESSIONS_LIST_MAX, &l->list, &l->count);
}

enum err sessions_list(struct ctx *ctx, struct domain *d, const char *user_id, struct session **out,
                       size_t *count)
{
    struct listing l = {user_id, NULL, 0};
    enum err err = store_read(ctx, d->store, list_sessions, &l);
    *out = l.list;
    *count = l.count;
    return err;
}

struct refusal {
    const struct actor *actor;
    const char *user_id;
    bool throttled;
};

static enum err note_refusal(struct ctx *ctx, struct conn *conn, void *arg)
{
    const struct refusal *f = arg;
    struct record r;
    record_start(ctx, &r);
    jw_put_bool(&r.json, "known_user", f->user_id != NULL);
    const char *action = f->throttled ? "auth.login_throttled" : "auth.login_refused";
    return record_append(ctx, conn, &r, f->actor, action, NULL, f->user_id);
}

enum err sessions_note_refusal(struct ctx *ctx, struct domain *d, const struct actor *actor,
                               const char *user_id, bool throttled)
{
    struct refusal f = {actor, user_id, throttled};
    return store_write(ctx, d->store, note_refusal, &f);
}
