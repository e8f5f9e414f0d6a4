/*
 * fuzz_dropped.c - any folder, as somebody might drop it.
 *
 * The input is a list of things to make below one dropped folder, a line each: a letter (folder,
 * file, link, pipe, size) and a path. Whatever stands there, the walk neither leaves the folder nor
 * hangs, what it measures and what it reads agree, and no byte of the file outside is handed over.
 */
#include <fcntl.h>
#include <ftw.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "blob/dropped.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { PATH_ROOM = 512, THINGS = 64 };

static const struct dropped_limits limits = {
    .entries = 8, .files = 40, .bytes = 4096, .file_bytes = 1024, .zip_bytes = 2048};
static const char secret[] =
    "\0outside"; /* what a file of the input cannot hold: it holds its name */

static void make(const char *folder, char what, const char *name)
{
    char path[PATH_ROOM];
    if (strstr(name, "..") || snprintf(path, sizeof path, "%s/%s", folder, name) >= PATH_ROOM)
        return; /* the input makes things inside; that the walk stays there is its own doing */
    int fd = -1;
    switch (what % 5) {
    case 0: (void)mkdir(path, 0700); break;
    case 1: fd = open(path, O_WRONLY | O_CREAT | O_APPEND | O_NOFOLLOW | O_NONBLOCK, 0600); break;
    case 2: (void)!symlink("../.secret.py", path); break;
    case 3: (void)mkfifo(path, 0600); break;
    default: fd = open(path, O_WRONLY | O_CREAT | O_NOFOLLOW | O_NONBLOCK, 0600);
    }
    if (fd < 0)
        return;
    if (what % 5 == 4)
        (void)!ftruncate(fd, (unsigned char)what * 16);
    else
        (void)!write(fd, name, strlen(name));
    (void)close(fd);
}

static int remove_one(const char *path, const struct stat *st, int kind, struct FTW *at)
{
    (void)st, (void)kind, (void)at;
    return remove(path);
}

static void remove_below(const char *path)
{
    if (nftw(path, remove_one, 16, FTW_DEPTH | FTW_PHYS) != 0)
        abort();
}

static char root_path[] = "/tmp/larder-fuzz-XXXXXX";

static void remove_root(void)
{
    remove_below(root_path);
}

/* One root for all inputs; what an input made is removed behind it. */
static const char *root(void)
{
    char *path = root_path;
    static bool made;
    if (!made) {
        char outside[sizeof root_path + 16];
        if (mkdtemp(path) == NULL)
            abort();
        (void)snprintf(outside, sizeof outside, "%s/.secret.py", path);
        int fd = open(outside, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
        if (fd < 0 || write(fd, secret, sizeof secret - 1) < 0)
            abort();
        (void)close(fd);
        made = atexit(remove_root) == 0;
    }
    return path;
}

static bool skip_none(void *arg, const char *name)
{
    (void)arg;
    return name[0] == '.';
}

struct seen {
    size_t files;
    char last[PATH_ROOM];
};

static enum err take(void *arg, struct slice name, struct slice bytes)
{
    struct seen *s = arg;
    if (name.n == 0 || name.p[0] == '/' || (int64_t)bytes.n > limits.file_bytes ||
        (bytes.n >= sizeof secret - 1 && memcmp(bytes.p, secret, sizeof secret - 1) == 0))
        abort();
    for (struct slice rest = name, part; slice_split(&rest, '/', &part);)
        if (part.n == 0 || part.p[0] == '.')
            abort();
    s->files++;
    return OK;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena arena;
    struct ctx ctx;
    struct dropped *items;
    struct seen seen = {0};
    size_t count = 0, things = 0;
    char folder[PATH_ROOM];
    (void)snprintf(folder, sizeof folder, "%s/thing-1.0", root());
    if (mkdir(folder, 0700) != 0)
        abort();
    struct slice rest = {(const char *)data, size}, line;
    while (things++ < THINGS && slice_split(&rest, '\n', &line)) {
        char name[PATH_ROOM];
        if (line.n < 2 || line.n >= sizeof name || memchr(line.p, '\0', line.n))
            continue;
        memcpy(name, line.p + 1, line.n - 1);
        name[line.n - 1] = '\0';
        make(folder, line.p[0], name);
    }
    arena_init(&arena, 8 << 20);
    ctx_init(&ctx, &arena, &clock_system, NULL, "fuzz");
    const struct dropped_walk walk = {.limits = limits, .skip = skip_none};
    if (dropped_list(&ctx, root(), &walk, &items, &count) != OK || count != 1)
        abort();
    enum err err = dropped_read(&ctx, root(), "thing-1.0", false, &limits, take, &seen);
    if (items[0].problem && err == OK)
        abort(); /* what cannot be measured cannot be read */
    if (err != OK && err != ERR_INVALID && err != ERR_TOO_LARGE && err != ERR_NOT_FOUND)
        abort();
    arena_free(&arena);
    remove_below(folder);
    return 0;
}
