/*
 * fuzz_scan.c - any bytes as the code beside a plugin: imports, calls, secrets.
 *
 * The plugin itself is a fixed one. A line "=== NAME" begins a file; what stands before the first
 * is code.py. Whatever comes in, every finding can be shown and leads to a file of the package, the
 * same text gives the same findings, and none of them hinders the upload.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "package/inspect.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { FILES_MAX = 16, INPUT_MAX = 1 << 16 };

static const char plugin[] = "from cadence_sdk import BasePlugin, BaseAgent, PluginMetadata\n"
                             "class A(BaseAgent):\n    pass\n"
                             "class P(BasePlugin):\n"
                             "    @staticmethod\n    def get_metadata():\n"
                             "        return PluginMetadata(pid='a.b', name='n', version='1.0',\n"
                             "            description='d', dependencies=['httpx', 'pandas'])\n"
                             "    @staticmethod\n    def create_agent():\n        return A()\n";

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

static void insist(int holds)
{
    if (!holds)
        abort();
}

/* Names as an archive may have them: text, and never another plugin.py. */
static bool is_usable(struct slice name)
{
    for (size_t i = 0; i < name.n; i++)
        if ((unsigned char)name.p[i] < 0x20)
            return false;
    return name.n > 0 && name.n < 250 && slice_is_utf8(name) && !slice_ends(name, "plugin.py") &&
           !slice_ends(name, ".json");
}

static void split(struct files *f, struct slice rest)
{
    static const char mark[] = "\n=== ";
    f->names[0] = SLICE("plugin.py");
    f->texts[0] = slice_of(plugin);
    f->names[1] = SLICE("code.py");
    f->count = 2;
    const char *at;
    while (f->count < FILES_MAX && (at = memmem(rest.p, rest.n, mark, sizeof mark - 1)) != NULL) {
        f->texts[f->count - 1] = slice_sub(rest, 0, (size_t)(at - rest.p));
        rest = slice_sub(rest, (size_t)(at - rest.p) + sizeof mark - 1, rest.n);
        size_t end = slice_find(rest, '\n');
        struct slice name = slice_sub(rest, 0, end);
        f->names[f->count++] = is_usable(name) ? name : SLICE("odd.txt");
        rest = slice_sub(rest, end + 1, rest.n);
    }
    f->texts[f->count - 1] = rest;
}

static bool has_file(const struct files *f, const char *name)
{
    for (size_t i = 0; i < f->count; i++)
        if (slice_is(f->names[i], name))
            return true;
    return false;
}

static size_t check(const struct findings *list, const struct files *f, const char *prefix)
{
    insist(list->count <= FINDINGS_MAX && !list->no_memory);
    for (size_t i = 0; i < list->count; i++) {
        const struct fault_item *it = &list->items[i];
        insist(it->rule && it->sentence && slice_is_utf8(slice_of(it->sentence)));
        insist(prefix == NULL || slice_starts(slice_of(it->rule), prefix));
        insist(it->remedy == NULL || slice_is_utf8(slice_of(it->remedy)));
        insist(it->file == NULL || has_file(f, it->file));
        insist(it->line >= 0 && it->column >= 0);
    }
    return list->count + list->dropped;
}

static size_t check_all(const struct inspection *found, const struct files *f)
{
    size_t n = check(&found->imports.missing, f, "dependency.") +
               check(&found->imports.doubtful, f, "dependency.") +
               check(&found->imports.remarks, f, "dependency.") + check(&found->unread, f, NULL);
    for (size_t i = 0; i < SCAN_FAMILIES; i++)
        n += check(&found->code[i], f, "code.");
    return n;
}

static size_t once(struct files *files)
{
    struct arena arena;
    struct ctx ctx;
    struct inspection found;
    struct package_source source = {files, files->count, name_of, size_of, read_text};
    arena_init(&arena, (size_t)256 << 20);
    ctx_init(&ctx, &arena, &clock_system, NULL, "fuzz");
    insist(inspect_package(&ctx, &source, &found) == OK);
    size_t n = check_all(&found, files);
    arena_free(&arena);
    return n;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct files files = {.count = 0};
    if (size > INPUT_MAX)
        return 0;
    split(&files, (struct slice){(const char *)data, size});
    insist(once(&files) == once(&files));
    return 0;
}
