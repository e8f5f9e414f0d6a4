/*
 * test_backup_list.c - the list of a backup reads back as written; every other list is refused.
 */
#include "cli/backup_list.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define HASH_A "aa00000000000000000000000000000000000000000000000000000000000000"
#define HASH_B "bb00000000000000000000000000000000000000000000000000000000000000"
#define HEAD                                                                                       \
    "{\"format\":\"larder-backup\",\"format_version\":1,\"larder_version\":\"1.0.0\","             \
    "\"created_at\":\"2026-11-21T05:00:00.000Z\",\"files\":["
#define DB "{\"name\":\"larder.db\",\"size\":4096,\"sha256\":\"" HASH_A "\"}"
#define KEY "{\"name\":\"key\",\"size\":65,\"sha256\":\"" HASH_A "\"}"
#define BLOB(h)                                                                                    \
    "{\"name\":\"blobs/"                                                                           \
    "aa"                                                                                           \
    "/" h "\",\"size\":3,\"sha256\":\"" h "\"}"
#define BLOB_B "{\"name\":\"blobs/bb/" HASH_B "\",\"size\":3,\"sha256\":\"" HASH_B "\"}"

static enum err read_text(const char *text, char sentence[400], struct backup_list *list,
                          struct arena *arena)
{
    struct ctx ctx;
    arena_init(arena, 1 << 22);
    ctx_init(&ctx, arena, &clock_system, NULL, "test");
    enum err err = backup_list_read(&ctx, slice_of(text), list);
    (void)snprintf(sentence, 400, "%s", ctx_sentence(&ctx));
    return err;
}

static void a_list_reads_back_as_written(void **state)
{
    (void)state;
    struct backup_file files[] = {{"larder.db", 8192, HASH_A},
                                  {"key", 65, HASH_B},
                                  {"blobs/aa/" HASH_A, 7, HASH_A},
                                  {"blobs/bb/" HASH_B, 0, HASH_B}};
    const struct backup_list list = {"1.2.3", 1700000000123, files, 4};
    struct backup_list read;
    struct arena arena;
    struct buf b;
    char sentence[400];
    buf_init(&b, NULL, 1 << 16);
    backup_list_write(&list, &b);
    assert_int_equal(read_text(buf_text(&b), sentence, &read, &arena), OK);
    assert_int_equal(read.count, 4);
    assert_string_equal(read.version, "1.2.3");
    assert_true(read.created_at == 1700000000123);
    for (size_t i = 0; i < 4; i++) {
        assert_string_equal(read.files[i].name, files[i].name);
        assert_string_equal(read.files[i].sha256, files[i].sha256);
        assert_true(read.files[i].size == files[i].size);
    }
    arena_free(&arena);
    buf_free(&b);
}

static void other_lists_are_refused(void **state)
{
    (void)state;
    static const char *const bad[] = {
        "",
        "[]",
        "{}",
        "{\"format\":\"zip\"}",
        HEAD "]}",
        HEAD KEY "]}",                   /* no database */
        HEAD DB "," DB "]}",             /* twice */
        HEAD DB "," BLOB_B "," KEY "]}", /* out of order */
        HEAD DB "," BLOB_B "," BLOB(HASH_A) "]}",
        HEAD DB "," BLOB(HASH_B) "]}", /* the folder is not that of the hash */
        HEAD DB ",{\"name\":\"../etc/passwd\",\"size\":1,\"sha256\":\"" HASH_A "\"}]}",
        HEAD DB ",{\"name\":\"/etc/passwd\",\"size\":1,\"sha256\":\"" HASH_A "\"}]}",
        HEAD DB ",{\"name\":\"larder.conf\",\"size\":1,\"sha256\":\"" HASH_A "\"}]}",
        HEAD DB ",{\"name\":\"blobs/bb/" HASH_B "\",\"size\":1,\"sha256\":\"" HASH_A "\"}]}",
        HEAD DB ",{\"name\":\"key\",\"size\":100000,\"sha256\":\"" HASH_A "\"}]}",
        HEAD "{\"name\":\"larder.db\",\"size\":-1,\"sha256\":\"" HASH_A "\"}]}",
        HEAD "{\"name\":\"larder.db\",\"size\":1,\"sha256\":\"AA\"}]}",
        HEAD "{\"name\":\"larder.db\",\"size\":9007199254740993000,\"sha256\":\"" HASH_A "\"}]}",
        "{\"format\":\"larder-backup\",\"format_version\":2}",
    };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        struct backup_list list;
        struct arena arena;
        char sentence[400];
        if (read_text(bad[i], sentence, &list, &arena) != ERR_CORRUPT)
            fail_msg("case %zu was read: %s", i, bad[i]);
        assert_non_null(strstr(sentence, "not a backup that can be used"));
        arena_free(&arena);
    }
}

static void blobs_are_known_by_their_name(void **state)
{
    (void)state;
    assert_true(backup_is_blob(SLICE("blobs/aa/" HASH_A)));
    assert_false(backup_is_blob(SLICE("blobs/bb/" HASH_A)));
    assert_false(backup_is_blob(SLICE("blobs/aa/../" HASH_A)));
    assert_false(backup_is_blob(
        SLICE("blobs/aa/AA00000000000000000000000000000000000000000000000000000000000000")));
    assert_false(backup_is_blob(SLICE("blobs/aa/aa")));
    assert_false(backup_is_blob(SLICE("")));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_list_reads_back_as_written),
        cmocka_unit_test(other_lists_are_refused),
        cmocka_unit_test(blobs_are_known_by_their_name),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
