/*
 * sandbox.h - runs one program of strangers where it can reach nothing of ours.
 *
 * bubblewrap makes the room: no network unless asked for, a read-only root of a few system folders,
 * a /tmp of its own with a size, a fresh /proc, no capability, no environment and no descriptor of
 * ours, a filter of system calls (seccomp.c lists what is refused), limits on memory, CPU, processes,
 * files, output and time. Where the limits of the kernel do not bind, a watch counts and kills
 * (watch.c). Nothing of it outlives the run or this process (spawn.h). Nothing here knows what a
 * plugin is, and no shell is ever involved.
 *
 * Begin with run.c; probe.c says whether any of this works on this machine.
 */
#ifndef LARDER_SANDBOX_SANDBOX_H
#define LARDER_SANDBOX_SANDBOX_H

#include <stdbool.h>

#include "base/ctx.h"

struct sandbox; /* safe from several threads */

struct sandbox_options {
    const char *bwrap;  /* NULL = /usr/bin/bwrap */
    const char *python; /* NULL = /usr/bin/python3, then /usr/local/bin/python3 */
    const char *hidden; /* the data folder: covered where it lies below /usr; NULL = none */
};

/* Looks for the programs only; whether they work is tried when somebody first asks. Heap; ended by
 * sandbox_close. */
enum err sandbox_open(struct ctx *ctx, const struct sandbox_options *options,
                      struct sandbox **out) MUST_USE;
void sandbox_close(struct sandbox *sandbox); /* NULL does nothing */

/* What was looked for at the start: the sentence that says which program is not there, naming the
 * path where one was given; NULL = both are. */
const char *sandbox_missing(const struct sandbox *sandbox);

/*
 * NULL = usable. Otherwise the sentence that says why not: bubblewrap is missing, Python is missing,
 * the kernel refuses the namespaces. Found out once, by really running something inside; the first
 * call takes as long as a Python start. A NULL sandbox has a reason too.
 */
const char *sandbox_reason(const struct sandbox *sandbox);

/* The interpreter to name in argv, as it is called inside too. */
const char *sandbox_python(const struct sandbox *sandbox);

/* A folder or file of this machine, seen inside at `to`. A writable one is handed over to the user
 * that the program runs as; what it makes there stays. */
struct sandbox_mount {
    const char *from, *to;
    bool writable;
};

/* Bytes that appear inside as a read-only file. */
struct sandbox_file {
    const char *to;
    struct slice bytes;
};

/* All of them are set by the caller: zero would be no room at all. */
struct sandbox_limits {
    int64_t memory_bytes; /* of all processes together, and of each */
    int64_t file_bytes;   /* of one written file, and of all in /tmp */
    int cpu_seconds;      /* of each process */
    int wall_ms;          /* of the whole */
    int processes;        /* threads count */
    int files;            /* descriptors of each process */
    size_t output_max;    /* of stdout and stderr together */
};

struct sandbox_run {
    const char *const *argv; /* NULL-terminated; argv[0] is a path inside */
    const char *const *env; /* NULL-terminated "NAME=value"; NULL = PATH, HOME and a locale alone */
    const struct sandbox_mount *mounts;
    size_t mount_count;
    const struct sandbox_file *files;
    size_t file_count;
    struct slice input; /* what it reads from stdin */
    bool network;
    struct sandbox_limits limits;
    const _Atomic bool *cancel; /* true ends it; NULL = never */
    /* Called with each piece of stdout and stderr as it comes, on the caller's thread; may be NULL. */
    void (*output)(void *arg, struct slice piece);
    void *arg;
};

enum sandbox_end {
    SANDBOX_EXITED,    /* status = its exit status */
    SANDBOX_SIGNALED,  /* status = the signal; SIGXCPU: too much CPU, SIGSYS: a refused call */
    SANDBOX_TIMED_OUT, /* and below: ended by us */
    SANDBOX_MEMORY,
    SANDBOX_PROCESSES,
    SANDBOX_OUTPUT,
    SANDBOX_CANCELLED
};

struct sandbox_result {
    enum sandbox_end end;
    int status;
    struct slice out, err; /* in the arena; the beginning of it where it was cut off */
    int64_t wall_ms;
};

/*
 * OK: the program was run, and *out says how it ended; whatever it started is dead. An error means
 * that it did not run: ERR_BUSY where sandbox_reason has something to say, ERR_IO and ERR_NO_MEMORY.
 */
enum err sandbox_run(struct ctx *ctx, const struct sandbox *sandbox, const struct sandbox_run *run,
                     struct sandbox_result *out) MUST_USE;

#endif
