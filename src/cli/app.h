/*
 * app.h - one running server with everything that belongs to it.
 *
 * All state hangs from here; nothing is global, so two of them can live in one process.
 */
#ifndef LARDER_CLI_APP_H
#define LARDER_CLI_APP_H

#include "api/api.h"
#include "api/ops_api.h"
#include "auth/auth.h"
#include "cli/command.h"
#include "cli/gauges.h"
#include "cli/notify.h"
#include "cli/shelf.h"
#include "cli/swap.h"
#include "domain/domain.h"
#include "http/server.h"

enum {
    APP_STOP_MS = 3500
}; /* for requests in flight; with the last checkpoint it stays below 5 s */

struct watch;

struct app {
    struct cli *cli;
    const char *data;
    int lock; /* of the data folder, -1 = not held */
    struct log *log;
    struct router *router;
    struct metrics *metrics;
    struct gauges gauges;
    struct assets *assets;
    struct readiness readiness;
    struct events *events;
    struct store *store;
    struct domain domain;
    struct auth auth;
    struct api api;
    struct server_options options; /* the server reads them while it runs */
    int sockets[NOTIFY_SOCKETS];
    struct watch *watch; /* of the plugin store, NULL = none */
    struct server *server;
    struct shelf shelf;
    struct swap_done restored; /* by this start */
    bool proves_restore;       /* this start has opened what was restored */
    const char *listen;        /* where to, as set or as before a restart */
    _Atomic bool start_anew;   /* a restore was decided: app_restart is due, SIGUSR1 says so */
};

/*
 * Starts everything in order; when it returns OK, the server answers. cli->config is loaded.
 * app_stop follows in any case.
 */
enum err app_start(struct app *app, struct cli *cli) MUST_USE;
/* Stops it and starts it again at the same address. app_stop follows in any case. */
enum err app_restart(struct app *app) MUST_USE;
/* Reads the certificate's files again; new connections are shown it. A pair that is wrong changes
 * nothing. */
enum err app_renew_certificate(struct ctx *ctx, struct app *app) MUST_USE;
/* Once a minute: what the rules want done in the background. */
void app_tend(struct app *app);
void app_stop(struct app *app);

#endif
