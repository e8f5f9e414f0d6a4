/*
 * actor.h - who acts where nobody signed in: the command line on this machine, and the program
 * itself. Both may do everything, and the audit names them.
 */
#ifndef LARDER_DOMAIN_ACTOR_H
#define LARDER_DOMAIN_ACTOR_H

#include "model/identity.h"

struct actor actor_cli(void);
struct actor actor_system(void);

#endif
