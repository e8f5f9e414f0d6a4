/*
 * tool_s3.c - the client of object stores, spoken to line by line from a pytest.
 *
 * Reads one JSON object per line from stdin ({"do": "put", "key": ..., ...}), makes that one call
 * and writes one line with the answer. The server is named by S3_ENDPOINT and its kin in the
 * environment. Used by tests/fault/test_s3_*.py against the stub, Ceph and Swift.
 */
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/crypto.h"
#include "base/json_read.h"
#include "base/json_write.h"
#include "net/fetch.h"
#include "net/s3.h"

enum { LINE_MAX_BYTES = 8 << 20, MEMORY = 256 << 20, THREADS_MAX = 64 };

struct question {
    struct slice verb, key, text, file, sha256, prefix, after, secret, token;
    int64_t max, size, count, cancel_ms, seconds;
    bool create;
};

struct tool {
    struct arena arena;
    struct ctx ctx;
    struct clock clock;
    int64_t shift;
    struct s3 *s3;
    struct jw j;
};

static int64_t shifted(void *arg)
{
    return clock_wall_ms(&clock_system) + *(const int64_t *)arg;
}

static int64_t mono(void *arg)
{
    (void)arg;
    return clock_mono_ms(&clock_system);
}

static enum err read_question(struct ctx *ctx, struct slice line, struct question *q)
{
    const struct jr *body;
    enum err err = jr_parse_object(ctx, line, &body);
    const struct {
        const char *name;
        struct slice *to;
    } texts[] = {{"do", &q->verb},     {"key", &q->key},       {"text", &q->text},
                 {"file", &q->file},   {"sha256", &q->sha256}, {"prefix", &q->prefix},
                 {"after", &q->after}, {"secret", &q->secret}, {"token", &q->token}};
    const struct {
        const char *name;
        int64_t *to;
    } numbers[] = {{"max", &q->max},
                   {"size", &q->size},
                   {"count", &q->count},
                   {"cancel_ms", &q->cancel_ms},
                   {"seconds", &q->seconds}};
    q->size = -1;
    for (size_t i = 0; err == OK && i < sizeof texts / sizeof *texts; i++)
        err = jr_get_str(ctx, body, texts[i].name, false, LINE_MAX_BYTES, texts[i].to);
    for (size_t i = 0; err == OK && i < sizeof numbers / sizeof *numbers; i++)
        err = jr_get_int(ctx, body, numbers[i].name, false, INT64_MIN, INT64_MAX, numbers[i].to);
    return err == OK ? jr_get_bool(ctx, body, "create", false, &q->create) : err;
}

static const char *text_of(struct tool *t, struct slice s)
{
    return s.p ? slice_dup(&t->arena, s) : NULL;
}

/* Ends the transfers from another thread after a while. */
struct canceller {
    struct s3 *s3;
    int64_t ms;
};

static void *cancel_later(void *arg)
{
    const struct canceller *c = arg;
    (void)usleep((useconds_t)(c->ms * 1000));
    s3_cancel(c->s3);
    return NULL;
}

/* ---- the calls that carry objects ---- */

static enum err with_file(struct tool *t, const struct question *q, bool put, struct s3_answer *a)
{
    const char *key = text_of(t, q->key), *sha256 = text_of(t, q->sha256);
    const char *file = text_of(t, q->file);
    int fd = put ? open(file, O_RDONLY | O_CLOEXEC)
                 : open(file, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    if (fd < 0)
        return ERR_IO;
    enum err err = put ? s3_put_file(&t->ctx, t->s3, key, fd, q->size, sha256, q->create, a)
                       : s3_get_file(&t->ctx, t->s3, key, fd, q->size, sha256, a);
    (void)close(fd);
    return err;
}

static enum err get(struct tool *t, const struct question *q, struct s3_answer *a)
{
    struct slice body;
    enum err err = s3_get(&t->ctx, t->s3, text_of(t, q->key), (size_t)q->max, &body, a);
    if (err == OK && a->end == S3_OK)
        jw_put_text(&t->j, "text", body);
    return err;
}

static enum err tell(void *arg, const struct s3_object *o)
{
    struct jw *j = arg;
    jw_object(j);
    jw_put_str(j, "key", o->key);
    jw_put_int(j, "size", o->size);
    jw_put_str(j, "etag", o->etag);
    jw_end(j);
    return OK;
}

static enum err list(struct tool *t, const struct question *q, struct s3_answer *a)
{
    bool more;
    jw_key(&t->j, "objects");
    jw_array(&t->j);
    const char *prefix = text_of(t, q->prefix);
    enum err err = s3_list(&t->ctx, t->s3, prefix ? prefix : "", text_of(t, q->after), (int)q->max,
                           tell, &t->j, &more, a);
    jw_end(&t->j);
    jw_put_bool(&t->j, "more", more);
    return err;
}

/* count puts of size bytes, one after another, for measuring. */
static enum err puts_in_a_row(struct tool *t, const struct question *q, struct s3_answer *a)
{
    char *bytes = arena_alloc(&t->arena, (size_t)q->size);
    int64_t begun = clock_mono_us();
    enum err err = bytes ? OK : ERR_NO_MEMORY;
    for (int64_t i = 0; err == OK && i < q->count; i++) {
        struct arena arena;
        struct ctx ctx = t->ctx;
        arena_init(&arena, MEMORY);
        ctx.arena = &arena;
        (void)snprintf(bytes, (size_t)q->size, "%lld", (long long)i);
        const char *key = str_printf(&arena, "%.*s/%lld", SLICE_ARGS(q->key), (long long)i);
        err = s3_put(&ctx, t->s3, key, (struct slice){bytes, (size_t)q->size}, false, a);
        bool good = a->end == S3_OK;
        a->etag = a->code = a->message = "";
        arena_free(&arena);
        if (!good)
            break;
    }
    jw_put_int(&t->j, "us", clock_mono_us() - begun);
    return err;
}

/* count threads create one key, each with other bytes. */
struct racer {
    struct tool *tool;
    const char *key;
    pthread_barrier_t *start;
    pthread_t thread;
    int number;
    size_t size;
    enum err err;
    enum s3_end end;
};

static void *race_once(void *arg)
{
    struct racer *r = arg;
    struct arena arena;
    struct ctx ctx = r->tool->ctx;
    struct s3_answer a = {.end = S3_UNKNOWN};
    arena_init(&arena, MEMORY);
    ctx.arena = &arena;
    char *bytes = arena_alloc(&arena, r->size);
    if (bytes) {
        memset(bytes, 'a' + r->number % 26, r->size);
        (void)snprintf(bytes, r->size, "writer %d", r->number);
    }
    (void)pthread_barrier_wait(r->start);
    r->err = bytes ? s3_put(&ctx, r->tool->s3, r->key, (struct slice){bytes, r->size}, true, &a)
                   : ERR_NO_MEMORY;
    r->end = a.end;
    arena_free(&arena);
    return NULL;
}

static enum err race(struct tool *t, const struct question *q, struct s3_answer *a)
{
    static struct racer racers[THREADS_MAX];
    pthread_barrier_t start;
    enum err err = OK;
    int count = (int)q->count;
    if (count < 1 || count > THREADS_MAX || pthread_barrier_init(&start, NULL, (unsigned)count))
        return ERR_INVALID;
    for (int i = 0; i < count; i++) {
        racers[i] = (struct racer){.tool = t,
                                   .key = text_of(t, q->key),
                                   .start = &start,
                                   .number = i,
                                   .size = q->size > 16 ? (size_t)q->size : 16};
        if (pthread_create(&racers[i].thread, NULL, race_once, &racers[i]) != 0)
            abort();
    }
    jw_key(&t->j, "ends");
    jw_array(&t->j);
    for (int i = 0; i < count; i++) {
        (void)pthread_join(racers[i].thread, NULL);
        err = racers[i].err != OK ? racers[i].err : err;
        jw_str(&t->j, s3_end_name(racers[i].end));
    }
    jw_end(&t->j);
    (void)pthread_barrier_destroy(&start);
    *a = (struct s3_answer){.etag = "", .code = "", .message = ""};
    return err;
}

static enum err presign(struct tool *t, const struct question *q, struct s3_answer *a)
{
    const char *url;
    *a = (struct s3_answer){.etag = "", .code = "", .message = ""};
    enum err err = s3_presign(&t->ctx, t->s3, text_of(t, q->key), (int)q->seconds,
                              text_of(t, q->text), &url);
    if (err == OK)
        jw_put_str(&t->j, "url", url);
    return err;
}

static enum err change_keys(struct tool *t, const struct question *q, struct s3_answer *a)
{
    *a = (struct s3_answer){.etag = "", .code = "", .message = ""};
    return s3_set_keys(&t->ctx, t->s3, text_of(t, q->key), text_of(t, q->secret),
                       text_of(t, q->token));
}

static enum err call(struct tool *t, const struct question *q, struct s3_answer *a)
{
    const char *key = text_of(t, q->key);
    if (slice_is(q->verb, "put"))
        return s3_put(&t->ctx, t->s3, key, q->text, q->create, a);
    if (slice_is(q->verb, "put_file") || slice_is(q->verb, "get_file"))
        return with_file(t, q, slice_is(q->verb, "put_file"), a);
    if (slice_is(q->verb, "get"))
        return get(t, q, a);
    if (slice_is(q->verb, "head"))
        return s3_head(&t->ctx, t->s3, key, a);
    if (slice_is(q->verb, "delete"))
        return s3_delete(&t->ctx, t->s3, key, a);
    if (slice_is(q->verb, "list"))
        return list(t, q, a);
    if (slice_is(q->verb, "make"))
        return s3_make_bucket(&t->ctx, t->s3, a);
    if (slice_is(q->verb, "presign"))
        return presign(t, q, a);
    if (slice_is(q->verb, "keys"))
        return change_keys(t, q, a);
    if (slice_is(q->verb, "puts"))
        return puts_in_a_row(t, q, a);
    if (slice_is(q->verb, "race"))
        return race(t, q, a);
    return ctx_fail(&t->ctx, ERR_INVALID, "there is no '%.*s'", SLICE_ARGS(q->verb));
}

static void answer_line(struct tool *t, struct slice line)
{
    struct question q = {0};
    struct s3_answer a = {.etag = "", .code = "", .message = ""};
    struct canceller c = {.s3 = t->s3};
    pthread_t thread;
    struct buf out;
    ctx_init(&t->ctx, &t->arena, &t->clock, NULL, "tool");
    buf_init(&out, &t->arena, MEMORY / 4);
    jw_start(&t->j, &out);
    jw_object(&t->j);
    enum err err = read_question(&t->ctx, line, &q);
    c.ms = q.cancel_ms;
    if (c.ms && pthread_create(&thread, NULL, cancel_later, &c) != 0)
        abort();
    int64_t begun = clock_mono_ms(&clock_system);
    if (err == OK)
        err = call(t, &q, &a);
    jw_put_int(&t->j, "ms", clock_mono_ms(&clock_system) - begun);
    if (c.ms)
        (void)pthread_join(thread, NULL);
    jw_put_str(&t->j, "err", err == OK ? "ok" : err_info(err)->name);
    jw_put_str(&t->j, "fault", t->ctx.fault.err ? ctx_sentence(&t->ctx) : "");
    jw_put_str(&t->j, "end", s3_end_name(a.end));
    jw_put_int(&t->j, "status", a.status);
    jw_put_int(&t->j, "size", a.size);
    jw_put_str(&t->j, "etag", a.etag);
    jw_put_str(&t->j, "code", a.code);
    jw_put_str(&t->j, "message", a.message);
    jw_put_int(&t->j, "retry_after", a.retry_after);
    jw_put_int(&t->j, "offset", s3_clock_offset(t->s3));
    jw_end(&t->j);
    if (!jw_done(&t->j))
        abort();
    (void)printf("%.*s\n", (int)out.n, out.p);
    (void)fflush(stdout);
    arena_reset(&t->arena);
}

static int open_client(struct tool *t)
{
    const char *shift = getenv("S3_CLOCK_SHIFT_MS"), *timeout = getenv("S3_TIMEOUT_MS");
    const struct s3_options options = {.endpoint = getenv("S3_ENDPOINT"),
                                       .region = getenv("S3_REGION"),
                                       .bucket = getenv("S3_BUCKET"),
                                       .prefix = getenv("S3_PREFIX"),
                                       .key = getenv("S3_KEY"),
                                       .secret = getenv("S3_SECRET"),
                                       .token = getenv("S3_TOKEN"),
                                       .ca_file = getenv("S3_CA_FILE"),
                                       .virtual_host = getenv("S3_VIRTUAL_HOST") != NULL,
                                       .plain_http = getenv("S3_PLAIN_HTTP") != NULL,
                                       .timeout_ms = timeout ? (int)strtol(timeout, NULL, 10) : 0};
    t->shift = shift ? strtol(shift, NULL, 10) : 0;
    t->clock = (struct clock){shifted, mono, &t->shift};
    arena_init(&t->arena, MEMORY);
    ctx_init(&t->ctx, &t->arena, &t->clock, NULL, "tool");
    if (crypto_open() != OK || fetch_open() != OK)
        return 1;
    if (s3_open(&t->ctx, &options, &t->s3) == OK)
        return 0;
    (void)fprintf(stderr, "%s\n", ctx_sentence(&t->ctx));
    return 2;
}

int main(void)
{
    static struct tool tool;
    char *line = NULL;
    size_t room = 0;
    int status = open_client(&tool);
    if (status == 0) {
        (void)printf("%s\n", s3_name(tool.s3));
        (void)fflush(stdout);
        for (ssize_t n; (n = getline(&line, &room, stdin)) > 0;)
            answer_line(&tool, (struct slice){line, (size_t)n});
    }
    free(line);
    s3_close(tool.s3);
    arena_free(&tool.arena);
    fetch_close();
    return status;
}
