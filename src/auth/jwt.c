/*
 * jwt.c - see jwt.h. Base64url here is stricter than crypto_unbase64: no padding, no '+' or '/'.
 */
#include "auth/jwt.h"

#include <string.h>

#include "base/crypto.h"
#include "base/json_read.h"
#include "base/json_write.h"

enum { SIGNATURE_MAX = 1024, SUB_MAX = 256, JTI_MAX = 128 };

/* {"alg":"HS256","typ":"JWT"}: always the same, so it stands here as it is sent. */
static const char header_hs256[] = "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9";

static bool write_payload(struct buf *b, const struct jwt_claims *c)
{
    struct jw j;
    jw_start(&j, b);
    jw_object(&j);
    jw_put_text(&j, "sub", c->sub);
    jw_put_text(&j, "jti", c->jti);
    jw_put_int(&j, "iat", c->iat);
    jw_put_int(&j, "exp", c->exp);
    jw_end(&j);
    return jw_done(&j);
}

const char *jwt_sign(struct ctx *ctx, struct slice key, const struct jwt_claims *claims)
{
    unsigned char mac[SHA256_BYTES];
    struct buf payload, token;
    buf_init(&payload, ctx->arena, JWT_MAX);
    buf_init(&token, ctx->arena, JWT_MAX);
    if (!write_payload(&payload, claims))
        return NULL;
    buf_str(&token, header_hs256);
    buf_char(&token, '.');
    crypto_base64url(&token, payload.p, payload.n);
    if (buf_failed(&token))
        return NULL;
    crypto_hmac_sha256(key, buf_view(&token), mac);
    buf_char(&token, '.');
    crypto_base64url(&token, mac, sizeof mac);
    return buf_text(&token);
}

/* ------------------------------------------------------------------ reading */

struct parts {
    struct slice header, payload, signature;
    struct slice signed_text; /* header.payload */
};

static bool is_base64url(struct slice s)
{
    for (size_t i = 0; i < s.n; i++) {
        char c = s.p[i];
        bool good = (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') ||
                    c == '-' || c == '_';
        if (!good)
            return false;
    }
    return s.n > 0 && s.n % 4 != 1;
}

/* Exactly three parts, each base64url without padding. */
static bool split(struct slice token, struct parts *out)
{
    struct slice rest = token;
    if (token.n == 0 || token.n > JWT_MAX || !slice_split(&rest, '.', &out->header) ||
        !slice_split(&rest, '.', &out->payload) || !slice_split(&rest, '.', &out->signature) ||
        rest.p != NULL)
        return false;
    out->signed_text = slice_sub(token, 0, out->header.n + 1 + out->payload.n);
    return is_base64url(out->header) && is_base64url(out->payload) && is_base64url(out->signature);
}

/* Want of memory says nothing about a token, so it alone leaves a fault behind. */
static bool has_memory(struct ctx *ctx, const struct buf *b)
{
    return !buf_failed(b) || b->over || ctx_no_memory(ctx) == OK;
}

static bool decode(struct ctx *ctx, struct slice text, size_t max, struct slice *out)
{
    struct buf b;
    buf_init(&b, ctx->arena, max + 4); /* the decoder asks for a few bytes more than it fills */
    bool good = crypto_unbase64(text, &b);
    *out = buf_view(&b);
    return has_memory(ctx, &b) && good;
}

/* One spelling for one signature: the unused bits of the last letter must be zero. */
static bool decode_exactly(struct ctx *ctx, struct slice text, struct slice *out)
{
    struct buf again;
    if (!decode(ctx, text, SIGNATURE_MAX, out))
        return false;
    buf_init(&again, ctx->arena, 2 * SIGNATURE_MAX);
    crypto_base64url(&again, out->p, out->n);
    return has_memory(ctx, &again) && !buf_failed(&again) && slice_eq(buf_view(&again), text);
}

/* A JSON object. */
static bool parse(struct ctx *ctx, struct slice text, const struct jr **out)
{
    struct slice json;
    if (!decode(ctx, text, JWT_MAX, &json))
        return false;
    struct fault before = ctx->fault;
    enum err err = jr_parse_object(ctx, json, out);
    if (err != ERR_NO_MEMORY)
        ctx->fault = before;
    return err == OK;
}

static bool header_says(struct ctx *ctx, struct slice header, const char *alg)
{
    const struct jr *h;
    return parse(ctx, header, &h) && slice_is(jr_str(jr_member(h, "alg")), alg) &&
           jr_member(h, "crit") == NULL;
}

static bool is_string(const struct jr *v, size_t max)
{
    return v && jr_kind(v) == JR_STR && jr_str(v).n > 0 && jr_str(v).n <= max;
}

static bool is_time(const struct jr *v)
{
    return v && jr_kind(v) == JR_INT && jr_int(v) > 0;
}

/* What both kinds of token must say: sub, exp in the future, iat not in the future. */
static bool read_claims(struct ctx *ctx, const struct jr *payload, struct jwt_claims *out)
{
    const struct jr *sub = jr_member(payload, "sub"), *jti = jr_member(payload, "jti");
    const struct jr *iat = jr_member(payload, "iat"), *exp = jr_member(payload, "exp");
    int64_t now = ctx->now / 1000;
    if (!is_string(sub, SUB_MAX) || !is_time(exp) || (jti && !is_string(jti, JTI_MAX)) ||
        (iat && !is_time(iat)))
        return false;
    *out = (struct jwt_claims){
        .sub = jr_str(sub), .jti = jr_str(jti), .iat = iat ? jr_int(iat) : 0, .exp = jr_int(exp)};
    return out->exp > now && out->iat <= now + JWT_LEEWAY_S;
}

bool jwt_check_ours(struct ctx *ctx, struct slice key, struct slice token, struct jwt_claims *out)
{
    unsigned char mac[SHA256_BYTES];
    struct parts p;
    struct slice signature;
    const struct jr *payload;
    if (!split(token, &p) || !decode_exactly(ctx, p.signature, &signature) ||
        signature.n != sizeof mac)
        return false;
    crypto_hmac_sha256(key, p.signed_text, mac);
    if (!crypto_equal(mac, signature.p, sizeof mac) || !header_says(ctx, p.header, "HS256"))
        return false;
    return parse(ctx, p.payload, &payload) && read_claims(ctx, payload, out) && out->jti.n > 0 &&
           out->iat > 0;
}

/* `aud` is a string or a list of strings. */
static bool names_audience(const struct jr *aud, const char *audience)
{
    if (aud == NULL)
        return false;
    if (jr_kind(aud) == JR_STR)
        return slice_is(jr_str(aud), audience);
    for (size_t i = 0; jr_kind(aud) == JR_ARRAY && i < jr_count(aud); i++) {
        const struct jr *one = jr_item(aud, i);
        if (jr_kind(one) == JR_STR && slice_is(jr_str(one), audience))
            return true;
    }
    return false;
}

bool jwt_check_trusted(struct ctx *ctx, const struct jwt_trust *trust, struct slice token,
                       struct jwt_claims *out)
{
    struct parts p;
    struct slice signature;
    const struct jr *payload, *nbf;
    if (!split(token, &p) || !decode_exactly(ctx, p.signature, &signature) ||
        !header_says(ctx, p.header, "RS256") ||
        !crypto_rs256_check(trust->pem, p.signed_text, signature))
        return false;
    if (!parse(ctx, p.payload, &payload) || !read_claims(ctx, payload, out))
        return false;
    nbf = jr_member(payload, "nbf");
    if (nbf && (!is_time(nbf) || jr_int(nbf) > ctx->now / 1000 + JWT_LEEWAY_S))
        return false;
    out->iss = jr_str(jr_member(payload, "iss"));
    return slice_is(out->iss, trust->issuer) &&
           names_audience(jr_member(payload, "aud"), trust->audience);
}
