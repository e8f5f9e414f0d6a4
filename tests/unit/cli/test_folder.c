/*
 * test_folder.c - who may hold the data folder, the key that is made once, what is refused.
 */
#include "cli/folder.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/crypto.h"
#include "cli/workroom.h"

struct world {
    struct arena arena;
    struct ctx ctx;
    char root[64];
    const char *data;
};

static int open_world(void **state)
{
    struct world *w = calloc(1, sizeof *w);
    assert_non_null(w);
    assert_int_equal(crypto_open(), OK);
    arena_init(&w->arena, 1 << 20);
    ctx_init(&w->ctx, &w->arena, &clock_system, NULL, "test");
    (void)snprintf(w->root, sizeof w->root, "/tmp/larder-folder-XXXXXX");
    assert_non_null(mkdtemp(w->root));
    w->data = str_printf(&w->arena, "%s/a/b/data", w->root);
    assert_int_equal(folder_make(&w->ctx, w->data), OK);
    *state = w;
    return 0;
}

static int close_world(void **state)
{
    static const char *const names[] = {"a/b/data/key",
                                        "a/b/data/larder.lock",
                                        "a/b/data/larder.db",
                                        "a/b/data/text",
                                        "a/b/data/tmp",
                                        "a/b/data/blobs",
                                        "a/b/data/plugins/system",
                                        "a/b/data/plugins/tenants",
                                        "a/b/data/plugins",
                                        "a/b/data/backups",
                                        "a/b/data",
                                        "a/b",
                                        "a",
                                        "file",
                                        "."};
    struct world *w = *state;
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        char path[256];
        (void)snprintf(path, sizeof path, "%s/%s", w->root, names[i]);
        if (unlink(path) != 0)
            (void)rmdir(path);
    }
    (void)rmdir(w->root);
    assert_int_not_equal(access(w->root, F_OK), 0); /* a test that leaves more must say so above */
    arena_free(&w->arena);
    free(w);
    return 0;
}

static mode_t mode_of(const char *path)
{
    struct stat st;
    assert_int_equal(stat(path, &st), 0);
    return st.st_mode & 0777;
}

static void the_folder_is_private(void **state)
{
    struct world *w = *state;
    assert_int_equal(mode_of(w->data), 0700);
    assert_int_equal(mode_of(folder_file(&w->ctx, w->data, "tmp")), 0700);
    assert_int_equal(folder_make(&w->ctx, w->data), OK); /* once more does no harm */
    assert_int_equal(folder_must_exist(&w->ctx, w->data), ERR_NOT_FOUND);
    assert_non_null(strstr(ctx_sentence(&w->ctx), "There is no Larder in"));
    ctx_forgive(&w->ctx);
    const char *loop = folder_file(&w->ctx, w->root, "file"); /* what nobody can look into */
    assert_int_equal(symlink(loop, loop), 0);
    assert_int_equal(folder_must_exist(&w->ctx, loop), ERR_IO);
    assert_non_null(strstr(ctx_sentence(&w->ctx), "Cannot look into the data folder"));
}

static void a_file_is_no_folder(void **state)
{
    struct world *w = *state;
    const char *file = folder_file(&w->ctx, w->root, "file");
    int fd = open(file, O_CREAT | O_WRONLY | O_CLOEXEC, 0600);
    assert_true(fd >= 0);
    (void)close(fd);
    assert_int_equal(folder_make(&w->ctx, file), ERR_IO);
    ctx_forgive(&w->ctx);
    assert_int_equal(folder_make(&w->ctx, folder_file(&w->ctx, file, "below")), ERR_IO);
}

static void the_lock_is_held_by_one(void **state)
{
    struct world *w = *state;
    int first = -1, second = -1;
    char pid[32];
    assert_int_equal(folder_lock(&w->ctx, w->data, &first), OK);
    assert_int_equal(folder_lock(&w->ctx, w->data, &second), ERR_CONFLICT);
    (void)snprintf(pid, sizeof pid, "(pid %ld)", (long)getpid());
    assert_non_null(strstr(ctx_sentence(&w->ctx), pid));
    assert_int_equal(second, -1);
    ctx_forgive(&w->ctx);
    folder_unlock(first);
    assert_int_equal(folder_lock(&w->ctx, w->data, &second), OK);
    folder_unlock(second);
    folder_unlock(-1);
}

static void the_key_is_made_once(void **state)
{
    struct world *w = *state;
    unsigned char first[FOLDER_KEY_BYTES], second[FOLDER_KEY_BYTES], zero[FOLDER_KEY_BYTES] = {0};
    assert_int_equal(folder_key(&w->ctx, w->data, first), OK);
    assert_int_equal(folder_key(&w->ctx, w->data, second), OK);
    assert_memory_equal(first, second, sizeof first);
    assert_memory_not_equal(first, zero, sizeof first);
    assert_int_equal(mode_of(folder_file(&w->ctx, w->data, "key")), 0600);
}

static void a_key_that_is_wrong_is_never_used(void **state)
{
    struct world *w = *state;
    unsigned char key[FOLDER_KEY_BYTES];
    const char *file = folder_file(&w->ctx, w->data, "key");
    static const char *const bad[] = {
        "", "short\n", "zz00000000000000000000000000000000000000000000000000000000000000\n",
        "0000000000000000000000000000000000000000000000000000000000000000 and more\n"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        assert_int_equal(folder_write(&w->ctx, w->data, "key", slice_of(bad[i])), OK);
        assert_int_equal(folder_key(&w->ctx, w->data, key), ERR_CORRUPT);
        ctx_forgive(&w->ctx);
    }
    assert_int_equal(unlink(file), 0);
    assert_int_equal(folder_key(&w->ctx, w->data, key), OK);
    assert_int_equal(chmod(file, 0640), 0);
    assert_int_equal(folder_key(&w->ctx, w->data, key), ERR_IO);
    assert_non_null(strstr(ctx_sentence(&w->ctx), "chmod 600"));
    ctx_forgive(&w->ctx);
    assert_int_equal(unlink(file), 0);
    assert_int_equal(symlink("/dev/zero", file), 0);
    assert_int_equal(folder_key(&w->ctx, w->data, key), ERR_IO); /* links are not followed */
}

static void files_are_replaced_whole(void **state)
{
    struct world *w = *state;
    struct slice text;
    assert_int_equal(folder_write(&w->ctx, w->data, "text", SLICE("one")), OK);
    assert_int_equal(folder_write(&w->ctx, w->data, "text", SLICE("second")), OK);
    const char *file = folder_file(&w->ctx, w->data, "text");
    assert_int_equal(folder_read(&w->ctx, file, &text), OK);
    assert_true(slice_is(text, "second"));
    assert_int_equal(mode_of(file), 0600);
}

static void a_room_in_use_is_not_swept(void **state)
{
    struct world *w = *state;
    struct workroom room;
    assert_int_equal(workroom_open(&w->ctx, w->data, &room), OK);
    int fd = open(room.copy, O_CREAT | O_WRONLY | O_CLOEXEC, 0600);
    assert_true(fd >= 0);
    (void)close(fd);
    workroom_sweep(&w->ctx, w->data);
    assert_int_equal(access(room.copy, F_OK), 0);
    (void)close(room.lock); /* as if its process had died */
    workroom_sweep(&w->ctx, w->data);
    assert_int_not_equal(access(room.path, F_OK), 0);
    assert_int_equal(workroom_open(&w->ctx, w->data, &room), OK);
    workroom_close(&room);
    assert_int_not_equal(access(room.path, F_OK), 0);
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, open_world, close_world)
    const struct CMUnitTest tests[] = {
        T(the_folder_is_private),
        T(a_file_is_no_folder),
        T(the_lock_is_held_by_one),
        T(the_key_is_made_once),
        T(a_key_that_is_wrong_is_never_used),
        T(files_are_replaced_whole),
        T(a_room_in_use_is_not_swept),
    };
#undef T
    return cmocka_run_group_tests(tests, NULL, NULL);
}
