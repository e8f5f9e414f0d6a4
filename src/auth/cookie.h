/*
 * cookie.h - the session cookie of the web pages.
 *
 * It carries the access token; scripts cannot read it (HttpOnly) and no other site can send it
 * (SameSite=Strict). Over TLS it is "__Host-larder", else "larder". A request that a cookie
 * vouches for must show that no mere form made it; guard.c asks for that.
 */
#ifndef LARDER_AUTH_COOKIE_H
#define LARDER_AUTH_COOKIE_H

#include "http/reply.h"
#include "http/request.h"

void cookie_set(struct reply *reply, const struct request *req, const char *access_token,
                int64_t max_age_s);
void cookie_clear(struct reply *reply, const struct request *req);
/* SLICE_NONE = there is none. */
struct slice cookie_get(const struct request *req);

#endif
