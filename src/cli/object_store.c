/*
 * object_store.c - putting the settings of the object store together.
 *
 * A key and its secret come from one place or not at all: half of one pair and half of another
 * would only be refused by the server, with a message that blames the wrong half. Keys alone do
 * not send anything anywhere: a machine may have AWS keys for other reasons, so a bucket must be
 * named too, or a name of Cadence's be in use, whose bucket has a standard name.
 */
#include "cli/object_store.h"

#include <string.h>
#include <unistd.h>

#include "base/config_value.h"
#include "base/log.h"
#include "cli/profile.h"

#define CADENCE_BUCKET "cadence-plugins"

struct reading {
    struct ctx *ctx;
    const struct cli *cli;
    struct profile profile;
    struct object_store_settings *out;
    bool cadence; /* a name of Cadence's is in use */
    bool trimmed; /* blanks stood around a key */
};

struct value {
    const char *text; /* NULL = not set */
    const char *where;
};

static struct value of_row(const struct reading *r, const char *key)
{
    for (size_t i = 0; i < config_count(r->cli->config); i++) {
        struct config_value v;
        config_at(r->cli->config, i, &v);
        if (strcmp(v.row->key, key) == 0)
            return (struct value){config_text(r->cli->config, key), v.where};
    }
    return (struct value){NULL, "default"};
}

static void show(struct reading *r, const char *key, const char *value, const char *where)
{
    struct object_store_settings *out = r->out;
    if (out->shown_count == OBJECT_STORE_SHOWN)
        return;
    out->shown[out->shown_count].key = key;
    out->shown[out->shown_count].value = value;
    out->shown[out->shown_count++].where = where;
}

static const char *profile_name(const struct reading *r, const char *path)
{
    const char *text = str_printf(r->ctx->arena, "profile %s in %s", r->profile.name,
                                  path ? path : "no file");
    return text ? text : "profile";
}

/* The row's value, else that of the profile. */
static struct value of_row_or_profile(struct reading *r, const char *key, const char *other)
{
    struct value v = of_row(r, key);
    if (v.text == NULL && other) {
        v = (struct value){other, profile_name(r, r->profile.config)};
        show(r, key, v.text, v.where);
    }
    return v;
}

/* Blanks around a key come from copying it; they are never part of one. */
static struct value of_secret(struct reading *r, const char *key)
{
    struct value v = of_row(r, key);
    if (v.text == NULL)
        return v;
    struct slice text = slice_trim(slice_of(v.text));
    if (text.n == strlen(v.text))
        return v;
    r->trimmed |= text.n > 0;
    v.text = text.n ? slice_dup(r->ctx->arena, text) : NULL;
    return v;
}

static bool is_cadences(const char *where)
{
    return strncmp(where, "variable CADENCE_", 17) == 0;
}

/* "variable AWS_SECRET_ACCESS_KEY" and "variable AWS_ACCESS_KEY_ID" are of one family. */
static bool same_family(const char *a, const char *b)
{
    static const char *const families[] = {"variable AWS_", "variable CADENCE_",
                                           "variable LARDER_"};
    for (size_t i = 0; i < sizeof families / sizeof *families; i++) {
        size_t n = strlen(families[i]);
        bool in_a = strncmp(a, families[i], n) == 0, in_b = strncmp(b, families[i], n) == 0;
        if (in_a != in_b)
            return false;
    }
    return true;
}

/* auto, on, off, and what Cadence writes: true, false, 1, 0. */
static enum err read_switch(struct reading *r, bool *off)
{
    static const struct config_row flag = {.type = CONFIG_BOOL};
    struct value v = of_row(r, "s3-enabled");
    char wanted[160];
    int64_t on = 1;
    *off = false;
    if (v.text == NULL || slice_is_nocase(slice_of(v.text), "auto"))
        return OK;
    if (!config_value_read(&flag, slice_of(v.text), &on, wanted, sizeof wanted))
        return ctx_fail_field(r->ctx, ERR_INVALID, "s3-enabled",
                              "%s: s3-enabled must be one of auto, on, off", v.where);
    *off = on == 0;
    return OK;
}

/* "bucket", or "s3://bucket/prefix". */
static enum err read_bucket(struct reading *r, struct value *bucket)
{
    struct s3_options *o = &r->out->options;
    struct value prefix = of_row(r, "s3-prefix");
    *bucket = of_row(r, "s3-bucket");
    if (bucket->text == NULL && r->cadence) {
        *bucket = (struct value){CADENCE_BUCKET, "the name that Cadence uses"};
        show(r, "s3-bucket", bucket->text, bucket->where);
    }
    o->bucket = bucket->text;
    o->prefix = prefix.text;
    struct slice text = slice_of(bucket->text);
    if (slice_starts(text, "s3://")) {
        text = slice_sub(text, 5, text.n);
        size_t slash = slice_find(text, '/');
        struct slice rest = slice_sub(text, slash + 1, text.n);
        o->bucket = slice_dup(r->ctx->arena, slice_sub(text, 0, slash));
        if (rest.n && prefix.text)
            return ctx_fail_field(r->ctx, ERR_INVALID, "s3-prefix",
                                  "s3-prefix and the prefix in s3-bucket cannot both be set");
        if (rest.n)
            o->prefix = slice_dup(r->ctx->arena, rest);
        if (o->bucket == NULL || (rest.n && o->prefix == NULL))
            return ctx_no_memory(r->ctx);
    }
    if (o->prefix && *o->prefix && !slice_ends(slice_of(o->prefix), "/")) {
        o->prefix = str_printf(r->ctx->arena, "%s/", o->prefix);
        if (o->prefix == NULL)
            return ctx_no_memory(r->ctx);
    }
    return OK;
}

/* Both halves, or the sentence that names what is missing. */
static const char *read_keys(struct reading *r, const char **where)
{
    struct s3_options *o = &r->out->options;
    struct value key = of_secret(r, "s3-access-key"), secret = of_secret(r, "s3-secret-key");
    struct value token = of_secret(r, "s3-session-token");
    *where = key.where;
    if (!key.text && !secret.text && r->profile.key && r->profile.secret) {
        *where = profile_name(r, r->profile.credentials);
        o->key = r->profile.key;
        o->secret = r->profile.secret;
        o->token = r->profile.token;
        show(r, "s3-access-key", o->key, *where);
        show(r, "s3-secret-key", "********", *where);
        if (o->token)
            show(r, "s3-session-token", "********", *where);
        return NULL;
    }
    if (!key.text && !secret.text) {
        if (r->profile.trouble)
            return r->profile.trouble;
        if (r->profile.named && !r->profile.found)
            return "AWS_PROFILE names a profile that is in no file; set it right, or set "
                   "AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY";
        if (r->profile.key || r->profile.secret)
            return "The profile has half a pair of keys: aws_access_key_id and "
                   "aws_secret_access_key must both be there";
        return "AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY (or CADENCE_S3_ACCESS_KEY_ID and "
               "CADENCE_S3_SECRET_ACCESS_KEY) are not set";
    }
    if (!key.text)
        return "The secret key is set, but its access key is not: AWS_ACCESS_KEY_ID (or "
               "CADENCE_S3_ACCESS_KEY_ID) is missing or blank";
    if (!secret.text)
        return "The access key is set, but its secret is not: AWS_SECRET_ACCESS_KEY (or "
               "CADENCE_S3_SECRET_ACCESS_KEY) is missing or blank";
    if (!same_family(key.where, secret.where))
        return "The access key and its secret come from two different places, so they are halves "
               "of "
               "two pairs; set both by the names of one (AWS_ or CADENCE_S3_)";
    o->key = key.text;
    o->secret = secret.text;
    o->token = token.text && same_family(key.where, token.where) ? token.text : NULL;
    return NULL;
}

static void read_rest(struct reading *r, struct value *endpoint, struct value *region)
{
    const struct config *config = r->cli->config;
    struct object_store_settings *out = r->out;
    const char *style = config_text(config, "s3-addressing");
    const char *layout = config_text(config, "s3-cadence-layout");
    *endpoint = of_row_or_profile(r, "s3-endpoint", r->profile.endpoint);
    *region = of_row_or_profile(r, "s3-region", r->profile.region);
    struct value ca = of_row_or_profile(r, "s3-ca-file", r->profile.ca_file);
    out->options.endpoint = endpoint->text;
    out->options.region = region->text;
    out->options.ca_file = ca.text;
    /* AWS wants the bucket in the name, its imitators in the path. */
    bool aws = endpoint->text == NULL;
    out->options.virtual_host = strcmp(style, "virtual") == 0 ||
                                (strcmp(style, "auto") == 0 && aws);
    out->options.plain_http = config_bool(config, "s3-plain-http");
    out->options.timeout_ms = (int)config_int(config, "s3-timeout");
    out->create_bucket = config_bool(config, "s3-create-bucket");
    out->sync = strcmp(config_text(config, "s3-mode"), "sync") == 0;
    out->cadence_layout = strcmp(layout, "on") == 0 || (strcmp(layout, "auto") == 0 && r->cadence);
}

/* A name of Cadence's counts only where it says which store: its switch alone does not. */
static bool names_cadence(const struct reading *r)
{
    static const char *const keys[] = {"s3-bucket", "s3-endpoint", "s3-access-key",
                                       "s3-secret-key"};
    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++)
        if (is_cadences(of_row(r, keys[i]).where))
            return true;
    return false;
}

/* Nothing is sent: the client looks at its options and says what it thinks of them. */
static enum err try_client(struct ctx *ctx, struct object_store_settings *out)
{
    struct s3 *s3;
    const char *ca = out->options.ca_file;
    enum err err = OK;
    if (ca && access(ca, R_OK) != 0) /* each request would fail, as if the store were away */
        err = ctx_fail_field(ctx, ERR_INVALID, "s3-ca-file", "s3-ca-file: %s cannot be read", ca);
    else
        err = s3_open(ctx, &out->options, &s3);
    if (err == OK) {
        out->name = slice_dup(ctx->arena, slice_of(s3_name(s3)));
        s3_close(s3);
        return out->name ? OK : ctx_no_memory(ctx);
    }
    if (err != ERR_INVALID)
        return err;
    out->state = OBJECT_STORE_LOCAL_ONLY;
    out->why = slice_dup(ctx->arena, slice_of(ctx_sentence(ctx)));
    ctx_forgive(ctx);
    return out->why ? OK : ctx_no_memory(ctx);
}

enum err object_store_read(struct ctx *ctx, const struct cli *cli,
                           struct object_store_settings *out)
{
    struct reading r = {.ctx = ctx, .cli = cli, .out = out};
    struct value bucket, endpoint, region;
    const char *keys_where;
    bool off;
    *out = (struct object_store_settings){.origins = ""};
    enum err err = read_switch(&r, &off);
    if (err == OK)
        err = profile_read(ctx, cli->env, &r.profile);
    r.cadence = err == OK && names_cadence(&r);
    if (err == OK)
        err = read_bucket(&r, &bucket);
    if (err != OK)
        return err;
    read_rest(&r, &endpoint, &region);
    const char *missing = read_keys(&r, &keys_where);
    out->state = off                       ? OBJECT_STORE_OFF
                 : missing || !bucket.text ? OBJECT_STORE_LOCAL_ONLY
                                           : OBJECT_STORE_READY;
    out->why = off       ? "Switched off by s3-enabled"
               : missing ? missing
                         : "There are keys, but no bucket is named: LARDER_S3_BUCKET is not set";
    out->warning = r.profile.trouble;
    if (r.trimmed)
        out->warning = "Blanks around a key or its secret were left out";
    err = out->state == OBJECT_STORE_READY ? try_client(ctx, out) : OK;
    if (err != OK)
        return err;
    out->origins = str_printf(ctx->arena, "bucket: %s; endpoint: %s; region: %s; keys: %s",
                              bucket.where, endpoint.text ? endpoint.where : "AWS",
                              region.text ? region.where : "us-east-1", keys_where);
    return out->origins ? OK : ctx_no_memory(ctx);
}

void object_store_say(struct ctx *ctx, const struct object_store_settings *settings)
{
    switch (settings->state) {
    case OBJECT_STORE_OFF:
        log_line(ctx->log, LOG_INFO, NULL, "object_store.off", "why", settings->why, NULL);
        break;
    case OBJECT_STORE_LOCAL_ONLY:
        log_line(ctx->log, LOG_WARN, NULL, "object_store.local_only", "why", settings->why, NULL);
        break;
    case OBJECT_STORE_READY:
        log_line(ctx->log, LOG_INFO, NULL, "object_store", "name", settings->name, "from",
                 settings->origins, NULL);
        if (settings->warning)
            log_line(ctx->log, LOG_WARN, NULL, "object_store.settings", "why", settings->warning,
                     NULL);
        break;
    }
}

enum err object_store_need(struct cli *cli, struct s3 **out)
{
    struct object_store_settings settings;
    enum err err = object_store_read(cli->ctx, cli, &settings);
    cli->usage |= err == ERR_INVALID;
    if (err != OK)
        return err;
    if (settings.state != OBJECT_STORE_READY)
        return cli_usage(cli, "There is no object store: %s", settings.why);
    return s3_open(cli->ctx, &settings.options, out);
}
