/*
 * test_streams.c - streams over pairs of sockets: fed, ended, dropped, stopped.
 */
#include "http/streams.h"

#include <poll.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/arena.h"
#include "base/clock.h"

enum { DEADLINE_MS = 120000, MEMBERS = 64 };

/* What the hooks share; each member counts how far it has read. */
struct member {
    unsigned sent;
    bool ends; /* atomic */
};

static struct {
    struct arena arena;
    struct ctx ctx;
    struct streams *streams;
    unsigned news; /* atomic: how many there are */
    unsigned gone; /* atomic */
    size_t size;   /* of one piece of news */
} world;

static void begin_round(void *arg)
{
    (void)arg;
}

static enum stream_state check(void *arg, void *member)
{
    const struct member *m = member;
    (void)arg;
    return __atomic_load_n(&m->ends, __ATOMIC_ACQUIRE) ? STREAM_ENDS : STREAM_GOES_ON;
}

static enum stream_state feed(void *arg, void *member, struct buf *out)
{
    struct member *m = member;
    (void)arg;
    if (m->sent == __atomic_load_n(&world.news, __ATOMIC_ACQUIRE))
        return STREAM_GOES_ON;
    m->sent++;
    for (size_t i = 0; i < world.size; i++)
        buf_char(out, (char)('a' + m->sent % 26));
    return STREAM_GOES_ON;
}

static void gone(void *arg, void *member)
{
    (void)arg;
    free(member);
    __atomic_add_fetch(&world.gone, 1, __ATOMIC_ACQ_REL);
}

static void open_streams(const struct streams_options *options)
{
    static const struct stream_hooks hooks = {NULL, begin_round, check, feed, gone};
    memset(&world, 0, sizeof world);
    world.size = 1;
    arena_init(&world.arena, 1 << 20);
    ctx_init(&world.ctx, &world.arena, &clock_system, NULL, "test");
    assert_int_equal(streams_open(&world.ctx, options, &hooks, &world.streams), OK);
}

static void close_streams(void)
{
    streams_stop(world.streams);
    streams_close(world.streams);
    arena_free(&world.arena);
}

static void tell(unsigned count)
{
    __atomic_add_fetch(&world.news, count, __ATOMIC_ACQ_REL);
    streams_wake(world.streams);
}

/* The client's end; *out is what the hooks know of it. */
static int join_in(struct member **out)
{
    int pair[2];
    struct member *m = calloc(1, sizeof *m); /* freed by gone */
    assert_non_null(m);
    assert_true(streams_reserve(world.streams));
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
    if (out)
        *out = m;
    streams_adopt(world.streams, m, pair[0]);
    return pair[1];
}

/* One byte, 0 for the end. */
static char next_byte(int fd)
{
    struct pollfd p = {.fd = fd, .events = POLLIN};
    char c = 0;
    assert_int_equal(poll(&p, 1, DEADLINE_MS), 1);
    ssize_t n = read(fd, &c, 1);
    return n == 1 ? c : 0;
}

/* All of it arrives, in order. */
static void expect_all(int fd, size_t count)
{
    char piece[4096];
    struct pollfd p = {.fd = fd, .events = POLLIN};
    for (size_t at = 0; at < count * world.size;) {
        assert_int_equal(poll(&p, 1, DEADLINE_MS), 1);
        ssize_t n = read(fd, piece, sizeof piece);
        assert_true(n > 0);
        for (size_t i = 0; i < (size_t)n; i++, at++)
            if (piece[i] != (char)('a' + (at / world.size + 1) % 26))
                fail_msg("wrong byte at %zu", at);
    }
}

static void until(bool (*reached)(void))
{
    int64_t end = clock_mono_ms(&clock_system) + DEADLINE_MS;
    while (!reached()) {
        assert_true(clock_mono_ms(&clock_system) < end);
        (void)poll(NULL, 0, 5);
    }
}

static bool nobody_left(void)
{
    struct streams_stats s;
    streams_stats(world.streams, &s);
    return s.open == 0;
}

static bool one_dropped(void)
{
    struct streams_stats s;
    streams_stats(world.streams, &s);
    return s.dropped == 1;
}

static void what_is_new_is_sent_to_all(void **state)
{
    (void)state;
    const struct streams_options options = {.max = MEMBERS};
    int fd[MEMBERS];
    open_streams(&options);
    for (size_t i = 0; i < MEMBERS; i++)
        fd[i] = join_in(NULL);
    assert_false(streams_reserve(world.streams));
    tell(2);
    for (size_t i = 0; i < MEMBERS; i++) {
        assert_int_equal(next_byte(fd[i]), 'b');
        assert_int_equal(next_byte(fd[i]), 'c');
    }
    for (size_t i = 0; i < MEMBERS; i++)
        close(fd[i]);
    until(nobody_left);
    assert_int_equal(world.gone, MEMBERS);
    close_streams();
}

static void who_may_not_go_on_sees_the_end(void **state)
{
    (void)state;
    const struct streams_options options = {.max = 2};
    struct member *one;
    open_streams(&options);
    int first = join_in(&one), second = join_in(NULL);
    __atomic_store_n(&one->ends, true, __ATOMIC_RELEASE);
    assert_int_equal(next_byte(first), 0); /* without anybody waking the thread */
    tell(1);
    assert_int_equal(next_byte(second), 'b');
    close(first);
    close(second);
    close_streams();
}

static void silence_is_broken_by_a_comment(void **state)
{
    (void)state;
    const struct streams_options options = {.max = 1, .beat_ms = 50};
    open_streams(&options);
    int fd = join_in(NULL);
    assert_int_equal(next_byte(fd), ':');
    close(fd);
    close_streams();
}

static void who_does_not_read_is_dropped(void **state)
{
    (void)state;
    const struct streams_options options = {.max = 2, .patience_ms = 200};
    open_streams(&options);
    world.size = 8000;
    int slow = join_in(NULL), quick = join_in(NULL);
    tell(200);
    expect_all(quick, 200);
    until(one_dropped);
    close(slow);
    close(quick);
    close_streams();
}

static void a_slow_reader_in_time_misses_nothing(void **state)
{
    (void)state;
    const struct streams_options options = {.max = 1};
    open_streams(&options);
    world.size = 8000;
    int fd = join_in(NULL);
    tell(200);
    (void)poll(NULL, 0, 100); /* long enough for its buffers to be full; nothing depends on it */
    expect_all(fd, 200);
    assert_false(one_dropped());
    close(fd);
    close_streams();
}

static void a_stop_ends_all_and_lets_none_begin(void **state)
{
    (void)state;
    const struct streams_options options = {.max = 3};
    open_streams(&options);
    int fd = join_in(NULL), pair[2];
    assert_true(streams_reserve(world.streams));
    streams_stop(world.streams);
    assert_int_equal(next_byte(fd), 0);
    assert_false(streams_reserve(world.streams));
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
    streams_adopt(world.streams, calloc(1, sizeof(struct member)), pair[0]); /* reserved before */
    assert_int_equal(next_byte(pair[1]), 0);
    assert_int_equal(world.gone, 2);
    assert_true(nobody_left());
    close(fd);
    close(pair[1]);
    close_streams();
}

static void a_place_that_is_not_used_is_given_back(void **state)
{
    (void)state;
    const struct streams_options options = {.max = 1};
    open_streams(&options);
    assert_true(streams_reserve(world.streams));
    streams_adopt(world.streams, calloc(1, sizeof(struct member)), -1);
    assert_int_equal(world.gone, 1);
    assert_true(streams_reserve(world.streams));
    streams_release(world.streams);
    assert_true(streams_reserve(world.streams));
    streams_release(world.streams);
    close_streams();
}

static void *come_and_go(void *arg)
{
    for (int i = 0; i < 200; i++) {
        int fd = join_in(NULL);
        tell(1);
        if (i % 2 == 0)
            assert_int_not_equal(next_byte(fd), 0);
        close(fd);
    }
    return arg;
}

static void many_threads_at_once(void **state)
{
    (void)state;
    const struct streams_options options = {.max = 1000000};
    pthread_t thread[4];
    open_streams(&options);
    for (size_t i = 0; i < 4; i++)
        assert_int_equal(pthread_create(&thread[i], NULL, come_and_go, NULL), 0);
    for (size_t i = 0; i < 4; i++)
        assert_int_equal(pthread_join(thread[i], NULL), 0);
    until(nobody_left);
    assert_int_equal(world.gone, 800);
    close_streams();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_new_is_sent_to_all),
        cmocka_unit_test(who_may_not_go_on_sees_the_end),
        cmocka_unit_test(silence_is_broken_by_a_comment),
        cmocka_unit_test(who_does_not_read_is_dropped),
        cmocka_unit_test(a_slow_reader_in_time_misses_nothing),
        cmocka_unit_test(a_stop_ends_all_and_lets_none_begin),
        cmocka_unit_test(a_place_that_is_not_used_is_given_back),
        cmocka_unit_test(many_threads_at_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
