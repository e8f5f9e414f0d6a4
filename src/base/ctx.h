/*
 * ctx.h - what travels with one piece of work: its memory, its clock, its log, and what went wrong.
 *
 * The place that knows why something failed writes the fault and returns its `enum err`; every
 * caller above just passes the value on. There is one fault per piece of work, and the first
 * sentence stays: an upper room never rewords it.
 */
#ifndef LARDER_BASE_CTX_H
#define LARDER_BASE_CTX_H

#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/clock.h"
#include "base/err.h"
#include "base/str.h"

struct log;

/* One finding of many, where a failure has several causes (all in the arena). */
struct fault_item {
    const char *rule;     /* stable name of the rule that was broken, "zip.overlap" */
    const char *field;    /* the field it concerns, or NULL */
    const char *file;     /* the member of the archive, or NULL */
    int line, column;     /* from 1; 0 = none */
    const char *sentence; /* what is wrong */
    const char *remedy;   /* what to do, or NULL */
};

struct fault {
    enum err err;       /* OK = nothing went wrong */
    char code[12];      /* "PL-0002"; empty = that of the err table */
    char field[64];     /* the field to blame, or empty */
    char sentence[400]; /* for the caller */
    char cause[400];    /* for the log only */
    int retry_after;    /* seconds; 0 = say nothing */
    const struct fault_item *items;
    size_t item_count;
};

struct ctx {
    struct arena *arena;
    const struct clock *clock;
    struct log *log;     /* NULL = silent */
    char request_id[64]; /* of the request, or the name of the job */
    char remote[64];     /* address of the caller, or "local" */
    int64_t now;         /* wall milliseconds when this work began: one time for all its rows */
    struct fault fault;
};

/* Starts a new piece of work: fault cleared, `now` read. */
void ctx_init(struct ctx *ctx, struct arena *arena, const struct clock *clock, struct log *log,
              const char *request_id);

/* Writes the fault (unless there is one) and returns err. The sentence is for the caller. */
enum err ctx_fail(struct ctx *ctx, enum err err, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));
/* The same, naming the field to blame. */
enum err ctx_fail_field(struct ctx *ctx, enum err err, const char *field, const char *fmt, ...)
    __attribute__((format(printf, 4, 5)));
/* The same with a stable code of the API ("PL-0002"). */
enum err ctx_fail_code(struct ctx *ctx, enum err err, const char *code, const char *fmt, ...)
    __attribute__((format(printf, 4, 5)));
/* A failure of ours: the caller gets the table's sentence, the log gets this one. */
enum err ctx_fail_cause(struct ctx *ctx, enum err err, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));
enum err ctx_no_memory(struct ctx *ctx);
/* Turns errno into ERR_NO_SPACE, ERR_NOT_FOUND or ERR_IO; `what` goes to the log. */
enum err ctx_fail_errno(struct ctx *ctx, int errnum, const char *what);

/* Forgets the fault: for a caller that turns a failure into a decision. */
void ctx_forgive(struct ctx *ctx);

/* The sentence to show: the fault's, or that of the err table. */
const char *ctx_sentence(const struct ctx *ctx);
const char *ctx_code(const struct ctx *ctx);

#endif
