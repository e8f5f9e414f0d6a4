/*
 * config.c - gathering values from flags, environment, file and defaults.
 *
 * Each row ends up with one cell: text, number and where it came from. Places are visited from the
 * strongest to the weakest and the first value stays, but every place is checked to its end, so
 * that a mistake is reported even where something stronger hides it.
 */
#include "base/config.h"

#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/config_value.h"

enum { CONFIG_FILE_MAX = 64 << 10, CONFIG_MEMORY = 4 << 20 };

struct cell {
    const char *text; /* NULL = not set */
    int64_t number;
    enum config_origin origin;
    const char *where;
};

struct config {
    const struct config_row *rows;
    size_t count;
    struct arena arena;
    _Atomic(const struct cell *) cell[]; /* never NULL once loaded */
};

static size_t find_row(const struct config_input *in, struct slice key)
{
    for (size_t i = 0; i < in->row_count; i++)
        if (slice_is(key, in->rows[i].key))
            return i;
    return in->row_count;
}

static enum err unknown(struct ctx *ctx, const struct config_input *in, const char *where,
                        struct slice key)
{
    const char *guess = config_guess(in->rows, in->row_count, key);
    if (guess)
        return ctx_fail(ctx, ERR_INVALID, "%s: unknown setting '%.*s'; did you mean '%s'?", where,
                        SLICE_ARGS(key), guess);
    return ctx_fail(ctx, ERR_INVALID, "%s: unknown setting '%.*s'; `larder config` lists them all",
                    where, SLICE_ARGS(key));
}

/* Checks the value and makes it the row's, unless a stronger place gave one. */
static enum err set(struct ctx *ctx, struct config *c, size_t i, struct slice text,
                    enum config_origin origin, const char *where)
{
    const struct config_row *row = &c->rows[i];
    struct cell *cell = arena_alloc(&c->arena, sizeof *cell);
    const char *copy = slice_dup(&c->arena, text);
    const char *place = slice_dup(&c->arena, slice_of(where));
    if (cell == NULL || copy == NULL || place == NULL)
        return ctx_no_memory(ctx);
    char wanted[160];
    int64_t number;
    if (!config_value_read(row, text, &number, wanted, sizeof wanted))
        return ctx_fail_field(ctx, ERR_INVALID, row->key, "%s: %s must be %s", where, row->key,
                              wanted);
    if (c->cell[i] != NULL)
        return OK;
    *cell = (struct cell){*copy ? copy : NULL, number, origin, place};
    c->cell[i] = cell;
    return OK;
}

/* A whole small file, into the arena. */
static enum err read_small(struct ctx *ctx, struct arena *arena, const char *path,
                           const char *where, struct slice *out)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    struct stat st;
    if (fd < 0 || fstat(fd, &st) != 0) {
        int why = errno;
        if (fd >= 0)
            (void)close(fd);
        return ctx_fail(ctx, ERR_INVALID, "%s: %s cannot be read: %s", where, path, strerror(why));
    }
    char *p = arena_alloc(arena, CONFIG_FILE_MAX + 1);
    size_t n = 0;
    ssize_t got = p && S_ISREG(st.st_mode) ? 1 : -1;
    while (got > 0 && n <= CONFIG_FILE_MAX) {
        got = read(fd, p + n, CONFIG_FILE_MAX + 1 - n);
        n += got > 0 ? (size_t)got : 0;
    }
    (void)close(fd);
    if (p == NULL)
        return ctx_no_memory(ctx);
    if (got < 0)
        return ctx_fail(ctx, ERR_INVALID, "%s: %s is not a file that can be read", where, path);
    if (n > CONFIG_FILE_MAX)
        return ctx_fail(ctx, ERR_INVALID, "%s: %s is larger than %d bytes", where, path,
                        CONFIG_FILE_MAX);
    *out = (struct slice){p, n};
    return OK;
}

/* The twin of a secret: its value stands alone in a file, a line end behind it does not count. */
static enum err set_from_file(struct ctx *ctx, struct config *c, size_t i, const char *path,
                              enum config_origin origin, const char *where)
{
    struct slice text;
    enum err err = read_small(ctx, &c->arena, path, where, &text);
    if (err != OK)
        return err;
    while (text.n > 0 && (text.p[text.n - 1] == '\n' || text.p[text.n - 1] == '\r'))
        text.n--;
    if (text.n == 0)
        return ctx_fail_field(ctx, ERR_INVALID, c->rows[i].key, "%s: %s is empty", where, path);
    return set(ctx, c, i, text, origin, where);
}

static enum err load_flag(struct ctx *ctx, struct config *c, const struct config_input *in,
                          const struct config_flag *flag)
{
    struct slice key = slice_of(flag->key);
    const struct config_row *row = config_row_of_flag(in->rows, in->row_count, key);
    char where[96];
    (void)snprintf(where, sizeof where, "flag --%.60s", flag->key);
    if (row == NULL)
        return unknown(ctx, in, where, key);
    size_t i = (size_t)(row - in->rows);
    bool exact = slice_is(key, row->key);
    if (row->type == CONFIG_BOOL && !exact && flag->value)
        return ctx_fail(ctx, ERR_INVALID, "%s takes no value", where);
    if (row->type == CONFIG_BOOL && flag->value == NULL)
        return set(ctx, c, i, exact ? SLICE("true") : SLICE("false"), CONFIG_FLAG, where);
    if (row->type == CONFIG_SECRET && exact)
        return ctx_fail(ctx, ERR_INVALID,
                        "%s would show a secret in the process list; use --%s-file or %s", where,
                        row->key, row->env);
    if (flag->value == NULL)
        return ctx_fail(ctx, ERR_INVALID, "%s needs a value", where);
    if (row->type == CONFIG_SECRET)
        return set_from_file(ctx, c, i, flag->value, CONFIG_FLAG, where);
    return set(ctx, c, i, slice_of(flag->value), CONFIG_FLAG, where);
}

/* From the last to the first, so that the last of two equal flags wins. */
static enum err load_flags(struct ctx *ctx, struct config *c, const struct config_input *in)
{
    enum err err = OK;
    for (size_t n = in->flag_count; n > 0 && err == OK; n--)
        err = load_flag(ctx, c, in, &in->flags[n - 1]);
    return err;
}

static enum err load_variable(struct ctx *ctx, struct config *c, const struct config_input *in,
                              size_t i, struct slice name)
{
    const struct config_row *row = &in->rows[i];
    char where[128], twin[96];
    const char *value = config_value_env(in->env, name);
    (void)snprintf(where, sizeof where, "variable %.*s", SLICE_ARGS(name));
    (void)snprintf(twin, sizeof twin, "%.*s_FILE", SLICE_ARGS(name));
    const char *path = row->type == CONFIG_SECRET ? config_value_env(in->env, slice_of(twin))
                                                  : NULL;
    bool has_value = value && *value, has_path = path && *path; /* empty = not set */
    if (has_value && has_path)
        return ctx_fail(ctx, ERR_INVALID, "Set either %.*s or %s, not both", SLICE_ARGS(name),
                        twin);
    if (has_value)
        return set(ctx, c, i, slice_of(value), CONFIG_ENV, where);
    if (!has_path)
        return OK;
    (void)snprintf(where, sizeof where, "variable %s", twin);
    return set_from_file(ctx, c, i, path, CONFIG_ENV, where);
}

static enum err load_variables(struct ctx *ctx, struct config *c, const struct config_input *in)
{
    for (size_t i = 0; i < in->row_count; i++) {
        enum err err = load_variable(ctx, c, in, i, slice_of(in->rows[i].env));
        struct slice rest = slice_of(in->rows[i].alias), name;
        while (err == OK && slice_split(&rest, ' ', &name))
            err = load_variable(ctx, c, in, i, name);
        if (err != OK)
            return err;
    }
    return OK;
}

static bool is_variable_of(const struct config_row *row, struct slice name)
{
    if (row->type == CONFIG_SECRET && slice_ends(name, "_FILE"))
        name.n -= 5;
    if (slice_is(name, row->env))
        return true;
    struct slice rest = slice_of(row->alias), other;
    while (slice_split(&rest, ' ', &other))
        if (slice_eq(name, other))
            return true;
    return false;
}

/* The guess for a variable, by its name; the prefix is ours, so it must be meant for us. */
static enum err unknown_variable(struct ctx *ctx, const struct config_input *in, struct slice name)
{
    size_t best = name.n / 3 + 1;
    const char *guess = NULL;
    for (size_t i = 0; i < in->row_count; i++) {
        size_t d = config_distance(name, slice_of(in->rows[i].env), best);
        if (d < best) {
            best = d;
            guess = in->rows[i].env;
        }
    }
    if (guess)
        return ctx_fail(ctx, ERR_INVALID, "Unknown variable %.*s; did you mean %s?",
                        SLICE_ARGS(name), guess);
    return ctx_fail(ctx, ERR_INVALID, "Unknown variable %.*s; `larder config` lists them all",
                    SLICE_ARGS(name));
}

static enum err check_variables(struct ctx *ctx, const struct config_input *in)
{
    for (char *const *e = in->env; e && *e && in->prefix; e++) {
        struct slice name = slice_of(*e);
        name = slice_sub(name, 0, slice_find(name, '='));
        if (!slice_starts(name, in->prefix))
            continue;
        size_t i = 0;
        while (i < in->row_count && !is_variable_of(&in->rows[i], name))
            i++;
        if (i == in->row_count)
            return unknown_variable(ctx, in, name);
    }
    return OK;
}

static bool is_listed(const char *const *list, struct slice key)
{
    for (; list && *list; list++)
        if (slice_is(key, *list))
            return true;
    return false;
}

/* One "key = value"; seen[i] is the line that set row i. */
static enum err load_line(struct ctx *ctx, struct config *c, const struct config_input *in,
                          struct slice line, int number, int *seen)
{
    char where[256];
    (void)snprintf(where, sizeof where, "%.200s line %d", in->file, number);
    line = slice_trim(line);
    if (line.n > 0 && line.p[line.n - 1] == '\r')
        line = slice_trim(slice_sub(line, 0, line.n - 1));
    if (line.n == 0 || line.p[0] == '#')
        return OK;
    size_t equals = slice_find(line, '=');
    if (equals == line.n)
        return ctx_fail(ctx, ERR_INVALID, "%s: expected `key = value`", where);
    struct slice key = slice_trim(slice_sub(line, 0, equals));
    struct slice value = slice_trim(slice_sub(line, equals + 1, line.n));
    if (value.n >= 2 && value.p[0] == '"' && value.p[value.n - 1] == '"')
        value = slice_sub(value, 1, value.n - 1);
    bool twin = false;
    size_t i = find_row(in, key);
    if (i == in->row_count && slice_ends(key, "-file")) {
        i = find_row(in, slice_sub(key, 0, key.n - 5));
        twin = i < in->row_count && in->rows[i].type == CONFIG_SECRET;
        i = twin ? i : in->row_count;
    }
    if (i == in->row_count)
        return unknown(ctx, in, where, key);
    if (is_listed(in->not_in_file, key))
        return ctx_fail(ctx, ERR_INVALID, "%s: %.*s cannot be set in this file", where,
                        SLICE_ARGS(key));
    if (seen[i])
        return ctx_fail(ctx, ERR_INVALID, "%s: %.*s is already set in line %d", where,
                        SLICE_ARGS(key), seen[i]);
    seen[i] = number;
    if (!twin)
        return set(ctx, c, i, value, CONFIG_FILE, where);
    const char *path = slice_dup(&c->arena, value);
    return path ? set_from_file(ctx, c, i, path, CONFIG_FILE, where) : ctx_no_memory(ctx);
}

static enum err load_file(struct ctx *ctx, struct config *c, const struct config_input *in)
{
    struct slice text, line;
    if (in->file == NULL)
        return OK;
    enum err err = read_small(ctx, &c->arena, in->file, "configuration", &text);
    if (err != OK)
        return err;
    if (!slice_is_utf8(text) || slice_find(text, '\0') < text.n)
        return ctx_fail(ctx, ERR_INVALID, "%s is not plain UTF-8 text", in->file);
    int *seen = arena_array(&c->arena, in->row_count, sizeof *seen);
    if (seen == NULL)
        return ctx_no_memory(ctx);
    for (int number = 1; err == OK && slice_split(&text, '\n', &line); number++)
        err = load_line(ctx, c, in, line, number, seen);
    return err;
}

static enum err load_defaults(struct ctx *ctx, struct config *c, const struct config_input *in)
{
    for (size_t i = 0; i < in->row_count; i++) {
        const struct config_row *row = &in->rows[i];
        const char *text = row->standard ? row->standard : "";
        if (row->type == CONFIG_PATH && row->standard)
            text = config_value_path(&c->arena, row->standard, in->env);
        if (text == NULL)
            return ctx_no_memory(ctx);
        if (c->cell[i] != NULL)
            continue;
        struct cell *cell = arena_alloc(&c->arena, sizeof *cell);
        if (cell == NULL)
            return ctx_no_memory(ctx);
        *cell = (struct cell){*text ? text : NULL, 0, CONFIG_DEFAULT, "default"};
        char wanted[160];
        if (*text && !config_value_read(row, slice_of(text), &cell->number, wanted, sizeof wanted))
            return ctx_fail(ctx, ERR_INVALID, "%s must be %s, but its default is '%s'", row->key,
                            wanted, text);
        c->cell[i] = cell;
    }
    return OK;
}

enum err config_load(struct ctx *ctx, const struct config_input *in, struct config **out)
{
    struct config *c = calloc(1, sizeof *c + in->row_count * sizeof c->cell[0]); /* config_free */
    if (c == NULL)
        return ctx_no_memory(ctx);
    c->rows = in->rows;
    c->count = in->row_count;
    arena_init(&c->arena, CONFIG_MEMORY);
    enum err err = load_flags(ctx, c, in);
    if (err == OK)
        err = load_variables(ctx, c, in);
    if (err == OK)
        err = check_variables(ctx, in);
    if (err == OK)
        err = load_file(ctx, c, in);
    if (err == OK)
        err = load_defaults(ctx, c, in);
    if (err != OK) {
        config_free(c);
        return err;
    }
    *out = c;
    return OK;
}

void config_free(struct config *config)
{
    if (config == NULL)
        return;
    arena_free(&config->arena);
    free(config);
}

static const struct cell *cell_of(const struct config *config, const char *key)
{
    for (size_t i = 0; i < config->count; i++)
        if (strcmp(config->rows[i].key, key) == 0)
            return atomic_load_explicit(&config->cell[i], memory_order_acquire);
    abort(); /* a key that is in no table: a mistake of ours, found by the first test that runs */
}

const char *config_text(const struct config *config, const char *key)
{
    return cell_of(config, key)->text;
}

int64_t config_int(const struct config *config, const char *key)
{
    return cell_of(config, key)->number;
}

bool config_bool(const struct config *config, const char *key)
{
    return cell_of(config, key)->number != 0;
}

size_t config_count(const struct config *config)
{
    return config->count;
}

void config_at(const struct config *config, size_t i, struct config_value *out)
{
    const struct cell *cell = atomic_load_explicit(&config->cell[i], memory_order_acquire);
    const char *text = cell->text ? cell->text : "";
    if (*text && config->rows[i].type == CONFIG_SECRET)
        text = "********";
    *out = (struct config_value){&config->rows[i], text, cell->origin, cell->where};
}

static bool same_text(const char *a, const char *b)
{
    return (a == NULL && b == NULL) || (a && b && strcmp(a, b) == 0);
}

/* A copy of a cell that lives as long as the running configuration. */
static const struct cell *adopt(struct config *config, const struct cell *from)
{
    struct cell *cell = arena_alloc(&config->arena, sizeof *cell);
    char *text = from->text ? slice_dup(&config->arena, slice_of(from->text)) : NULL;
    char *where = slice_dup(&config->arena, slice_of(from->where));
    if (cell == NULL || where == NULL || (from->text && text == NULL))
        return NULL;
    *cell = (struct cell){text, from->number, from->origin, where};
    return cell;
}

enum err config_reload(struct ctx *ctx, struct config *config, const struct config_input *in,
                       void (*changed)(void *arg, const struct config_row *row, bool applied),
                       void *arg)
{
    struct config *fresh;
    enum err err = config_load(ctx, in, &fresh);
    if (err != OK)
        return err;
    for (size_t i = 0; i < config->count && err == OK; i++) {
        const struct config_row *row = &config->rows[i];
        if (same_text(config->cell[i]->text, fresh->cell[i]->text))
            continue;
        const struct cell *cell = row->live ? adopt(config, fresh->cell[i]) : NULL;
        if (row->live && cell == NULL)
            err = ctx_no_memory(ctx); /* what was applied so far stays */
        if (cell)
            atomic_store_explicit(&config->cell[i], cell, memory_order_release);
        if (err == OK)
            changed(arg, row, row->live);
    }
    config_free(fresh);
    return err;
}
