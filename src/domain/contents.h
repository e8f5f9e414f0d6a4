/*
 * contents.h - what stands inside the packages: files of one version, and what two versions differ in.
 *
 * Everything is read from the verified bytes of the upload, through the same strict reader that
 * judged them; no extracted tree is looked at. Whether the caller may see a version is decided
 * before, by catalog_get_visible.
 */
#ifndef LARDER_DOMAIN_CONTENTS_H
#define LARDER_DOMAIN_CONTENTS_H

#include "base/ctx.h"
#include "base/line_diff.h"
#include "model/plugin.h"

struct domain;

enum { CONTENTS_TEXT_MAX = 1 << 20, CONTENTS_DIFF_MAX = 8 << 20 };

struct content_file {
    struct slice name; /* below the wrapper folder */
    uint64_t size;
};

/* The files that count, in order of name. */
enum err contents_files(struct ctx *ctx, struct domain *d, const struct plugin *p,
                        struct content_file **out, size_t *count) MUST_USE;

/* One file of it, whole. ERR_NOT_FOUND. */
enum err contents_file(struct ctx *ctx, struct domain *d, const struct plugin *p, struct slice name,
                       struct slice *out) MUST_USE;

enum content_change { CONTENT_ADDED, CONTENT_REMOVED, CONTENT_CHANGED };

struct content_difference {
    struct slice name;
    enum content_change change;
    uint64_t old_size, new_size;
    /* Where both sides are text of at most CONTENTS_TEXT_MAX bytes and the answer as a whole has not
     * grown beyond CONTENTS_DIFF_MAX: what the lines do. A side that is not there has no lines. */
    bool has_text;
    struct lines old_lines, new_lines;
    struct stretch *stretches;
    size_t stretch_count;
};

/* The files in which two versions differ, in order of name. */
enum err contents_compare(struct ctx *ctx, struct domain *d, const struct plugin *from,
                          const struct plugin *to, struct content_difference **out,
                          size_t *count) MUST_USE;

#endif
