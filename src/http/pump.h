/*
 * pump.h - handing a connection on, once the head of a stream is sent.
 *
 * A plain connection leaves its worker. An encrypted one is known to the library alone, so its
 * worker stays with it and carries over what others write to the far end of a pair of sockets.
 */
#ifndef LARDER_HTTP_PUMP_H
#define LARDER_HTTP_PUMP_H

#include "http/reply.h"
#include "http/wire.h"

/*
 * Calls the reply's adopt, and where the worker stays returns only when the stream is over or
 * *stopping (atomic) is set. `sent`: the head is on its way; else nothing came of the stream.
 */
void pump_hand_over(struct wire *wire, struct reply *r, bool sent, const bool *stopping);

#endif
