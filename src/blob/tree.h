/*
 * tree.h - extracted packages, where a worker looks for them.
 *
 * A tree stands at <root>/<place>, the place being plain segments ("tenants' org / pid / version").
 * It is built in a staging folder below the same root, given a marker (".larder") that names the
 * hash it was made from, and renamed: a worker sees a whole tree or none. Nothing is ever followed
 * or overwritten: every step is openat with O_NOFOLLOW and O_EXCL.
 *
 * Files of a tree are not flushed one by one, since a tree can always be made again from its blob
 * and an upload would pay for it; trees_sync flushes a whole root, at start and at a clean stop, and
 * what was made after the last one is made again after an unclean stop (domain/reconcile.c).
 */
#ifndef LARDER_BLOB_TREE_H
#define LARDER_BLOB_TREE_H

#include "base/ctx.h"

#define TREE_MARKER ".larder" /* a package cannot bring a file of that name */

enum { TREE_PLACE = 3 };

/* Names of folders below the root, none of them empty, "." or ".." or with a slash. */
struct tree_place {
    const char *segment[TREE_PLACE]; /* unused ones NULL */
};

struct trees; /* one root */
struct tree;  /* one being built */

/* Makes the root where it lacks. Heap; ended by trees_close. */
enum err trees_open(struct ctx *ctx, const char *root, struct trees **out) MUST_USE;
void trees_close(struct trees *trees);

/* Building: begin, for each file (in any order) file / write... / file_end, then publish. */
enum err tree_begin(struct ctx *ctx, struct trees *trees, struct tree **out) MUST_USE;
enum err tree_file(struct ctx *ctx, struct tree *tree, struct slice name) MUST_USE; /* "sub/a.py" */
enum err tree_write(struct ctx *ctx, struct tree *tree, struct slice bytes) MUST_USE;
enum err tree_file_end(struct ctx *ctx, struct tree *tree) MUST_USE;
/* Writes the marker: nothing more comes into the tree. For who has time before it is published. */
enum err tree_seal(struct ctx *ctx, struct tree *tree, const char *sha256) MUST_USE;
/* Makes the folder that a tree will stand in, for who has time before that; should none come, the next
 * sweep removes it. */
void trees_make_room(struct trees *trees, const struct tree_place *place);
/* Seals the tree where it is not yet, and moves it to its place; one that stands there is exchanged
 * in one step and removed. Ends the tree in any case. */
enum err tree_publish(struct ctx *ctx, struct tree *tree, const struct tree_place *place,
                      const char *sha256) MUST_USE;
void tree_abandon(struct ctx *ctx, struct tree *tree);

/* Does a tree made from these bytes stand at the place? By its marker only. */
bool tree_is_there(struct trees *trees, const struct tree_place *place, const char *sha256);
/* Something stands there that has no marker of ours. */
bool tree_is_foreign(struct trees *trees, const struct tree_place *place);
/* Makes everything below the root durable, and with it all of its file system. */
enum err trees_sync(struct ctx *ctx, struct trees *trees) MUST_USE;
/* Which file system the root is on: flushing one root of it is enough. */
uint64_t trees_device(const struct trees *trees);
enum err tree_remove(struct ctx *ctx, struct trees *trees, const struct tree_place *place) MUST_USE;

/*
 * Walks the places `depth` segments deep and removes trees of ours (with a marker) that are not
 * wanted, empty folders above them, and all staging folders. What has no marker is not ours and is
 * left alone.
 */
enum err tree_sweep(struct ctx *ctx, struct trees *trees, int depth,
                    bool (*is_wanted)(void *arg, const struct tree_place *place), void *arg,
                    int64_t *removed) MUST_USE;

#endif
