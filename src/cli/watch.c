/*
 * watch.c - inotify says that something happens, a pass over the store finds out what.
 *
 * Events are only a reason to look: which files they name is not believed, and one that is lost is
 * made good by the pass that comes every minute. After an event the store is left alone for a
 * second, so that a copy that takes a while is seen once; a pass that met something that is still
 * being written is followed by another one.
 */
#include "cli/watch.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/inotify.h>
#include <unistd.h>

#include "base/log.h"
#include "domain/directory.h"

enum { EVERY_MS = 60000, MEMORY = 128 << 20, EVENTS_ROOM = 16384, PATH_ROOM = 4096 };

static const uint32_t wanted = IN_CREATE | IN_CLOSE_WRITE | IN_ATTRIB | IN_DELETE | IN_MOVED_FROM |
                               IN_MOVED_TO | IN_ONLYDIR | IN_DONT_FOLLOW | IN_EXCL_UNLINK;

struct watch {
    struct domain *domain;
    struct log *log;
    const char *root;
    int inotify; /* -1 = the kernel has none to spare: then a pass every minute must do */
    int wake;
    bool stopping; /* atomic */
    pthread_t thread;
};

/* A folder that cannot be watched is still looked at every minute. */
static void watch_folder(void *arg, const char *path)
{
    const struct watch *w = arg;
    char whole[PATH_ROOM];
    int n = snprintf(whole, sizeof whole, "%s/%s", w->root, path);
    if (w->inotify >= 0 && n > 0 && (size_t)n < sizeof whole)
        (void)inotify_add_watch(w->inotify, whole, wanted);
}

/* One pass; true when another one should follow soon. */
static bool pass(struct watch *w, bool first)
{
    struct directory_scan scan = {.retry = first, .watch = watch_folder, .watch_arg = w};
    struct arena arena;
    struct ctx ctx;
    arena_init(&arena, MEMORY);
    ctx_init(&ctx, &arena, &clock_system, w->log, "directory");
    if (directory_scan(&ctx, w->domain, &scan) != OK)
        log_line(w->log, LOG_WARN, "directory", "directory.pass_failed", "why", ctx_sentence(&ctx),
                 "cause", ctx.fault.cause, NULL);
    arena_free(&arena);
    return scan.unquiet;
}

/* Waits at most so long; true when something happened in the store. */
static bool wait_for_events(const struct watch *w, int64_t ms)
{
    char room[EVENTS_ROOM];
    struct pollfd fds[] = {{.fd = w->wake, .events = POLLIN}, {.fd = w->inotify, .events = POLLIN}};
    bool happened = false;
    if (poll(fds, 2, ms > 0 ? (int)ms : 0) <= 0 || fds[1].revents == 0)
        return false;
    while (read(w->inotify, room, sizeof room) > 0)
        happened = true;
    return happened;
}

static void *run(void *arg)
{
    struct watch *w = arg;
    int64_t due = 0;
    bool first = true;
    while (!__atomic_load_n(&w->stopping, __ATOMIC_ACQUIRE)) {
        int64_t now = clock_mono_ms(&clock_system);
        if (now >= due) {
            bool soon = pass(w, first);
            first = false;
            due = clock_mono_ms(&clock_system) + (soon ? DIRECTORY_QUIET_MS : EVERY_MS);
            continue;
        }
        if (wait_for_events(w, due - now) && due - now > DIRECTORY_QUIET_MS)
            due = clock_mono_ms(&clock_system) + DIRECTORY_QUIET_MS;
    }
    return NULL;
}

static void free_watch(struct watch *w)
{
    if (w->inotify >= 0)
        (void)close(w->inotify);
    if (w->wake >= 0)
        (void)close(w->wake);
    free(w);
}

enum err watch_open(struct ctx *ctx, struct domain *d, const char *root, struct watch **out)
{
    *out = NULL;
    if (d->directory == NULL)
        return OK;
    struct watch *w = calloc(1, sizeof *w); /* freed by watch_close */
    if (w == NULL)
        return ctx_no_memory(ctx);
    w->domain = d;
    w->log = ctx->log;
    w->root = root;
    w->wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    w->inotify = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
    if (w->inotify < 0 || inotify_add_watch(w->inotify, root, wanted) < 0)
        log_line(w->log, LOG_WARN, NULL, "directory.unwatched", "why", strerror(errno), NULL);
    int failed = w->wake < 0 ? errno : pthread_create(&w->thread, NULL, run, w);
    if (failed != 0) {
        free_watch(w);
        return ctx_fail_errno(ctx, failed, "watch the plugin store");
    }
    *out = w;
    return OK;
}

void watch_close(struct watch *w)
{
    const uint64_t one = 1;
    if (w == NULL)
        return;
    __atomic_store_n(&w->stopping, true, __ATOMIC_RELEASE);
    if (write(w->wake, &one, sizeof one) < 0)
        log_line(w->log, LOG_DEBUG, NULL, "directory.wake", NULL); /* it wakes within a minute */
    (void)pthread_join(w->thread, NULL);                           /* ours, and joined once */
    free_watch(w);
}
