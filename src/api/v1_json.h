/*
 * v1_json.h - answers in the shapes that clients of the v1 API read.
 */
#ifndef LARDER_API_V1_JSON_H
#define LARDER_API_V1_JSON_H

#include "domain/legacy.h"
#include "http/router.h"

/* {"success":false,"message":...,"plugin_name"?,"plugin_version"?,"details"?}; names may be NULL. */
void v1_failure(const struct ctx *ctx, struct reply *reply, const char *name, const char *version);
/* The error shape below /api/v1/. */
void v1_render(const struct ctx *ctx, const struct request *req, struct reply *reply);

void v1_uploaded(struct reply *reply, const struct legacy_done *done);
/* Exactly six keys: the old client's record takes no other. */
void v1_plugin(struct jw *j, const struct legacy_plugin *p);
void v1_names(struct jw *j, const char *key, const char *const *names, size_t count);

#endif
