/*
 * serve.c - `larder serve`: says where it listens, then waits for signals.
 *
 * The main thread does nothing but wait; requests are served by the server's own threads. Signals
 * are blocked before the first thread is made, so they all arrive here, in order, one at a time.
 */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/log.h"
#include "cli/app.h"
#include "cli/notify.h"
#include "cli/replicate.h"
#include "cli/settings.h"
#include "cli/setup_link.h"
#include "cli/verbs.h"
#include "domain/users.h"
#include "http/server.h"

enum { TEND_MS = 60000 };

static void block_signals(sigset_t *set)
{
    static const int wanted[] = {SIGTERM, SIGINT, SIGHUP, SIGQUIT, SIGUSR1};
    (void)sigemptyset(set);
    for (size_t i = 0; i < sizeof wanted / sizeof *wanted; i++)
        (void)sigaddset(set, wanted[i]);
    (void)pthread_sigmask(SIG_BLOCK, set, NULL);
    (void)signal(SIGPIPE, SIG_IGN); /* a client that went away is an error of its write, no more */
}

static void say_changed(void *arg, const struct config_row *row, bool applied)
{
    struct app *app = arg;
    log_line(app->log, applied ? LOG_INFO : LOG_WARN, NULL,
             applied ? "setting.changed" : "setting.needs_restart", "key", row->key, NULL);
}

/* SIGHUP: what is live takes effect, the rest is named; a file that is wrong changes nothing. The
 * certificate is renewed by programs that know no setting of ours, so it does not wait for those. */
static void reload(struct app *app)
{
    struct arena arena;
    struct ctx ctx;
    char text[64];
    (void)snprintf(text, sizeof text, "RELOADING=1\nMONOTONIC_USEC=%lld",
                   (long long)clock_mono_ms(&clock_system) * 1000);
    notify_send(app->cli->env, text);
    arena_init(&arena, 16 << 20);
    ctx_init(&ctx, &arena, &clock_system, app->log, "reload");
    if (app_renew_certificate(&ctx, app) != OK)
        log_line(app->log, LOG_ERROR, NULL, "certificate.refused", "why", ctx_sentence(&ctx), NULL);
    ctx_forgive(&ctx);
    if (settings_reload(&ctx, app->cli, say_changed, app) == OK &&
        replicate_reload(&ctx, app->cli, &app->domain) == OK) {
        enum log_level level;
        if (log_level_of(config_text(app->cli->config, "log-level"), &level))
            log_set_level(app->log, level);
        log_line(app->log, LOG_INFO, NULL, "reloaded", NULL);
    } else {
        log_line(app->log, LOG_ERROR, NULL, "reload.refused", "why", ctx_sentence(&ctx), NULL);
    }
    arena_free(&arena);
    notify_send(app->cli->env, "READY=1");
}

/* Until somebody wants us to end; or, true, to start anew. */
static bool wait_for_end(struct app *app, const sigset_t *set)
{
    int64_t watchdog = notify_watchdog_ms(app->cli->env);
    int64_t every = watchdog > 0 && watchdog < TEND_MS ? watchdog : TEND_MS;
    int64_t tended = clock_mono_ms(&clock_system);
    const struct timespec patience = {every / 1000, (every % 1000) * 1000000};
    for (;;) {
        int got = sigtimedwait(set, NULL, &patience);
        if (got == SIGHUP)
            reload(app);
        else if (got == SIGUSR1 && atomic_load(&app->start_anew))
            return true;
        else if (got > 0 && got != SIGUSR1)
            return false;
        if (watchdog > 0)
            notify_send(app->cli->env, "WATCHDOG=1");
        if (clock_mono_ms(&clock_system) - tended >= TEND_MS) {
            app_tend(app);
            tended = clock_mono_ms(&clock_system);
        }
    }
}

/* The one line on stdout, and the way in where nobody can sign in yet. */
static enum err announce(struct app *app)
{
    struct cli *cli = app->cli;
    bool any = true;
    const char *url = server_url(app->server);
    enum err err = users_any_admin(cli->ctx, &app->domain, &any);
    if (err != OK)
        return err;
    (void)fprintf(cli->out, "larder %s listening on %s\n", LARDER_VERSION, url);
    if (fflush(cli->out) != 0)
        return ctx_fail(cli->ctx, ERR_IO, "The output could not be written");
    log_line(app->log, LOG_INFO, NULL, "started", "version", LARDER_VERSION, "url", url, "data",
             app->data, NULL);
    return any ? OK : setup_link_print(cli, &app->domain, url, cli->err);
}

/* Serves until the end, starting anew as often as a restore wants it. */
static enum err serve(struct app *app, const sigset_t *set)
{
    enum err err = announce(app);
    while (err == OK) {
        notify_send(app->cli->env, "READY=1");
        if (!wait_for_end(app, set))
            break;
        log_line(app->log, LOG_INFO, NULL, "restarting", NULL);
        notify_send(app->cli->env, "RELOADING=1");
        err = app_restart(app);
        if (err == OK)
            err = announce(app);
    }
    if (err == OK)
        log_line(app->log, LOG_INFO, NULL, "stopping", NULL);
    return err;
}

static enum err exec(struct cli *cli)
{
    struct app app;
    sigset_t set;
    enum err err = settings_load(cli);
    if (err != OK)
        return err;
    block_signals(&set);
    err = app_start(&app, cli);
    if (err == OK)
        err = serve(&app, &set);
    notify_send(cli->env, "STOPPING=1");
    app_stop(&app);
    return err;
}

const struct command command_serve = {
    .name = "serve",
    .words = "",
    .summary = "Run the server; no flag is needed",
    .help =
        "It prints one line on standard output once it answers. Where no administrator exists, a\n"
        "link to make one follows on standard error; it is good for 30 minutes and once.\n"
        "SIGTERM ends requests in flight and then the server; SIGHUP reads the settings and the "
        "files\n"
        "of the certificate again.",
    .exec = exec,
};
