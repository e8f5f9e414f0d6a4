/*
 * test_cursor.c - what was written reads back, and nothing else is read.
 */
#include "api/cursor.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/crypto.h"

struct bench {
    struct arena arena;
    struct ctx ctx;
};

static void bench_open(struct bench *b)
{
    arena_init(&b->arena, 64 << 20);
    ctx_init(&b->ctx, &b->arena, &clock_system, NULL, "test");
}

static struct slice written(struct bench *b, const struct cursor *c)
{
    struct buf out;
    buf_init(&out, &b->arena, 1024);
    cursor_write(&out, c);
    assert_false(buf_failed(&out));
    return buf_view(&out);
}

static void what_was_written_reads_back(void **state)
{
    static const int64_t seqs[] = {0, 1, 9, 10, 123456, INT64_MAX};
    char longest[256];
    memset(longest, 'p', sizeof longest - 1);
    longest[sizeof longest - 1] = '\0';
    const char *const pids[] = {"a.b", "com.acme.search", "com.Acme.x-1_2.y", longest};
    struct bench b;
    (void)state;
    bench_open(&b);
    for (size_t i = 0; i < sizeof seqs / sizeof *seqs; i++) {
        for (size_t k = 0; k < 2 * sizeof pids / sizeof *pids; k++) {
            const struct cursor c = {k % 2 ? SOURCE_ORG : SOURCE_SYSTEM, pids[k / 2], seqs[i]};
            struct cursor back = {0};
            struct slice text = written(&b, &c);
            for (size_t n = 0; n < text.n; n++) /* needs no escaping in a URL */
                assert_non_null(strchr("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
                                       "0123456789-_",
                                       text.p[n]));
            assert_int_equal(cursor_read(&b.ctx, text, &back), OK);
            assert_int_equal(back.source, c.source);
            assert_int_equal(back.seq, c.seq);
            assert_string_equal(back.pid, c.pid);
        }
    }
    arena_free(&b.arena);
}

static void refused(struct slice text)
{
    struct bench b;
    struct cursor c;
    bench_open(&b);
    if (cursor_read(&b.ctx, text, &c) != ERR_UNPROCESSABLE)
        fail_msg("'%.*s' was read", SLICE_ARGS(text));
    assert_string_equal(b.ctx.fault.field, "cursor");
    assert_non_null(strstr(ctx_sentence(&b.ctx), "start again"));
    arena_free(&b.arena);
}

static void refused_or_ours(struct bench *b, struct slice text)
{
    struct cursor c;
    ctx_forgive(&b->ctx);
    if (cursor_read(&b->ctx, text, &c) == OK)
        assert_true(slice_eq(written(b, &c), text));
}

static void foreign_contents_are_refused(void **state)
{
    static const struct slice plain[] = {SLICE(""),
                                         SLICE("s"),
                                         SLICE("s."),
                                         SLICE("s.1"),
                                         SLICE("s.1."),
                                         SLICE("x.1.a.b"),
                                         SLICE(".1.a.b"),
                                         SLICE("S.1.a.b"),
                                         SLICE("so.1.a.b"),
                                         SLICE("s..a.b"),
                                         SLICE("s.-1.a.b"),
                                         SLICE("s.+1.a.b"),
                                         SLICE("s.01.a.b"),
                                         SLICE("s.-0.a.b"),
                                         SLICE("s.1x.a.b"),
                                         SLICE("s. 1.a.b"),
                                         SLICE("s.9223372036854775808.a.b"),
                                         SLICE("s.1.a b"),
                                         SLICE("s.1.a\nb"),
                                         SLICE("s.1.a\0b"),
                                         SLICE("s.1.a\xff"),
                                         SLICE("s.1.\xed\xa0\x80")};
    (void)state;
    for (size_t i = 0; i < sizeof plain / sizeof *plain; i++) {
        char space[256];
        struct buf text = {.p = space, .cap = sizeof space, .max = sizeof space};
        crypto_base64url(&text, plain[i].p, plain[i].n);
        refused(buf_view(&text));
    }
}

static void other_spellings_are_refused(void **state)
{
    (void)state;
    struct bench b;
    char changed[64], longest[2000];
    bench_open(&b);
    struct slice good = written(&b, &(struct cursor){SOURCE_ORG, "com.acme.x", 5});
    assert_true(good.n + 3 < sizeof changed);
    for (size_t n = 0; n < good.n; n++) /* cut off: a shorter pid at best */
        refused_or_ours(&b, slice_sub(good, 0, n));
    static const char *const tails[] = {"=", "==", " ", "\n", "."};
    for (size_t i = 0; i < sizeof tails / sizeof *tails; i++) {
        (void)snprintf(changed, sizeof changed, "%.*s%s", SLICE_ARGS(good), tails[i]);
        refused(slice_of(changed));
    }
    memset(longest, 'A', sizeof longest);
    refused((struct slice){longest, sizeof longest});
    refused(SLICE_NONE);
    arena_free(&b.arena);
}

/* Whatever single letter is changed: refused, or the one spelling of another place. */
static void a_changed_letter_is_another_place_or_nothing(void **state)
{
    (void)state;
    struct bench b;
    char changed[64];
    bench_open(&b);
    struct slice good = written(&b, &(struct cursor){SOURCE_ORG, "com.acme.xy", 5});
    for (size_t i = 0; i < good.n; i++) {
        for (int letter = 1; letter < 256; letter++) {
            memcpy(changed, good.p, good.n);
            changed[i] = (char)letter;
            refused_or_ours(&b, (struct slice){changed, good.n});
        }
    }
    arena_free(&b.arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_was_written_reads_back),
        cmocka_unit_test(foreign_contents_are_refused),
        cmocka_unit_test(other_spellings_are_refused),
        cmocka_unit_test(a_changed_letter_is_another_place_or_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
