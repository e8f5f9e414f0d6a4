/*
 * listen.c - the option's list checked, or the kernel asked where a socket listens.
 *
 * Nothing is bound here. A socket of the service manager keeps its address; civetweb is told the same
 * one, binds it, and gets the socket instead (http/seam.c).
 */
#include "http/listen.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>

/* Where a socket that was handed over listens; false when it is no TCP socket. */
static bool add_socket(struct buf *b, int fd)
{
    struct sockaddr_storage a = {.ss_family = AF_UNSPEC};
    socklen_t n = sizeof a;
    char text[INET6_ADDRSTRLEN] = "";
    const struct sockaddr_in *four = (const void *)&a;
    const struct sockaddr_in6 *six = (const void *)&a;
    if (getsockname(fd, (struct sockaddr *)&a, &n) != 0)
        return false;
    if (a.ss_family == AF_INET && inet_ntop(AF_INET, &four->sin_addr, text, sizeof text))
        buf_printf(b, "%s:%d", text, ntohs(four->sin_port));
    else if (a.ss_family == AF_INET6 && inet_ntop(AF_INET6, &six->sin6_addr, text, sizeof text))
        buf_printf(b, "[%s]:%d", text, ntohs(six->sin6_port));
    return text[0] != '\0';
}

/* "host:port": the library's own words about a port are none for people. */
static bool is_place(struct slice text)
{
    uint64_t port;
    size_t colon = text.n;
    while (colon > 0 && text.p[colon - 1] != ':')
        colon--;
    return colon > 1 && slice_to_u64(slice_sub(text, colon, text.n), &port) && port <= 65535;
}

static enum err bad_list(struct ctx *ctx, const char *why)
{
    return ctx_fail_field(ctx, ERR_INVALID, "listen", "%s", why);
}

enum err listen_list(struct ctx *ctx, const struct server_options *options, char out[LISTEN_TEXT])
{
    /* over the caller's memory: its ceiling is its size, so it never grows */
    struct buf b = {.p = out, .cap = LISTEN_TEXT, .max = LISTEN_TEXT - 1};
    struct slice rest = slice_of(options->listen), one;
    const char *end = options->tls ? "s" : "";
    while (options->socket_count == 0 && slice_split(&rest, ',', &one)) {
        one = slice_trim(one);
        if (!is_place(one))
            return ctx_fail_field(ctx, ERR_INVALID, "listen",
                                  "listen must be host:port, [::1]:port for IPv6, with a port up "
                                  "to 65535; '%.*s' is not",
                                  SLICE_ARGS(slice_sub(one, 0, 80)));
        buf_printf(&b, "%s%.*s%s", b.n ? "," : "", SLICE_ARGS(one), end);
    }
    for (size_t i = 0; i < options->socket_count; i++) {
        buf_str(&b, i ? "," : "");
        if (!add_socket(&b, options->sockets[i]))
            return bad_list(ctx, "A socket that was handed over is not a TCP socket");
        buf_str(&b, end);
    }
    if (b.n == 0 || buf_text(&b) == NULL)
        return bad_list(ctx, "There is no address to listen on, or too many");
    return OK;
}
