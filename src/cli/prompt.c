/*
 * prompt.c - reading a password with the terminal's echo off.
 *
 * While the echo is off, Ctrl-C only interrupts the reading, which ends the question in an orderly
 * way; so the terminal is never left silent.
 */
#include "cli/prompt.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

#include "base/crypto.h"

/* One line from fd without its end; `waiting` is the signal mask while waiting, NULL = this one.
 * *n == -1 when it was given up, too long, or not there. */
static void read_line(int fd, const sigset_t *waiting, char *text, size_t size, ssize_t *n)
{
    struct pollfd ready = {.fd = fd, .events = POLLIN};
    size_t got = 0;
    char c = 0;
    *n = -1;
    while (got < size) {
        if (waiting && ppoll(&ready, 1, NULL, waiting) < 0)
            return;                    /* a signal: somebody wants out */
        ssize_t one = read(fd, &c, 1); /* one by one: what follows the line is not ours */
        if (one < 0)
            return;
        if (one == 0 || c == '\n') {
            if (one == 0 && got == 0)
                return;
            *n = (ssize_t)(got > 0 && text[got - 1] == '\r' ? got - 1 : got);
            return;
        }
        text[got++] = c;
    }
}

static void note_signal(int number)
{
    (void)number; /* that the read ends is all that is wanted */
}

static void ask(struct cli *cli, int fd, const char *question, char *text, ssize_t *n)
{
    struct termios before, quiet;
    struct sigaction noted = {.sa_handler = note_signal}, earlier;
    sigset_t interrupt, waiting;
    *n = -1;
    if (tcgetattr(fd, &before) != 0 || sigaction(SIGINT, &noted, &earlier) != 0)
        return;
    (void)sigemptyset(&interrupt);
    (void)sigaddset(&interrupt, SIGINT);
    (void)pthread_sigmask(SIG_BLOCK, &interrupt, &waiting); /* it arrives in ppoll, nowhere else */
    quiet = before;
    quiet.c_lflag &= ~(tcflag_t)ECHO;
    (void)tcsetattr(fd, TCSAFLUSH, &quiet); /* first: an answer may come with the question */
    (void)fprintf(cli->err, "%s", question);
    (void)fflush(cli->err);
    read_line(fd, &waiting, text, PROMPT_MAX, n);
    (void)tcsetattr(fd, TCSAFLUSH, &before);
    (void)sigaction(SIGINT, &earlier, NULL);
    (void)pthread_sigmask(SIG_SETMASK, &waiting, NULL);
    (void)fprintf(cli->err, "\n");
}

static enum err keep(struct cli *cli, char *text, ssize_t n, struct slice *out)
{
    if (n <= 0)
        return cli_usage(cli, "No password was given");
    char *copy = slice_dup(cli->ctx->arena, (struct slice){text, (size_t)n});
    if (copy == NULL)
        return ctx_no_memory(cli->ctx);
    *out = (struct slice){copy, (size_t)n};
    return OK;
}

static enum err from_terminal(struct cli *cli, int fd, struct slice *out)
{
    char first[PROMPT_MAX], second[PROMPT_MAX];
    ssize_t n, m;
    ask(cli, fd, "New password: ", first, &n);
    if (n <= 0)
        return cli_usage(cli, "No password was given");
    ask(cli, fd, "The same again: ", second, &m);
    bool same = n == m && memcmp(first, second, (size_t)n) == 0;
    enum err err = same ? keep(cli, first, n, out)
                        : cli_usage(cli, "The two passwords are not the same");
    crypto_wipe(first, sizeof first);
    crypto_wipe(second, sizeof second);
    return err;
}

enum err prompt_new_password(struct cli *cli, struct slice *out)
{
    const char *file = cli_value(cli, "password-file");
    int fd = fileno(cli->in);
    if (file == NULL && isatty(fd))
        return from_terminal(cli, fd, out);
    if (file && strcmp(file, "-") != 0) {
        fd = open(file, O_RDONLY | O_CLOEXEC);
        if (fd < 0)
            return cli_usage(cli, "--password-file: %s cannot be read: %s", file, strerror(errno));
    }
    char text[PROMPT_MAX];
    ssize_t n;
    read_line(fd, NULL, text, sizeof text, &n);
    if (fd != fileno(cli->in))
        (void)close(fd);
    enum err err = keep(cli, text, n, out);
    crypto_wipe(text, sizeof text);
    return err;
}
