/*
 * assets.h - the web pages and what they load, from the binary or, while developing, from a folder.
 *
 * Pages are asked for again each time and answered 304 where nothing changed; everything they load
 * is named below /a/<fingerprint>/ and may be kept for ever, since another build has another
 * fingerprint. No path of a request becomes a path of the file system but below the one folder.
 */
#ifndef LARDER_HTTP_ASSETS_H
#define LARDER_HTTP_ASSETS_H

#include "http/reply.h"
#include "http/request.h"

struct assets;
struct embedded; /* base/embedded.h */

/* folder: read from there at every request instead of from the binary; NULL = the binary. Heap,
 * ended by assets_close. The fault names the folder when it cannot be opened. */
enum err assets_open(struct ctx *ctx, const char *folder, struct assets **out) MUST_USE;
void assets_close(struct assets *assets);

/* "/a/<fingerprint>", what {{assets}} stands for in a page; "/a/dev" for a folder. */
const char *assets_prefix(const struct assets *assets);

/* The file as it was written, whatever form the binary keeps it in. */
enum err assets_plain(struct ctx *ctx, const struct embedded *e, struct slice *out) MUST_USE;

/* Answers with a page: "index.html". Revalidated at each visit. ERR_NOT_FOUND where it is none. */
enum err assets_page(struct ctx *ctx, const struct assets *assets, const struct request *req,
                     struct reply *reply, const char *path) MUST_USE;

/*
 * Answers GET /a/{fingerprint}/{path...}. With the fingerprint of this build it may be kept for
 * ever; with another one (a page of an older build is still open) it is sent, but not to be kept.
 */
enum err assets_file(struct ctx *ctx, const struct assets *assets, const struct request *req,
                     struct reply *reply, struct slice fingerprint, struct slice path) MUST_USE;

#endif
