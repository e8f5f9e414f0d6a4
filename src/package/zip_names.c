/*
 * zip_names.c - names: shortest-form UTF-8, no way out of the folder, no two that are one.
 *
 * Two names are one when they are equal after Unicode case folding and NFC, without the letters
 * that Unicode says may be ignored: macOS and Windows would write both into the same file. Keys are
 * sorted with '/' below every other byte, so that all that stands below a folder follows it and one
 * look at each neighbour finds every clash.
 */
#include "package/zip_names.h"

#include <stdlib.h>
#include <string.h>
#include <utf8proc.h>

/* A code point of two or more bytes that has no shape of its own or turns the line around. */
static bool is_hidden(utf8proc_int32_t cp)
{
    if ((cp >= 0x202A && cp <= 0x202E) || (cp >= 0x2066 && cp <= 0x2069) || cp == 0xFEFF)
        return true;
    utf8proc_category_t category = utf8proc_category(cp);
    return category == UTF8PROC_CATEGORY_CC || category == UTF8PROC_CATEGORY_ZL ||
           category == UTF8PROC_CATEGORY_ZP;
}

static bool has_hidden(struct slice name)
{
    const utf8proc_uint8_t *p = (const utf8proc_uint8_t *)name.p;
    for (size_t i = 0; i < name.n;) {
        utf8proc_int32_t cp;
        utf8proc_ssize_t n = utf8proc_iterate(p + i, (utf8proc_ssize_t)(name.n - i), &cp);
        if (n <= 0)
            return true; /* cannot be: the name is valid UTF-8 */
        if (cp >= 0x80 && is_hidden(cp))
            return true;
        i += (size_t)n;
    }
    return false;
}

struct letters {
    bool ascii, control, backslash, colon;
    size_t depth; /* segments, a '/' at the end not counted */
    bool bad_segment;
};

static bool is_bad_segment(struct slice part)
{
    return part.n == 0 || slice_is(part, ".") || slice_is(part, "..");
}

static struct letters look(struct slice name)
{
    struct letters seen = {.ascii = true};
    for (size_t i = 0; i < name.n; i++) {
        unsigned char c = (unsigned char)name.p[i];
        seen.ascii = seen.ascii && c < 0x80;
        seen.control = seen.control || c < 0x20 || c == 0x7F;
        seen.backslash = seen.backslash || c == '\\';
        seen.colon = seen.colon || c == ':';
    }
    struct slice rest = slice_ends(name, "/") ? slice_sub(name, 0, name.n - 1) : name;
    struct slice part;
    while (slice_split(&rest, '/', &part)) {
        seen.depth++;
        seen.bad_segment = seen.bad_segment || is_bad_segment(part);
    }
    return seen;
}

void zip_name_check(struct findings *f, struct slice name, bool is_utf8,
                    const struct zip_limits *limits)
{
    struct letters seen = look(name);
    if (name.n == 0)
        zip_broken(f, ZIP_NAME_EMPTY, SLICE_NONE, "a member has no name");
    else if (name.n > limits->name)
        zip_broken(f, ZIP_NAME_LENGTH, slice_sub(name, 0, limits->name),
                   "the name has %zu bytes, more than %zu", name.n, limits->name);
    else if (!seen.ascii && !slice_is_utf8(name))
        zip_broken(f, ZIP_NAME_ENCODING, name, "the name is not UTF-8");
    else if (!seen.ascii && !is_utf8)
        zip_broken(
            f, ZIP_NAME_ENCODING, name,
            "the name has letters beyond ASCII and the archive does not mark it as UTF-8, so "
            "programs read it differently");
    else if (seen.control || (!seen.ascii && has_hidden(name)))
        zip_broken(f, ZIP_NAME_CONTROL, name, "the name holds a control or direction character");
    else if (seen.backslash)
        zip_broken(f, ZIP_NAME_BACKSLASH, name, "the name holds a backslash");
    else if (seen.colon)
        zip_broken(f, ZIP_NAME_COLON, name, "the name holds a colon");
    else if (name.p[0] == '/')
        zip_broken(f, ZIP_NAME_ABSOLUTE, name, "the name begins with '/'");
    else if (seen.bad_segment)
        zip_broken(f, ZIP_NAME_SEGMENT, name, "the name holds a part that is empty, '.' or '..'");
    else if (seen.depth > limits->depth)
        zip_broken(f, ZIP_NAME_DEPTH, name, "the name is %zu folders deep, more than %zu",
                   seen.depth, limits->depth);
}

bool zip_name_is_ignored(struct slice name)
{
    if (slice_ends(name, ".pyc"))
        return true;
    struct slice part;
    while (slice_split(&name, '/', &part))
        if (slice_is(part, "__MACOSX") || slice_is(part, "__pycache__") ||
            slice_is(part, ".DS_Store") || slice_starts(part, "._"))
            return true;
    return false;
}

struct folded {
    struct slice key; /* folded, without the '/' at the end */
    struct slice name;
    bool is_folder;
};

enum { FOLD_MAX = 8192 /* code points of one folded name; 255 bytes give at most 4,590 */ };

struct folder {
    struct arena *arena;
    utf8proc_int32_t *points; /* FOLD_MAX of them, made with the first name beyond ASCII */
};

/* Not every name is valid UTF-8: then it has its finding already and stands for itself. */
static bool fold_unicode(struct folder *folder, struct slice name, struct slice *key)
{
    const utf8proc_option_t options = UTF8PROC_STABLE | UTF8PROC_COMPOSE | UTF8PROC_CASEFOLD |
                                      UTF8PROC_IGNORE;
    if (folder->points == NULL)
        folder->points = arena_array(folder->arena, FOLD_MAX, sizeof *folder->points);
    if (folder->points == NULL)
        return false;
    *key = name;
    utf8proc_ssize_t n = utf8proc_decompose((const utf8proc_uint8_t *)name.p,
                                            (utf8proc_ssize_t)name.n, folder->points, FOLD_MAX - 1,
                                            options);
    if (n < 0 || n >= FOLD_MAX)
        return true;
    n = utf8proc_reencode(folder->points, n,
                          options); /* in place: it needs no more room, and one NUL */
    if (n < 0)
        return true;
    key->n = (size_t)n;
    key->p = slice_dup(folder->arena, (struct slice){(const char *)folder->points, key->n});
    return key->p != NULL;
}

static bool fold(struct folder *folder, struct slice name, struct slice *key)
{
    char *lower = arena_alloc_raw(folder->arena, name.n);
    if (lower == NULL)
        return false;
    for (size_t i = 0; i < name.n; i++) {
        char c = name.p[i];
        if ((unsigned char)c >= 0x80)
            return fold_unicode(folder, name, key);
        lower[i] = c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
    }
    *key = (struct slice){lower, name.n};
    return true;
}

static int rank(char c)
{
    return c == '/' ? -1 : (unsigned char)c;
}

static int compare_keys(const void *left, const void *right)
{
    const struct folded *a = left, *b = right;
    size_t n = a->key.n < b->key.n ? a->key.n : b->key.n;
    size_t i = 0;
    while (i < n && a->key.p[i] == b->key.p[i])
        i++;
    if (i < n)
        return rank(a->key.p[i]) - rank(b->key.p[i]);
    return (a->key.n > b->key.n) - (a->key.n < b->key.n);
}

/* True when the two stand in the same folded folder that is spelled in two ways. */
static bool folders_differ(const struct folded *a, const struct folded *b)
{
    struct slice ka = a->key, kb = b->key, na = a->name, nb = b->name;
    struct slice ska, skb, sna, snb;
    while (slice_split(&ka, '/', &ska) && slice_split(&kb, '/', &skb) &&
           slice_split(&na, '/', &sna) && slice_split(&nb, '/', &snb)) {
        if (!slice_eq(ska, skb))
            return false;
        if (!slice_eq(sna, snb))
            return true;
    }
    return false;
}

static bool is_below(const struct folded *inner, const struct folded *outer)
{
    return inner->key.n > outer->key.n && inner->key.p[outer->key.n] == '/' &&
           memcmp(inner->key.p, outer->key.p, outer->key.n) == 0;
}

static void compare_neighbours(struct findings *f, const struct folded *a, const struct folded *b)
{
    if (slice_eq(a->key, b->key) && a->is_folder != b->is_folder)
        zip_broken(f, ZIP_FILE_AND_FOLDER, b->name, "the name is both a file and a folder");
    else if (slice_eq(a->name, b->name))
        zip_broken(f, ZIP_DUPLICATE, b->name, "the name stands twice in the archive");
    else if (slice_eq(a->key, b->key) || folders_differ(a, b))
        zip_broken(f, ZIP_COLLISION, b->name,
                   "the name differs from '%.*s' only by letter case or spelling",
                   SLICE_ARGS(slice_is_utf8(a->name) ? a->name : SLICE("another")));
    else if (!a->is_folder && is_below(b, a))
        zip_broken(f, ZIP_FILE_AND_FOLDER, a->name, "the name is both a file and a folder");
}

void zip_names_collide(struct findings *f, const struct zip_member *members, size_t count)
{
    struct folder folder = {.arena = f->ctx->arena};
    struct folded *list = arena_array(f->ctx->arena, count, sizeof *list);
    if (list == NULL) {
        f->no_memory = true;
        return;
    }
    for (size_t i = 0; i < count; i++) {
        struct slice name = members[i].name;
        if (slice_ends(name, "/"))
            name.n--;
        list[i] = (struct folded){.name = name, .is_folder = members[i].is_folder};
        if (!fold(&folder, name, &list[i].key)) {
            f->no_memory = true;
            return;
        }
    }
    qsort(list, count, sizeof *list, compare_keys);
    for (size_t i = 1; i < count; i++)
        compare_neighbours(f, &list[i - 1], &list[i]);
}
