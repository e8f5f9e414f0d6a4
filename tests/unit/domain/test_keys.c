/*
 * test_keys.c - API keys: shown once, scopes, orgs, ends.
 */
#include "domain/keys.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "domain/access.h"
#include "domain/permissions.h"
#include "domain/stamps.h"
#include "model/audit.h"
#include "store/key_store.h"
#include "support_people.h"

static struct access access_by(struct town *t, const char *raw, const struct org *o)
{
    unsigned char hash[SHA256_BYTES];
    struct access a;
    crypto_sha256(slice_of(raw), hash);
    must(t, access_of_key(work(t), &t->domain, hash, o ? o->id : NULL, &a));
    return a;
}

static bool holds(struct permission_set set, const char *name)
{
    return permission_set_has(&set, permission_find(slice_of(name)));
}

static void a_key_is_shown_once(void **state)
{
    struct town *t = *state;
    const struct slice scopes[] = {SLICE("cadence:org:plugins:read"),
                                   SLICE("cadence:org:plugins:read")};
    const struct key_new what = {
        .user_id = t->ann.id, .name = SLICE("build"), .scopes = scopes, .scope_count = 2};
    struct api_key key, *list;
    char raw[KEY_TEXT], other[KEY_TEXT];
    size_t count;
    must(t, keys_create(work(t), &t->domain, &t->cli, &what, &key, raw));
    assert_int_equal(strlen(raw), 4 + 43); /* the prefix and 256 bits */
    assert_memory_equal(raw, "cdk_", 4);
    assert_memory_equal(raw, key.prefix, strlen(key.prefix));
    must(t, keys_create(work(t), &t->domain, &t->cli, &what, &key, other));
    assert_string_not_equal(raw, other);
    must(t, keys_list(work(t), &t->domain, t->ann.id, false, &list, &count));
    assert_int_equal(count, 2);
    assert_int_equal(list[0].scope_count, 1);        /* named twice, held once */
    assert_string_equal(list[0].prefix, key.prefix); /* the newest first */
    struct access a = access_by(t, raw, &t->acme);
    assert_true(a.valid);
    assert_string_equal(a.user_id, t->ann.id);
    assert_true(holds(a.scopes, "cadence:org:plugins:read"));
    assert_false(holds(a.scopes, "cadence:org:plugins:write"));
    const char *detail = last_audit(t, "key.create")->detail;
    assert_null(strstr(detail, other));
    other[20] = other[20] == 'A' ? 'B' : 'A';
    assert_false(access_by(t, other, NULL).valid);
}

static void three_scopes_fall_away(void **state)
{
    struct town *t = *state;
    const struct slice scopes[] = {
        SLICE("cadence:system:admin"), SLICE("cadence:system:api_keys:read"),
        SLICE("cadence:system:api_keys:write"), SLICE("cadence:system:plugins:read")};
    const struct key_new what = {
        .user_id = t->root.id, .name = SLICE("all"), .scopes = scopes, .scope_count = 4};
    struct api_key key;
    char raw[KEY_TEXT];
    must(t, keys_create(work(t), &t->domain, &t->cli, &what, &key, raw));
    assert_int_equal(key.scope_count, 1);
    assert_string_equal(key.scopes[0], "cadence:system:plugins:read");
}

struct foreign_key {
    struct api_key key;
    unsigned char hash[SHA256_BYTES];
};

static enum err insert_foreign(struct ctx *ctx, struct conn *conn, void *arg)
{
    const struct foreign_key *f = arg;
    return key_store_insert(ctx, conn, &f->key, f->hash);
}

/* A row that did not come from keys_create, say from an import, is cut when it is read. */
static void they_fall_away_when_read_too(void **state)
{
    struct town *t = *state;
    const char *scopes[] = {"cadence:system:admin", "cadence:system:api_keys:write",
                            "cadence:system:audit:read", "cadence:of:another:program"};
    struct foreign_key f = {.key = {.id = "01900000-0000-7000-8000-000000000001",
                                    .user_id = t->root.id,
                                    .name = "foreign",
                                    .prefix = "cdk_foreign",
                                    .scopes = scopes,
                                    .scope_count = 4}};
    crypto_sha256(SLICE("cdk_foreign"), f.hash);
    must(t, store_write(work(t), t->store, insert_foreign, &f));
    struct access a = access_by(t, "cdk_foreign", NULL);
    assert_true(a.valid);
    assert_true(holds(a.scopes, "cadence:system:audit:read"));
    assert_false(holds(a.scopes, "cadence:system:admin"));
    assert_false(holds(a.scopes, "cadence:system:api_keys:write"));
}

static void scopes_are_known_and_held(void **state)
{
    struct town *t = *state;
    struct actor ann = actor_of(&t->ann);
    permission_set_add(&ann.may, permission_find(SLICE("cadence:org:plugins:read")));
    struct slice one = SLICE("cadence:org:plugins:write");
    struct key_new what = {.name = SLICE("k"), .scopes = &one, .scope_count = 1};
    struct api_key key;
    char raw[KEY_TEXT];
    must_fail(t, keys_create(work(t), &t->domain, &ann, &what, &key, raw), ERR_FORBIDDEN,
              "you do not hold");
    one = SLICE("cadence:org:nonsense");
    must_fail(t, keys_create(work(t), &t->domain, &ann, &what, &key, raw), ERR_UNPROCESSABLE,
              "Unknown scope 'cadence:org:nonsense'");
    one = SLICE("cadence:org:plugins:read");
    must(t, keys_create(work(t), &t->domain, &ann, &what, &key, raw));
    assert_string_equal(key.user_id, t->ann.id);
    what.user_id = t->root.id;
    must_fail(t, keys_create(work(t), &t->domain, &ann, &what, &key, raw), ERR_FORBIDDEN, NULL);
    what = (struct key_new){.name = SLICE("")};
    must_fail(t, keys_create(work(t), &t->domain, &ann, &what, &key, raw), ERR_UNPROCESSABLE,
              "name");
    what = (struct key_new){.name = SLICE("nobody's")};
    must_fail(t, keys_create(work(t), &t->domain, &t->cli, &what, &key, raw), ERR_UNPROCESSABLE,
              "owner");
}

static void a_key_is_bound_to_an_org_of_its_owner(void **state)
{
    struct town *t = *state;
    struct api_key key;
    char raw[KEY_TEXT];
    struct key_new what = {.user_id = t->ann.id, .name = SLICE("k"), .org_id = t->zeta.id};
    must_fail(t, keys_create(work(t), &t->domain, &t->cli, &what, &key, raw), ERR_UNPROCESSABLE,
              "not a member");
    what.org_id = "01900000-0000-7000-8000-000000000000";
    must_fail(t, keys_create(work(t), &t->domain, &t->cli, &what, &key, raw), ERR_NOT_FOUND, NULL);
    what.org_id = t->acme.id;
    must(t, keys_create(work(t), &t->domain, &t->cli, &what, &key, raw));
    assert_string_equal(access_by(t, raw, &t->acme).key_org_id, t->acme.id);
    what.user_id = t->root.id; /* belongs to every org */
    must(t, keys_create(work(t), &t->domain, &t->cli, &what, &key, raw));
}

static void a_key_expires(void **state)
{
    struct town *t = *state;
    struct api_key key;
    char raw[KEY_TEXT];
    struct key_new what = {.user_id = t->ann.id, .name = SLICE("k"), .expires_at = t->wall};
    must_fail(t, keys_create(work(t), &t->domain, &t->cli, &what, &key, raw), ERR_UNPROCESSABLE,
              "future");
    what.expires_at = t->wall + 1000;
    must(t, keys_create(work(t), &t->domain, &t->cli, &what, &key, raw));
    pass_time(t, 999);
    assert_true(access_by(t, raw, NULL).valid);
    assert_true(keys_is_active(&key, t->wall));
    pass_time(t, 1);
    assert_false(access_by(t, raw, NULL).valid);
    assert_false(keys_is_active(&key, t->wall));
}

static void a_revoked_key_is_void(void **state)
{
    struct town *t = *state;
    const struct key_new what = {.user_id = t->ann.id, .name = SLICE("k")};
    struct api_key key, *list;
    char raw[KEY_TEXT];
    size_t count;
    must(t, keys_create(work(t), &t->domain, &t->cli, &what, &key, raw));
    must_fail(t, keys_revoke(work(t), &t->domain, &t->cli, t->bob.id, key.id), ERR_NOT_FOUND,
              "API key not found");
    assert_true(access_by(t, raw, NULL).valid);
    must(t, keys_revoke(work(t), &t->domain, &t->cli, t->ann.id, key.id));
    must(t, keys_revoke(work(t), &t->domain, &t->cli, NULL, key.id));
    assert_int_equal(audit_rows(t, "key.revoke"), 1);
    assert_false(access_by(t, raw, NULL).valid);
    must(t, keys_list(work(t), &t->domain, NULL, false, &list, &count));
    assert_int_equal(count, 0);
    must(t, keys_list(work(t), &t->domain, NULL, true, &list, &count));
    assert_int_equal(count, 1);
    assert_false(keys_is_active(&list[0], t->wall));
}

static void its_use_is_stamped(void **state)
{
    struct town *t = *state;
    const struct key_new what = {.user_id = t->ann.id, .name = SLICE("k")};
    struct api_key key, *list;
    char raw[KEY_TEXT];
    size_t count;
    must(t, keys_create(work(t), &t->domain, &t->cli, &what, &key, raw));
    stamps_note(&t->domain, STAMP_KEY, key.id, t->wall + 5);
    stamps_note(&t->domain, STAMP_KEY, key.id, t->wall + 9);
    must(t, keys_list(work(t), &t->domain, NULL, false, &list, &count));
    assert_int_equal(list[0].last_used_at, 0);
    must(t, stamps_write(work(t), &t->domain));
    must(t, keys_list(work(t), &t->domain, NULL, false, &list, &count));
    assert_int_equal(list[0].last_used_at, t->wall + 9);
    uint64_t generation = store_rights_generation(t->store);
    must(t, stamps_write(work(t), &t->domain)); /* nothing waits: nothing is written */
    assert_int_equal(store_rights_generation(t->store), generation);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, town_setup, town_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(a_key_is_shown_once),
        CASE(three_scopes_fall_away),
        CASE(they_fall_away_when_read_too),
        CASE(scopes_are_known_and_held),
        CASE(a_key_is_bound_to_an_org_of_its_owner),
        CASE(a_key_expires),
        CASE(a_revoked_key_is_void),
        CASE(its_use_is_stamped),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
