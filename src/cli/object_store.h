/*
 * object_store.h - which object store this Larder uses, and where each of those settings came from.
 *
 * The rows stand in cli/settings.c; this adds what rows alone cannot say: the profile files of the
 * AWS command line, `s3://bucket/prefix`, pairs that must come from one place, and whether all that
 * is needed is there. It opens nothing and never fails for want of settings: a Larder without an
 * object store works, and one sentence says why it has none. No secret is in that sentence.
 */
#ifndef LARDER_CLI_OBJECT_STORE_H
#define LARDER_CLI_OBJECT_STORE_H

#include "cli/command.h"
#include "net/s3.h"

enum object_store_state {
    OBJECT_STORE_OFF,        /* switched off: no rows for the outbox, one INFO line */
    OBJECT_STORE_LOCAL_ONLY, /* something is missing: one WARN line; the outbox fills */
    OBJECT_STORE_READY
};

enum { OBJECT_STORE_SHOWN = 8 };

struct object_store_settings {
    enum object_store_state state;
    const char *why;           /* unless READY: the sentence to log once, naming the variables */
    const char *warning;       /* NULL, or one thing to tell although it is READY */
    struct s3_options options; /* whole where READY */
    const char *name;          /* where READY: "https://host/bucket/prefix" */
    const char *origins;       /* "bucket: variable X; keys: ...": for the start line */
    bool create_bucket;        /* make the bucket where it does not exist */
    bool sync;                 /* an upload is answered when it is in the bucket, or refused */
    bool cadence_layout;       /* write what Cadence workers read as well */
    struct {
        const char *key;   /* of the row: "s3-region" */
        const char *value; /* as `larder config` shows it: secrets masked */
        const char *where;
    } shown[OBJECT_STORE_SHOWN]; /* where it is not what the row says */
    size_t shown_count;
};

/*
 * cli->config is loaded; the profile files are read anew at every call, so it serves a reload too.
 * Texts are in the arena of ctx or live as long as the configuration. What the client would refuse
 * makes the state LOCAL_ONLY with its sentence. ERR_INVALID where a value cannot be understood.
 */
enum err object_store_read(struct ctx *ctx, const struct cli *cli,
                           struct object_store_settings *out) MUST_USE;
/* The one line of the start, in the log of ctx. */
void object_store_say(struct ctx *ctx, const struct object_store_settings *settings);

/* A client for a verb that can do nothing without an object store. fetch_open has run. */
enum err object_store_need(struct cli *cli, struct s3 **out) MUST_USE;

#endif
