/*
 * config.h - settings: one table of rows, four places a value can come from.
 *
 * A flag wins over the environment, the environment over the file, the file over the default. A
 * name nobody knows is an error that guesses what was meant. The engine knows no setting; the table
 * stands in `cli/settings.c`. Secrets are never taken from a flag, since `ps` shows flags; they
 * have `_FILE` twins instead.
 *
 * A loaded configuration may be read by any thread; config_reload swaps live values atomically and
 * gives nothing back before config_free, so a text that was read stays valid.
 */
#ifndef LARDER_BASE_CONFIG_H
#define LARDER_BASE_CONFIG_H

#include <stdbool.h>
#include <stdint.h>

#include "base/ctx.h"

enum config_type {
    CONFIG_STRING = 1,
    CONFIG_LIST,     /* comma separated */
    CONFIG_INT,      /* min..max */
    CONFIG_BOOL,     /* true/false, yes/no, on/off, 1/0; as a flag also --x and --no-x */
    CONFIG_BYTES,    /* "65536", "64k", "5MiB"; min..max in bytes */
    CONFIG_DURATION, /* "250ms", "30s", "5m", "3h", "7d"; a bare number is seconds; min..max in ms */
    CONFIG_PATH,
    CONFIG_SECRET,
    CONFIG_CHOICE /* one of `choices`, "a|b|c" */
};

struct config_row {
    const char *key;   /* "log-level": in the file, and as --log-level */
    const char *env;   /* "LARDER_LOG_LEVEL" */
    const char *alias; /* other variables that mean the same, separated by blanks; NULL = none */
    enum config_type type;
    const char *standard; /* as somebody would write it; NULL = not set. Paths: see config.c */
    int64_t min, max;     /* of numbers */
    const char *choices;
    bool live; /* a reload applies it; otherwise it needs a restart */
    const char *help;
};

/* One "--key value" of the command line; value NULL = the flag stood alone. */
struct config_flag {
    const char *key; /* without dashes, as typed */
    const char *value;
};

struct config_input {
    const struct config_row *rows;
    size_t row_count;
    const char *prefix; /* variables that begin with it must be known: "LARDER_" */
    const struct config_flag *flags;
    size_t flag_count;
    char *const *env;               /* as environ; NULL = none */
    const char *file;               /* NULL = none; it must exist */
    const char *const *not_in_file; /* keys refused there, ends in NULL; NULL = none */
};

enum config_origin { CONFIG_DEFAULT, CONFIG_FILE, CONFIG_ENV, CONFIG_FLAG };

struct config;

/* The row a flag means ("log-level", "no-access-log", "admin-password-file"), or NULL. */
const struct config_row *config_row_of_flag(const struct config_row *rows, size_t count,
                                            struct slice key);
/* The best guess among the keys for a mistyped one, or NULL when none is near. */
const char *config_guess(const struct config_row *rows, size_t count, struct slice key);
/* Letters to change between two names; more than `most` is answered as most + 1. */
size_t config_distance(struct slice a, struct slice b, size_t most);

/* Heap; ended by config_free. ERR_INVALID names the place and the key. */
enum err config_load(struct ctx *ctx, const struct config_input *in, struct config **out) MUST_USE;
void config_free(struct config *config);

/* Of a key that is in the table; asking for any other is a mistake of ours and ends the program. */
const char *config_text(const struct config *config, const char *key); /* NULL = not set */
int64_t config_int(const struct config *config, const char *key);      /* bytes, ms; 0 = not set */
bool config_bool(const struct config *config, const char *key);

struct config_value {
    const struct config_row *row;
    const char *text; /* effective, "" = not set, "********" for a secret that is set */
    enum config_origin origin;
    const char *where; /* "default", "file /etc/x line 3", "variable LARDER_X", "flag --x" */
};
size_t config_count(const struct config *config);
void config_at(const struct config *config, size_t i, struct config_value *out);

/*
 * Reads everything again. Live rows take their new values; every row that differs is reported, with
 * applied = false where it needs a restart. On an error nothing changes. One thread at a time.
 */
enum err config_reload(struct ctx *ctx, struct config *config, const struct config_input *in,
                       void (*changed)(void *arg, const struct config_row *row, bool applied),
                       void *arg) MUST_USE;

#endif
