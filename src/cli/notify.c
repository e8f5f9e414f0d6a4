/*
 * notify.c - one datagram to the socket the service manager named.
 */
#include "cli/notify.h"

#include <fcntl.h>
#include <stddef.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/config_value.h"

void notify_send(char *const *env, const char *text)
{
    const char *path = config_value_env(env, SLICE("NOTIFY_SOCKET"));
    struct sockaddr_un to = {.sun_family = AF_UNIX};
    size_t n = path ? strlen(path) : 0;
    if (n < 2 || n >= sizeof to.sun_path || (path[0] != '/' && path[0] != '@'))
        return;
    memcpy(to.sun_path, path, n);
    if (path[0] == '@')
        to.sun_path[0] = '\0'; /* a name in the abstract space begins with NUL */
    int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return;
    socklen_t size = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + n);
    (void)sendto(fd, text, strlen(text), MSG_NOSIGNAL, (struct sockaddr *)&to, size);
    (void)close(fd);
}

/* The variables may have been meant for a parent of ours; then they name another process. */
static bool is_for_us(char *const *env, const char *name)
{
    uint64_t pid;
    const char *whose = config_value_env(env, slice_of(name));
    return whose == NULL || (slice_to_u64(slice_of(whose), &pid) && pid == (uint64_t)getpid());
}

size_t notify_sockets(char *const *env, int sockets[NOTIFY_SOCKETS])
{
    enum { FIRST = 3 }; /* by the protocol: they follow the three standard ones */
    uint64_t count;
    const char *text = config_value_env(env, SLICE("LISTEN_FDS"));
    if (!slice_to_u64(slice_of(text), &count) || !is_for_us(env, "LISTEN_PID"))
        return 0;
    if (config_value_env(env, SLICE("LISTEN_PID")) == NULL || count > NOTIFY_SOCKETS)
        return 0;
    for (size_t i = 0; i < count; i++) {
        sockets[i] = FIRST + (int)i;
        (void)fcntl(sockets[i], F_SETFD, FD_CLOEXEC);
    }
    return (size_t)count;
}

int64_t notify_watchdog_ms(char *const *env)
{
    uint64_t micros;
    const char *every = config_value_env(env, SLICE("WATCHDOG_USEC"));
    if (!slice_to_u64(slice_of(every), &micros) || micros == 0 || micros / 2000 > INT32_MAX)
        return 0;
    if (!is_for_us(env, "WATCHDOG_PID"))
        return 0;
    int64_t half = (int64_t)(micros / 2000);
    return half > 0 ? half : 1;
}
