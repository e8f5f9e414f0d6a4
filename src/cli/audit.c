/*
 * audit.c - `larder audit verify`: is the record of what happened whole and unchanged?
 *
 * Each row holds the hash of the one before, so a row that was changed, removed or put in between
 * shows. Removing the newest rows does not show by itself: compare the last hash with one that was
 * noted elsewhere.
 */
#include <inttypes.h>
#include <string.h>

#include "cli/chain.h"
#include "cli/local.h"
#include "cli/verbs.h"

enum { LINES_AT_ONCE = 5000 }; /* so that no read transaction holds back the log for long */

static enum err walk_piece(struct ctx *ctx, struct conn *conn, void *arg)
{
    return audit_verify(ctx, conn, arg, LINES_AT_ONCE);
}

enum err chain_walk(struct ctx *ctx, struct store *store, struct audit_walk *walk)
{
    memset(walk, 0, sizeof *walk);
    enum err err = OK;
    while (err == OK && !walk->done)
        err = store_read(ctx, store, walk_piece, walk);
    return err;
}

static enum err report(struct cli *cli, const struct audit_walk *walk)
{
    struct buf b;
    struct jw j;
    char hash[SHA256_HEX];
    crypto_hex(walk->hash, sizeof walk->hash, hash);
    if (!cli->json) {
        if (walk->broken_at == 0)
            (void)fprintf(cli->out, "The audit chain is whole: %" PRId64 " rows, last hash %s\n",
                          walk->seq, hash);
        return OK;
    }
    cli_json(cli, &b, &j);
    jw_object(&j);
    jw_put_bool(&j, "ok", walk->broken_at == 0);
    jw_put_int(&j, "rows", walk->seq);
    jw_put_str(&j, "last_hash", hash);
    jw_key(&j, "first_bad");
    if (walk->broken_at)
        jw_int(&j, walk->broken_at);
    else
        jw_null(&j);
    jw_put_str(&j, "why", walk->broken_at ? walk->why : NULL);
    jw_end(&j);
    return cli_json_done(cli, &b, &j);
}

static enum err exec(struct cli *cli)
{
    struct local local;
    struct audit_walk walk;
    enum err err = local_open(cli, &local);
    if (err == OK)
        err = chain_walk(cli->ctx, local.store, &walk);
    local_close(&local);
    if (err == OK)
        err = report(cli, &walk);
    if (err == OK && walk.broken_at)
        return ctx_fail(cli->ctx, ERR_CORRUPT, "The audit chain is broken at row %" PRId64 ": %s",
                        walk.broken_at, walk.why);
    return err;
}

const struct command command_audit_verify = {
    .name = "audit verify",
    .words = "",
    .summary = "Check that no row of the audit record was changed or removed",
    .help = "The last hash that is printed stands for the whole record: note it elsewhere, and a "
            "later\n"
            "record that does not contain it has lost rows at its end.",
    .exec = exec,
};
