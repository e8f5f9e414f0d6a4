/*
 * dependencies.c - judging, finding and building environments.
 *
 * An environment is folder/<key>/ with site/ and report.json, where key is a hash of everything that
 * decides what is in it: the requirements in one spelling, the Python they are for, and where they
 * come from. The report is written last and the whole is moved to its place, so what stands there is
 * complete. No table names environments: which ones are wanted follows from the rows of plugins.
 * What was once installed stays as it is; a newer wheel comes with a newer requirement.
 */
#include "domain/dependencies.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/crypto.h"
#include "base/json_write.h"
#include "domain/dependencies_state.h"
#include "domain/domain.h"
#include "domain/environment_build.h"
#include "domain/environment_folder.h"
#include "domain/environment_sweep.h"
#include "domain/requirements.h"

enum { REPORT_MAX = 60 << 10, OUTPUT_SHOWN = 4096, FAILED_MAX = 2000 };

/* ------------------------------------------------------------------ opening */

static char *kept(const char *text, bool *lost)
{
    char *copy = text ? strdup(text) : NULL;
    *lost |= text && copy == NULL;
    return copy;
}

enum err dependencies_open(struct ctx *ctx, const struct dependencies_options *options,
                           struct dependencies **out)
{
    bool lost = false;
    struct dependencies *deps = calloc(1, sizeof *deps); /* freed by dependencies_close */
    if (deps == NULL)
        return ctx_no_memory(ctx);
    deps->o = *options;
    deps->o.folder = kept(options->folder, &lost);
    deps->o.wheelhouse = kept(options->wheelhouse, &lost);
    deps->o.index_url = kept(options->index_url, &lost);
    (void)pthread_mutex_init(&deps->lock, NULL); /* cannot fail on Linux */
    if (lost) {
        dependencies_close(deps);
        return ctx_no_memory(ctx);
    }
    enum err err = environment_sweep_staging(ctx, deps->o.folder);
    if (err != OK) {
        dependencies_close(deps);
        return err;
    }
    *out = deps;
    return OK;
}

static void forget(const char *text)
{
    if (text == NULL)
        return;
    char *copy;
    memcpy(&copy, &text, sizeof copy); /* it was ours to write before it was kept */
    crypto_wipe(copy, strlen(copy));
    free(copy);
}

void dependencies_close(struct dependencies *deps)
{
    if (deps == NULL)
        return;
    forget(deps->o.folder);
    forget(deps->o.wheelhouse);
    forget(deps->o.index_url);
    (void)pthread_mutex_destroy(&deps->lock);
    free(deps);
}

enum dependencies_policy dependencies_policy(const struct dependencies *deps)
{
    return deps ? deps->o.policy : DEPENDENCIES_CHECK;
}

enum err dependencies_check(struct ctx *ctx, const char *const *requirements, size_t count)
{
    struct needs needs;
    return requirements_read(ctx, requirements, count, &needs);
}

/* ------------------------------------------------------------------ what is said about it */

struct preparing {
    struct dependencies *deps;
    const struct dependencies_watch *watch;
    struct needs needs;
    bool without_sdk; /* the SDK was asked for and is left to whoever runs the plugin */
    const char *tag, *key, *place;
    struct build build;
    struct environment *out;
};

static void put_lines(struct jw *j, const char *key, const struct needs *needs)
{
    jw_key(j, key);
    jw_array(j);
    for (size_t i = 0; needs && i < needs->count; i++)
        jw_str(j, needs->list[i].text);
    jw_end(j);
}

static const char *policy_word(enum dependencies_policy policy)
{
    return policy == DEPENDENCIES_OFF ? "off" : policy == DEPENDENCIES_CHECK ? "check" : "install";
}

/* pip hides passwords of addresses; what it might miss is not shown either. */
static struct slice shown_output(struct ctx *ctx, const struct preparing *p)
{
    struct slice out = p->build.output, url = slice_of(p->deps->o.index_url);
    size_t from = out.n > OUTPUT_SHOWN ? out.n - OUTPUT_SHOWN : 0;
    char *copy = slice_dup(ctx->arena, slice_sub(out, from, out.n));
    size_t host = slice_find(url, '@');
    const char *start = url.n ? memmem(url.p, url.n, "://", 3) : NULL;
    if (copy == NULL)
        return SLICE_NONE;
    if (start && host < url.n) {
        struct slice secret = slice_sub(url, (size_t)(start - url.p) + 3, host);
        for (char *at; secret.n && (at = memmem(copy, strlen(copy), secret.p, secret.n)) != NULL;)
            memset(at, '*', secret.n);
    }
    return slice_of(copy);
}

static enum err write_report(struct ctx *ctx, struct preparing *p, const char *state,
                             const struct needs *installed, const char *site)
{
    struct buf b;
    struct jw j;
    enum err err = OK;
    buf_init(&b, ctx->arena, REPORT_MAX);
    jw_start(&j, &b);
    jw_object(&j);
    jw_put_str(&j, "policy", policy_word(dependencies_policy(p->deps)));
    jw_put_str(&j, "state", state);
    put_lines(&j, "requirements", &p->needs);
    put_lines(&j, "installed", installed);
    jw_put_bool(&j, "without_sdk", p->without_sdk);
    jw_put_str(&j, "python", p->tag);
    jw_put_str(&j, "environment", site ? p->key : NULL);
    if (site) {
        jw_key(&j, "packages");
        jw_array(&j);
        err = folder_packages(ctx, site, &j);
        jw_end(&j);
        jw_put_int(&j, "bytes", p->build.bytes);
        jw_put_int(&j, "files", p->build.files);
    }
    jw_put_int(&j, "duration_ms", p->build.wall_ms);
    jw_put_str(&j, "reason", p->out->reason);
    jw_put_str(&j, "failed", p->out->failed);
    if (p->build.output.n && p->out->reason)
        jw_put_text(&j, "output", shown_output(ctx, p));
    jw_end(&j);
    if (err == OK && !jw_done(&j))
        err = ctx_fail_cause(ctx, ERR_INTERNAL, "the report on an environment is too long");
    p->out->report = buf_view(&b);
    return err;
}

static enum err say_installed(struct ctx *ctx, struct preparing *p, const struct needs *needs)
{
    struct buf b;
    struct jw j;
    buf_init(&b, ctx->arena, REPORT_MAX);
    jw_start(&j, &b);
    jw_array(&j);
    for (size_t i = 0; needs && i < needs->count; i++)
        jw_str(&j, needs->list[i].text);
    jw_end(&j);
    p->out->installed = buf_view(&b);
    return jw_done(&j) ? OK : ctx_no_memory(ctx);
}

/* Nothing was installed, and nothing is wrong. */
static enum err settled(struct ctx *ctx, struct preparing *p)
{
    p->out->state = ENVIRONMENT_CHECKED;
    enum err err = say_installed(ctx, p, NULL);
    return err == OK ? write_report(ctx, p, "checked", NULL, NULL) : err;
}

static const char *all_lines(struct ctx *ctx, const struct needs *needs)
{
    struct buf b;
    buf_init(&b, ctx->arena, FAILED_MAX);
    for (size_t i = 0; i < needs->count; i++) {
        buf_str(&b, i ? ", " : "");
        buf_str(&b, needs->list[i].text);
    }
    const char *text = buf_text(&b);
    return text ? text : "its dependencies";
}

/* `blamed` NULL: no single one is at fault. */
static enum err failed(struct ctx *ctx, struct preparing *p, enum environment_state state,
                       const struct need *blamed, const char *reason)
{
    p->out->state = state;
    p->out->reason = reason;
    p->out->failed = str_printf(ctx->arena, "Failed to install: %s",
                                blamed ? blamed->text : all_lines(ctx, &p->needs));
    if (p->out->failed == NULL)
        return ctx_no_memory(ctx);
    enum err err = say_installed(ctx, p, NULL);
    return err == OK ? write_report(ctx, p, state == ENVIRONMENT_FAILED ? "failed" : "unavailable",
                                    NULL, NULL)
                     : err;
}

/* ------------------------------------------------------------------ naming */

static enum err name_place(struct ctx *ctx, struct preparing *p)
{
    p->key = dependencies_key(ctx->arena, &p->deps->o, p->tag, &p->needs);
    p->place = p->key ? str_printf(ctx->arena, "%s/%s", p->deps->o.folder, p->key) : NULL;
    return p->place ? OK : ctx_no_memory(ctx);
}

/* ------------------------------------------------------------------ finding */

static enum err read_report(struct ctx *ctx, const char *path, struct slice *out)
{
    char *text = arena_alloc_raw(ctx->arena, REPORT_MAX);
    int fd = text ? open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW) : -1;
    if (fd < 0)
        return text ? ctx_fail_errno(ctx, errno, path) : ctx_no_memory(ctx);
    ssize_t n = read(fd, text, REPORT_MAX);
    (void)close(fd);
    if (n < 0)
        return ctx_fail_errno(ctx, errno, path);
    *out = (struct slice){text, (size_t)n};
    return OK;
}

/* It stands: stamped as used, its own report is what there is to say. */
static enum err take_place(struct ctx *ctx, struct preparing *p, bool *found)
{
    const char *path = str_printf(ctx->arena, "%s/report.json", p->place);
    p->out->path = str_printf(ctx->arena, "%s/site", p->place);
    if (p->place == NULL || path == NULL || p->out->path == NULL)
        return ctx_no_memory(ctx);
    enum err err = read_report(ctx, path, &p->out->report);
    *found = err == OK;
    if (err == ERR_NOT_FOUND) {
        ctx_forgive(ctx);
        p->out->path = NULL;
        return OK;
    }
    if (err != OK)
        return err;
    (void)utimensat(AT_FDCWD, p->place, NULL, 0); /* the sweep looks at it; a miss costs a build */
    p->out->state = ENVIRONMENT_CHECKED;
    return say_installed(ctx, p, &p->needs);
}

/* ------------------------------------------------------------------ building */

static enum err make_folder(struct ctx *ctx, const char *path, mode_t mode)
{
    return mkdir(path, mode) == 0 || errno == EEXIST ? OK : ctx_fail_errno(ctx, errno, path);
}

static enum err make_staging(struct ctx *ctx, struct preparing *p, const char **whole)
{
    unsigned char random[8];
    char hex[2 * sizeof random + 1];
    crypto_random(random, sizeof random);
    crypto_hex(random, sizeof random, hex);
    *whole = str_printf(ctx->arena, "%s/" ENVIRONMENT_STAGING "%s", p->deps->o.folder, hex);
    p->build.staging = *whole ? str_printf(ctx->arena, "%s/inside", *whole) : NULL;
    const char *tmp = *whole ? str_printf(ctx->arena, "%s/inside/tmp", *whole) : NULL;
    if (p->build.staging == NULL || tmp == NULL)
        return ctx_no_memory(ctx);
    enum err err = make_folder(ctx, p->deps->o.folder, 0700);
    if (err == OK)
        err = make_folder(ctx, *whole, 0700);
    if (err == OK)
        err = make_folder(ctx, p->build.staging, 0700);
    return err == OK ? make_folder(ctx, tmp, 01777) : err; /* of whoever pip runs as */
}

static enum err write_file(struct ctx *ctx, const char *path, struct slice text)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
    if (fd < 0)
        return ctx_fail_errno(ctx, errno, path);
    bool written = text.p && write(fd, text.p, text.n) == (ssize_t)text.n && syncfs(fd) == 0;
    int why = errno;
    (void)close(fd);
    return written ? OK : ctx_fail_errno(ctx, why, path);
}

/* The whole is on the disk before it gets its name. Another thread may have been faster. */
static enum err move_to_place(struct ctx *ctx, struct preparing *p, const char *whole)
{
    const char *from = str_printf(ctx->arena, "%s/site", p->build.staging);
    const char *site = str_printf(ctx->arena, "%s/site", whole);
    const char *report = str_printf(ctx->arena, "%s/report.json", whole);
    if (from == NULL || site == NULL || report == NULL)
        return ctx_no_memory(ctx);
    if (mkdir(from, 0755) != 0 && errno != EEXIST) /* pip makes none where nothing applies */
        return ctx_fail_errno(ctx, errno, from);
    enum err err = folder_settle(ctx, from);
    if (err == OK && rename(from, site) != 0)
        err = ctx_fail_errno(ctx, errno, site);
    if (err == OK)
        err = folder_remove(ctx, p->build.staging);
    if (err == OK)
        err = write_report(ctx, p, "checked", &p->needs, site);
    if (err == OK)
        err = write_file(ctx, report, p->out->report);
    if (err == OK && rename(whole, p->place) != 0 && errno != ENOTEMPTY && errno != EEXIST)
        err = ctx_fail_errno(ctx, errno, p->place);
    return err;
}

static enum err judge_build(struct ctx *ctx, struct preparing *p)
{
    const struct dependencies_options *o = &p->deps->o;
    const struct build *b = &p->build;
    switch (b->end) {
    case BUILD_DONE: return OK;
    case BUILD_REFUSED:
        return failed(ctx, p, ENVIRONMENT_FAILED, requirements_blamed(&p->needs, b->output),
                      "pip could not install it");
    case BUILD_TIMED_OUT:
        return failed(ctx, p, ENVIRONMENT_FAILED, NULL,
                      str_printf(ctx->arena, "The installation took longer than %lld seconds",
                                 (long long)o->timeout_ms / 1000));
    case BUILD_TOO_LARGE:
        return failed(ctx, p, ENVIRONMENT_FAILED, NULL,
                      str_printf(ctx->arena,
                                 "The environment would be larger than %lld bytes or %lld files",
                                 (long long)o->max_bytes, (long long)o->max_files));
    case BUILD_ENDED: return failed(ctx, p, ENVIRONMENT_FAILED, NULL, b->reason);
    case BUILD_UNAVAILABLE: break;
    }
    return failed(ctx, p, ENVIRONMENT_UNAVAILABLE, NULL, b->reason);
}

/* pip has run; the SDK is on no index, but whoever runs the plugin brings it. */
static bool only_the_sdk_lacks(const struct preparing *p)
{
    const struct need *blamed = p->build.end == BUILD_REFUSED
                                    ? requirements_blamed(&p->needs, p->build.output)
                                    : NULL;
    return blamed && slice_is(blamed->key, "cadence-sdk");
}

static enum err build_once(struct ctx *ctx, struct preparing *p, bool *again)
{
    const char *whole = NULL;
    const char **lines = arena_array(ctx->arena, p->needs.count, sizeof *lines);
    if (lines == NULL)
        return ctx_no_memory(ctx);
    for (size_t i = 0; i < p->needs.count; i++)
        lines[i] = p->needs.list[i].line;
    p->build = (struct build){
        .options = &p->deps->o, .requirements = lines, .count = p->needs.count, .watch = p->watch};
    enum err err = make_staging(ctx, p, &whole);
    if (err == OK)
        err = environment_build(ctx, &p->build);
    *again = err == OK && only_the_sdk_lacks(p);
    bool done = err == OK && p->build.end == BUILD_DONE;
    if (done)
        err = move_to_place(ctx, p, whole);
    else if (err == OK && !*again)
        err = judge_build(ctx, p);
    if (done && err == ERR_INVALID) { /* a link in a package */
        const char *reason = slice_dup(ctx->arena, slice_of(ctx_sentence(ctx)));
        ctx_forgive(ctx);
        err = failed(ctx, p, ENVIRONMENT_FAILED, NULL, reason);
    }
    enum err swept = whole ? folder_remove(ctx, whole) : OK;
    return err == OK ? swept : err;
}

/* A folder of wheels can be looked into, so pip need not fail first. */
static bool wheelhouse_has_sdk(const char *path)
{
    bool has = false;
    DIR *dir = opendir(path);
    if (dir == NULL)
        return false;
    for (const struct dirent *e; !has && (e = readdir(dir)) != NULL;)
        has = slice_is_nocase(slice_sub(slice_of(e->d_name), 0, strlen("cadence_sdk-")),
                              "cadence_sdk-");
    (void)closedir(dir);
    return has;
}

/* Found, or built and then found. */
static enum err find_or_build(struct ctx *ctx, struct preparing *p)
{
    bool found = false, again = false;
    enum err err = name_place(ctx, p);
    if (err == OK)
        err = take_place(ctx, p, &found);
    if (err != OK || found)
        return err;
    err = build_once(ctx, p, &again);
    if (err == OK && !again && p->build.end == BUILD_DONE && p->out->reason == NULL)
        err = take_place(ctx, p, &found);
    if (err != OK || !again)
        return err;
    p->without_sdk = requirements_leave_sdk(&p->needs);
    return p->needs.count ? find_or_build(ctx, p) : settled(ctx, p);
}

enum err dependencies_prepare_watched(struct ctx *ctx, struct domain *d,
                                      const char *const *requirements, size_t count,
                                      const struct dependencies_watch *watch,
                                      struct environment *out)
{
    struct preparing p = {.deps = d->dependencies, .watch = watch, .out = out};
    const char *reason = NULL;
    *out = (struct environment){0};
    enum err err = requirements_read(ctx, requirements, count, &p.needs);
    if (err != OK)
        return err;
    if (p.needs.count == 0 || dependencies_policy(p.deps) != DEPENDENCIES_INSTALL)
        return settled(ctx, &p);
    if (p.deps->o.wheelhouse && !wheelhouse_has_sdk(p.deps->o.wheelhouse))
        p.without_sdk = requirements_leave_sdk(&p.needs);
    if (p.needs.count == 0)
        return settled(ctx, &p);
    err = dependencies_python(ctx, p.deps, &p.tag, &reason);
    if (err != OK)
        return err;
    if (reason)
        return failed(ctx, &p, ENVIRONMENT_UNAVAILABLE, NULL, reason);
    return find_or_build(ctx, &p);
}
