/*
 * work.h - what a running server does besides answering: its jobs, and what they need.
 *
 * The one table of kinds of jobs stands in work.c.
 */
#ifndef LARDER_CLI_WORK_H
#define LARDER_CLI_WORK_H

#include "cli/command.h"
#include "domain/domain.h"

struct shelf; /* cli/shelf.h: it outlives the jobs */

/* Fills d->jobs and what the kinds work with. work_close follows in any case. */
enum err work_open(const struct cli *cli, const char *data, struct domain *d,
                   struct shelf *shelf) MUST_USE;
/* First of all when the server stops: nobody waits for a job any more. */
void work_stop(struct domain *d);
void work_close(struct domain *d); /* after the last request, before the store */

#endif
