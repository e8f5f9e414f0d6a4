/*
 * profile.h - credentials and config as the AWS command line keeps them in the home folder.
 *
 * Sections in brackets, `key = value` below them; what is indented belongs to a nested setting and
 * is passed over. Nothing is ever written there, no program named in it is run and no metadata
 * service is asked: what is not in these two files is not there. A file that cannot be read may belong
 * to somebody else; it stops nobody and counts as empty.
 */
#ifndef LARDER_CLI_PROFILE_H
#define LARDER_CLI_PROFILE_H

#include "base/ctx.h"

struct profile {
    const char *name;        /* "default" unless AWS_PROFILE says otherwise */
    bool named;              /* it does */
    bool found;              /* in at least one of the files */
    const char *credentials; /* path; NULL = there is no home folder */
    const char *config;
    const char *trouble; /* NULL, or which of the two cannot be read, and why */
    /* NULL = not set */
    const char *key, *secret, *token, *region, *endpoint, *ca_file;
};

enum err profile_read(struct ctx *ctx, char *const *env, struct profile *out) MUST_USE;

#endif
