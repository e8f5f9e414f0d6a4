/*
 * replicate.c - from settings to a replica, and the one line about it at start.
 */
#include "cli/replicate.h"

#include <string.h>

#include "base/config.h"
#include "cli/object_store.h"
#include "domain/domain.h"
#include "domain/replica.h"
#include "net/fetch.h"

enum { QUIET_TIMES = 15 }; /* how much longer a quiet log may wait for the next look */

static void fill(const struct cli *cli, const struct object_store_settings *s,
                 struct replica_options *out)
{
    int64_t poll = config_int(cli->config, "s3-poll");
    *out = (struct replica_options){
        .enabled = s->state != OBJECT_STORE_OFF,
        .missing = s->state == OBJECT_STORE_READY ? NULL : s->why,
        .s3 = s->options,
        .name = config_text(cli->config, "node-name"),
        .version = LARDER_VERSION,
        .create_bucket = s->create_bucket,
        .sync = s->sync,
        .cadence_layout = s->cadence_layout,
        .share = strcmp(config_text(cli->config, "download-redirect"), "presigned") == 0,
        .poll_min = poll,
        .poll_max = poll * QUIET_TIMES,
        .snapshot_every = config_int(cli->config, "s3-snapshot-every"),
    };
}

static enum err open_replica(struct cli *cli, struct domain *d, bool look)
{
    struct object_store_settings settings;
    struct replica_options options;
    struct replica *replica;
    enum err err = object_store_read(cli->ctx, cli, &settings);
    if (err == OK)
        err = fetch_open();
    if (err != OK)
        return err;
    if (!look)
        object_store_say(cli->ctx, &settings);
    fill(cli, &settings, &options);
    options.look_only = look;
    err = replica_open(cli->ctx, d, &options, &replica);
    if (err != OK)
        fetch_close();
    return err;
}

enum err replicate_open(struct cli *cli, struct domain *d)
{
    return open_replica(cli, d, false);
}

enum err replicate_look(struct cli *cli, struct domain *d)
{
    return open_replica(cli, d, true);
}

enum err replicate_reload(struct ctx *ctx, const struct cli *cli, struct domain *d)
{
    struct object_store_settings settings;
    struct replica_options options;
    enum err err = object_store_read(ctx, cli, &settings);
    if (err != OK)
        return err;
    fill(cli, &settings, &options);
    return replica_change(ctx, d->replica, &options);
}

void replicate_close(struct domain *d)
{
    if (d->replica == NULL)
        return;
    replica_close(d->replica);
    fetch_close();
}
