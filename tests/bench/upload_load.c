/*
 * upload_load.c - clients that upload, each on a connection of its own, as fast as they are answered.
 *
 *     upload_load PORT CLIENTS COUNT FOLDER PATH TOKEN
 *
 * Sends FOLDER/0.zip to FOLDER/<COUNT-1>.zip, each once, as bare archives. Every answer must be a
 * 201. The one line it prints is the seconds that took.
 */
#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum { CLIENTS_MAX = 64, HEAD_MAX = 2048, ANSWER_MAX = 65536 };

struct message {
    char *bytes;
    size_t n;
};

struct bench {
    in_port_t port;
    long count;
    struct message *messages;
    atomic_long next;
};

static void die(const char *what)
{
    perror(what);
    exit(1);
}

/* The whole request, made before the clock runs. */
static struct message read_message(const char *folder, long i, const char *path, const char *token)
{
    char name[4096];
    struct stat st;
    (void)snprintf(name, sizeof name, "%s/%ld.zip", folder, i);
    int fd = open(name, O_RDONLY | O_CLOEXEC);
    if (fd < 0 || fstat(fd, &st) != 0)
        die(name);
    struct message m = {malloc((size_t)st.st_size + HEAD_MAX), 0};
    if (m.bytes == NULL)
        die("malloc");
    m.n = (size_t)snprintf(m.bytes, HEAD_MAX,
                           "POST %s HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer %s\r\n"
                           "Content-Type: application/zip\r\nX-Filename: p.zip\r\n"
                           "Content-Length: %lld\r\n\r\n",
                           path, token, (long long)st.st_size);
    if (m.n >= HEAD_MAX || read(fd, m.bytes + m.n, (size_t)st.st_size) != st.st_size)
        die(name);
    m.n += (size_t)st.st_size;
    (void)close(fd);
    return m;
}

static int dial(in_port_t port)
{
    struct sockaddr_in address = {
        .sin_family = AF_INET, .sin_port = htons(port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), on = 1;
    if (fd < 0 || connect(fd, (struct sockaddr *)&address, sizeof address) != 0)
        die("connect");
    (void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    return fd;
}

/* Reads one answer to its end. */
static void read_answer(int fd)
{
    char text[ANSWER_MAX + 1];
    size_t have = 0, want = 0;
    while (want == 0 || have < want) {
        ssize_t got = read(fd, text + have, ANSWER_MAX - have);
        if (got <= 0)
            die("read");
        have += (size_t)got;
        text[have] = '\0';
        const char *end = strstr(text, "\r\n\r\n"), *length = strstr(text, "Content-Length: ");
        if (end && length)
            want = (size_t)(end + 4 - text) + (size_t)strtol(length + 16, NULL, 10);
    }
    if (strncmp(text, "HTTP/1.1 201", 12) != 0) {
        (void)fprintf(stderr, "%s\n", text);
        exit(1);
    }
}

static void *client(void *arg)
{
    struct bench *b = arg;
    int fd = dial(b->port);
    for (long i; (i = atomic_fetch_add(&b->next, 1)) < b->count;) {
        const struct message *m = &b->messages[i];
        for (size_t at = 0; at < m->n;) {
            ssize_t put = write(fd, m->bytes + at, m->n - at);
            if (put <= 0)
                die("write");
            at += (size_t)put;
        }
        read_answer(fd);
    }
    (void)close(fd);
    return NULL;
}

static double now(void)
{
    struct timespec t;
    (void)clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

int main(int argc, char **argv)
{
    struct bench b = {0};
    pthread_t threads[CLIENTS_MAX];
    long clients = argc == 7 ? strtol(argv[2], NULL, 10) : 0;
    if (clients < 1 || clients > CLIENTS_MAX)
        die("upload_load PORT CLIENTS COUNT FOLDER PATH TOKEN");
    b.port = (in_port_t)strtol(argv[1], NULL, 10);
    b.count = strtol(argv[3], NULL, 10);
    b.messages = calloc((size_t)b.count, sizeof *b.messages);
    if (b.messages == NULL)
        die("calloc");
    for (long i = 0; i < b.count; i++)
        b.messages[i] = read_message(argv[4], i, argv[5], argv[6]);
    double begun = now();
    for (long i = 0; i < clients; i++)
        if (pthread_create(&threads[i], NULL, client, &b) != 0)
            die("pthread_create");
    for (long i = 0; i < clients; i++)
        (void)pthread_join(threads[i], NULL);
    printf("%.6f\n", now() - begun);
    return 0;
}
