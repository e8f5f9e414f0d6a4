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

#define NAMED(text) (text), sizeof(text) - 1

// clang-format off
static const struct permission table[] = {
    {NAMED(PERMISSION_ADMIN),                        PERMISSION_SYSTEM,   "Everything, everywhere"},
    {NAMED("cadence:system:settings:read"),          PERMISSION_SYSTEM,   "See the effective settings"},
    {NAMED("cadence:system:settings:write"),         PERMISSION_SYSTEM,   "Change settings"},
    {NAMED("cadence:system:tiers:read"),             PERMISSION_SYSTEM,   "See tiers"},
    {NAMED("cadence:system:tiers:write"),            PERMISSION_SYSTEM,   "Change tiers"},
    {NAMED("cadence:system:plugins:read"),           PERMISSION_SYSTEM,   "See system plugins, disabled ones too"},
    {NAMED("cadence:system:plugins:write"),          PERMISSION_SYSTEM,   "Upload, enable and disable system plugins"},
    {NAMED("cadence:system:users:read"),             PERMISSION_SYSTEM,   "See users"},
    {NAMED("cadence:system:users:write"),            PERMISSION_SYSTEM,   "Create, change and remove users"},
    {NAMED("cadence:system:providers:read"),         PERMISSION_SYSTEM,   "See model providers"},
    {NAMED("cadence:system:providers:write"),        PERMISSION_SYSTEM,   "Change model providers"},
    {NAMED("cadence:system:telemetry:read"),         PERMISSION_SYSTEM,   "See telemetry settings"},
    {NAMED("cadence:system:telemetry:write"),        PERMISSION_SYSTEM,   "Change telemetry settings"},
    {NAMED("cadence:system:health:read"),            PERMISSION_SYSTEM,   "See the health of every part"},
    {NAMED("cadence:system:orgs:create"),            PERMISSION_SYSTEM,   "Create organizations"},
    {NAMED("cadence:system:orgs:read"),              PERMISSION_SYSTEM,   "See every organization and its use"},
    {NAMED("cadence:system:orgs:write"),             PERMISSION_SYSTEM,   "Change, suspend and remove organizations"},
    {NAMED("cadence:system:oauth_clients:read"),     PERMISSION_SYSTEM,   "See OAuth clients"},
    {NAMED("cadence:system:oauth_clients:write"),    PERMISSION_SYSTEM,   "Change OAuth clients"},
    {NAMED("cadence:system:roles:read"),             PERMISSION_SYSTEM,   "See roles and who holds them"},
    {NAMED("cadence:system:roles:write"),            PERMISSION_SYSTEM,   "Create, change and assign roles"},
    {NAMED("cadence:system:api_keys:read"),          PERMISSION_SYSTEM,   "See API keys"},
    {NAMED("cadence:system:api_keys:write"),         PERMISSION_SYSTEM,   "Create and revoke API keys"},
    {NAMED("cadence:system:audit:read"),             PERMISSION_SYSTEM,   "Read the record of what happened"},
    {NAMED("cadence:system:metrics:read"),           PERMISSION_SYSTEM,   "Read counters and histograms"},
    {NAMED("cadence:system:logs:read"),              PERMISSION_SYSTEM,   "Read the last lines of the log"},
    {NAMED("cadence:system:backup:read"),            PERMISSION_SYSTEM,   "Take a backup, which holds everything"},
    {NAMED("cadence:system:backup:write"),           PERMISSION_SYSTEM,   "Restore and delete backups"},
    {NAMED("cadence:system:storage:read"),           PERMISSION_SYSTEM,   "See what is stored and replicated"},
    {NAMED("cadence:system:storage:write"),          PERMISSION_SYSTEM,   "Sweep, verify and synchronize storage"},
    {NAMED("cadence:org:read"),                      PERMISSION_ORG,      "See the organization"},
    {NAMED("cadence:org:write"),                     PERMISSION_ORG,      "Change the organization's profile"},
    {NAMED("cadence:org:members:read"),              PERMISSION_ORG,      "See its members"},
    {NAMED("cadence:org:members:write"),             PERMISSION_ORG,      "Add, change and remove members"},
    {NAMED("cadence:org:orchestrators:read"),        PERMISSION_ORG,      "See orchestrators"},
    {NAMED("cadence:org:orchestrators:write"),       PERMISSION_ORG,      "Change orchestrators"},
    {NAMED("cadence:org:orchestrators:lifecycle"),   PERMISSION_ORG,      "Start and stop orchestrators"},
    {NAMED("cadence:org:plugins:read"),              PERMISSION_ORG,      "See and download the organization's plugins"},
    {NAMED("cadence:org:plugins:write"),             PERMISSION_ORG,      "Upload, enable and disable its plugins"},
    {NAMED("cadence:org:llm-configs:read"),          PERMISSION_ORG,      "See model settings"},
    {NAMED("cadence:org:llm-configs:write"),         PERMISSION_ORG,      "Change model settings"},
    {NAMED("cadence:org:central-points:read"),       PERMISSION_ORG,      "See central points"},
    {NAMED("cadence:org:central-points:write"),      PERMISSION_ORG,      "Change central points"},
    {NAMED("cadence:org:settings:read"),             PERMISSION_ORG,      "See the organization's settings"},
    {NAMED("cadence:org:settings:write"),            PERMISSION_ORG,      "Change the organization's settings"},
    {NAMED("cadence:org:stats:read"),                PERMISSION_ORG,      "See the organization's figures"},
    {NAMED("cadence:chat:use"),                      PERMISSION_PERSONAL, "Chat"},
    {NAMED("cadence:chat:history:read"),             PERMISSION_PERSONAL, "Read one's own chats"},
    {NAMED("cadence:profile:read"),                  PERMISSION_PERSONAL, "Read one's own profile"},
    {NAMED("cadence:profile:write"),                 PERMISSION_PERSONAL, "Change one's own profile"},
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
        if (slice_eq(name, (struct slice){table[i].name, table[i].name_n}))
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
