/*
 * downloads.h - counting downloads, and the counts of a version by day.
 *
 * A download is noted in memory and written once a minute, so that reading never waits for the
 * disk; a crash loses that minute's counts and nothing else.
 */
#ifndef LARDER_DOMAIN_DOWNLOADS_H
#define LARDER_DOMAIN_DOWNLOADS_H

#include "domain/domain.h"

enum { DOWNLOAD_DAYS = 366 };

struct downloads *downloads_new(void); /* heap, ended by the next; NULL = no memory */
void downloads_free(struct downloads *downloads);

/* Notes one; where more versions than fit are downloaded within a minute, some go uncounted. */
void downloads_note(struct domain *d, const char *plugin_id);
/* Writes what is noted, in one transaction; domain_tend calls it. */
enum err downloads_write(struct ctx *ctx, struct domain *d) MUST_USE;

/* Counts of the last `days` days, oldest first, today last; in the arena. What is noted and not yet
 * written counts as today's. */
enum err downloads_by_day(struct ctx *ctx, struct domain *d, const char *plugin_id, size_t days,
                          int64_t **out, int64_t *total) MUST_USE;

#endif
