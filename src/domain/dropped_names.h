/*
 * dropped_names.h - what the plugin store was seen to hold, between two passes over it.
 *
 * Every name that was ever dropped stays known, so that no tree is built in its place; how a thing
 * looked last (a mark of its names, sizes and times), since when, and whether it was judged like
 * that. May be asked from any thread. NULL knows no name: the folders are not watched.
 */
#ifndef LARDER_DOMAIN_DROPPED_NAMES_H
#define LARDER_DOMAIN_DROPPED_NAMES_H

#include <stdbool.h>

#include "blob/dropped.h"

struct dropped_names;

struct dropped_names *dropped_names_new(void); /* NULL = no memory */
void dropped_names_free(struct dropped_names *names);

/* False where there is no memory, or there are more names than anybody drops by hand. */
bool dropped_names_add(struct dropped_names *names, const char *name);
bool dropped_names_has(struct dropped_names *names, const char *name);

struct dropped_look {
    int64_t now, quiet_ms;
    bool again;   /* judge also what was judged as it looks now */
    bool unquiet; /* out: something is still being written */
};
/* Is it to be judged now? Notes how it looks. */
bool dropped_names_is_due(struct dropped_names *names, const struct dropped *item,
                          struct dropped_look *look);
void dropped_names_judged(struct dropped_names *names, const struct dropped *item);
/* It went: when it comes back it is a new thing of a known name. */
void dropped_names_gone(struct dropped_names *names, const char *name);

#endif
