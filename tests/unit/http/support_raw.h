/*
 * support_raw.h - a client that sends exactly the bytes it is given.
 */
#ifndef SUPPORT_RAW_H
#define SUPPORT_RAW_H

#include <stdbool.h>
#include <stddef.h>

enum { RAW_MAX = 1 << 20, RAW_PATIENCE_MS = 60000 };

struct raw_answer {
    int status;     /* 0 = none came */
    size_t answers; /* how many status lines stand in what came, "100 Continue" not counted */
    bool closed;    /* the server ended the connection */
    size_t n;
    char text[RAW_MAX + 1]; /* everything that came */
};

int raw_open(const char *url);                  /* a connected socket */
void raw_send(int fd, const void *p, size_t n); /* errors are seen when reading */
/* One answer, by its Content-Length; head: the answer has no content. */
void raw_read(int fd, struct raw_answer *out, bool head);
void raw_read_all(int fd, struct raw_answer *out); /* until the server closes */
/* True when the server has closed, or does within the patience; false when it sends something. */
bool raw_is_closed(int fd);
/* The value of a field of the first answer, "" where it is absent. Overwritten by the next call
 * with the same buffer. */
const char *raw_field(const struct raw_answer *a, const char *name, char value[512]);
const char *raw_body(const struct raw_answer *a);

#endif
