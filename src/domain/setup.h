/*
 * setup.h - how the first administrator comes to be, without a default password.
 *
 * A one-time token in a link (30 minutes, kept as a hash; minting one voids those before it), or a
 * password from the environment at start. Both are refused where an administrator exists.
 */
#ifndef LARDER_DOMAIN_SETUP_H
#define LARDER_DOMAIN_SETUP_H

#include "domain/domain.h"

enum { SETUP_TOKEN_TEXT = 48 };

/* ERR_CONFLICT "An administrator exists; ..." where there is one. */
enum err setup_mint(struct ctx *ctx, struct domain *d, const struct actor *actor,
                    char token[SETUP_TOKEN_TEXT], int64_t *expires_at) MUST_USE;

/* Is the token good now? For the page that asks for the password; does not use it up. */
enum err setup_check(struct ctx *ctx, struct domain *d, struct slice token, bool *good) MUST_USE;

struct setup_admin {
    struct slice username; /* SLICE_NONE = "admin" */
    struct slice email;    /* SLICE_NONE = none */
    struct slice password;
};
/* Uses the token up and makes the administrator, in one transaction. ERR_UNKNOWN_CALLER "The setup
 * link is not valid any more; run `larder setup-link` for a new one". */
enum err setup_use(struct ctx *ctx, struct domain *d, struct slice token,
                   const struct setup_admin *admin, struct user *out) MUST_USE;

/* LARDER_ADMIN_PASSWORD: makes the user `admin` where no administrator exists; *made tells. */
enum err identity_bootstrap(struct ctx *ctx, struct domain *d, struct slice password,
                            bool *made) MUST_USE;

#endif
