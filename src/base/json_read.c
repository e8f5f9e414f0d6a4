/*
 * json_read.c - jansson behind our own getters; the only file that knows the library.
 *
 * `struct jr` is never defined: a pointer to it is a `json_t` pointer. Where the library finds no
 * memory it may report a syntax error, or leave letters out of a string and report nothing; so its
 * allocations go through a function that notes it.
 */
#include "base/json_read.h"

#include <jansson.h>
#include <pthread.h>
#include <stdlib.h>

static _Thread_local bool starved; /* an allocation failed in this thread's present parse */

static void *take(size_t n)
{
    void *p = malloc(n); /* freed by the library, through free */
    starved |= p == NULL;
    return p;
}

static void hand_over(void)
{
    json_set_alloc_funcs(take, free);
}

static json_t *lib(const struct jr *v)
{
    return (json_t *)(uintptr_t)v; /* the library's readers take a pointer that is not const */
}

static const struct jr *ours(const json_t *v)
{
    return (const struct jr *)(const void *)v;
}

static void drop(void *arg)
{
    json_decref(arg);
}

/* The library's own limit is 2,048 levels of recursion; ours is checked before it starts. */
static bool too_deep(struct slice text)
{
    size_t depth = 0;
    bool in_string = false;
    for (size_t i = 0; i < text.n; i++) {
        char c = text.p[i];
        if (in_string) {
            if (c == '\\')
                i++;
            else if (c == '"')
                in_string = false;
        } else if (c == '"') {
            in_string = true;
        } else if (c == '[' || c == '{') {
            if (++depth > JR_DEPTH)
                return true;
        } else if ((c == ']' || c == '}') && depth > 0) {
            depth--;
        }
    }
    return false;
}

enum err jr_parse(struct ctx *ctx, struct slice text, const struct jr **out)
{
    if (text.n == 0)
        return ctx_fail(ctx, ERR_INVALID, "The body is empty; a JSON document was expected");
    if (too_deep(text))
        return ctx_fail(ctx, ERR_INVALID, "The JSON is nested deeper than %d levels", JR_DEPTH);
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    json_error_t why;
    (void)pthread_once(&once, hand_over);
    starved = false;
    json_t *root = json_loadb(text.p, text.n, JSON_REJECT_DUPLICATES | JSON_DECODE_ANY, &why);
    if (starved) {
        json_decref(root);
        return ctx_no_memory(ctx);
    }
    if (root == NULL)
        return ctx_fail(ctx, ERR_INVALID, "The body is not valid JSON (line %d, column %d): %s",
                        why.line, why.column, why.text);
    if (arena_defer(ctx->arena, drop, root) != 0)
        return ctx_no_memory(ctx);
    *out = ours(root);
    return OK;
}

enum err jr_parse_object(struct ctx *ctx, struct slice text, const struct jr **out)
{
    enum err err = jr_parse(ctx, text, out);
    if (err == OK && jr_kind(*out) != JR_OBJECT)
        return ctx_fail(ctx, ERR_UNPROCESSABLE, "The body must be a JSON object");
    return err;
}

enum jr_kind jr_kind(const struct jr *v)
{
    switch (json_typeof(lib(v))) {
    case JSON_OBJECT: return JR_OBJECT;
    case JSON_ARRAY: return JR_ARRAY;
    case JSON_STRING: return JR_STR;
    case JSON_INTEGER: return JR_INT;
    case JSON_REAL: return JR_REAL;
    case JSON_TRUE:
    case JSON_FALSE: return JR_BOOL;
    case JSON_NULL: break;
    }
    return JR_NULL;
}

const struct jr *jr_member(const struct jr *object, const char *key)
{
    return object ? ours(json_object_get(lib(object), key)) : NULL;
}

size_t jr_count(const struct jr *v)
{
    return json_is_array(lib(v)) ? json_array_size(lib(v)) : json_object_size(lib(v));
}

const struct jr *jr_item(const struct jr *array, size_t i)
{
    return ours(json_array_get(lib(array), i));
}

bool jr_next(const struct jr *object, void **at, struct slice *key, const struct jr **value)
{
    *at = *at ? json_object_iter_next(lib(object), *at) : json_object_iter(lib(object));
    if (*at == NULL)
        return false;
    *key = slice_of(json_object_iter_key(*at));
    *value = ours(json_object_iter_value(*at));
    return true;
}

struct slice jr_str(const struct jr *v)
{
    if (v == NULL || !json_is_string(lib(v)))
        return SLICE_NONE;
    return (struct slice){json_string_value(lib(v)), json_string_length(lib(v))};
}

int64_t jr_int(const struct jr *v)
{
    return v ? (int64_t)json_integer_value(lib(v)) : 0;
}

double jr_double(const struct jr *v)
{
    return v ? json_number_value(lib(v)) : 0;
}

bool jr_bool(const struct jr *v)
{
    return v && json_is_true(lib(v));
}

/* The member as a value to read: *v is NULL when it is absent or null and that is allowed. */
static enum err field(struct ctx *ctx, const struct jr *body, const char *key, bool want,
                      enum jr_kind kind, const char *kind_name, const struct jr **v)
{
    *v = jr_member(body, key);
    if (*v && jr_kind(*v) == JR_NULL)
        *v = NULL;
    if (*v == NULL)
        return want ? ctx_fail_field(ctx, ERR_UNPROCESSABLE, key, "Field '%s' is required", key)
                    : OK;
    if (jr_kind(*v) != kind)
        return ctx_fail_field(ctx, ERR_UNPROCESSABLE, key, "Field '%s' must be %s", key, kind_name);
    return OK;
}

enum err jr_get_str(struct ctx *ctx, const struct jr *body, const char *key, bool want, size_t max,
                    struct slice *out)
{
    const struct jr *v;
    enum err err = field(ctx, body, key, want, JR_STR, "a string", &v);
    if (err != OK || v == NULL)
        return err;
    if (jr_str(v).n > max)
        return ctx_fail_field(ctx, ERR_UNPROCESSABLE, key, "Field '%s' is longer than %zu bytes",
                              key, max);
    *out = jr_str(v);
    return OK;
}

enum err jr_get_bool(struct ctx *ctx, const struct jr *body, const char *key, bool want, bool *out)
{
    const struct jr *v;
    enum err err = field(ctx, body, key, want, JR_BOOL, "true or false", &v);
    if (err == OK && v)
        *out = jr_bool(v);
    return err;
}

enum err jr_get_int(struct ctx *ctx, const struct jr *body, const char *key, bool want, int64_t min,
                    int64_t max, int64_t *out)
{
    const struct jr *v;
    enum err err = field(ctx, body, key, want, JR_INT, "a whole number", &v);
    if (err != OK || v == NULL)
        return err;
    if (jr_int(v) < min || jr_int(v) > max)
        return ctx_fail_field(ctx, ERR_UNPROCESSABLE, key,
                              "Field '%s' must lie between %lld and %lld", key, (long long)min,
                              (long long)max);
    *out = jr_int(v);
    return OK;
}

enum err jr_get_strings(struct ctx *ctx, const struct jr *body, const char *key, bool want,
                        size_t max_items, size_t max, struct slice **out, size_t *count)
{
    const struct jr *v;
    enum err err = field(ctx, body, key, want, JR_ARRAY, "a list of strings", &v);
    if (err != OK || v == NULL)
        return err;
    size_t n = jr_count(v);
    if (n > max_items)
        return ctx_fail_field(ctx, ERR_UNPROCESSABLE, key, "Field '%s' has more than %zu entries",
                              key, max_items);
    struct slice *list = arena_array(ctx->arena, n ? n : 1, sizeof *list);
    if (list == NULL)
        return ctx_no_memory(ctx);
    for (size_t i = 0; i < n; i++) {
        list[i] = jr_str(jr_item(v, i));
        if (list[i].p == NULL || list[i].n > max)
            return ctx_fail_field(ctx, ERR_UNPROCESSABLE, key,
                                  "Entry %zu of field '%s' must be a string of at most %zu bytes",
                                  i + 1, key, max);
    }
    *out = list;
    *count = n;
    return OK;
}

static int copy_part(const char *part, size_t n, void *arg)
{
    buf_add(arg, part, n);
    return buf_failed(arg) ? -1 : 0;
}

void jr_copy(const struct jr *v, struct buf *out)
{
    if (json_dump_callback(lib(v), copy_part, out, JSON_COMPACT | JSON_ENCODE_ANY) != 0)
        out->failed = true;
}
