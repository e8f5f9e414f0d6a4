/*
 * dropped.h - reading what others put into a folder of ours: folders and ZIPs, as bytes.
 *
 * Whoever puts them there may change them at any moment, so nothing is believed twice: every step
 * is openat with O_NOFOLLOW, below the folder that was opened before, and everything has a ceiling.
 * A link, a pipe or any other special file is a problem that is named, never followed or opened.
 * What the files mean is decided in domain/directory.c.
 */
#ifndef LARDER_BLOB_DROPPED_H
#define LARDER_BLOB_DROPPED_H

#include "base/ctx.h"

struct dropped_limits {
    size_t entries;     /* folders and ZIPs in the root */
    size_t files;       /* of one folder, folders in it included */
    int64_t bytes;      /* of one folder */
    int64_t file_bytes; /* of one file in it */
    int64_t zip_bytes;  /* of a ZIP */
};

struct dropped {
    const char *name; /* in the root */
    bool is_zip;
    uint64_t mark;       /* differs where anything in it was changed */
    int64_t changed_at;  /* wall milliseconds of the last change */
    const char *problem; /* a sentence, NULL = it can be read */
};

struct dropped_walk {
    struct dropped_limits limits;
    void *arg;
    bool (*skip)(void *arg, const char *name);   /* ours, not dropped */
    void (*folder)(void *arg, const char *path); /* "name/sub", before it is read; may be NULL */
};

/* Measures everything in the root, by name. What has a name of its own for nobody (".x") is left
 * out. More than limits.entries is ERR_TOO_LARGE. */
enum err dropped_list(struct ctx *ctx, const char *root, const struct dropped_walk *walk,
                      struct dropped **out, size_t *count) MUST_USE;

/*
 * The bytes of one: each file of a folder by its name ("sub/a.py"), sorted; a ZIP as one file with
 * its own name. Hidden files, caches and compiled files are left out. ERR_INVALID, ERR_TOO_LARGE or
 * ERR_NOT_FOUND with a sentence where it cannot be taken.
 */
enum err dropped_read(struct ctx *ctx, const char *root, const char *name, bool is_zip,
                      const struct dropped_limits *limits,
                      enum err (*each)(void *arg, struct slice name, struct slice bytes),
                      void *arg) MUST_USE;

#endif
