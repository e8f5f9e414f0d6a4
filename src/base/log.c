/*
 * log.c - formatting a line, writing it with one write(2), keeping the last ones.
 *
 * One mutex guards the ring; the write happens outside of it, and one write of one line is not
 * torn by another thread's.
 */
#include "base/log.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/clock.h"

enum { LINE_MAX_BYTES = 2048, KEPT = 512 };

struct log {
    int fd;
    enum log_level level;
    pthread_mutex_t lock;
    uint64_t seq; /* of the newest line */
    struct {
        enum log_level level;
        char *line;
    } ring[KEPT];
};

static const char *const level_name[] = {"debug", "info", "warn", "error"};

struct log *log_open(int fd, enum log_level level)
{
    struct log *log = calloc(1, sizeof *log); /* freed by log_close */
    if (log == NULL)
        return NULL;
    log->fd = fd;
    log->level = level;
    pthread_mutex_init(&log->lock, NULL);
    return log;
}

void log_close(struct log *log)
{
    if (log == NULL)
        return;
    for (size_t i = 0; i < KEPT; i++)
        free(log->ring[i].line);
    pthread_mutex_destroy(&log->lock);
    free(log);
}

void log_set_level(struct log *log, enum log_level level)
{
    __atomic_store_n(&log->level, level, __ATOMIC_RELAXED);
}

bool log_level_of(const char *name, enum log_level *out)
{
    for (size_t i = 0; i < sizeof level_name / sizeof *level_name; i++)
        if (strcmp(name, level_name[i]) == 0) {
            *out = (enum log_level)i;
            return true;
        }
    return false;
}

/* A value stands bare when it is made of harmless letters, else quoted with escapes. */
static void write_value(struct buf *b, const char *text)
{
    static const char bare[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
                               "-_.:/@+,*[]{}()";
    size_t n = strlen(text);
    if (n > 0 && strspn(text, bare) == n) {
        buf_add(b, text, n);
        return;
    }
    buf_char(b, '"');
    for (size_t i = 0; i < n; i++) {
        unsigned char c = (unsigned char)text[i];
        if (c == '"' || c == '\\') {
            buf_char(b, '\\');
            buf_char(b, (char)c);
        } else if (c < 0x20 || c == 0x7F) {
            buf_printf(b, "\\x%02x", c);
        } else {
            buf_char(b, (char)c);
        }
    }
    buf_char(b, '"');
}

static void keep(struct log *log, enum log_level level, const char *line, size_t n)
{
    char *copy = strndup(line, n); /* freed when the ring comes round, or by log_close */
    if (copy == NULL)
        return;
    pthread_mutex_lock(&log->lock);
    size_t at = (size_t)(log->seq++ % KEPT);
    char *old = log->ring[at].line;
    log->ring[at].level = level;
    log->ring[at].line = copy;
    pthread_mutex_unlock(&log->lock);
    free(old);
}

void log_line(struct log *log, enum log_level level, const char *request_id, const char *event, ...)
{
    if (log == NULL || level < __atomic_load_n(&log->level, __ATOMIC_RELAXED))
        return;
    char space[LINE_MAX_BYTES], stamp[CLOCK_TEXT];
    /* a buffer over memory of this frame: it never grows, a line that is too long is cut */
    struct buf b = {.p = space, .cap = sizeof space, .max = sizeof space - 2};
    buf_printf(&b, "time=%s level=%s event=%s", clock_format(clock_wall_ms(&clock_system), stamp),
               level_name[level], event);
    if (request_id && *request_id) {
        buf_str(&b, " request=");
        write_value(&b, request_id);
    }
    va_list args;
    va_start(args, event);
    for (const char *key; (key = va_arg(args, const char *)) != NULL;) {
        const char *value = va_arg(args, const char *);
        buf_printf(&b, " %s=", key);
        write_value(&b, value ? value : "-");
    }
    va_end(args);
    keep(log, level, b.p, b.n);
    b.p[b.n++] = '\n';
    if (write(log->fd, b.p, b.n) < 0)
        return; /* stderr is gone; there is nowhere left to say so */
}

size_t log_tail(struct log *log, struct arena *arena, uint64_t after, enum log_level least,
                size_t max, struct log_record **out)
{
    size_t n = 0;
    *out = arena_array(arena, max ? max : 1, sizeof **out);
    if (*out == NULL)
        return 0;
    pthread_mutex_lock(&log->lock);
    uint64_t oldest = log->seq > KEPT ? log->seq - KEPT : 0;
    for (uint64_t seq = after > oldest ? after : oldest; seq < log->seq && n < max; seq++) {
        size_t at = (size_t)(seq % KEPT);
        if (log->ring[at].line == NULL || log->ring[at].level < least)
            continue;
        char *line = slice_dup(arena, slice_of(log->ring[at].line));
        if (line == NULL)
            break;
        (*out)[n++] = (struct log_record){seq + 1, log->ring[at].level, line};
    }
    pthread_mutex_unlock(&log->lock);
    return n;
}
