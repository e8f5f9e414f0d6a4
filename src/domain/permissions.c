/*
 * permissions.c - THE list of permissions, and what the built-in roles hold.
 *
 * Names that Cadence knows are all here, also those whose features this program does not have, so
 * that roles made for it can be carried over. A permission's number is its row: it never leaves
 * the process, so rows may be moved.
 */
#include "domain/permissions.h"

#include <string.h>

const char PERMISSION_ADMIN[] = "cadence:system:admin";

// clang-format off
static const struct permission table[] = {
    {PERMISSION_ADMIN,                        PERMISSION_SYSTEM,   "Everything, everywhere"},
    {"cadence:system:settings:read",          PERMISSION_SYSTEM,   "See the effective settings"},
    {"cadence:system:settings:write",         PERMISSION_SYSTEM,   "Change settings"},
    {"cadence:system:tiers:read",             PERMISSION_SYSTEM,   "See tiers"},
    {"cadence:system:tiers:write",            PERMISSION_SYSTEM,   "Change tiers"},
    {"cadence:system:plugins:read",           PERMISSION_SYSTEM,   "See system plugins, disabled ones too"},
    {"cadence:system:plugins:write",          PERMISSION_SYSTEM,   "Upload, enable and disable system plugins"},
    {"cadence:system:users:read",             PERMISSION_SYSTEM,   "See users"},
    {"cadence:system:users:write",            PERMISSION_SYSTEM,   "Create, change and remove users"},
    {"cadence:system:providers:read",         PERMISSION_SYSTEM,   "See model providers"},
    {"cadence:system:providers:write",        PERMISSION_SYSTEM,   "Change model providers"},
    {"cadence:system:telemetry:read",         PERMISSION_SYSTEM,   "See telemetry settings"},
    {"cadence:system:telemetry:write",        PERMISSION_SYSTEM,   "Change telemetry settings"},
    {"cadence:system:health:read",            PERMISSION_SYSTEM,   "See the health of every part"},
    {"cadence:system:orgs:create",            PERMISSION_SYSTEM,   "Create organizations"},
    {"cadence:system:orgs:read",              PERMISSION_SYSTEM,   "See every organization and its use"},
    {"cadence:system:orgs:write",             PERMISSION_SYSTEM,   "Change, suspend and remove organizations"},
    {"cadence:system:oauth_clients:read",     PERMISSION_SYSTEM,   "See OAuth clients"},
    {"cadence:system:oauth_clients:write",    PERMISSION_SYSTEM,   "Change OAuth clients"},
    {"cadence:system:roles:read",             PERMISSION_SYSTEM,   "See roles and who holds them"},
    {"cadence:system:roles:write",            PERMISSION_SYSTEM,   "Create, change and assign roles"},
    {"cadence:system:api_keys:read",          PERMISSION_SYSTEM,   "See API keys"},
    {"cadence:system:api_keys:write",         PERMISSION_SYSTEM,   "Create and revoke API keys"},
    {"cadence:system:audit:read",             PERMISSION_SYSTEM,   "Read the record of what happened"},
    {"cadence:system:metrics:read",           PERMISSION_SYSTEM,   "Read counters and histograms"},
    {"cadence:system:logs:read",              PERMISSION_SYSTEM,   "Read the last lines of the log"},
    {"cadence:system:backup:read",            PERMISSION_SYSTEM,   "Take a backup, which holds everything"},
    {"cadence:system:backup:write",           PERMISSION_SYSTEM,   "Restore and delete backups"},
    {"cadence:system:storage:read",           PERMISSION_SYSTEM,   "See what is stored and replicated"},
    {"cadence:system:storage:write",          PERMISSION_SYSTEM,   "Sweep, verify and synchronize storage"},
    {"cadence:org:read",                      PERMISSION_ORG,      "See the organization"},
    {"cadence:org:write",                     PERMISSION_ORG,      "Change the organization's profile"},
    {"cadence:org:members:read",              PERMISSION_ORG,      "See its members"},
    {"cadence:org:members:write",             PERMISSION_ORG,      "Add, change and remove members"},
    {"cadence:org:orchestrators:read",        PERMISSION_ORG,      "See orchestrators"},
    {"cadence:org:orchestrators:write",       PERMISSION_ORG,      "Change orchestrators"},
    {"cadence:org:orchestrators:lifecycle",   PERMISSION_ORG,      "Start and stop orchestrators"},
    {"cadence:org:plugins:read",              PERMISSION_ORG,      "See and download the organization's plugins"},
    {"cadence:org:plugins:write",             PERMISSION_ORG,      "Upload, enable and disable its plugins"},
    {"cadence:org:llm-configs:read",          PERMISSION_ORG,      "See model settings"},
    {"cadence:org:llm-configs:write",         PERMISSION_ORG,      "Change model settings"},
    {"cadence:org:central-points:read",       PERMISSION_ORG,      "See central points"},
    {"cadence:org:central-points:write",      PERMISSION_ORG,      "Change central points"},
    {"cadence:org:settings:read",             PERMISSION_ORG,      "See the organization's settings"},
    {"cadence:org:settings:write",            PERMISSION_ORG,      "Change the organization's settings"},
    {"cadence:org:stats:read",                PERMISSION_ORG,      "See the organization's figures"},
    {"cadence:chat:use",                      PERMISSION_PERSONAL, "Chat"},
    {"cadence:chat:history:read",             PERMISSION_PERSONAL, "Read one's own chats"},
    {"cadence:profile:read",                  PERMISSION_PERSONAL, "Read one's own profile"},
    {"cadence:profile:write",                 PERMISSION_PERSONAL, "Change one's own profile"},
};
// clang-format on

enum { COUNT = sizeof table / sizeof *table, WORD = 64 };
_Static_assert(COUNT <= 2 * WORD, "a set has one bit for each permission");

size_t permission_count(void)
{
    return COUNT;
}

const struct permission *permission_at(size_t i)
{
    return &table[i];
}

int permission_find(struct slice name)
{
    for (int i = 0; i < (int)COUNT; i++)
        if (slice_is(name, table[i].name))
            return i;
    return -1;
}

bool permission_set_has(const struct permission_set *set, int permission)
{
    return permission >= 0 && (set->bits[permission / WORD] >> (permission % WORD) & 1) != 0;
}

void permission_set_add(struct permission_set *set, int permission)
{
    if (permission >= 0)
        set->bits[permission / WORD] |= (uint64_t)1 << (permission % WORD);
}

void permission_set_join(struct permission_set *set, const struct permission_set *other)
{
    set->bits[0] |= other->bits[0];
    set->bits[1] |= other->bits[1];
}

void permission_set_cut(struct permission_set *set, const struct permission_set *other)
{
    set->bits[0] &= other->bits[0];
    set->bits[1] &= other->bits[1];
}

bool permission_set_within(const struct permission_set *set, const struct permission_set *other)
{
    return (set->bits[0] & ~other->bits[0]) == 0 && (set->bits[1] & ~other->bits[1]) == 0;
}

void permission_set_expand(struct permission_set *set)
{
    if (permission_set_has(set, 0)) /* row 0 is the sentinel */
        *set = permission_all();
}

/* The set of all rows of one scope. */
static struct permission_set all_of(enum permission_scope scope)
{
    struct permission_set set = {{0}};
    for (int i = 0; i < (int)COUNT; i++)
        if (table[i].scope == scope)
            permission_set_add(&set, i);
    return set;
}

static struct permission_set set_of(const char *const *names)
{
    struct permission_set set = {{0}};
    for (; *names; names++)
        permission_set_add(&set, permission_find(slice_of(*names)));
    return set;
}

struct permission_set permission_all(void)
{
    struct permission_set set = {{0}};
    for (int i = 0; i < (int)COUNT; i++)
        permission_set_add(&set, i);
    return set;
}

struct permission_set permission_of_builtin(const char *role)
{
    static const char *const member[] = {"cadence:org:read",
                                         "cadence:org:orchestrators:read",
                                         "cadence:chat:use",
                                         "cadence:chat:history:read",
                                         "cadence:profile:read",
                                         "cadence:profile:write",
                                         NULL};
    if (strcmp(role, "sys_admin") == 0)
        return permission_all();
    if (strcmp(role, "org_member") == 0)
        return set_of(member);
    struct permission_set set = all_of(PERMISSION_ORG), personal = all_of(PERMISSION_PERSONAL);
    permission_set_join(&set, &personal);
    return set;
}

struct permission_set permission_never_for_keys(void)
{
    static const char *const names[] = {PERMISSION_ADMIN, "cadence:system:api_keys:read",
                                        "cadence:system:api_keys:write", NULL};
    return set_of(names);
}

struct permission_set permission_of_everybody(void)
{
    static const char *const names[] = {"cadence:profile:read", "cadence:profile:write", NULL};
    return set_of(names);
}
