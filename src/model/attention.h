/*
 * attention.h - something that waits for a person: a failed check, a conflict, a key that ends.
 *
 * It is put together from rows that stand elsewhere and is never stored itself.
 */
#ifndef LARDER_MODEL_ATTENTION_H
#define LARDER_MODEL_ATTENTION_H

#include <stdint.h>

enum { ATTENTION_EACH = 100 }; /* at most so many of one kind */

struct attention {
    const char *kind;   /* "health.failed", "artifact", "conflict", "findings", "key.expiring",
                         "job.failed" */
    const char *id;     /* of what it is about: a version, a key, a job, a conflict */
    const char *org_id; /* NULL = the system's */
    const char *name, *version; /* pid and version, or the name of a key; NULL = none */
    const char *reason;         /* NULL = none */
    int64_t at;                 /* since when, or when it will be; 0 = not known */
};

#endif
