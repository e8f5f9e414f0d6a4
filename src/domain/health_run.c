/*
 * health_run.c - packs the order, runs sandbox/runner.py, hands the result to the reader.
 *
 * The order is one line of JSON and then the content of the files it lists; sandbox/runner.py says
 * the same from its side. The nonce keeps prints of the plugin from being taken for the report; it
 * is no secret from a plugin that looks for it.
 */
#include "domain/health_run.h"

#include <string.h>

#include "base/crypto.h"
#include "base/embedded.h"
#include "base/json_write.h"
#include "package/zip.h"

#define RUNNER "/run/larder/runner.py"
#define SDK "/run/larder/larder_sdk.py"

enum {
    NONCE_BYTES = 16,
    INDEX_MAX = 2 << 20,
    PACKAGE_MAX = 60,
    STANDARD_MS = 30000,
    STANDARD_MEMORY = 512 << 20
};

/* Room for a plugin of full size with what it imports. */
static struct sandbox_limits limits_of(const struct health_subject *subject)
{
    int64_t wall_ms = subject->timeout_ms ? subject->timeout_ms : STANDARD_MS;
    return (struct sandbox_limits){
        .memory_bytes = subject->memory ? subject->memory : STANDARD_MEMORY,
        .file_bytes = 80 << 20, /* an unpacked package may have 50 */
        .cpu_seconds = (int)(wall_ms * 2 / 3000 + 1),
        .wall_ms = (int)wall_ms,
        .processes = 32,
        .files = 128,
        .output_max = 1 << 20,
    };
}

/* ------------------------------------------------------------------ the order */

struct packing {
    const struct zip *zip;
    char *at; /* where the next byte goes */
    bool skip;
};

static bool is_file(const struct zip_member *m)
{
    return !m->is_folder && !m->is_ignored;
}

static enum err begin_member(struct ctx *ctx, void *arg, const struct zip_member *member)
{
    struct packing *p = arg;
    (void)ctx;
    p->skip = !is_file(member);
    return OK;
}

static enum err member_piece(struct ctx *ctx, void *arg, struct slice bytes)
{
    struct packing *p = arg;
    (void)ctx;
    if (!p->skip && bytes.n) {
        memcpy(p->at, bytes.p, bytes.n);
        p->at += bytes.n;
    }
    return OK;
}

/* A name that is a folder's and a module's: the archive's own, else the plugin's. */
static const char *package_name(struct ctx *ctx, const struct zip *zip, const char *name)
{
    struct slice given = zip->root.n ? slice_sub(zip->root, 0, zip->root.n - 1) : slice_of(name);
    char *made = slice_dup(ctx->arena, slice_sub(given, 0, PACKAGE_MAX));
    for (char *c = made; c && *c; c++)
        if (!((*c >= 'a' && *c <= 'z') || (*c >= 'A' && *c <= 'Z') || (*c >= '0' && *c <= '9')))
            *c = '_';
    return made && made[0] ? made : "plugin";
}

static void write_index(struct jw *j, const struct zip *zip)
{
    jw_key(j, "files");
    jw_array(j);
    for (size_t i = 0; i < zip->count; i++) {
        const struct zip_member *m = &zip->members[i];
        if (!is_file(m))
            continue;
        jw_array(j);
        jw_text(j, zip_name_below_root(zip, m));
        jw_int(j, (int64_t)m->size);
        jw_end(j);
    }
    jw_end(j);
}

static enum err write_head(struct ctx *ctx, const struct zip *zip,
                           const struct health_subject *subject, const char *nonce, struct buf *b)
{
    struct jw j;
    buf_init(b, ctx->arena, INDEX_MAX);
    jw_start(&j, b);
    jw_object(&j);
    jw_put_str(&j, "nonce", nonce);
    jw_put_str(&j, "package", package_name(ctx, zip, subject->name));
    jw_put_raw(&j, "settings", subject->settings.n ? subject->settings : SLICE("[]"));
    write_index(&j, zip);
    jw_end(&j);
    buf_char(b, '\n');
    return jw_done(&j) && !buf_failed(b) ? OK : ctx_no_memory(ctx);
}

static enum err write_order(struct ctx *ctx, const struct health_subject *subject,
                            const char *nonce, struct slice *out)
{
    struct zip *zip;
    struct buf head;
    enum err err = zip_open(ctx, subject->zip, &zip_limits_cadence, &zip);
    if (err == OK)
        err = write_head(ctx, zip, subject, nonce, &head);
    if (err != OK)
        return err;
    char *order = arena_alloc_raw(ctx->arena, head.n + zip->unpacked);
    if (order == NULL)
        return ctx_no_memory(ctx);
    memcpy(order, head.p, head.n);
    struct packing packing = {.zip = zip, .at = order + head.n};
    const struct zip_visitor visitor = {&packing, begin_member, member_piece, NULL};
    err = zip_walk(ctx, zip, &visitor);
    *out = (struct slice){order, (size_t)(packing.at - order)};
    return err;
}

/* ------------------------------------------------------------------ running */

static struct slice script(const char *path)
{
    const struct embedded *file = embedded_find(path, strlen(path));
    return file ? (struct slice){(const char *)file->plain, file->plain_size} : SLICE_NONE;
}

enum err health_run(struct ctx *ctx, const struct sandbox *sandbox,
                    const struct health_subject *subject, struct health_outcome *out,
                    struct health_findings *findings)
{
    unsigned char random[NONCE_BYTES];
    char nonce[2 * NONCE_BYTES + 1];
    struct sandbox_result ran;
    crypto_random(random, sizeof random);
    crypto_hex(random, sizeof random, nonce);
    const char *const argv[] = {sandbox_python(sandbox), "-I", "-B", RUNNER, NULL};
    const struct sandbox_limits limits = limits_of(subject);
    const struct sandbox_file files[] = {{RUNNER, script("src/sandbox/runner.py")},
                                         {SDK, script("src/sandbox/sdk.py")}};
    const struct sandbox_mount environment = {subject->environment, "/environment", false};
    struct sandbox_run run = {.argv = argv,
                              .files = files,
                              .file_count = sizeof files / sizeof *files,
                              .mounts = &environment,
                              .mount_count = subject->environment != NULL,
                              .network = subject->network,
                              .limits = limits,
                              .cancel = subject->cancel};
    enum err err = write_order(ctx, subject, nonce, &run.input);
    if (err == OK)
        err = sandbox_run(ctx, sandbox, &run, &ran);
    if (err != OK)
        return err;
    if (ran.end == SANDBOX_CANCELLED)
        return ctx_fail(ctx, ERR_BUSY, "The check was stopped");
    const struct health_reading reading = {&ran, &limits, nonce, subject->may_lack};
    err = health_report_read(ctx, &reading, out, findings);
    out->network = subject->network;
    return err;
}
