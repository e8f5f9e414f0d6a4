/*
 * token.c - `larder token create | list | revoke`: API keys for programs.
 *
 * The text of a key is printed once, when it is made, and cannot be had again.
 */
#include "cli/local.h"
#include "cli/verbs.h"
#include "domain/keys.h"
#include "domain/users.h"

enum { SCOPES_MAX = 64 };

static const struct cli_flag create_flags[] = {
    {"user", "NAME", "whose key it is"},
    {"scopes", "LIST",
     "permissions, separated by commas: what the key may do of what its owner may"},
    {"org", "ID", "bind the key to one organisation"},
    {"days", "N", "how long it is good for; without it, it does not expire"},
    {NULL, NULL, NULL}};

static const struct cli_flag list_flags[] = {
    {"user", "NAME", "of this user only"}, {"all", NULL, "revoked ones too"}, {NULL, NULL, NULL}};

static void put_key(struct jw *j, const struct api_key *key, const char *raw)
{
    jw_object(j);
    jw_put_str(j, "id", key->id);
    jw_put_str(j, "user_id", key->user_id);
    jw_put_str(j, "name", key->name);
    jw_put_str(j, "prefix", key->prefix);
    jw_key(j, "scopes");
    jw_array(j);
    for (size_t i = 0; i < key->scope_count; i++)
        jw_str(j, key->scopes[i]);
    jw_end(j);
    jw_put_str(j, "org_id", key->org_id);
    jw_put_time(j, "created_at", key->created_at);
    jw_put_time(j, "expires_at", key->expires_at);
    jw_put_time(j, "last_used_at", key->last_used_at);
    jw_put_time(j, "revoked_at", key->revoked_at);
    if (raw)
        jw_put_str(j, "key", raw);
    jw_end(j);
}

/* The id of the user that --user names. */
static enum err find_owner(struct cli *cli, struct domain *domain, const char **id)
{
    const char *name = cli_value(cli, "user");
    struct user user;
    bool found;
    if (name == NULL)
        return OK;
    enum err err = users_find_username(cli->ctx, domain, slice_of(name), &user, &found);
    if (err == OK && !found)
        return ctx_fail(cli->ctx, ERR_NOT_FOUND, "There is no user '%s'", name);
    *id = user.id;
    return err;
}

static enum err read_flags(struct cli *cli, struct key_new *what, struct slice scopes[SCOPES_MAX])
{
    enum { DAY_MS = 86400000, YEARS_100 = 36500 };
    struct slice rest = slice_of(cli_value(cli, "scopes")), part;
    const char *days = cli_value(cli, "days");
    uint64_t n = 0;
    if (cli_value(cli, "user") == NULL || rest.n == 0)
        return cli_usage(cli,
                         "--user and --scopes are needed; `larder help token create` explains");
    while (slice_split(&rest, ',', &part)) {
        if (what->scope_count == SCOPES_MAX)
            return cli_usage(cli, "--scopes names more than %d permissions", SCOPES_MAX);
        scopes[what->scope_count++] = slice_trim(part);
    }
    if (days && (!slice_to_u64(slice_of(days), &n) || n == 0 || n > YEARS_100))
        return cli_usage(cli, "--days must be a whole number from 1 to %d", YEARS_100);
    what->scopes = scopes;
    what->org_id = cli_value(cli, "org");
    what->name = slice_of(cli->word[0]);
    what->expires_at = n ? cli->ctx->now + (int64_t)n * DAY_MS : 0;
    return OK;
}

static enum err create(struct cli *cli)
{
    struct local local;
    struct api_key key;
    struct key_new what = {0};
    struct slice scopes[SCOPES_MAX];
    char raw[KEY_TEXT];
    struct buf b;
    struct jw j;
    enum err err = read_flags(cli, &what, scopes);
    if (err != OK)
        return err;
    err = local_open(cli, &local);
    if (err == OK)
        err = find_owner(cli, &local.domain, &what.user_id);
    if (err == OK)
        err = keys_create(cli->ctx, &local.domain, &local.actor, &what, &key, raw);
    local_close(&local);
    if (err != OK)
        return err;
    if (!cli->json) {
        (void)fprintf(cli->out, "%s\n", raw);
        (void)fprintf(cli->err, "Key %s. It is shown this once only.\n", key.id);
        return OK;
    }
    cli_json(cli, &b, &j);
    put_key(&j, &key, raw);
    return cli_json_done(cli, &b, &j);
}

static const char *state_of(const struct cli *cli, const struct api_key *key)
{
    return key->revoked_at ? "revoked" : keys_is_active(key, cli->ctx->now) ? "active" : "expired";
}

static enum err print_keys(struct cli *cli, const struct api_key *keys, size_t count)
{
    struct buf b;
    struct jw j;
    char when[CLOCK_TEXT];
    if (!cli->json) {
        for (size_t i = 0; i < count; i++)
            (void)fprintf(cli->out, "%s  %-8s  %s...  %-24s  made %s\n", keys[i].id,
                          state_of(cli, &keys[i]), keys[i].prefix, keys[i].name,
                          clock_format(keys[i].created_at, when));
        return OK;
    }
    cli_json(cli, &b, &j);
    jw_array(&j);
    for (size_t i = 0; i < count; i++)
        put_key(&j, &keys[i], NULL);
    jw_end(&j);
    return cli_json_done(cli, &b, &j);
}

static enum err list(struct cli *cli)
{
    struct local local;
    struct api_key *keys = NULL;
    size_t count = 0;
    const char *owner = NULL;
    enum err err = local_open(cli, &local);
    if (err == OK)
        err = find_owner(cli, &local.domain, &owner);
    if (err == OK)
        err = keys_list(cli->ctx, &local.domain, owner, cli_has(cli, "all"), &keys, &count);
    local_close(&local);
    return err == OK ? print_keys(cli, keys, count) : err;
}

static enum err revoke(struct cli *cli)
{
    struct local local;
    struct buf b;
    struct jw j;
    enum err err = local_open(cli, &local);
    if (err == OK)
        err = keys_revoke(cli->ctx, &local.domain, &local.actor, NULL, cli->word[0]);
    local_close(&local);
    if (err != OK)
        return err;
    if (!cli->json) {
        (void)fprintf(cli->out, "Revoked %s\n", cli->word[0]);
        return OK;
    }
    cli_json(cli, &b, &j);
    jw_object(&j);
    jw_put_str(&j, "id", cli->word[0]);
    jw_put_bool(&j, "revoked", true);
    jw_end(&j);
    return cli_json_done(cli, &b, &j);
}

const struct command command_token_create = {
    .name = "token create",
    .words = "LABEL",
    .summary = "Make an API key and print it, once",
    .help =
        "The key can do what its owner may and --scopes names, whichever is less. It goes into a\n"
        "request as `X-API-KEY: KEY`.",
    .flags = create_flags,
    .min_words = 1,
    .max_words = 1,
    .exec = create,
};

const struct command command_token_list = {
    .name = "token list",
    .words = "",
    .summary = "List the API keys",
    .flags = list_flags,
    .exec = list,
};

const struct command command_token_revoke = {
    .name = "token revoke",
    .words = "ID",
    .summary = "Revoke an API key, at once",
    .min_words = 1,
    .max_words = 1,
    .exec = revoke,
};
