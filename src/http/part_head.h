/*
 * part_head.h - the few header lines of one part of a form.
 */
#ifndef LARDER_HTTP_PART_HEAD_H
#define LARDER_HTTP_PART_HEAD_H

#include "http/multipart.h"

/* Reads "Name: value" lines up to the empty one; fills name, file_name and type of the part. */
enum err part_head_read(struct ctx *ctx, struct slice head, struct part *out) MUST_USE;

/*
 * Takes one parameter "; name=value" off the front of *rest; the value is a token or a quoted
 * string, then without its quotes. False when what is there is not one.
 */
bool part_parameter(struct ctx *ctx, struct slice *rest, struct slice *name, struct slice *value);

#endif
