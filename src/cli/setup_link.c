/*
 * setup_link.c - `larder setup-link`, and the same at the first start of a server.
 *
 * The token stands behind '#', which browsers keep to themselves: it reaches no log, no proxy and
 * no Referer.
 */
#include "cli/setup_link.h"

#include <string.h>

#include "base/crypto.h"
#include "cli/local.h"
#include "cli/verbs.h"
#include "domain/actor.h"
#include "domain/setup.h"

/* An address to listen on is not always one to go to. */
static const char *reachable(struct ctx *ctx, const char *url)
{
    static const char *const any[] = {"://0.0.0.0", "://[::]"};
    for (size_t i = 0; i < sizeof any / sizeof *any; i++) {
        const char *at = strstr(url, any[i]);
        if (at)
            return str_printf(ctx->arena, "%.*s://127.0.0.1%s", (int)(at - url), url,
                              at + strlen(any[i]));
    }
    return url;
}

static enum err mint(struct cli *cli, struct domain *domain, const char *url, const char **link,
                     int64_t *expires_at)
{
    char token[SETUP_TOKEN_TEXT];
    const struct actor actor = actor_cli();
    const char *public_url = config_text(cli->config, "public-url");
    enum err err = setup_mint(cli->ctx, domain, &actor, token, expires_at);
    if (err != OK)
        return err;
    const char *base = public_url ? public_url : reachable(cli->ctx, url);
    size_t n = base ? strlen(base) : 0;
    while (n > 0 && base[n - 1] == '/')
        n--;
    *link = base ? str_printf(cli->ctx->arena, "%.*s/setup#token=%s", (int)n, base, token) : NULL;
    crypto_wipe(token, sizeof token);
    return *link ? OK : ctx_no_memory(cli->ctx);
}

enum err setup_link_print(struct cli *cli, struct domain *domain, const char *url, FILE *out)
{
    const char *link;
    int64_t expires_at;
    enum err err = mint(cli, domain, url, &link, &expires_at);
    if (err != OK)
        return err;
    (void)fprintf(out,
                  "No administrator exists yet. Open this link within 30 minutes to make one:\n"
                  "  %s\n",
                  link);
    return fflush(out) == 0 ? OK : ctx_fail(cli->ctx, ERR_IO, "The output could not be written");
}

/* Where a server would listen, as far as the settings tell: the port of a running one may differ. */
static const char *configured_url(struct cli *cli)
{
    struct slice listen = slice_of(config_text(cli->config, "listen"));
    const char *scheme = config_text(cli->config, "tls-cert") ? "https" : "http";
    listen = slice_trim(slice_sub(listen, 0, slice_find(listen, ',')));
    return str_printf(cli->ctx->arena, "%s://%.*s", scheme, SLICE_ARGS(listen));
}

static enum err print_json(struct cli *cli, const char *link, int64_t expires_at)
{
    struct buf b;
    struct jw j;
    cli_json(cli, &b, &j);
    jw_object(&j);
    jw_put_str(&j, "link", link);
    jw_put_time(&j, "expires_at", expires_at);
    jw_end(&j);
    return cli_json_done(cli, &b, &j);
}

static enum err exec(struct cli *cli)
{
    struct local local;
    const char *link;
    int64_t expires_at;
    enum err err = local_open(cli, &local);
    if (err == OK && !cli->json)
        err = setup_link_print(cli, &local.domain, configured_url(cli), cli->out);
    else if (err == OK) {
        err = mint(cli, &local.domain, configured_url(cli), &link, &expires_at);
        if (err == OK)
            err = print_json(cli, link, expires_at);
    }
    local_close(&local);
    return err;
}

const struct command command_setup_link = {
    .name = "setup-link",
    .words = "",
    .summary = "Print a new link to make the first administrator; older links are void",
    .help =
        "The link names the address of --listen or --public-url; where the server runs elsewhere,\n"
        "keep what follows the host. It is good once, for 30 minutes, and only while there is no\n"
        "administrator.",
    .exec = exec,
};
