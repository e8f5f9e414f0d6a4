/*
 * line_diff.c - the greedy algorithm of Myers ("An O(ND) Difference Algorithm", 1986).
 *
 * For each number of edits d the furthest point on every diagonal is found from those of d - 1 and
 * kept; from the end the way back is read off the kept rows. The lines both texts begin and end
 * with are taken off first, which for most pairs is nearly everything.
 */
#include "base/line_diff.h"

#include <stdint.h>
#include <string.h>

#include "base/arena.h"

bool lines_split(struct arena *arena, struct slice text, struct lines *out)
{
    size_t count = 0;
    for (size_t i = 0; i < text.n; i++)
        count += text.p[i] == '\n';
    count += text.n && text.p[text.n - 1] != '\n';
    *out = (struct lines){arena_array(arena, count ? count : 1, sizeof *out->line), 0};
    if (out->line == NULL || count > LINE_DIFF_LINES)
        return false;
    for (size_t at = 0; at < text.n;) {
        const char *end = memchr(text.p + at, '\n', text.n - at);
        size_t stop = end ? (size_t)(end - text.p) : text.n, last = stop;
        if (end && last > at && text.p[last - 1] == '\r')
            last--;
        out->line[out->count++] = slice_sub(text, at, last);
        at = stop + 1;
    }
    return true;
}

/* The middle of both texts, between what they have in common at both ends. */
struct middle {
    const struct slice *a, *b;
    int32_t n, m;                      /* lines of each */
    int32_t *row[LINE_DIFF_EDITS + 1]; /* row[d][k + d]: furthest x on diagonal k after d edits */
};

static int32_t down_or_right(const int32_t *before, int32_t d, int32_t k)
{
    if (d == 0)
        return 0;
    /* row[d - 1] starts at diagonal -(d - 1) */
    int32_t at = k + d - 1;
    bool down = k == -d || (k != d && before[at - 1] < before[at + 1]);
    return down ? before[at + 1] : before[at - 1] + 1;
}

static bool same(struct slice a, struct slice b)
{
    return a.n == b.n && memcmp(a.p, b.p, a.n) == 0;
}

/* The number of edits, -1 = more than the ceiling, -2 = no memory. */
static int32_t search(struct arena *arena, struct middle *w)
{
    for (int32_t d = 0; d <= LINE_DIFF_EDITS; d++) {
        int32_t *row = w->row[d] = arena_array(arena, 2 * (size_t)d + 2, sizeof *row);
        if (row == NULL)
            return -2;
        for (int32_t k = -d; k <= d; k += 2) {
            int32_t x = down_or_right(d ? w->row[d - 1] : NULL, d, k), y = x - k;
            while (x < w->n && y < w->m && x >= 0 && y >= 0 && same(w->a[x], w->b[y])) {
                x++;
                y++;
            }
            row[k + d] = x;
            if (x >= w->n && y >= w->m)
                return d;
        }
    }
    return -1;
}

/* A list of stretches that is made from its end. */
struct list {
    struct stretch *all;
    size_t first, room;
};

static void put_first(struct list *l, enum line_op op, size_t from, size_t to, size_t count)
{
    if (count == 0)
        return;
    if (l->first < l->room && l->all[l->first].op == op) { /* an edit at a time: a stretch */
        struct stretch *next = &l->all[l->first];
        next->from = from;
        next->to = to;
        next->count += count;
        return;
    }
    l->all[--l->first] = (struct stretch){op, from, to, count};
}

/* From the end of the middle back to its start; `skip` lines stand before it in both texts. */
static void walk_back(const struct middle *w, int32_t edits, size_t skip, struct list *l)
{
    int32_t x = w->n, y = w->m;
    for (int32_t d = edits; d >= 0; d--) {
        int32_t k = x - y, start = down_or_right(d ? w->row[d - 1] : NULL, d, k), at = k + d - 1;
        int32_t run = x - start;
        put_first(l, LINES_EQUAL, skip + (size_t)start, skip + (size_t)(start - k), (size_t)run);
        if (d == 0)
            return;
        bool down = k == -d || (k != d && w->row[d - 1][at - 1] < w->row[d - 1][at + 1]);
        x = down ? start : start - 1;
        y = x - (down ? k + 1 : k - 1);
        put_first(l, down ? LINES_ADDED : LINES_REMOVED, skip + (size_t)x, skip + (size_t)y, 1);
    }
}

bool line_diff(struct arena *arena, const struct lines *a, const struct lines *b,
               struct stretch **out, size_t *count)
{
    size_t least = a->count < b->count ? a->count : b->count, head = 0, tail = 0;
    while (head < least && same(a->line[head], b->line[head]))
        head++;
    while (tail < least - head && same(a->line[a->count - 1 - tail], b->line[b->count - 1 - tail]))
        tail++;
    struct middle *w = arena_alloc(arena, sizeof *w);
    struct list l = {.room = 2 * (LINE_DIFF_EDITS + 2)};
    l.first = l.room;
    l.all = arena_array(arena, l.room, sizeof *l.all);
    if (w == NULL || l.all == NULL)
        return false;
    w->a = a->line + head;
    w->b = b->line + head;
    w->n = (int32_t)(a->count - head - tail);
    w->m = (int32_t)(b->count - head - tail);
    int32_t edits = search(arena, w);
    if (edits == -2)
        return false;
    put_first(&l, LINES_EQUAL, a->count - tail, b->count - tail, tail);
    if (edits >= 0) {
        walk_back(w, edits, head, &l);
    } else {
        put_first(&l, LINES_ADDED, head + (size_t)w->n, head, (size_t)w->m);
        put_first(&l, LINES_REMOVED, head, head, (size_t)w->n);
    }
    put_first(&l, LINES_EQUAL, 0, 0, head);
    *out = l.all + l.first;
    *count = l.room - l.first;
    return true;
}
