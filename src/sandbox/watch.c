/*
 * watch.c - reads /proc/<init>/root/proc, the process list that the sandbox itself sees.
 *
 * The sum of what is resident counts pages that processes share once for each of them. Only when it
 * is over the limit are they asked for their fair shares, which costs the kernel more.
 *
 * Before bubblewrap has moved there, that path leads to our own /proc, which must not be counted:
 * the two are different file systems, and their device numbers say so.
 */
#include "sandbox/watch.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/str.h"

enum {
    STAT_MAX = 1024,
    ROLLUP_MAX = 4096,
    THREADS_FIELD = 17,
    PAGES_FIELD = 21
}; /* counted after the name */

/* Opens the sandbox's own list, or gives -1. */
static int open_list(pid_t init)
{
    char path[64];
    struct stat ours, theirs;
    (void)snprintf(path, sizeof path, "/proc/%d/root/proc", (int)init);
    int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0)
        return -1;
    if (stat("/proc", &ours) == 0 && fstat(fd, &theirs) == 0 && ours.st_dev != theirs.st_dev)
        return fd;
    (void)close(fd);
    return -1;
}

/* The beginning of a file of a process; 0 bytes where it cannot be read. */
static struct slice read_file(int list, const char *name, const char *file, char *text, size_t max)
{
    char path[64];
    (void)snprintf(path, sizeof path, "%.20s/%s", name, file);
    int fd = openat(list, path, O_RDONLY | O_CLOEXEC);
    ssize_t n = fd < 0 ? 0 : read(fd, text, max);
    if (fd >= 0)
        (void)close(fd);
    return (struct slice){text, n > 0 ? (size_t)n : 0};
}

/* Threads and resident pages of one process; a name may hold anything, so its last ')' counts. */
static bool read_stat(int list, const char *name, int64_t *threads, int64_t *pages)
{
    char text[STAT_MAX];
    struct slice rest = read_file(list, name, "stat", text, sizeof text), word;
    const char *after = rest.n ? memrchr(rest.p, ')', rest.n) : NULL;
    if (after == NULL)
        return false;
    rest = slice_sub(rest, (size_t)(after - rest.p) + 2, rest.n);
    for (int field = 0; slice_split(&rest, ' ', &word); field++) {
        if (field == THREADS_FIELD && !slice_to_i64(word, threads))
            return false;
        if (field == PAGES_FIELD)
            return slice_to_i64(word, pages);
    }
    return false;
}

/* Its fair share in bytes, or -1 where it does not let itself be asked. */
static int64_t read_share(int list, const char *name)
{
    char text[ROLLUP_MAX];
    struct slice rest = read_file(list, name, "smaps_rollup", text, sizeof text), line;
    int64_t kib;
    while (slice_split(&rest, '\n', &line)) {
        if (!slice_starts(line, "Pss:") || !slice_ends(line, " kB"))
            continue;
        line = slice_trim(slice_sub(line, 4, line.n - 3));
        return slice_to_i64(line, &kib) ? kib * 1024 : -1;
    }
    return -1;
}

static void sum_up(struct watch *watch, DIR *list, bool fairly)
{
    int64_t page = sysconf(_SC_PAGESIZE);
    watch->processes = 0;
    watch->memory = 0;
    rewinddir(list);
    for (struct dirent *e; (e = readdir(list)) != NULL;) {
        int64_t threads = 0, pages = 0;
        if (e->d_name[0] < '0' || e->d_name[0] > '9' || strcmp(e->d_name, "1") == 0)
            continue; /* 1 is bubblewrap itself */
        if (!read_stat(dirfd(list), e->d_name, &threads, &pages))
            continue;
        int64_t share = fairly ? read_share(dirfd(list), e->d_name) : -1;
        watch->processes += (int)threads;
        watch->memory += share >= 0 ? share : pages * page;
    }
}

bool watch_look(struct watch *watch)
{
    int fd = open_list(watch->init);
    DIR *list = fd < 0 ? NULL : fdopendir(fd);
    if (list == NULL) {
        if (fd >= 0)
            (void)close(fd);
        return false;
    }
    sum_up(watch, list, false);
    if (watch->memory > watch->limit)
        sum_up(watch, list, true);
    (void)closedir(list);
    return true;
}
