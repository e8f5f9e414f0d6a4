/*
 * wal_file.c - the bytes of a transaction are gathered on their way into the log.
 *
 * SQLite writes every changed page with two calls, 24 bytes that describe it and the page, and an
 * upload changes some thirty. Here they are kept until the transaction ends or anything else is
 * asked of the file; then they are written as they would have been, with one call. Nothing is held
 * back beyond the end of a transaction: the frame that ends it says so in its header (bytes 4 to 7
 * are not 0), and only after its page does SQLite flush the file or let anybody else read it. A write
 * that fails is told by the call that had to make it, which is one of the same transaction.
 *
 * All other files are the system's own, untouched.
 */
#include "store/wal_file.h"

#include <sqlite3.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

/* SQLite's own file system takes less than 128 KiB at a time. */
enum { FRAME_HEADER = 24, ROOM = 31 * (4096 + FRAME_HEADER) };
_Static_assert(ROOM < 1 << 17, "more is cut to nothing by unixWrite");

static const char name[] = "larder-wal";

struct wal_file {
    sqlite3_file base; /* what SQLite sees; first */
    sqlite3_file *real;
    char *bytes; /* ROOM of them, made with the first write; NULL = each is written at once */
    size_t have;
    sqlite3_int64 at; /* where the first of them belongs */
    bool ends;        /* the last header was that of the frame that ends a transaction */
};

static int flush(struct wal_file *w)
{
    size_t n = w->have;
    w->have = 0;
    return n == 0 ? SQLITE_OK : w->real->pMethods->xWrite(w->real, w->bytes, (int)n, w->at);
}

/* ---- what SQLite calls ---- */

static int wal_close(sqlite3_file *file)
{
    struct wal_file *w = (struct wal_file *)file;
    int rc = flush(w), closed = w->real->pMethods->xClose(w->real);
    free(w->bytes);
    w->bytes = NULL;
    return rc == SQLITE_OK ? closed : rc;
}

static int wal_read(sqlite3_file *file, void *to, int n, sqlite3_int64 at)
{
    struct wal_file *w = (struct wal_file *)file;
    int rc = flush(w);
    return rc == SQLITE_OK ? w->real->pMethods->xRead(w->real, to, n, at) : rc;
}

static bool is_last(const unsigned char *header)
{
    return (header[4] | header[5] | header[6] | header[7]) != 0;
}

static int wal_write(sqlite3_file *file, const void *from, int n, sqlite3_int64 at)
{
    struct wal_file *w = (struct wal_file *)file;
    size_t size = (size_t)n;
    if (w->have > 0 && (at != w->at + (sqlite3_int64)w->have || size > ROOM - w->have)) {
        int rc = flush(w);
        if (rc != SQLITE_OK)
            return rc;
    }
    if (w->bytes == NULL)
        w->bytes = malloc(ROOM); /* freed by wal_close */
    if (w->bytes == NULL || size > ROOM)
        return w->real->pMethods->xWrite(w->real, from, n, at);
    if (w->have == 0)
        w->at = at;
    memcpy(w->bytes + w->have, from, size);
    w->have += size;
    if (n == FRAME_HEADER) {
        w->ends = is_last(from);
        return SQLITE_OK;
    }
    return w->ends ? flush(w) : SQLITE_OK;
}

static int wal_truncate(sqlite3_file *file, sqlite3_int64 size)
{
    struct wal_file *w = (struct wal_file *)file;
    int rc = flush(w);
    return rc == SQLITE_OK ? w->real->pMethods->xTruncate(w->real, size) : rc;
}

static int wal_sync(sqlite3_file *file, int flags)
{
    struct wal_file *w = (struct wal_file *)file;
    int rc = flush(w);
    return rc == SQLITE_OK ? w->real->pMethods->xSync(w->real, flags) : rc;
}

static int wal_size(sqlite3_file *file, sqlite3_int64 *out)
{
    struct wal_file *w = (struct wal_file *)file;
    int rc = flush(w);
    return rc == SQLITE_OK ? w->real->pMethods->xFileSize(w->real, out) : rc;
}

static int wal_lock(sqlite3_file *file, int level)
{
    struct wal_file *w = (struct wal_file *)file;
    return w->real->pMethods->xLock(w->real, level);
}

static int wal_unlock(sqlite3_file *file, int level)
{
    struct wal_file *w = (struct wal_file *)file;
    return w->real->pMethods->xUnlock(w->real, level);
}

static int wal_reserved(sqlite3_file *file, int *out)
{
    struct wal_file *w = (struct wal_file *)file;
    return w->real->pMethods->xCheckReservedLock(w->real, out);
}

static int wal_control(sqlite3_file *file, int op, void *arg)
{
    struct wal_file *w = (struct wal_file *)file;
    return w->real->pMethods->xFileControl(w->real, op, arg);
}

static int wal_sector(sqlite3_file *file)
{
    struct wal_file *w = (struct wal_file *)file;
    return w->real->pMethods->xSectorSize(w->real);
}

static int wal_traits(sqlite3_file *file)
{
    struct wal_file *w = (struct wal_file *)file;
    return w->real->pMethods->xDeviceCharacteristics(w->real);
}

static const sqlite3_io_methods methods = {
    .iVersion = 1, /* a log is neither mapped nor shared by way of its file */
    .xClose = wal_close,
    .xRead = wal_read,
    .xWrite = wal_write,
    .xTruncate = wal_truncate,
    .xSync = wal_sync,
    .xFileSize = wal_size,
    .xLock = wal_lock,
    .xUnlock = wal_unlock,
    .xCheckReservedLock = wal_reserved,
    .xFileControl = wal_control,
    .xSectorSize = wal_sector,
    .xDeviceCharacteristics = wal_traits,
};

/* ---- the file system ---- */

static int open_file(sqlite3_vfs *vfs, sqlite3_filename path, sqlite3_file *file, int flags,
                     int *out_flags)
{
    sqlite3_vfs *system_own = vfs->pAppData;
    if ((flags & SQLITE_OPEN_WAL) == 0)
        return system_own->xOpen(system_own, path, file, flags, out_flags);
    struct wal_file *w = (struct wal_file *)file;
    *w = (struct wal_file){.real = (sqlite3_file *)(w + 1)};
    int rc = system_own->xOpen(system_own, path, w->real, flags, out_flags);
    if (rc == SQLITE_OK)
        w->base.pMethods = &methods;
    return rc;
}

/* SQLite keeps it for as long as the process lives. */
static bool enter(void)
{
    sqlite3_vfs *system_own = sqlite3_vfs_find(NULL), *ours = calloc(1, sizeof *ours);
    if (system_own == NULL || ours == NULL) {
        free(ours);
        return false;
    }
    *ours = *system_own; /* all but the opening, which asks pAppData for the rest */
    ours->szOsFile += (int)sizeof(struct wal_file);
    ours->pNext = NULL;
    ours->zName = name;
    ours->pAppData = system_own;
    ours->xOpen = open_file;
    if (sqlite3_vfs_register(ours, 0) == SQLITE_OK)
        return true;
    free(ours);
    return false;
}

const char *wal_file_system(void)
{
    sqlite3_mutex *once = sqlite3_mutex_alloc(SQLITE_MUTEX_STATIC_APP1); /* SQLite's, for such */
    sqlite3_mutex_enter(once);
    bool known = sqlite3_vfs_find(name) != NULL || enter();
    sqlite3_mutex_leave(once);
    return known ? name : NULL;
}
