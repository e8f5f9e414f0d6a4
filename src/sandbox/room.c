/*
 * room.c - the tables of what is inside: folders, namespaces, variables.
 *
 * There are two ways in. A server that runs as a plain user makes a user namespace and is nobody
 * else's user in it. A server that runs as root makes the other namespaces as root, since the
 * folders it mounts are closed to everybody else, and setpriv then becomes a user that owns nothing,
 * for root's processes are not counted by the kernel. What can be seen is the same both ways.
 */
#include "sandbox/room.h"

#include <limits.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define SETPRIV "/usr/bin/setpriv"
/* The session is the command's own, so that it reaches no group of processes but its own. It is not
 * bubblewrap that makes it (--new-session): the first process inside stays in the group that the
 * keeper kills, see spawn.c. */
#define SETSID "/usr/bin/setsid"

enum { ARGUMENTS_MAX = 256 << 10, COMMAND_MAX = 1024 };

/* Links into /usr where the system has merged them, folders where it has not. */
static const char *const system_folders[] = {"/bin",   "/sbin",  "/lib",
                                             "/lib32", "/lib64", "/libx32"};
static const char *const system_files[] = {"/etc/ld.so.cache", "/etc/alternatives",
                                           "/etc/localtime", "/etc/mime.types"};
/* What it takes to find a host and to know its certificate. */
static const char *const network_files[] = {
    "/etc/resolv.conf", "/etc/hosts",           "/etc/nsswitch.conf",   "/etc/services",
    "/etc/ssl/certs",   "/etc/ssl/openssl.cnf", "/etc/ca-certificates", "/etc/pki"};
static const char *const variables[] = {"PATH=/usr/bin:/bin", "HOME=/tmp", "TMPDIR=/tmp",
                                        "LANG=C.UTF-8"};

static void add(struct buf *b, const char *word)
{
    buf_add(b, word, strlen(word) + 1);
}

static void add2(struct buf *b, const char *option, const char *value)
{
    add(b, option);
    add(b, value);
}

static void add3(struct buf *b, const char *option, const char *from, const char *to)
{
    add2(b, option, from);
    add(b, to);
}

static void add_number(struct buf *b, const char *option, int64_t n)
{
    add(b, option);
    buf_i64(b, n);
    buf_char(b, '\0');
}

static void add_namespaces(struct buf *b, const struct sandbox *s, const struct sandbox_run *run)
{
    static const char *const always[] = {"--unshare-ipc", "--unshare-pid", "--die-with-parent",
                                         "--clearenv"};
    for (size_t i = 0; i < sizeof always / sizeof *always; i++)
        add(b, always[i]);
    if (!run->network)
        add(b, "--unshare-net");
    add2(b, "--cap-drop", "ALL");
    if (s->as_root) {
        add2(b, "--cap-add", "CAP_SETUID"); /* for setpriv, which gives them up */
        add2(b, "--cap-add", "CAP_SETGID");
        add2(b, "--cap-add", "CAP_SETPCAP");
    } else {
        add(b, "--unshare-user");
        add2(b, "--uid", "1000");
        add2(b, "--gid", "1000");
    }
}

/* bubblewrap makes a folder that something is mounted in for root alone; the program is another
 * user, and what is not there must look so and not forbidden. */
static void add_folder(struct buf *b, const char *folder)
{
    add2(b, "--perms", "0755");
    add2(b, "--dir", folder);
}

static void add_system(struct buf *b, const struct sandbox *s)
{
    add3(b, "--ro-bind", "/usr", "/usr");
    for (size_t i = 0; i < sizeof system_folders / sizeof *system_folders; i++) {
        char target[PATH_MAX];
        ssize_t n = readlink(system_folders[i], target, sizeof target - 1);
        if (n > 0) {
            target[n] = '\0';
            add3(b, "--symlink", target, system_folders[i]);
        } else {
            add3(b, "--ro-bind-try", system_folders[i], system_folders[i]);
        }
    }
    add_folder(b, "/etc");
    add_folder(b, "/etc/ssl");
    for (size_t i = 0; i < sizeof system_files / sizeof *system_files; i++)
        add3(b, "--ro-bind-try", system_files[i], system_files[i]);
    if (s->python_home)
        add3(b, "--ro-bind", s->python_home, s->python_home);
}

static bool lies_below(const char *path, const char *folder)
{
    size_t n = folder ? strlen(folder) : 0;
    return n && strncmp(path, folder, n) == 0 && (path[n] == '/' || path[n] == '\0');
}

/* Where somebody keeps the data folder below /usr, it is covered again. */
static void hide(struct buf *b, const struct sandbox *s)
{
    if (s->hidden && (lies_below(s->hidden, "/usr") || lies_below(s->hidden, s->python_home)))
        add2(b, "--tmpfs", s->hidden);
}

/* Folders that can be written: bounded, since their pages are memory. */
static void add_scratch(struct buf *b, const char *folder, int64_t bytes)
{
    add2(b, "--perms", "1777");
    add_number(b, "--size", bytes);
    add2(b, "--tmpfs", folder);
}

static void add_given(struct buf *b, const struct sandbox_run *run)
{
    for (size_t i = 0; i < run->mount_count; i++) {
        const struct sandbox_mount *m = &run->mounts[i];
        add3(b, m->writable ? "--bind" : "--ro-bind", m->from, m->to);
    }
    for (size_t i = 0; i < run->file_count; i++) {
        add2(b, "--perms", "0444");
        add_number(b, "--ro-bind-data", ROOM_FILES + (int64_t)i);
        add(b, run->files[i].to);
    }
}

static enum err add_variables(struct ctx *ctx, struct buf *b, const char *const *list, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        struct slice value = slice_of(list[i]), name;
        if (!slice_split(&value, '=', &name) || name.n == 0)
            return ctx_fail_cause(ctx, ERR_INTERNAL, "'%s' is no NAME=value", list[i]);
        add(b, "--setenv");
        buf_slice(b, name);
        buf_char(b, '\0');
        buf_slice(b, value);
        buf_char(b, '\0');
    }
    return OK;
}

enum err room_arguments(struct ctx *ctx, const struct sandbox *sandbox,
                        const struct sandbox_run *run, bool filter, struct slice *out)
{
    struct buf b;
    buf_init(&b, ctx->arena, ARGUMENTS_MAX);
    add_namespaces(&b, sandbox, run);
    add_system(&b, sandbox);
    for (size_t i = 0; run->network && i < sizeof network_files / sizeof *network_files; i++)
        add3(&b, "--ro-bind-try", network_files[i], network_files[i]);
    hide(&b, sandbox);
    add2(&b, "--proc", "/proc");
    add2(&b, "--dev", "/dev");
    add_scratch(&b, "/dev/shm", run->limits.file_bytes);
    add_scratch(&b, "/tmp", run->limits.file_bytes);
    add_given(&b, run);
    add2(&b, "--remount-ro", "/dev");
    add2(&b, "--remount-ro", "/");
    add2(&b, "--chdir", "/tmp");
    if (filter)
        add_number(&b, "--seccomp", ROOM_FILTER);
    add_number(&b, "--json-status-fd", ROOM_STATUS);
    add_number(&b, "--block-fd", ROOM_GATE);
    enum err err = add_variables(ctx, &b, variables, sizeof variables / sizeof *variables);
    size_t own = 0;
    while (run->env && run->env[own])
        own++;
    if (err == OK)
        err = add_variables(ctx, &b, run->env, own);
    *out = buf_view(&b);
    return err == OK && buf_failed(&b) ? ctx_no_memory(ctx) : err;
}

enum err room_command(struct ctx *ctx, const struct sandbox *sandbox, const struct sandbox_run *run,
                      uid_t user, const char ***out)
{
    const char *id = str_printf(ctx->arena, "%u", (unsigned)user);
    const char *const drop[] = {SETPRIV,
                                "--reuid",
                                id,
                                "--regid",
                                id,
                                "--clear-groups",
                                "--bounding-set=-all",
                                "--inh-caps=-all",
                                "--no-new-privs",
                                "--"};
    size_t n = 0, words = 0;
    const char **argv = arena_array(ctx->arena, COMMAND_MAX + 16, sizeof *argv);
    while (run->argv[words])
        words++;
    if (argv == NULL || id == NULL)
        return ctx_no_memory(ctx);
    if (words > COMMAND_MAX)
        return ctx_fail_cause(ctx, ERR_INTERNAL, "a command of %zu words", words);
    argv[n++] = "bwrap";
    argv[n++] = "--args";
    argv[n++] = "3"; /* ROOM_ARGS */
    argv[n++] = "--";
    argv[n++] = SETSID;
    for (size_t i = 0; sandbox->as_root && i < sizeof drop / sizeof *drop; i++)
        argv[n++] = drop[i];
    for (size_t i = 0; i < words; i++)
        argv[n++] = run->argv[i];
    *out = argv;
    return OK;
}
