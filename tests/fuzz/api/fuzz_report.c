/*
 * fuzz_report.c - any package judged, its report kept, read again and written as JSON.
 *
 * The input is a package in plain text: files divided by a line "=== NAME", the first of them
 * plugin.py; its length chooses the surface. What is read from the tables is what was written to
 * them, what is written as JSON reads back, and what refuses an upload has a sentence.
 */
#include <ftw.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "api/stage_json.h"
#include "base/crypto.h"
#include "base/json_read.h"
#include "blob/blob.h"
#include "blob/tree.h"
#include "domain/actor.h"
#include "domain/domain.h"
#include "domain/publish.h"
#include "domain/stages.h"
#include "package/zip_source.h"
#include "package/zip_write.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { INPUT_MAX = 1 << 15, ZIP_MAX = 1 << 20, FTW_FILES = 16, FILES = 40 };

static const char plugin[] = "from cadence_sdk import BasePlugin, BaseAgent, PluginMetadata\n"
                             "class A(BaseAgent):\n    pass\n"
                             "class P(BasePlugin):\n"
                             "    @staticmethod\n    def get_metadata():\n"
                             "        return PluginMetadata(pid='a.b', name='n', version='1.0',\n"
                             "            description='d')\n"
                             "    @staticmethod\n    def create_agent():\n        return A()\n";

static struct {
    char folder[40];
    struct arena arena;
    struct store *store;
    struct domain domain;
    const char *plugin_id; /* the row whose report is written again and again */
} home;

static void insist(bool truth)
{
    if (!truth)
        abort();
}

static int remove_one(const char *path, const struct stat *st, int kind, struct FTW *ftw)
{
    (void)st;
    (void)kind;
    (void)ftw;
    return remove(path);
}

static void clean_up(void)
{
    blobs_close(home.domain.blobs);
    trees_close(home.domain.system_trees);
    trees_close(home.domain.tenant_trees);
    domain_close(&home.domain);
    store_close(home.store);
    arena_free(&home.arena);
    (void)nftw(home.folder, remove_one, FTW_FILES, FTW_DEPTH | FTW_PHYS);
}

static const char *below(const char *name)
{
    return str_printf(&home.arena, "%s/%s", home.folder, name);
}

/* "=== name\n" begins a file; what stands before the first is plugin.py. */
static bool pack(struct ctx *ctx, struct slice text, struct buf *out)
{
    struct zip_writer w;
    struct slice name = SLICE("plugin.py");
    size_t files = 0;
    zip_write_begin(&w, ctx, out);
    while (files++ < FILES) {
        const char *at = text.n ? memmem(text.p, text.n, "\n=== ", 5) : NULL;
        size_t n = at ? (size_t)(at - text.p) : text.n;
        if (zip_write_add(&w, name, slice_sub(text, 0, n), ZIP_PACK_STORED) != OK)
            return false;
        if (at == NULL)
            break;
        text = slice_sub(text, n + 5, text.n);
        n = slice_find(text, '\n');
        name = slice_sub(text, 0, n);
        text = slice_sub(text, n + 1, text.n);
    }
    return zip_write_end(&w) == OK;
}

static void put_row(struct ctx *ctx)
{
    const struct actor cli = actor_cli();
    struct published done;
    struct buf packed;
    buf_init(&packed, &home.arena, ZIP_MAX);
    insist(pack(ctx, slice_of(plugin), &packed));
    const struct upload what = {.file_name = SLICE("a.zip"), .bytes = buf_view(&packed)};
    insist(publish_upload(ctx, &home.domain, &cli, &what, &done) == OK);
    home.plugin_id = done.plugin.id;
}

static void make_home(void)
{
    static const unsigned char key[SIGNING_KEY_BYTES] = "a key that only a fuzzer uses...";
    struct ctx ctx;
    arena_init(&home.arena, 16 << 20);
    ctx_init(&ctx, &home.arena, &clock_system, NULL, "fuzz");
    (void)snprintf(home.folder, sizeof home.folder, "/dev/shm/larder-fuzz-XXXXXX");
    insist(crypto_open() == OK && mkdtemp(home.folder) != NULL);
    const struct store_options options = {.path = below("larder.db"), .readers = 1, .create = true};
    insist(store_open(&ctx, &options, &home.store) == OK);
    insist(domain_open(&ctx, &home.domain, home.store, key) == OK);
    insist(blobs_open(&ctx, home.folder, &home.domain.blobs) == OK);
    insist(trees_open(&ctx, below("system"), &home.domain.system_trees) == OK);
    insist(trees_open(&ctx, below("tenants"), &home.domain.tenant_trees) == OK);
    put_row(&ctx);
    (void)atexit(clean_up);
}

static void judge(struct ctx *ctx, struct slice packed, size_t size, struct stage_report *out)
{
    static const enum stage_surface surfaces[] = {STAGE_FOR_SYSTEM, STAGE_FOR_ORG, STAGE_FOR_V1};
    struct stage_input in = {.surface = surfaces[size % 3],
                             .block = size % 7 ? 0 : (1u << SCAN_FAMILIES) - 1};
    struct package_source source;
    struct inspection *found = arena_alloc(ctx->arena, sizeof *found);
    struct zip *zip;
    insist(found != NULL);
    enum err err = zip_open(ctx, packed, &zip_limits_cadence, &zip);
    if (err == OK) {
        in.zip = zip;
        in.found = found;
        insist(zip_source(ctx, zip, &source) == OK);
        err = in.surface == STAGE_FOR_V1 ? inspect_package_v1(ctx, &source, found)
                                         : inspect_package(ctx, &source, found);
    }
    insist(err == OK || err == ERR_INVALID || err == ERR_TOO_LARGE || err == ERR_NO_MEMORY);
    insist(stages_judge(ctx, &in, out) == OK && ctx->fault.err == err);
    ctx_forgive(ctx);
    err = stages_decide(ctx, out);
    insist(err == OK ||
           (err == ERR_INVALID && ctx->fault.item_count > 0 && ctx->fault.sentence[0]));
    ctx_forgive(ctx);
}

static enum err keep(struct ctx *ctx, struct conn *conn, void *arg)
{
    return stages_keep(ctx, conn, home.plugin_id, arg);
}

static bool same_text(const char *a, const char *b)
{
    return a == NULL || b == NULL ? a == b : strcmp(a, b) == 0;
}

static void compare(const struct stage *a, const struct stage *b)
{
    insist(a->count == b->count && a->at == b->at && a->duration_us == b->duration_us);
    insist(same_text(a->name, b->name) && same_text(a->result, b->result));
    for (size_t i = 0; i < a->count; i++) {
        const struct stage_finding *x = &a->findings[i], *y = &b->findings[i];
        insist(x->level == y->level && x->item.line == y->item.line &&
               x->item.column == y->item.column);
        insist(same_text(x->item.rule, y->item.rule) && same_text(x->item.field, y->item.field) &&
               same_text(x->item.file, y->item.file) &&
               same_text(x->item.sentence, y->item.sentence) &&
               same_text(x->item.remedy, y->item.remedy));
    }
}

static void check_json(struct ctx *ctx, const struct stage_report *report)
{
    const struct jr *doc;
    struct buf b;
    struct jw j;
    buf_init(&b, ctx->arena, 4 << 20);
    jw_start(&j, &b);
    stage_json(&j, report);
    insist(jw_done(&j) && jr_parse(ctx, buf_view(&b), &doc) == OK);
    insist(jr_count(doc) == STAGE_COUNT);
    for (size_t i = 0; i < STAGE_COUNT; i++)
        insist(jr_count(jr_member(jr_item(doc, i), "findings")) == report->stage[i].count);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena arena;
    struct ctx ctx;
    struct buf packed;
    struct stage_report written, read;
    struct health_run run;
    if (size > INPUT_MAX)
        return 0;
    if (home.store == NULL)
        make_home();
    arena_init(&arena, (size_t)128 << 20);
    ctx_init(&ctx, &arena, &clock_system, NULL, "fuzz");
    buf_init(&packed, &arena, ZIP_MAX);
    if (pack(&ctx, (struct slice){(const char *)data, size}, &packed)) {
        judge(&ctx, buf_view(&packed), size, &written);
        insist(store_write(&ctx, home.store, keep, &written) == OK);
        insist(stages_read(&ctx, &home.domain, home.plugin_id, &read, &run) == OK);
        for (size_t i = 0; i < STAGE_COUNT; i++)
            compare(&written.stage[i], &read.stage[i]);
        check_json(&ctx, &read);
    }
    arena_free(&arena);
    return 0;
}
