/*
 * roles_seed.c - the built-in roles as rows.
 *
 * What they hold stands in permissions.c; the rows repeat it, so that roles look alike to whoever
 * lists or assigns them. At start they are compared, and written only where they differ: a program
 * that knows a new permission brings it along.
 */
#include <string.h>

#include "base/crypto.h"
#include "domain/actor.h"
#include "domain/permissions.h"
#include "domain/record.h"
#include "domain/roles.h"
#include "store/role_store.h"

static const struct {
    const char *name, *description;
} builtin[] = {
    {"sys_admin", "May do everything on this platform"},
    {"org_admin", "May do everything in one organization"},
    {"org_member", "Belongs to an organization"},
};

enum { BUILTIN_COUNT = sizeof builtin / sizeof *builtin };

static struct permission_set held_by(const struct role *role)
{
    struct permission_set set = {{0}};
    for (size_t i = 0; i < role->permission_count; i++)
        permission_set_add(&set, permission_find(slice_of(role->permissions[i])));
    return set;
}

static size_t size_of(const struct permission_set *set)
{
    size_t n = 0;
    for (int i = 0; i < (int)permission_count(); i++)
        n += permission_set_has(set, i);
    return n;
}

/* The same permissions, and none that this program does not know. */
static bool is_current(const struct role *role, const struct permission_set *want)
{
    struct permission_set held = held_by(role);
    return role->builtin && memcmp(&held, want, sizeof held) == 0 &&
           size_of(want) == role->permission_count;
}

static enum err find_stale(struct ctx *ctx, struct conn *conn, void *arg)
{
    bool *stale = arg;
    for (size_t i = 0; i < BUILTIN_COUNT && !*stale; i++) {
        struct permission_set want = permission_of_builtin(builtin[i].name);
        struct role role;
        bool found;
        enum err err = role_store_find_name(ctx, conn, NULL, slice_of(builtin[i].name), &role,
                                            &found);
        if (err != OK)
            return err;
        *stale = !found || !is_current(&role, &want);
    }
    return OK;
}

static enum err fill(struct ctx *ctx, const char *name, struct role *role)
{
    struct permission_set want = permission_of_builtin(name);
    role->permissions = arena_array(ctx->arena, permission_count(), sizeof *role->permissions);
    if (role->permissions == NULL)
        return ctx_no_memory(ctx);
    role->permission_count = 0;
    for (int i = 0; i < (int)permission_count(); i++)
        if (permission_set_has(&want, i))
            role->permissions[role->permission_count++] = permission_at((size_t)i)->name;
    return OK;
}

static enum err write_role(struct ctx *ctx, struct conn *conn, size_t i)
{
    struct role role;
    bool found;
    char id[ID_TEXT];
    enum err err = role_store_find_name(ctx, conn, NULL, slice_of(builtin[i].name), &role, &found);
    if (err == OK && !found) {
        crypto_uuid7(ctx->now, id);
        role = (struct role){.id = id,
                             .name = builtin[i].name,
                             .description = builtin[i].description,
                             .builtin = true,
                             .created_at = ctx->now};
        err = role_store_insert(ctx, conn, &role);
    }
    if (err == OK)
        err = fill(ctx, builtin[i].name, &role);
    return err == OK ? role_store_set_permissions(ctx, conn, &role) : err;
}

static enum err write_all(struct ctx *ctx, struct conn *conn, void *arg)
{
    struct actor system = actor_system();
    struct record r;
    (void)arg;
    for (size_t i = 0; i < BUILTIN_COUNT; i++) {
        enum err err = write_role(ctx, conn, i);
        if (err != OK)
            return err;
    }
    record_start(ctx, &r);
    return record_append(ctx, conn, &r, &system, "role.seed", NULL, NULL);
}

enum err roles_seed(struct ctx *ctx, struct domain *d)
{
    bool stale = false;
    enum err err = store_read(ctx, d->store, find_stale, &stale);
    return err == OK && stale ? store_write(ctx, d->store, write_all, NULL) : err;
}
