/*
 * buffers.h - large buffers for answers, shared by all workers.
 *
 * Hundreds of threads wait for a client at any time but only a few build an answer, so a buffer per
 * thread would be memory for nothing. The one given back last is taken first: it is still in the
 * processor's cache.
 */
#ifndef LARDER_HTTP_BUFFERS_H
#define LARDER_HTTP_BUFFERS_H

#include <stddef.h>

/* Room for the head, then for content; a head that is written right before the content makes one
 * piece of both without a copy. */
enum { BUFFER_HEAD = 2048, BUFFER_BODY = 256 << 10 };

struct buffers;

struct buffers *buffers_new(void); /* heap, ended by buffers_free; NULL = no memory */
void buffers_free(struct buffers *pool);
char *buffers_take(struct buffers *pool); /* BUFFER_HEAD + BUFFER_BODY bytes; NULL = no memory */
void buffers_give(struct buffers *pool, char *buffer);

#endif
