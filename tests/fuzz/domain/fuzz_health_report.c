/*
 * fuzz_health_report.c - any bytes as what came out of the sandbox.
 *
 * The first byte says how the run ended and whether modules may lack; the rest is stdout. "@" at the
 * beginning of a line stands for the nonce, which the fuzzer could not guess. Whatever comes: one of
 * three words, a sentence unless it is "healthy", JSON within its bounds, findings that can be kept;
 * and "healthy" only with a report in it.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/json_read.h"
#include "domain/health_report.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define NONCE "0123456789abcdef0123456789abcdef"

enum { INPUT_MAX = 1 << 16, OUT_MAX = 4 << 20 };

static void insist(bool truth)
{
    if (!truth)
        abort();
}

static void check(struct ctx *ctx, const struct health_outcome *out,
                  const struct health_findings *findings, struct slice text)
{
    const struct jr *detail;
    bool healthy = strcmp(out->result, HEALTH_HEALTHY) == 0;
    insist(healthy || strcmp(out->result, HEALTH_FAILED) == 0 ||
           strcmp(out->result, HEALTH_UNCHECKED) == 0);
    insist(healthy == (out->reason == NULL));
    insist(!healthy || memmem(text.p, text.n, NONCE " ", 33) != NULL);
    insist(out->detail.n <= HEALTH_DETAIL_MAX && slice_is_utf8(out->detail));
    insist(jr_parse_object(ctx, out->detail, &detail) == OK);
    for (size_t i = 0; i < findings->count; i++) {
        const struct fault_item *item = &findings->list[i].item;
        insist(item->rule && item->sentence && item->line >= 0);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena arena;
    struct ctx ctx;
    struct buf text;
    struct health_outcome out;
    struct health_findings findings;
    const struct sandbox_limits limits = {1 << 20, 1 << 20, 1, 1000, 4, 8, 4096};
    if (size == 0 || size > INPUT_MAX)
        return 0;
    arena_init(&arena, 64 << 20);
    ctx_init(&ctx, &arena, &clock_system, NULL, "fuzz");
    buf_init(&text, &arena, OUT_MAX);
    for (size_t i = 1; i < size; i++) {
        if (data[i] == '@' && (i == 1 || data[i - 1] == '\n'))
            buf_str(&text, NONCE);
        else
            buf_char(&text, (char)data[i]);
    }
    const struct sandbox_result ran = {.end = (enum sandbox_end)(data[0] % (SANDBOX_CANCELLED + 1)),
                                       .status = data[0] >> 4,
                                       .out = buf_view(&text),
                                       .err = buf_view(&text)};
    const struct health_reading reading = {&ran, &limits, NONCE, (data[0] & 8) != 0};
    insist(!buf_failed(&text));
    insist(health_report_read(&ctx, &reading, &out, &findings) == OK);
    check(&ctx, &out, &findings, buf_view(&text));
    arena_free(&arena);
    return 0;
}
