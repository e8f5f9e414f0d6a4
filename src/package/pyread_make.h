/*
 * pyread_make.h - making values, within their ceilings.
 *
 * What would be too heavy, too deep or too long becomes an unknown with that reason. None of these
 * answers NULL: without memory they answer an unknown and the reader remembers.
 */
#ifndef LARDER_PACKAGE_PYREAD_MAKE_H
#define LARDER_PACKAGE_PYREAD_MAKE_H

#include "package/pyread_tree.h"

const struct py_value *py_make_plain(struct py_reader *r, struct py_at at, enum py_kind kind);
const struct py_value *py_make_bool(struct py_reader *r, struct py_at at, bool v);
const struct py_value *py_make_int(struct py_reader *r, struct py_at at, int64_t v);
const struct py_value *py_make_float(struct py_reader *r, struct py_at at, double v);
/* A string, or a kind that is known by its text (PY_MODULE, PY_SDK, PY_FOREIGN). The bytes are
 * not copied. */
const struct py_value *py_make_text(struct py_reader *r, struct py_at at, enum py_kind kind,
                                    struct slice text, const void *ref);
const struct py_value *py_make_ref(struct py_reader *r, struct py_at at, enum py_kind kind,
                                   const void *ref);
/* From what a buffer collected; an unknown when the buffer failed. */
const struct py_value *py_make_str(struct py_reader *r, struct py_at at, struct buf *text);

/* Members in the order they were met; `rest` collects why some of them are not known. */
struct py_list {
    struct py_reader *r;
    const struct py_value **items;
    size_t count, cap;
    size_t weight;
    unsigned depth;
    const struct py_value *rest;
};

void py_list_start(struct py_list *l, struct py_reader *r);
void py_list_add(struct py_list *l, const struct py_value *v);
/* All members of a list, tuple or set; anything else makes the whole unknown. */
void py_list_splat(struct py_list *l, const struct py_value *v);
const struct py_value *py_list_end(struct py_list *l, struct py_at at, enum py_kind kind);

/* The same for dicts and records: a key that is there already gets the new value. */
void py_dict_put(struct py_list *d, const struct py_value *key, const struct py_value *v);
void py_dict_splat(struct py_list *d, const struct py_value *v);
const struct py_value *py_dict_end(struct py_list *d, struct py_at at, enum py_kind kind);

#endif
