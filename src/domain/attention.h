/*
 * attention.h - the inbox of the appliance: what waits for a person, of every org.
 */
#ifndef LARDER_DOMAIN_ATTENTION_H
#define LARDER_DOMAIN_ATTENTION_H

#include "domain/domain.h"
#include "model/attention.h"

/* Every item, at most ATTENTION_EACH of a kind; strings live until each returns. */
enum err attention_all(struct ctx *ctx, struct domain *d,
                       enum err (*each)(void *arg, const struct attention *item),
                       void *arg) MUST_USE;

#endif
