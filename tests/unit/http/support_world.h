/*
 * support_world.h - one server with a handful of routes, for the tests that need a socket.
 */
#ifndef SUPPORT_WORLD_H
#define SUPPORT_WORLD_H

#include "support_raw.h"

#define HOST "Host: localhost\r\n"

int world_set_up(void **state);
int world_tear_down(void **state);
void world_start(void);
/* The same on a socket that listens already. */
void world_start_on(const int *socket);
void world_stop(void);
const char *world_url(void);
struct log *world_log(void);

extern struct raw_answer world_answer; /* the last one */
void world_ask(const char *text);      /* on a connection of its own; the answer is world_answer */
const char *world_field(const char *name); /* of the last answer */

#endif
