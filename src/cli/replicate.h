/*
 * replicate.h - the replica of a running server, from its settings.
 */
#ifndef LARDER_CLI_REPLICATE_H
#define LARDER_CLI_REPLICATE_H

#include "cli/command.h"

struct domain;

/* Sets d->replica. A store that cannot be reached is no error: it is looked for in the background. */
enum err replicate_open(struct cli *cli, struct domain *d) MUST_USE;
/* The same, but nothing is sent, fetched or written: for showing how it stands. */
enum err replicate_look(struct cli *cli, struct domain *d) MUST_USE;
/* The settings were read again: new keys are tried at once. */
enum err replicate_reload(struct ctx *ctx, const struct cli *cli, struct domain *d) MUST_USE;
void replicate_close(struct domain *d);

#endif
