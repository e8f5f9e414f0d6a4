/*
 * help.c - `larder help`, made from the records of the verbs and the table of settings.
 *
 * No text stands here that a record could carry, so a new verb explains itself.
 */
#include "cli/help.h"

#include <string.h>

#include "cli/commands.h"
#include "cli/settings.h"
#include "cli/verbs.h"

void help_overview(FILE *out)
{
    (void)fputs("Larder keeps a catalog of AI plugins: one program, one data folder.\n\n"
                "Usage: larder VERB [WORDS] [--flags]\n\n",
                out);
    for (size_t i = 0; verbs[i]; i++)
        (void)fprintf(out, "  %-14s %s\n", verbs[i]->name, verbs[i]->summary);
    (void)fputs(
        "\n`larder help VERB` explains one of them. `larder serve` needs no flag.\n"
        "Exit status: 0 done, 1 failed, 2 wrong usage, 3 not found, 4 conflict, 5 denied.\n",
        out);
}

void help_group(FILE *out, const char *word)
{
    size_t n = strlen(word);
    for (size_t i = 0; verbs[i]; i++)
        if (strncmp(verbs[i]->name, word, n) == 0 && verbs[i]->name[n] == ' ')
            (void)fprintf(out, "  %-14s %s\n", verbs[i]->name, verbs[i]->summary);
}

static void show_flag(FILE *out, const char *name, const char *value, const char *help)
{
    char left[128];
    (void)snprintf(left, sizeof left, "--%s%s%s", name, value ? " " : "", value ? value : "");
    (void)fprintf(out, "  %-26s %s\n", left, help);
}

static void show_setting(FILE *out, const struct config_row *row)
{
    char name[64];
    (void)snprintf(name, sizeof name, "%s%s", row->key, row->type == CONFIG_SECRET ? "-file" : "");
    const char *value = row->type == CONFIG_BOOL     ? NULL
                        : row->type == CONFIG_SECRET ? "FILE"
                        : row->type == CONFIG_PATH   ? "PATH"
                        : row->choices               ? row->choices
                                                     : "VALUE";
    show_flag(out, name, value, row->help);
    if (row->standard && row->type != CONFIG_PATH)
        (void)fprintf(out, "  %-26s (default %s)\n", "", row->standard);
}

void help_command(FILE *out, const struct command *command)
{
    (void)fprintf(out, "Usage: larder %s%s%s\n\n%s.\n", command->name, *command->words ? " " : "",
                  command->words, command->summary);
    if (command->help)
        (void)fprintf(out, "\n%s\n", command->help);
    (void)fputs("\nFlags:\n", out);
    for (const struct cli_flag *f = command->flags; f && f->name; f++)
        show_flag(out, f->name, f->value, f->help);
    show_flag(out, "json", NULL, "answer in JSON");
    show_flag(out, "help", NULL, "show this text");
    (void)fputs("\nSettings (also as variables and in a file, see `larder config`):\n", out);
    bool all = command == &command_serve || command == &command_config;
    for (size_t i = 0; i < settings_count; i++)
        if (all || strcmp(settings_rows[i].key, "data") == 0 ||
            strcmp(settings_rows[i].key, "config") == 0)
            show_setting(out, &settings_rows[i]);
}

/* `larder help admin create`, `larder help admin`, `larder help`. */
static enum err exec(struct cli *cli)
{
    if (cli->words == 0) {
        help_overview(cli->out);
        return OK;
    }
    const char *name = cli->word[0];
    if (cli->words > 1)
        name = str_printf(cli->ctx->arena, "%s %s", cli->word[0], cli->word[1]);
    if (name == NULL)
        return ctx_no_memory(cli->ctx);
    const struct command *command = verbs_find(name);
    if (command == NULL && cli->words == 1 && verbs_is_group(name)) {
        help_group(cli->out, name);
        return OK;
    }
    if (command == NULL)
        return ctx_fail(cli->ctx, ERR_NOT_FOUND, "There is no verb '%s'; `larder help` lists them",
                        name);
    help_command(cli->out, command);
    return OK;
}

const struct command command_help = {
    .name = "help",
    .words = "[VERB]",
    .summary = "Explain a verb",
    .max_words = 2,
    .exec = exec,
};
