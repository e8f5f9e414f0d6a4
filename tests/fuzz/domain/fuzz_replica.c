/*
 * fuzz_replica.c - any bytes as something that stands in a shared bucket: an entry of the log, a
 * record, a line or the whole of a snapshot, a note.
 *
 * Whatever comes is refused with a sentence or read; what was read can be written, and read again
 * to the same bytes; names made of it are plain.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "domain/replica_record.h"
#include "package/zip_gzip.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { MEMORY = 64 << 20 };

static void insist(bool truth)
{
    if (!truth)
        abort();
}

static void write_again(struct ctx *ctx, const struct entry *e)
{
    struct slice first, second;
    struct entry again;
    if (entry_write(ctx, e, &first) != OK) {
        insist(ctx->fault.err == ERR_TOO_LARGE || ctx->fault.err == ERR_NO_MEMORY);
        return;
    }
    insist(entry_read(ctx, first, e->seq, &again) == OK);
    insist(entry_write(ctx, &again, &second) == OK);
    insist(slice_eq(first, second));
}

static void check_names(struct ctx *ctx, const struct entry *e)
{
    static const char plain[] = "abcdefghijklmnopqrstuvwxyz0123456789./-_";
    if (e->change.org.id)
        return;
    const char *key = replica_version_key(ctx->arena, &e->change, e->op_id);
    insist(key && strspn(key, plain) == strlen(key) && strlen(key) < 1000 && !strstr(key, ".."));
    const char *entity = change_entity(ctx->arena, &e->change);
    const char *back = replica_entity_of(ctx->arena, slice_of(key));
    insist(entity && back && strcmp(entity, back) == 0);
}

static void try_entry(struct ctx *ctx, struct slice text, int64_t seq)
{
    struct entry e;
    ctx_forgive(ctx);
    if (entry_read(ctx, text, seq, &e) != OK) {
        insist(ctx_sentence(ctx)[0] != '\0');
        return;
    }
    if (seq == 0 && !change_brings_bytes(&e.change))
        return;
    check_names(ctx, &e);
    write_again(ctx, &e);
}

static enum err try_line(void *arg, struct slice line)
{
    struct ctx *ctx = arg;
    struct truth_line t;
    struct snapshot_head h;
    (void)!truth_line_read(ctx, line, &t);
    ctx_forgive(ctx);
    (void)!snapshot_head_read(ctx, line, &h);
    ctx_forgive(ctx);
    return OK;
}

static void try_snapshot(struct ctx *ctx, struct slice bytes)
{
    int fd = memfd_create("fuzz", MFD_CLOEXEC);
    insist(fd >= 0 && write(fd, bytes.p, bytes.n) == (ssize_t)bytes.n);
    (void)!gzip_each(ctx, fd, 1 << 20, 1 << 16, try_line, ctx);
    ctx_forgive(ctx);
    (void)close(fd);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena arena;
    struct ctx ctx;
    struct bucket_note bucket;
    struct node_note node;
    struct writer_note writer;
    struct slice text = {(const char *)data, size};
    if (size > 1 << 16)
        return 0;
    arena_init(&arena, MEMORY);
    ctx_init(&ctx, &arena, &clock_system, NULL, "fuzz");
    try_entry(&ctx, text, 0);
    try_entry(&ctx, text, 1);
    ctx_forgive(&ctx);
    (void)try_line(&ctx, text);
    try_snapshot(&ctx, text);
    (void)!bucket_note_read(&ctx, text, &bucket);
    ctx_forgive(&ctx);
    (void)!node_note_read(&ctx, text, &node);
    ctx_forgive(&ctx);
    (void)!writer_note_read(&ctx, text, &writer);
    (void)replica_entity_of(&arena, text);
    (void)replica_number_of(text, REPLICA_LOG, ".json");
    arena_free(&arena);
    return 0;
}
