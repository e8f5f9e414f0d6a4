/*
 * test_blob.c - a blob is there whole and durable, or not there, whatever fails on the way.
 */
#include "blob/blob.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "support_fault.h"

struct place {
    char folder[64];
    struct arena arena;
    struct ctx ctx;
    struct blobs *blobs;
};

static void fresh(struct place *p)
{
    arena_reset(&p->arena);
    ctx_init(&p->ctx, &p->arena, &clock_system, NULL, "test");
}

static int make_place(void **state)
{
    struct place *p = calloc(1, sizeof *p);
    folder_make(p->folder);
    arena_init(&p->arena, 64 << 20);
    fresh(p);
    *state = p;
    return crypto_open() == OK && blobs_open(&p->ctx, p->folder, &p->blobs) == OK ? 0 : -1;
}

static int drop_place(void **state)
{
    struct place *p = *state;
    fault_clear();
    blobs_close(p->blobs);
    arena_free(&p->arena);
    folder_remove(p->folder);
    free(p);
    return 0;
}

static void hash_of(struct slice bytes, char sha256[SHA256_HEX])
{
    unsigned char sum[SHA256_BYTES];
    crypto_sha256(bytes, sum);
    crypto_hex(sum, sizeof sum, sha256);
}

static void path_of(const struct place *p, const char *sha256, char path[256])
{
    (void)snprintf(path, 256, "%s/blobs/%.2s/%s", p->folder, sha256, sha256);
}

static int temp_files(const struct place *p)
{
    char path[128];
    (void)snprintf(path, sizeof path, "%s/tmp", p->folder);
    return count_names(path);
}

static void put(struct place *p, const char *text, char sha256[SHA256_HEX])
{
    hash_of(slice_of(text), sha256);
    assert_int_equal(blob_put(&p->ctx, p->blobs, slice_of(text), sha256), OK);
}

static void assert_holds(struct place *p, const char *sha256, const char *text)
{
    struct slice got;
    fresh(p);
    assert_int_equal(blob_read(&p->ctx, p->blobs, sha256, 1 << 20, &got), OK);
    assert_true(slice_is(got, text));
}

/* ------------------------------------------------------------------ put and open */

static void what_was_put_is_found(void **state)
{
    struct place *p = *state;
    char sha[SHA256_HEX], path[256];
    struct stat st;
    int fd = -1;
    put(p, "hello", sha);
    put(p, "hello", sha); /* again: nothing new */
    path_of(p, sha, path);
    assert_int_equal(stat(path, &st), 0);
    assert_int_equal(st.st_mode & 0777, 0600);
    assert_int_equal(temp_files(p), 0);
    assert_true(blob_is_there(p->blobs, sha, 5));
    assert_false(blob_is_there(p->blobs, sha, 6));
    assert_int_equal(blob_open(&p->ctx, p->blobs, sha, 5, &fd), OK);
    char text[6] = "";
    assert_int_equal(read(fd, text, 5), 5);
    assert_string_equal(text, "hello");
    (void)close(fd);
    assert_holds(p, sha, "hello");
    struct slice got;
    assert_int_equal(blob_read(&p->ctx, p->blobs, sha, 4, &got), ERR_TOO_LARGE);
    put(p, "", sha);
    assert_holds(p, sha, "");
}

static void what_is_not_there_is_not_found(void **state)
{
    struct place *p = *state;
    char sha[SHA256_HEX];
    int fd;
    hash_of(SLICE("never put"), sha);
    assert_int_equal(blob_open(&p->ctx, p->blobs, sha, 9, &fd), ERR_NOT_FOUND);
    static const char *const names[] = {
        "",
        "..",
        "../../etc/passwd",
        "ab",
        "AB00000000000000000000000000000000000000000000000000000000000000",
        "../0000000000000000000000000000000000000000000000000000000000000"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        struct slice got;
        fresh(p);
        assert_int_equal(blob_open(&p->ctx, p->blobs, names[i], 1, &fd), ERR_NOT_FOUND);
        fresh(p);
        assert_int_equal(blob_read(&p->ctx, p->blobs, names[i], 10, &got), ERR_NOT_FOUND);
        fresh(p);
        assert_int_equal(blob_put(&p->ctx, p->blobs, SLICE("x"), names[i]), ERR_INTERNAL);
        assert_false(blob_is_there(p->blobs, names[i], 1));
    }
}

static void flush_comes_before_the_name_and_before_the_answer(void **state)
{
    struct place *p = *state;
    char sha[SHA256_HEX];
    hash_of(SLICE("order"), sha);
    fault_log_start();
    assert_int_equal(blob_put(&p->ctx, p->blobs, SLICE("order"), sha), OK);
    const char *log = fault_log();
    const char *wrote = strchr(log, 'w'), *flushed = strchr(log, 'f'), *named = strchr(log, 'r'),
               *folder = strrchr(log, 'F');
    assert_true(wrote && flushed && named && folder);
    assert_true(wrote < flushed && flushed < named && named < folder);
    assert_string_equal(strpbrk(folder, "wrm") ? "more" : "", ""); /* nothing changes after it */
    size_t flushes = 0;
    for (const char *c = log; *c; c++)
        flushes += *c == 'f' || *c == 'F';
    assert_int_equal(flushes, 2); /* the third of an upload is the database's */

    /* One who finds the blob cannot know whether its name is durable yet. */
    fault_log_start();
    assert_int_equal(blob_put(&p->ctx, p->blobs, SLICE("order"), sha), OK);
    log = fault_log();
    assert_null(strchr(log, 'w'));
    assert_non_null(strchr(log, 'F'));
}

/* ------------------------------------------------------------------ damage */

static void a_damaged_blob_is_never_given_out_and_heals(void **state)
{
    struct place *p = *state;
    char sha[SHA256_HEX], path[256];
    struct slice got;
    int fd = -1;
    put(p, "precious", sha);
    path_of(p, sha, path);
    file_spoil(path, 3);
    assert_int_equal(blob_open(&p->ctx, p->blobs, sha, 8, &fd), ERR_CORRUPT);
    fresh(p);
    assert_int_equal(blob_read(&p->ctx, p->blobs, sha, 100, &got), ERR_CORRUPT);
    fresh(p);
    assert_int_equal(blob_verify(&p->ctx, p->blobs, sha), ERR_CORRUPT);
    fresh(p);
    put(p, "precious", sha);
    assert_holds(p, sha, "precious");

    /* Known to be right, then changed: its time tells. */
    assert_int_equal(blob_open(&p->ctx, p->blobs, sha, 8, &fd), OK);
    (void)close(fd);
    file_spoil(path, 0);
    file_age(path, 5);
    assert_int_equal(blob_open(&p->ctx, p->blobs, sha, 8, &fd), ERR_CORRUPT);
    fresh(p);
    put(p, "precious", sha);
    assert_int_equal(truncate(path, 4), 0);
    assert_int_equal(blob_open(&p->ctx, p->blobs, sha, 8, &fd), ERR_CORRUPT);
    fresh(p);
    put(p, "precious", sha);
    assert_int_equal(blob_open(&p->ctx, p->blobs, sha, 7, &fd),
                     ERR_CORRUPT); /* not the row's size */
}

static void what_is_no_file_is_not_followed(void **state)
{
    struct place *p = *state;
    char sha[SHA256_HEX], path[256], outside[128];
    int fd = -1;
    put(p, "text", sha);
    path_of(p, sha, path);
    (void)snprintf(outside, sizeof outside, "%s/outside", p->folder);
    assert_int_equal(rename(path, outside), 0); /* the right bytes, behind a link */
    assert_int_equal(symlink(outside, path), 0);
    assert_int_not_equal(blob_open(&p->ctx, p->blobs, sha, 4, &fd), OK);
    assert_false(blob_is_there(p->blobs, sha, 4));
    fresh(p);
    put(p, "text", sha); /* takes the link's place */
    struct stat st;
    assert_int_equal(lstat(path, &st), 0);
    assert_true(S_ISREG(st.st_mode));

    assert_int_equal(unlink(path), 0);
    assert_int_equal(mkfifo(path, 0600), 0);
    fresh(p);
    assert_int_equal(blob_open(&p->ctx, p->blobs, sha, 4, &fd),
                     ERR_CORRUPT); /* and does not wait */
    fresh(p);
    put(p, "text", sha);
    assert_holds(p, sha, "text");
}

/* ------------------------------------------------------------------ sweeping */

static bool is_wanted(void *arg, const char *sha256)
{
    return strcmp(arg, sha256) == 0;
}

static void a_sweep_takes_what_nobody_wants(void **state)
{
    struct place *p = *state;
    char keep[SHA256_HEX], drop[SHA256_HEX], path[256];
    put(p, "keep", keep);
    put(p, "drop it", drop);
    (void)snprintf(path, sizeof path, "%s/tmp/0123456789abcdef", p->folder);
    file_touch(path);
    (void)snprintf(path, sizeof path, "%s/blobs/aa/notes.txt", p->folder);
    file_touch(path);

    struct blob_sweep s = {.is_wanted = is_wanted, .arg = keep};
    s.older_than_ms = clock_wall_ms(&clock_system) - 3600 * 1000; /* all of it is young */
    assert_int_equal(blob_sweep(&p->ctx, p->blobs, &s), OK);
    assert_int_equal(s.blobs + s.temp_files, 0);
    assert_holds(p, drop, "drop it");

    fresh(p);
    s.older_than_ms = INT64_MAX;
    assert_int_equal(blob_sweep(&p->ctx, p->blobs, &s), OK);
    assert_int_equal(s.blobs, 2); /* the blob, and the file that is none */
    assert_int_equal(s.bytes, 7);
    assert_int_equal(s.temp_files, 1);
    assert_int_equal(temp_files(p), 0);
    assert_holds(p, keep, "keep");
    assert_false(blob_is_there(p->blobs, drop, 7));
}

static void a_put_protects_an_old_blob_from_the_sweep(void **state)
{
    struct place *p = *state;
    char sha[SHA256_HEX], path[256];
    put(p, "old", sha);
    path_of(p, sha, path);
    file_age(path, 7200);
    put(p, "old", sha); /* an upload whose row is not written yet */
    struct blob_sweep s = {.is_wanted = is_wanted, .arg = (void *)(uintptr_t) "none"};
    s.older_than_ms = clock_wall_ms(&clock_system) - 3600 * 1000;
    assert_int_equal(blob_sweep(&p->ctx, p->blobs, &s), OK);
    assert_int_equal(s.blobs, 0);
    assert_holds(p, sha, "old");
    file_age(path, 7200);
    assert_int_equal(blob_sweep(&p->ctx, p->blobs, &s), OK);
    assert_int_equal(s.blobs, 1);
}

/* ------------------------------------------------------------------ many at once */

enum { THREADS = 6, ROUNDS = 60 };

struct worker {
    struct place *place;
    unsigned number;
    bool failed;
};

/* Each puts texts that others put too, and reads each back at once. */
static void *work(void *arg)
{
    struct worker *w = arg;
    struct arena arena;
    struct ctx ctx;
    arena_init(&arena, 4 << 20);
    for (unsigned i = 0; i < ROUNDS && !w->failed; i++) {
        char text[32], sha[SHA256_HEX];
        struct slice got;
        (void)snprintf(text, sizeof text, "text %u", (i + w->number) % 20);
        hash_of(slice_of(text), sha);
        ctx_init(&ctx, &arena, &clock_system, NULL, "test");
        w->failed = blob_put(&ctx, w->place->blobs, slice_of(text), sha) != OK ||
                    blob_read(&ctx, w->place->blobs, sha, 100, &got) != OK || !slice_is(got, text);
        arena_reset(&arena);
    }
    arena_free(&arena);
    return NULL;
}

static void many_puts_and_a_sweep_do_not_disturb_each_other(void **state)
{
    struct place *p = *state;
    pthread_t threads[THREADS];
    struct worker workers[THREADS];
    for (unsigned i = 0; i < THREADS; i++) {
        workers[i] = (struct worker){.place = p, .number = i * 7};
        assert_int_equal(pthread_create(&threads[i], NULL, work, &workers[i]), 0);
    }
    for (int i = 0; i < 20; i++) {
        struct blob_sweep s = {.is_wanted = is_wanted, .arg = (void *)(uintptr_t) "none"};
        s.older_than_ms = clock_wall_ms(&clock_system) - 3600 * 1000;
        fresh(p);
        assert_int_equal(blob_sweep(&p->ctx, p->blobs, &s), OK);
        assert_int_equal(s.blobs + s.temp_files, 0);
    }
    for (unsigned i = 0; i < THREADS; i++) {
        (void)pthread_join(threads[i], NULL);
        assert_false(workers[i].failed);
    }
    assert_int_equal(temp_files(p), 0);
}

/* ------------------------------------------------------------------ what fails */

static enum err scenario(struct place *p, const char *text, const char *sha)
{
    struct blobs *again;
    int fd = -1;
    fresh(p);
    enum err err = blobs_open(&p->ctx, p->folder, &again);
    if (err != OK)
        return err;
    err = blob_put(&p->ctx, again, slice_of(text), sha);
    if (err == OK && (err = blob_open(&p->ctx, again, sha, (int64_t)strlen(text), &fd)) == OK)
        (void)close(fd);
    blobs_close(again);
    return err;
}

/* The n-th call fails, for each n until none is left to fail; then everything works again. */
static void every_call_may_fail(void **state)
{
    static const struct failing cases[] = {
        {CALL_OPENAT, EMFILE, ERR_IO},      {CALL_OPENAT, ENOENT, ERR_IO},
        {CALL_WRITE, ENOSPC, ERR_NO_SPACE}, {CALL_WRITE, EDQUOT, ERR_NO_SPACE},
        {CALL_WRITE, EIO, ERR_IO},          {CALL_FSYNC, EIO, ERR_IO},
        {CALL_FSYNC, ENOSPC, ERR_NO_SPACE}, {CALL_RENAME, ENOSPC, ERR_NO_SPACE},
        {CALL_RENAME, EROFS, ERR_NO_SPACE}, {CALL_MKDIRAT, ENOSPC, ERR_NO_SPACE},
        {CALL_PREAD, EIO, ERR_IO},
    };
    struct place *p = *state;
    char sha[SHA256_HEX], text[64];
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        for (int sticky = 0; sticky < 2; sticky++)
            for (int n = 1;; n++) {
                int files = count_open_files();
                (void)snprintf(text, sizeof text, "case %zu %d %d", i, sticky, n);
                hash_of(slice_of(text), sha);
                fault_set(cases[i].call, n, cases[i].error, sticky);
                enum err err = scenario(p, text, sha);
                bool happened = fault_happened();
                fault_clear();
                if (!happened)
                    break;
                /* a look at what is there already may fail and be done without */
                if (err != cases[i].err && err != OK &&
                    !(cases[i].error == ENOENT && err == ERR_NOT_FOUND))
                    fail_msg("case %zu, call %d: %s", i, n, err_info(err)->name);
                assert_int_equal(count_open_files(), files);
                assert_int_equal(temp_files(p), 0);
                assert_int_equal(scenario(p, text, sha), OK);
                assert_holds(p, sha, text);
                assert_true(n < 2000);
            }
}

static void a_short_write_is_continued(void **state)
{
    struct place *p = *state;
    char sha[SHA256_HEX];
    fault_set(CALL_WRITE, 1, 0, true);
    put(p, "a text that is written in many small pieces", sha);
    assert_true(fault_happened());
    fault_clear();
    assert_holds(p, sha, "a text that is written in many small pieces");
}

static void memory_may_end_anywhere(void **state)
{
    struct place *p = *state;
    char sha[SHA256_HEX];
    for (size_t ceiling = 0; ceiling < (300 << 10); ceiling += 50 << 10) {
        struct arena small;
        struct ctx ctx;
        int fd = -1, files = count_open_files();
        put(p, "some text", sha);
        char path[256];
        path_of(p, sha, path);
        file_age(path, 60 + (int)(ceiling >> 10)); /* so that it has to be hashed */
        arena_init(&small, ceiling);
        ctx_init(&ctx, &small, &clock_system, NULL, "test");
        enum err err = blob_open(&ctx, p->blobs, sha, 9, &fd);
        assert_int_equal(err, OK); /* hashing takes nothing from the arena */
        (void)close(fd);
        arena_free(&small);
        assert_int_equal(count_open_files(), files);
    }
    if (!fault_can_fail_memory())
        return; /* the sanitizer owns the heap */
    for (int n = 1; n < 10; n++) {
        int files = count_open_files();
        hash_of(SLICE("memory"), sha);
        fresh(p);
        fault_set_memory(n);
        enum err err = scenario(p, "memory", sha);
        fault_clear();
        assert_true(err == OK || err == ERR_NO_MEMORY);
        assert_int_equal(count_open_files(), files);
        assert_int_equal(temp_files(p), 0);
    }
}

/* A real limit of the kernel, not one of ours: EFBIG in the middle of a write. */
static void a_full_disk_is_told_and_heals(void **state)
{
    struct place *p = *state;
    char sha[SHA256_HEX];
    size_t n = 1 << 20;
    char *large = malloc(n);
    memset(large, 'x', n);
    struct slice bytes = {large, n};
    hash_of(bytes, sha);
    struct rlimit old, small;
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &old), 0);
    small = old;
    small.rlim_cur = 100000;
    void (*before)(int) = signal(SIGXFSZ, SIG_IGN);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
    enum err err = blob_put(&p->ctx, p->blobs, bytes, sha);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &old), 0);
    (void)signal(SIGXFSZ, before);
    assert_int_equal(err, ERR_NO_SPACE);
    assert_int_equal(temp_files(p), 0);
    assert_false(blob_is_there(p->blobs, sha, (int64_t)n));
    fresh(p);
    assert_int_equal(blob_put(&p->ctx, p->blobs, bytes, sha), OK);
    assert_true(blob_is_there(p->blobs, sha, (int64_t)n));
    free(large);
}

/* Each test has a folder of its own. */
#define IN_PLACE(test) cmocka_unit_test_setup_teardown(test, make_place, drop_place)

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_PLACE(what_was_put_is_found),
        IN_PLACE(what_is_not_there_is_not_found),
        IN_PLACE(flush_comes_before_the_name_and_before_the_answer),
        IN_PLACE(a_damaged_blob_is_never_given_out_and_heals),
        IN_PLACE(what_is_no_file_is_not_followed),
        IN_PLACE(a_sweep_takes_what_nobody_wants),
        IN_PLACE(a_put_protects_an_old_blob_from_the_sweep),
        IN_PLACE(many_puts_and_a_sweep_do_not_disturb_each_other),
        IN_PLACE(every_call_may_fail),
        IN_PLACE(a_short_write_is_continued),
        IN_PLACE(memory_may_end_anywhere),
        IN_PLACE(a_full_disk_is_told_and_heals),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
