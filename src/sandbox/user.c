/*
 * user.c - the range, and the claim: a socket with a name that only one process can have.
 *
 * An abstract name needs no file and vanishes with its holder, however that ends. It is known in one
 * network namespace only, while the kernel counts over all containers that share their users with
 * the host. That is why the range is wide where it can be, and why the first try is a random one.
 */
#include "sandbox/user.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/crypto.h"

enum {
    WIDE_FIRST = 0x7ff00000, /* above containers, directories, and whom they map to */
    WIDE_COUNT = 1 << 20,
    NARROW_FIRST = 65520, /* for a container that has its own 65536 */
    NARROW_COUNT = 14,
    TRIES = 64, /* before a pause */
    PAUSE_MS = 50,
    WAIT_MS = 60000,
    MAP_MAX = 4096
};

/* Whether a line "inside outside count" has the whole of the wide range. */
static bool line_maps(struct slice line)
{
    uint64_t number[3];
    for (int i = 0; i < 3; i++) {
        struct slice word = SLICE_NONE;
        line = slice_trim(line);
        (void)slice_split(&line, ' ', &word);
        if (!slice_to_u64(word, &number[i]))
            return false;
    }
    return number[0] <= WIDE_FIRST && number[0] + number[2] >= (uint64_t)WIDE_FIRST + WIDE_COUNT;
}

static bool maps_wide(const char *path)
{
    char text[MAP_MAX];
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    ssize_t n = fd < 0 ? 0 : read(fd, text, sizeof text);
    if (fd >= 0)
        (void)close(fd);
    struct slice rest = {text, n > 0 ? (size_t)n : 0}, line;
    while (slice_split(&rest, '\n', &line))
        if (line_maps(line))
            return true;
    return false;
}

struct user_range user_range(void)
{
    if (maps_wide("/proc/self/uid_map") && maps_wide("/proc/self/gid_map"))
        return (struct user_range){WIDE_FIRST, WIDE_COUNT};
    return (struct user_range){NARROW_FIRST, NARROW_COUNT};
}

/* False where it is taken. A machine that knows no such sockets gets no claim, and chance remains. */
static bool claim(uid_t id, struct user *out)
{
    struct sockaddr_un name = {.sun_family = AF_UNIX};
    int n = snprintf(name.sun_path + 1, sizeof name.sun_path - 1, "larder-sandbox-%u",
                     (unsigned)id);
    socklen_t size = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + 1 + (size_t)n);
    *out = (struct user){.id = id, .claim = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)};
    if (out->claim < 0 || bind(out->claim, (const struct sockaddr *)&name, size) == 0)
        return true;
    bool taken = errno == EADDRINUSE;
    user_release(out);
    *out = taken ? USER_NONE : (struct user){.id = id, .claim = -1};
    return !taken;
}

enum err user_claim(struct ctx *ctx, const struct user_range *range, const _Atomic bool *cancel,
                    struct user *out)
{
    uid_t random;
    int64_t until = clock_mono_us() / 1000 + WAIT_MS;
    crypto_random(&random, sizeof random);
    do {
        for (uid_t i = 0; i < TRIES; i++)
            if (claim(range->first + (random % range->count + i) % range->count, out))
                return OK;
        (void)poll(NULL, 0, PAUSE_MS);
        if (cancel && atomic_load(cancel))
            return OK;
    } while (clock_mono_us() / 1000 < until);
    return ctx_fail(ctx, ERR_BUSY, "Too many sandboxes run on this machine; try again later");
}

void user_release(struct user *user)
{
    if (user->claim >= 0)
        (void)close(user->claim);
    *user = USER_NONE;
}
