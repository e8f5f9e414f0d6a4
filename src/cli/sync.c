/*
 * sync.c - `larder sync`: what is sent to the object store and fetched from it, and having it done now.
 *
 * A running server is asked at --url. Without one the data folder does it by itself, under the
 * process lock: it sends what waits, takes what others did, fetches what lacks, and ends.
 */
#include <inttypes.h>
#include <poll.h>
#include <string.h>

#include "base/clock.h"
#include "cli/target.h"
#include "cli/verbs.h"

enum { LOOK_MS = 200, PATIENCE_MS = 60000, AWAY_MS = 10000 };

#define PATH "/api/admin/replication"

static const struct cli_flag flags[] = {
    {"status", NULL, "only show how it stands"},
    {"become-writer", NULL,
     "this node is the one that publishes, where the object store cannot keep writers apart"},
    {"accept-bucket", NULL, "the bucket is another one than before, and that is right"},
    {NULL, NULL, NULL}};

static int64_t number(const struct jr *v, const char *group, const char *key)
{
    return jr_int(jr_member(jr_member(v, group), key));
}

static void print_text(struct cli *cli, const char *label, struct slice text)
{
    if (text.n)
        (void)fprintf(cli->out, "%-12s %.*s\n", label, SLICE_ARGS(text));
}

static void print_status(struct cli *cli, const struct jr *v)
{
    print_text(cli, "state", jr_str(jr_member(v, "state")));
    print_text(cli, "why", jr_str(jr_member(v, "reason")));
    print_text(cli, "store", jr_str(jr_member(v, "store")));
    print_text(cli, "node", jr_str(jr_member(v, "name")));
    print_text(cli, "writer", jr_str(jr_member(v, "writer")));
    (void)fprintf(cli->out, "%-12s %" PRId64 " changes, %" PRId64 " bytes\n", "waiting",
                  number(v, "backlog", "changes"), number(v, "backlog", "bytes"));
    (void)fprintf(cli->out, "%-12s entry %" PRId64 " of %" PRId64 "\n", "log",
                  number(v, "log", "applied"), number(v, "log", "head"));
    (void)fprintf(cli->out, "%-12s %" PRId64 " to fetch\n", "packages",
                  number(v, "packages", "missing"));
    (void)fprintf(cli->out, "%-12s %" PRId64 " open\n", "conflicts",
                  jr_int(jr_member(v, "conflicts")));
    print_text(cli, "last success", jr_str(jr_member(v, "last_success_at")));
    const struct jr *nodes = jr_member(v, "nodes");
    for (size_t i = 0; i < jr_count(nodes); i++) {
        const struct jr *n = jr_item(nodes, i);
        (void)fprintf(cli->out, "%-12s %.*s at entry %" PRId64 ", seen %.*s\n", i ? "" : "nodes",
                      SLICE_ARGS(jr_str(jr_member(n, "name"))), jr_int(jr_member(n, "applied")),
                      SLICE_ARGS(jr_str(jr_member(n, "seen_at"))));
    }
}

/* ------------------------------------------------------------------ waiting for it */

static bool is_state(const struct jr *v, const char *state)
{
    return slice_is(jr_str(jr_member(v, "state")), state);
}

static bool speaks(const struct jr *v)
{
    return is_state(v, "online") || is_state(v, "single-writer");
}

/* How it stood when it was asked: what was so before is no answer. */
struct asked {
    struct slice success_at, error_at;
};

/* A state that does not pass by itself, entered or found again after we asked. */
static bool is_hopeless(const struct jr *v, const struct asked *asked)
{
    if (is_state(v, "disabled") || is_state(v, "local-only"))
        return true;
    return !speaks(v) && !is_state(v, "starting") && !is_state(v, "offline") &&
           !slice_eq(jr_str(jr_member(v, "last_error_at")), asked->error_at);
}

/* Everything is where it should be, and that was seen after we asked. */
static bool is_done(const struct jr *v, const struct asked *asked)
{
    bool reads = is_state(v, "single-writer") && jr_str(jr_member(v, "writer")).n > 0;
    return speaks(v) && !slice_eq(jr_str(jr_member(v, "last_success_at")), asked->success_at) &&
           (number(v, "backlog", "changes") == 0 || reads) && number(v, "log", "lag") == 0 &&
           number(v, "packages", "missing") == 0;
}

struct progress {
    int64_t waiting, missing, applied, moved_at;
    int64_t away_at; /* since when the store does not answer; 0 = it does, or was not asked yet */
};

/* One line whenever something moved. */
static void show_progress(struct cli *cli, const struct jr *v, struct progress *p)
{
    int64_t at = clock_mono_ms(cli->ctx->clock);
    struct progress now = {number(v, "backlog", "changes"), number(v, "packages", "missing"),
                           number(v, "log", "applied"), p->moved_at, 0};
    if (is_state(v, "offline"))
        now.away_at = p->away_at ? p->away_at : at;
    p->away_at = now.away_at;
    bool moved = now.waiting != p->waiting || now.missing != p->missing ||
                 now.applied != p->applied;
    if (!moved)
        return;
    *p = now;
    p->moved_at = at;
    if (!cli->json)
        (void)fprintf(cli->err,
                      "%.*s: %" PRId64 " changes to send, %" PRId64
                      " packages to fetch, entry %" PRId64 " of %" PRId64 "\n",
                      SLICE_ARGS(jr_str(jr_member(v, "state"))), p->waiting, p->missing, p->applied,
                      number(v, "log", "head"));
}

static enum err give_up(struct cli *cli, const struct jr *v)
{
    struct slice why = jr_str(jr_member(v, "reason"));
    return ctx_fail(cli->ctx, is_state(v, "offline") ? ERR_BUSY : ERR_CONFLICT,
                    "Not synchronized (%.*s): %.*s; %" PRId64 " changes wait, and nothing is lost",
                    SLICE_ARGS(jr_str(jr_member(v, "state"))), (int)(why.n < 300 ? why.n : 300),
                    why.p ? why.p : "", number(v, "backlog", "changes"));
}

/* Looks until it is done, hopeless, the store has not answered for ten seconds, or
 * nothing has moved for a whole one. */
static enum err wait_for(struct cli *cli, struct target *t, const struct asked *asked)
{
    struct arena *all = cli->ctx->arena, scratch;
    struct progress p = {-1, -1, -1, clock_mono_ms(cli->ctx->clock), 0};
    bool done = false;
    enum err err = OK;
    arena_init(&scratch, 8 << 20);
    while (err == OK && !done) {
        const struct jr *v;
        struct slice text;
        arena_reset(&scratch);
        cli->ctx->arena = &scratch;
        err = target_get(cli, t, PATH, &v, &text);
        if (err == OK) {
            show_progress(cli, v, &p);
            done = is_done(v, asked);
        }
        int64_t now = clock_mono_ms(cli->ctx->clock);
        bool stands = now - p.moved_at > PATIENCE_MS || (p.away_at && now - p.away_at > AWAY_MS);
        if (err == OK && !done && (is_hopeless(v, asked) || stands))
            err = give_up(cli, v);
        cli->ctx->arena = all;
        if (err == OK && !done)
            (void)poll(NULL, 0, LOOK_MS);
    }
    arena_free(&scratch);
    return err;
}

/* ------------------------------------------------------------------ the verb */

static enum err ask(struct cli *cli, struct target *t, const char *what, const struct jr **v)
{
    const struct target_request req = {
        .method = "POST", .path = str_printf(cli->ctx->arena, PATH "/%s", what), .out = -1};
    struct target_answer answer;
    if (req.path == NULL)
        return ctx_no_memory(cli->ctx);
    enum err err = target_run(cli, t, &req, &answer);
    return err == OK ? jr_parse_object(cli->ctx, answer.body, v) : err;
}

static enum err show(struct cli *cli, struct target *t)
{
    const struct jr *v;
    struct slice text;
    enum err err = target_get(cli, t, PATH, &v, &text);
    if (err != OK)
        return err;
    if (cli->json)
        (void)fprintf(cli->out, "%.*s\n", SLICE_ARGS(text));
    else
        print_status(cli, v);
    return OK;
}

static enum err decide(struct cli *cli, struct target *t, const struct jr **v)
{
    /* a node that has just been started does not know yet what it speaks to */
    int64_t begun = clock_mono_ms(cli->ctx->clock);
    struct slice text;
    enum err err = target_get(cli, t, PATH, v, &text);
    while (err == OK && is_state(*v, "starting") &&
           clock_mono_ms(cli->ctx->clock) - begun < PATIENCE_MS) {
        (void)poll(NULL, 0, LOOK_MS);
        err = target_get(cli, t, PATH, v, &text);
    }
    if (err == OK && cli_has(cli, "become-writer"))
        err = ask(cli, t, "writer", v);
    if (err == OK && cli_has(cli, "accept-bucket"))
        err = ask(cli, t, "bucket", v);
    return err;
}

static enum err exec(struct cli *cli)
{
    struct target *t = NULL;
    const struct jr *v = NULL;
    bool only_show = cli_has(cli, "status");
    enum err err = target_open(cli, !only_show, &t);
    if (err == OK)
        err = target_replicate(cli, t, !only_show);
    if (err == OK && !only_show && (cli_has(cli, "become-writer") || cli_has(cli, "accept-bucket")))
        err = decide(cli, t, &v);
    if (err == OK && !only_show)
        err = ask(cli, t, "sync", &v);
    if (err == OK && !only_show) {
        const struct asked asked = {jr_str(jr_member(v, "last_success_at")),
                                    jr_str(jr_member(v, "last_error_at"))};
        err = wait_for(cli, t, &asked);
    }
    if (err == OK)
        err = show(cli, t);
    target_close(t);
    return err;
}

const struct command command_sync = {
    .name = "sync",
    .words = "",
    .summary = "Send and fetch what the object store lacks and this node lacks, now",
    .help =
        "With --url the running server there does it; without, the data folder itself, while no\n"
        "server runs on it. It ends when nothing waits any more, or says what stands in the way: "
        "with\n"
        "exit status 1 where the store does not answer for 10 seconds, 4 where somebody must act.",
    .flags = flags,
    .exec = exec,
};
