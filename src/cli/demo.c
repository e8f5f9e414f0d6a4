/*
 * demo.c - what a demonstration shows, as tables; filling it in.
 *
 * A row of `shown` is one upload: a folder of packaging/examples, the version it is given (the
 * version in its plugin.py is replaced), whose it is. Everything goes through the domain, so a
 * demonstration holds nothing that a user could not have made.
 */
#include "cli/demo.h"

#include "base/crypto.h"
#include "domain/actor.h"
#include "domain/catalog.h"
#include "domain/examples.h"
#include "domain/members.h"
#include "domain/orgs.h"
#include "domain/publish.h"
#include "domain/users.h"

enum { SYSTEM = -1, ACME, GLOBEX, ORGS, PASSWORD_BYTES = 12 };

static const struct {
    const char *name, *domain, *description;
} orgs[ORGS] = {
    [ACME] = {"Acme", "acme.com", "Makes everything, and books it correctly"},
    [GLOBEX] = {"Globex", "globex.io", "Laboratories and plants"},
};

static const struct {
    const char *username, *display_name, *email;
    int org;
    bool is_admin;
} people[] = {
    {"ada", "Ada Okafor", "ada@acme.com", ACME, true},
    {"miguel", "Miguel Santos", "miguel@acme.com", ACME, false},
    {"ingrid", "Ingrid Vale", "ingrid@globex.io", GLOBEX, true},
};

// clang-format off
static const struct shown {
    const char *folder, *version;
    int org;
    const char *tag; /* of the plugin, set on this version */
    bool disabled;
} shown[] = {
    {"web_search",      "1.9.0",    SYSTEM, NULL,          false},
    {"web_search",      "2.0.0",    SYSTEM, NULL,          true},
    {"web_search",      "2.1.0",    SYSTEM, "search",      false},
    {"page_reader",     "1.4.1",    SYSTEM, NULL,          false},
    {"page_reader",     "1.4.2",    SYSTEM, "search",      false},
    {"calculator",      "1.0.3",    SYSTEM, "basics",      false},
    {"calendar",        "2.6.0",    SYSTEM, NULL,          false},
    {"calendar",        "3.0.0",    SYSTEM, "basics",      false},
    {"translator",      "0.9.0",    SYSTEM, "language",    false},
    {"sql_explorer",    "1.2.0",    SYSTEM, "data",        false},
    {"invoice_matcher", "2.2.0",    ACME,   NULL,          false},
    {"invoice_matcher", "2.3.1",    ACME,   "finance",     false},
    {"support_triage",  "1.5.0",    ACME,   "support",     false},
    {"release_notes",   "0.4.0",    ACME,   "engineering", true},
    {"lab_inventory",   "1.0.0",    GLOBEX, NULL,          false},
    {"lab_inventory",   "1.1.0",    GLOBEX, "lab",         false},
    {"shift_planner",   "1.7.0",    GLOBEX, NULL,          false},
    {"shift_planner",   "2.0.0rc1", GLOBEX, "operations",  false},
    {"sensor_watch",    "1.8.4",    GLOBEX, "operations",  false},
};
// clang-format on

/* ------------------------------------------------------------------ packages */

static enum err publish(struct ctx *ctx, struct domain *d, const struct actor *actor,
                        const struct shown *row, const char *org_id)
{
    static const bool off = false;
    struct upload up = {.org_id = org_id, .file_name = SLICE("example.zip")};
    struct published done;
    enum err err = examples_pack(ctx, row->folder, row->version, &up.bytes);
    if (err == OK)
        err = publish_upload(ctx, d, actor, &up, &done);
    struct catalog_change change = {.set_tag = row->tag != NULL, .tag = row->tag};
    if (row->disabled)
        change.enabled = &off;
    if (err == OK && (row->tag || row->disabled))
        err = catalog_change(ctx, d, actor, org_id, done.plugin.id, &change, &done.plugin);
    return err;
}

/* ------------------------------------------------------------------ people */

static enum err make_org(struct ctx *ctx, struct domain *d, const struct actor *actor, int i,
                         struct org *out)
{
    const struct org_new what = {.name = slice_of(orgs[i].name),
                                 .domain = slice_of(orgs[i].domain)};
    enum err err = orgs_create(ctx, d, actor, &what, out);
    const struct org_profile profile = {.description = {true, slice_of(orgs[i].description)}};
    return err == OK ? orgs_change_profile(ctx, d, actor, out->id, &profile, out) : err;
}

static enum err make_person(struct ctx *ctx, struct domain *d, const struct actor *actor, size_t i,
                            const char *org_id, FILE *say)
{
    unsigned char random[PASSWORD_BYTES];
    struct buf password;
    struct user user;
    struct member member;
    crypto_random(random, sizeof random);
    buf_init(&password, ctx->arena, 64);
    crypto_base64url(&password, random, sizeof random);
    const struct user_new what = {.username = slice_of(people[i].username),
                                  .email = slice_of(people[i].email),
                                  .display_name = slice_of(people[i].display_name),
                                  .password = buf_view(&password)};
    enum err err = users_create(ctx, d, actor, &what, &user);
    if (err == OK)
        err = members_add(ctx, d, actor, org_id, user.id, people[i].is_admin, &member);
    if (err == OK)
        (void)fprintf(say, "demo: sign in as %-8s with %s  (%s of %s)\n", people[i].username,
                      buf_text(&password), people[i].is_admin ? "administrator" : "member",
                      orgs[people[i].org].name);
    return err;
}

/* ------------------------------------------------------------------ the whole */

static enum err any_row(void *arg, const struct plugin *plugin)
{
    (void)plugin;
    *(bool *)arg = true;
    return OK;
}

static enum err is_empty(struct ctx *ctx, struct domain *d, const struct actor *actor, bool *empty)
{
    const struct catalog_query all = {.include_disabled = true, .limit = 1};
    struct org_seat *seats;
    size_t count = 0;
    bool plugins = false, more = false;
    const struct org_query one = {.limit = 1};
    enum err err = orgs_list(ctx, d, actor, &one, &seats, &count, &more);
    if (err == OK)
        err = catalog_list(ctx, d, &all, any_row, &plugins, &more);
    *empty = count == 0 && !plugins;
    return err;
}

enum err demo_fill(struct ctx *ctx, struct domain *d, FILE *say)
{
    const struct actor actor = actor_system();
    struct org made[ORGS];
    bool empty = false;
    enum err err = is_empty(ctx, d, &actor, &empty);
    if (err != OK || !empty)
        return err;
    for (int i = 0; err == OK && i < ORGS; i++)
        err = make_org(ctx, d, &actor, i, &made[i]);
    for (size_t i = 0; err == OK && i < sizeof people / sizeof *people; i++)
        err = make_person(ctx, d, &actor, i, made[people[i].org].id, say);
    for (size_t i = 0; err == OK && i < sizeof shown / sizeof *shown; i++)
        err = publish(ctx, d, &actor, &shown[i],
                      shown[i].org == SYSTEM ? NULL : made[shown[i].org].id);
    return err;
}
