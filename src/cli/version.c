/*
 * version.c - `larder version`: which program this is, for people and for scripts.
 *
 * Reads no setting and opens nothing, so it works wherever the file can be started.
 */
#include "cli/verbs.h"

static enum err exec(struct cli *cli)
{
    if (!cli->json) {
        (void)fprintf(cli->out, "larder %s\n", LARDER_VERSION);
        return OK;
    }
    struct buf b;
    struct jw j;
    cli_json(cli, &b, &j);
    jw_object(&j);
    jw_put_str(&j, "name", "larder");
    jw_put_str(&j, "version", LARDER_VERSION);
    jw_end(&j);
    return cli_json_done(cli, &b, &j);
}

const struct command command_version = {
    .name = "version",
    .words = "",
    .summary = "Print the version",
    .exec = exec,
};
