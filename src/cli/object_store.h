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
    const char *origins;       /* "bucket from variable X, keys from ...": for the start line */
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
 * cli->config is loaded; the profile files are read anew at every call. Texts are in the arena of
 * ctx or live as long as the configuration. ERR_INVALID where a value cannot be understood.
 */
enum err object_store_read(struct ctx *ctx, const struct cli *cli,
                           struct object_store_settings *out) MUST_USE;

/*
 * Reads, says it in the log in one line, and opens a client where the state is READY; else *s3 is
 * NULL. Settings that the client refuses make it LOCAL_ONLY with its sentence. Before any thread.
 */
enum err object_store_open(struct ctx *ctx, const struct cli *cli,
                           struct object_store_settings *out, struct s3 **s3) MUST_USE;
/* The same for a verb that can do nothing without an object store, without a log. */
enum err object_store_need(struct cli *cli, struct object_store_settings *out,
                           struct s3 **s3) MUST_USE;
void object_store_close(struct s3 *s3); /* NULL is fine */

/* Keys as they stand now, after a reload of the settings or where a session has expired. */
enum err object_store_renew(struct ctx *ctx, const struct cli *cli, struct s3 *s3) MUST_USE;

#endif
