/*
 * watch.h - the thread that notices what is dropped into the plugin store (domain/directory.h).
 */
#ifndef LARDER_CLI_WATCH_H
#define LARDER_CLI_WATCH_H

#include "domain/domain.h"

struct watch;

/* Starts it; *out is NULL where the setting is off. Heap, ended by watch_close. `root` must outlive
 * it. The first pass over the store begins at once, beside the first requests. */
enum err watch_open(struct ctx *ctx, struct domain *d, const char *root,
                    struct watch **out) MUST_USE;
void watch_close(struct watch *w); /* before the domain; NULL does nothing */

#endif
