/*
 * settings_check.c - addresses and names in settings, judged before they are used.
 *
 * A proxy that is named instead of numbered never matches, an origin with a path never does either,
 * and a public URL without a scheme makes links that lead nowhere. None of that is an error to
 * whoever compares them later, so it is one here. Look next at cli/settings.c for the rows.
 */
#include "cli/settings_check.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>

enum { ADDRESS_MAX = 64 };

static const char host_letters[] =
    "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-_:[]";

static bool is_host(struct slice text)
{
    for (size_t i = 0; i < text.n; i++)
        if (memchr(host_letters, text.p[i], sizeof host_letters - 1) == NULL)
            return false;
    return text.n > 0;
}

/* What follows "http://" or "https://"; SLICE_NONE where it begins otherwise. */
static struct slice after_scheme(struct slice text)
{
    size_t n = slice_starts(text, "https://") ? 8 : slice_starts(text, "http://") ? 7 : 0;
    return n ? slice_sub(text, n, text.n) : SLICE_NONE;
}

/* A page may also come from a scheme of its own, as those of desktop programs do. */
static bool is_origin(struct slice text)
{
    struct slice rest = slice_sub(text, slice_find(text, ':'), text.n);
    return rest.n < text.n && slice_starts(rest, "://") && is_host(slice_sub(rest, 3, rest.n));
}

static bool is_origin_or_any(struct slice text)
{
    return slice_is(text, "*") || is_origin(text);
}

static bool is_public_url(struct slice text)
{
    struct slice rest = after_scheme(text);
    return is_host(slice_sub(rest, 0, slice_find(rest, '/')));
}

/* It may hold a user and a password, so only its beginning is judged. */
static bool is_url(struct slice text)
{
    return after_scheme(text).n > 0;
}

static bool is_address(struct slice text)
{
    char copy[ADDRESS_MAX];
    unsigned char parsed[16];
    if (text.n >= sizeof copy)
        return false;
    memcpy(copy, text.p, text.n);
    copy[text.n] = '\0';
    return inet_pton(AF_INET, copy, parsed) == 1 || inet_pton(AF_INET6, copy, parsed) == 1;
}

static const struct rule {
    const char *key;
    bool (*good)(struct slice one);
    bool list, secret;
    const char *shape;
} rules[] = {
    {"public-url", is_public_url, false, false, "must be as in https://larder.example.com"},
    {"allowed-hosts", is_host, true, false,
     "must be names as in larder.example.com, without https://"},
    {"cors-origins", is_origin_or_any, true, false,
     "must be * or origins as in https://app.example.com, without a path"},
    {"trusted-proxies", is_address, true, false,
     "must be IP addresses as in 10.0.0.5; names and networks are not known here"},
    {"index-url", is_url, false, true, "must begin with https:// or http://"},
};

static enum err refuse(struct ctx *ctx, const struct rule *rule, struct slice one)
{
    if (rule->secret)
        return ctx_fail_field(ctx, ERR_INVALID, rule->key, "%s %s", rule->key, rule->shape);
    return ctx_fail_field(ctx, ERR_INVALID, rule->key, "%s %s; '%.*s' is not one", rule->key,
                          rule->shape, SLICE_ARGS(slice_sub(one, 0, ADDRESS_MAX)));
}

enum err settings_check(struct ctx *ctx, const struct config *config)
{
    for (size_t i = 0; i < sizeof rules / sizeof *rules; i++) {
        struct slice rest = slice_of(config_text(config, rules[i].key)), one;
        while (rest.n > 0) {
            if (!rules[i].list) {
                one = rest;
                rest = SLICE_NONE;
            } else if (!slice_split(&rest, ',', &one)) {
                break;
            }
            one = slice_trim(one);
            if (one.n > 0 && !rules[i].good(one))
                return refuse(ctx, &rules[i], one);
        }
    }
    return OK;
}

enum err settings_blame(struct ctx *ctx, enum err err, const char *key)
{
    char why[sizeof ctx->fault.sentence];
    if (err == OK)
        return OK;
    /* of a system call only the cause says which path and why */
    str_set(why, sizeof why, slice_of(ctx->fault.cause[0] ? ctx->fault.cause : ctx_sentence(ctx)));
    ctx_forgive(ctx);
    return ctx_fail_field(ctx, err == ERR_NOT_FOUND ? ERR_IO : err, key, "%s: %s", key, why);
}
