/*
 * demo.h - an empty catalog that looks alive, for demonstrations without a network.
 */
#ifndef LARDER_CLI_DEMO_H
#define LARDER_CLI_DEMO_H

#include <stdio.h>

#include "domain/domain.h"

/*
 * Where there is no org and no plugin: makes two orgs, three users and the example plugins that are
 * embedded (packaging/examples), through the same doors as everybody. Prints how to sign in on
 * `say`, since the passwords are made up on the spot. Does nothing where the catalog has content.
 */
enum err demo_fill(struct ctx *ctx, struct domain *d, FILE *say) MUST_USE;

#endif
