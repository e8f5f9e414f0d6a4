/*
 * exchange.h - one request and its answer, from header block to the last byte.
 *
 * strict check -> host and origin -> route -> limits -> guard -> body -> handler -> error shape ->
 * one write -> metrics. It knows the connection only as a struct wire; threads, sockets and the
 * library are the business of http/server.c.
 */
#ifndef LARDER_HTTP_EXCHANGE_H
#define LARDER_HTTP_EXCHANGE_H

#include "http/check.h"
#include "http/head.h"
#include "http/origin.h"
#include "http/server.h"

struct buffers;
struct wire;

enum { EXCHANGE_MEMORY = 96 << 20, EXCHANGE_ID = 32 };

/* What all requests of a server share; nothing in it changes but the counters. */
struct exchange {
    struct origin_rules rules;
    const char *trusted_proxies;
    bool access_log;
    const struct router *router;
    struct server_hooks hooks;
    const struct clock *clock;
    struct log *log;
    struct metrics *metrics;
    struct buffers *buffers;
    char id_prefix[16]; /* request ids: this, '-', and a counter */
    uint64_t id_count;  /* atomic */
    int pumps;          /* atomic: streams that keep their worker */
    int pumps_max;
    bool stopping; /* atomic: connections end with the answer that is under way */
};

/* What one worker keeps from request to request. */
struct worker {
    struct arena arena;
    int64_t date_second;
    char date[HEAD_DATE];
};

/* How a request got here. */
struct arrival {
    struct check_input head;
    enum err refused; /* OK, or what the server found before the header was walked */
    const char *remote;
    bool tls;
    bool crowded; /* most workers are busy: give this one back after the answer */
};

/* Answers; true when the connection may go on. */
bool exchange_run(struct exchange *x, struct worker *worker, struct wire *wire,
                  const struct arrival *arrival);

#endif
