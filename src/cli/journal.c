/*
 * journal.c - read once, then only appended to.
 */
#include "cli/journal.h"
#include "base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { JOURNAL_MAX = 64 << 20 };

struct journal {
    int fd;
    const char *path, *where;
    struct slice text; /* as it was when it was opened */
};

static enum err read_text(struct cli *cli, struct journal *j)
{
    struct stat st;
    if (fstat(j->fd, &st) != 0)
        return ctx_fail_errno(cli->ctx, errno, j->path);
    if (!S_ISREG(st.st_mode) || st.st_size > JOURNAL_MAX)
        return ctx_fail(cli->ctx, ERR_INVALID, "%s is no journal of an upload", j->path);
    size_t n = (size_t)st.st_size, at = 0;
    char *p = arena_alloc_raw(cli->ctx->arena, n + 1);
    if (p == NULL)
        return ctx_no_memory(cli->ctx);
    while (at < n) {
        ssize_t got = pread(j->fd, p + at, n - at, (off_t)at);
        if (got <= 0)
            return ctx_fail_errno(cli->ctx, got < 0 ? errno : EIO, j->path);
        at += (size_t)got;
    }
    j->text = (struct slice){p, n};
    return OK;
}

static enum err append(struct cli *cli, struct journal *j, struct slice line)
{
    bool kept = file_write(j->fd, line) == 0 && fdatasync(j->fd) == 0;
    return kept ? OK : ctx_fail_errno(cli->ctx, errno, j->path);
}

enum err journal_open(struct cli *cli, const char *path, const char *where, struct journal **out)
{
    struct journal *j = arena_alloc(cli->ctx->arena, sizeof *j);
    if (j == NULL)
        return ctx_no_memory(cli->ctx);
    j->path = path;
    j->where = where;
    j->fd = open(path, O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    if (j->fd < 0)
        return ctx_fail(cli->ctx, ERR_IO, "%s: %s", path, strerror(errno));
    *out = j;
    enum err err = read_text(cli, j);
    /* what a crash cut short must not run into the next line */
    if (err == OK && j->text.n > 0 && j->text.p[j->text.n - 1] != '\n')
        err = append(cli, j, SLICE("\n"));
    return err;
}

void journal_close(struct journal *j)
{
    if (j)
        (void)close(j->fd); /* each line was flushed when it was written */
}

bool journal_has(const struct journal *j, const char sha256[SHA256_HEX])
{
    struct slice rest = j->text, line;
    while (slice_split(&rest, '\n', &line))
        if (line.n > SHA256_HEX && slice_is(slice_sub(line, 0, SHA256_HEX - 1), sha256) &&
            slice_is(slice_sub(line, SHA256_HEX, line.n), j->where))
            return true;
    return false;
}

enum err journal_add(struct cli *cli, struct journal *j, const char sha256[SHA256_HEX])
{
    const char *line = str_printf(cli->ctx->arena, "%s %s\n", sha256, j->where);
    return line ? append(cli, j, slice_of(line)) : ctx_no_memory(cli->ctx);
}
