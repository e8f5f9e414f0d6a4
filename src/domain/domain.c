/*
 * domain.c - starting, tending and ending what the rules share.
 */
#include "domain/domain.h"

#include <string.h>

#include "base/crypto.h"
#include "domain/downloads.h"
#include "domain/health.h"
#include "domain/passwords.h"
#include "domain/roles.h"
#include "domain/stamps.h"
#include "store/session_store.h"

enum { SWEEP_AT_ONCE = 500 };
/* Rows stay a while after their end, so that a refresh token shown late is still recognised. */
static const int64_t swept_after_ms = 24LL * 3600 * 1000;

static const struct domain_limits standard = {
    .access_ttl_ms = 10800LL * 1000,
    .refresh_ttl_ms = 604800LL * 1000,
    .setup_ttl_ms = 30LL * 60 * 1000,
    .password_min = 12,
    .hashes_at_once = 2,
    .hashes_waiting = 32,
    .hash_wait_ms = 5000,
    .job_threads = 2,
    .health_on_upload = HEALTH_ON_V1,
    .health_timeout_ms = 30000,
    .health_memory = 512 << 20,
    .health_every_ms = 24LL * 3600 * 1000,
};

enum err domain_open(struct ctx *ctx, struct domain *d, struct store *store,
                     const unsigned char signing_key[SIGNING_KEY_BYTES])
{
    memset(d, 0, sizeof *d);
    d->store = store;
    d->limits = standard;
    memcpy(d->signing_key, signing_key, SIGNING_KEY_BYTES);
    d->passwords = password_gate_new();
    d->stamps = stamps_new();
    d->downloads = downloads_new();
    bool whole = d->passwords && d->stamps && d->downloads;
    enum err err = whole ? roles_seed(ctx, d) : ctx_no_memory(ctx);
    if (err != OK)
        domain_close(d);
    return err;
}

void domain_close(struct domain *d)
{
    password_gate_free(d->passwords);
    stamps_free(d->stamps);
    downloads_free(d->downloads);
    crypto_wipe(d->signing_key, sizeof d->signing_key);
    d->passwords = NULL;
    d->stamps = NULL;
    d->downloads = NULL;
}

static enum err any_expired(struct ctx *ctx, struct conn *conn, void *arg)
{
    bool *any = arg;
    return session_store_any_expired(ctx, conn, ctx->now - swept_after_ms, any);
}

static enum err sweep(struct ctx *ctx, struct conn *conn, void *arg)
{
    int64_t *swept = arg;
    return session_store_sweep(ctx, conn, ctx->now - swept_after_ms, SWEEP_AT_ONCE, swept);
}

/* Rows that ran out are no record of anything: the audit has the sign-in and its end. */
enum err domain_tend(struct ctx *ctx, struct domain *d)
{
    bool any = false;
    int64_t swept = SWEEP_AT_ONCE;
    enum err err = stamps_write(ctx, d);
    if (err == OK)
        err = downloads_write(ctx, d);
    if (err == OK)
        err = store_read(ctx, d->store, any_expired, &any);
    while (err == OK && any && swept == SWEEP_AT_ONCE)
        err = store_write(ctx, d->store, sweep, &swept);
    return err == OK ? health_tend(ctx, d) : err;
}
