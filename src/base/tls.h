/*
 * tls.h - the certificate that connections are shown, and how it is changed while they are served.
 *
 * A certificate lives for weeks, a server for longer. What is loaded here is asked for at every
 * handshake, so a new pair of files counts from the next connection on and breaks none that is open.
 * Nothing here listens or accepts (http/server.c does); OpenSSL's other home is crypto.c.
 */
#ifndef LARDER_BASE_TLS_H
#define LARDER_BASE_TLS_H

#include <stdbool.h>

struct tls; /* safe from several threads */

struct tls *tls_new(void); /* heap; ended by tls_free. NULL = no memory */
void tls_free(struct tls *tls);

/*
 * Reads certificate chain and private key, both PEM files. NULL = they are what is shown from now
 * on; otherwise what keeps them from it, for a sentence that begins "tls-cert and tls-key: ", and
 * what was shown before stays.
 */
const char *tls_load(struct tls *tls, const char *certificate, const char *key);

/* Has a server's context (SSL_CTX) ask here at every handshake; `tls` must outlive it. */
bool tls_attach(struct tls *tls, void *ssl_ctx);

#endif
