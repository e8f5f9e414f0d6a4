/*
 * support_guard.h - requests made by hand, and sign-ins without a password, for asking the guard.
 */
#ifndef LARDER_TESTS_SUPPORT_GUARD_H
#define LARDER_TESTS_SUPPORT_GUARD_H

#include "auth/auth.h"
#include "auth/oauth2.h"
#include "domain/keys.h"
#include "http/router.h"
#include "support_people.h"

struct gate {
    struct town *town;
    struct auth auth;
};

/* cmocka setup and teardown: *state is a struct gate over a town. */
int gate_setup(void **state);
int gate_teardown(void **state);

/* What a caller sends. Each may be NULL. */
struct caller {
    const char *bearer;         /* a token: "Authorization: Bearer <it>" */
    const char *key;            /* X-API-KEY */
    const char *cookie;         /* the value of the cookie `larder` */
    const char *name, *value;   /* one more field */
    const char *name2, *value2; /* and another */
    bool tls;
};

/* One request on a route with that permission; org_id NULL = a path without an org. */
struct asked {
    enum err err;
    struct actor who;
    const char *sentence, *code;
    bool challenged; /* WWW-Authenticate was set */
};
struct asked ask(struct gate *g, const struct caller *caller, enum method method,
                 const char *permission, const char *org_id);

/* A sign-in of that user; the tokens live as long as the town. */
struct tokens sign_in(struct gate *g, const struct user *u);
/* A key of that user with up to two scopes (NULL = none). */
const char *make_key(struct gate *g, const struct user *u, const struct org *o, const char *scope,
                     const char *scope2, struct api_key *out);

#endif
