/*
 * openapi.c - `larder openapi`: the description of the API that the server hands out.
 */
#include <string.h>

#include "base/embedded.h"
#include "cli/verbs.h"
#include "http/assets.h"

static enum err exec(struct cli *cli)
{
    static const char path[] = "web/openapi.json";
    const struct embedded *file = embedded_find(path, strlen(path));
    if (file == NULL)
        return ctx_fail(cli->ctx, ERR_NOT_FOUND, "This build holds no %s", path);
    struct slice text;
    enum err err = assets_plain(cli->ctx, file, &text);
    if (err != OK)
        return err;
    if (fwrite(text.p, 1, text.n, cli->out) != text.n)
        return ctx_fail(cli->ctx, ERR_IO, "The output could not be written");
    return OK;
}

const struct command command_openapi = {
    .name = "openapi",
    .words = "",
    .summary = "Print the OpenAPI description of every route",
    .exec = exec,
};
