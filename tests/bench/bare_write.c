/*
 * bare_write.c - what a durable upload costs without everything around it.
 *
 *     bare_write FOLDER CLIENTS WRITES SIZE
 *
 * Each write puts a file of SIZE bytes into FOLDER (temporary name, write, fsync, rename, fsync of
 * the folder) and one row beside it in a transaction of its own, WAL with synchronous=FULL. CLIENTS
 * threads do WRITES of them in all. The one line it prints is the seconds that took.
 */
#include <fcntl.h>
#include <pthread.h>
#include <sqlite3.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { CLIENTS_MAX = 64 };

struct bench {
    int folder;
    long writes;
    size_t size;
    atomic_long next;
    sqlite3 *db;
    sqlite3_stmt *insert;
    pthread_mutex_t writer;
};

static void die(const char *what)
{
    perror(what);
    exit(1);
}

static void write_file(struct bench *b, const char *bytes, long n)
{
    char temp[40], name[40];
    (void)snprintf(temp, sizeof temp, "temp-%ld", n);
    (void)snprintf(name, sizeof name, "blob-%ld", n);
    int fd = openat(b->folder, temp, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (fd < 0 || write(fd, bytes, b->size) != (ssize_t)b->size || fsync(fd) != 0)
        die(temp);
    (void)close(fd);
    if (renameat(b->folder, temp, b->folder, name) != 0 || fsync(b->folder) != 0)
        die(name);
}

static void write_row(struct bench *b, long n)
{
    char id[40], about[400];
    (void)snprintf(id, sizeof id, "%036ld", n);
    memset(about, 'a', sizeof about);
    pthread_mutex_lock(&b->writer);
    sqlite3_bind_text(b->insert, 1, id, -1, SQLITE_STATIC);
    sqlite3_bind_text(b->insert, 2, id, -1, SQLITE_STATIC);
    sqlite3_bind_text(b->insert, 3, about, sizeof about, SQLITE_STATIC);
    if (sqlite3_step(b->insert) != SQLITE_DONE)
        die(sqlite3_errmsg(b->db));
    sqlite3_reset(b->insert);
    pthread_mutex_unlock(&b->writer);
}

static void *client(void *arg)
{
    struct bench *b = arg;
    char *bytes = malloc(b->size); /* lives as long as the process */
    if (bytes == NULL)
        die("malloc");
    memset(bytes, 'x', b->size);
    for (long n; (n = atomic_fetch_add(&b->next, 1)) < b->writes;) {
        write_file(b, bytes, n);
        write_row(b, n);
    }
    return NULL;
}

static void open_database(struct bench *b, const char *folder)
{
    static const char
        *const script = "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;"
                        "CREATE TABLE plugin (seq INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, "
                        "sha256 TEXT NOT NULL,"
                        " about TEXT NOT NULL); CREATE INDEX plugin_blob ON plugin (sha256)";
    char path[4096];
    (void)snprintf(path, sizeof path, "%s/bare.db", folder);
    if (sqlite3_open(path, &b->db) != SQLITE_OK ||
        sqlite3_exec(b->db, script, NULL, NULL, NULL) != SQLITE_OK ||
        sqlite3_prepare_v2(b->db, "INSERT INTO plugin (id, sha256, about) VALUES (?, ?, ?)", -1,
                           &b->insert, NULL) != SQLITE_OK)
        die(sqlite3_errmsg(b->db));
}

static double now(void)
{
    struct timespec t;
    (void)clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

int main(int argc, char **argv)
{
    struct bench b = {.folder = -1, .writer = PTHREAD_MUTEX_INITIALIZER};
    pthread_t threads[CLIENTS_MAX];
    long clients = argc == 5 ? strtol(argv[2], NULL, 10) : 0;
    if (clients < 1 || clients > CLIENTS_MAX)
        die("bare_write FOLDER CLIENTS WRITES SIZE");
    b.writes = strtol(argv[3], NULL, 10);
    b.size = (size_t)strtol(argv[4], NULL, 10);
    b.folder = open(argv[1], O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (b.folder < 0)
        die(argv[1]);
    open_database(&b, argv[1]);
    double begun = now();
    for (long i = 0; i < clients; i++)
        if (pthread_create(&threads[i], NULL, client, &b) != 0)
            die("pthread_create");
    for (long i = 0; i < clients; i++)
        (void)pthread_join(threads[i], NULL);
    printf("%.6f\n", now() - begun);
    return 0;
}
