/*
 * support_people.c - see support_people.h.
 */
#include "support_people.h"

#include <dirent.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/crypto.h"
#include "domain/actor.h"
#include "domain/members.h"
#include "domain/permissions.h"
#include "model/audit.h"
#include "store/audit_store.h"

static int64_t wall_of(void *arg)
{
    return ((struct town *)arg)->wall;
}

static int64_t mono_of(void *arg)
{
    return ((struct town *)arg)->mono;
}

struct ctx *work(struct town *t)
{
    ctx_init(&t->ctx, &t->arena, &t->clock, NULL, "test");
    (void)snprintf(t->ctx.remote, sizeof t->ctx.remote, "192.0.2.1");
    return &t->ctx;
}

void pass_time(struct town *t, int64_t ms)
{
    t->wall += ms;
    t->mono += ms;
}

void must(struct town *t, enum err err)
{
    if (err != OK)
        fail_msg("%s: %s (%s)", err_info(err)->name, ctx_sentence(&t->ctx), t->ctx.fault.cause);
}

void must_fail(struct town *t, enum err err, enum err want, const char *sentence)
{
    if (err != want)
        fail_msg("%s instead of %s: %s (%s)", err_info(err)->name, err_info(want)->name,
                 ctx_sentence(&t->ctx), t->ctx.fault.cause);
    if (sentence && strstr(ctx_sentence(&t->ctx), sentence) == NULL)
        fail_msg("'%s' does not contain '%s'", ctx_sentence(&t->ctx), sentence);
}

struct user put_user(struct town *t, const char *name, bool is_sys_admin)
{
    const struct user_new what = {.username = slice_of(name), .is_sys_admin = is_sys_admin};
    struct user u;
    must(t, users_create(work(t), &t->domain, &t->cli, &what, &u));
    return u;
}

static struct org put_org(struct town *t, const char *name, const char *domain)
{
    const struct org_new what = {.name = slice_of(name), .domain = slice_of(domain)};
    struct org o;
    must(t, orgs_create(work(t), &t->domain, &t->cli, &what, &o));
    return o;
}

static void put_member(struct town *t, const struct org *o, const struct user *u, bool is_admin)
{
    struct member m;
    must(t, members_add(work(t), &t->domain, &t->cli, o->id, u->id, is_admin, &m));
}

struct actor actor_of(const struct user *u)
{
    struct permission_set none = {{0}};
    return (struct actor){.user_id = u->id,
                          .username = u->username,
                          .is_sys_admin = u->is_sys_admin,
                          .address = "192.0.2.1",
                          .via = "session",
                          .may = u->is_sys_admin ? permission_all() : none};
}

static void settle(struct town *t)
{
    t->root = put_user(t, "root", true);
    t->ann = put_user(t, "ann", false);
    t->bob = put_user(t, "bob", false);
    t->eve = put_user(t, "eve", false);
    t->acme = put_org(t, "Acme", "acme.com");
    t->zeta = put_org(t, "Zeta", "zeta.org");
    put_member(t, &t->acme, &t->ann, true);
    put_member(t, &t->acme, &t->bob, false);
    put_member(t, &t->zeta, &t->eve, true);
}

int town_setup(void **state)
{
    static const unsigned char key[SIGNING_KEY_BYTES] = "a key that is only used in tests";
    struct town *t = calloc(1, sizeof *t); /* freed by town_teardown */
    assert_non_null(t);
    assert_int_equal(crypto_open(), OK);
    t->clock = (struct clock){wall_of, mono_of, t};
    t->wall = 1790000000000; /* some day in 2026 */
    t->mono = 5000;
    arena_init(&t->arena, 64 << 20);
    (void)snprintf(t->folder, sizeof t->folder, "/tmp/larder-people-XXXXXX");
    assert_non_null(mkdtemp(t->folder));
    (void)snprintf(t->path, sizeof t->path, "%s/larder.db", t->folder);
    const struct store_options options = {.path = t->path, .create = true};
    must(t, store_open(work(t), &options, &t->store));
    must(t, domain_open(work(t), &t->domain, t->store, key));
    t->cli = actor_cli();
    settle(t);
    *state = t;
    return 0;
}

int town_teardown(void **state)
{
    struct town *t = *state;
    char path[512];
    domain_close(&t->domain);
    store_close(t->store);
    DIR *dir = opendir(t->folder);
    assert_non_null(dir);
    for (const struct dirent *e; (e = readdir(dir)) != NULL;) {
        (void)snprintf(path, sizeof path, "%s/%s", t->folder, e->d_name);
        if (e->d_name[0] != '.')
            (void)unlink(path);
    }
    (void)closedir(dir);
    assert_int_equal(rmdir(t->folder), 0);
    arena_free(&t->arena);
    free(t);
    return 0;
}

struct audit_query {
    struct audit_filter filter;
    struct audit_event *list;
    size_t count;
};

static enum err list_audit(struct ctx *ctx, struct conn *conn, void *arg)
{
    struct audit_query *q = arg;
    return audit_list(ctx, conn, &q->filter, &q->list, &q->count);
}

static struct audit_query ask_audit(struct town *t, const char *action)
{
    struct audit_query q = {.filter = {.action = action, .limit = 200}};
    must(t, store_read(work(t), t->store, list_audit, &q));
    return q;
}

size_t audit_rows(struct town *t, const char *action)
{
    return ask_audit(t, action).count;
}

const struct audit_event *last_audit(struct town *t, const char *action)
{
    struct audit_query q = ask_audit(t, action);
    assert_true(q.count > 0);
    return &q.list[0];
}
