/*
 * support_fault.c - see support_fault.h. Threads may run while nothing is set to fail.
 */
#undef _FORTIFY_SOURCE /* its inline wrappers would take the names defined here */
#include "support_fault.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define SANITIZED 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer) ||                         \
    __has_feature(memory_sanitizer)
#define SANITIZED 1
#endif
#endif

enum { LOG_MAX = 4096 };

static struct {
    enum call call;
    int at, error;
    bool armed, sticky, happened;
} plan;

static struct {
    bool on;
    size_t n;
    char text[LOG_MAX + 1];
} calls;

static int memory_at;

void fault_set(enum call call, int at, int error, bool sticky)
{
    plan.call = call;
    plan.at = at;
    plan.error = error;
    plan.sticky = sticky;
    plan.happened = false;
    plan.armed = true;
}

void fault_clear(void)
{
    plan.armed = false;
    memory_at = 0;
}

bool fault_happened(void)
{
    return plan.happened;
}

void fault_log_start(void)
{
    calls.n = 0;
    calls.on = true;
}

const char *fault_log(void)
{
    calls.on = false;
    calls.text[calls.n] = '\0';
    return calls.text;
}

/* True when this call shall fail. */
static bool fails(enum call call, char letter)
{
    if (calls.on && calls.n < LOG_MAX)
        calls.text[calls.n++] = letter;
    if (!plan.armed || plan.call != call || --plan.at > 0)
        return false;
    plan.armed = plan.sticky;
    plan.happened = true;
    errno = plan.error;
    return true;
}

int openat(int at, const char *path, int flags, ...)
{
    mode_t mode = 0;
    if (flags & O_CREAT) {
        va_list args;
        va_start(args, flags);
        mode = (mode_t)va_arg(args, unsigned);
        va_end(args);
    }
    return fails(CALL_OPENAT, 'o') ? -1 : (int)syscall(SYS_openat, at, path, flags, mode);
}

ssize_t write(int fd, const void *p, size_t n)
{
    bool fail = fd > 2 && fails(CALL_WRITE, 'w');
    if (fail && plan.error != 0)
        return -1;
    return syscall(SYS_write, fd, p, fail && n > 1 ? n / 2 : n);
}

ssize_t pread(int fd, void *p, size_t n, off_t at)
{
    return fails(CALL_PREAD, 'p') ? -1 : syscall(SYS_pread64, fd, p, n, at);
}

int fsync(int fd)
{
    struct stat st;
    bool folder = fstat(fd, &st) == 0 && S_ISDIR(st.st_mode);
    return fails(CALL_FSYNC, folder ? 'F' : 'f') ? -1 : (int)syscall(SYS_fsync, fd);
}

int renameat(int from, const char *name, int to, const char *other)
{
    return fails(CALL_RENAME, 'r') ? -1 : (int)syscall(SYS_renameat2, from, name, to, other, 0);
}

int renameat2(int from, const char *name, int to, const char *other, unsigned flags)
{
    return fails(CALL_RENAME, 'r') ? -1 : (int)syscall(SYS_renameat2, from, name, to, other, flags);
}

int mkdirat(int at, const char *path, mode_t mode)
{
    return fails(CALL_MKDIRAT, 'm') ? -1 : (int)syscall(SYS_mkdirat, at, path, mode);
}

#ifndef SANITIZED
void *__libc_malloc(size_t n);
void *__libc_calloc(size_t count, size_t n);

static bool no_memory(void)
{
    return memory_at > 0 && --memory_at == 0;
}

void *malloc(size_t n)
{
    return no_memory() ? NULL : __libc_malloc(n);
}

void *calloc(size_t count, size_t n)
{
    return no_memory() ? NULL : __libc_calloc(count, n);
}
#endif

bool fault_can_fail_memory(void)
{
#ifdef SANITIZED
    return false;
#else
    return true;
#endif
}

void fault_set_memory(int at)
{
    memory_at = at;
}

void folder_make(char path[64])
{
    (void)snprintf(path, 64, "/tmp/larder-test-XXXXXX");
    if (mkdtemp(path) == NULL)
        abort();
}

static int remove_one(const char *path, const struct stat *st, int kind, struct FTW *at)
{
    (void)st;
    (void)kind;
    (void)at;
    return remove(path);
}

void folder_remove(const char *path)
{
    (void)nftw(path, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

int count_names(const char *path)
{
    DIR *dir = opendir(path);
    if (dir == NULL)
        return -1;
    int n = 0;
    for (struct dirent *e; (e = readdir(dir)) != NULL;)
        n += strcmp(e->d_name, ".") != 0 && strcmp(e->d_name, "..") != 0;
    (void)closedir(dir);
    return n;
}

int count_open_files(void)
{
    return count_names("/proc/self/fd");
}

/* A test that cannot prepare its files ends here. */
static void must(bool good)
{
    if (!good)
        abort();
}

void file_touch(const char *path)
{
    int fd = open(path, O_WRONLY | O_CREAT, 0644);
    must(fd >= 0 && close(fd) == 0);
}

void file_spoil(const char *path, long at)
{
    char c = 0;
    int fd = open(path, O_RDWR);
    must(fd >= 0 && syscall(SYS_pread64, fd, &c, 1, at) == 1);
    c = (char)~c;
    must(pwrite(fd, &c, 1, at) == 1 && close(fd) == 0);
}

void file_age(const char *path, int seconds)
{
    struct timespec now, times[2];
    (void)clock_gettime(CLOCK_REALTIME, &now);
    times[0] = times[1] = (struct timespec){now.tv_sec - seconds, 0};
    must(utimensat(AT_FDCWD, path, times, AT_SYMLINK_NOFOLLOW) == 0);
}
