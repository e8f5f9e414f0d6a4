/*
 * arguments.c - telling words, flags of the verb and settings apart.
 *
 * An unknown flag is refused with the name that is nearest, among those of the verb and the
 * settings.
 */
#include "cli/arguments.h"

#include <stdarg.h>
#include <string.h>

#include "cli/settings.h"

static const struct cli_flag common[] = {
    {"json", NULL, "answer in JSON"}, {"help", NULL, "show this text"}, {NULL, NULL, NULL}};

static const struct cli_flag *find_flag(const struct cli_flag *flags, struct slice name)
{
    for (; flags && flags->name; flags++)
        if (slice_is(name, flags->name))
            return flags;
    return NULL;
}

static void nearest(const struct cli_flag *flags, struct slice name, size_t *best,
                    const char **guess)
{
    for (; flags && flags->name; flags++) {
        size_t d = config_distance(name, slice_of(flags->name), *best);
        if (d < *best) {
            *best = d;
            *guess = flags->name;
        }
    }
}

static enum err unknown(struct cli *cli, struct slice name)
{
    size_t best = name.n / 3 + 2; /* two letters swapped count as two */
    const char *guess = NULL;
    nearest(cli->command->flags, name, &best, &guess);
    nearest(common, name, &best, &guess);
    const char *key = config_guess(settings_rows, settings_count, name);
    if (key && config_distance(name, slice_of(key), best) < best)
        guess = key;
    if (guess == NULL)
        guess = key;
    if (guess)
        return cli_usage(cli, "Unknown flag --%.*s; did you mean --%s?", SLICE_ARGS(name), guess);
    return cli_usage(cli, "Unknown flag --%.*s; see `larder help %s`", SLICE_ARGS(name),
                     cli->command->name);
}

/* One flag; *used tells whether the argument behind it was its value. */
static enum err read_flag(struct cli *cli, const char *text, const char *next, bool *used)
{
    struct slice name = slice_of(text + 2);
    size_t equals = slice_find(name, '=');
    const char *value = equals < name.n ? name.p + equals + 1 : NULL;
    name = slice_sub(name, 0, equals);
    const struct cli_flag *own = find_flag(cli->command->flags, name);
    const struct cli_flag *shared = find_flag(common, name);
    const struct config_row *row = config_row_of_flag(settings_rows, settings_count, name);
    if (own == NULL && shared == NULL && row == NULL)
        return unknown(cli, name);
    bool is_switch = own ? own->value == NULL : shared ? true : row->type == CONFIG_BOOL;
    if (is_switch && value && row == NULL)
        return cli_usage(cli, "--%.*s takes no value", SLICE_ARGS(name));
    if (!is_switch && value == NULL) {
        value = next;
        *used = true;
    }
    if (!is_switch && value == NULL)
        return cli_usage(cli, "--%.*s needs a value", SLICE_ARGS(name));
    if (shared && own == NULL) {
        cli->json |= slice_is(name, "json");
        cli->help |= slice_is(name, "help");
        return OK;
    }
    char *key = slice_dup(cli->ctx->arena, name);
    if (key == NULL)
        return ctx_no_memory(cli->ctx);
    size_t *count = own ? &cli->own_count : &cli->setting_count;
    if (*count == CLI_FLAGS)
        return cli_usage(cli, "More than %d flags", CLI_FLAGS);
    (own ? cli->own : cli->setting)[(*count)++] = (struct config_flag){key, value};
    return OK;
}

static enum err check_words(struct cli *cli)
{
    if (cli->help)
        return OK;
    if (cli->words < cli->command->min_words)
        return cli_usage(cli, "Something is missing. Usage: larder %s %s", cli->command->name,
                         cli->command->words);
    if (cli->words > cli->command->max_words)
        return cli_usage(cli, "'%s' is one word too many. Usage: larder %s %s",
                         cli->word[cli->command->max_words], cli->command->name,
                         cli->command->words);
    return OK;
}

enum err arguments_read(struct cli *cli, int argc, char *const *argv)
{
    bool flags = true;
    for (int i = 0; i < argc; i++) {
        if (flags && strcmp(argv[i], "--") == 0) {
            flags = false;
        } else if (flags && (strcmp(argv[i], "-h") == 0)) {
            cli->help = true;
        } else if (flags && strncmp(argv[i], "--", 2) == 0) {
            bool used = false;
            enum err err = read_flag(cli, argv[i], i + 1 < argc ? argv[i + 1] : NULL, &used);
            if (err != OK)
                return err;
            i += used;
        } else if (flags && argv[i][0] == '-' && argv[i][1]) {
            return cli_usage(cli, "Unknown flag %s; flags are long here, see `larder help %s`",
                             argv[i], cli->command->name);
        } else if (cli->words == CLI_WORDS) {
            return cli_usage(cli, "More than %d words", CLI_WORDS);
        } else {
            cli->word[cli->words++] = argv[i];
        }
    }
    return check_words(cli);
}

bool cli_has(const struct cli *cli, const char *flag)
{
    for (size_t i = 0; i < cli->own_count; i++)
        if (strcmp(cli->own[i].key, flag) == 0)
            return true;
    return false;
}

const char *cli_value(const struct cli *cli, const char *flag)
{
    for (size_t i = cli->own_count; i > 0; i--)
        if (strcmp(cli->own[i - 1].key, flag) == 0)
            return cli->own[i - 1].value;
    return NULL;
}
