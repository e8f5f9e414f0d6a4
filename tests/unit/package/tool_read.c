/*
 * tool_read.c - answers what Larder makes of archives, versions and dependencies, for pytest.
 *
 * Reads frames from stdin: one letter (z archive, v PEP 440 version, s semantic version, r
 * dependency), four bytes of length (little endian), the bytes. Answers each with one line of JSON.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/crypto.h"
#include "base/json_write.h"
#include "package/requirement.h"
#include "package/version.h"
#include "package/zip.h"

enum { FRAME_MAX = 64 << 20, ANSWER_MAX = 16 << 20 };

static void put_member(struct ctx *ctx, struct jw *j, const struct zip *zip,
                       const struct zip_member *m)
{
    unsigned char sum[SHA256_BYTES];
    char hex[SHA256_HEX];
    struct slice bytes;
    if (zip_read(ctx, zip, m, m->size, &bytes) != OK)
        abort(); /* zip_verify said that it is whole */
    crypto_sha256(bytes, sum);
    crypto_hex(sum, sizeof sum, hex);
    jw_object(j);
    jw_put_text(j, "name", m->name);
    jw_put_int(j, "size", (int64_t)m->size);
    jw_put_str(j, "sha256", hex);
    jw_put_bool(j, "ignored", m->is_ignored);
    jw_end(j);
}

static void put_rules(const struct ctx *ctx, struct jw *j)
{
    jw_key(j, "rules");
    jw_array(j);
    for (size_t i = 0; i < ctx->fault.item_count; i++)
        jw_str(j, ctx->fault.items[i].rule);
    jw_end(j);
    jw_put_str(j, "sentence", ctx_sentence(ctx));
}

static void answer_zip(struct ctx *ctx, struct jw *j, struct slice bytes)
{
    struct zip *zip;
    enum err err = zip_open(ctx, bytes, &zip_limits_cadence, &zip);
    if (err == OK)
        err = zip_verify(ctx, zip);
    jw_put_bool(j, "ok", err == OK);
    jw_put_str(j, "err", err_info(err)->name);
    if (err != OK) {
        put_rules(ctx, j);
        return;
    }
    jw_put_text(j, "root", zip->root);
    jw_key(j, "members");
    jw_array(j);
    for (size_t i = 0; i < zip->count; i++)
        put_member(ctx, j, zip, &zip->members[i]);
    jw_end(j);
}

static void answer_version(struct jw *j, enum version_scheme scheme, struct slice text)
{
    struct version v;
    char key[2 * VERSION_KEY + 1];
    bool ok = version_parse(scheme, text, &v);
    jw_put_bool(j, "ok", ok);
    if (!ok)
        return;
    crypto_hex(v.key, v.key_len, key);
    jw_put_str(j, "key", key);
    jw_put_str(j, "canonical", v.canonical);
    jw_put_bool(j, "prerelease", v.is_prerelease);
}

static void answer_requirement(struct ctx *ctx, struct jw *j, struct slice text)
{
    struct requirement r;
    struct requirement_fault why;
    bool ok = requirement_parse(ctx->arena, text, &r, &why) == OK;
    jw_put_bool(j, "ok", ok);
    if (!ok) {
        jw_put_str(j, "rule", why.rule);
        return;
    }
    jw_put_text(j, "name", r.name);
    jw_put_text(j, "key", r.key);
    jw_key(j, "extras");
    jw_array(j);
    for (size_t i = 0; i < r.extra_count; i++)
        jw_text(j, r.extras[i]);
    jw_end(j);
    jw_key(j, "specs");
    jw_array(j);
    for (size_t i = 0; i < r.spec_count; i++) {
        jw_text(j, r.specs[i].op);
        jw_text(j, r.specs[i].version);
    }
    jw_end(j);
    jw_put_bool(j, "marker", r.marker.n > 0);
}

static int answer(char kind, struct slice bytes)
{
    struct arena arena;
    struct ctx ctx;
    struct buf out;
    struct jw j;
    arena_init(&arena, 256u << 20);
    ctx_init(&ctx, &arena, &clock_system, NULL, "tool");
    buf_init(&out, &arena, ANSWER_MAX);
    jw_start(&j, &out);
    jw_object(&j);
    if (kind == 'z')
        answer_zip(&ctx, &j, bytes);
    else if (kind == 'r')
        answer_requirement(&ctx, &j, bytes);
    else
        answer_version(&j, kind == 'v' ? VERSION_PEP440 : VERSION_SEMVER, bytes);
    jw_end(&j);
    int result = jw_done(&j) && printf("%.*s\n", SLICE_ARGS(buf_view(&out))) > 0 ? 0 : 1;
    arena_free(&arena);
    return result;
}

int main(void)
{
    unsigned char head[5];
    int result = crypto_open() == OK ? 0 : 1;
    while (result == 0 && fread(head, 1, sizeof head, stdin) == sizeof head) {
        size_t n = (size_t)head[1] | (size_t)head[2] << 8 | (size_t)head[3] << 16 |
                   (size_t)head[4] << 24;
        char *bytes = n <= FRAME_MAX ? malloc(n ? n : 1) : NULL; /* exact: a read past it is seen */
        if (bytes == NULL || fread(bytes, 1, n, stdin) != n)
            result = 1;
        else
            result = answer((char)head[0], (struct slice){bytes, n});
        free(bytes);
    }
    return result;
}
