/*
 * roles.c - the rules about roles and who holds them.
 *
 * The rule against climbing: whoever is no administrator of the platform can only make, change,
 * assign or withdraw a role whose permissions they hold themselves, in the request they make.
 */
#include "domain/roles.h"

#include <string.h>

#include "base/crypto.h"
#include "domain/fields.h"
#include "domain/permissions.h"
#include "domain/record.h"
#include "store/org_store.h"
#include "store/role_store.h"
#include "store/user_store.h"

enum { GRANTS_MAX = 500 };

static enum err get_role(struct ctx *ctx, struct conn *conn, const char *id, struct role *out)
{
    bool found;
    enum err err = role_store_find(ctx, conn, id, out, &found);
    return err == OK && !found ? ctx_fail(ctx, ERR_NOT_FOUND, "Role not found") : err;
}

/* ------------------------------------------------------------------ rules */

static enum err check_name(struct ctx *ctx, struct slice name)
{
    bool good = name.n > 0 && name.n <= ROLE_NAME_MAX;
    for (size_t i = 0; good && i < name.n; i++) {
        char c = name.p[i];
        good = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_' || c == '-';
    }
    if (!good)
        return ctx_fail_field(ctx, ERR_UNPROCESSABLE, "name",
                              "Field 'name' must be 1 to %d lower case letters, digits, '_' or '-'",
                              ROLE_NAME_MAX);
    return OK;
}

/* The role holds nothing its maker does not. */
static enum err check_climb(struct ctx *ctx, const struct actor *actor, const struct role *role)
{
    for (size_t i = 0; i < role->permission_count && !actor->is_sys_admin; i++)
        if (!permission_set_has(&actor->may, permission_find(slice_of(role->permissions[i]))))
            return ctx_fail(ctx, ERR_FORBIDDEN, "You do not hold %s yourself",
                            role->permissions[i]);
    return OK;
}

/* Names from the table, so they need no copy; twice is once in the store. */
static enum err take_permissions(struct ctx *ctx, const struct slice *names, size_t count,
                                 struct role *role)
{
    if (count > ROLE_PERMISSIONS_MAX)
        return ctx_fail_field(ctx, ERR_UNPROCESSABLE, "permissions",
                              "A role has at most %d permissions", ROLE_PERMISSIONS_MAX);
    role->permissions = arena_array(ctx->arena, count ? count : 1, sizeof *role->permissions);
    if (role->permissions == NULL)
        return ctx_no_memory(ctx);
    for (size_t i = 0; i < count; i++) {
        int at = permission_find(names[i]);
        if (at < 0)
            return ctx_fail_field(ctx, ERR_UNPROCESSABLE, "permissions",
                                  "Unknown permission '%.*s'",
                                  names[i].n < 100 ? (int)names[i].n : 100, names[i].p);
        if (role->org_id && permission_at((size_t)at)->scope == PERMISSION_SYSTEM)
            return ctx_fail_field(ctx, ERR_UNPROCESSABLE, "permissions",
                                  "A role of one organization cannot hold %s",
                                  permission_at((size_t)at)->name);
        role->permissions[i] = permission_at((size_t)at)->name;
    }
    role->permission_count = count;
    return OK;
}

static enum err check_free(struct ctx *ctx, struct conn *conn, const struct role *role)
{
    struct role other;
    bool found;
    enum err err = role_store_find_name(ctx, conn, role->org_id, slice_of(role->name), &other,
                                        &found);
    if (err == OK && role->org_id && !found) { /* nor may it be taken for a built-in one */
        err = role_store_find_name(ctx, conn, NULL, slice_of(role->name), &other, &found);
        found = found && other.builtin;
    }
    if (err == OK && found && strcmp(other.id, role->id) != 0)
        return ctx_fail_field(ctx, ERR_EXISTS, "name", "Role name already exists");
    return err;
}

static enum err check_org(struct ctx *ctx, struct conn *conn, const char *org_id)
{
    struct org org;
    bool found = true;
    enum err err = org_id ? org_store_find(ctx, conn, org_id, &org, &found) : OK;
    if (err == OK && org_id && (!found || org.is_deleted))
        return ctx_fail(ctx, ERR_NOT_FOUND, "Organization not found");
    return err;
}

static enum err write_record(struct ctx *ctx, struct conn *conn, const struct actor *actor,
                             const char *action, const struct role *role)
{
    struct record r;
    record_start(ctx, &r);
    jw_put_str(&r.json, "name", role->name);
    jw_key(&r.json, "permissions");
    jw_array(&r.json);
    for (size_t i = 0; i < role->permission_count; i++)
        jw_str(&r.json, role->permissions[i]);
    jw_end(&r.json);
    return record_append(ctx, conn, &r, actor, action, role->org_id, role->id);
}

/* ------------------------------------------------------------------ reading */

struct reading {
    struct role *list;
    size_t count;
};

static enum err read_list(struct ctx *ctx, struct conn *conn, void *arg)
{
    struct reading *r = arg;
    return role_store_list(ctx, conn, ROLES_MAX, &r->list, &r->count);
}

enum err roles_list(struct ctx *ctx, struct domain *d, struct role **out, size_t *count)
{
    struct reading r = {0};
    enum err err = store_read(ctx, d->store, read_list, &r);
    *out = r.list;
    *count = r.count;
    return err;
}

/* ------------------------------------------------------------------ making and changing */

struct changing {
    const struct actor *actor;
    const char *id;
    const struct role_change *change;
    struct role *role;
};

static enum err insert_role(struct ctx *ctx, struct conn *conn, void *arg)
{
    const struct changing *c = arg;
    struct role *list;
    size_t count;
    enum err err = check_org(ctx, conn, c->role->org_id);
    if (err == OK)
        err = check_free(ctx, conn, c->role);
    if (err == OK)
        err = role_store_list(ctx, conn, ROLES_MAX, &list, &count);
    if (err == OK && count == ROLES_MAX)
        return ctx_fail(ctx, ERR_CONFLICT, "There are %d roles; remove one first", ROLES_MAX);
    if (err == OK)
        err = role_store_insert(ctx, conn, c->role);
    if (err == OK)
        err = role_store_set_permissions(ctx, conn, c->role);
    return err == OK ? write_record(ctx, conn, c->actor, "role.create", c->role) : err;
}

enum err roles_create(struct ctx *ctx, struct domain *d, const struct actor *actor,
                      const struct role_new *what, struct role *out)
{
    struct changing c = {.actor = actor, .role = out};
    char *id = arena_alloc(ctx->arena, ID_TEXT);
    if (id == NULL)
        return ctx_no_memory(ctx);
    crypto_uuid7(ctx->now, id);
    *out = (struct role){.id = id, .org_id = what->org_id, .created_at = ctx->now};
    enum err err = check_name(ctx, what->name);
    if (err == OK)
        err = field_take(ctx, "name", FIELD_NAME, ROLE_NAME_MAX, what->name, &out->name);
    if (err == OK)
        err = field_take(ctx, "description", FIELD_LINE, PROFILE_TEXT_MAX, what->description,
                         &out->description);
    if (err == OK)
        err = take_permissions(ctx, what->permissions, what->permission_count, out);
    if (err == OK)
        err = check_climb(ctx, actor, out);
    return err == OK ? store_write(ctx, d->store, insert_role, &c) : err;
}

/* A role that may be changed by the actor, as it now is. */
static enum err get_changeable(struct ctx *ctx, struct conn *conn, const struct changing *c)
{
    enum err err = get_role(ctx, conn, c->id, c->role);
    if (err == OK && c->role->builtin)
        return ctx_fail(ctx, ERR_CONFLICT, "Built-in roles cannot be changed or removed");
    return err == OK ? check_climb(ctx, c->actor, c->role) : err;
}

static enum err change_role(struct ctx *ctx, struct conn *conn, void *arg)
{
    const struct changing *c = arg;
    const struct role_change *w = c->change;
    struct role *role = c->role;
    enum err err = get_changeable(ctx, conn, c);
    if (err == OK && w->name)
        err = check_name(ctx, *w->name);
    if (err == OK && w->name)
        err = field_take(ctx, "name", FIELD_NAME, ROLE_NAME_MAX, *w->name, &role->name);
    if (err == OK && w->description)
        err = field_take(ctx, "description", FIELD_LINE, PROFILE_TEXT_MAX, *w->description,
                         &role->description);
    if (err == OK && w->set_permissions)
        err = take_permissions(ctx, w->permissions, w->permission_count, role);
    if (err == OK)
        err = check_climb(ctx, c->actor, role);
    if (err == OK)
        err = check_free(ctx, conn, role);
    if (err == OK)
        err = role_store_update(ctx, conn, role);
    if (err == OK && w->set_permissions)
        err = role_store_set_permissions(ctx, conn, role);
    return err == OK ? write_record(ctx, conn, c->actor, "role.change", role) : err;
}

enum err roles_change(struct ctx *ctx, struct domain *d, const struct actor *actor, const char *id,
                      const struct role_change *change, struct role *out)
{
    struct changing c = {actor, id, change, out};
    return store_write(ctx, d->store, change_role, &c);
}

static enum err delete_role(struct ctx *ctx, struct conn *conn, void *arg)
{
    const struct changing *c = arg;
    enum err err = get_changeable(ctx, conn, c);
    if (err == OK)
        err = role_store_delete(ctx, conn, c->id);
    return err == OK ? write_record(ctx, conn, c->actor, "role.delete", c->role) : err;
}

enum err roles_delete(struct ctx *ctx, struct domain *d, const struct actor *actor, const char *id)
{
    struct role role;
    struct changing c = {actor, id, NULL, &role};
    return store_write(ctx, d->store, delete_role, &c);
}

/* ------------------------------------------------------------------ who holds them */

struct granting {
    const struct actor *actor;
    const char *user_id, *role_id, *org_id;
    bool withdraw;
};

static enum err check_user(struct ctx *ctx, struct conn *conn, const char *id)
{
    struct user user;
    bool found;
    enum err err = user_store_find(ctx, conn, id, &user, &found);
    if (err == OK && (!found || user.is_deleted))
        return ctx_fail(ctx, ERR_NOT_FOUND, "User not found");
    return err;
}

static enum err record_grant(struct ctx *ctx, struct conn *conn, const struct granting *g,
                             const struct role *role)
{
    struct record r;
    record_start(ctx, &r);
    jw_put_str(&r.json, "role", role->name);
    jw_put_str(&r.json, "role_id", role->id);
    return record_append(ctx, conn, &r, g->actor, g->withdraw ? "role.withdraw" : "role.assign",
                         g->org_id, g->user_id);
}

static enum err change_grant(struct ctx *ctx, struct conn *conn, void *arg)
{
    const struct granting *g = arg;
    struct role role;
    bool changed = false;
    enum err err = get_role(ctx, conn, g->role_id, &role);
    if (err == OK)
        err = check_user(ctx, conn, g->user_id);
    if (err == OK && !g->withdraw)
        err = check_org(ctx, conn, g->org_id);
    if (err == OK)
        err = check_climb(ctx, g->actor, &role);
    if (err == OK && role.org_id && (!g->org_id || strcmp(role.org_id, g->org_id) != 0))
        return ctx_fail_field(ctx, ERR_UNPROCESSABLE, "org_id",
                              "This role belongs to another organization");
    if (err == OK)
        err = g->withdraw
                  ? role_store_withdraw(ctx, conn, g->user_id, g->role_id, g->org_id, &changed)
                  : role_store_grant(ctx, conn, g->user_id, g->role_id, g->org_id, &changed);
    return err == OK && changed ? record_grant(ctx, conn, g, &role) : err;
}

enum err roles_assign(struct ctx *ctx, struct domain *d, const struct actor *actor,
                      const char *user_id, const char *role_id, const char *org_id)
{
    struct granting g = {actor, user_id, role_id, org_id, false};
    return store_write(ctx, d->store, change_grant, &g);
}

enum err roles_withdraw(struct ctx *ctx, struct domain *d, const struct actor *actor,
                        const char *user_id, const char *role_id, const char *org_id)
{
    struct granting g = {actor, user_id, role_id, org_id, true};
    return store_write(ctx, d->store, change_grant, &g);
}

struct grant_list {
    const char *user_id;
    struct grant_row *rows;
    size_t count;
};

static enum err read_grants(struct ctx *ctx, struct conn *conn, void *arg)
{
    struct grant_list *l = arg;
    enum err err = check_user(ctx, conn, l->user_id);
    if (err != OK)
        return err;
    return role_store_grants(ctx, conn, l->user_id, GRANTS_MAX, &l->rows, &l->count);
}

enum err roles_of_user(struct ctx *ctx, struct domain *d, const char *user_id,
                       struct role_grant **out, size_t *count)
{
    struct grant_list l = {.user_id = user_id};
    enum err err = store_read(ctx, d->store, read_grants, &l);
    struct role_grant *list = arena_array(ctx->arena, l.count + 1, sizeof *list);
    if (err == OK && list == NULL)
        return ctx_no_memory(ctx);
    for (size_t i = 0; i < l.count && list; i++)
        list[i] = (struct role_grant){l.rows[i].role_id, l.rows[i].role_name, l.rows[i].org_id,
                                      l.rows[i].created_at};
    *out = list;
    *count = l.count;
    return err;
}
