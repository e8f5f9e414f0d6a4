/*
 * test_file.c - writing on through short and interrupted writes, and paths that are made or refused.
 */
#include "base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

enum { MANY = 1 << 20, PIECE = 1000 };

struct drain { /* reads slowly from a pipe, and interrupts whoever writes into it */
    int fd;
    pthread_t writer;
    char *bytes;
    size_t got;
};

static void nothing(int signal_number)
{
    (void)signal_number;
}

static void *drain(void *arg)
{
    struct drain *d = arg;
    ssize_t n = 1;
    while (n > 0 && d->got < MANY) {
        size_t room = MANY - d->got;
        n = read(d->fd, d->bytes + d->got, room < PIECE ? room : PIECE);
        d->got += n > 0 ? (size_t)n : 0;
        if (d->got < MANY / 2) /* the writer is still at it: a pipe holds far less than the rest */
            (void)pthread_kill(d->writer, SIGUSR1);
    }
    return NULL;
}

static void a_write_goes_on_to_the_end(void **state)
{
    int ends[2];
    pthread_t thread;
    char *sent = malloc(MANY);
    struct drain d = {.writer = pthread_self(), .bytes = malloc(MANY)};
    struct sigaction interrupt = {.sa_handler = nothing}; /* without SA_RESTART */
    (void)state;
    assert_non_null(sent);
    assert_non_null(d.bytes);
    for (size_t i = 0; i < MANY; i++)
        sent[i] = (char)(i * 31 + i / 251);
    assert_int_equal(sigaction(SIGUSR1, &interrupt, NULL), 0);
    assert_int_equal(pipe(ends), 0);
    d.fd = ends[0];
    assert_int_equal(pthread_create(&thread, NULL, drain, &d), 0);
    assert_int_equal(file_write(ends[1], (struct slice){sent, MANY}), 0);
    assert_int_equal(pthread_join(thread, NULL), 0);
    assert_int_equal(d.got, MANY);
    assert_memory_equal(d.bytes, sent, MANY);
    (void)close(ends[0]);
    (void)signal(SIGPIPE, SIG_IGN);
    assert_int_equal(file_write(ends[1], SLICE("x")), -1);
    assert_int_equal(errno, EPIPE);
    assert_int_equal(file_write(ends[1], SLICE_NONE), 0); /* nothing is always written */
    (void)close(ends[1]);
    free(sent);
    free(d.bytes);
}

static void paths_are_made_where_they_can_be(void **state)
{
    char root[] = "/tmp/larder-file-XXXXXX", path[PATH_MAX + 8];
    struct stat st;
    (void)state;
    assert_non_null(mkdtemp(root));
    (void)snprintf(path, sizeof path, "%s/a//b/c/", root);
    for (int twice = 0; twice < 2; twice++) {
        assert_int_equal(file_make_path(path, 0700), 0);
        assert_int_equal(stat(path, &st), 0);
        assert_true(S_ISDIR(st.st_mode));
        assert_int_equal(st.st_mode & 0777, 0700);
    }
    (void)snprintf(path, sizeof path, "%s/a/file", root);
    (void)close(open(path, O_CREAT | O_WRONLY | O_CLOEXEC, 0600));
    (void)snprintf(path, sizeof path, "%s/a/file/below", root);
    assert_int_equal(file_make_path(path, 0700), -1);
    assert_int_equal(errno, ENOTDIR);
    assert_int_equal(file_make_path("", 0700), -1);
    assert_int_equal(errno, ENOENT);
    memset(path, 'x', sizeof path);
    path[sizeof path - 1] = '\0';
    assert_int_equal(file_make_path(path, 0700), -1);
    assert_int_equal(errno, ENAMETOOLONG);
    static const char *const made[] = {"/a/file", "/a/b/c", "/a/b", "/a", ""};
    for (size_t i = 0; i < sizeof made / sizeof *made; i++) {
        (void)snprintf(path, sizeof path, "%s%s", root, made[i]);
        assert_int_equal(remove(path), 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_write_goes_on_to_the_end),
        cmocka_unit_test(paths_are_made_where_they_can_be),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
