/*
 * backup_job.c - one job that queues its successor.
 *
 * The row of the next backup outlives the process, so a server that is restarted often still backs
 * up on time. A backup that fails is tried again a few times, and then it is the next one's turn.
 */
#include "cli/backup_job.h"

#include <string.h>

#include "base/log.h"
#include "cli/bucket_backup.h"
#include "cli/object_store.h"
#include "domain/domain.h"
#include "net/fetch.h"
#include "store/kv_store.h"

#define KIND "backup"
#define SUBJECT "bucket"

enum { TRIES = 4, RETRY_MS = 60000 };

static int64_t every_ms(const struct backup_job *b)
{
    return config_int(b->cli->config, "backup-s3-every");
}

/* Why none can be made, or NULL. */
static const char *obstacle(const struct backup_job *b, const struct object_store_settings *store,
                            unsigned char key[SEAL_KEY], bool *sealed)
{
    const char *text = config_text(b->cli->config, "backup-s3-key");
    *sealed = text || !config_bool(b->cli->config, "backup-s3-unsealed");
    if (store->state != OBJECT_STORE_READY)
        return store->why;
    if (*sealed && text == NULL)
        return "backup-s3-every is set, but no backup-s3-key to seal with (`larder backup s3 "
               "--new-key FILE` makes one)";
    if (*sealed && !bucket_backup_key(text, key))
        return "backup-s3-key must be 64 hexadecimal digits";
    return NULL;
}

static enum err queue_next(struct ctx *ctx, struct conn *conn, void *arg)
{
    const struct backup_job *b = arg;
    return jobs_queue(ctx, conn, KIND, SUBJECT, SLICE_NONE, ctx->now + every_ms(b));
}

static enum err read_node(struct ctx *ctx, struct conn *conn, void *arg)
{
    const char **node = arg;
    return kv_get(ctx, conn, "node_id", node);
}

static enum err make_backup(struct ctx *ctx, const struct backup_job *b,
                            struct object_store_settings *store, const unsigned char *key,
                            const struct job *job)
{
    struct bucket_backup made;
    const char *node = NULL;
    int removed = 0;
    struct s3 *s3;
    store->options.cancel = job->cancel;
    enum err err = s3_open(ctx, &store->options, &s3);
    if (err != OK)
        return err;
    err = store_read(ctx, b->d->store, read_node, &node);
    const struct bucket_backup_options options = {
        .s3 = s3,
        .data = b->data,
        .node = node,
        .key = key,
        .keep = (int)config_int(b->cli->config, "backup-s3-keep"),
        .cancel = job->cancel};
    if (err == OK)
        err = bucket_backup_put(ctx, &options, &made, &removed);
    s3_close(s3);
    if (err != OK)
        return err;
    const char *bytes = str_printf(ctx->arena, "%lld", (long long)made.bytes);
    log_line(ctx->log, LOG_INFO, NULL, "backup.done", "backup", made.stamp, "bytes",
             bytes ? bytes : "", "sealed", made.sealed ? "yes" : "no", NULL);
    return OK;
}

static enum err run(struct ctx *ctx, void *arg, const struct job *job, struct slice *result)
{
    struct backup_job *b = arg;
    struct object_store_settings store;
    unsigned char key[SEAL_KEY];
    bool sealed;
    if (every_ms(b) == 0)
        return OK; /* queued in an earlier life, when it was wanted */
    enum err err = object_store_read(ctx, b->cli, &store);
    if (err != OK)
        return err;
    const char *why = obstacle(b, &store, key, &sealed);
    if (why)
        return OK; /* said at the start; another start looks again */
    err = make_backup(ctx, b, &store, sealed ? key : NULL, job);
    crypto_wipe(key, sizeof key);
    if (err != OK) {
        log_line(ctx->log, LOG_WARN, NULL, "backup.failed", "why", ctx_sentence(ctx), NULL);
        return err;
    }
    *result = SLICE("{\"done\":true}");
    return store_write(ctx, b->d->store, queue_next, b);
}

static enum err gave_up(struct ctx *ctx, struct conn *conn, void *arg, const struct job *job,
                        const char *why)
{
    (void)job;
    (void)why;
    return queue_next(ctx, conn, arg);
}

struct job_kind backup_job(struct backup_job *b)
{
    return (struct job_kind){.name = KIND,
                             .run = run,
                             .gave_up = gave_up,
                             .arg = b,
                             .tries = TRIES,
                             .retry_ms = RETRY_MS};
}

struct first {
    int64_t at;
};

static enum err queue_first(struct ctx *ctx, struct conn *conn, void *arg)
{
    const struct first *f = arg;
    return jobs_queue(ctx, conn, KIND, SUBJECT, SLICE_NONE, f->at);
}

enum err backup_job_start(struct ctx *ctx, const struct backup_job *b)
{
    struct object_store_settings store;
    unsigned char key[SEAL_KEY];
    struct job_row newest;
    struct first first = {0};
    bool sealed, found;
    if (every_ms(b) == 0)
        return OK;
    enum err err = object_store_read(ctx, b->cli, &store);
    if (err != OK)
        return err;
    const char *why = obstacle(b, &store, key, &sealed);
    crypto_wipe(key, sizeof key);
    if (why) {
        log_line(ctx->log, LOG_WARN, NULL, "backup.off", "why", why, NULL);
        return OK;
    }
    err = jobs_newest(ctx, b->d, KIND, SUBJECT, &newest, &found);
    if (err != OK)
        return err;
    if (found && strcmp(newest.state, "done") == 0)
        first.at = newest.finished_at + every_ms(b);
    return store_write(ctx, b->d->store, queue_first, &first);
}
