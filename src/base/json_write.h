/*
 * json_write.h - pushing JSON into a buffer.
 *
 * (jansson owns the prefix json_, hence jw_.) The writer keeps a stack of open scopes: a key outside an object, a second value after one key or
 * a close of the wrong kind sets a sticky error instead of producing something that is not JSON.
 * `jw_done` tells whether everything was right, at the end.
 */
#ifndef LARDER_BASE_JSON_WRITE_H
#define LARDER_BASE_JSON_WRITE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/str.h"

enum { JW_DEPTH = 32 };

struct jw {
    struct buf *buf;
    unsigned depth;
    bool wrong;     /* misuse by our own code */
    bool after_key; /* a value must follow */
    struct {
        bool object;
        bool any; /* a comma is due before the next member */
    } scope[JW_DEPTH + 1];
};

void jw_start(struct jw *j, struct buf *buf);
void jw_object(struct jw *j);
void jw_array(struct jw *j);
void jw_end(struct jw *j); /* closes the innermost object or array */
void jw_key(struct jw *j, const char *key);
void jw_key_slice(struct jw *j, struct slice key);
void jw_text(struct jw *j, struct slice text); /* bytes that are not UTF-8 become U+FFFD */
void jw_str(struct jw *j, const char *text);   /* NULL is written as null */
void jw_int(struct jw *j, int64_t v);
void jw_bool(struct jw *j, bool v);
void jw_null(struct jw *j);
void jw_double(struct jw *j, double v);       /* not finite = null */
void jw_raw(struct jw *j, struct slice json); /* one value that is known to be JSON */

/* key and value in one */
void jw_put_str(struct jw *j, const char *key, const char *text);
void jw_put_text(struct jw *j, const char *key, struct slice text);
void jw_put_int(struct jw *j, const char *key, int64_t v);
void jw_put_bool(struct jw *j, const char *key, bool v);
void jw_put_time(struct jw *j, const char *key, int64_t wall_ms); /* RFC 3339; 0 = null */
void jw_put_raw(struct jw *j, const char *key, struct slice json);

/* True when the document is complete and the buffer holds all of it. */
bool jw_done(const struct jw *j);

#endif
