/*
 * audit.h - one line of the record of what happened, and how to ask for lines.
 */
#ifndef LARDER_MODEL_AUDIT_H
#define LARDER_MODEL_AUDIT_H

#include <stdbool.h>
#include <stdint.h>

struct audit_event {
    int64_t seq; /* position in the chain, from 1 */
    int64_t at;
    const char *actor_id, *actor_name, *actor_via;
    const char *address, *request_id;
    const char *action;  /* "user.create", "plugin.upload" */
    const char *org_id;  /* NULL = the system */
    const char *subject; /* what it was done to: an id */
    const char *detail;  /* JSON object with what changed, never a secret; NULL = none */
    const char *hash;    /* hex of this line's hash, which covers the one before */
};

struct audit_filter {
    const char *action; /* exact, or a prefix that ends in '.'; NULL = any */
    const char *actor_id, *org_id, *subject;
    int64_t since, until; /* 0 = open */
    bool people_only;     /* leaves out what the system did by itself */
    int64_t before_seq;   /* for paging, newest first; 0 = from the newest */
    int limit;
};

#endif
