/*
 * test_config.c - which place wins, what is refused and with which words, secrets, reloading.
 */
#include "base/config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/config_value.h"

// clang-format off
static const struct config_row rows[] = {
    {.key = "listen",   .env = "T_LISTEN",   .type = CONFIG_STRING, .standard = "127.0.0.1:8080"},
    {.key = "level",    .env = "T_LEVEL",    .type = CONFIG_CHOICE, .standard = "info", .choices = "debug|info|warn", .live = true},
    {.key = "threads",  .env = "T_THREADS",  .type = CONFIG_INT,    .standard = "4", .min = 1, .max = 64},
    {.key = "migrate",  .env = "T_MIGRATE",  .type = CONFIG_BOOL,   .standard = "true"},
    {.key = "limit",    .env = "T_LIMIT",    .alias = "OLD_LIMIT OLDER_LIMIT", .type = CONFIG_BYTES, .standard = "5MiB", .min = 1, .max = 1 << 30},
    {.key = "patience", .env = "T_PATIENCE", .type = CONFIG_DURATION, .standard = "30s", .min = 100, .max = 86400000},
    {.key = "data",     .env = "T_DATA",     .type = CONFIG_PATH,   .standard = "$STATE|$HOMEDIR/x|./y"},
    {.key = "password", .env = "T_PASSWORD", .type = CONFIG_SECRET},
    {.key = "hosts",    .env = "T_HOSTS",    .type = CONFIG_LIST, .live = true},
};
// clang-format on
enum { ROWS = sizeof rows / sizeof *rows };

struct world {
    struct arena arena;
    struct ctx ctx;
    struct config_input in;
    struct config *config;
    char file[64];
};

static int open_world(void **state)
{
    struct world *w = calloc(1, sizeof *w);
    assert_non_null(w);
    arena_init(&w->arena, 1 << 20);
    ctx_init(&w->ctx, &w->arena, &clock_system, NULL, "test");
    w->in = (struct config_input){.rows = rows, .row_count = ROWS, .prefix = "T_"};
    (void)snprintf(w->file, sizeof w->file, "/tmp/larder-config-XXXXXX");
    int fd = mkstemp(w->file);
    assert_true(fd >= 0);
    (void)close(fd);
    *state = w;
    return 0;
}

static int close_world(void **state)
{
    struct world *w = *state;
    (void)unlink(w->file);
    config_free(w->config);
    arena_free(&w->arena);
    free(w);
    return 0;
}

static void write_file(struct world *w, const char *text, size_t n)
{
    FILE *f = fopen(w->file, "w");
    assert_non_null(f);
    assert_int_equal(fwrite(text, 1, n, f), n);
    assert_int_equal(fclose(f), 0);
}

static void load(struct world *w)
{
    config_free(w->config);
    w->config = NULL;
    enum err err = config_load(&w->ctx, &w->in, &w->config);
    if (err != OK)
        fail_msg("refused: %s", ctx_sentence(&w->ctx));
}

static void refused(struct world *w, const char *part)
{
    struct config *none = NULL;
    ctx_forgive(&w->ctx);
    assert_int_equal(config_load(&w->ctx, &w->in, &none), ERR_INVALID);
    assert_null(none);
    if (strstr(ctx_sentence(&w->ctx), part) == NULL)
        fail_msg("'%s' does not contain '%s'", ctx_sentence(&w->ctx), part);
}

static void refused_file(struct world *w, const char *text, const char *part)
{
    write_file(w, text, strlen(text));
    w->in.file = w->file;
    refused(w, part);
}

static void defaults_hold_when_nothing_is_said(void **state)
{
    struct world *w = *state;
    load(w);
    assert_string_equal(config_text(w->config, "listen"), "127.0.0.1:8080");
    assert_int_equal(config_int(w->config, "threads"), 4);
    assert_int_equal(config_int(w->config, "limit"), 5 << 20);
    assert_int_equal(config_int(w->config, "patience"), 30000);
    assert_true(config_bool(w->config, "migrate"));
    assert_null(config_text(w->config, "password"));
    assert_string_equal(config_text(w->config, "data"), "./y");
}

static void a_path_default_takes_the_first_variable_that_is_set(void **state)
{
    struct world *w = *state;
    char empty[] = "STATE=", home[] = "HOMEDIR=/h", full[] = "STATE=/var/lib/z";
    char *env[] = {empty, home, NULL};
    w->in.env = env;
    load(w);
    assert_string_equal(config_text(w->config, "data"), "/h/x");
    env[0] = full;
    load(w);
    assert_string_equal(config_text(w->config, "data"), "/var/lib/z");
}

static void the_stronger_place_wins(void **state)
{
    struct world *w = *state;
    char level[] = "T_LEVEL=warn", threads[] = "T_THREADS=7";
    char *env[] = {level, threads, NULL};
    const struct config_flag flags[] = {{"level", "debug"}};
    const char text[] = "# a comment\n\nlevel = info\nthreads = 8\r\n  listen =  \"0.0.0.0:1\"  \n";
    write_file(w, text, sizeof text - 1);
    w->in.file = w->file;
    w->in.env = env;
    w->in.flags = flags;
    w->in.flag_count = 1;
    load(w);
    assert_string_equal(config_text(w->config, "level"), "debug");
    assert_int_equal(config_int(w->config, "threads"), 7);
    assert_string_equal(config_text(w->config, "listen"), "0.0.0.0:1");
    struct config_value v;
    config_at(w->config, 0, &v);
    assert_int_equal(v.origin, CONFIG_FILE);
    assert_non_null(strstr(v.where, "line 5"));
    config_at(w->config, 1, &v);
    assert_string_equal(v.where, "flag --level");
    config_at(w->config, 2, &v);
    assert_string_equal(v.where, "variable T_THREADS");
    config_at(w->config, 3, &v);
    assert_string_equal(v.where, "default");
}

static void the_last_of_two_flags_wins(void **state)
{
    struct world *w = *state;
    const struct config_flag flags[] = {
        {"threads", "5"}, {"migrate", NULL}, {"threads", "6"}, {"no-migrate", NULL}};
    w->in.flags = flags;
    w->in.flag_count = 4;
    load(w);
    assert_int_equal(config_int(w->config, "threads"), 6);
    assert_false(config_bool(w->config, "migrate"));
}

static void aliases_mean_the_same(void **state)
{
    struct world *w = *state;
    char older[] = "OLDER_LIMIT=64k", own[] = "T_LIMIT=1m";
    char *env[] = {older, NULL, NULL};
    w->in.env = env;
    load(w);
    assert_int_equal(config_int(w->config, "limit"), 65536);
    env[1] = own; /* the own name is stronger */
    load(w);
    assert_int_equal(config_int(w->config, "limit"), 1 << 20);
}

static void an_empty_variable_is_not_set(void **state)
{
    struct world *w = *state;
    char threads[] = "T_THREADS=", other[] = "OTHER_THING=1";
    char *env[] = {threads, other, NULL};
    w->in.env = env;
    load(w);
    assert_int_equal(config_int(w->config, "threads"), 4);
}

static void unknown_names_are_refused_with_a_guess(void **state)
{
    struct world *w = *state;
    char bad[] = "T_LISTN=x", far[] = "T_QQQQQQQQQQQQQQ=1";
    char *env[] = {bad, NULL};
    w->in.env = env;
    refused(w, "Unknown variable T_LISTN; did you mean T_LISTEN?");
    env[0] = far;
    refused(w, "larder config");
    w->in.env = NULL;
    const struct config_flag flag = {"lissten", "x"};
    w->in.flags = &flag;
    w->in.flag_count = 1;
    refused(w, "did you mean 'listen'?");
    w->in.flag_count = 0;
    refused_file(w, "listen = a\nthread = 3\n",
                 "line 2: unknown setting 'thread'; did you mean 'threads'?");
}

static void broken_files_are_refused_with_their_line(void **state)
{
    struct world *w = *state;
    refused_file(w, "listen\n", "line 1: expected `key = value`");
    refused_file(w, "threads = 3\n\nthreads = 4\n", "line 3: threads is already set in line 1");
    refused_file(w, "threads = 65\n", "line 1: threads must be a whole number from 1 to 64");
    refused_file(w, "threads =\n", "threads must be");
    refused_file(w, "level = loud\n", "one of debug|info|warn");
    refused_file(w, "migrate = maybe\n", "true or false");
    refused_file(w, "limit = 5 MBq\n", "a size such as");
    refused_file(w, "limit = 9223372036854775807g\n", "a size such as");
    refused_file(w, "patience = 10ms\n", "a time such as");
    refused_file(w, "listen = a\001b\n", "without control letters");
    refused_file(w, "listen = \xff\n", "is not plain UTF-8 text");
    write_file(w, "a\0b = 1\n", 8);
    refused(w, "is not plain UTF-8 text");
    static const char *const never[] = {"data", NULL};
    w->in.not_in_file = never;
    refused_file(w, "data = /x\n", "data cannot be set in this file");
    w->in.file = "/tmp";
    refused(w, "is not a file");
    w->in.file = "/nonexistent/larder.conf";
    refused(w, "cannot be read");
}

static void a_file_that_is_too_large_is_refused(void **state)
{
    struct world *w = *state;
    static char large[70000];
    memset(large, '#', sizeof large);
    write_file(w, large, sizeof large);
    w->in.file = w->file;
    refused(w, "is larger than 65536 bytes");
}

static void a_mistake_is_found_even_where_something_stronger_hides_it(void **state)
{
    struct world *w = *state;
    const struct config_flag flag = {"threads", "5"};
    w->in.flags = &flag;
    w->in.flag_count = 1;
    refused_file(w, "threads = many\n", "threads must be a whole number");
}

static void secrets_come_from_files_and_variables_only_and_are_masked(void **state)
{
    struct world *w = *state;
    const struct config_flag bare = {"password", "marked-secret"};
    w->in.flags = &bare;
    w->in.flag_count = 1;
    refused(w, "use --password-file or T_PASSWORD");
    assert_null(strstr(ctx_sentence(&w->ctx), "marked-secret"));
    write_file(w, "marked-secret\n", 14);
    const struct config_flag twin = {"password-file", w->file};
    w->in.flags = &twin;
    load(w);
    assert_string_equal(config_text(w->config, "password"), "marked-secret");
    struct config_value v;
    config_at(w->config, 7, &v);
    assert_string_equal(v.text, "********");
    w->in.flag_count = 0;
    char file[96], value[] = "T_PASSWORD=other";
    (void)snprintf(file, sizeof file, "T_PASSWORD_FILE=%s", w->file);
    char *env[] = {file, NULL, NULL};
    w->in.env = env;
    load(w);
    assert_string_equal(config_text(w->config, "password"), "marked-secret");
    env[1] = value;
    refused(w, "Set either T_PASSWORD or T_PASSWORD_FILE, not both");
    write_file(w, "\n", 1);
    env[1] = NULL;
    refused(w, "is empty");
}

static void only_switches_may_stand_alone(void **state)
{
    struct world *w = *state;
    const struct config_flag alone = {"listen", NULL}, valued = {"no-migrate", "false"};
    w->in.flags = &alone;
    w->in.flag_count = 1;
    refused(w, "flag --listen needs a value");
    w->in.flags = &valued;
    refused(w, "takes no value");
}

struct changes {
    char text[128];
};

static void note_change(void *arg, const struct config_row *row, bool applied)
{
    struct changes *c = arg;
    size_t n = strlen(c->text);
    (void)snprintf(c->text + n, sizeof c->text - n, "%s%c ", row->key, applied ? '+' : '-');
}

static void a_reload_applies_what_is_live_and_reports_the_rest(void **state)
{
    struct world *w = *state;
    write_file(w, "level = info\nthreads = 3\n", 25);
    w->in.file = w->file;
    load(w);
    const char *before = config_text(w->config, "level");
    struct changes c = {""};
    write_file(w, "level = warn\nthreads = 9\nhosts = a,b\n", 37);
    assert_int_equal(config_reload(&w->ctx, w->config, &w->in, note_change, &c), OK);
    assert_string_equal(c.text, "level+ threads- hosts+ ");
    assert_string_equal(config_text(w->config, "level"), "warn");
    assert_int_equal(config_int(w->config, "threads"), 3);
    assert_string_equal(before, "info"); /* who still holds the old text may go on reading it */
    c.text[0] = '\0';
    write_file(w, "level = nonsense\nhosts = c\n", 27);
    assert_int_equal(config_reload(&w->ctx, w->config, &w->in, note_change, &c), ERR_INVALID);
    assert_string_equal(c.text, "");
    assert_string_equal(config_text(w->config, "level"), "warn");
    assert_string_equal(config_text(w->config, "hosts"), "a,b");
}

static void distance_counts_changes_and_stops_early(void **state)
{
    (void)state;
    assert_int_equal(config_distance(SLICE("listen"), SLICE("listen"), 3), 0);
    assert_int_equal(config_distance(SLICE("listn"), SLICE("listen"), 3), 1);
    assert_int_equal(config_distance(SLICE("abc"), SLICE(""), 3), 3);
    assert_int_equal(config_distance(SLICE("abcdef"), SLICE("uvwxyz"), 3), 4);
    char longer[200];
    memset(longer, 'a', sizeof longer);
    assert_int_equal(config_distance((struct slice){longer, 200}, SLICE("a"), 3), 4);
}

static void units_are_read_exactly(void **state)
{
    (void)state;
    const struct config_row bytes = {.key = "b", .type = CONFIG_BYTES, .max = INT64_MAX};
    const struct config_row span = {.key = "d", .type = CONFIG_DURATION, .max = INT64_MAX};
    static const struct {
        const char *text;
        bool time;
        int64_t want; /* -1 = refused */
    } cases[] = {{"0", false, 0},        {"64k", false, 65536},  {"64 KiB", false, 65536},
                 {"1G", false, 1 << 30}, {"1.5m", false, -1},    {"-1", false, -1},
                 {"k", false, -1},       {"", false, -1},        {"10", true, 10000},
                 {"250ms", true, 250},   {"3h", true, 10800000}, {"7d", true, 604800000},
                 {"1w", true, -1},       {"5 m", true, 300000},  {"0x10", false, -1}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        int64_t n;
        char wanted[160];
        bool good = config_value_read(cases[i].time ? &span : &bytes, slice_of(cases[i].text), &n,
                                      wanted, sizeof wanted);
        if (good != (cases[i].want >= 0) || (good && n != cases[i].want))
            fail_msg("case '%s': %d %lld", cases[i].text, good, (long long)n);
    }
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, open_world, close_world)
    const struct CMUnitTest tests[] = {
        T(defaults_hold_when_nothing_is_said),
        T(a_path_default_takes_the_first_variable_that_is_set),
        T(the_stronger_place_wins),
        T(the_last_of_two_flags_wins),
        T(aliases_mean_the_same),
        T(an_empty_variable_is_not_set),
        T(unknown_names_are_refused_with_a_guess),
        T(broken_files_are_refused_with_their_line),
        T(a_file_that_is_too_large_is_refused),
        T(a_mistake_is_found_even_where_something_stronger_hides_it),
        T(secrets_come_from_files_and_variables_only_and_are_masked),
        T(only_switches_may_stand_alone),
        T(a_reload_applies_what_is_live_and_reports_the_rest),
        T(distance_counts_changes_and_stops_early),
        T(units_are_read_exactly),
    };
#undef T
    return cmocka_run_group_tests(tests, NULL, NULL);
}
