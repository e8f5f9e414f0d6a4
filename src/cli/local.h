/*
 * local.h - the rules straight on a data folder, for verbs that run beside a server.
 *
 * No process lock is taken: these verbs change people and keys only, through the same transactions
 * as the server, which notices within 200 ms. An older database is not brought up to date here.
 */
#ifndef LARDER_CLI_LOCAL_H
#define LARDER_CLI_LOCAL_H

#include "cli/command.h"
#include "domain/domain.h"

struct local {
    const char *data;
    struct store *store;
    struct domain domain;
    struct actor actor; /* the command line */
};

/* Reads the settings and opens the folder they name. Ended by local_close, also after a failure. */
enum err local_open(struct cli *cli, struct local *local) MUST_USE;
void local_close(struct local *local);

#endif
