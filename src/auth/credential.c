/*
 * credential.c - which credential a request shows, and whose it is: kept answers first, then one
 * read. What its owner may do with it is judged in guard.c.
 */
#include "auth/credential.h"

#include <string.h>

#include "auth/cookie.h"
#include "auth/known.h"
#include "domain/permissions.h"
#include "domain/stamps.h"

/* ------------------------------------------------------------------ which credential */

static size_t count_fields(const struct request *req, const char *name)
{
    size_t n = 0;
    for (size_t i = 0; i < req->headers; i++)
        n += slice_is_nocase(req->header[i].name, name);
    return n;
}

/* "Bearer <token>": the scheme in any case, then blanks. SLICE_NONE for another scheme. */
static struct slice bearer(struct slice value)
{
    struct slice v = slice_trim(value);
    size_t blank = slice_find(v, ' ');
    if (!slice_is_nocase(slice_sub(v, 0, blank), "bearer"))
        return SLICE_NONE;
    return slice_trim(slice_sub(v, blank, v.n));
}

/*
 * A header that is there decides, right or wrong: falling back to a cookie would answer as
 * somebody else than the caller thinks it is.
 */
struct credential credential_find(const struct request *req)
{
    size_t tokens = count_fields(req, "Authorization"), keys = count_fields(req, "X-API-KEY");
    struct slice cookie = cookie_get(req);
    if (tokens > 1 || keys > 1)
        return (struct credential){CREDENTIAL_NONE, SLICE_NONE};
    if (tokens)
        return (struct credential){CREDENTIAL_TOKEN, bearer(request_header(req, "Authorization"))};
    if (keys)
        return (struct credential){CREDENTIAL_KEY, slice_trim(request_header(req, "X-API-KEY"))};
    if (cookie.n > 0)
        return (struct credential){CREDENTIAL_COOKIE, cookie};
    return (struct credential){CREDENTIAL_NONE, SLICE_NONE};
}

/* ------------------------------------------------------------------ whose is it */

/* Sent as one kind it must not be found as the other, so the kind is hashed along. */
static bool hash_credential(struct ctx *ctx, const struct credential *c,
                            unsigned char out[SHA256_BYTES])
{
    struct buf b;
    buf_init(&b, ctx->arena, CREDENTIAL_MAX + 1);
    buf_char(&b, c->kind == CREDENTIAL_KEY ? 'k' : c->kind == CREDENTIAL_COOKIE ? 'c' : 't');
    buf_slice(&b, c->text);
    crypto_sha256(buf_view(&b), out);
    return !buf_failed(&b);
}

static void end_by(struct access *access, int64_t at)
{
    if (access->expires_at == 0 || access->expires_at > at)
        access->expires_at = at;
}

static enum err check_ours(struct ctx *ctx, struct auth *auth, const struct jwt_claims *claims,
                           const char *org_id, struct access *out)
{
    const char *jti = slice_dup(ctx->arena, claims->jti);
    if (jti == NULL)
        return ctx_no_memory(ctx);
    enum err err = access_of_session(ctx, auth->domain, jti, org_id, out);
    if (err == OK && out->valid && !slice_is(claims->sub, out->user_id))
        out->valid = false;
    end_by(out, claims->exp * 1000);
    return err;
}

static enum err check_token(struct ctx *ctx, struct auth *auth, const struct credential *c,
                            const char *org_id, struct access *out)
{
    const struct auth_options *o = &auth->options;
    const struct jwt_trust trust = {o->trusted_key, o->trusted_issuer, o->trusted_audience};
    const struct slice key = {(const char *)auth->domain->signing_key, SIGNING_KEY_BYTES};
    struct jwt_claims claims;
    if (jwt_check_ours(ctx, key, c->text, &claims))
        return check_ours(ctx, auth, &claims, org_id, out);
    if (ctx->fault.err != OK || c->kind != CREDENTIAL_TOKEN || o->trusted_key.n == 0 ||
        !jwt_check_trusted(ctx, &trust, c->text, &claims))
        return ctx->fault.err;
    enum err err = access_of_subject(ctx, auth->domain, claims.sub, org_id, out);
    end_by(out, claims.exp * 1000);
    return err;
}

static enum err check_key(struct ctx *ctx, struct auth *auth, struct slice text, const char *org_id,
                          struct access *out)
{
    unsigned char hash[SHA256_BYTES];
    if (!slice_starts(text, "cdk_"))
        return OK;
    crypto_sha256(text, hash);
    return access_of_key(ctx, auth->domain, hash, org_id, out);
}

static void note_use(struct auth *auth, const struct ctx *ctx, const struct access *a)
{
    if (a->session_id)
        stamps_note(auth->domain, STAMP_SESSION, a->session_id, ctx->now);
    if (a->key_id)
        stamps_note(auth->domain, STAMP_KEY, a->key_id, ctx->now);
}

enum err credential_identify(struct ctx *ctx, struct auth *auth, const struct credential *c,
                             const char *org_id, struct access *out)
{
    unsigned char hash[SHA256_BYTES];
    *out = (struct access){0};
    if (c->kind == CREDENTIAL_NONE || c->text.n == 0 || c->text.n > CREDENTIAL_MAX)
        return OK;
    if (!hash_credential(ctx, c, hash))
        return ctx_no_memory(ctx);
    /* the generation first: what is read after it is at least as new */
    uint64_t generation = store_rights_generation(auth->domain->store);
    if (known_find(auth->known, ctx, generation, hash, org_id, out)) {
        out->valid = out->expires_at == 0 || out->expires_at > ctx->now;
        return OK;
    }
    enum err err = c->kind == CREDENTIAL_KEY ? check_key(ctx, auth, c->text, org_id, out)
                                             : check_token(ctx, auth, c, org_id, out);
    if (err == OK && out->valid) {
        known_keep(auth->known, ctx, generation, hash, org_id, out);
        note_use(auth, ctx, out);
    }
    return err;
}

struct permission_set credential_may(const struct access *a)
{
    struct permission_set may = a->everywhere;
    permission_set_join(&may, &a->in_org);
    permission_set_cut(&may, &a->scopes);
    return may;
}
