/*
 * spawn.c - fork the keeper; it forks once more; a few plain system calls, exec.
 *
 * posix_spawn would be simpler, but it cannot set limits. All signals are held back from before the
 * fork until the child has none of our handlers any more, so that a signal for the server is never
 * handled twice. After a fork only calls are made that a process with many threads may make there:
 * everything that needs memory was prepared before. bubblewrap has no variable and no descriptor but
 * those it is given.
 *
 * What is killed is a process group: bubblewrap and the first process inside never leave it
 * (room.c sees to that), and that process takes all others inside with it. The kernel lets no fork
 * of a group escape a signal to it.
 */
#include "sandbox/spawn.h"
#include "base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

enum {
    PARK = 200, /* descriptors are moved up here first, out of the way of each other */
    NICE = 10,  /* whatever runs inside waits for the server, not the other way round */
    EXEC_FAILED = 127,
    DYING_SECONDS = 5,
    CLOSE_MAX = 65536 /* descriptors closed one by one where the kernel cannot do it at once */
};

static const int64_t ADDRESS_SPACE = 4LL << 30; /* beside the limit: mapped, but not written to */

static void limit(int which, int64_t value)
{
    struct rlimit now;
    if (getrlimit((__rlimit_resource_t)which, &now) != 0)
        return;
    rlim_t wanted = (rlim_t)value;
    if (now.rlim_max != RLIM_INFINITY && now.rlim_max < wanted)
        wanted = now.rlim_max;
    const struct rlimit both = {wanted, wanted};
    (void)setrlimit((__rlimit_resource_t)which, &both);
}

static void set_limits(const struct sandbox_limits *l)
{
    limit(RLIMIT_CORE, 0);
    limit(RLIMIT_DATA, l->memory_bytes);
    limit(RLIMIT_AS, l->memory_bytes + ADDRESS_SPACE);
    limit(RLIMIT_CPU, l->cpu_seconds);
    limit(RLIMIT_FSIZE, l->file_bytes);
    limit(RLIMIT_NOFILE, l->files);
    limit(RLIMIT_MEMLOCK, 0);
    limit(RLIMIT_MSGQUEUE, 0);
}

/* Under memory pressure the kernel shall take this one first. */
static void offer_to_oom(void)
{
    int fd = open("/proc/self/oom_score_adj", O_WRONLY | O_CLOEXEC);
    if (fd < 0)
        return;
    ssize_t done = write(fd, "1000", 4);
    (void)done;
    (void)close(fd);
}

static void close_from(unsigned first)
{
    if (syscall(SYS_close_range, first, ~0U, 0) == 0)
        return;
    for (unsigned fd = first; fd < CLOSE_MAX; fd++)
        (void)close((int)fd);
}

static bool place_fds(const struct spawn *s)
{
    int parked[SPAWN_FDS];
    for (int i = 0; i < s->fds; i++) {
        parked[i] = s->fd[i] < 0 ? -1 : fcntl(s->fd[i], F_DUPFD, PARK);
        if (s->fd[i] >= 0 && parked[i] < 0)
            return false;
    }
    for (int i = 0; i < s->fds; i++) {
        if (parked[i] < 0)
            (void)close(i);
        else if (dup2(parked[i], i) < 0)
            return false;
    }
    close_from((unsigned)s->fds);
    return true;
}

static void forget_handlers(void)
{
    for (int i = 1; i < NSIG; i++)
        (void)signal(i, SIG_DFL); /* two of them refuse, and need not be told */
}

static _Noreturn void become(const struct spawn *s)
{
    static const char *const no_variables[] = {NULL};
    sigset_t none;
    (void)sigemptyset(&none);
    (void)sigprocmask(SIG_SETMASK, &none, NULL);
    (void)setpgid(0, 0);
    (void)umask(022);
    (void)setpriority(PRIO_PROCESS, 0, NICE);
    offer_to_oom();
    if (place_fds(s)) {
        set_limits(s->limits);
        (void)execve(s->program, (char *const *)(uintptr_t)s->argv,
                     (char *const *)(uintptr_t)no_variables);
    }
    _exit(EXEC_FAILED);
}

/* Keeps two descriptors and nothing else of what the server has open; then waits. */
static void await_end(int lifeline, int claim)
{
    char none;
    int end = fcntl(lifeline, F_DUPFD, PARK), held = claim < 0 ? -1 : fcntl(claim, F_DUPFD, PARK);
    if (end < 0 || dup2(end, 0) < 0)
        return;
    if (held >= 0)
        (void)dup2(held, 1);
    close_from(held >= 0 ? 2 : 1);
    while (read(0, &none, 1) < 0 && errno == EINTR)
        ;
}

/* Neither a signal that is meant for the server, by name or from a terminal, nor the end of
 * bubblewrap ends it before its time. Who was orphaned becomes its child, so that the last wait is
 * for all of them; the first child is not waited for before the kill, so that its number stays its
 * own. */
static _Noreturn void keep(const struct spawn *s, int lifeline)
{
    sigset_t all;
    (void)sigfillset(&all);
    (void)sigdelset(&all, SIGALRM);
    forget_handlers();
    (void)setsid();
    (void)prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0);
    (void)prctl(PR_SET_NAME, "sandbox-keeper", 0, 0, 0);
    pid_t first = fork();
    if (first == 0)
        become(s);
    if (first < 0)
        _exit(EXEC_FAILED);
    (void)setpgid(first, first); /* it does so too; whoever comes first */
    await_end(lifeline, s->claim);
    (void)kill(-first, SIGKILL);
    (void)sigprocmask(SIG_SETMASK, &all, NULL);
    (void)alarm(DYING_SECONDS); /* which then ends it */
    while (waitpid(-1, NULL, 0) > 0 || errno == EINTR)
        ;
    _exit(0);
}

enum err spawn_start(struct ctx *ctx, const struct spawn *spawn, struct spawned *out)
{
    sigset_t all, before;
    int end[2];
    if (pipe2(end, O_CLOEXEC) != 0)
        return ctx_fail_errno(ctx, errno, "pipe");
    (void)sigfillset(&all);
    (void)pthread_sigmask(SIG_SETMASK, &all, &before);
    *out = (struct spawned){.keeper = fork(), .lifeline = end[1]};
    if (out->keeper == 0)
        keep(spawn, end[0]);
    int saved = errno;
    (void)pthread_sigmask(SIG_SETMASK, &before, NULL);
    (void)close(end[0]);
    if (out->keeper > 0)
        return OK;
    spawn_kill(out);
    return ctx_fail_errno(ctx, saved, "fork");
}

void spawn_kill(struct spawned *spawned)
{
    if (spawned->lifeline >= 0)
        (void)close(spawned->lifeline);
    spawned->lifeline = -1;
}

void spawn_end(struct spawned *spawned)
{
    spawn_kill(spawned);
    while (waitpid(spawned->keeper, NULL, 0) < 0 && errno == EINTR)
        ;
}

enum err spawn_bytes(struct ctx *ctx, struct slice bytes, int *fd)
{
    int made = memfd_create("given", MFD_CLOEXEC | MFD_ALLOW_SEALING);
    if (made < 0)
        return ctx_fail_errno(ctx, errno, "memfd_create");
    if (file_write(made, bytes) != 0) {
        int saved = errno;
        (void)close(made);
        return ctx_fail_errno(ctx, saved, "memfd");
    }
    (void)fcntl(made, F_ADD_SEALS, F_SEAL_WRITE | F_SEAL_GROW | F_SEAL_SHRINK | F_SEAL_SEAL);
    (void)lseek(made, 0, SEEK_SET);
    *fd = made;
    return OK;
}
