/*
 * passwords.c - the gate in front of Argon2id, and the rule for new passwords.
 *
 * The wait is bounded twice: by time, and by how many may stand in line, so that a burst of
 * sign-ins cannot hold every thread of the server.
 */
#include "domain/passwords.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { PASSWORD_BYTES_MAX = 1024, RETRY_AFTER_S = 2 };

/*
 * A hash of 32 random bytes that nobody kept, with the cost of every other hash. Unknown names are
 * checked against it, so that they take as long as known ones.
 */
static const char nobody[] = "$argon2id$v=19$m=65536,t=2,p=1$Ok3cJwdKkASiBl2n2lczHQ$"
                             "U1Utqye9nOADoX0EqZP7EmcM2Pya5OYcPpsqws/MPIM";

const char *passwords_dummy(void)
{
    return nobody;
}

struct password_gate {
    pthread_mutex_t mutex;
    pthread_cond_t freed;
    int running, waiting;
    uint64_t computed;
};

struct password_gate *password_gate_new(void)
{
    struct password_gate *gate = calloc(1, sizeof *gate);
    pthread_condattr_t attr;
    if (gate == NULL)
        return NULL;
    (void)pthread_mutex_init(&gate->mutex, NULL); /* these cannot fail on Linux */
    (void)pthread_condattr_init(&attr);
    (void)pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
    (void)pthread_cond_init(&gate->freed, &attr);
    (void)pthread_condattr_destroy(&attr);
    return gate;
}

void password_gate_free(struct password_gate *gate)
{
    if (gate == NULL)
        return;
    (void)pthread_cond_destroy(&gate->freed);
    (void)pthread_mutex_destroy(&gate->mutex);
    free(gate);
}

static enum err gate_enter(struct ctx *ctx, const struct domain *d)
{
    struct password_gate *gate = d->passwords;
    struct timespec until = clock_deadline(d->limits.hash_wait_ms);
    bool late = false;
    (void)pthread_mutex_lock(&gate->mutex);
    if (gate->running >= d->limits.hashes_at_once && gate->waiting >= d->limits.hashes_waiting)
        late = true;
    gate->waiting++;
    while (!late && gate->running >= d->limits.hashes_at_once)
        late = pthread_cond_timedwait(&gate->freed, &gate->mutex, &until) != 0;
    gate->waiting--;
    if (!late) {
        gate->running++;
        gate->computed++;
    }
    (void)pthread_mutex_unlock(&gate->mutex);
    if (!late)
        return OK;
    enum err err = ctx_fail(ctx, ERR_BUSY, "Too many sign-ins at this moment; try again shortly");
    ctx->fault.retry_after = RETRY_AFTER_S;
    return err;
}

static void gate_leave(const struct domain *d)
{
    struct password_gate *gate = d->passwords;
    (void)pthread_mutex_lock(&gate->mutex);
    gate->running--;
    (void)pthread_cond_signal(&gate->freed);
    (void)pthread_mutex_unlock(&gate->mutex);
}

uint64_t passwords_computed(const struct domain *d)
{
    (void)pthread_mutex_lock(&d->passwords->mutex);
    uint64_t n = d->passwords->computed;
    (void)pthread_mutex_unlock(&d->passwords->mutex);
    return n;
}

/* Letters, not bytes: what follows the first byte of a UTF-8 sequence does not count. */
static size_t letters(struct slice text)
{
    size_t n = 0;
    for (size_t i = 0; i < text.n; i++)
        n += ((unsigned char)text.p[i] & 0xC0) != 0x80;
    return n;
}

enum err passwords_judge(struct ctx *ctx, const struct domain *d, struct slice password,
                         const char *username)
{
    if (letters(password) < d->limits.password_min)
        return ctx_fail_field(ctx, ERR_UNPROCESSABLE, "password",
                              "The password must have at least %zu characters",
                              d->limits.password_min);
    if (password.n > PASSWORD_BYTES_MAX)
        return ctx_fail_field(ctx, ERR_UNPROCESSABLE, "password",
                              "The password must have at most %d bytes", PASSWORD_BYTES_MAX);
    if (memchr(password.p, '\0', password.n))
        return ctx_fail_field(ctx, ERR_UNPROCESSABLE, "password",
                              "The password must not contain a NUL character");
    if (username && slice_is_nocase(password, username))
        return ctx_fail_field(ctx, ERR_UNPROCESSABLE, "password",
                              "The password must not be the username");
    return OK;
}

enum err passwords_hash(struct ctx *ctx, struct domain *d, struct slice password,
                        char out[PASSWORD_HASH])
{
    enum err err = gate_enter(ctx, d);
    if (err != OK)
        return err;
    bool made = crypto_password_hash(password, out);
    gate_leave(d);
    return made ? OK : ctx_no_memory(ctx);
}

enum err passwords_check(struct ctx *ctx, struct domain *d, struct slice password, const char *hash,
                         bool *good, bool *upgrade)
{
    /* longer ones cannot have been set, and hashing megabytes is work we need not do */
    struct slice given = slice_sub(password, 0, PASSWORD_BYTES_MAX);
    *good = *upgrade = false;
    enum err err = gate_enter(ctx, d);
    if (err != OK)
        return err;
    bool fits = crypto_password_check(given, hash ? hash : nobody, upgrade);
    gate_leave(d);
    *good = fits && hash != NULL && given.n == password.n;
    *upgrade = *upgrade && *good;
    return OK;
}
