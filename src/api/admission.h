/*
 * admission.h - how many bytes of uploads may be in memory at once.
 *
 * A request asks before its body is read (and before "100 Continue" is sent); it waits a while for
 * room, in which the client has sent nothing yet, and is then told to come back.
 */
#ifndef LARDER_API_ADMISSION_H
#define LARDER_API_ADMISSION_H

#include "base/ctx.h"

struct admission;

struct admission *admission_new(size_t bytes, int wait_ms); /* heap; NULL = no memory */
void admission_free(struct admission *a);

/* Takes n bytes until ctx's arena is reset; ERR_BUSY with Retry-After when none come free. */
enum err admission_take(struct ctx *ctx, struct admission *a, size_t n) MUST_USE;

#endif
