/*
 * plugin_api.h - what the files of the org-scoped catalog share.
 */
#ifndef LARDER_API_PLUGIN_API_H
#define LARDER_API_PLUGIN_API_H

#include "http/router.h"

/* POST .../plugins/upload, for an org or the system (plugin_upload.c). */
enum err plugin_upload(struct ctx *ctx, struct call *call) MUST_USE;

/* GET .../plugins/{plugin_id}/download, for both as well (plugin_download.c). */
enum err plugin_download(struct ctx *ctx, struct call *call) MUST_USE;

#endif
