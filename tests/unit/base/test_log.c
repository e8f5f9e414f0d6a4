/*
 * test_log.c - one event is one line, whatever a stranger put into a value; faults keep the first
 * sentence.
 */
#include "base/log.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/ctx.h"

static void a_value_cannot_forge_a_line(void **state)
{
    (void)state;
    int ends[2];
    char text[4096];
    assert_int_equal(pipe(ends), 0);
    struct log *log = log_open(ends[1], LOG_INFO);
    log_line(log, LOG_INFO, "r1", "test", "k", "a\nlevel=error event=\"x\"\x1b", "n", NULL, "e", "",
             NULL);
    log_line(log, LOG_DEBUG, "r1", "below", NULL);
    ssize_t n = read(ends[0], text, sizeof text - 1);
    assert_true(n > 0);
    text[n] = '\0';
    assert_ptr_equal(strchr(text, '\n'), text + n - 1);
    assert_non_null(strstr(text, " level=info event=test request=r1 "
                                 "k=\"a\\x0alevel=error event=\\\"x\\\"\\x1b\" n=- e=\"\"\n"));
    log_close(log);
    (void)close(ends[0]);
    (void)close(ends[1]);
}

static void long_values_are_cut_not_overrun(void **state)
{
    (void)state;
    int ends[2];
    char text[8192], value[6000];
    memset(value, 'v', sizeof value - 1);
    value[sizeof value - 1] = '\0';
    assert_int_equal(pipe(ends), 0);
    struct log *log = log_open(ends[1], LOG_INFO);
    log_line(log, LOG_WARN, NULL, "long", "v", value, NULL);
    ssize_t n = read(ends[0], text, sizeof text);
    assert_true(n > 0 && n <= 2048);
    assert_int_equal(text[n - 1], '\n');
    log_close(log);
    (void)close(ends[0]);
    (void)close(ends[1]);
}

static void the_tail_keeps_the_last_lines(void **state)
{
    (void)state;
    struct arena arena;
    struct log_record *out;
    arena_init(&arena, 1 << 22);
    struct log *log = log_open(-1, LOG_INFO); /* no descriptor: only the memory is looked at */
    char number[16];
    for (int i = 0; i < 1000; i++) {
        (void)snprintf(number, sizeof number, "%d", i);
        log_line(log, i % 2 ? LOG_WARN : LOG_INFO, NULL, "n", "i", number, NULL);
    }
    size_t n = log_tail(log, &arena, 0, LOG_INFO, 1000, &out);
    assert_int_equal(n, 512);
    assert_int_equal(out[n - 1].seq, 1000);
    assert_non_null(strstr(out[n - 1].line, "i=999"));
    assert_int_equal(log_tail(log, &arena, 1000, LOG_INFO, 10, &out), 0);
    assert_int_equal(log_tail(log, &arena, 990, LOG_WARN, 10, &out), 5);
    log_close(log);
    arena_free(&arena);
}

static void the_first_sentence_stays(void **state)
{
    (void)state;
    struct arena arena;
    struct ctx ctx;
    arena_init(&arena, 1 << 16);
    ctx_init(&ctx, &arena, &clock_system, NULL, "r");
    assert_int_equal(ctx_fail_code(&ctx, ERR_NOT_FOUND, "PL-0002", "Plugin %s not found", "x"),
                     ERR_NOT_FOUND);
    assert_int_equal(ctx_fail(&ctx, ERR_INTERNAL, "later"), ERR_NOT_FOUND);
    assert_string_equal(ctx_sentence(&ctx), "Plugin x not found");
    assert_string_equal(ctx_code(&ctx), "PL-0002");
    ctx_forgive(&ctx);
    assert_int_equal(ctx_fail_errno(&ctx, ENOSPC, "write blob"), ERR_NO_SPACE);
    assert_string_equal(ctx_code(&ctx), "SY-0507");
    assert_null(strstr(ctx_sentence(&ctx), "write blob")); /* causes are not for callers */
    assert_non_null(strstr(ctx.fault.cause, "write blob: No space"));
    ctx_forgive(&ctx);
    assert_int_equal(ctx_fail_errno(&ctx, EROFS, "write blob"), ERR_NO_SPACE);
    assert_string_equal(ctx_sentence(&ctx), "The disk can only be read; nothing was stored");
    arena_free(&arena);
}

static void every_error_has_a_row(void **state)
{
    (void)state;
    for (int e = ERR_INVALID; e < ERR_COUNT; e++) {
        const struct err_info *info = err_info((enum err)e);
        assert_true(info->http >= 400 && info->http < 600);
        assert_true(info->exit > 0 && info->name[0] && info->code[0] && info->text[0]);
    }
    assert_int_equal(err_info((enum err)999)->http, 500);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_value_cannot_forge_a_line),
        cmocka_unit_test(long_values_are_cut_not_overrun),
        cmocka_unit_test(the_tail_keeps_the_last_lines),
        cmocka_unit_test(the_first_sentence_stays),
        cmocka_unit_test(every_error_has_a_row),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
