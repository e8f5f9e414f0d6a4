/*
 * requirement.h - reading one dependency as PEP 508 writes it.
 *
 * `httpx[http2]>=0.27,<1; python_version >= "3.9"`. The string is shown and checked; only
 * what passes here is ever given to pip (domain/requirements.h). Options, addresses and paths, which
 * pip would follow, are refused with their own reason.
 */
#ifndef LARDER_PACKAGE_REQUIREMENT_H
#define LARDER_PACKAGE_REQUIREMENT_H

#include "base/arena.h"
#include "base/str.h"

enum {
    REQUIREMENT_TEXT = 500, /* bytes of one dependency */
    REQUIREMENT_LIST = 64   /* extras, or version conditions, of one dependency */
};

struct requirement_spec {
    struct slice op;      /* "~=" "==" "!=" "<=" ">=" "<" ">" "===" */
    struct slice version; /* as written; may end in ".*" after == and != */
};

struct requirement {
    struct slice name;
    struct slice key; /* the name as PEP 503 compares it: lower case, runs of -_. are one '-' */
    const struct slice *extras;
    size_t extra_count;
    const struct requirement_spec *specs;
    size_t spec_count;
    struct slice marker; /* the condition after ';', as written, or none */
};

struct requirement_fault {
    const char *rule;     /* "dependency.option", "dependency.url", "dependency.path", ... */
    const char *sentence; /* what is wrong */
    const char *remedy;
    size_t at; /* where in the text, from 0 */
};

/* ERR_INVALID fills *why; ERR_NO_MEMORY does not. Slices point into text or the arena. */
enum err requirement_parse(struct arena *arena, struct slice text, struct requirement *out,
                           struct requirement_fault *why) MUST_USE;

#endif
