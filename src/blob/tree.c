/*
 * tree.c - building, moving and sweeping extracted trees.
 *
 * Staging folders are called ".larder-staging-<random>" and live directly below the root, so that a
 * rename never crosses a file system. Names come from an archive that was judged already
 * (package/zip.c); here every segment is judged once more, since this file is the last before the
 * disk.
 */
#include "blob/tree.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/crypto.h"
#include "base/file.h"

#define STAGING ".larder-staging-"

enum {
    NAME_DEPTH_MAX = 24, /* an archive may have 20 */
    DEPTH_MAX = 32,      /* when removing: deeper than anything made here */
    FOLDER_MODE = 0755,
    FILE_MODE = 0644,
    FOLDER = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC,
    STAGING_NAME = sizeof STAGING + 32,
    MOVE_TRIES = 8
};

struct trees {
    int root;
};

struct tree {
    struct trees *trees;
    char staging[STAGING_NAME];
    int folder; /* the staging folder */
    int file;   /* the file being written, -1 = none */
    bool sealed;
};

/* ------------------------------------------------------------------ roots */

enum err trees_open(struct ctx *ctx, const char *root, struct trees **out)
{
    if (file_make_path(root, FOLDER_MODE) != 0)
        return ctx_fail_errno(ctx, errno, root);
    struct trees *t = malloc(sizeof *t); /* freed by trees_close */
    if (t == NULL)
        return ctx_no_memory(ctx);
    t->root = open(root, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (t->root < 0) {
        int why = errno;
        free(t);
        return ctx_fail_errno(ctx, why, root);
    }
    *out = t;
    return OK;
}

void trees_close(struct trees *t)
{
    if (t == NULL)
        return;
    (void)close(t->root);
    free(t);
}

enum err trees_sync(struct ctx *ctx, struct trees *t)
{
    return syncfs(t->root) == 0 ? OK : ctx_fail_errno(ctx, errno, "flush a root of trees");
}

uint64_t trees_device(const struct trees *t)
{
    struct stat st;
    return fstat(t->root, &st) == 0 ? (uint64_t)st.st_dev : 0;
}

/* ------------------------------------------------------------------ removing */

/* Removes a name and all below it, following nothing. A name that is not there is fine. */
static int remove_all(int at, const char *name, int depth)
{
    if (unlinkat(at, name, 0) == 0 || errno == ENOENT)
        return 0;
    if ((errno != EISDIR && errno != EPERM) || depth > DEPTH_MAX)
        return -1;
    int fd = openat(at, name, FOLDER);
    DIR *dir = fd < 0 ? NULL : fdopendir(fd);
    if (dir == NULL) {
        if (fd >= 0)
            (void)close(fd);
        return -1;
    }
    int result = 0;
    for (struct dirent *e; result == 0 && (e = readdir(dir)) != NULL;)
        if (strcmp(e->d_name, ".") != 0 && strcmp(e->d_name, "..") != 0)
            result = remove_all(fd, e->d_name, depth + 1);
    (void)closedir(dir);
    return result == 0 ? unlinkat(at, name, AT_REMOVEDIR) : -1;
}

static void staging_name(char name[STAGING_NAME])
{
    unsigned char random[16];
    char hex[2 * sizeof random + 1];
    crypto_random(random, sizeof random);
    crypto_hex(random, sizeof random, hex);
    (void)snprintf(name, STAGING_NAME, STAGING "%s", hex);
}

/* Out of sight in one step, so that no worker finds half a tree; then taken apart. */
static int drop(const struct trees *trees, int parent, const char *name)
{
    char gone[STAGING_NAME];
    staging_name(gone);
    if (renameat(parent, name, trees->root, gone) != 0)
        return errno == ENOENT ? 0 : -1;
    return remove_all(trees->root, gone, 0);
}

/* A folder that should be there and is not is trouble on the disk, never "not found". */
static enum err disk_trouble(struct ctx *ctx, const char *what)
{
    return ctx_fail_errno(ctx, errno == ENOENT || errno == ENOTDIR ? EIO : errno, what);
}

/* ------------------------------------------------------------------ building */

enum err tree_begin(struct ctx *ctx, struct trees *trees, struct tree **out)
{
    struct tree *t = arena_alloc(ctx->arena, sizeof *t);
    if (t == NULL)
        return ctx_no_memory(ctx);
    t->trees = trees;
    t->file = -1;
    staging_name(t->staging);
    if (mkdirat(trees->root, t->staging, FOLDER_MODE) != 0)
        return disk_trouble(ctx, "make a staging folder");
    t->folder = openat(trees->root, t->staging, FOLDER);
    if (t->folder < 0) {
        enum err err = disk_trouble(ctx, "open a staging folder");
        (void)unlinkat(trees->root, t->staging, AT_REMOVEDIR);
        return err;
    }
    *out = t;
    return OK;
}

static bool is_segment(struct slice s)
{
    return s.n > 0 && s.n <= NAME_MAX && !slice_is(s, ".") && !slice_is(s, "..") &&
           slice_find(s, '/') == s.n && slice_find(s, '\0') == s.n;
}

static int again(int folder)
{
    return fcntl(folder, F_DUPFD_CLOEXEC, 0);
}

/* Goes one folder down, making it where it lacks and may be made; closes the one it came from. */
static int descend(int at, const char *name, bool make)
{
    int fd = -1;
    if (!make || mkdirat(at, name, FOLDER_MODE) == 0 || errno == EEXIST)
        fd = openat(at, name, FOLDER);
    int why = errno;
    (void)close(at);
    errno = why;
    return fd;
}

/* The last segment of the name; nothing is made before the whole name is judged. */
static bool is_file_name(struct slice name, struct slice *last)
{
    struct slice rest = name;
    int depth = 0;
    while (slice_split(&rest, '/', last))
        if (!is_segment(*last) || ++depth > NAME_DEPTH_MAX)
            return false;
    return depth > 0;
}

/* Opens the folder that the file stands in, making what lacks; the caller closes it. */
static int open_folders(const struct tree *t, struct slice name)
{
    struct slice rest = name, segment;
    int at = again(t->folder);
    while (at >= 0 && slice_split(&rest, '/', &segment) && rest.p != NULL) {
        char text[NAME_MAX + 1];
        memcpy(text, segment.p, segment.n);
        text[segment.n] = '\0';
        at = descend(at, text, true);
    }
    return at;
}

enum err tree_file(struct ctx *ctx, struct tree *t, struct slice name)
{
    struct slice last;
    char text[NAME_MAX + 1];
    if (!is_file_name(name, &last))
        return ctx_fail(ctx, ERR_INVALID,
                        "a member of the package has a name that cannot be a file");
    int at = open_folders(t, name);
    if (at < 0)
        return disk_trouble(ctx, "make a folder of a tree");
    memcpy(text, last.p, last.n);
    text[last.n] = '\0';
    t->file = openat(at, text, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, FILE_MODE);
    enum err err = t->file >= 0 ? OK : disk_trouble(ctx, "create a file of a tree");
    (void)close(at);
    return err;
}

enum err tree_write(struct ctx *ctx, struct tree *t, struct slice bytes)
{
    return file_write(t->file, bytes) == 0 ? OK : disk_trouble(ctx, "write a file of a tree");
}

enum err tree_file_end(struct ctx *ctx, struct tree *t)
{
    int result = close(t->file);
    t->file = -1;
    return result == 0 ? OK : ctx_fail_errno(ctx, errno, "close a file of a tree");
}

void tree_abandon(struct ctx *ctx, struct tree *t)
{
    (void)ctx;
    if (t->file >= 0)
        (void)close(t->file);
    (void)close(t->folder);
    (void)remove_all(t->trees->root, t->staging, 0); /* what is left the next start removes */
}

/* ------------------------------------------------------------------ places */

/* Opens the folder that holds the last segment; -1 with errno. *last is that segment. */
static int open_parent(const struct trees *t, const struct tree_place *place, bool make,
                       const char **last)
{
    size_t i = 0;
    for (; i < TREE_PLACE && place->segment[i]; i++)
        if (!is_segment(slice_of(place->segment[i]))) {
            errno = EINVAL;
            return -1;
        }
    if (i == 0) {
        errno = EINVAL;
        return -1;
    }
    *last = place->segment[i - 1];
    int at = again(t->root);
    for (size_t k = 0; at >= 0 && k + 1 < i; k++)
        at = descend(at, place->segment[k], make);
    return at;
}

void trees_make_room(struct trees *trees, const struct tree_place *place)
{
    const char *last;
    int parent = open_parent(trees, place, true, &last);
    if (parent >= 0) /* else tree_publish tries again, and says why */
        (void)close(parent);
}

enum err tree_seal(struct ctx *ctx, struct tree *t, const char *sha256)
{
    t->sealed = true;
    enum err err = tree_file(ctx, t, SLICE(TREE_MARKER));
    if (err == OK)
        err = tree_write(ctx, t, slice_of(sha256));
    if (t->file >= 0 && tree_file_end(ctx, t) != OK)
        return ctx->fault.err;
    return err;
}

/* To its place; what stands there is exchanged, so that a reader never finds nothing. */
static int move_in(const struct tree *t, int parent, const char *last)
{
    if (renameat2(t->trees->root, t->staging, parent, last, RENAME_NOREPLACE) == 0)
        return 0;
    if (errno != EEXIST && errno != EINVAL && errno != ENOSYS)
        return -1;
    if (renameat2(t->trees->root, t->staging, parent, last, RENAME_EXCHANGE) == 0)
        return 0;
    if (errno != EINVAL && errno != ENOSYS)
        return -1;
    /* a file system without exchange: a moment without the tree cannot be avoided */
    if (drop(t->trees, parent, last) != 0)
        return -1;
    return renameat(t->trees->root, t->staging, parent, last);
}

enum err tree_publish(struct ctx *ctx, struct tree *t, const struct tree_place *place,
                      const char *sha256)
{
    const char *last;
    enum err err = t->sealed ? OK : tree_seal(ctx, t, sha256);
    bool moved = false;
    /* A sweep or a removal may take the empty folder away that the tree shall stand in. */
    for (int tries = 0; err == OK && !moved && tries < MOVE_TRIES; tries++) {
        int parent = open_parent(t->trees, place, true, &last);
        moved = parent >= 0 && move_in(t, parent, last) == 0;
        if (!moved && (errno != ENOENT || tries + 1 == MOVE_TRIES))
            err = disk_trouble(ctx, "move a tree to its place");
        if (parent >= 0)
            (void)close(parent);
    }
    tree_abandon(ctx,
                 t); /* the old tree after an exchange, or the staging folder after a failure */
    return err;
}

/* The hash in the marker of the tree `name` below `at`; false when there is none. */
static bool read_marker(int at, const char *name, char sha256[SHA256_HEX])
{
    int folder = openat(at, name, FOLDER);
    if (folder < 0)
        return false;
    int fd = openat(folder, TREE_MARKER, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
    ssize_t n = fd < 0 ? -1 : read(fd, sha256, SHA256_HEX);
    if (fd >= 0)
        (void)close(fd);
    (void)close(folder);
    if (n != SHA256_HEX - 1)
        return false;
    sha256[SHA256_HEX - 1] = '\0';
    return true;
}

bool tree_is_there(struct trees *trees, const struct tree_place *place, const char *sha256)
{
    char found[SHA256_HEX];
    const char *last;
    int parent = open_parent(trees, place, false, &last);
    if (parent < 0)
        return false;
    bool there = read_marker(parent, last, found) && strcmp(found, sha256) == 0;
    (void)close(parent);
    return there;
}

bool tree_is_foreign(struct trees *trees, const struct tree_place *place)
{
    char found[SHA256_HEX];
    const char *last;
    struct stat st;
    int parent = open_parent(trees, place, false, &last);
    if (parent < 0)
        return false;
    bool foreign = fstatat(parent, last, &st, AT_SYMLINK_NOFOLLOW) == 0 &&
                   !read_marker(parent, last, found);
    (void)close(parent);
    return foreign;
}

enum err tree_remove(struct ctx *ctx, struct trees *trees, const struct tree_place *place)
{
    const char *last;
    int parent = open_parent(trees, place, false, &last);
    if (parent < 0)
        return errno == ENOENT ? OK : ctx_fail_errno(ctx, errno, "find a tree");
    enum err err = OK;
    if (drop(trees, parent, last) != 0)
        err = disk_trouble(ctx, "remove a tree");
    (void)close(parent);
    return err;
}

/* ------------------------------------------------------------------ sweeping */

struct sweeping {
    const struct trees *trees;
    bool (*is_wanted)(void *arg, const struct tree_place *place);
    void *arg;
    int depth;
    int64_t removed;
    char name[TREE_PLACE][NAME_MAX + 1];
};

static void sweep_tree(struct sweeping *s, int at, const char *name)
{
    char sha256[SHA256_HEX];
    struct tree_place place = {{NULL}};
    if (!read_marker(at, name, sha256))
        return; /* not ours */
    for (int i = 0; i < s->depth; i++)
        place.segment[i] = s->name[i];
    if (!s->is_wanted(s->arg, &place) && drop(s->trees, at, name) == 0)
        s->removed++;
}

static enum err sweep_level(struct ctx *ctx, struct sweeping *s, int at, int level)
{
    int fd = again(at);
    DIR *dir = fd < 0 ? NULL : fdopendir(fd);
    if (dir == NULL) {
        enum err err = ctx_fail_errno(ctx, errno, "read a root of trees");
        if (fd >= 0)
            (void)close(fd);
        return err;
    }
    enum err err = OK;
    rewinddir(dir); /* the position is shared with the descriptor it was made from */
    for (struct dirent *e; err == OK && (e = readdir(dir)) != NULL;) {
        if (level == 0 && strncmp(e->d_name, STAGING, sizeof STAGING - 1) == 0)
            (void)remove_all(at, e->d_name, 0);
        if (e->d_name[0] == '.')
            continue;
        str_set(s->name[level], sizeof s->name[level], slice_of(e->d_name));
        if (level == s->depth - 1) {
            sweep_tree(s, at, e->d_name);
            continue;
        }
        int next = openat(at, e->d_name, FOLDER);
        if (next < 0)
            continue; /* a file, or a link: not ours */
        err = sweep_level(ctx, s, next, level + 1);
        (void)close(next);
        (void)unlinkat(at, e->d_name, AT_REMOVEDIR); /* only an empty one goes */
    }
    (void)closedir(dir);
    return err;
}

enum err tree_sweep(struct ctx *ctx, struct trees *trees, int depth,
                    bool (*is_wanted)(void *arg, const struct tree_place *place), void *arg,
                    int64_t *removed)
{
    struct sweeping *s = arena_alloc(ctx->arena, sizeof *s);
    if (s == NULL)
        return ctx_no_memory(ctx);
    s->trees = trees;
    s->is_wanted = is_wanted;
    s->arg = arg;
    s->depth = depth;
    enum err err = sweep_level(ctx, s, trees->root, 0);
    *removed = s->removed;
    return err;
}
