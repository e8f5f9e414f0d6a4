/*
 * fuzz_cursor.c - any bytes as a cursor: refused, or exactly what we would have written.
 *
 * An input that begins with '=' is what the cursor holds, so that the fuzzer reaches what lies
 * behind the letters.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "api/cursor.h"
#include "base/crypto.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void insist(bool truth)
{
    if (!truth)
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena arena;
    struct ctx ctx;
    struct cursor c = {0};
    struct slice text = {(const char *)data, size};
    struct buf dressed, again;
    if (size > 4096)
        return 0;
    arena_init(&arena, 1 << 20);
    ctx_init(&ctx, &arena, &clock_system, NULL, "fuzz");
    if (size && data[0] == '=') {
        buf_init(&dressed, &arena, 8192);
        crypto_base64url(&dressed, data + 1, size - 1);
        text = buf_view(&dressed);
    }
    enum err err = cursor_read(&ctx, text, &c);
    if (err == OK) {
        insist(c.pid && c.pid[0] && c.seq >= 0);
        buf_init(&again, &arena, 8192);
        cursor_write(&again, &c);
        insist(!buf_failed(&again) && slice_eq(buf_view(&again), text));
    } else {
        insist(err == ERR_UNPROCESSABLE && strcmp(ctx.fault.field, "cursor") == 0);
    }
    arena_free(&arena);
    return 0;
}
