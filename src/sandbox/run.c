/*
 * run.c - one program, from the descriptors it gets to the last of its processes.
 *
 * bubblewrap waits at a gate until it has told us the first process inside: only then can the number
 * of processes be limited there, and what they use be counted. One loop then copies output, counts,
 * watches the clock, and ends when all ends of the pipes are closed and that first process is gone.
 * Who kills is the keeper (spawn.h), whenever we say so and when we are no more.
 */
#include "sandbox/run.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "sandbox/room.h"
#include "sandbox/seccomp.h"
#include "sandbox/spawn.h"
#include "sandbox/user.h"
#include "sandbox/watch.h"

enum {
    LOOK_MS = 20,      /* between two looks at memory and processes */
    DYING_MS = 5000,   /* for a killed sandbox to be gone */
    STATUS_MAX = 4096, /* of what bubblewrap says about itself */
    PIECE = 16384,
    SIGNAL_BASE = 128 /* bubblewrap's exit status for a command that a signal ended */
};

enum { OUT, ERR, STATUS, PIPES };

struct running {
    struct ctx *ctx;
    const struct sandbox_run *run;
    struct sandbox_result *result;
    struct buf text[PIPES];
    int pipe[PIPES]; /* our ends; -1 = closed */
    int gate;        /* written to when the program may begin */
    int init;        /* pidfd of the first process inside; -1 = not told yet */
    struct spawned spawned;
    int64_t begun, deadline;
    bool killed, as_root;
    struct watch watch;
};

/* ------------------------------------------------------------------ descriptors */

struct fds {
    struct spawn spawn;
    int ours[PIPES], gate;
};

static void close_fd(int *fd)
{
    if (*fd >= 0)
        (void)close(*fd);
    *fd = -1;
}

static void drop_child_ends(struct fds *f)
{
    for (int i = 0; i < f->spawn.fds; i++)
        close_fd(&f->spawn.fd[i]);
}

static void drop_all(struct fds *f)
{
    drop_child_ends(f);
    for (int i = 0; i < PIPES; i++)
        close_fd(&f->ours[i]);
    close_fd(&f->gate);
}

/* One end for the child at that place, the other for us. */
static enum err add_pipe(struct ctx *ctx, struct fds *f, int place, bool child_writes, int *ours)
{
    int end[2];
    if (pipe2(end, O_CLOEXEC) != 0)
        return ctx_fail_errno(ctx, errno, "pipe");
    f->spawn.fd[place] = end[child_writes];
    *ours = end[!child_writes];
    (void)fcntl(*ours, F_SETFL, O_NONBLOCK);
    return OK;
}

static enum err make_pipes(struct ctx *ctx, struct fds *f)
{
    enum err err = add_pipe(ctx, f, STDOUT_FILENO, true, &f->ours[OUT]);
    if (err == OK)
        err = add_pipe(ctx, f, STDERR_FILENO, true, &f->ours[ERR]);
    if (err == OK)
        err = add_pipe(ctx, f, ROOM_STATUS, true, &f->ours[STATUS]);
    return err == OK ? add_pipe(ctx, f, ROOM_GATE, false, &f->gate) : err;
}

static enum err make_files(struct ctx *ctx, const struct sandbox *s, const struct sandbox_run *run,
                           struct fds *f)
{
    struct slice filter, arguments;
    enum err err = seccomp_program(ctx, &filter);
    if (err == OK)
        err = room_arguments(ctx, s, run, filter.n > 0, &arguments);
    if (err == OK)
        err = spawn_bytes(ctx, arguments, &f->spawn.fd[ROOM_ARGS]);
    if (err == OK && filter.n)
        err = spawn_bytes(ctx, filter, &f->spawn.fd[ROOM_FILTER]);
    if (err == OK)
        err = spawn_bytes(ctx, run->input, &f->spawn.fd[STDIN_FILENO]);
    for (size_t i = 0; err == OK && i < run->file_count; i++)
        err = spawn_bytes(ctx, run->files[i].bytes, &f->spawn.fd[ROOM_FILES + i]);
    return err;
}

static enum err prepare(struct ctx *ctx, const struct sandbox *s, const struct sandbox_run *run,
                        const struct user *user, struct fds *f)
{
    *f = (struct fds){.gate = -1, .ours = {-1, -1, -1}};
    f->spawn.program = s->bwrap;
    f->spawn.limits = &run->limits;
    f->spawn.fds = ROOM_FILES + (int)run->file_count;
    for (int i = 0; i < SPAWN_FDS; i++)
        f->spawn.fd[i] = -1;
    if (run->file_count > ROOM_FILES_MAX)
        return ctx_fail_cause(ctx, ERR_INTERNAL, "%zu files for a sandbox", run->file_count);
    f->spawn.claim = user->claim;
    for (size_t i = 0; s->as_root && i < run->mount_count; i++)
        if (run->mounts[i].writable && chown(run->mounts[i].from, user->id, (gid_t)user->id) != 0)
            return ctx_fail_errno(ctx, errno, run->mounts[i].from);
    enum err err = room_command(ctx, s, run, user->id, &f->spawn.argv);
    if (err == OK)
        err = make_pipes(ctx, f);
    return err == OK ? make_files(ctx, s, run, f) : err;
}

/* ------------------------------------------------------------------ ending */

static void kill_all(struct running *r, enum sandbox_end why)
{
    if (r->killed)
        return;
    r->killed = true;
    r->result->end = why;
    r->deadline = clock_mono_us() / 1000 + DYING_MS;
    spawn_kill(&r->spawned);
}

/* The number behind a name in what bubblewrap writes about itself, or -1. */
static int64_t status_number(const struct running *r, const char *name)
{
    const struct buf *b = &r->text[STATUS];
    size_t n = strlen(name);
    const char *at = b->n ? memmem(b->p, b->n, name, n) : NULL;
    struct slice rest = at ? slice_sub(buf_view(b), (size_t)(at - b->p) + n, b->n) : SLICE_NONE;
    while (rest.n && (rest.p[0] == ' ' || rest.p[0] == ':' || rest.p[0] == '"'))
        rest = slice_sub(rest, 1, rest.n);
    size_t digits = 0;
    while (digits < rest.n && rest.p[digits] >= '0' && rest.p[digits] <= '9')
        digits++;
    int64_t value = -1;
    if (digits == rest.n || !slice_to_i64(slice_sub(rest, 0, digits), &value))
        return -1; /* perhaps not all of it has come */
    return value;
}

/* The first process is known: bind it, then let it go. */
static void open_gate(struct running *r)
{
    int64_t pid = r->init < 0 && !r->killed ? status_number(r, "\"child-pid\"") : -1;
    if (pid <= 0)
        return; /* or somebody else's by now */
    /* bubblewrap itself counts where it is the same user as the program */
    const rlim_t processes = (rlim_t)r->run->limits.processes + !r->as_root;
    const struct rlimit both = {processes, processes};
    r->watch.init = (pid_t)pid;
    r->watch.limit = r->run->limits.memory_bytes;
    r->init = (int)syscall(SYS_pidfd_open, (pid_t)pid, 0);
    if (r->init < 0 || prlimit((pid_t)pid, RLIMIT_NPROC, &both, NULL) != 0) {
        kill_all(r, SANDBOX_EXITED); /* and no exit status will be found */
        return;
    }
    ssize_t done = write(r->gate, "1", 1);
    (void)done;
    close_fd(&r->gate);
}

/* ------------------------------------------------------------------ the loop */

static void take(struct running *r, int which)
{
    char piece[PIECE];
    ssize_t n = read(r->pipe[which], piece, sizeof piece);
    if (n < 0 && (errno == EAGAIN || errno == EINTR))
        return;
    if (n <= 0) {
        close_fd(&r->pipe[which]);
        return;
    }
    if (which == STATUS) {
        buf_add(&r->text[STATUS], piece, (size_t)n);
        open_gate(r);
        return;
    }
    size_t had = r->text[OUT].n + r->text[ERR].n, max = r->run->limits.output_max;
    size_t keep = max - had < (size_t)n ? max - had : (size_t)n;
    buf_add(&r->text[which], piece, keep);
    if (r->run->output && keep)
        r->run->output(r->run->arg, (struct slice){piece, keep});
    if (keep < (size_t)n)
        kill_all(r, SANDBOX_OUTPUT);
}

static void look(struct running *r)
{
    const struct sandbox_limits *l = &r->run->limits;
    if (r->run->cancel && atomic_load(r->run->cancel))
        kill_all(r, SANDBOX_CANCELLED);
    if (r->killed || r->init < 0 || !watch_look(&r->watch))
        return;
    if (r->watch.memory > l->memory_bytes)
        kill_all(r, SANDBOX_MEMORY);
    else if (r->watch.processes > l->processes)
        kill_all(r, SANDBOX_PROCESSES);
}

/* False when nothing is left to wait for. */
static bool wait_once(struct running *r)
{
    struct pollfd fds[PIPES + 1];
    bool any = false;
    for (int i = 0; i < PIPES; i++) {
        fds[i] = (struct pollfd){.fd = r->pipe[i], .events = POLLIN};
        any = any || r->pipe[i] >= 0;
    }
    fds[PIPES] = (struct pollfd){.fd = any ? -1 : r->init, .events = POLLIN};
    if (!any && r->init < 0)
        return false;
    (void)poll(fds, PIPES + 1, LOOK_MS);
    for (int i = 0; i < PIPES; i++)
        if (r->pipe[i] >= 0 && fds[i].revents)
            take(r, i);
    return !(fds[PIPES].revents & POLLIN); /* the first process is gone, and all others with it */
}

static void wait_all(struct running *r)
{
    int64_t looked = r->begun;
    while (wait_once(r)) {
        int64_t now = clock_mono_us() / 1000;
        if (now - looked >= LOOK_MS) {
            look(r);
            looked = clock_mono_us() / 1000;
        }
        if (now < r->deadline)
            continue;
        if (r->killed)
            break; /* one is stuck in the kernel, most likely */
        kill_all(r, SANDBOX_TIMED_OUT);
    }
}

/* ------------------------------------------------------------------ how it ended */

static enum err judge(struct running *r)
{
    struct sandbox_result *out = r->result;
    out->out = buf_view(&r->text[OUT]);
    out->err = buf_view(&r->text[ERR]);
    out->wall_ms = clock_mono_us() / 1000 - r->begun;
    for (int i = 0; i < PIPES; i++)
        if (r->text[i].failed)
            return ctx_no_memory(r->ctx);
    if (r->killed && out->end != SANDBOX_EXITED)
        return OK;
    int64_t status = status_number(r, "\"exit-code\"");
    if (status < 0) { /* it never got as far as the command; its last words say why */
        struct slice said = out->err, line = SLICE_NONE;
        (void)slice_split(&said, '\n', &line);
        return ctx_fail_cause(r->ctx, ERR_IO, "the sandbox could not be made: %.*s",
                              SLICE_ARGS(slice_sub(line, 0, REASON_MAX / 2)));
    }
    out->end = status > SIGNAL_BASE && status < SIGNAL_BASE + NSIG ? SANDBOX_SIGNALED
                                                                   : SANDBOX_EXITED;
    out->status = (int)(out->end == SANDBOX_SIGNALED ? status - SIGNAL_BASE : status);
    return OK;
}

static void start_clock(struct running *r)
{
    r->begun = clock_mono_us() / 1000;
    r->deadline = r->begun + r->run->limits.wall_ms;
    buf_init(&r->text[OUT], r->ctx->arena, r->run->limits.output_max);
    buf_init(&r->text[ERR], r->ctx->arena, r->run->limits.output_max);
    buf_init(&r->text[STATUS], r->ctx->arena, STATUS_MAX);
}

static enum err start(struct running *r, const struct sandbox *sandbox, const struct user *user)
{
    struct fds fds;
    enum err err = prepare(r->ctx, sandbox, r->run, user, &fds);
    if (err == OK)
        err = spawn_start(r->ctx, &fds.spawn, &r->spawned);
    if (err != OK) {
        drop_all(&fds);
        return err;
    }
    drop_child_ends(&fds);
    memcpy(r->pipe, fds.ours, sizeof r->pipe);
    r->gate = fds.gate;
    return OK;
}

static enum err run_as(struct ctx *ctx, const struct sandbox *sandbox, const struct user *user,
                       const struct sandbox_run *run, struct sandbox_result *out)
{
    struct running r = {
        .ctx = ctx, .run = run, .result = out, .init = -1, .as_root = sandbox->as_root};
    start_clock(&r);
    enum err err = start(&r, sandbox, user);
    if (err != OK)
        return err;
    wait_all(&r);
    for (int i = 0; i < PIPES; i++)
        close_fd(&r.pipe[i]);
    spawn_end(&r.spawned);
    close_fd(&r.gate); /* not before: somebody may stand behind it */
    close_fd(&r.init);
    return judge(&r);
}

/* Whether it may be run at all was decided in probe.c, which calls this. */
enum err run_unjudged(struct ctx *ctx, const struct sandbox *sandbox, const struct sandbox_run *run,
                      struct sandbox_result *out)
{
    struct user user = USER_NONE;
    *out = (struct sandbox_result){.end = SANDBOX_EXITED};
    if (sandbox->as_root) {
        enum err err = user_claim(ctx, &sandbox->users, run->cancel, &user);
        if (err != OK)
            return err;
        if (user.id == 0) {
            out->end = SANDBOX_CANCELLED;
            return OK;
        }
    }
    enum err err = run_as(ctx, sandbox, &user, run, out);
    user_release(&user);
    return err;
}
