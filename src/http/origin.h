/*
 * origin.h - is this request meant for us, and does a page of somebody else's stand behind it?
 *
 * A name that was rebound to our address shows in Host; a form or script of another site shows in
 * Origin and Sec-Fetch-Site. Both are asked before any route is looked for. Whether the caller may
 * do what is asked is not known here.
 */
#ifndef LARDER_HTTP_ORIGIN_H
#define LARDER_HTTP_ORIGIN_H

#include "http/request.h"

/* Comma lists as they stand in the settings; NULL = empty. They must outlive their use. */
struct origin_rules {
    const char *public_url;    /* "https://larder.example": its host and its origin are ours */
    const char *allowed_hosts; /* names beside IP literals and localhost */
    const char *cors_origins;  /* origins whose pages may call; "*" = all, without cookies */
};

/* ERR_MISDIRECTED unless the host is an IP literal, localhost or one of the rules. */
enum err origin_host(struct ctx *ctx, const struct origin_rules *rules,
                     const struct request *req) MUST_USE;

/*
 * ERR_FORBIDDEN where a page of another origin wants to change something. *allowed becomes the
 * value of Access-Control-Allow-Origin, or SLICE_NONE where no other origin may read the answer.
 */
enum err origin_page(struct ctx *ctx, const struct origin_rules *rules, const struct request *req,
                     struct slice *allowed) MUST_USE;

/* Whether `address` is one of a comma list of IP addresses, however either is spelled. */
bool origin_is_listed(const char *list, const char *address);
bool origin_is_loopback(const char *address);

#endif
