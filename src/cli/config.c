/*
 * config.c - `larder config`: every setting, its effective value and where that came from.
 *
 * What the profile files of the AWS command line add to the object store's is shown as well.
 * Secrets are masked where they are found (base/config.c, cli/object_store.c).
 */
#include <string.h>

#include "cli/object_store.h"
#include "cli/settings.h"
#include "cli/verbs.h"

static const char *const origin_name[] = {[CONFIG_DEFAULT] = "default",
                                          [CONFIG_FILE] = "file",
                                          [CONFIG_ENV] = "env",
                                          [CONFIG_FLAG] = "flag"};

static void put_setting(struct jw *j, const struct config_value *v)
{
    jw_object(j);
    jw_put_str(j, "key", v->row->key);
    jw_put_str(j, "value", *v->text ? v->text : NULL);
    jw_put_str(j, "origin", origin_name[v->origin]);
    jw_put_str(j, "where", v->where);
    jw_put_str(j, "variable", v->row->env);
    jw_put_str(j, "default", v->row->standard);
    jw_put_bool(j, "secret", v->row->type == CONFIG_SECRET);
    jw_put_bool(j, "reload", v->row->live);
    jw_put_str(j, "help", v->row->help);
    jw_end(j);
}

/* The effective value; a profile file may stand in where the row has none. */
static void effective(const struct cli *cli, const struct object_store_settings *store, size_t i,
                      struct config_value *v)
{
    config_at(cli->config, i, v);
    for (size_t k = 0; k < store->shown_count; k++)
        if (strcmp(store->shown[k].key, v->row->key) == 0) {
            v->text = store->shown[k].value;
            v->where = store->shown[k].where;
            v->origin = CONFIG_FILE;
        }
}

static enum err as_json(struct cli *cli, const struct object_store_settings *store)
{
    struct buf b;
    struct jw j;
    cli_json(cli, &b, &j);
    jw_array(&j);
    for (size_t i = 0; i < config_count(cli->config); i++) {
        struct config_value v;
        effective(cli, store, i, &v);
        put_setting(&j, &v);
    }
    jw_end(&j);
    return cli_json_done(cli, &b, &j);
}

static enum err exec(struct cli *cli)
{
    struct object_store_settings store;
    enum err err = settings_load(cli);
    if (err == OK)
        err = object_store_read(cli->ctx, cli, &store);
    if (err != OK)
        return err;
    if (cli->json)
        return as_json(cli, &store);
    for (size_t i = 0; i < config_count(cli->config); i++) {
        struct config_value v;
        effective(cli, &store, i, &v);
        (void)fprintf(cli->out, "%-18s %-34s %s\n", v.row->key, *v.text ? v.text : "-", v.where);
    }
    return OK;
}

const struct command command_config = {
    .name = "config",
    .words = "",
    .summary = "Print every setting, its effective value and where it came from",
    .help = "A flag wins over a variable, a variable over the file, the file over the default.\n"
            "The file holds lines `key = value`; a line that begins with # is a comment. A secret\n"
            "can stand in a file of its own: --admin-password-file, LARDER_ADMIN_PASSWORD_FILE or\n"
            "`admin-password-file = PATH`.",
    .exec = exec,
};
