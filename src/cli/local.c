/*
 * local.c - opening store and domain for one verb.
 */
#include "cli/local.h"

#include <string.h>

#include "cli/folder.h"
#include "cli/settings.h"
#include "domain/actor.h"

enum err local_open(struct cli *cli, struct local *local)
{
    static const unsigned char no_key[SIGNING_KEY_BYTES]; /* nothing is signed here */
    memset(local, 0, sizeof *local);
    enum err err = settings_load(cli);
    if (err != OK)
        return err;
    local->data = config_text(cli->config, "data");
    local->actor = actor_cli();
    err = folder_must_exist(cli->ctx, local->data);
    if (err != OK)
        return err;
    const struct store_options options = {
        .path = folder_file(cli->ctx, local->data, "larder.db"),
        .readers = 1,
        .allow_network_fs = config_bool(cli->config, "allow-network-fs"),
    };
    if (options.path == NULL)
        return ctx_no_memory(cli->ctx);
    err = store_open(cli->ctx, &options, &local->store);
    if (err != OK)
        return err;
    return domain_open(cli->ctx, &local->domain, local->store, no_key);
}

void local_close(struct local *local)
{
    if (local->domain.store)
        domain_close(&local->domain);
    if (local->store)
        store_close(local->store);
}
