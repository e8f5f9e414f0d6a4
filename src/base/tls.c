/*
 * tls.c - see tls.h.
 *
 * A loaded pair is a context of its own that is never touched again; a handshake is moved to the
 * newest one. Loading into the context that serves would race with the handshakes that copy from it.
 */
#include "base/tls.h"

#include <openssl/err.h>
#include <openssl/ssl.h>
#include <pthread.h>
#include <stdlib.h>

struct tls {
    pthread_mutex_t lock;
    SSL_CTX *pair; /* guarded by lock; NULL = none was loaded yet */
};

struct tls *tls_new(void)
{
    struct tls *tls = calloc(1, sizeof *tls);
    if (tls && pthread_mutex_init(&tls->lock, NULL) == 0)
        return tls;
    free(tls);
    return NULL;
}

void tls_free(struct tls *tls)
{
    if (tls == NULL)
        return;
    SSL_CTX_free(tls->pair);
    (void)pthread_mutex_destroy(&tls->lock);
    free(tls);
}

/* Nobody is there to type one; without this the library asks on the terminal and waits. */
static int no_passphrase(char *text, int size, int rwflag, void *arg)
{
    (void)text, (void)size, (void)rwflag, (void)arg;
    return -1;
}

static const char *read_files(SSL_CTX *pair, const char *certificate, const char *key)
{
    SSL_CTX_set_default_passwd_cb(pair, no_passphrase);
    if (SSL_CTX_use_certificate_chain_file(pair, certificate) != 1)
        return "the first holds no certificate in PEM";
    if (SSL_CTX_use_PrivateKey_file(pair, key, SSL_FILETYPE_PEM) != 1 ||
        SSL_CTX_check_private_key(pair) != 1)
        return "the second holds no private key in PEM without a passphrase, or not that of the "
               "certificate";
    return NULL;
}

const char *tls_load(struct tls *tls, const char *certificate, const char *key)
{
    SSL_CTX *pair = SSL_CTX_new(TLS_server_method());
    if (pair == NULL)
        return "the TLS library does not start";
    const char *fault = read_files(pair, certificate, key);
    ERR_clear_error(); /* or the next call in this thread would be blamed for it */
    if (fault == NULL) {
        (void)pthread_mutex_lock(&tls->lock);
        SSL_CTX *old = tls->pair;
        tls->pair = pair;
        (void)pthread_mutex_unlock(&tls->lock);
        pair = old;
    }
    SSL_CTX_free(pair); /* handshakes that took it hold on to it */
    return fault;
}

/* Of the library: 1 = go on. The session of a client that comes back is kept by the first context. */
static int choose(SSL *ssl, void *arg)
{
    struct tls *tls = arg;
    (void)pthread_mutex_lock(&tls->lock);
    bool good = tls->pair && SSL_set_SSL_CTX(ssl, tls->pair) != NULL;
    (void)pthread_mutex_unlock(&tls->lock);
    return good ? 1 : 0;
}

bool tls_attach(struct tls *tls, void *ssl_ctx)
{
    SSL_CTX *server = ssl_ctx;
    SSL_CTX_set_cert_cb(server, choose, tls);
    return SSL_CTX_set_min_proto_version(server, TLS1_2_VERSION) == 1;
}
