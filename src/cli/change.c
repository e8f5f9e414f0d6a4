/*
 * change.c - `larder enable | disable | download`: one version, named by id, PID or PID@VERSION.
 */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "cli/target.h"
#include "cli/verbs.h"

static const struct cli_flag org_flags[] = {
    {"org", "ORG", "a plugin of this org (id, domain or name); without it a system plugin"},
    {NULL, NULL, NULL}};

static const struct cli_flag download_flags[] = {
    {"org", "ORG", "a plugin this org can see (id, domain or name); without it a system plugin"},
    {"output", "FILE", "where to; - is standard output; without it PID-VERSION.zip here"},
    {NULL, NULL, NULL}};

static enum err set_enabled(struct cli *cli, bool enabled)
{
    struct target *t = NULL;
    const char *path;
    struct target_answer answer = {0};
    enum err err = target_open(cli, true, &t);
    if (err == OK)
        err = target_find(cli, t, cli->word[0], &path);
    if (err == OK) {
        const struct target_request req = {.method = "PATCH",
                                           .path = path,
                                           .json = enabled ? SLICE("{\"enabled\":true}")
                                                           : SLICE("{\"enabled\":false}"),
                                           .out = -1};
        err = target_run(cli, t, &req, &answer);
    }
    if (err == OK && cli->json)
        (void)fprintf(cli->out, "%.*s\n", SLICE_ARGS(answer.body));
    else if (err == OK)
        (void)fprintf(cli->out, "%s %s\n", cli->word[0], enabled ? "enabled" : "disabled");
    target_close(t);
    return err;
}

static enum err enable(struct cli *cli)
{
    return set_enabled(cli, true);
}

static enum err disable(struct cli *cli)
{
    return set_enabled(cli, false);
}

/* "com.acme.search-1.0.0.zip": both parts were judged when they were uploaded, and are again here. */
static const char *file_name(struct cli *cli, const struct jr *row)
{
    struct slice pid = jr_str(jr_member(row, "pid")), version = jr_str(jr_member(row, "version"));
    if (pid.n == 0 || version.n == 0 || slice_find(pid, '/') < pid.n || pid.p[0] == '.' ||
        slice_find(version, '/') < version.n)
        return NULL;
    return str_printf(cli->ctx->arena, "%.*s-%.*s.zip", SLICE_ARGS(pid), SLICE_ARGS(version));
}

static enum err open_output(struct cli *cli, const char *name, int *fd)
{
    if (strcmp(name, "-") == 0) {
        *fd = dup(STDOUT_FILENO);
        return *fd >= 0 ? OK : ctx_fail_errno(cli->ctx, errno, "standard output");
    }
    *fd = open(name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
    if (*fd < 0 && errno == EEXIST)
        return ctx_fail(cli->ctx, ERR_EXISTS, "%s exists already; choose another --output", name);
    return *fd >= 0 ? OK
                    : ctx_fail(cli->ctx, ERR_IO, "%s cannot be made: %s", name, strerror(errno));
}

static enum err fetch_to(struct cli *cli, struct target *t, const char *path, const char *name)
{
    int fd;
    struct target_answer answer;
    /* no redirect is followed here, and the server that was named has the bytes */
    const char *url = str_printf(cli->ctx->arena, "%s/download?redirect=false", path);
    if (url == NULL)
        return ctx_no_memory(cli->ctx);
    enum err err = open_output(cli, name, &fd);
    if (err != OK)
        return err;
    const struct target_request req = {.method = "GET", .path = url, .out = fd};
    err = target_run(cli, t, &req, &answer);
    if (close(fd) != 0 && err == OK)
        err = ctx_fail_errno(cli->ctx, errno, name);
    if (err != OK && strcmp(name, "-") != 0)
        (void)unlink(name); /* half a package is no use */
    return err;
}

static enum err download(struct cli *cli)
{
    struct target *t = NULL;
    const char *path, *name = cli_value(cli, "output");
    const struct jr *row;
    struct slice text;
    enum err err = target_open(cli, false, &t);
    if (err == OK)
        err = target_find(cli, t, cli->word[0], &path);
    if (err == OK)
        err = target_get(cli, t, path, &row, &text);
    if (err == OK && name == NULL && (name = file_name(cli, row)) == NULL)
        err = ctx_fail(cli->ctx, ERR_INVALID, "The answer names no file; give --output");
    if (err == OK)
        err = fetch_to(cli, t, path, name);
    if (err == OK && cli->json)
        (void)fprintf(strcmp(name, "-") == 0 ? cli->err : cli->out, "%.*s\n", SLICE_ARGS(text));
    else if (err == OK && strcmp(name, "-") != 0)
        (void)fprintf(cli->out, "%s\n", name);
    target_close(t);
    return err;
}

const struct command command_enable = {
    .name = "enable",
    .words = "PLUGIN",
    .summary = "Enable a version: PLUGIN is its id, PID or PID@VERSION",
    .flags = org_flags,
    .min_words = 1,
    .max_words = 1,
    .exec = enable,
};

const struct command command_disable = {
    .name = "disable",
    .words = "PLUGIN",
    .summary = "Disable a version; the next enabled one becomes latest",
    .flags = org_flags,
    .min_words = 1,
    .max_words = 1,
    .exec = disable,
};

const struct command command_download = {
    .name = "download",
    .words = "PLUGIN",
    .summary = "Save the uploaded ZIP of a version",
    .flags = download_flags,
    .min_words = 1,
    .max_words = 1,
    .exec = download,
};
