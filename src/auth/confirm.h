/*
 * confirm.h - the password once more, before something that nobody can take back.
 */
#ifndef LARDER_AUTH_CONFIRM_H
#define LARDER_AUTH_CONFIRM_H

#include "auth/auth.h"

/*
 * Is it the actor's own password? Wrong tries count as those of signing in do. ERR_UNKNOWN_CALLER
 * names the field "password"; ERR_THROTTLED and ERR_BUSY have retry_after.
 */
enum err auth_confirm(struct ctx *ctx, struct auth *auth, const struct actor *actor,
                      struct slice password) MUST_USE;

#endif
