/*
 * watch.c - reads /proc/<init>/root/proc, the process list that the sandbox itself sees.
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

enum { STAT_MAX = 1024, THREADS_FIELD = 17, PAGES_FIELD = 21 }; /* counted after the name */

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

/* Threads and resident pages of one process; a name may hold anything, so its last ')' counts. */
static bool read_stat(int list, const char *name, int64_t *threads, int64_t *pages)
{
    char path[64], text[STAT_MAX];
    (void)snprintf(path, sizeof path, "%.20s/stat", name);
    int fd = openat(list, path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return false;
    ssize_t n = read(fd, text, sizeof text - 1);
    (void)close(fd);
    if (n <= 0)
        return false;
    text[n] = '\0';
    const char *after = strrchr(text, ')');
    struct slice rest = slice_of(after ? after + 2 : ""), word;
    for (int field = 0; slice_split(&rest, ' ', &word); field++) {
        if (field == THREADS_FIELD && !slice_to_i64(word, threads))
            return false;
        if (field == PAGES_FIELD)
            return slice_to_i64(word, pages);
    }
    return false;
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
    int64_t page = sysconf(_SC_PAGESIZE);
    watch->processes = 0;
    watch->memory = 0;
    for (struct dirent *e; (e = readdir(list)) != NULL;) {
        int64_t threads = 0, pages = 0;
        if (e->d_name[0] < '0' || e->d_name[0] > '9' || strcmp(e->d_name, "1") == 0)
            continue; /* 1 is bubblewrap itself */
        if (!read_stat(fd, e->d_name, &threads, &pages))
            continue;
        watch->processes += (int)threads;
        watch->memory += pages * page;
    }
    (void)closedir(list);
    return true;
}
