/*
 * settings.c - THE table of settings, and which file they are read from.
 *
 * A row here is all it takes: the flag, the variable, the line in the file, `larder config` and the
 * table in the README come from it. Names that Cadence users know are accepted as aliases; other
 * variables that begin with CADENCE_ are left alone, while an unknown LARDER_ one is refused.
 */
#include "cli/settings.h"

#include <unistd.h>

#include "base/config.h"

enum { MINUTE = 60000, DAY = 86400000 };

// clang-format off
const struct config_row settings_rows[] = {
    {.key = "config", .env = "LARDER_CONFIG", .type = CONFIG_PATH,
     .help = "file with settings; without it larder.conf in the data folder, where there is one"},
    {.key = "data", .env = "LARDER_DATA", .type = CONFIG_PATH,
     .standard = "$STATE_DIRECTORY|$XDG_DATA_HOME/larder|$HOME/.local/share/larder|./larder-data",
     .help = "folder that holds everything; made with mode 0700"},
    {.key = "listen", .env = "LARDER_LISTEN", .type = CONFIG_LIST, .standard = "127.0.0.1:8080",
     .help = "addresses to listen on; port 0 takes a free one"},
    {.key = "public-url", .env = "LARDER_PUBLIC_URL", .type = CONFIG_STRING,
     .help = "address that users type, where a proxy stands in front; its host is allowed"},
    {.key = "allowed-hosts", .env = "LARDER_ALLOWED_HOSTS", .type = CONFIG_LIST,
     .help = "host names to answer for beside IP addresses, localhost and the public URL's"},
    {.key = "cors-origins", .env = "LARDER_CORS_ORIGINS", .alias = "CADENCE_CORS_ORIGINS", .type = CONFIG_LIST,
     .help = "origins whose scripts may read answers; * is any, without credentials"},
    {.key = "trusted-proxies", .env = "LARDER_TRUSTED_PROXIES", .type = CONFIG_LIST,
     .help = "addresses whose X-Forwarded-For and X-Forwarded-Proto count"},
    {.key = "tls-cert", .env = "LARDER_TLS_CERT", .type = CONFIG_PATH,
     .help = "certificate chain in PEM; with tls-key the server speaks HTTPS"},
    {.key = "tls-key", .env = "LARDER_TLS_KEY", .type = CONFIG_PATH,
     .help = "private key in PEM of tls-cert"},
    {.key = "web-dir", .env = "LARDER_WEB_DIR", .type = CONFIG_PATH,
     .help = "folder to serve the web pages from instead of the built-in ones, while developing"},
    {.key = "threads", .env = "LARDER_THREADS", .type = CONFIG_INT, .standard = "640", .min = 4, .max = 4096,
     .help = "connections served at once"},
    {.key = "per-address-max", .env = "LARDER_PER_ADDRESS_MAX", .type = CONFIG_INT, .standard = "128", .min = 0, .max = 4096,
     .help = "connections of one address at once; 0 = any; loopback and trusted proxies are exempt"},
    {.key = "events-max", .env = "LARDER_EVENTS_MAX", .type = CONFIG_INT, .standard = "500", .min = 0, .max = 10000,
     .help = "event streams open at once; over TLS a quarter of threads at most"},
    {.key = "access-token-ttl", .env = "LARDER_ACCESS_TOKEN_TTL", .alias = "CADENCE_ACCESS_TOKEN_TTL_SECONDS",
     .type = CONFIG_DURATION, .standard = "3h", .min = MINUTE, .max = 30LL * DAY,
     .help = "how long an access token is good for"},
    {.key = "refresh-token-ttl", .env = "LARDER_REFRESH_TOKEN_TTL", .alias = "CADENCE_REFRESH_TOKEN_TTL_SECONDS",
     .type = CONFIG_DURATION, .standard = "7d", .min = MINUTE, .max = 365LL * DAY,
     .help = "how long a session can be renewed"},
    {.key = "login-limit", .env = "LARDER_LOGIN_LIMIT", .type = CONFIG_INT, .standard = "10", .min = 1, .max = 64,
     .help = "wrong passwords per account or address within login-window before it is told to wait"},
    {.key = "login-window", .env = "LARDER_LOGIN_WINDOW", .type = CONFIG_DURATION, .standard = "5m", .min = 1000, .max = DAY,
     .help = "the time in which they are counted"},
    {.key = "tenant-limit", .env = "LARDER_TENANT_LIMIT", .type = CONFIG_INT, .standard = "0", .min = 0, .max = 1000000,
     .help = "requests of one organization answered within tenant-window; 0 = any number"},
    {.key = "tenant-window", .env = "LARDER_TENANT_WINDOW", .type = CONFIG_DURATION, .standard = "1m", .min = 1000, .max = DAY,
     .help = "the time in which they are counted"},
    {.key = "trusted-key", .env = "LARDER_TRUSTED_KEY", .type = CONFIG_PATH,
     .help = "RSA public key in PEM of a third party whose RS256 tokens are accepted"},
    {.key = "trusted-issuer", .env = "LARDER_TRUSTED_ISSUER", .type = CONFIG_STRING,
     .help = "what such a token must name as its issuer"},
    {.key = "trusted-audience", .env = "LARDER_TRUSTED_AUDIENCE", .type = CONFIG_STRING,
     .help = "what such a token must name as its audience"},
    {.key = "max-upload", .env = "LARDER_MAX_UPLOAD", .alias = "MAX_PLUGIN_UPLOAD_BYTES CADENCE_MAX_PLUGIN_UPLOAD_BYTES",
     .type = CONFIG_BYTES, .standard = "5MiB", .min = 1024, .max = 64 << 20,
     .help = "largest package that is accepted"},
    {.key = "findings-block", .env = "LARDER_FINDINGS_BLOCK", .type = CONFIG_LIST, .standard = "off",
     .help = "what code may not touch in an upload: network, process, files, dynamic, obfuscation, secret; off refuses nothing"},
    {.key = "url", .env = "LARDER_URL", .type = CONFIG_STRING,
     .help = "server that list, upload and the like speak to; without it they use the data folder"},
    {.key = "token", .env = "LARDER_TOKEN", .type = CONFIG_SECRET,
     .help = "API key or access token for the server at url"},
    {.key = "system-plugins", .env = "LARDER_SYSTEM_PLUGINS", .alias = "CADENCE_SYSTEM_PLUGINS_DIR", .type = CONFIG_PATH,
     .help = "root of the extracted system plugins; plugins/system in the data folder where it is not set"},
    {.key = "tenant-plugins", .env = "LARDER_TENANT_PLUGINS", .alias = "CADENCE_TENANT_PLUGINS_ROOT", .type = CONFIG_PATH,
     .help = "root of the extracted plugins of orgs; plugins/tenants in the data folder where it is not set"},
    {.key = "job-threads", .env = "LARDER_JOB_THREADS", .type = CONFIG_INT, .standard = "2", .min = 1, .max = 16,
     .help = "jobs that are done at once: health checks, installations"},
    {.key = "store-plugin", .env = "LARDER_STORE_PLUGIN", .alias = "CADENCE_STORE_PLUGIN", .type = CONFIG_PATH, .standard = "./store_plugin",
     .help = "folder of extracted v1 plugins; a relative path lies in the data folder"},
    {.key = "store-archived", .env = "LARDER_STORE_ARCHIVED", .alias = "CADENCE_STORE_ARCHIVED", .type = CONFIG_PATH, .standard = "./store_archived",
     .help = "folder of the archives of v1 plugins; a relative path lies in the data folder"},
    {.key = "directory-plugins", .env = "LARDER_DIRECTORY_PLUGINS", .alias = "CADENCE_ENABLE_DIRECTORY_PLUGINS", .type = CONFIG_BOOL, .standard = "false",
     .help = "take what is dropped into store-plugin, as folders or ZIPs named {name}-{version}, for v1 uploads"},
    {.key = "install-wait", .env = "LARDER_INSTALL_WAIT", .type = CONFIG_DURATION, .standard = "120s", .min = 0, .max = 3600000,
     .help = "how long an upload over the v1 API waits for its dependencies before it is answered 202"},
    {.key = "v1-auth", .env = "LARDER_V1_AUTH", .type = CONFIG_CHOICE, .standard = "token", .choices = "token|off",
     .help = "who may use /api/v1: holders of cadence:system:plugins:write, or anybody on this machine (off; loopback only)"},
    {.key = "dependencies", .env = "LARDER_DEPENDENCIES", .type = CONFIG_CHOICE, .choices = "off|check|install",
     .help = "what is done with the packages a plugin declares; install where there is a wheelhouse or an index, else check"},
    {.key = "wheelhouse", .env = "LARDER_WHEELHOUSE", .type = CONFIG_PATH,
     .help = "folder of wheels that dependencies are installed from, without network"},
    {.key = "index-url", .env = "LARDER_INDEX_URL", .type = CONFIG_SECRET,
     .help = "package index to install from where there is no wheelhouse; it may hold a password"},
    {.key = "install-timeout", .env = "LARDER_INSTALL_TIMEOUT", .type = CONFIG_DURATION, .standard = "10m", .min = 1000, .max = DAY,
     .help = "how long one installation may take"},
    {.key = "install-max-bytes", .env = "LARDER_INSTALL_MAX_BYTES", .type = CONFIG_BYTES, .standard = "1GiB", .min = 1024, .max = 1LL << 40,
     .help = "largest environment of one set of dependencies"},
    {.key = "install-max-files", .env = "LARDER_INSTALL_MAX_FILES", .type = CONFIG_INT, .standard = "50000", .min = 10, .max = 10000000,
     .help = "most files of one"},
    {.key = "s3-enabled", .env = "LARDER_S3_ENABLED", .alias = "CADENCE_PLUGIN_S3_ENABLED CADENCE_S3_ENABLED",
     .type = CONFIG_STRING, .standard = "auto",
     .help = "object store: auto and on use it where keys and a bucket are set; off never does"},
    {.key = "s3-bucket", .env = "LARDER_S3_BUCKET", .alias = "CADENCE_S3_BUCKET_NAME", .type = CONFIG_STRING,
     .help = "bucket, or s3://bucket/prefix"},
    {.key = "s3-prefix", .env = "LARDER_S3_PREFIX", .type = CONFIG_STRING,
     .help = "goes before every key in the bucket, such as team/larder"},
    {.key = "s3-endpoint", .env = "LARDER_S3_ENDPOINT", .alias = "AWS_ENDPOINT_URL_S3 AWS_ENDPOINT_URL CADENCE_S3_ENDPOINT_URL",
     .type = CONFIG_STRING,
     .help = "https://host:port of the object store; without it AWS"},
    {.key = "s3-region", .env = "LARDER_S3_REGION", .alias = "AWS_REGION AWS_DEFAULT_REGION CADENCE_S3_REGION", .type = CONFIG_STRING,
     .help = "region that requests are signed for; us-east-1 where it is not set"},
    {.key = "s3-access-key", .env = "LARDER_S3_ACCESS_KEY", .alias = "AWS_ACCESS_KEY_ID CADENCE_S3_ACCESS_KEY_ID",
     .type = CONFIG_STRING, .live = true,
     .help = "access key; where none is set, that of the AWS profile"},
    {.key = "s3-secret-key", .env = "LARDER_S3_SECRET_KEY", .alias = "AWS_SECRET_ACCESS_KEY CADENCE_S3_SECRET_ACCESS_KEY",
     .type = CONFIG_SECRET, .live = true,
     .help = "secret of the access key"},
    {.key = "s3-session-token", .env = "LARDER_S3_SESSION_TOKEN", .alias = "AWS_SESSION_TOKEN", .type = CONFIG_SECRET, .live = true,
     .help = "token of a temporary access key"},
    {.key = "s3-ca-file", .env = "LARDER_S3_CA_FILE", .alias = "AWS_CA_BUNDLE", .type = CONFIG_PATH,
     .help = "certificates in PEM that the object store's is checked against; without it the system's"},
    {.key = "s3-addressing", .env = "LARDER_S3_ADDRESSING", .type = CONFIG_CHOICE, .standard = "auto", .choices = "auto|path|virtual",
     .help = "host/bucket or bucket.host; auto is path where an endpoint is set"},
    {.key = "s3-plain-http", .env = "LARDER_S3_PLAIN_HTTP", .type = CONFIG_BOOL, .standard = "false",
     .help = "accept an http:// endpoint on another machine, where everybody on the way reads along"},
    {.key = "s3-timeout", .env = "LARDER_S3_TIMEOUT", .type = CONFIG_DURATION, .standard = "15s", .min = 500, .max = 10 * MINUTE,
     .help = "how long a request may take, without the time for its bytes at 50 kB/s"},
    {.key = "s3-create-bucket", .env = "LARDER_S3_CREATE_BUCKET", .type = CONFIG_BOOL, .standard = "false",
     .help = "make the bucket where it does not exist"},
    {.key = "s3-mode", .env = "LARDER_S3_MODE", .type = CONFIG_CHOICE, .standard = "async", .choices = "async|sync",
     .help = "async answers an upload when it is safe here; sync when it is in the bucket, else 503"},
    {.key = "s3-poll", .env = "LARDER_S3_POLL", .type = CONFIG_DURATION, .standard = "2s", .min = 50, .max = 60 * MINUTE,
     .help = "shortest wait between two looks for other nodes' changes; fifteen times that while all is quiet"},
    {.key = "s3-snapshot-every", .env = "LARDER_S3_SNAPSHOT_EVERY", .type = CONFIG_INT, .standard = "1000", .min = 5, .max = 1000000,
     .help = "changes after which the whole catalog is written to the bucket again, for nodes that begin anew"},
    {.key = "node-name", .env = "LARDER_NODE_NAME", .type = CONFIG_STRING,
     .help = "how this node is called where several share a bucket; without it its host's name"},
    {.key = "s3-cadence-layout", .env = "LARDER_S3_CADENCE_LAYOUT", .type = CONFIG_CHOICE, .standard = "auto", .choices = "auto|on|off",
     .help = "write the layout that Cadence workers read as well; auto does where CADENCE_S3_ names are in use"},
    {.key = "download-redirect", .env = "LARDER_DOWNLOAD_REDIRECT", .type = CONFIG_CHOICE, .standard = "off", .choices = "off|presigned",
     .help = "send downloads of what is in the bucket there, with an address that is good for a minute"},
    {.key = "backup-s3-every", .env = "LARDER_BACKUP_S3_EVERY", .type = CONFIG_DURATION, .standard = "0", .min = 0, .max = 31LL * DAY,
     .help = "back up to the bucket this often while the server runs; 0 = never"},
    {.key = "backup-s3-keep", .env = "LARDER_BACKUP_S3_KEEP", .type = CONFIG_INT, .standard = "14", .min = 1, .max = 10000,
     .help = "backups of this node to keep in the bucket; older ones are deleted after a new one"},
    {.key = "backup-s3-key", .env = "LARDER_BACKUP_S3_KEY", .type = CONFIG_SECRET,
     .help = "key that seals backups in the bucket, made by `larder backup s3 --new-key FILE`"},
    {.key = "backup-s3-unsealed", .env = "LARDER_BACKUP_S3_UNSEALED", .type = CONFIG_BOOL, .standard = "false",
     .help = "back up to the bucket without such a key; whoever may read the bucket reads password hashes"},
    {.key = "demo", .env = "LARDER_DEMO", .type = CONFIG_BOOL, .standard = "false",
     .help = "fill an empty catalog with two orgs, three users and a dozen example plugins"},
    {.key = "admin-password", .env = "LARDER_ADMIN_PASSWORD", .type = CONFIG_SECRET,
     .help = "makes the user admin at start where no administrator exists; at least 12 characters"},
    {.key = "health-on-upload", .env = "LARDER_HEALTH_ON_UPLOAD", .type = CONFIG_CHOICE, .standard = "v1", .choices = "v1|all|off",
     .help = "which uploads are followed by a health check; only that of a v1 upload decides anything"},
    {.key = "health-interval", .env = "LARDER_HEALTH_INTERVAL", .type = CONFIG_INT, .standard = "24", .min = 0, .max = 8760,
     .help = "hours after which a plugin that was checked is checked again; 0 = never"},
    {.key = "health-timeout", .env = "LARDER_HEALTH_TIMEOUT", .type = CONFIG_DURATION, .standard = "30s", .min = 1000, .max = 600000,
     .help = "how long one health check may take; of CPU time it gets two thirds of that"},
    {.key = "health-memory", .env = "LARDER_HEALTH_MEMORY", .type = CONFIG_BYTES, .standard = "512MiB", .min = 64 << 20, .max = 64LL << 30,
     .help = "how much memory one health check may take"},
    {.key = "python", .env = "LARDER_PYTHON", .type = CONFIG_PATH,
     .help = "interpreter for health checks and installs; without it /usr/bin/python3, then /usr/local/bin/python3"},
    {.key = "bwrap", .env = "LARDER_BWRAP", .type = CONFIG_PATH,
     .help = "bubblewrap, which makes the sandbox they run in; without it /usr/bin/bwrap"},
    {.key = "log-level", .env = "LARDER_LOG_LEVEL", .type = CONFIG_CHOICE, .standard = "info",
     .choices = "debug|info|warn|error", .live = true,
     .help = "least level of log lines on stderr"},
    {.key = "access-log", .env = "LARDER_ACCESS_LOG", .type = CONFIG_BOOL, .standard = "false",
     .help = "one log line per request"},
    {.key = "metrics", .env = "LARDER_METRICS", .type = CONFIG_CHOICE, .standard = "token",
     .choices = "token|open", .live = true,
     .help = "who may read /metrics: holders of cadence:system:metrics:read, or anybody"},
    {.key = "migrate", .env = "LARDER_MIGRATE", .type = CONFIG_BOOL, .standard = "true",
     .help = "bring an older database up to date at start; without it an older one is refused"},
    {.key = "allow-network-fs", .env = "LARDER_ALLOW_NETWORK_FS", .type = CONFIG_BOOL, .standard = "false",
     .help = "accept a data folder on a network file system, where locks may not hold"},
    {.key = "core-dumps", .env = "LARDER_CORE_DUMPS", .type = CONFIG_BOOL, .standard = "false",
     .help = "let a crash write its memory to disk; it may hold secrets"},
};
// clang-format on
const size_t settings_count = sizeof settings_rows / sizeof *settings_rows;

/* Neither can be decided inside the file it decides about. */
static const char *const not_in_given_file[] = {"config", NULL};
static const char *const not_in_data_file[] = {"config", "data", NULL};

static void free_config(void *config)
{
    config_free(config);
}

/* Where the file is depends on settings that cannot come from it, so they are read first. */
static enum err find_file(struct ctx *ctx, struct config_input *in)
{
    struct config *first;
    enum err err = config_load(ctx, in, &first);
    if (err != OK)
        return err;
    const char *given = config_text(first, "config"), *data = config_text(first, "data");
    if (given) {
        in->file = slice_dup(ctx->arena, slice_of(given));
        in->not_in_file = not_in_given_file;
    } else {
        const char *path = str_printf(ctx->arena, "%s/larder.conf", data ? data : ".");
        in->file = path && access(path, F_OK) == 0 ? path : NULL;
        in->not_in_file = not_in_data_file;
    }
    config_free(first);
    return OK;
}

static enum err gather(struct ctx *ctx, const struct cli *cli, struct config_input *in)
{
    *in = (struct config_input){.rows = settings_rows,
                                .row_count = settings_count,
                                .prefix = "LARDER_",
                                .flags = cli->setting,
                                .flag_count = cli->setting_count,
                                .env = cli->env};
    return find_file(ctx, in);
}

enum err settings_load(struct cli *cli)
{
    struct config_input in;
    enum err err = gather(cli->ctx, cli, &in);
    if (err == OK)
        err = config_load(cli->ctx, &in, &cli->config);
    if (err == OK && arena_defer(cli->ctx->arena, free_config, cli->config) != 0)
        return ctx_no_memory(cli->ctx);
    cli->usage |= err == ERR_INVALID;
    return err;
}

enum err settings_reload(struct ctx *ctx, struct cli *cli,
                         void (*changed)(void *arg, const struct config_row *row, bool applied),
                         void *arg)
{
    struct config_input in;
    enum err err = gather(ctx, cli, &in);
    if (err != OK)
        return err;
    return config_reload(ctx, cli->config, &in, changed, arg);
}
