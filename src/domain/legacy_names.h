/*
 * legacy_names.h - names of v1 plugins: "math_plugin", "math_plugin-1.0.0", "legacy.math_plugin".
 *
 * Texts are made in the arena; NULL = no memory.
 */
#ifndef LARDER_DOMAIN_LEGACY_NAMES_H
#define LARDER_DOMAIN_LEGACY_NAMES_H

#include <stdbool.h>

#include "base/arena.h"
#include "base/str.h"

enum { LEGACY_NAME_MAX = 150 };

/* "math_plugin-1.0.0" into its parts: at the last dash before a digit, or before a 'v' and a
 * digit. False where there is none. */
bool legacy_cut(struct slice text, struct slice *name, struct slice *version);
/* NULL, or why a plugin of the v1 API cannot be called that. */
const char *legacy_name_problem(struct arena *arena, const char *name, const char *version);
const char *legacy_pid(struct arena *arena, const char *name);
/* Is it one of ours, and what is it called in the stores? */
bool legacy_is_pid(const char *pid);
const char *legacy_folder(struct arena *arena, const char *pid, const char *version);

#endif
