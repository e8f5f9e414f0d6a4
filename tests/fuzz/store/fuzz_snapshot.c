/*
 * fuzz_snapshot.c - a database somebody hands us to restore: checked without crash or endless loop,
 * never written to, and what is accepted can be opened and read.
 *
 * Inputs are the differences to a sound database of ours, as records of four bytes of position, one
 * of length and that many bytes: mutating whole files of a hundred kilobytes would find nothing
 * but damaged headers. An input that begins with "SQLite format 3" is taken as a file as it is.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/crypto.h"
#include "store/audit_store.h"
#include "store/kv_store.h"
#include "store/snapshot.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { FILE_MAX = 4 << 20 };

/* In memory: an input costs a few writes and syncs. */
static const char folder_pattern[] = "/dev/shm/larder-fuzz-XXXXXX";

struct sound {
    char folder[sizeof folder_pattern];
    char path[64]; /* where each input is put */
    uint8_t *bytes;
    size_t n;
};
static struct sound sound; /* made once: it takes longer than a hundred inputs */

static void clean_up(void)
{
    (void)unlink(sound.path);
    (void)rmdir(sound.folder);
    free(sound.bytes);
}

static enum err put(struct ctx *ctx, struct conn *conn, void *arg)
{
    const struct actor actor = {.via = "cli"};
    enum err err = kv_put(ctx, conn, arg, "value");
    return err == OK ? audit_append(ctx, conn, &actor, "kv.put", NULL, arg, SLICE_NONE) : err;
}

static void must(bool held)
{
    if (!held)
        abort();
}

static uint8_t *read_file(const char *path, size_t *n)
{
    struct stat st;
    FILE *f = fopen(path, "rb");
    must(f != NULL && fstat(fileno(f), &st) == 0);
    uint8_t *p = malloc((size_t)st.st_size + 1);
    must(p != NULL);
    *n = fread(p, 1, (size_t)st.st_size, f);
    (void)fclose(f);
    return p;
}

/* A small database of ours, once a process. */
static void make_sound(struct ctx *ctx, struct sound *s)
{
    char from[64], first[] = "first", second[] = "second";
    memcpy(s->folder, folder_pattern, sizeof s->folder);
    must(crypto_open() == OK && mkdtemp(s->folder) != NULL);
    (void)snprintf(from, sizeof from, "%s/larder.db", s->folder);
    (void)snprintf(s->path, sizeof s->path, "%s/copy.db", s->folder);
    const struct store_options options = {.path = from, .readers = 1, .create = true};
    struct store *store = NULL;
    must(store_open(ctx, &options, &store) == OK);
    must(store_write(ctx, store, put, first) == OK && store_write(ctx, store, put, second) == OK);
    must(snapshot_make(ctx, from, s->path) == OK && snapshot_check(ctx, s->path) == OK);
    store_close(store);
    (void)unlink(from);
    s->bytes = read_file(s->path, &s->n);
    must(atexit(clean_up) == 0);
}

static size_t apply(uint8_t *file, size_t n, const uint8_t *data, size_t size)
{
    while (size >= 5) {
        size_t at = ((size_t)data[0] << 24 | (size_t)data[1] << 16 | (size_t)data[2] << 8 |
                     data[3]) %
                    n;
        size_t length = data[4];
        data += 5;
        size -= 5;
        if (length > size)
            length = size;
        if (length > n - at)
            length = n - at;
        memcpy(file + at, data, length);
        data += length;
        size -= length;
    }
    return n;
}

static void write_file(const char *path, const uint8_t *p, size_t n)
{
    FILE *f = fopen(path, "wb");
    must(f != NULL && fwrite(p, 1, n, f) == n && fclose(f) == 0);
}

static void judge(struct ctx *ctx, const char *path, const uint8_t *file, size_t n)
{
    size_t after;
    char journal[80];
    write_file(path, file, n);
    enum err err = snapshot_check(ctx, path);
    must(err == OK || err == ERR_INVALID);
    uint8_t *seen = read_file(path, &after);
    must(after == n && memcmp(seen, file, n) == 0); /* it was only read */
    free(seen);
    if (err == OK) {
        const struct store_options options = {.path = path, .readers = 1, .create = true};
        struct store *store = NULL;
        must(store_open(ctx, &options, &store) == OK);
        store_close(store);
    }
    (void)unlink(path);
    (void)snprintf(journal, sizeof journal, "%s-journal", path);
    must(access(journal, F_OK) != 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena arena;
    struct ctx ctx;
    arena_init(&arena, 1 << 20);
    ctx_init(&ctx, &arena, &clock_system, NULL, "fuzz");
    if (sound.bytes == NULL)
        make_sound(&ctx, &sound);
    if (size >= 16 && memcmp(data, "SQLite format 3", 16) == 0 && size <= FILE_MAX) {
        judge(&ctx, sound.path, data, size);
    } else {
        uint8_t *file = malloc(sound.n);
        must(file != NULL);
        memcpy(file, sound.bytes, sound.n);
        judge(&ctx, sound.path, file, apply(file, sound.n, data, size));
        free(file);
    }
    arena_free(&arena);
    return 0;
}
