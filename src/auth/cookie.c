/*
 * cookie.c - see cookie.h.
 */
#include "auth/cookie.h"

#include <stdio.h>

static const char name_tls[] = "__Host-larder", name_plain[] = "larder";

static void put(struct reply *reply, const struct request *req, const char *value,
                int64_t max_age_s)
{
    char room[1024]; /* an access token of ours has about 260 letters */
    int n = snprintf(room, sizeof room, "%s=%s; Path=/; Max-Age=%lld; HttpOnly; SameSite=Strict%s",
                     req->tls ? name_tls : name_plain, value, (long long)max_age_s,
                     req->tls ? "; Secure" : "");
    if (n > 0 && (size_t)n < sizeof room)
        reply_field(reply, "Set-Cookie", room);
}

void cookie_set(struct reply *reply, const struct request *req, const char *access_token,
                int64_t max_age_s)
{
    put(reply, req, access_token, max_age_s);
}

void cookie_clear(struct reply *reply, const struct request *req)
{
    put(reply, req, "", 0);
}

struct slice cookie_get(const struct request *req)
{
    /* over TLS only the name that no other host and no plain page can set counts */
    return request_cookie(req, req->tls ? name_tls : name_plain);
}
