/*
 * actor.c - the two that may do everything.
 */
#include "domain/actor.h"

#include "domain/permissions.h"

static struct actor almighty(const char *name, const char *via)
{
    return (struct actor){.username = name,
                          .is_sys_admin = true,
                          .address = "local",
                          .via = via,
                          .may = permission_all()};
}

struct actor actor_cli(void)
{
    return almighty("command line", "cli");
}

struct actor actor_system(void)
{
    return almighty("system", "system");
}
