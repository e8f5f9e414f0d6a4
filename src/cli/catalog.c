/*
 * catalog.c - `larder list | show | versions`: looking at the catalog from a shell.
 *
 * With --json the API's own answer is printed; without it a table of what a person wants to see.
 */
#include <string.h>

#include "cli/target.h"
#include "cli/verbs.h"

static const struct cli_flag list_flags[] = {
    {"org", "ORG", "the org's view (id, domain or name); without it the system catalog"},
    {"tag", "TAG", "only plugins with this tag"},
    {"all", NULL, "disabled plugins too"},
    {"all-versions", NULL, "every version instead of one row per plugin"},
    {NULL, NULL, NULL}};

static const struct cli_flag org_flags[] = {
    {"org", "ORG", "the org's view (id, domain or name); without it the system catalog"},
    {NULL, NULL, NULL}};

static const char *text_of(struct cli *cli, const struct jr *row, const char *key)
{
    const struct jr *v = jr_member(row, key);
    struct slice text = jr_str(v);
    if (text.p == NULL)
        return v && jr_kind(v) == JR_INT ? str_printf(cli->ctx->arena, "%lld", (long long)jr_int(v))
                                         : "-";
    char *copy = slice_dup(cli->ctx->arena, text);
    for (char *p = copy; p && *p; p++)
        if ((unsigned char)*p < 0x20 || *p == 0x7f)
            *p = ' '; /* a package's words do not steer a terminal */
    return copy ? copy : "-";
}

static const char *state_of(const struct jr *row)
{
    if (!jr_bool(jr_member(row, "enabled")))
        return "disabled";
    return jr_bool(jr_member(row, "is_latest")) ? "latest" : "enabled";
}

static void print_rows(struct cli *cli, const struct jr *rows)
{
    int pid = 3, version = 7;
    for (size_t i = 0; i < jr_count(rows); i++) {
        int p = (int)strlen(text_of(cli, jr_item(rows, i), "pid"));
        int v = (int)strlen(text_of(cli, jr_item(rows, i), "version"));
        pid = p > pid ? p : pid;
        version = v > version ? v : version;
    }
    (void)fprintf(cli->out, "%-7s %-*s %-*s %-8s %s\n", "SOURCE", pid, "PID", version, "VERSION",
                  "STATE", "NAME");
    for (size_t i = 0; i < jr_count(rows); i++) {
        const struct jr *row = jr_item(rows, i);
        (void)fprintf(cli->out, "%-7s %-*s %-*s %-8s %s\n", text_of(cli, row, "source"), pid,
                      text_of(cli, row, "pid"), version, text_of(cli, row, "version"),
                      state_of(row), text_of(cli, row, "name"));
    }
    if (jr_count(rows) == 0)
        (void)fprintf(cli->err, "No plugins.\n");
}

/* Prints what `path` answers: as it is, or through `print`. */
static enum err print_answer(struct cli *cli, struct target *t, const char *path,
                             void (*print)(struct cli *cli, const struct jr *v))
{
    const struct jr *v;
    struct slice text;
    enum err err = target_get(cli, t, path, &v, &text);
    if (err != OK)
        return err;
    if (cli->json)
        (void)fprintf(cli->out, "%.*s\n", SLICE_ARGS(text));
    else
        print(cli, v);
    return OK;
}

static enum err list(struct cli *cli)
{
    struct target *t = NULL;
    const char *path, *tag = cli_value(cli, "tag");
    enum err err = target_open(cli, false, &t);
    if (err == OK)
        err = target_plugins(cli, t, &path);
    if (err == OK) {
        const char *escaped = tag ? target_escape(cli, slice_of(tag)) : "";
        path = str_printf(cli->ctx->arena, "%s?include_disabled=%s&all_versions=%s&tag=%s", path,
                          cli_has(cli, "all") ? "true" : "false",
                          cli_has(cli, "all-versions") ? "true" : "false", escaped ? escaped : "");
        err = print_answer(cli, t, path, print_rows);
    }
    target_close(t);
    return err;
}

static enum err versions(struct cli *cli)
{
    struct target *t = NULL;
    const char *path;
    enum err err = target_open(cli, false, &t);
    if (err == OK)
        err = target_plugins(cli, t, &path);
    if (err == OK) {
        const char *pid = target_escape(cli, slice_of(cli->word[0]));
        path = pid ? str_printf(cli->ctx->arena, "%s/%s/versions", path, pid) : NULL;
        err = print_answer(cli, t, path, print_rows);
    }
    target_close(t);
    return err;
}

static void print_texts(struct cli *cli, const char *label, const struct jr *list, const char *key)
{
    for (size_t i = 0; i < jr_count(list); i++) {
        const struct jr *v = jr_item(list, i);
        const char *text = key ? text_of(cli, v, key) : slice_dup(cli->ctx->arena, jr_str(v));
        (void)fprintf(cli->out, "%-13s %s\n", i ? "" : label, text ? text : "-");
    }
}

static void print_plugin(struct cli *cli, const struct jr *row)
{
    static const char *const fields[] = {
        "id",         "pid",        "version", "name",     "description", "source",    "tag",
        "agent_type", "size_bytes", "sha256",  "artifact", "created_at",  "created_by"};
    for (size_t i = 0; i < sizeof fields / sizeof *fields; i++)
        (void)fprintf(cli->out, "%-13s %s\n", fields[i], text_of(cli, row, fields[i]));
    (void)fprintf(cli->out, "%-13s %s\n", "state", state_of(row));
    print_texts(cli, "capabilities", jr_member(row, "capabilities"), NULL);
    print_texts(cli, "dependencies", jr_member(row, "dependencies"), NULL);
    print_texts(cli, "tools", jr_member(row, "tools"), "name");
    print_texts(cli, "settings", jr_member(row, "settings_schema"), "key");
}

static enum err show(struct cli *cli)
{
    struct target *t = NULL;
    const char *path;
    enum err err = target_open(cli, false, &t);
    if (err == OK)
        err = target_find(cli, t, cli->word[0], &path);
    if (err == OK)
        err = print_answer(cli, t, path, print_plugin);
    target_close(t);
    return err;
}

const struct command command_list = {
    .name = "list",
    .words = "",
    .summary = "List the plugins of the system catalog or of an org",
    .flags = list_flags,
    .exec = list,
};

const struct command command_versions = {
    .name = "versions",
    .words = "PID",
    .summary = "List all versions of a plugin, newest first",
    .flags = org_flags,
    .min_words = 1,
    .max_words = 1,
    .exec = versions,
};

const struct command command_show = {
    .name = "show",
    .words = "PLUGIN",
    .summary = "Show one version: PLUGIN is its id, PID or PID@VERSION",
    .flags = org_flags,
    .min_words = 1,
    .max_words = 1,
    .exec = show,
};
