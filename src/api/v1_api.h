/*
 * v1_api.h - what the files of the v1 API share.
 */
#ifndef LARDER_API_V1_API_H
#define LARDER_API_V1_API_H

#include "http/router.h"

/* POST .../upload (v1_upload.c). */
enum err v1_upload(struct ctx *ctx, struct call *call) MUST_USE;

#endif
