/*
 * journal.h - which packages of a batch are done: a text file that the operator names.
 *
 * One line for each, "<sha256> <where>", appended and flushed before the next one begins, so that a
 * batch that was broken off goes on behind the last one that was acknowledged. Bytes decide and not
 * names: a package that was changed since is sent. A line cut short by a crash counts for nothing.
 */
#ifndef LARDER_CLI_JOURNAL_H
#define LARDER_CLI_JOURNAL_H

#include "base/crypto.h"
#include "cli/command.h"

struct journal;

/* Opens the file, making it where there is none. `where` becomes part of each line: the path that
 * packages go to, so that one file serves several batches. Ended by journal_close. */
enum err journal_open(struct cli *cli, const char *path, const char *where,
                      struct journal **out) MUST_USE;
void journal_close(struct journal *j); /* NULL does nothing */

bool journal_has(const struct journal *j, const char sha256[SHA256_HEX]);
enum err journal_add(struct cli *cli, struct journal *j, const char sha256[SHA256_HEX]) MUST_USE;

#endif
