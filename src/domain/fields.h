/*
 * fields.h - what the texts of people and orgs may look like.
 *
 * Every check names the field and says what would be right (ERR_UNPROCESSABLE). A change is applied
 * to a row's column: not given leaves it, empty clears it.
 */
#ifndef LARDER_DOMAIN_FIELDS_H
#define LARDER_DOMAIN_FIELDS_H

#include "domain/users.h"

enum field_kind {
    FIELD_LINE,     /* one line of text */
    FIELD_LINES,    /* line breaks and tabs are all right */
    FIELD_EMAIL,    /* something@something */
    FIELD_URL,      /* http:// or https:// */
    FIELD_USERNAME, /* no blanks, no '@' */
    FIELD_DOMAIN,   /* "acme.com", folded to lower case */
    FIELD_NAME,     /* one line, must not be empty */
};

/* A copy in the arena of what was given, blanks at the ends taken off; *out NULL where empty. */
enum err field_take(struct ctx *ctx, const char *name, enum field_kind kind, size_t max,
                    struct slice given, const char **out) MUST_USE;

/* One column that may change. */
struct field {
    const char *name;
    enum field_kind kind;
    size_t max;
    const struct text_change *change;
    const char **column;
};
/* Checks and applies all; *changed tells whether any column is another text than before. */
enum err fields_apply(struct ctx *ctx, const struct field *fields, size_t count,
                      bool *changed) MUST_USE;

#endif
