/*
 * support_people.h - a database in a folder of its own, with a clock that stands still, and a few
 * people and orgs in it. Used by the tests of the rules and of signing in.
 */
#ifndef LARDER_TESTS_SUPPORT_PEOPLE_H
#define LARDER_TESTS_SUPPORT_PEOPLE_H

#include "domain/domain.h"
#include "domain/orgs.h"
#include "domain/users.h"

#define GOOD_PASSWORD "correct horse battery"

struct town {
    char folder[64];
    char path[96];
    struct arena arena;
    struct ctx ctx;
    struct clock clock;
    int64_t wall, mono; /* what the clock says */
    struct store *store;
    struct domain domain;
    struct actor cli;
    struct user root; /* administers the platform */
    struct user ann, bob,
        eve; /* ann administers acme, bob is a plain member, eve administers zeta */
    struct org acme, zeta;
};

/* cmocka setup and teardown: *state is a struct town with an open domain. */
int town_setup(void **state);
int town_teardown(void **state);

/* A new piece of work at the present time; what is in the arena stays. */
struct ctx *work(struct town *t);
void pass_time(struct town *t, int64_t ms);

/* Ends the test where err is not OK, with the sentence. */
void must(struct town *t, enum err err);
/* Ends the test where err is another one, or the sentence does not contain the text. */
void must_fail(struct town *t, enum err err, enum err want, const char *sentence);

/* A user without a password. */
struct user put_user(struct town *t, const char *name, bool is_sys_admin);
/* Acts as a platform administrator, or as a plain user without any permission. */
struct actor actor_of(const struct user *u);
/* How many audit rows there are with exactly this action. */
size_t audit_rows(struct town *t, const char *action);
/* The newest audit row of that action; it must exist. */
const struct audit_event *last_audit(struct town *t, const char *action);

#endif
