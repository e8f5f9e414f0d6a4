/*
 * guard.h - who is asking, and may they: run before a handler and before the body is read.
 *
 * The route's permission column is the whole policy:
 *   "public"             anybody; no credential is looked at
 *   "session"            anybody signed in; an API key only where nothing is changed
 *   "sys_admin"          an administrator of the platform, signed in
 *   "cadence:system:..." holders of it
 *   "cadence:org:..."    holders of it in the org of {org_id}, who also belong to that org
 *   "cadence:chat:..." / "cadence:profile:..."  holders of it
 * Permissions come first, membership second; an unknown org looks like somebody else's. A platform
 * administrator passes both.
 */
#ifndef LARDER_AUTH_GUARD_H
#define LARDER_AUTH_GUARD_H

#include "auth/auth.h"
#include "auth/credential.h"
#include "http/router.h"

/*
 * Sets call->who to a struct actor in the arena, also for nobody. ERR_UNKNOWN_CALLER or
 * ERR_FORBIDDEN otherwise. The wiring wraps it: the guard hook's `app` is the API's struct.
 */
enum err guard_check(struct ctx *ctx, struct auth *auth, struct call *call) MUST_USE;

/* May the owner of the credential, at this moment? For what outlives its request. The same faults;
 * org_id NULL: a permission beyond one org. */
enum err guard_judge(struct ctx *ctx, struct auth *auth, const struct credential *credential,
                     const char *permission, const char *org_id) MUST_USE;

/* At start-up: every row's permission is one the guard knows, and an org permission stands on a
 * path with {org_id}. ERR_INTERNAL with a sentence that names the row. */
enum err guard_check_routes(struct ctx *ctx, const struct router *router) MUST_USE;

#endif
