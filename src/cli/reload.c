/*
 * reload.c - `larder reload`: the stores of the v1 API are read again and mended.
 *
 * Nothing is taken away while that goes on: what is served stays served until its successor stands.
 */
#include "cli/target.h"
#include "cli/verbs.h"

static void print_names(struct cli *cli, const char *label, const struct jr *names)
{
    (void)fprintf(cli->out, "%-8s", label);
    for (size_t i = 0; i < jr_count(names); i++) {
        struct slice name = jr_str(jr_item(names, i));
        (void)fprintf(cli->out, " %.*s", SLICE_ARGS(name));
    }
    (void)fprintf(cli->out, jr_count(names) ? "\n" : " -\n");
}

static enum err exec(struct cli *cli)
{
    static const char *const lists[] = {"loaded", "healthy", "failed"};
    const struct target_request req = {
        .method = "POST", .path = "/api/v1/plugins/reload", .out = -1};
    struct target_answer answer;
    const struct jr *v = NULL;
    struct target *t = NULL;
    enum err err = target_open(cli, true, &t);
    if (err == OK)
        err = target_run(cli, t, &req, &answer);
    if (err == OK)
        err = jr_parse(cli->ctx, answer.body, &v);
    for (size_t i = 0; err == OK && !cli->json && i < sizeof lists / sizeof *lists; i++)
        print_names(cli, lists[i], jr_member(v, lists[i]));
    if (err == OK && cli->json)
        (void)fprintf(cli->out, "%.*s\n", SLICE_ARGS(answer.body));
    target_close(t);
    return err;
}

const struct command command_reload = {
    .name = "reload",
    .words = "",
    .summary = "Read the stores of the v1 API again and mend them",
    .help = "Prints the names that are loaded, healthy and failed. Clients notice nothing.",
    .exec = exec,
};
