/*
 * support_catalog.c - see support_catalog.h.
 */
#include "support_catalog.h"

#include <fcntl.h>
#include <ftw.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "blob/ahead.h"
#include "blob/blob.h"
#include "blob/tree.h"
#include "package/zip_write.h"

enum { SOURCE_MAX = 1 << 16, ZIP_MAX = 1 << 20, FTW_FILES = 16 };

static void open_files(struct town *t)
{
    struct domain *d = &t->domain;
    must(t, blobs_open(work(t), t->folder, &d->blobs));
    d->ahead = ahead_open(d->blobs, &clock_system);
    assert_non_null(d->ahead);
    must(t, trees_open(work(t), path_in(t, "system"), &d->system_trees));
    must(t, trees_open(work(t), path_in(t, "tenants"), &d->tenant_trees));
}

static void close_files(struct town *t)
{
    ahead_close(t->domain.ahead);
    blobs_close(t->domain.blobs);
    trees_close(t->domain.system_trees);
    trees_close(t->domain.tenant_trees);
    t->domain.blobs = NULL;
    t->domain.ahead = NULL;
    t->domain.system_trees = t->domain.tenant_trees = NULL;
}

int market_setup(void **state)
{
    int result = town_setup(state);
    if (result == 0)
        open_files(*state);
    return result;
}

static int remove_one(const char *path, const struct stat *st, int kind, struct FTW *ftw)
{
    (void)st;
    (void)kind;
    return ftw->level == 0 ? 0 : remove(path);
}

int market_teardown(void **state)
{
    struct town *t = *state;
    close_files(t);
    static const char *const below[] = {"blobs", "tmp", "system", "tenants"};
    for (size_t i = 0; i < sizeof below / sizeof *below; i++) {
        const char *path = path_in(t, "%s", below[i]);
        (void)nftw(path, remove_one, FTW_FILES, FTW_DEPTH | FTW_PHYS);
        assert_int_equal(rmdir(path), 0);
    }
    return town_teardown(state);
}

void market_reopen(struct town *t)
{
    close_files(t);
    open_files(t);
}

/* ------------------------------------------------------------------ packages */

struct slice zip_of(struct arena *arena, const char *const *files)
{
    struct ctx ctx;
    struct zip_writer w;
    struct buf *out = arena_alloc(arena, sizeof *out);
    ctx_init(&ctx, arena, &clock_system, NULL, "zip");
    buf_init(out, arena, ZIP_MAX);
    zip_write_begin(&w, &ctx, out);
    for (; *files; files += 2)
        if (zip_write_add(&w, slice_of(files[0]), slice_of(files[1]), ZIP_PACK_SMALLER) != OK)
            return SLICE_NONE;
    return zip_write_end(&w) == OK ? buf_view(out) : SLICE_NONE;
}

static const char *source_of(struct arena *arena, const struct sample *s)
{
    struct buf b;
    buf_init(&b, arena, SOURCE_MAX);
    buf_printf(&b, "# %s\n", s->note ? s->note : "");
    buf_str(&b, "from cadence_sdk import BaseAgent, BasePlugin, BaseSpecializedAgent, "
                "PluginMetadata, plugin_settings\n\n"
                "class A(BaseSpecializedAgent):\n    pass\n\n");
    if (s->settings)
        buf_printf(&b, "@plugin_settings(%s)\n", s->settings);
    buf_str(&b, "class P(BasePlugin):\n    @staticmethod\n    def get_metadata():\n"
                "        return PluginMetadata(\n");
    if (s->pid)
        buf_printf(&b, "            pid=\"%s\",\n", s->pid);
    else
        buf_str(&b, "            llm_requirements={\"provider\": \"openai\"},\n");
    if (s->tag)
        buf_printf(&b, "            tag=\"%s\",\n", s->tag);
    buf_printf(&b,
               "            name=\"Sample\", version=\"%s\", description=\"A sample\",\n"
               "            capabilities=[\"one\"],\n        )\n\n"
               "    @staticmethod\n    def create_agent():\n        return A()\n",
               s->version);
    return buf_text(&b);
}

struct slice sample_zip(struct arena *arena, const struct sample *s)
{
    const char *const files[] = {"plugin.py", source_of(arena, s), s->extra, "more\n", NULL};
    return zip_of(arena, files);
}

enum err upload(struct town *t, const char *org_id, const struct sample *s, struct published *out)
{
    const struct upload what = {
        .org_id = org_id, .file_name = SLICE("sample.zip"), .bytes = sample_zip(&t->arena, s)};
    return publish_upload(work(t), &t->domain, &t->cli, &what, out);
}

struct plugin put_plugin(struct town *t, const char *org_id, const char *pid, const char *version)
{
    const struct sample s = {.pid = pid, .version = version};
    struct published out;
    must(t, upload(t, org_id, &s, &out));
    return out.plugin;
}

struct plugin get_plugin(struct town *t, const struct plugin *p)
{
    struct plugin now;
    must(t, catalog_get(work(t), &t->domain, p->org_id, p->id, &now));
    return now;
}

struct plugin turn(struct town *t, const struct plugin *p, bool enabled)
{
    const struct catalog_change change = {.enabled = &enabled};
    struct plugin now;
    must(t, catalog_change(work(t), &t->domain, &t->cli, p->org_id, p->id, &change, &now));
    return now;
}

static enum err note_row(void *arg, const struct plugin *p)
{
    struct buf *b = arg;
    buf_printf(b, "%s%s%s %s", b->n ? " " : "", p->org_id ? "" : "*", p->pid, p->version);
    return OK;
}

const char *listed(struct town *t, const struct catalog_query *query)
{
    struct buf *b = arena_alloc(&t->arena, sizeof *b);
    bool more;
    buf_init(b, &t->arena, SOURCE_MAX);
    must(t, catalog_list(work(t), &t->domain, query, note_row, b, &more));
    return buf_text(b);
}

/* ------------------------------------------------------------------ the disk */

const char *path_in(struct town *t, const char *fmt, ...)
{
    struct buf *b = arena_alloc(&t->arena, sizeof *b);
    va_list args;
    buf_init(b, &t->arena, 1024);
    buf_printf(b, "%s/", t->folder);
    va_start(args, fmt);
    buf_vprintf(b, fmt, args);
    va_end(args);
    return buf_text(b);
}

const char *blob_path(struct town *t, const char *sha256)
{
    return path_in(t, "blobs/%.2s/%s", sha256, sha256);
}

const char *tree_path(struct town *t, const struct plugin *p)
{
    return p->org_id ? path_in(t, "tenants/%s/%s/%s", p->org_id, p->pid, p->version)
                     : path_in(t, "system/%s/%s", p->pid, p->version);
}

bool is_on_disk(const char *path)
{
    return access(path, F_OK) == 0;
}

void write_file(const char *path, const char *text)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, text, strlen(text)), (int)strlen(text));
    assert_int_equal(close(fd), 0);
}

/* nftw hands nothing on, so the count of the present walk stands here; tests have one thread. */
static size_t files_seen;

static int count_one(const char *path, const struct stat *st, int kind, struct FTW *ftw)
{
    (void)path;
    (void)kind;
    (void)ftw;
    files_seen += S_ISREG(st->st_mode);
    return 0;
}

size_t files_below(const char *path)
{
    files_seen = 0;
    assert_int_equal(nftw(path, count_one, FTW_FILES, FTW_PHYS), 0);
    return files_seen;
}
