/*
 * test_assets.c - the embedded pages, and a folder that must not let anybody out of it.
 */
#include "http/assets.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/embedded.h"

static struct arena arena;
static struct ctx ctx;
static struct reply reply;
static char folder[64];

static void fresh(void)
{
    arena_reset(&arena);
    ctx_init(&ctx, &arena, &clock_system, NULL, "test");
    reply_init(&reply, &arena);
}

static struct request with(const char *name, const char *value)
{
    return (struct request){
        .method = METHOD_GET, .header = {{slice_of(name), slice_of(value)}}, .headers = 1};
}

static bool has_line(const char *line)
{
    struct slice rest = buf_view(&reply.fields), one;
    while (slice_split(&rest, '\n', &one))
        if (slice_starts(one, line))
            return true;
    return false;
}

static void embedded_files_are_packed_and_tagged(void **state)
{
    (void)state;
    struct assets *assets;
    struct request plain = with("X", "y"), gzip = with("Accept-Encoding", "br, gzip;q=0.5");
    struct request refused = with("Accept-Encoding", "gzip;q=0.0, *");
    const struct embedded *page = embedded_find("web/index.html", 14);
    assert_non_null(page);
    fresh();
    assert_int_equal(assets_open(&ctx, NULL, &assets), OK);
    assert_int_equal(assets_page(&ctx, assets, &plain, &reply, "index.html"), OK);
    assert_int_equal(reply.still.n, page->plain_size);
    assert_true(has_line("Cache-Control: no-cache"));
    assert_true(has_line("ETag: "));
    if (page->gzip) {
        fresh();
        assert_int_equal(assets_page(&ctx, assets, &gzip, &reply, "index.html"), OK);
        assert_int_equal(reply.still.n, page->gzip_size);
        assert_true(has_line("Content-Encoding: gzip"));
        assert_true(has_line("Vary: Accept-Encoding"));
    }
    fresh();
    assert_int_equal(assets_page(&ctx, assets, &refused, &reply, "index.html"), OK);
    assert_int_equal(reply.still.n, page->plain_size);
    struct request again = with("If-None-Match", page->etag);
    fresh();
    assert_int_equal(assets_page(&ctx, assets, &again, &reply, "index.html"), OK);
    assert_int_equal(reply.status, 304);
    assets_close(assets);
}

static void fingerprints_are_kept_for_ever(void **state)
{
    (void)state;
    struct assets *assets;
    struct request req = with("X", "y");
    fresh();
    assert_int_equal(assets_open(&ctx, NULL, &assets), OK);
    assert_memory_equal(assets_prefix(assets), "/a/", 3);
    struct slice mine = slice_of(assets_prefix(assets) + 3);
    const struct embedded *other = NULL;
    for (size_t i = 0; i < embedded_count() && other == NULL; i++)
        if (strncmp(embedded_at(i)->path, "web/", 4) == 0 &&
            !slice_ends(slice_of(embedded_at(i)->path), ".html"))
            other = embedded_at(i);
    assert_non_null(other);
    struct slice path = slice_of(other->path + 4);
    assert_int_equal(assets_file(&ctx, assets, &req, &reply, mine, path), OK);
    assert_true(has_line("Cache-Control: public, max-age=31536000, immutable"));
    fresh();
    assert_int_equal(assets_file(&ctx, assets, &req, &reply, SLICE("old"), path), OK);
    assert_true(has_line("Cache-Control: no-cache"));
    static const char *const absent[] = {"index.html",    "none.js", "",
                                         "../schema.sql", "css",     "css/"};
    for (size_t i = 0; i < sizeof absent / sizeof *absent; i++) {
        fresh();
        assert_int_equal(assets_file(&ctx, assets, &req, &reply, mine, slice_of(absent[i])),
                         ERR_NOT_FOUND);
    }
    assets_close(assets);
}

static void put(const char *name, const char *text)
{
    char path[256];
    (void)snprintf(path, sizeof path, "%s/%s", folder, name);
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL, 0600);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, text, strlen(text)), strlen(text));
    close(fd);
}

static void a_folder_is_read_anew_and_never_left(void **state)
{
    (void)state;
    struct assets *assets;
    struct request req = with("X", "y");
    char path[256];
    fresh();
    (void)snprintf(path, sizeof path, "%s/web", folder);
    assert_int_equal(mkdir(path, 0700), 0);
    (void)snprintf(path, sizeof path, "%s/web/css", folder);
    assert_int_equal(mkdir(path, 0700), 0);
    put("secret.js", "secret");
    put("web/page.html", "<a href={{assets}}/x><b {{assets}}>{{assets");
    put("web/css/a.css", "body{}");
    put("web/.hidden.js", "hidden");
    (void)snprintf(path, sizeof path, "%s/web/link.js", folder);
    assert_int_equal(symlink("../secret.js", path), 0);
    (void)snprintf(path, sizeof path, "%s/web/up", folder);
    assert_int_equal(symlink("..", path), 0);
    (void)snprintf(path, sizeof path, "%s/web/pipe.js", folder);
    assert_int_equal(mkfifo(path, 0600), 0);
    (void)snprintf(path, sizeof path, "%s/web", folder);
    assert_int_equal(assets_open(&ctx, path, &assets), OK);
    assert_string_equal(assets_prefix(assets), "/a/dev");
    assert_int_equal(assets_page(&ctx, assets, &req, &reply, "page.html"), OK);
    assert_true(slice_is(reply.still, "<a href=/a/dev/x><b /a/dev>{{assets"));
    assert_string_equal(reply.type, "text/html; charset=utf-8");
    fresh();
    assert_int_equal(assets_file(&ctx, assets, &req, &reply, SLICE("dev"), SLICE("css/a.css")), OK);
    assert_true(slice_is(reply.still, "body{}"));
    assert_true(has_line("Cache-Control: no-cache"));
    static const struct slice bad[] = {
        {"../secret.js", 12}, {"link.js", 7},     {"up/secret.js", 12},     {".hidden.js", 10},
        {"pipe.js", 7},       {"css", 3},         {"css/../css/a.css", 16}, {"", 0},
        {"/etc/passwd", 11},  {"css//a.css", 10}, {"css/a.css\0x", 11},     {"none", 4},
    };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        fresh();
        if (assets_file(&ctx, assets, &req, &reply, SLICE("dev"), bad[i]) != ERR_NOT_FOUND)
            fail_msg("row %zu", i);
    }
    assets_close(assets);
    fresh();
    assert_int_equal(assets_open(&ctx, "/nonexistent/larder", &assets), ERR_INVALID);
}

static int set_up(void **state)
{
    (void)state;
    arena_init(&arena, 32 << 20);
    (void)snprintf(folder, sizeof folder, "/tmp/larder-assets-XXXXXX");
    return mkdtemp(folder) ? 0 : -1;
}

static int tear_down(void **state)
{
    (void)state;
    static const char *const names[] = {"secret.js",      "web/page.html", "web/css/a.css",
                                        "web/.hidden.js", "web/link.js",   "web/up",
                                        "web/pipe.js"};
    char path[256];
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        (void)snprintf(path, sizeof path, "%s/%s", folder, names[i]);
        (void)unlink(path);
    }
    (void)snprintf(path, sizeof path, "%s/web/css", folder);
    (void)rmdir(path);
    (void)snprintf(path, sizeof path, "%s/web", folder);
    (void)rmdir(path);
    arena_free(&arena);
    return rmdir(folder);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(embedded_files_are_packed_and_tagged),
        cmocka_unit_test(fingerprints_are_kept_for_ever),
        cmocka_unit_test(a_folder_is_read_anew_and_never_left),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
