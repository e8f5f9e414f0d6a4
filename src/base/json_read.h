/*
 * json_read.h - reading JSON that strangers sent.
 *
 * The bytes are capped before they come here; depth is checked by a scan of our own before the
 * library sees them; a key that stands twice, a NUL in a string and anything after the document
 * are refused. The typed getters name the field in the fault. The tree lives as long as the arena.
 * (jansson owns the prefix json_, hence jr_.)
 */
#ifndef LARDER_BASE_JSON_READ_H
#define LARDER_BASE_JSON_READ_H

#include <stdbool.h>
#include <stdint.h>

#include "base/ctx.h"

struct jr; /* one value of a parsed document */

enum { JR_DEPTH = 64 };

enum jr_kind { JR_NULL, JR_BOOL, JR_INT, JR_REAL, JR_STR, JR_ARRAY, JR_OBJECT };

/* ERR_INVALID with line and column in the sentence where the text is not JSON. */
enum err jr_parse(struct ctx *ctx, struct slice text, const struct jr **out) MUST_USE;
/* The same, and the document must be an object. */
enum err jr_parse_object(struct ctx *ctx, struct slice text, const struct jr **out) MUST_USE;

enum jr_kind jr_kind(const struct jr *v);

/* NULL where there is none; a member that is null is returned as a value of kind JR_NULL. */
const struct jr *jr_member(const struct jr *object, const char *key);
size_t jr_count(const struct jr *v); /* of an array or object, else 0 */
const struct jr *jr_item(const struct jr *array, size_t i);
/* Walks an object in the order it was written; *at starts as NULL. False at the end. */
bool jr_next(const struct jr *object, void **at, struct slice *key, const struct jr **value);

struct slice jr_str(const struct jr *v); /* of a string, else SLICE_NONE */
int64_t jr_int(const struct jr *v);      /* of an integer, else 0 */
double jr_double(const struct jr *v);    /* of a number, else 0 */
bool jr_bool(const struct jr *v);        /* of a bool, else false */

/*
 * The field `key` of a request body. `want`: it must be there and not null. When it is absent (or
 * null) and not wanted, *out keeps the value it had. A wrong type is ERR_UNPROCESSABLE that names
 * the field.
 */
enum err jr_get_str(struct ctx *ctx, const struct jr *body, const char *key, bool want, size_t max,
                    struct slice *out) MUST_USE;
enum err jr_get_bool(struct ctx *ctx, const struct jr *body, const char *key, bool want,
                     bool *out) MUST_USE;
enum err jr_get_int(struct ctx *ctx, const struct jr *body, const char *key, bool want, int64_t min,
                    int64_t max, int64_t *out) MUST_USE;
/* An array of strings: at most max_items of them, each at most max bytes. */
enum err jr_get_strings(struct ctx *ctx, const struct jr *body, const char *key, bool want,
                        size_t max_items, size_t max, struct slice **out, size_t *count) MUST_USE;

/* Writes the value compactly, keys in the order they were read. */
void jr_copy(const struct jr *v, struct buf *out);

#endif
