/*
 * fuzz_publish.c - any bytes as an upload, through the whole of it, as a dry run: archive, source,
 * manifest, rules of the org, row.
 *
 * An input that begins with "PK" is the archive itself. Any other is a package in plain text, so
 * that the fuzzer need not guess checksums: files divided by a line "=== name", packed before they
 * are uploaded. Whatever comes: an answer with a sentence, never a failure of ours; what is accepted
 * obeys the rules; nothing is written.
 */
#include <ftw.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/crypto.h"
#include "base/json_read.h"
#include "blob/blob.h"
#include "blob/tree.h"
#include "domain/actor.h"
#include "domain/catalog.h"
#include "domain/domain.h"
#include "domain/orgs.h"
#include "domain/publish.h"
#include "package/pid.h"
#include "package/version.h"
#include "package/zip_write.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { INPUT_MAX = 1 << 16, ZIP_MAX = 1 << 20, FTW_FILES = 16, FILES = 40 };

static struct {
    char folder[40];
    struct arena arena;
    struct store *store;
    struct domain domain;
    struct org acme;
    struct actor cli;
} home; /* made once: it takes longer than a hundred inputs */

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

static void make_home(void)
{
    static const unsigned char key[SIGNING_KEY_BYTES] = "a key that only a fuzzer uses...";
    const struct org_new what = {.name = SLICE("Acme"), .domain = SLICE("acme.com")};
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
    home.cli = actor_cli();
    insist(orgs_create(&ctx, &home.domain, &home.cli, &what, &home.acme) == OK);
    (void)atexit(clean_up);
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

static void is_json(struct ctx *ctx, struct slice text)
{
    const struct jr *doc;
    insist(jr_parse(ctx, text, &doc) == OK);
}

static void check_accepted(struct ctx *ctx, const struct plugin *p, bool org)
{
    struct version v;
    insist(p->pid && pid_problem(slice_of(p->pid)) == NULL);
    insist(!org || pid_fits_domain(slice_of(p->pid), SLICE("acme.com")));
    insist(p->version && version_parse(VERSION_PEP440, slice_of(p->version), &v));
    insist(p->name && p->name[0] && slice_is_utf8(slice_of(p->name)));
    insist(p->description && slice_is_utf8(slice_of(p->description)));
    is_json(ctx, p->capabilities);
    is_json(ctx, p->dependencies);
    is_json(ctx, p->default_settings);
    is_json(ctx, p->settings_schema);
    is_json(ctx, p->tools);
}

static void check_refused(const struct ctx *ctx, enum err err)
{
    insist(err == ERR_INVALID || err == ERR_TOO_LARGE || err == ERR_NO_MEMORY);
    insist(ctx->fault.err == err && ctx_sentence(ctx)[0] != '\0');
    for (size_t i = 0; i < ctx->fault.item_count; i++) {
        const struct fault_item *item = &ctx->fault.items[i];
        insist(item->rule && item->sentence && slice_is_utf8(slice_of(item->sentence)));
        insist(item->file == NULL || slice_is_utf8(slice_of(item->file)));
        insist(item->line >= 0 && item->column >= 0);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena arena;
    struct ctx ctx;
    struct buf packed;
    struct published out;
    struct slice bytes = {(const char *)data, size};
    if (size < 2 || size > INPUT_MAX)
        return 0;
    if (home.store == NULL)
        make_home();
    arena_init(&arena, (size_t)128 << 20);
    ctx_init(&ctx, &arena, &clock_system, NULL, "fuzz");
    bool org = size % 2;
    if (memcmp(data, "PK", 2) != 0) {
        buf_init(&packed, &arena, ZIP_MAX);
        if (!pack(&ctx, bytes, &packed)) {
            arena_free(&arena);
            return 0;
        }
        bytes = buf_view(&packed);
    }
    const struct upload what = {.org_id = org ? home.acme.id : NULL,
                                .file_name = SLICE("fuzz.zip"),
                                .bytes = bytes,
                                .dry_run = true};
    uint64_t generation = catalog_generation(&home.domain, what.org_id);
    enum err err = publish_upload(&ctx, &home.domain, &home.cli, &what, &out);
    if (err == OK)
        check_accepted(&ctx, &out.plugin, org);
    else
        check_refused(&ctx, err);
    insist(catalog_generation(&home.domain, what.org_id) == generation);
    arena_free(&arena);
    return 0;
}
