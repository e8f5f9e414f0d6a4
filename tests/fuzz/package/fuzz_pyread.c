/*
 * fuzz_pyread.c - any bytes as the source of a plugin.
 *
 * A line "#%file NAME" begins another file of the package; what stands before the first is
 * plugin.py. Whatever comes in, the answer is either complete or a list of findings, and what was
 * read can be written down.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/json_read.h"
#include "package/inspect.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { FILES_MAX = 16 };

struct files {
    struct slice names[FILES_MAX], texts[FILES_MAX];
    size_t count;
};

static struct slice name_of(void *arg, size_t i)
{
    return ((struct files *)arg)->names[i];
}

static uint64_t size_of(void *arg, size_t i)
{
    return ((struct files *)arg)->texts[i].n;
}

static enum err read_text(struct ctx *ctx, void *arg, size_t i, uint64_t max, struct slice *out)
{
    *out = ((struct files *)arg)->texts[i];
    return out->n > max ? ctx_fail(ctx, ERR_TOO_LARGE, "too large") : OK;
}

static void split(struct files *f, struct slice all)
{
    static const char mark[] = "\n#%file ";
    f->names[0] = SLICE("plugin.py");
    f->count = 1;
    const char *at;
    struct slice rest = all;
    while (f->count < FILES_MAX && (at = memmem(rest.p, rest.n, mark, sizeof mark - 1)) != NULL) {
        f->texts[f->count - 1] = slice_sub(rest, 0, (size_t)(at - rest.p));
        rest = slice_sub(rest, (size_t)(at - rest.p) + sizeof mark - 1, rest.n);
        size_t end = slice_find(rest, '\n');
        f->names[f->count++] = slice_sub(rest, 0, end);
        rest = slice_sub(rest, end + 1, rest.n);
    }
    f->texts[f->count - 1] = rest;
}

static void must(int holds)
{
    if (!holds)
        abort();
}

static void check(struct ctx *ctx, enum err err, const struct inspection *found)
{
    const struct plugin_meta *m = &found->meta;
    must(err == OK || (err == ERR_INVALID && ctx->fault.item_count > 0) || err == ERR_NO_MEMORY);
    if (err == OK) {
        must(m->name && m->version && m->description && m->plugin_class && m->agent_type);
        must(m->generation == PLUGIN_V1 || m->pid != NULL);
    }
    for (size_t i = 0; i < found->errors.count; i++)
        must(found->errors.items[i].rule && found->errors.items[i].sentence);
    ctx_forgive(ctx);
    for (size_t i = 0; i < m->setting_count; i++) {
        const struct jr *json;
        must(jr_parse(ctx, m->settings[i].default_json, &json) == OK);
        must(m->settings[i].key && m->settings[i].name && m->settings[i].description);
    }
    for (size_t i = 0; i < m->tool_count; i++)
        must(m->tools[i].name && m->tools[i].file && m->tools[i].line > 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena arena;
    struct ctx ctx;
    struct files files;
    struct inspection found;
    memset(&files, 0, sizeof files);
    split(&files, (struct slice){(const char *)data, size});
    struct package_source source = {&files, files.count, name_of, size_of, read_text};
    arena_init(&arena, (size_t)128 << 20);
    ctx_init(&ctx, &arena, &clock_system, NULL, "fuzz");
    enum err err = inspect_package(&ctx, &source, &found);
    check(&ctx, err, &found);
    arena_free(&arena);
    return 0;
}
