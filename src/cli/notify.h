/*
 * notify.h - telling the service manager how we are (systemd's notify protocol, by hand).
 *
 * Without NOTIFY_SOCKET in the environment nothing is sent. The protocol is one datagram of text,
 * which is not worth a library.
 */
#ifndef LARDER_CLI_NOTIFY_H
#define LARDER_CLI_NOTIFY_H

#include <stddef.h>
#include <stdint.h>

enum { NOTIFY_SOCKETS = 8 };

/* "READY=1", "STOPPING=1", "RELOADING=1\nMONOTONIC_USEC=...", "WATCHDOG=1", "STATUS=..." */
void notify_send(char *const *env, const char *text);

/* Sockets that the manager opened for us and that listen already (LISTEN_FDS); how many. */
size_t notify_sockets(char *const *env, int sockets[NOTIFY_SOCKETS]);

/* Milliseconds between two WATCHDOG=1 (half of what the manager allows); 0 = none is wanted. */
int64_t notify_watchdog_ms(char *const *env);

#endif
