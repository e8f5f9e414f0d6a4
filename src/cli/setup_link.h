/*
 * setup_link.h - the link with which the first administrator is made.
 */
#ifndef LARDER_CLI_SETUP_LINK_H
#define LARDER_CLI_SETUP_LINK_H

#include "cli/command.h"

struct domain;

/*
 * Mints a link (those before it are void) and prints it to `out`. `url` is where the server
 * listens; the setting public-url wins over it. This is the one place where a secret is printed
 * unasked: nobody could get in otherwise.
 */
enum err setup_link_print(struct cli *cli, struct domain *domain, const char *url,
                          FILE *out) MUST_USE;

#endif
