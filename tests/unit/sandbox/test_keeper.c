/*
 * test_keeper.c - what bubblewrap leaves behind at its worst moment is dead when the run is over,
 * and when the process that ran it is killed.
 *
 * A script stands in for it: like bubblewrap between two of its steps it has a child that nobody has
 * told to die with anybody. The child has a pipe of the test: at its end it is dead.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "sandbox/room.h"
#include "sandbox/run.h"

enum { PATH_ROOM = 128, DEADLINE_MS = 120000 };

struct bench {
    struct arena arena;
    struct ctx ctx;
    char folder[PATH_ROOM], script[PATH_ROOM], fifo[PATH_ROOM];
    struct sandbox *sandbox;
    struct sandbox_run run;
    struct sandbox_result result;
    int told; /* the script and its child write here; at its end both are dead */
};

static int set_up(void **state)
{
    static const char *const argv[] = {"/bin/true", NULL};
    struct bench *b = calloc(1, sizeof *b);
    assert_non_null(b);
    arena_init(&b->arena, 4 << 20);
    ctx_init(&b->ctx, &b->arena, &clock_system, NULL, "test");
    (void)snprintf(b->folder, sizeof b->folder, "/tmp/larder-keeper-XXXXXX");
    assert_non_null(mkdtemp(b->folder));
    (void)snprintf(b->script, sizeof b->script, "%.40s/bwrap", b->folder);
    (void)snprintf(b->fifo, sizeof b->fifo, "%.40s/fifo", b->folder);
    assert_int_equal(mkfifo(b->fifo, 0600), 0);
    b->told = open(b->fifo, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
    assert_true(b->told >= 0);
    b->run = (struct sandbox_run){.argv = argv,
                                  .limits = {.memory_bytes = 256 << 20,
                                             .file_bytes = 1 << 20,
                                             .cpu_seconds = 20,
                                             .wall_ms = 600000,
                                             .processes = 16,
                                             .files = 64,
                                             .output_max = 4096}};
    *state = b;
    return 0;
}

static int tear_down(void **state)
{
    struct bench *b = *state;
    sandbox_close(b->sandbox);
    (void)close(b->told);
    assert_int_equal(unlink(b->script), 0);
    assert_int_equal(unlink(b->fifo), 0);
    assert_int_equal(rmdir(b->folder), 0);
    arena_free(&b->arena);
    free(b);
    return 0;
}

/* `child` is what its child has of the pipes, `end` what it does itself then. */
static void pretend(struct bench *b, const char *child, const char *end)
{
    FILE *f = fopen(b->script, "w");
    assert_non_null(f);
    (void)fprintf(f, "#!/bin/sh\nexec 7>%s\n(echo here >&7; exec sleep 1000 %s) &\n%s\n", b->fifo,
                  child, end);
    assert_int_equal(fclose(f), 0);
    assert_int_equal(chmod(b->script, 0700), 0);
    const struct sandbox_options options = {.bwrap = b->script};
    assert_int_equal(sandbox_open(&b->ctx, &options, &b->sandbox), OK);
}

/* Whether nobody is left who could tell more; waits so long for it. */
static bool all_dead(const struct bench *b, int wait_ms)
{
    char text[64];
    int64_t until = clock_mono_us() / 1000 + wait_ms;
    for (;;) {
        ssize_t n = read(b->told, text, sizeof text);
        if (n == 0)
            return true;
        if (n < 0 && clock_mono_us() / 1000 >= until)
            return false;
        if (n < 0)
            (void)poll(NULL, 0, 10);
    }
}

static void await_word(const struct bench *b)
{
    char text[8];
    int64_t until = clock_mono_us() / 1000 + DEADLINE_MS;
    while (read(b->told, text, 5) != 5) { /* 0 while nobody has come yet */
        assert_true(clock_mono_us() / 1000 < until);
        (void)poll(NULL, 0, 10);
    }
}

/* It ends by itself and leaves a child that has no pipe of ours any more. */
static void test_it_ends(void **state)
{
    struct bench *b = *state;
    pretend(b, "1>&- 2>&- 5>&-", "exit 0");
    assert_int_equal(run_unjudged(&b->ctx, b->sandbox, &b->run, &b->result), ERR_IO);
    assert_true(all_dead(b, 0));
}

static void test_its_time_is_over(void **state)
{
    struct bench *b = *state;
    b->run.limits.wall_ms = 200;
    pretend(b, "", "exit 0"); /* the child has the pipes still */
    assert_int_equal(run_unjudged(&b->ctx, b->sandbox, &b->run, &b->result), OK);
    assert_int_equal(b->result.end, SANDBOX_TIMED_OUT);
    assert_true(all_dead(b, 0));
}

/* Killed while it waits for bubblewrap, or for what bubblewrap has left behind. */
static void test_we_are_killed(void **state)
{
    struct bench *b = *state;
    static const char *const ends[] = {"exec sleep 1000", "exit 0"};
    for (size_t i = 0; i < 2; i++) {
        pretend(b, "", ends[i]);
        pid_t server = fork();
        if (server == 0) {
            (void)!run_unjudged(&b->ctx, b->sandbox, &b->run, &b->result);
            _exit(0);
        }
        await_word(b);
        assert_false(all_dead(b, 50)); /* so that it can be told from the end */
        assert_int_equal(kill(server, SIGKILL), 0);
        assert_int_equal(waitpid(server, NULL, 0), server);
        assert_true(all_dead(b, DEADLINE_MS));
        sandbox_close(b->sandbox);
        b->sandbox = NULL;
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_it_ends, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_its_time_is_over, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_we_are_killed, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
