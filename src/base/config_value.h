/*
 * config_value.h - reading one value of a setting, by its type.
 *
 * Pure functions over text; used by `base/config.c`, which knows where the text came from.
 */
#ifndef LARDER_BASE_CONFIG_VALUE_H
#define LARDER_BASE_CONFIG_VALUE_H

#include "base/config.h"

/*
 * Checks `text` against the row. *number is the value of ints, bools (0/1), bytes and durations
 * (ms). On a mismatch *wanted says what would be right, for a sentence like "X must be ...".
 */
bool config_value_read(const struct config_row *row, struct slice text, int64_t *number,
                       char *wanted, size_t wanted_size);

/*
 * The default of a path may name variables: alternatives stand between '|', the first whose
 * variable is set and not empty (or which names none) is taken. "$XDG_DATA_HOME/larder|./data".
 * Empty where none can be taken, NULL when there is no memory.
 */
const char *config_value_path(struct arena *arena, const char *standard, char *const *env);

/* The value of a variable, or NULL. */
const char *config_value_env(char *const *env, struct slice name);

#endif
