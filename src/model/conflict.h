/*
 * conflict.h - a change that was wanted here and lost to one that another node had made before.
 *
 * It is kept until somebody settles it; domain/conflicts.h says what can be done with it.
 */
#ifndef LARDER_MODEL_CONFLICT_H
#define LARDER_MODEL_CONFLICT_H

#include "base/str.h"

struct repl_conflict {
    int64_t seq;
    const char *id, *op_id, *entity, *kind, *org_id, *pid, *version, *sha256;
    struct slice mine, theirs;
    int64_t seen_at, resolved_at;
};

#endif
