/*
 * listen.h - the addresses to listen on, as civetweb wants to be told.
 */
#ifndef LARDER_HTTP_LISTEN_H
#define LARDER_HTTP_LISTEN_H

#include "http/server.h"

enum { LISTEN_TEXT = 1024 };

/*
 * Writes "127.0.0.1:8080,[::1]:8080s": the option's addresses, or those of the sockets that were
 * handed over; an 's' behind a port means TLS. The fault names what is no address.
 */
enum err listen_list(struct ctx *ctx, const struct server_options *options,
                     char out[LISTEN_TEXT]) MUST_USE;

#endif
