/*
 * test_pack.c - what a path stands for, and that the same files give the same package.
 */
#include "cli/pack.h"

#include <fcntl.h>
#include <ftw.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "package/zip.h"

enum { FTW_FILES = 16 };

struct world {
    struct arena arena;
    struct ctx ctx;
    struct cli cli;
    char root[64];
};

static int setup(void **state)
{
    struct world *w = calloc(1, sizeof *w); /* freed by teardown */
    assert_non_null(w);
    arena_init(&w->arena, 256 << 20);
    ctx_init(&w->ctx, &w->arena, &clock_system, NULL, "test");
    w->cli.ctx = &w->ctx;
    memcpy(w->root, "/tmp/larder-pack-XXXXXX", sizeof "/tmp/larder-pack-XXXXXX");
    assert_non_null(mkdtemp(w->root));
    *state = w;
    return 0;
}

static int remove_one(const char *path, const struct stat *st, int kind, struct FTW *ftw)
{
    (void)st;
    (void)kind;
    (void)ftw;
    return remove(path);
}

static int teardown(void **state)
{
    struct world *w = *state;
    assert_int_equal(nftw(w->root, remove_one, FTW_FILES, FTW_DEPTH | FTW_PHYS), 0);
    arena_free(&w->arena);
    free(w);
    return 0;
}

static const char *at(struct world *w, const char *name)
{
    return str_printf(&w->arena, "%s/%s", w->root, name);
}

/* Writes a file, with the folders it stands in. */
static void put(struct world *w, const char *name, const char *text)
{
    char *path = str_printf(&w->arena, "%s/%s", w->root, name);
    for (char *slash = path + strlen(w->root) + 1; (slash = strchr(slash, '/')) != NULL; slash++) {
        *slash = '\0';
        (void)mkdir(path, 0755);
        *slash = '/';
    }
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, text, strlen(text)), (int)strlen(text));
    assert_int_equal(close(fd), 0);
}

/* The names of an archive, each followed by a blank. */
static const char *names_of(struct world *w, struct slice bytes)
{
    struct zip *zip;
    struct buf b;
    buf_init(&b, &w->arena, 1 << 16);
    if (zip_open(&w->ctx, bytes, &zip_limits_cadence, &zip) != OK)
        fail_msg("%s", ctx_sentence(&w->ctx));
    for (size_t i = 0; i < zip->count; i++)
        buf_printf(&b, "%.*s ", SLICE_ARGS(zip->members[i].name));
    return buf_text(&b);
}

static struct slice packed(struct world *w, const char *folder, const char *want_name)
{
    struct slice bytes = SLICE_NONE;
    const char *name;
    if (pack_read(&w->cli, at(w, folder), &bytes, &name) != OK)
        fail_msg("%s", ctx_sentence(&w->ctx));
    assert_string_equal(name, want_name);
    return bytes;
}

static void a_folder_is_packed_without_what_tools_leave(void **state)
{
    struct world *w = *state;
    put(w, "p/plugin.py", "x = 1\n");
    put(w, "p/sub/deep/er.py", "y = 2\n");
    put(w, "p/empty.py", "");
    put(w, "p/.git/config", "secret");
    put(w, "p/.env", "secret");
    put(w, "p/sub/__pycache__/er.pyc", "code");
    put(w, "p/old.pyc", "code");
    put(w, "p/__MACOSX/x", "x");
    assert_int_equal(mkdir(at(w, "p/nothing"), 0755), 0);
    assert_int_equal(symlink("/etc/hostname", at(w, "p/link.py")), 0);
    assert_int_equal(symlink("/etc", at(w, "p/links")), 0);
    assert_int_equal(mkfifo(at(w, "p/pipe.py"), 0600), 0);
    struct slice bytes = packed(w, "p", "p.zip"), text;
    struct zip *zip;
    assert_string_equal(names_of(w, bytes), "empty.py plugin.py sub/deep/er.py ");
    assert_int_equal(zip_open(&w->ctx, bytes, &zip_limits_cadence, &zip), OK);
    assert_int_equal(zip_read(&w->ctx, zip, zip_find(zip, SLICE("sub/deep/er.py")), 100, &text),
                     OK);
    assert_true(slice_is(text, "y = 2\n"));
}

/* Made in another order, at another place and time: the same package. */
static void the_same_files_give_the_same_bytes(void **state)
{
    struct world *w = *state;
    static const char *const names[] = {"plugin.py", "b/c.py", "a.py", "b/a.py", "B.py", "b.py"};
    enum { N = sizeof names / sizeof *names };
    for (size_t i = 0; i < N; i++) {
        put(w, str_printf(&w->arena, "one/p/%s", names[i]), names[i]);
        put(w, str_printf(&w->arena, "two/p/%s", names[N - 1 - i]), names[N - 1 - i]);
    }
    const struct timespec then[2] = {{.tv_sec = 1000000000}, {.tv_sec = 1000000000}};
    assert_int_equal(utimensat(AT_FDCWD, at(w, "two/p/a.py"), then, 0), 0);
    assert_int_equal(chmod(at(w, "two/p/a.py"), 0755), 0);
    struct slice one = packed(w, "one/p", "p.zip"), two = packed(w, "two/p/", "p.zip");
    assert_true(slice_eq(one, two));
    put(w, "two/p/a.py", "other");
    assert_false(slice_eq(one, packed(w, "two/p", "p.zip")));
}

static void a_file_is_itself(void **state)
{
    struct world *w = *state;
    put(w, "x/some package.zip", "any bytes");
    put(w, "x/empty.zip", "");
    assert_true(slice_is(packed(w, "x/some package.zip", "some package.zip"), "any bytes"));
    assert_int_equal(packed(w, "x/empty.zip", "empty.zip").n, 0);
    struct slice bytes;
    const char *name;
    assert_int_equal(pack_read(&w->cli, at(w, "x/none.zip"), &bytes, &name), ERR_NOT_FOUND);
}

static void what_a_path_stands_for(void **state)
{
    struct world *w = *state;
    struct pack_list list = {0};
    put(w, "all/b/plugin.py", "");
    put(w, "all/a/plugin.py", "");
    put(w, "all/c.zip", "");
    put(w, "all/notes.txt", "");
    put(w, "all/.hidden.zip", "");
    put(w, "all/docs/readme.md", "");
    put(w, "all/docs/deeper/plugin.py", "");
    put(w, "none/readme.md", "");
    assert_int_equal(pack_find(&w->cli, at(w, "all"), &list), OK);
    assert_int_equal(list.count, 3); /* only what lies directly in it, in order */
    assert_string_equal(list.path[0], at(w, "all/a"));
    assert_string_equal(list.path[1], at(w, "all/b"));
    assert_string_equal(list.path[2], at(w, "all/c.zip"));
    assert_int_equal(pack_find(&w->cli, at(w, "all/b"), &list), OK); /* added to what is there */
    assert_int_equal(pack_find(&w->cli, at(w, "all/notes.txt"), &list), OK); /* judged later */
    assert_int_equal(list.count, 5);
    assert_string_equal(list.path[3], at(w, "all/b"));
    assert_int_equal(pack_find(&w->cli, at(w, "none"), &list), ERR_NOT_FOUND);
    assert_non_null(strstr(ctx_sentence(&w->ctx), "no folder with a plugin.py"));
    ctx_forgive(&w->ctx);
    assert_int_equal(pack_find(&w->cli, at(w, "nowhere"), &list), ERR_NOT_FOUND);
    assert_non_null(strstr(ctx_sentence(&w->ctx), "no such file"));
    assert_int_equal(list.count, 5);
}

static void many_packages_are_all_found(void **state)
{
    struct world *w = *state;
    struct pack_list list = {0};
    for (int i = 0; i < 200; i++)
        put(w, str_printf(&w->arena, "many/%03d.zip", i), "");
    assert_int_equal(pack_find(&w->cli, at(w, "many"), &list), OK);
    assert_int_equal(list.count, 200);
    for (int i = 0; i < 200; i++)
        assert_string_equal(list.path[i], str_printf(&w->arena, "%s/many/%03d.zip", w->root, i));
}

static void depth_has_an_end(void **state)
{
    struct world *w = *state;
    struct buf name;
    struct slice bytes;
    const char *file;
    buf_init(&name, &w->arena, 1024);
    buf_str(&name, "deep/");
    put(w, "deep/plugin.py", "");
    for (int i = 0; i < 30; i++)
        buf_str(&name, "d/");
    buf_str(&name, "x.py");
    put(w, buf_text(&name), "");
    assert_int_equal(pack_read(&w->cli, at(w, "deep"), &bytes, &file), ERR_INVALID);
    assert_non_null(strstr(ctx_sentence(&w->ctx), "too deeply"));
}

static void size_and_memory_are_told_apart(void **state)
{
    struct world *w = *state;
    struct slice bytes;
    const char *name, *path = at(w, "large.zip");
    put(w, "large.zip", "PK");
    assert_int_equal(truncate(path, (64 << 20) + 1), 0); /* a hole: takes no room on the disk */
    assert_int_equal(pack_read(&w->cli, path, &bytes, &name), ERR_TOO_LARGE);
    assert_int_equal(truncate(path, 1 << 20), 0);
    struct arena poor;
    arena_init(&poor, 1 << 16);
    ctx_init(&w->ctx, &poor, &clock_system, NULL, "test");
    assert_int_equal(pack_read(&w->cli, path, &bytes, &name), ERR_NO_MEMORY);
    arena_free(&poor);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(a_folder_is_packed_without_what_tools_leave),
        CASE(the_same_files_give_the_same_bytes),
        CASE(a_file_is_itself),
        CASE(what_a_path_stands_for),
        CASE(many_packages_are_all_found),
        CASE(depth_has_an_end),
        CASE(size_and_memory_are_told_apart),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
