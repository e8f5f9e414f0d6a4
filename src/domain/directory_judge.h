/*
 * directory_judge.h - what becomes of one dropped thing, for directory.c alone.
 */
#ifndef LARDER_DOMAIN_DIRECTORY_JUDGE_H
#define LARDER_DOMAIN_DIRECTORY_JUDGE_H

#include "blob/dropped.h"
#include "domain/directory.h"

struct directory_task {
    const char *root;
    const struct dropped_limits *limits;
    int64_t wait_ms;
    const struct dropped *item;
    const struct directory_row *before; /* NULL = never seen */
};

struct directory_verdict {
    struct directory_row row; /* as it is written down */
    bool again;               /* to be judged in the next pass too */
    bool same;                /* nothing has changed */
};

/* Packs it, publishes it where that is due, and writes down what came of it. A package that is
 * refused is a verdict; what is returned are failures of ours. */
enum err directory_judge(struct ctx *ctx, struct domain *d, const struct directory_task *task,
                         struct directory_verdict *out) MUST_USE;

/* It went away: its version is disabled. */
enum err directory_let_go(struct ctx *ctx, struct domain *d,
                          const struct directory_row *row) MUST_USE;

#endif
