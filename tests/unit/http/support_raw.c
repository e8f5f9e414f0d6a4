/*
 * support_raw.c - plain sockets with a deadline; nothing here understands more HTTP than it must.
 */
#include "support_raw.h"

#include <arpa/inet.h>
#include <assert.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"

int raw_open(const char *url)
{
    const char *port = strrchr(url, ':');
    struct sockaddr_in a = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    a.sin_port = htons((unsigned short)strtoul(port + 1, NULL, 10));
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert(fd >= 0 && connect(fd, (struct sockaddr *)&a, sizeof a) == 0);
    return fd;
}

void raw_send(int fd, const void *p, size_t n)
{
    for (size_t at = 0; at < n;) {
        ssize_t took = send(fd, (const char *)p + at, n - at, MSG_NOSIGNAL);
        if (took < 0)
            return;
        at += (size_t)took;
    }
}

/* One piece; false at the end, an error or when the patience is over (then *late is set). */
static bool take(int fd, struct raw_answer *a, int64_t end, bool *late)
{
    struct pollfd p = {.fd = fd, .events = POLLIN};
    int64_t left = end - clock_mono_ms(&clock_system);
    if (left <= 0 || poll(&p, 1, (int)left) <= 0) {
        *late = true;
        return false;
    }
    ssize_t got = recv(fd, a->text + a->n, RAW_MAX - a->n, 0);
    if (got <= 0)
        return false;
    a->n += (size_t)got;
    a->text[a->n] = '\0';
    return true;
}

static void count(struct raw_answer *a)
{
    for (const char *at = a->text; (at = strstr(at, "HTTP/1.1 ")) != NULL; at++) {
        int status = (int)strtol(at + 9, NULL, 10);
        if (status < 200)
            continue;
        if (a->answers++ == 0)
            a->status = status;
    }
}

static const char *head_end(const struct raw_answer *a)
{
    const char *at = a->text;
    while (strncmp(at, "HTTP/1.1 100", 12) == 0 && strstr(at, "\r\n\r\n"))
        at = strstr(at, "\r\n\r\n") + 4;
    at = strstr(at, "\r\n\r\n");
    return at ? at + 4 : NULL;
}

void raw_read(int fd, struct raw_answer *out, bool head)
{
    int64_t end = clock_mono_ms(&clock_system) + RAW_PATIENCE_MS;
    bool late = false;
    memset(out, 0, offsetof(struct raw_answer, text) + 1);
    for (;;) {
        const char *body = head_end(out);
        if (body) {
            char value[512];
            size_t want = head ? 0 : strtoul(raw_field(out, "Content-Length", value), NULL, 10);
            if (out->n >= (size_t)(body - out->text) + want)
                break;
        }
        if (!take(fd, out, end, &late))
            break;
    }
    count(out);
}

void raw_read_all(int fd, struct raw_answer *out)
{
    int64_t end = clock_mono_ms(&clock_system) + RAW_PATIENCE_MS;
    bool late = false;
    memset(out, 0, offsetof(struct raw_answer, text) + 1);
    while (take(fd, out, end, &late))
        continue;
    out->closed = !late;
    count(out);
}

bool raw_is_closed(int fd)
{
    struct pollfd p = {.fd = fd, .events = POLLIN};
    char c;
    return poll(&p, 1, RAW_PATIENCE_MS) > 0 && recv(fd, &c, 1, 0) <= 0;
}

const char *raw_field(const struct raw_answer *a, const char *name, char value[512])
{
    size_t n = strlen(name);
    const char *end = head_end(a);
    value[0] = '\0';
    for (const char *line = a->text; end && line < end; line = strstr(line, "\r\n") + 2) {
        if (strncasecmp(line, name, n) != 0 || line[n] != ':')
            continue;
        const char *from = line + n + 1 + (line[n + 1] == ' ');
        (void)snprintf(value, 512, "%.*s", (int)(strstr(from, "\r\n") - from), from);
        break;
    }
    return value;
}

const char *raw_body(const struct raw_answer *a)
{
    const char *body = head_end(a);
    return body ? body : "";
}
