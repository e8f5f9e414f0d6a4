/*
 * config_value.c - numbers with units, switches, choices and default paths.
 *
 * Units are powers of 1024 for bytes, whatever the spelling: a limit that is slightly larger than
 * a pedant expects is better than one that is slightly smaller.
 */
#include "base/config_value.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

struct unit {
    const char *name; /* lower case */
    int64_t factor;
};

static const struct unit byte_units[] = {{"", 1},           {"b", 1},          {"k", 1 << 10},
                                         {"kb", 1 << 10},   {"kib", 1 << 10},  {"m", 1 << 20},
                                         {"mb", 1 << 20},   {"mib", 1 << 20},  {"g", 1LL << 30},
                                         {"gb", 1LL << 30}, {"gib", 1LL << 30}};

static const struct unit time_units[] = {{"", 1000},     {"ms", 1},      {"s", 1000},
                                         {"m", 60000},   {"min", 60000}, {"h", 3600000},
                                         {"d", 86400000}};

static bool read_with_unit(struct slice text, const struct unit *units, size_t count, int64_t *out)
{
    size_t digits = 0;
    while (digits < text.n && text.p[digits] >= '0' && text.p[digits] <= '9')
        digits++;
    uint64_t n;
    if (digits == 0 || !slice_to_u64(slice_sub(text, 0, digits), &n))
        return false;
    struct slice name = slice_trim(slice_sub(text, digits, text.n));
    for (size_t i = 0; i < count; i++)
        if (slice_is_nocase(name, units[i].name)) {
            if (n > (uint64_t)(INT64_MAX / units[i].factor))
                return false;
            *out = (int64_t)n * units[i].factor;
            return true;
        }
    return false;
}

static bool read_bool(struct slice text, int64_t *out)
{
    static const char *const yes[] = {"true", "yes", "on", "1"};
    static const char *const no[] = {"false", "no", "off", "0"};
    for (size_t i = 0; i < sizeof yes / sizeof *yes; i++) {
        if (slice_is_nocase(text, yes[i]) || slice_is_nocase(text, no[i])) {
            *out = slice_is_nocase(text, yes[i]);
            return true;
        }
    }
    return false;
}

static bool is_choice(const char *choices, struct slice text)
{
    struct slice rest = slice_of(choices), part;
    while (slice_split(&rest, '|', &part))
        if (slice_eq(part, text))
            return true;
    return false;
}

static void say_range(const struct config_row *row, const char *kind, char *out, size_t size)
{
    if (row->type == CONFIG_DURATION)
        (void)snprintf(out, size, "%s from %" PRId64 " ms to %" PRId64 " s", kind, row->min,
                       row->max / 1000);
    else
        (void)snprintf(out, size, "%s from %" PRId64 " to %" PRId64, kind, row->min, row->max);
}

/* What a value of this row looks like. */
static void say_wanted(const struct config_row *row, char *out, size_t size)
{
    switch (row->type) {
    case CONFIG_INT: say_range(row, "a whole number", out, size); break;
    case CONFIG_BYTES: say_range(row, "a size such as 64k or 5MiB,", out, size); break;
    case CONFIG_DURATION: say_range(row, "a time such as 30s, 5m or 7d,", out, size); break;
    case CONFIG_BOOL: (void)snprintf(out, size, "true or false"); break;
    case CONFIG_CHOICE: (void)snprintf(out, size, "one of %s", row->choices); break;
    case CONFIG_STRING:
    case CONFIG_LIST:
    case CONFIG_PATH:
    case CONFIG_SECRET:
        (void)snprintf(out, size, "plain UTF-8 text without control letters%s",
                       row->standard ? ", and not empty" : "");
        break;
    }
}

static bool is_plain(struct slice text)
{
    for (size_t i = 0; i < text.n; i++)
        if ((unsigned char)text.p[i] < 0x20 || text.p[i] == 0x7F)
            return false;
    return slice_is_utf8(text);
}

static bool read_value(const struct config_row *row, struct slice text, int64_t *number)
{
    switch (row->type) {
    case CONFIG_INT: return slice_to_i64(text, number);
    case CONFIG_BOOL: return read_bool(text, number);
    case CONFIG_BYTES:
        return read_with_unit(text, byte_units, sizeof byte_units / sizeof *byte_units, number);
    case CONFIG_DURATION:
        return read_with_unit(text, time_units, sizeof time_units / sizeof *time_units, number);
    case CONFIG_CHOICE: return is_choice(row->choices, text);
    case CONFIG_STRING:
    case CONFIG_LIST:
    case CONFIG_PATH:
    case CONFIG_SECRET: /* an empty text unsets, and what has a default is never unset */
        return is_plain(text) && (text.n > 0 || row->standard == NULL);
    }
    return false;
}

bool config_value_read(const struct config_row *row, struct slice text, int64_t *number,
                       char *wanted, size_t wanted_size)
{
    bool ranged = row->type == CONFIG_INT || row->type == CONFIG_BYTES ||
                  row->type == CONFIG_DURATION;
    *number = 0;
    if (read_value(row, text, number) && (!ranged || (*number >= row->min && *number <= row->max)))
        return true;
    say_wanted(row, wanted, wanted_size);
    return false;
}

const char *config_value_env(char *const *env, struct slice name)
{
    for (; env && *env; env++)
        if (strncmp(*env, name.p, name.n) == 0 && (*env)[name.n] == '=')
            return *env + name.n + 1;
    return NULL;
}

const char *config_value_path(struct arena *arena, const char *standard, char *const *env)
{
    struct slice rest = slice_of(standard), part;
    while (slice_split(&rest, '|', &part)) {
        if (part.n == 0 || part.p[0] != '$')
            return slice_dup(arena, part);
        size_t end = slice_find(part, '/');
        const char *value = config_value_env(env, slice_sub(part, 1, end));
        if (value && *value)
            return str_printf(arena, "%s%.*s", value, (int)(part.n - end), part.p + end);
    }
    return "";
}

static size_t least(size_t a, size_t b, size_t c)
{
    size_t m = a < b ? a : b;
    return m < c ? m : c;
}

/* Levenshtein over two rows; names longer than a row are never near one of ours. */
size_t config_distance(struct slice a, struct slice b, size_t most)
{
    enum { NAME_MAX_BYTES = 64 };
    size_t row[NAME_MAX_BYTES + 1];
    if (a.n > NAME_MAX_BYTES || b.n > NAME_MAX_BYTES)
        return most + 1;
    for (size_t j = 0; j <= b.n; j++)
        row[j] = j;
    for (size_t i = 1; i <= a.n; i++) {
        size_t diagonal = row[0];
        row[0] = i;
        for (size_t j = 1; j <= b.n; j++) {
            size_t above = row[j];
            row[j] = least(above + 1, row[j - 1] + 1, diagonal + (a.p[i - 1] != b.p[j - 1]));
            diagonal = above;
        }
    }
    return row[b.n] > most ? most + 1 : row[b.n];
}

const char *config_guess(const struct config_row *rows, size_t count, struct slice key)
{
    size_t best = key.n / 3 + 1;
    const char *guess = NULL;
    for (size_t i = 0; i < count; i++) {
        size_t d = config_distance(key, slice_of(rows[i].key), best);
        if (d < best || (d == best && guess == NULL)) {
            best = d;
            guess = rows[i].key;
        }
    }
    return guess;
}

const struct config_row *config_row_of_flag(const struct config_row *rows, size_t count,
                                            struct slice key)
{
    for (size_t i = 0; i < count; i++) {
        struct slice own = slice_of(rows[i].key);
        if (slice_eq(key, own))
            return &rows[i];
        if (rows[i].type == CONFIG_BOOL && slice_starts(key, "no-") &&
            slice_eq(slice_sub(key, 3, key.n), own))
            return &rows[i];
        if (rows[i].type == CONFIG_SECRET && slice_ends(key, "-file") &&
            slice_eq(slice_sub(key, 0, key.n - 5), own))
            return &rows[i];
    }
    return NULL;
}
