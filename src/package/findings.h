/*
 * findings.h - everything that is wrong with one package, in one answer.
 *
 * A reader that finds a fault notes it here and reads on, so that an author mends a package once and
 * not once per fault. The list ends in the fault of ctx. It never decides what is wrong: the rules
 * live with the readers (zip_rules.c for the archive).
 */
#ifndef LARDER_PACKAGE_FINDINGS_H
#define LARDER_PACKAGE_FINDINGS_H

#include <stdarg.h>

#include "base/ctx.h"

enum { FINDINGS_MAX = 100 }; /* more are counted, not kept */

struct findings {
    struct ctx *ctx;
    struct fault_item *items; /* in the arena */
    size_t count;             /* kept */
    size_t cap;
    size_t dropped; /* found beyond FINDINGS_MAX */
    bool no_memory;
};

void findings_init(struct findings *f, struct ctx *ctx);

/* Notes a finding; the strings must live as long as the arena. */
void findings_add(struct findings *f, const struct fault_item *item);

/*
 * The same with a sentence to be written. file is a member of the archive or SLICE_NONE; it is
 * copied in a form that can be shown, "\xff" for what is no UTF-8 or no letter.
 */
void findings_say(struct findings *f, const char *rule, const char *remedy, struct slice file,
                  const char *fmt, ...) __attribute__((format(printf, 5, 6)));
void findings_vsay(struct findings *f, const char *rule, const char *remedy, struct slice file,
                   const char *fmt, va_list args) __attribute__((format(printf, 5, 0)));

/* The first max bytes of a text, less what would be half a character. */
struct slice findings_clip(struct slice text, size_t max);

static inline bool findings_any(const struct findings *f)
{
    return f->count > 0 || f->no_memory;
}

/* OK when nothing was found; else ERR_INVALID, PL-0003, with the first sentence and all items. */
enum err findings_end(struct findings *f) MUST_USE;

#endif
