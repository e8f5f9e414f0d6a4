/*
 * examples.h - the example plugins that the binary carries (packaging/examples).
 *
 * A demonstration is made of them (cli/demo.c), and an empty catalog can be filled with them. They
 * go in by the same door as everybody's packages, and nothing here runs any of them.
 */
#ifndef LARDER_DOMAIN_EXAMPLES_H
#define LARDER_DOMAIN_EXAMPLES_H

#include "base/ctx.h"
#include "model/identity.h"

struct domain;

/* The archive of one example in the arena; version NULL = the one in its plugin.py. */
enum err examples_pack(struct ctx *ctx, const char *name, const char *version,
                       struct slice *out) MUST_USE;

/* Uploads every example into the system catalog. *loaded counts the new ones, *known those that
 * were there already with the same content. The first refusal ends it. */
enum err examples_load(struct ctx *ctx, struct domain *d, const struct actor *actor, int *loaded,
                       int *known) MUST_USE;

#endif
