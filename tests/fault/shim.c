/*
 * shim.c - makes the n-th call to the disk or to the heap fail, or the process die there.
 *
 * Preloaded into the server by the fault tests; nothing of it is in the product. It counts the calls
 * that change the disk (or allocate) once the server is up: the count starts when the file named in
 * SHIM_ARM exists, and its content says what to do, "<what> <n>[+]":
 *     kill 7      SIGKILL just before the 7th call
 *     fail 7      the 7th call fails with ENOSPC
 *     fail 7+     the 7th and all later ones
 *     shut 7+     likewise with EROFS, as a disk that the kernel made read-only
 *     heap 7      the 7th allocation answers NULL;  heap 7+  likewise
 *     count 0     nothing; the number of calls is written to SHIM_ARM.count at exit of each call
 * Arming again (writing the file anew) starts the count anew.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

static _Atomic long calls, heap_calls;
static _Atomic long target;
static _Atomic int mode; /* 0 none, 1 kill, 2 fail, 3 heap, 4 count, 5 shut */
static _Atomic int sticky;
static _Atomic long stamp; /* of the arming file */
static __thread int inside;

/* Raw system calls, so that reading the file is not itself counted. */
static void look(void)
{
    const char *path = getenv("SHIM_ARM");
    struct stat st;
    char text[64] = "";
    if (path == NULL || syscall(SYS_newfstatat, AT_FDCWD, path, &st, 0) != 0)
        return;
    long now = st.st_mtim.tv_sec * 1000000000L + st.st_mtim.tv_nsec;
    if (now == atomic_load(&stamp))
        return;
    long fd = syscall(SYS_openat, AT_FDCWD, path, O_RDONLY, 0);
    if (fd < 0)
        return;
    long n = syscall(SYS_read, fd, text, sizeof text - 1);
    syscall(SYS_close, fd);
    char what[16] = "", plus = 0;
    long number = 0;
    if (n <= 0 || sscanf(text, "%15s %ld%c", what, &number, &plus) < 2)
        return;
    atomic_store(&calls, 0);
    atomic_store(&heap_calls, 0);
    atomic_store(&target, number);
    atomic_store(&sticky, plus == '+');
    atomic_store(&mode, strcmp(what, "kill") == 0   ? 1
                        : strcmp(what, "fail") == 0 ? 2
                        : strcmp(what, "heap") == 0 ? 3
                        : strcmp(what, "shut") == 0 ? 5
                                                    : 4);
    atomic_store(&stamp, now);
}

static void write_count(void)
{
    char path[4096], text[32];
    int n = snprintf(path, sizeof path, "%s.count", getenv("SHIM_ARM"));
    if (n < 0 || (size_t)n >= sizeof path)
        return;
    long fd = syscall(SYS_openat, AT_FDCWD, path, O_WRONLY | O_CREAT | O_TRUNC, 0600);
    n = snprintf(text, sizeof text, "%ld", atomic_load(&calls));
    syscall(SYS_write, fd, text, (size_t)n);
    syscall(SYS_close, fd);
}

/* The error with which this call shall fail, or 0. */
static int judge(void)
{
    if (inside)
        return 0;
    inside = 1;
    look();
    int m = atomic_load(&mode), bad = 0;
    if (m == 1 || m == 2 || m == 4 || m == 5) {
        long n = atomic_fetch_add(&calls, 1) + 1, t = atomic_load(&target);
        if (m == 4)
            write_count();
        else if (n == t && m == 1)
            syscall(SYS_kill, syscall(SYS_getpid), SIGKILL);
        else if (m != 1 && (n == t || (n > t && atomic_load(&sticky))))
            bad = m == 2 ? ENOSPC : EROFS;
    }
    inside = 0;
    return bad;
}

static int heap_fails(void)
{
    static int wanted = -1; /* a look at the arming file at every allocation is slow: on request */
    if (inside)
        return 0;
    inside = 1;
    if (wanted < 0)
        wanted = getenv("SHIM_HEAP") != NULL;
    if (wanted)
        look();
    inside = 0;
    if (atomic_load(&mode) != 3)
        return 0;
    long n = atomic_fetch_add(&heap_calls, 1) + 1, t = atomic_load(&target);
    return n == t || (n > t && atomic_load(&sticky));
}

#define REAL(type, name, ...)                                                                      \
    static type (*real)(__VA_ARGS__);                                                              \
    if (real == NULL) {                                                                            \
        inside++;                                                                                  \
        *(void **)&real = dlsym(RTLD_NEXT, name);                                                  \
        inside--;                                                                                  \
    }
#define REFUSE                                                                                     \
    do {                                                                                           \
        int bad = judge();                                                                         \
        if (bad) {                                                                                 \
            errno = bad;                                                                           \
            return -1;                                                                             \
        }                                                                                          \
    } while (0)

static int on_disk(int fd)
{
    struct stat st;
    return syscall(SYS_fstat, fd, &st) == 0 && S_ISREG(st.st_mode);
}

ssize_t write(int fd, const void *p, size_t n)
{
    REAL(ssize_t, "write", int, const void *, size_t)
    if (fd != STDERR_FILENO && on_disk(fd)) /* the log comes after the answer and is no step */
        REFUSE;
    return real(fd, p, n);
}
ssize_t pwrite(int fd, const void *p, size_t n, off_t at)
{
    REAL(ssize_t, "pwrite", int, const void *, size_t, off_t)
    REFUSE;
    return real(fd, p, n, at);
}
ssize_t pwrite64(int fd, const void *p, size_t n, off64_t at)
{
    REAL(ssize_t, "pwrite64", int, const void *, size_t, off64_t)
    REFUSE;
    return real(fd, p, n, at);
}
int fsync(int fd)
{
    REAL(int, "fsync", int)
    REFUSE;
    return real(fd);
}
int fdatasync(int fd)
{
    REAL(int, "fdatasync", int)
    REFUSE;
    return real(fd);
}
int ftruncate(int fd, off_t n)
{
    REAL(int, "ftruncate", int, off_t)
    REFUSE;
    return real(fd, n);
}
int ftruncate64(int fd, off64_t n)
{
    REAL(int, "ftruncate64", int, off64_t)
    REFUSE;
    return real(fd, n);
}
int renameat(int a, const char *b, int c, const char *d)
{
    REAL(int, "renameat", int, const char *, int, const char *)
    REFUSE;
    return real(a, b, c, d);
}
int renameat2(int a, const char *b, int c, const char *d, unsigned int e)
{
    REAL(int, "renameat2", int, const char *, int, const char *, unsigned int)
    REFUSE;
    return real(a, b, c, d, e);
}
int linkat(int a, const char *b, int c, const char *d, int e)
{
    REAL(int, "linkat", int, const char *, int, const char *, int)
    REFUSE;
    return real(a, b, c, d, e);
}
int mkdirat(int a, const char *b, mode_t m)
{
    REAL(int, "mkdirat", int, const char *, mode_t)
    REFUSE;
    return real(a, b, m);
}
int unlinkat(int a, const char *b, int flags)
{
    REAL(int, "unlinkat", int, const char *, int)
    REFUSE;
    return real(a, b, flags);
}
int openat(int dir, const char *path, int flags, ...)
{
    REAL(int, "openat", int, const char *, int, ...)
    mode_t m = 0;
    if (flags & (O_CREAT | O_TMPFILE)) {
        va_list args;
        va_start(args, flags);
        m = va_arg(args, mode_t);
        va_end(args);
        if (flags & O_CREAT)
            REFUSE;
    }
    return real(dir, path, flags, m);
}

void *malloc(size_t n)
{
    REAL(void *, "malloc", size_t)
    return heap_fails() ? (errno = ENOMEM, (void *)NULL) : real(n);
}
void *realloc(void *p, size_t n)
{
    REAL(void *, "realloc", void *, size_t)
    return heap_fails() ? (errno = ENOMEM, (void *)NULL) : real(p, n);
}
