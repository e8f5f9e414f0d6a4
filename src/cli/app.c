/*
 * app.c - the order in which a server comes up and goes down.
 *
 * Up: folder and lock, routes, listening, database, rules, start-up work, ready. The server listens
 * before the database is open, so that a long migration does not look like a dead process. Down:
 * the same backwards; requests in flight end first.
 */
#include "cli/app.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "api/admission.h"
#include "api/answer_cache.h"
#include "api/event_feed.h"
#include "api/row_cache.h"
#include "api/surface.h"
#include "auth/guard.h"
#include "base/crypto.h"
#include "base/log.h"
#include "base/metrics.h"
#include "base/tls.h"
#include "blob/ahead.h"
#include "cli/demo.h"
#include "cli/folder.h"
#include "cli/guard.h"
#include "cli/replicate.h"
#include "cli/restored.h"
#include "cli/settings_check.h"
#include "cli/stores.h"
#include "cli/v1_open.h"
#include "cli/watch.h"
#include "cli/work.h"
#include "cli/workroom.h"
#include "domain/events.h"
#include "domain/setup.h"
#include "domain/users.h"
#include "http/assets.h"

enum {
    JOB_MEMORY = 16 << 20,
    UPLOADS_AT_ONCE = 16, /* packages of full size in memory at one time */
    UPLOAD_WAIT_MS = 10000,
    ANSWER_BYTES = 32 << 20, /* of rendered lists kept in memory */
    ROW_BYTES = 8 << 20      /* of rendered rows */
};

/* The memory of a crash may hold secrets. */
static void forbid_core_dumps(const struct config *config)
{
    const struct rlimit none = {0, 0};
    if (!config_bool(config, "core-dumps"))
        (void)setrlimit(RLIMIT_CORE, &none);
}

static enum err open_log(struct app *app)
{
    enum log_level level = LOG_INFO;
    (void)log_level_of(config_text(app->cli->config, "log-level"), &level); /* a choice: known */
    app->log = log_open(STDERR_FILENO, level);
    if (app->log == NULL)
        return ctx_no_memory(app->cli->ctx);
    app->cli->ctx->log = app->log;
    return OK;
}

static enum err open_folder(struct app *app)
{
    struct ctx *ctx = app->cli->ctx;
    enum err err = folder_make(ctx, app->data);
    if (err == OK)
        err = folder_lock(ctx, app->data, &app->lock);
    if (err != OK)
        return err;
    const char *mark = folder_file(ctx, app->data, FOLDER_RESTORE_MARK);
    if (mark && access(mark, F_OK) == 0)
        return ctx_fail(
            ctx, ERR_CONFLICT,
            "A restore into %s was interrupted; run `larder restore FILE --force` again",
            app->data);
    return mark ? swap_resume(ctx, app->data, &app->restored) : ctx_no_memory(ctx);
}

static enum err open_metrics(struct app *app)
{
    struct ctx *ctx = app->cli->ctx;
    size_t count = router_count(app->router);
    struct metrics_route *names = arena_array(ctx->arena, count, sizeof *names);
    if (names == NULL)
        return ctx_no_memory(ctx);
    for (size_t i = 0; i < count; i++) {
        const struct route *route = router_at(app->router, i);
        names[i] = (struct metrics_route){method_name(route->method), route->pattern};
    }
    app->metrics = metrics_new(names, count);
    app->gauges = (struct gauges){&app->store, &app->readiness.open, &app->domain,
                                  (double)ctx->now / 1000};
    if (app->metrics == NULL || !gauges_add(app->metrics, &app->gauges))
        return ctx_no_memory(ctx);
    return OK;
}

static enum err open_events(struct app *app)
{
    int max = (int)config_int(app->cli->config, "events-max");
    app->events = events_open();
    if (app->events == NULL)
        return ctx_no_memory(app->cli->ctx);
    const struct event_feed_parts parts = {&app->domain, app->events, &app->auth};
    enum err err = event_feed_open(app->cli->ctx, &parts, max, &app->api.feed);
    if (err == OK && !event_feed_count(app->api.feed, app->metrics))
        err = ctx_no_memory(app->cli->ctx);
    return err;
}

/* From a handler: no further request is let through, and the main thread starts anew. */
static void start_anew(void *arg)
{
    struct app *app = arg;
    atomic_store_explicit(&app->readiness.open, false, memory_order_release);
    atomic_store(&app->start_anew, true);
    (void)kill(getpid(),
               SIGUSR1); /* every thread blocks it: it arrives where signals are awaited */
}

/* The probe's question to the database: a small one that reads a page of it. */
static bool database_up(void *arg)
{
    struct app *app = arg;
    struct arena arena;
    struct ctx ctx;
    bool any;
    arena_init(&arena, JOB_MEMORY);
    ctx_init(&ctx, &arena, &clock_system, app->log, "readyz");
    enum err err = users_any_admin(&ctx, &app->domain, &any);
    arena_free(&arena);
    return err == OK;
}

static enum err open_api(struct app *app)
{
    struct ctx *ctx = app->cli->ctx;
    const struct config *config = app->cli->config;
    size_t max_upload = (size_t)config_int(config, "max-upload");
    app->readiness.database_up = database_up;
    app->readiness.arg = app;
    shelf_init(&app->shelf, app->data, &app->domain);
    app->shelf.start_anew = start_anew;
    app->shelf.arg = app;
    app->api = (struct api){
        .domain = &app->domain,
        .feed = app->api.feed,
        .auth = &app->auth,
        .config = config,
        .metrics = app->metrics,
        .log = app->log,
        .readiness = &app->readiness,
        .router = app->router,
        .assets = app->assets,
        .answers = answer_cache_new(ANSWER_BYTES),
        .rows = row_cache_new(ROW_BYTES),
        .backups = &app->shelf.keeper,
        .uploads = admission_new(UPLOADS_AT_ONCE * max_upload, UPLOAD_WAIT_MS),
        .max_upload = max_upload,
        .version = LARDER_VERSION,
        .started_at = ctx->now,
    };
    return app->api.answers && app->api.rows && app->api.uploads ? OK : ctx_no_memory(ctx);
}

/* The TLS library's own words for a file that is not there help nobody. */
static enum err load_certificate(struct ctx *ctx, const struct config *config, struct tls *tls)
{
    static const char *const keys[] = {"tls-cert", "tls-key"};
    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++) {
        const char *path = config_text(config, keys[i]);
        if (access(path, R_OK) != 0)
            return ctx_fail_field(ctx, ERR_IO, keys[i], "%s: %s cannot be read: %s", keys[i], path,
                                  strerror(errno));
    }
    const char *fault = tls_load(tls, config_text(config, keys[0]), config_text(config, keys[1]));
    return fault ? ctx_fail_field(ctx, ERR_INVALID, "tls-cert", "tls-cert and tls-key: %s", fault)
                 : OK;
}

static enum err open_tls(struct app *app)
{
    struct ctx *ctx = app->cli->ctx;
    const struct config *config = app->cli->config;
    bool wanted = config_text(config, "tls-cert") != NULL;
    if (wanted != (config_text(config, "tls-key") != NULL))
        return ctx_fail(ctx, ERR_INVALID, "tls-cert and tls-key are set together or not at all");
    if (wanted && (app->options.tls = tls_new()) == NULL)
        return ctx_no_memory(ctx);
    return wanted ? load_certificate(ctx, config, app->options.tls) : OK;
}

enum err app_renew_certificate(struct ctx *ctx, struct app *app)
{
    return app->options.tls ? load_certificate(ctx, app->cli->config, app->options.tls) : OK;
}

static enum err start_server(struct app *app)
{
    const struct config *config = app->cli->config;
    app->options = (struct server_options){
        .listen = app->listen,
        .threads = (int)config_int(config, "threads"),
        .public_url = config_text(config, "public-url"),
        .allowed_hosts = config_text(config, "allowed-hosts"),
        .cors_origins = config_text(config, "cors-origins"),
        .trusted_proxies = config_text(config, "trusted-proxies"),
        .per_address_max = (int)config_int(config, "per-address-max"),
        .access_log = config_bool(config, "access-log"),
        .sockets = app->sockets,
        .socket_count = notify_sockets(app->cli->env, app->sockets),
    };
    const struct server_hooks hooks = {.app = &app->api,
                                       .guard = guard_hook,
                                       .surfaces = api_surfaces,
                                       .surface_count = api_surface_count};
    enum err err = open_tls(app);
    if (err == OK)
        err = v1_open_check(app->cli->ctx, config, (size_t)app->options.socket_count);
    if (err != OK)
        return err;
    return server_start(app->cli->ctx, &app->options, app->router, &hooks, &clock_system, app->log,
                        app->metrics, &app->server);
}

static enum err open_auth(struct app *app)
{
    struct ctx *ctx = app->cli->ctx;
    const struct config *config = app->cli->config;
    struct auth_options options = {
        .login_limit = (int)config_int(config, "login-limit"),
        .login_window_ms = config_int(config, "login-window"),
        .tenant_limit = (int)config_int(config, "tenant-limit"),
        .tenant_window_ms = config_int(config, "tenant-window"),
        .trusted_issuer = config_text(config, "trusted-issuer"),
        .trusted_audience = config_text(config, "trusted-audience"),
    };
    const char *pem = config_text(config, "trusted-key");
    enum err err = pem ? settings_blame(ctx, folder_read(ctx, pem, &options.trusted_key),
                                        "trusted-key")
                       : OK;
    return err == OK ? auth_open(ctx, &app->auth, &app->domain, &options) : err;
}

static enum err open_database(struct app *app)
{
    struct ctx *ctx = app->cli->ctx;
    const struct config *config = app->cli->config;
    unsigned char key[FOLDER_KEY_BYTES];
    struct store_options options = {
        .path = folder_file(ctx, app->data, "larder.db"),
        .allow_network_fs = config_bool(config, "allow-network-fs"),
        .log = app->log,
    };
    struct store *store = NULL;
    if (options.path == NULL)
        return ctx_no_memory(ctx);
    options.create = config_bool(config, "migrate") || access(options.path, F_OK) != 0;
    enum err err = store_open(ctx, &options, &store);
    if (err != OK)
        return err;
    __atomic_store_n(&app->store, store, __ATOMIC_RELEASE); /* the gauges look at it already */
    err = folder_key(ctx, app->data, key);
    if (err == OK)
        err = domain_open(ctx, &app->domain, store, key);
    crypto_wipe(key, sizeof key);
    if (err != OK)
        return err;
    app->domain.events = app->events;
    app->domain.limits.access_ttl_ms = config_int(config, "access-token-ttl");
    app->domain.limits.refresh_ttl_ms = config_int(config, "refresh-token-ttl");
    return open_auth(app);
}

static enum err make_first_admin(struct app *app)
{
    const char *password = config_text(app->cli->config, "admin-password");
    bool made = false;
    if (password == NULL)
        return OK;
    struct ctx *ctx = app->cli->ctx;
    enum err err = settings_blame(
        ctx, identity_bootstrap(ctx, &app->domain, slice_of(password), &made), "admin-password");
    if (err == OK && made)
        log_line(app->log, LOG_INFO, NULL, "admin.created", "username", "admin", NULL);
    return err;
}

/* Before any handler may run, so that no upload meets the sweep. */
static enum err open_catalog(struct app *app)
{
    struct ctx *ctx = app->cli->ctx;
    const struct config *config = app->cli->config;
    swap_sweep(ctx, app->data); /* copies that nobody decided for */
    enum err err = stores_open(ctx, config, app->data, &app->domain);
    if (err == OK)
        err = stores_reconcile(ctx, &app->domain);
    if (err == OK && (app->domain.ahead = ahead_open(app->domain.blobs, ctx->clock)) == NULL)
        err = ctx_no_memory(ctx);
    if (err == OK && config_bool(config, "demo"))
        err = demo_fill(ctx, &app->domain, app->cli->err);
    return err;
}

static enum err open_watch(struct app *app)
{
    struct ctx *ctx = app->cli->ctx;
    const char *root = stores_plugin_root(ctx, app->cli->config, app->data);
    return root ? watch_open(ctx, &app->domain, root, &app->watch) : ctx_no_memory(ctx);
}

static enum err start(struct app *app, struct cli *cli, const char *listen)
{
    memset(app, 0, sizeof *app);
    app->cli = cli;
    app->listen = listen;
    app->lock = -1;
    app->data = config_text(cli->config, "data");
    forbid_core_dumps(cli->config);
    enum err err = settings_check(cli->ctx, cli->config);
    if (err == OK)
        err = open_log(app);
    if (err == OK)
        err = open_folder(app);
    if (err == OK)
        err = router_new(cli->ctx, api_tables, api_table_count, &app->router);
    if (err == OK)
        err = guard_check_routes(cli->ctx, app->router);
    if (err == OK)
        err = open_metrics(app);
    if (err == OK)
        err = open_events(app);
    if (err == OK)
        err = settings_blame(
            cli->ctx, assets_open(cli->ctx, config_text(cli->config, "web-dir"), &app->assets),
            "web-dir");
    if (err == OK)
        err = open_api(app);
    if (err == OK)
        err = start_server(app);
    app->proves_restore = err == OK && app->restored.token && app->restored.why == NULL;
    if (err == OK)
        err = open_database(app);
    if (err == OK)
        err = make_first_admin(app);
    if (err == OK)
        err = open_catalog(app);
    if (err == OK)
        err = replicate_open(cli, &app->domain);
    if (err == OK)
        err = work_open(cli, app->data, &app->domain, &app->shelf);
    if (err == OK)
        err = restored_note(cli->ctx, app->data, app->store, &app->restored);
    if (err != OK)
        return err;
    atomic_store_explicit(&app->readiness.open, true, memory_order_release);
    workroom_sweep(cli->ctx, app->data);
    if ((err = open_watch(app)) != OK)
        return err;
    atomic_store(&app->readiness.loaded, true);
    return OK;
}

/* What concerns the data alone, and came with a restore, is answered by what was there before it. */
static enum err start_or_go_back(struct app *app, struct cli *cli, const char *listen)
{
    enum err err = start(app, cli, listen);
    if (err == OK || !app->proves_restore ||
        restored_take_back(cli->ctx, app->data, &app->restored) != OK)
        return err;
    app_stop(app);
    cli->ctx->now = clock_wall_ms(cli->ctx->clock);
    return start(app, cli, listen);
}

enum err app_start(struct app *app, struct cli *cli)
{
    return start_or_go_back(app, cli, config_text(cli->config, "listen"));
}

/* A port that the kernel chose is kept, or nobody would find us again. */
static const char *same_place(const struct app *app)
{
    size_t n = strlen(app->listen);
    const char *url = server_url(app->server), *host = strstr(url, "://");
    if (n < 2 || strcmp(app->listen + n - 2, ":0") != 0 || strchr(app->listen, ',') || !host)
        return app->listen;
    return slice_dup(app->cli->ctx->arena, slice_of(host + 3));
}

enum err app_restart(struct app *app)
{
    struct cli *cli = app->cli;
    const char *listen = same_place(app);
    app_stop(app);
    cli->ctx->now = clock_wall_ms(cli->ctx->clock);
    *app = (struct app){.cli = cli, .lock = -1};
    return listen ? start_or_go_back(app, cli, listen) : ctx_no_memory(cli->ctx);
}

void app_tend(struct app *app)
{
    struct arena arena;
    struct ctx ctx;
    arena_init(&arena, JOB_MEMORY);
    ctx_init(&ctx, &arena, &clock_system, app->log, "tend");
    if (domain_tend(&ctx, &app->domain) != OK)
        log_line(app->log, LOG_WARN, "tend", "tend.failed", "why", ctx_sentence(&ctx), "cause",
                 ctx.fault.cause, NULL);
    arena_free(&arena);
}

void app_stop(struct app *app)
{
    bool ended_well = atomic_exchange(&app->readiness.loaded, false);
    work_stop(&app->domain); /* a request that waits for a job must not hold up the end */
    watch_close(app->watch);
    event_feed_stop(app->api.feed); /* first: workers of encrypted streams wait for it */
    if (app->server)
        server_stop(app->server, APP_STOP_MS);
    tls_free(app->options.tls);
    work_close(&app->domain);
    replicate_close(&app->domain);
    if (ended_well) {
        app_tend(app);
        stores_stopped(app->cli->ctx, &app->domain);
    }
    ahead_close(app->domain.ahead);
    stores_close(&app->domain);
    auth_close(&app->auth);
    if (app->domain.store)
        domain_close(&app->domain);
    if (app->store)
        store_close(app->store);
    event_feed_close(app->api.feed);
    events_close(app->events);
    admission_free(app->api.uploads);
    row_cache_free(app->api.rows);
    answer_cache_free(app->api.answers);
    assets_close(app->assets);
    metrics_free(app->metrics);
    router_free(app->router);
    folder_unlock(app->lock);
    app->cli->ctx->log = NULL;
    log_close(app->log);
}
