/*
 * test_commands.c - the table of verbs and the table of settings keep their own rules, and a
 * command line is taken apart as documented.
 */
#include "cli/commands.h"

#include <ctype.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "cli/arguments.h"
#include "cli/settings.h"
#include "cli/verbs.h"

struct world {
    struct arena arena;
    struct ctx ctx;
    struct cli cli;
};

static enum err never(struct cli *cli)
{
    (void)cli;
    return ERR_INTERNAL;
}

static const struct cli_flag flags[] = {
    {"force", NULL, "x"}, {"name", "NAME", "x"}, {NULL, NULL, NULL}};
static const struct command verb = {.name = "verb",
                                    .words = "A [B]",
                                    .summary = "Test",
                                    .flags = flags,
                                    .min_words = 1,
                                    .max_words = 2,
                                    .exec = never};

static int open_world(void **state)
{
    struct world *w = calloc(1, sizeof *w);
    assert_non_null(w);
    arena_init(&w->arena, 1 << 20);
    ctx_init(&w->ctx, &w->arena, &clock_system, NULL, "test");
    w->cli = (struct cli){.ctx = &w->ctx, .command = &verb};
    *state = w;
    return 0;
}

static int close_world(void **state)
{
    struct world *w = *state;
    arena_free(&w->arena);
    free(w);
    return 0;
}

static enum err take(struct world *w, char *const *argv)
{
    int n = 0;
    while (argv[n])
        n++;
    return arguments_read(&w->cli, n, argv);
}

static void words_and_flags_are_told_apart(void **state)
{
    struct world *w = *state;
    char *argv[] = {(char[]){"one"},      (char[]){"--name=n=1"}, (char[]){"--force"},
                    (char[]){"--listen"}, (char[]){"1.2.3.4:5"},  (char[]){"--no-migrate"},
                    (char[]){"--json"},   (char[]){"-"},          NULL};
    assert_int_equal(take(w, argv), OK);
    assert_int_equal(w->cli.words, 2);
    assert_string_equal(w->cli.word[1], "-");
    assert_string_equal(cli_value(&w->cli, "name"), "n=1");
    assert_true(cli_has(&w->cli, "force"));
    assert_null(cli_value(&w->cli, "absent"));
    assert_true(w->cli.json);
    assert_int_equal(w->cli.setting_count, 2);
    assert_string_equal(w->cli.setting[0].key, "listen");
    assert_string_equal(w->cli.setting[0].value, "1.2.3.4:5");
    assert_string_equal(w->cli.setting[1].key, "no-migrate");
    assert_null(w->cli.setting[1].value);
}

static void two_dashes_end_the_flags(void **state)
{
    struct world *w = *state;
    char *argv[] = {(char[]){"--"}, (char[]){"--force"}, NULL};
    assert_int_equal(take(w, argv), OK);
    assert_string_equal(w->cli.word[0], "--force");
    assert_false(cli_has(&w->cli, "force"));
}

static void mistakes_are_usage(void **state)
{
    struct world *w = *state;
    static const struct {
        const char *arg[3];
        const char *why;
    } cases[] = {
        {{"a", "--froce", NULL}, "did you mean --force?"},
        {{"a", "--lsten=x", NULL}, "did you mean --listen?"},
        {{"a", "--qqqqqqqqqqqqqqqqqqqq", NULL}, "see `larder help verb`"},
        {{"a", "--name", NULL}, "--name needs a value"},
        {{"a", "--force=1", NULL}, "--force takes no value"},
        {{"a", "-f", NULL}, "flags are long here"},
        {{NULL}, "Something is missing"},
        {{"a", "b", "c"}, "'c' is one word too many"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char text[3][64] = {"", "", ""};
        char *argv[4] = {NULL};
        for (size_t k = 0; k < 3 && cases[i].arg[k]; k++) {
            (void)snprintf(text[k], sizeof text[k], "%s", cases[i].arg[k]);
            argv[k] = text[k];
        }
        ctx_forgive(&w->ctx);
        w->cli = (struct cli){.ctx = &w->ctx, .command = &verb};
        assert_int_equal(take(w, argv), ERR_INVALID);
        assert_true(w->cli.usage);
        if (strstr(ctx_sentence(&w->ctx), cases[i].why) == NULL)
            fail_msg("case %zu: %s", i, ctx_sentence(&w->ctx));
    }
}

static void too_many_are_refused(void **state)
{
    struct world *w = *state;
    char word[] = "x", flag[] = "--force";
    char *argv[CLI_WORDS + 3]; /* the larger of the two */
    for (int i = 0; i < CLI_FLAGS + 2; i++)
        argv[i] = flag;
    argv[CLI_FLAGS + 2] = NULL;
    assert_int_equal(take(w, argv), ERR_INVALID);
    ctx_forgive(&w->ctx);
    w->cli = (struct cli){.ctx = &w->ctx, .command = &verb};
    for (int i = 0; i < CLI_WORDS + 2; i++)
        argv[i] = word;
    argv[CLI_WORDS + 2] = NULL;
    assert_int_equal(take(w, argv), ERR_INVALID);
}

/* A name that is both a flag of a verb and a setting would be ambiguous. */
static void the_tables_keep_their_rules(void **state)
{
    (void)state;
    for (size_t i = 0; verbs[i]; i++) {
        const struct command *c = verbs[i];
        assert_non_null(c->exec);
        assert_non_null(c->words);
        assert_true(strlen(c->summary) > 5 && c->summary[strlen(c->summary) - 1] != '.');
        assert_true(c->min_words <= c->max_words && c->max_words <= CLI_WORDS);
        assert_ptr_equal(verbs_find(c->name), c);
        for (const struct cli_flag *f = c->flags; f && f->name; f++)
            if (config_row_of_flag(settings_rows, settings_count, slice_of(f->name)))
                fail_msg("--%s of %s is a setting as well", f->name, c->name);
    }
    assert_true(verbs_is_group("admin"));
    assert_false(verbs_is_group("serve"));
}

static void every_setting_is_complete(void **state)
{
    (void)state;
    for (size_t i = 0; i < settings_count; i++) {
        const struct config_row *row = &settings_rows[i];
        char env[64] = "LARDER_";
        size_t n = strlen(env);
        for (const char *p = row->key; *p; p++)
            env[n++] = *p == '-' ? '_' : (char)toupper((unsigned char)*p);
        env[n] = '\0';
        assert_string_equal(row->env, env);
        assert_non_null(row->help);
        assert_true(row->type != 0);
        assert_true((row->type == CONFIG_CHOICE) == (row->choices != NULL));
        for (size_t k = 0; k < i; k++)
            assert_string_not_equal(settings_rows[k].key, row->key);
    }
}

static int run(char *out, size_t size, char *const *argv)
{
    int argc = 0;
    FILE *f = tmpfile(), *err = tmpfile(), *in = fopen("/dev/null", "re");
    char *env[] = {NULL};
    assert_true(f && err && in);
    while (argv[argc])
        argc++;
    int status = commands_run(argc, argv, env, in, f, err);
    rewind(f);
    out[fread(out, 1, size - 1, f)] = '\0';
    (void)fclose(f);
    (void)fclose(err);
    (void)fclose(in);
    return status;
}

static void help_names_every_verb(void **state)
{
    (void)state;
    static char out[65536];
    char *argv[] = {(char[]){"larder"}, (char[]){"help"}, NULL};
    assert_int_equal(run(out, sizeof out, argv), EXIT_DONE);
    for (size_t i = 0; verbs[i]; i++)
        assert_non_null(strstr(out, verbs[i]->name));
    char *none[] = {(char[]){"larder"}, NULL};
    assert_int_equal(run(out, sizeof out, none), EXIT_USAGE);
    char *lost[] = {(char[]){"larder"}, (char[]){"help"}, (char[]){"nothing"}, NULL};
    assert_int_equal(run(out, sizeof out, lost), EXIT_NOT_FOUND);
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, open_world, close_world)
    const struct CMUnitTest tests[] = {
        T(words_and_flags_are_told_apart),
        T(two_dashes_end_the_flags),
        T(mistakes_are_usage),
        T(too_many_are_refused),
        cmocka_unit_test(the_tables_keep_their_rules),
        cmocka_unit_test(every_setting_is_complete),
        cmocka_unit_test(help_names_every_verb),
    };
#undef T
    return cmocka_run_group_tests(tests, NULL, NULL);
}
