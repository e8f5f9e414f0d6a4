/*
 * embedded.h - the files inside the binary: the web pages, schema.sql, the sandbox's scripts.
 *
 * The table is written at build time by src/tool/embed.c and sorted by path ("web/index.html",
 * "web/vendor/preact.js", "schema.sql"). Everything here is constant for one build; nothing is ever
 * read from disk. Who serves these bytes is `http/assets.c`.
 */
#ifndef LARDER_BASE_EMBEDDED_H
#define LARDER_BASE_EMBEDDED_H

#include <stddef.h>

struct embedded {
    const char *path;
    const char *type; /* media type, with charset where it is text */
    const char *etag; /* quoted, from the hash of the plain bytes */
    /* One of the two: pages that packing makes smaller stand packed, everything else as it is. */
    const unsigned char *gzip;
    size_t gzip_size;
    const unsigned char *plain; /* a NUL follows that is not counted, so text is also a string */
    size_t plain_size;          /* in either case */
};

/* NULL when there is no such file. The path need not end in NUL. */
const struct embedded *embedded_find(const char *path, size_t n);

size_t embedded_count(void);
const struct embedded *embedded_at(size_t i); /* in order of path; NULL from embedded_count on */

/*
 * Twelve hex digits over all web files of this build. Pages name their scripts and styles below
 * "/a/<fingerprint>/", so those may be cached for ever.
 */
const char *embedded_fingerprint(void);

#endif
