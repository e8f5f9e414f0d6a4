/*
 * test_archive.c - named archives: whole or not there, and nothing of somebody else's is removed.
 */
#include "blob/archive.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/crypto.h"
#include "support_fault.h"

#define SHA_A "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
#define SHA_B "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"
#define NAME "math_plugin-1.0.0.zip"

struct place {
    char folder[64], root[96];
    struct arena arena;
    struct ctx ctx;
    struct archives *archives;
};

static int make_place(void **state)
{
    struct place *p = calloc(1, sizeof *p);
    if (p == NULL)
        return -1;
    folder_make(p->folder);
    (void)snprintf(p->root, sizeof p->root, "%s/deep/archives", p->folder);
    arena_init(&p->arena, 16 << 20);
    ctx_init(&p->ctx, &p->arena, &clock_system, NULL, "test");
    *state = p;
    return crypto_open() == OK && archives_open(&p->ctx, p->root, &p->archives) == OK ? 0 : -1;
}

static int end_place(void **state)
{
    struct place *p = *state;
    archives_close(p->archives);
    folder_remove(p->folder);
    arena_free(&p->arena);
    free(p);
    return 0;
}

static const char *path(struct place *p, const char *name)
{
    return str_printf(&p->arena, "%s/%s", p->root, name);
}

static bool is_file(struct place *p, const char *name)
{
    return access(path(p, name), F_OK) == 0;
}

static void write_own(struct place *p, const char *name, const char *text)
{
    int fd = open(path(p, name), O_WRONLY | O_CREAT | O_TRUNC, 0644);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, text, strlen(text)), (ssize_t)strlen(text));
    (void)close(fd);
}

static void put(struct place *p, const char *name, const char *text, const char *sha256)
{
    struct archive *a;
    assert_int_equal(archive_stage(&p->ctx, p->archives, slice_of(text), &a), OK);
    assert_int_equal(archive_publish(&p->ctx, a, name, sha256), OK);
}

static void stands_whole(void **state)
{
    struct place *p = *state;
    char text[16] = "";
    put(p, NAME, "bytes", SHA_A);
    assert_true(archive_is_there(p->archives, NAME, SHA_A, 5));
    assert_false(archive_is_there(p->archives, NAME, SHA_B, 5));
    assert_false(archive_is_there(p->archives, NAME, SHA_A, 6)); /* somebody changed it */
    assert_false(archive_is_foreign(p->archives, NAME));
    put(p, NAME, "others", SHA_B);
    assert_true(archive_is_there(p->archives, NAME, SHA_B, 6));
    int fd = open(path(p, NAME), O_RDONLY);
    assert_int_equal(read(fd, text, sizeof text), 6);
    assert_string_equal(text, "others");
    (void)close(fd);
}

static void abandoned_leaves_nothing(void **state)
{
    struct place *p = *state;
    struct archive *a;
    assert_int_equal(archive_stage(&p->ctx, p->archives, SLICE("bytes"), &a), OK);
    archive_abandon(a);
    put(p, NAME, "bytes", SHA_A);
    assert_int_equal(archive_remove(&p->ctx, p->archives, NAME), OK);
    assert_int_equal(archive_remove(&p->ctx, p->archives, NAME), OK);
    assert_int_equal(rmdir(p->root), 0);
    assert_int_equal(mkdir(p->root, 0755), 0);
}

static void what_is_not_ours_stays(void **state)
{
    struct place *p = *state;
    write_own(p, NAME, "mine");
    assert_true(archive_is_foreign(p->archives, NAME));
    assert_false(archive_is_there(p->archives, NAME, SHA_A, 4));
    assert_int_equal(archive_remove(&p->ctx, p->archives, NAME), OK);
    assert_true(is_file(p, NAME));
    assert_false(archive_is_foreign(p->archives, "nothing-1.zip"));
}

static void names_do_not_lead_out(void **state)
{
    struct place *p = *state;
    static const char *const names[] = {"../out.zip", "a/b.zip", "", ".larder.x.zip",
                                        ".hidden.zip"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        struct archive *a;
        assert_int_equal(archive_stage(&p->ctx, p->archives, SLICE("x"), &a), OK);
        assert_int_equal(archive_publish(&p->ctx, a, names[i], SHA_A), ERR_INTERNAL);
        ctx_forgive(&p->ctx);
        assert_int_equal(archive_remove(&p->ctx, p->archives, names[i]), ERR_INTERNAL);
        ctx_forgive(&p->ctx);
        assert_false(archive_is_there(p->archives, names[i], SHA_A, 1));
    }
    assert_int_not_equal(access(str_printf(&p->arena, "%s/deep/out.zip", p->folder), F_OK), 0);
}

static bool wants_one(void *arg, const char *name)
{
    return strcmp(name, arg) == 0;
}

static void sweeping(void **state)
{
    struct place *p = *state;
    struct archive *half;
    int64_t removed;
    put(p, NAME, "bytes", SHA_A);
    put(p, "gone-1.0.zip", "bytes", SHA_B);
    put(p, "lost-1.0.zip", "bytes", SHA_B);
    assert_int_equal(unlink(path(p, "lost-1.0.zip")), 0); /* a crash while it was removed */
    write_own(p, "theirs-1.0.zip", "mine");
    assert_int_equal(archive_stage(&p->ctx, p->archives, SLICE("half"), &half), OK);
    char wanted[] = NAME;
    assert_int_equal(archive_sweep(&p->ctx, p->archives, wants_one, wanted, &removed), OK);
    assert_int_equal(removed, 2);
    assert_true(is_file(p, NAME) && is_file(p, ".larder." NAME) && is_file(p, "theirs-1.0.zip"));
    assert_false(is_file(p, "gone-1.0.zip") || is_file(p, ".larder.gone-1.0.zip"));
    assert_false(is_file(p, ".larder.lost-1.0.zip"));
    assert_int_equal(archive_publish(&p->ctx, half, NAME, SHA_B), ERR_IO); /* it was swept */
    ctx_forgive(&p->ctx);
    assert_true(archive_is_there(p->archives, NAME, SHA_A, 5));
}

/* A folder of that name is nobody's archive, and is not taken apart. */
static void a_folder_in_the_way(void **state)
{
    struct place *p = *state;
    put(p, NAME, "bytes", SHA_A);
    assert_int_equal(unlink(path(p, NAME)), 0);
    assert_int_equal(mkdir(path(p, NAME), 0755), 0);
    assert_false(archive_is_there(p->archives, NAME, SHA_A, 5));
    assert_int_equal(archive_remove(&p->ctx, p->archives, NAME), OK);
    assert_true(is_file(p, NAME));
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, make_place, end_place)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(stands_whole),
        TEST(abandoned_leaves_nothing),
        TEST(what_is_not_ours_stays),
        TEST(names_do_not_lead_out),
        TEST(sweeping),
        TEST(a_folder_in_the_way),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
