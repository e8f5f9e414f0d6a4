/*
 * backup_list.c - writing the list of a backup, and reading one that a stranger may have written.
 */
#include "cli/backup_list.h"

#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/json_read.h"
#include "base/json_write.h"
#include "cli/tar.h"

static const char format_name[] = "larder-backup";
enum { FORMAT = 1, KEY_SIZE_MAX = 256 };

static bool is_hash(struct slice text)
{
    for (size_t i = 0; i < text.n; i++)
        if (!((text.p[i] >= '0' && text.p[i] <= '9') || (text.p[i] >= 'a' && text.p[i] <= 'f')))
            return false;
    return text.n == SHA256_HEX - 1;
}

/* "blobs/ab/ab12...": the folder repeats the first two letters. */
bool backup_is_blob(struct slice name)
{
    enum { HEAD = 6, FOLDER = 3 };
    if (name.n != HEAD + FOLDER + SHA256_HEX - 1 || !slice_starts(name, "blobs/"))
        return false;
    struct slice hash = slice_sub(name, HEAD + FOLDER, name.n);
    return is_hash(hash) && name.p[HEAD + 2] == '/' && memcmp(name.p + HEAD, hash.p, 2) == 0;
}

void backup_list_write(const struct backup_list *list, struct buf *out)
{
    struct jw j;
    jw_start(&j, out);
    jw_object(&j);
    jw_put_str(&j, "format", format_name);
    jw_put_int(&j, "format_version", FORMAT);
    jw_put_str(&j, "larder_version", list->version);
    jw_put_time(&j, "created_at", list->created_at);
    jw_key(&j, "files");
    jw_array(&j);
    for (size_t i = 0; i < list->count; i++) {
        jw_object(&j);
        jw_put_str(&j, "name", list->files[i].name);
        jw_put_int(&j, "size", list->files[i].size);
        jw_put_str(&j, "sha256", list->files[i].sha256);
        jw_end(&j);
    }
    jw_end(&j);
    jw_end(&j);
    buf_char(out, '\n');
}

static enum err not_ours(struct ctx *ctx, const char *why)
{
    ctx_forgive(ctx); /* what the JSON reader said is about a request body */
    return ctx_fail(ctx, ERR_CORRUPT, "This is not a backup that can be used: %s", why);
}

/* The place of a name in a backup; 0 = it has none there. */
static int rank(const struct backup_file *file)
{
    if (strcmp(file->name, "larder.db") == 0)
        return 1;
    if (strcmp(file->name, "key") == 0)
        return file->size <= KEY_SIZE_MAX ? 2 : 0;
    return backup_is_blob(slice_of(file->name)) && strcmp(file->name + 9, file->sha256) == 0 ? 3
                                                                                             : 0;
}

static bool read_file(struct ctx *ctx, const struct jr *item, struct backup_file *out)
{
    struct slice name = SLICE_NONE, hash = SLICE_NONE;
    if (jr_kind(item) != JR_OBJECT ||
        jr_get_str(ctx, item, "name", true, BACKUP_NAME - 1, &name) != OK ||
        jr_get_str(ctx, item, "sha256", true, SHA256_HEX - 1, &hash) != OK ||
        jr_get_int(ctx, item, "size", true, 0, TAR_SIZE_MAX, &out->size) != OK || !is_hash(hash))
        return false;
    memcpy(out->name, name.p, name.n);
    memcpy(out->sha256, hash.p, hash.n);
    return rank(out) != 0;
}

static enum err read_files(struct ctx *ctx, const struct jr *files, struct backup_list *out)
{
    out->count = jr_count(files);
    if (jr_kind(files) != JR_ARRAY || out->count == 0 || out->count > BACKUP_FILES_MAX)
        return not_ours(ctx, "its list names no files, or too many");
    out->files = arena_array(ctx->arena, out->count, sizeof *out->files);
    if (out->files == NULL)
        return ctx_no_memory(ctx);
    for (size_t i = 0; i < out->count; i++) {
        struct backup_file *file = &out->files[i];
        if (!read_file(ctx, jr_item(files, i), file))
            return not_ours(ctx, "its list names a file that no backup holds");
        bool first = i == 0;
        if (first ? rank(file) != 1
                  : rank(file) < rank(file - 1) ||
                        (rank(file) == rank(file - 1) && strcmp(file->name, (file - 1)->name) <= 0))
            return not_ours(ctx, "its list is not in order, or names a file twice");
    }
    return OK;
}

enum err backup_list_read(struct ctx *ctx, struct slice text, struct backup_list *out)
{
    const struct jr *root;
    struct slice format = SLICE_NONE, version = SLICE_NONE, created = SLICE_NONE;
    int64_t number = 0;
    memset(out, 0, sizeof *out);
    if (jr_parse_object(ctx, text, &root) != OK)
        return not_ours(ctx, "its list is not JSON");
    if (jr_get_str(ctx, root, "format", true, 32, &format) != OK || !slice_is(format, format_name))
        return not_ours(ctx, "its list is of another kind");
    if (jr_get_int(ctx, root, "format_version", true, 1, INT32_MAX, &number) != OK)
        return not_ours(ctx, "its list has no version");
    if (number != FORMAT)
        return not_ours(ctx, "a newer Larder made it; restore it with that version");
    if (jr_get_str(ctx, root, "larder_version", true, 64, &version) != OK ||
        jr_get_str(ctx, root, "created_at", true, 40, &created) != OK ||
        !clock_parse(created, &out->created_at))
        return not_ours(ctx, "its list does not say when and by which version it was made");
    out->version = slice_dup(ctx->arena, version);
    if (out->version == NULL)
        return ctx_no_memory(ctx);
    const struct jr *files = jr_member(root, "files");
    return files ? read_files(ctx, files, out) : not_ours(ctx, "its list names no files");
}
