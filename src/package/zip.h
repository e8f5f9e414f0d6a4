/*
 * zip.h - reading an uploaded archive so that there is only one way to read it.
 *
 * zip_open judges the whole structure before a byte is inflated: the directory and the records it
 * lists must agree exactly and fill the file without gap or overlap, names must be safe and unique
 * on every file system, sizes must stay under their ceilings. What passes reads the same for every
 * other reader. zip_read and zip_walk then inflate, through a window, and count and check again.
 *
 * Nothing here touches the disk, and no path in an archive ever becomes a path of ours: that is
 * blob/tree.c, which checks once more. The rules have names; zip_rules.c lists them.
 */
#ifndef LARDER_PACKAGE_ZIP_H
#define LARDER_PACKAGE_ZIP_H

#include "base/ctx.h"

struct zip_inflater;

struct zip_limits {
    size_t members;      /* files and folders */
    uint64_t unpacked;   /* bytes of all members together */
    uint64_t member;     /* bytes of one member */
    uint64_t ratio;      /* unpacked to packed, of one member ... */
    uint64_t ratio_from; /* ... that is larger than this */
    size_t name;         /* bytes of a name */
    size_t depth;        /* segments of a name */
};

extern const struct zip_limits zip_limits_cadence; /* 2,000 members, 50 MiB, 20 MiB each, 200:1 */

struct zip_member {
    struct slice name; /* as in the archive; a folder's ends in '/' */
    uint64_t size;     /* unpacked */
    uint64_t packed;
    uint32_t crc;
    uint16_t method; /* 0 = stored, 8 = deflated */
    bool is_folder;
    bool is_ignored;   /* __MACOSX/, ._*, .DS_Store, __pycache__/, *.pyc: checked, never used */
    struct slice data; /* the packed bytes, in the archive */
};

struct zip {
    struct slice bytes;
    const struct zip_member *members; /* sorted by name, byte by byte */
    size_t count;
    uint64_t unpacked;             /* sum of all sizes */
    struct slice root;             /* the one wrapper folder, "web_search_agent/", or empty */
    struct zip_inflater *inflater; /* one stream and window for all members; of zip_read.c */
};

/* True when the file name ends in .zip, in any case. */
bool zip_has_extension(struct slice file_name);
/* True when the bytes begin as an archive with at least one member does. */
bool zip_has_magic(struct slice bytes);

/*
 * Reads and judges the structure. The bytes must outlive the zip; all memory is the arena's.
 * ERR_INVALID with one item per finding when a rule is broken.
 */
enum err zip_open(struct ctx *ctx, struct slice bytes, const struct zip_limits *limits,
                  struct zip **out) MUST_USE;

/* The member of this full name, or NULL. */
const struct zip_member *zip_find(const struct zip *zip, struct slice name);
/* The member of this name below the wrapper folder, or NULL. */
const struct zip_member *zip_find_below_root(const struct zip *zip, struct slice name);
/* The name without the wrapper folder; empty for the wrapper itself. */
struct slice zip_name_below_root(const struct zip *zip, const struct zip_member *member);

/* Unpacks one member into the arena, checked to the last bit. ERR_TOO_LARGE above max. */
enum err zip_read(struct ctx *ctx, const struct zip *zip, const struct zip_member *member,
                  uint64_t max, struct slice *out) MUST_USE;

/*
 * Unpacks every member, ignored ones included, in order of name, and checks each. The callbacks may
 * be NULL and may stop the walk with an error. What `piece` was given counts only when zip_walk
 * returns OK.
 */
struct zip_visitor {
    void *arg;
    enum err (*begin)(struct ctx *ctx, void *arg, const struct zip_member *member);
    enum err (*piece)(struct ctx *ctx, void *arg, struct slice bytes);
    enum err (*end)(struct ctx *ctx, void *arg, const struct zip_member *member);
};
enum err zip_walk(struct ctx *ctx, const struct zip *zip,
                  const struct zip_visitor *visitor) MUST_USE;

/* Unpacks everything and keeps nothing: OK means every member is whole. */
enum err zip_verify(struct ctx *ctx, const struct zip *zip) MUST_USE;

#endif
