/*
 * send.h - head and content onto the wire, in one write wherever they fit one buffer.
 */
#ifndef LARDER_HTTP_SEND_H
#define LARDER_HTTP_SEND_H

#include "http/reply.h"

struct wire;

/*
 * Sends head and content and closes the reply's file. `buffer` is one of http/buffers.h, in which
 * the body may stand already. `content`: false for HEAD, 204 and 304. False when the client is gone.
 */
bool send_reply(struct wire *wire, struct reply *r, struct slice head, char *buffer, bool content);

#endif
