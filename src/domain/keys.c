/*
 * keys.c - the rules about API keys.
 */
#include "domain/keys.h"

#include <stdio.h>
#include <string.h>

#include "base/crypto.h"
#include "domain/access.h"
#include "domain/fields.h"
#include "domain/permissions.h"
#include "domain/record.h"
#include "store/access_store.h"
#include "store/key_store.h"
#include "store/org_store.h"
#include "store/user_store.h"

enum { KEY_BYTES = 32, KEY_SHOWN = 12 };

/* ------------------------------------------------------------------ making */

struct making {
    const struct actor *actor;
    struct api_key *key;
    unsigned char hash[SHA256_BYTES];
};

/* Known names only, and none that the actor does not hold; those no key may hold fall away. */
static enum err take_scopes(struct ctx *ctx, const struct actor *actor, const struct key_new *what,
                            struct api_key *key)
{
    const struct permission_set never = permission_never_for_keys();
    struct permission_set taken = {{0}};
    size_t room = permission_count();
    key->scopes = arena_array(ctx->arena, room, sizeof *key->scopes);
    if (key->scopes == NULL)
        return ctx_no_memory(ctx);
    for (size_t i = 0; i < what->scope_count; i++) {
        int at = permission_find(what->scopes[i]);
        if (at < 0)
            return ctx_fail_field(ctx, ERR_UNPROCESSABLE, "scopes", "Unknown scope '%.*s'",
                                  what->scopes[i].n < 100 ? (int)what->scopes[i].n : 100,
                                  what->scopes[i].p);
        if (permission_set_has(&never, at) || permission_set_has(&taken, at))
            continue;
        if (!actor->is_sys_admin && !permission_set_has(&actor->may, at))
            return ctx_fail_field(ctx, ERR_FORBIDDEN, "scopes",
                                  "Cannot grant a scope you do not hold: %s",
                                  permission_at((size_t)at)->name);
        permission_set_add(&taken, at);
        key->scopes[key->scope_count++] = permission_at((size_t)at)->name;
    }
    return OK;
}

/* A key bound to an org must be of some use there. */
static enum err check_org(struct ctx *ctx, struct conn *conn, const struct api_key *key,
                          const struct user *owner)
{
    struct org org;
    struct seat seat;
    bool found;
    enum err err = org_store_find(ctx, conn, key->org_id, &org, &found);
    if (err == OK && (!found || org.is_deleted))
        return ctx_fail(ctx, ERR_NOT_FOUND, "Organization not found");
    if (err == OK)
        err = access_store_seat(ctx, conn, owner->id, key->org_id, &seat);
    if (err == OK && !seat.is_member && !owner->is_sys_admin)
        return ctx_fail_field(ctx, ERR_UNPROCESSABLE, "org_id",
                              "The owner of the key is not a member of this organization");
    return err;
}

static enum err check_owner(struct ctx *ctx, struct conn *conn, const struct actor *actor,
                            const struct api_key *key)
{
    struct user owner;
    int64_t count = 0;
    bool found, own = actor->user_id && strcmp(actor->user_id, key->user_id) == 0;
    enum err err = user_store_find(ctx, conn, key->user_id, &owner, &found);
    if (err == OK && (!found || owner.is_deleted))
        return ctx_fail(ctx, ERR_NOT_FOUND, "User not found");
    if (err == OK && !own && !actor->is_sys_admin)
        return access_refuse_admin(ctx);
    if (err == OK)
        err = key_store_count(ctx, conn, key->user_id, &count);
    if (err == OK && count >= KEYS_PER_USER_MAX)
        return ctx_fail(ctx, ERR_CONFLICT, "This user has %d API keys; revoke one first",
                        KEYS_PER_USER_MAX);
    return err == OK && key->org_id ? check_org(ctx, conn, key, &owner) : err;
}

static enum err record_key(struct ctx *ctx, struct conn *conn, const struct actor *actor,
                           const char *action, const struct api_key *key)
{
    struct record r;
    record_start(ctx, &r);
    jw_put_str(&r.json, "name", key->name);
    jw_put_str(&r.json, "prefix", key->prefix);
    jw_put_str(&r.json, "owner", key->user_id);
    jw_key(&r.json, "scopes");
    jw_array(&r.json);
    for (size_t i = 0; i < key->scope_count; i++)
        jw_str(&r.json, key->scopes[i]);
    jw_end(&r.json);
    return record_append(ctx, conn, &r, actor, action, key->org_id, key->id);
}

static enum err insert_key(struct ctx *ctx, struct conn *conn, void *arg)
{
    const struct making *m = arg;
    enum err err = check_owner(ctx, conn, m->actor, m->key);
    if (err == OK)
        err = key_store_insert(ctx, conn, m->key, m->hash);
    return err == OK ? record_key(ctx, conn, m->actor, "key.create", m->key) : err;
}

static enum err make_secret(struct ctx *ctx, struct making *m, char raw[KEY_TEXT])
{
    unsigned char secret[KEY_BYTES];
    struct buf text;
    buf_init(&text, ctx->arena, KEY_TEXT - 1);
    crypto_random(secret, sizeof secret);
    buf_str(&text, "cdk_");
    crypto_base64url(&text, secret, sizeof secret);
    crypto_wipe(secret, sizeof secret);
    const char *key = buf_text(&text);
    m->key->prefix = key ? slice_dup(ctx->arena, slice_sub(buf_view(&text), 0, KEY_SHOWN)) : NULL;
    if (m->key->prefix == NULL)
        return ctx_no_memory(ctx);
    str_set(raw, KEY_TEXT, slice_of(key));
    crypto_sha256(buf_view(&text), m->hash);
    return OK;
}

enum err keys_create(struct ctx *ctx, struct domain *d, const struct actor *actor,
                     const struct key_new *what, struct api_key *out, char raw[KEY_TEXT])
{
    struct making m = {.actor = actor, .key = out};
    char *id = arena_alloc(ctx->arena, ID_TEXT);
    if (id == NULL)
        return ctx_no_memory(ctx);
    crypto_uuid7(ctx->now, id);
    *out = (struct api_key){.id = id,
                            .user_id = what->user_id ? what->user_id : actor->user_id,
                            .org_id = what->org_id,
                            .created_at = ctx->now,
                            .expires_at = what->expires_at};
    if (out->user_id == NULL)
        return ctx_fail_field(ctx, ERR_UNPROCESSABLE, "user_id", "A key needs an owner");
    if (what->expires_at != 0 && what->expires_at <= ctx->now)
        return ctx_fail_field(ctx, ERR_UNPROCESSABLE, "expires_at",
                              "Field 'expires_at' must be in the future");
    enum err err = field_take(ctx, "name", FIELD_NAME, KEY_NAME_MAX, what->name, &out->name);
    if (err == OK)
        err = take_scopes(ctx, actor, what, out);
    if (err == OK)
        err = make_secret(ctx, &m, raw);
    return err == OK ? store_write(ctx, d->store, insert_key, &m) : err;
}

/* ------------------------------------------------------------------ listing and revoking */

struct listing {
    const char *user_id;
    bool include_revoked;
    struct api_key *list;
    size_t count;
};

static enum err list_keys(struct ctx *ctx, struct conn *conn, void *arg)
{
    struct listing *l = arg;
    return key_store_list(ctx, conn, l->user_id, l->include_revoked, KEYS_MAX, &l->list, &l->count);
}

enum err keys_list(struct ctx *ctx, struct domain *d, const char *user_id, bool include_revoked,
                   struct api_key **out, size_t *count)
{
    struct listing l = {user_id, include_revoked, NULL, 0};
    enum err err = store_read(ctx, d->store, list_keys, &l);
    *out = l.list;
    *count = l.count;
    return err;
}

struct revoking {
    const struct actor *actor;
    const char *owner_id, *key_id;
};

static enum err revoke_key(struct ctx *ctx, struct conn *conn, void *arg)
{
    const struct revoking *v = arg;
    struct api_key key;
    bool found;
    enum err err = key_store_find(ctx, conn, v->key_id, &key, &found);
    if (err == OK && (!found || (v->owner_id && strcmp(v->owner_id, key.user_id) != 0)))
        return ctx_fail(ctx, ERR_NOT_FOUND, "API key not found");
    if (err != OK || key.revoked_at != 0)
        return err;
    err = key_store_revoke(ctx, conn, key.id);
    return err == OK ? record_key(ctx, conn, v->actor, "key.revoke", &key) : err;
}

enum err keys_revoke(struct ctx *ctx, struct domain *d, const struct actor *actor,
                     const char *owner_id, const char *key_id)
{
    struct revoking v = {actor, owner_id, key_id};
    return store_write(ctx, d->store, revoke_key, &v);
}

bool keys_is_active(const struct api_key *key, int64_t now)
{
    return key->revoked_at == 0 && (key->expires_at == 0 || key->expires_at > now);
}
