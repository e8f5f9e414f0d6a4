/*
 * test_patience.c - work that ends is waited for, work that does not is left behind in time.
 */
#include "blob/patience.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/clock.h"

static enum err fine(struct ctx *ctx, void *arg)
{
    (void)ctx;
    (void)arg;
    return OK;
}

static enum err refused(struct ctx *ctx, void *arg)
{
    (void)ctx;
    (void)arg;
    return ERR_IO;
}

/* Waits for a pipe that nobody writes to; closed when the test ends, and killed before. */
static enum err endless(struct ctx *ctx, void *arg)
{
    char c;
    const int *pipe_end = arg;
    (void)ctx;
    return read(*pipe_end, &c, 1) == 1 ? OK : ERR_IO;
}

static void the_wait_has_an_end(void **state)
{
    (void)state;
    struct arena arena;
    struct ctx ctx;
    int ends[2];
    arena_init(&arena, 1 << 20);
    ctx_init(&ctx, &arena, &clock_system, NULL, "test");
    assert_int_equal(pipe(ends), 0);
    assert_int_equal(patience_run(&ctx, fine, NULL, 30000), OK);
    assert_int_equal(patience_run(&ctx, refused, NULL, 30000), ERR_IO);
    ctx_forgive(&ctx);
    assert_int_equal(patience_run(&ctx, endless, &ends[0], 50), ERR_TIMEOUT);
    (void)close(ends[0]);
    (void)close(ends[1]);
    arena_free(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(the_wait_has_an_end)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
