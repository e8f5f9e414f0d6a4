/*
 * probe.c - what is on this machine, and whether a sandbox can really be made with it.
 *
 * Versions and settings of the kernel say little: a container, a security module or a service
 * manager may refuse what they promise. So the first question runs Python inside once, and what came
 * of it is the answer until the process ends. Whoever wants to run something comes by here first.
 */
#include <limits.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "sandbox/room.h"
#include "sandbox/run.h"

#define BWRAP "/usr/bin/bwrap"

enum { PROBE_MEMORY = 4 << 20, PROBE_WALL_MS = 20000, MINOR_MIN = 9 };

static const char *const pythons[] = {"/usr/bin/python3", "/usr/local/bin/python3"};

struct probe {
    pthread_mutex_t lock;
    bool done;
    char reason[REASON_MAX];  /* empty = usable */
    char missing[REASON_MAX]; /* of the two programs; empty = both are there */
};

static char *copy_executable(const char *path)
{
    struct stat st;
    bool runs = stat(path, &st) == 0 && S_ISREG(st.st_mode) && access(path, X_OK) == 0;
    return runs ? strdup(path) : NULL;
}

/* Whoever named a path wants to hear of that path, not of what the machine may have besides. */
static void say_missing(struct probe *p, const struct sandbox_options *o, const struct sandbox *s)
{
    const char *setting = s->bwrap == NULL ? "bwrap" : "python";
    const char *given = s->bwrap == NULL ? o->bwrap : o->python;
    if (s->bwrap && s->python)
        return;
    if (given)
        (void)snprintf(p->missing, sizeof p->missing, "%s names %.300s, which cannot be run",
                       setting, given);
    else
        (void)snprintf(p->missing, sizeof p->missing, "%s is not installed",
                       s->bwrap == NULL ? "bubblewrap (bwrap)" : "Python 3");
}

/* An interpreter below /usr is called by its name; one elsewhere by where it really is, so that its
 * own folder is all that has to be mounted. */
static bool find_python(struct sandbox *s, const char *given)
{
    char real[PATH_MAX];
    size_t count = given ? 1 : sizeof pythons / sizeof *pythons;
    for (size_t i = 0; s->python == NULL && i < count; i++)
        s->python = copy_executable(given ? given : pythons[i]);
    if (s->python == NULL || strncmp(s->python, "/usr/", 5) == 0 || !realpath(s->python, real))
        return true;
    free(s->python);
    s->python = strdup(real);
    for (int up = 0; up < 2; up++) { /* <home>/bin/python3 */
        char *slash = strrchr(real, '/');
        if (slash)
            *slash = '\0';
    }
    if (real[0] != '\0' && strcmp(real, "/usr") != 0)
        s->python_home = strdup(real);
    return s->python != NULL;
}

static bool make_probe(struct sandbox *s)
{
    s->probe = calloc(1, sizeof *s->probe);
    if (s->probe && pthread_mutex_init(&s->probe->lock, NULL) == 0)
        return true;
    free(s->probe);
    s->probe = NULL;
    return false;
}

enum err sandbox_open(struct ctx *ctx, const struct sandbox_options *options, struct sandbox **out)
{
    struct sandbox *s = calloc(1, sizeof *s); /* ended by sandbox_close */
    *out = s;
    if (s == NULL)
        return ctx_no_memory(ctx);
    s->as_root = geteuid() == 0;
    s->users = user_range();
    s->bwrap = copy_executable(options->bwrap ? options->bwrap : BWRAP);
    s->hidden = options->hidden ? realpath(options->hidden, NULL) : NULL;
    if (make_probe(s) && find_python(s, options->python)) {
        say_missing(s->probe, options, s);
        return OK;
    }
    sandbox_close(s);
    *out = NULL;
    return ctx_no_memory(ctx);
}

void sandbox_close(struct sandbox *sandbox)
{
    if (sandbox == NULL)
        return;
    if (sandbox->probe)
        (void)pthread_mutex_destroy(&sandbox->probe->lock);
    free(sandbox->probe);
    free(sandbox->bwrap);
    free(sandbox->python);
    free(sandbox->python_home);
    free(sandbox->hidden);
    free(sandbox);
}

const char *sandbox_python(const struct sandbox *sandbox)
{
    return sandbox ? sandbox->python : NULL;
}

static struct slice first_line(struct slice text)
{
    struct slice line = SLICE_NONE;
    (void)slice_split(&text, '\n', &line);
    return slice_sub(line, 0, REASON_MAX / 2);
}

/* What the run says of Python: it must have ended well and be new enough. */
static void judge_python(struct probe *p, const struct sandbox *s, const struct sandbox_result *r)
{
    struct slice minor = first_line(r->out);
    int64_t n = 0;
    if (r->end != SANDBOX_EXITED || r->status != 0 || !slice_to_i64(minor, &n))
        (void)snprintf(p->reason, sizeof p->reason,
                       "Python at %s does not run inside a sandbox: %.*s", s->python,
                       SLICE_ARGS(first_line(r->err)));
    else if (n < MINOR_MIN)
        (void)snprintf(p->reason, sizeof p->reason,
                       "Python at %s is 3.%d; plugins are checked with 3.%d or newer", s->python,
                       (int)n, MINOR_MIN);
}

/* Its minor version, or 0 where it is no Python 3. */
#define PRINT_MINOR "import sys; v = sys.version_info; print(v[1] if v[0] == 3 else 0)"

static void try_it(struct probe *p, const struct sandbox *s)
{
    const char *const argv[] = {s->python, "-I", "-c", PRINT_MINOR, NULL};
    const struct sandbox_run run = {
        .argv = argv,
        .limits = {.memory_bytes = 256 << 20,
                   .file_bytes = 1 << 20,
                   .cpu_seconds = 10,
                   .wall_ms = PROBE_WALL_MS,
                   .processes = 8,
                   .files = 64,
                   .output_max = 4096},
    };
    struct arena arena;
    struct ctx ctx;
    struct sandbox_result result;
    arena_init(&arena, PROBE_MEMORY);
    ctx_init(&ctx, &arena, &clock_system, NULL, "sandbox");
    if (run_unjudged(&ctx, s, &run, &result) == OK)
        judge_python(p, s, &result);
    else
        (void)snprintf(p->reason, sizeof p->reason,
                       "This machine refuses to make a sandbox (%.300s)",
                       ctx.fault.cause[0] ? ctx.fault.cause : ctx_sentence(&ctx));
    arena_free(&arena);
}

const char *sandbox_missing(const struct sandbox *sandbox)
{
    return sandbox->probe->missing[0] ? sandbox->probe->missing : NULL;
}

const char *sandbox_reason(const struct sandbox *sandbox)
{
    if (sandbox == NULL)
        return "No sandbox was set up in this process";
    struct probe *p = sandbox->probe;
    if (p->missing[0])
        return p->missing;
    (void)pthread_mutex_lock(&p->lock);
    if (!p->done)
        try_it(p, sandbox);
    p->done = true;
    (void)pthread_mutex_unlock(&p->lock);
    return p->reason[0] ? p->reason : NULL;
}

enum err sandbox_run(struct ctx *ctx, const struct sandbox *sandbox, const struct sandbox_run *run,
                     struct sandbox_result *out)
{
    const char *reason = sandbox_reason(sandbox);
    if (reason)
        return ctx_fail(ctx, ERR_BUSY, "%s", reason);
    if (run->cancel && atomic_load(run->cancel)) {
        *out = (struct sandbox_result){.end = SANDBOX_CANCELLED};
        return OK;
    }
    return run_unjudged(ctx, sandbox, run, out);
}
