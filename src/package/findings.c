/*
 * findings.c - the list grows in the arena and is handed to the fault at the end.
 *
 * Member names may hold anything an uploader thought of. They are kept in a form that is valid
 * UTF-8 without control letters, so that every place that shows a finding may take it as text.
 */
#include "package/findings.h"

#include <stdio.h>
#include <string.h>

enum {
    SENTENCE_MAX = 400,
    SENTENCE_SHOWN = SENTENCE_MAX - 4,
    SHOWN_NAME_MAX = 1200 /* 255 bytes, each as "\xff" */
};

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

static const char *shown(struct arena *arena, struct slice name)
{
    bool is_text = slice_is_utf8(name);
    struct buf b;
    buf_init(&b, arena, SHOWN_NAME_MAX);
    for (size_t i = 0; i < name.n && b.n + 8 < SHOWN_NAME_MAX; i++) {
        unsigned char c = (unsigned char)name.p[i];
        if (c < 0x20 || c == 0x7F || (c >= 0x80 && !is_text))
            buf_printf(&b, "\\x%02x", c);
        else
            buf_char(&b, (char)c);
    }
    return buf_text(&b);
}

struct slice findings_clip(struct slice text, size_t max)
{
    if (text.n <= max)
        return text;
    size_t n = max;
    while (n > 0 && ((unsigned char)text.p[n] & 0xC0) == 0x80)
        n--;
    return slice_sub(text, 0, n);
}

void findings_vsay(struct findings *f, const char *rule, const char *remedy, struct slice file,
                   const char *fmt, va_list args)
{
    if (f->count >= FINDINGS_MAX) {
        f->dropped++;
        return;
    }
    char text[SENTENCE_MAX];
    (void)vsnprintf(text, sizeof text, fmt, args);
    const char *sentence = slice_dup(f->ctx->arena, findings_clip(slice_of(text), SENTENCE_SHOWN));
    const char *member = file.p ? shown(f->ctx->arena, file) : NULL;
    if (sentence == NULL || (file.p && member == NULL)) {
        f->no_memory = true;
        return;
    }
    findings_add(f, &(struct fault_item){
                        .rule = rule, .file = member, .sentence = sentence, .remedy = remedy});
}

void findings_say(struct findings *f, const char *rule, const char *remedy, struct slice file,
                  const char *fmt, ...)
{
    va_list args;
    va_start(args, fmt);
    findings_vsay(f, rule, remedy, file, fmt, args);
    va_end(args);
}

enum err findings_end(struct findings *f)
{
    if (f->no_memory)
        return ctx_no_memory(f->ctx);
    if (f->count == 0)
        return OK;
    size_t more = f->count - 1 + f->dropped;
    const struct fault_item *first = &f->items[0];
    const char *file = first->file ? first->file : "";
    const char *colon = first->file ? ": " : "";
    enum err err = more == 0
                       ? ctx_fail_code(f->ctx, ERR_INVALID, "PL-0003", "%s%s%s", file, colon,
                                       first->sentence)
                       : ctx_fail_code(f->ctx, ERR_INVALID, "PL-0003", "%s%s%s (and %zu more)",
                                       file, colon, first->sentence, more);
    if (f->ctx->fault.items == NULL) {
        f->ctx->fault.items = f->items;
        f->ctx->fault.item_count = f->count;
    }
    return err;
}
