/*
 * pid.h - the reverse-domain name of a plugin, "com.acme.search".
 */
#ifndef LARDER_PACKAGE_PID_H
#define LARDER_PACKAGE_PID_H

#include "base/arena.h"
#include "base/str.h"

enum { PID_MAX = 255 };

/* NULL when the text is a pid; else what is wrong with it. */
const char *pid_problem(struct slice pid);

/*
 * The rule for uploads of an org that has a domain: acme.com owns com.acme and com.acme.*, in any
 * case, and not com.acmefoo. An empty domain owns everything.
 */
bool pid_fits_domain(struct slice pid, struct slice domain);

/* The sentence for a pid that does not fit; NULL when there is no memory. */
const char *pid_domain_sentence(struct arena *arena, struct slice pid, struct slice domain);

#endif
