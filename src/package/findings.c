/*
 * findings.c - the list grows in the arena and is handed to the fault at the end.
 *
 * Member names may hold anything an uploader thought of; they are copied as they are, and whoever
 * prints them (JSON, log, page) escapes them.
 */
#include "package/findings.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

enum { SENTENCE_MAX = 400 };

void findings_init(struct findings *f, struct ctx *ctx)
{
    *f = (struct findings){.ctx = ctx};
}

static bool has_room(struct findings *f)
{
    if (f->count < f->cap)
        return true;
    size_t cap = f->cap ? f->cap * 2 : 8;
    struct fault_item *grown = arena_array(f->ctx->arena, cap, sizeof *grown);
    if (grown == NULL) {
        f->no_memory = true;
        return false;
    }
    if (f->count > 0)
        memcpy(grown, f->items, f->count * sizeof *grown);
    f->items = grown;
    f->cap = cap;
    return true;
}

void findings_add(struct findings *f, const struct fault_item *item)
{
    if (f->count >= FINDINGS_MAX) {
        f->dropped++;
        return;
    }
    if (has_room(f))
        f->items[f->count++] = *item;
}

void findings_say(struct findings *f, const char *rule, const char *remedy, struct slice file,
                  const char *fmt, ...)
{
    if (f->count >= FINDINGS_MAX) {
        f->dropped++;
        return;
    }
    char text[SENTENCE_MAX];
    va_list args;
    va_start(args, fmt);
    (void)vsnprintf(text, sizeof text, fmt, args);
    va_end(args);
    const char *sentence = slice_dup(f->ctx->arena, slice_of(text));
    const char *member = file.p ? slice_dup(f->ctx->arena, file) : NULL;
    if (sentence == NULL || (file.p && member == NULL)) {
        f->no_memory = true;
        return;
    }
    findings_add(f, &(struct fault_item){
                        .rule = rule, .file = member, .sentence = sentence, .remedy = remedy});
}

enum err findings_end(struct findings *f)
{
    if (f->no_memory)
        return ctx_no_memory(f->ctx);
    if (f->count == 0)
        return OK;
    size_t more = f->count - 1 + f->dropped;
    const char *first = f->items[0].sentence;
    enum err err = more == 0
                       ? ctx_fail_code(f->ctx, ERR_INVALID, "PL-0003", "%s", first)
                       : ctx_fail_code(f->ctx, ERR_INVALID, "PL-0003", "%s (and %zu more)", first, more);
    if (f->ctx->fault.items == NULL) {
        f->ctx->fault.items = f->items;
        f->ctx->fault.item_count = f->count;
    }
    return err;
}
