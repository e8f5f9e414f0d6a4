/*
 * environment_build.c - pip, its limits, and a thread that looks how much it has written.
 *
 * Only built wheels are taken, so nothing of a package runs while it is installed. The kernel bounds
 * one file; the sum is bounded by the thread, which ends the run a moment after it is too much. The
 * address of an index travels in a variable and not in an argument: it may hold a password, and
 * arguments are there for everybody to see.
 */
#include "domain/environment_build.h"

#include <pthread.h>
#include <stdatomic.h>
#include <string.h>

#include "base/json_write.h"
#include "domain/environment_folder.h"
#include "sandbox/sandbox.h"

enum {
    LOOK_MS = 200,   /* between two looks at what was written */
    LOOK_SHARE = 10, /* and at least so many times as long as a look takes */
    OUTPUT_MAX = 4 << 20,
    MEMORY_MAX = 1 << 30,
    PROCESSES = 64,
    DESCRIPTORS = 256,
    ARGS_FIXED = 24,
    PROGRESS_MAX = 2048,
    PYTHON_MS = 60000
};

#define INSIDE "/environment"
static const char site_inside[] = INSIDE "/site";
static const char tmp_variable[] = "TMPDIR=" INSIDE "/tmp";
#define WHEELS_INSIDE "/wheelhouse"

/* ------------------------------------------------------------------ looking while it runs */

struct looker {
    const struct build *build;
    pthread_t thread;
    pthread_mutex_t lock;
    pthread_cond_t ended_cond;
    bool ended; /* under lock: the run is over */
    _Atomic bool cancel, too_large;
    _Atomic int64_t bytes, files; /* as last seen */
};

static bool over_after(struct looker *l, int64_t ms)
{
    struct timespec until = clock_deadline(ms);
    (void)pthread_mutex_lock(&l->lock);
    while (!l->ended)
        if (pthread_cond_timedwait(&l->ended_cond, &l->lock, &until) != 0)
            break;
    bool over = l->ended;
    (void)pthread_mutex_unlock(&l->lock);
    return over;
}

static void look_once(struct looker *l)
{
    const struct dependencies_options *o = l->build->options;
    const struct dependencies_watch *watch = l->build->watch;
    struct folder_size size;
    folder_measure(l->build->staging, o->max_bytes, o->max_files, &size);
    atomic_store(&l->bytes, size.bytes);
    atomic_store(&l->files, size.files);
    if (size.bytes > o->max_bytes || size.files > o->max_files)
        atomic_store(&l->too_large, true);
    if (atomic_load(&l->too_large) || (watch && watch->cancel && atomic_load(watch->cancel)))
        atomic_store(&l->cancel, true);
}

static void *look(void *arg)
{
    struct looker *l = arg;
    int64_t pause = LOOK_MS;
    while (!over_after(l, pause)) {
        int64_t began = clock_mono_us();
        look_once(l);
        int64_t took_ms = (clock_mono_us() - began) / 1000;
        pause = took_ms * LOOK_SHARE > LOOK_MS ? took_ms * LOOK_SHARE : LOOK_MS;
    }
    return NULL;
}

static enum err looker_start(struct ctx *ctx, struct looker *l, const struct build *build)
{
    pthread_condattr_t attr;
    *l = (struct looker){.build = build};
    (void)pthread_condattr_init(&attr); /* these cannot fail on Linux */
    (void)pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
    (void)pthread_mutex_init(&l->lock, NULL);
    (void)pthread_cond_init(&l->ended_cond, &attr);
    (void)pthread_condattr_destroy(&attr);
    if (pthread_create(&l->thread, NULL, look, l) == 0)
        return OK;
    (void)pthread_cond_destroy(&l->ended_cond);
    (void)pthread_mutex_destroy(&l->lock);
    return ctx_fail_cause(ctx, ERR_INTERNAL, "no thread to watch an installation");
}

static void looker_end(struct looker *l)
{
    (void)pthread_mutex_lock(&l->lock);
    l->ended = true;
    (void)pthread_cond_signal(&l->ended_cond);
    (void)pthread_mutex_unlock(&l->lock);
    (void)pthread_join(l->thread, NULL);
    (void)pthread_cond_destroy(&l->ended_cond);
    (void)pthread_mutex_destroy(&l->lock);
}

/* The last line that pip wrote, for whoever waits. */
static void tell(void *arg, struct slice piece)
{
    struct looker *l = arg;
    const struct dependencies_watch *watch = l->build->watch;
    char memory[PROGRESS_MAX];
    struct arena arena;
    struct buf b;
    struct jw j;
    struct slice line = SLICE_NONE, last = SLICE_NONE;
    if (watch == NULL || watch->progress == NULL)
        return;
    while (slice_split(&piece, '\n', &line))
        if (slice_trim(line).n)
            last = slice_trim(line);
    arena_init(&arena, 4 * sizeof memory);
    buf_init(&b, &arena, sizeof memory);
    jw_start(&j, &b);
    jw_object(&j);
    jw_put_text(&j, "step", slice_sub(last, 0, PROGRESS_MAX / 8));
    jw_put_int(&j, "bytes", atomic_load(&l->bytes));
    jw_put_int(&j, "files", atomic_load(&l->files));
    jw_end(&j);
    if (jw_done(&j))
        watch->progress(watch->arg, buf_view(&b));
    arena_free(&arena);
}

/* ------------------------------------------------------------------ pip */

static const char **arguments(struct ctx *ctx, const struct build *build)
{
    const struct dependencies_options *o = build->options;
    static const char *const fixed[] = {"-I",
                                        "-m",
                                        "pip",
                                        "install",
                                        "--target",
                                        site_inside,
                                        "--only-binary",
                                        ":all:",
                                        "--no-compile",
                                        "--no-cache-dir",
                                        "--disable-pip-version-check",
                                        "--no-input",
                                        "--no-warn-script-location",
                                        "--progress-bar",
                                        "off",
                                        "--root-user-action",
                                        "ignore"};
    enum { FIXED = sizeof fixed / sizeof *fixed };
    const char **argv = arena_array(ctx->arena, ARGS_FIXED + build->count, sizeof *argv);
    size_t n = 0;
    if (argv == NULL)
        return NULL;
    argv[n++] = sandbox_python(o->sandbox);
    for (size_t i = 0; i < FIXED; i++)
        argv[n++] = fixed[i];
    if (o->wheelhouse) {
        argv[n++] = "--no-index";
        argv[n++] = "--find-links";
        argv[n++] = WHEELS_INSIDE;
    }
    argv[n++] = "--"; /* a requirement is never an option */
    for (size_t i = 0; i < build->count; i++)
        argv[n++] = build->requirements[i];
    return argv;
}

/* Nothing of this process, and no settings file of pip's. */
static const char **variables(struct ctx *ctx, const struct dependencies_options *o)
{
    static const char *const fixed[] = {"PATH=/usr/local/bin:/usr/bin:/bin", "HOME=/tmp",
                                        "LANG=C.UTF-8", "PIP_CONFIG_FILE=/dev/null", tmp_variable};
    enum { FIXED = sizeof fixed / sizeof *fixed };
    const char **env = arena_array(ctx->arena, FIXED + 2, sizeof *env);
    if (env == NULL)
        return NULL;
    memcpy(env, fixed, sizeof fixed);
    if (o->wheelhouse == NULL && o->index_url) {
        env[FIXED] = str_printf(ctx->arena, "PIP_INDEX_URL=%s", o->index_url);
        if (env[FIXED] == NULL)
            return NULL;
    }
    return env;
}

static struct sandbox_limits limits_of(const struct dependencies_options *o)
{
    return (struct sandbox_limits){.memory_bytes = MEMORY_MAX,
                                   .file_bytes = o->max_bytes,
                                   .cpu_seconds = (int)(o->timeout_ms / 1000) + 1,
                                   .wall_ms = (int)o->timeout_ms,
                                   .processes = PROCESSES,
                                   .files = DESCRIPTORS,
                                   .output_max = OUTPUT_MAX};
}

static void judge_run(struct build *build, const struct sandbox_result *r)
{
    static const char *const words[] = {
        [SANDBOX_EXITED] = "",
        [SANDBOX_SIGNALED] = "The installation was ended by a signal",
        [SANDBOX_TIMED_OUT] = "The installation took too long",
        [SANDBOX_MEMORY] = "The installation needed too much memory",
        [SANDBOX_PROCESSES] = "The installation started too many processes",
        [SANDBOX_OUTPUT] = "The installation wrote too much",
        [SANDBOX_CANCELLED] = "The installation was cancelled",
    };
    build->output = slice_trim(r->err).n ? r->err : r->out;
    build->wall_ms = r->wall_ms;
    build->end = r->end == SANDBOX_EXITED      ? (r->status == 0 ? BUILD_DONE : BUILD_REFUSED)
                 : r->end == SANDBOX_TIMED_OUT ? BUILD_TIMED_OUT
                                               : BUILD_ENDED;
    build->reason = build->end == BUILD_ENDED ? words[r->end] : NULL;
}

static enum err run_pip(struct ctx *ctx, struct build *build, struct looker *l)
{
    const struct dependencies_options *o = build->options;
    const struct sandbox_mount mounts[] = {{build->staging, INSIDE, true},
                                           {o->wheelhouse, WHEELS_INSIDE, false}};
    struct sandbox_result result = {0};
    const struct sandbox_run run = {.argv = arguments(ctx, build),
                                    .env = variables(ctx, o),
                                    .mounts = mounts,
                                    .mount_count = o->wheelhouse ? 2 : 1,
                                    .network = o->wheelhouse == NULL,
                                    .limits = limits_of(o),
                                    .cancel = &l->cancel,
                                    .output = tell,
                                    .arg = l};
    if (run.argv == NULL || run.env == NULL)
        return ctx_no_memory(ctx);
    enum err err = sandbox_run(ctx, o->sandbox, &run, &result);
    if (err == OK)
        judge_run(build, &result);
    return err;
}

/* What the thread saw last may be old: the end is what counts. */
static void weigh(struct build *build, struct looker *l)
{
    const struct dependencies_options *o = build->options;
    struct folder_size size;
    folder_measure(build->staging, o->max_bytes, o->max_files, &size);
    build->bytes = size.bytes;
    build->files = size.files;
    if (atomic_load(&l->too_large) || size.bytes > o->max_bytes || size.files > o->max_files)
        build->end = BUILD_TOO_LARGE;
}

enum err environment_build(struct ctx *ctx, struct build *build)
{
    const struct dependencies_watch *watch = build->watch;
    struct looker looker;
    enum err err = looker_start(ctx, &looker, build);
    if (err != OK)
        return err;
    tell(&looker, SLICE("Starting"));
    err = run_pip(ctx, build, &looker);
    looker_end(&looker);
    if (err == OK && watch && watch->cancel && atomic_load(watch->cancel))
        return ctx_fail(ctx, ERR_BUSY, "The server stops");
    if (err == OK)
        weigh(build, &looker);
    if (err != ERR_BUSY)
        return err;
    build->end = BUILD_UNAVAILABLE;
    build->reason = slice_dup(ctx->arena, slice_of(ctx_sentence(ctx)));
    ctx_forgive(ctx);
    return OK;
}

/* Prints what decides which wheels fit; ends badly where there is no pip. */
static const char ask_python[] = "import sys, sysconfig, pip\n"
                                 "print(sys.implementation.cache_tag, sysconfig.get_platform())";

enum err environment_python(struct ctx *ctx, const struct dependencies_options *o, const char **tag,
                            const char **reason)
{
    const char *const argv[] = {sandbox_reason(o->sandbox) ? NULL : sandbox_python(o->sandbox),
                                "-I", "-c", ask_python, NULL};
    struct dependencies_options small = *o;
    struct sandbox_result r = {0};
    *tag = NULL;
    *reason = sandbox_reason(o->sandbox);
    if (*reason)
        return OK;
    small.timeout_ms = PYTHON_MS;
    const struct sandbox_run run = {.argv = argv, .limits = limits_of(&small)};
    enum err err = sandbox_run(ctx, o->sandbox, &run, &r);
    if (err != OK)
        return err;
    if (r.end != SANDBOX_EXITED || r.status != 0) {
        *reason = "pip is not there: it comes with the Debian package python3-pip";
        return OK;
    }
    struct slice line = slice_sub(r.out, 0, slice_find(r.out, '\n'));
    *tag = slice_dup(ctx->arena, line);
    return *tag ? OK : ctx_no_memory(ctx);
}
