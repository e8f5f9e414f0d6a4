/*
 * pack.h - what a path on the command line stands for: packages.
 *
 * A ZIP is itself; a folder with plugin.py is packed in memory (the same files give the same bytes);
 * any other folder stands for the packages directly in it.
 */
#ifndef LARDER_CLI_PACK_H
#define LARDER_CLI_PACK_H

#include "cli/command.h"

struct pack_list {
    const char **path; /* of ZIPs and of folders with plugin.py */
    size_t count, cap;
};

/* Adds what `path` stands for. ERR_NOT_FOUND when there is nothing. */
enum err pack_find(struct cli *cli, const char *path, struct pack_list *list) MUST_USE;

/* The bytes of one package and the name it is uploaded under. */
enum err pack_read(struct cli *cli, const char *path, struct slice *bytes,
                   const char **name) MUST_USE;

#endif
