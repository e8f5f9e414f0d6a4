/*
 * legacy_names.c - how v1 plugins are called, in paths, in rows and on the disk.
 *
 * A name and a version share one segment, "math_plugin-1.0.0", so they must be told apart again:
 * legacy_cut does it one way only, and what it would not cut into the same parts is refused.
 */
#include "domain/legacy_names.h"

#include <string.h>

#include "package/pid.h"

#define PREFIX "legacy."

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

bool legacy_cut(struct slice text, struct slice *name, struct slice *version)
{
    for (size_t i = text.n; i-- > 1;) {
        struct slice rest = slice_sub(text, i + 1, text.n);
        bool is_v = rest.n > 1 && (rest.p[0] == 'v' || rest.p[0] == 'V') && is_digit(rest.p[1]);
        if (text.p[i] != '-' || rest.n == 0 || !(is_digit(rest.p[0]) || is_v))
            continue;
        *name = slice_sub(text, 0, i);
        *version = rest;
        return true;
    }
    return false;
}

const char *legacy_pid(struct arena *arena, const char *name)
{
    return str_printf(arena, PREFIX "%s", name);
}

bool legacy_is_pid(const char *pid)
{
    return slice_starts(slice_of(pid), PREFIX);
}

static const char *join(struct arena *arena, const char *name, const char *version)
{
    return str_printf(arena, "%s-%s", name, version);
}

const char *legacy_folder(struct arena *arena, const char *pid, const char *version)
{
    return join(arena, pid + sizeof PREFIX - 1, version);
}

/* What follows /api/v1/plugins/ in a path of the API itself. */
static bool is_reserved(const char *name)
{
    static const char *const words[] = {"plugins", "upload", "uploaded", "reload"};
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (strcmp(name, words[i]) == 0)
            return true;
    return false;
}

static bool is_version_text(const char *version)
{
    return strspn(version, "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ.+!_-") ==
           strlen(version);
}

const char *legacy_name_problem(struct arena *arena, const char *name, const char *version)
{
    struct slice cut_name, cut_version;
    const char *pid = legacy_pid(arena, name), *folder = join(arena, name, version);
    if (pid == NULL || folder == NULL)
        return "The server is short of memory";
    if (is_reserved(name))
        return str_printf(arena, "The name '%s' is reserved", name);
    if (strlen(name) > LEGACY_NAME_MAX)
        return str_printf(arena, "The name is longer than %d bytes", LEGACY_NAME_MAX);
    if (pid_problem(slice_of(pid)) != NULL)
        return str_printf(arena,
                          "The name '%.60s' cannot be used: letters, digits, '_', '-' and "
                          "single dots between them are",
                          name);
    if (!is_version_text(version) || !legacy_cut(slice_of(folder), &cut_name, &cut_version) ||
        !slice_is(cut_name, name) || !slice_is(cut_version, version))
        return str_printf(arena,
                          "The version '%s' cannot be told from the name in '%s.zip'; write "
                          "it without a dash before a digit",
                          version, folder);
    return NULL;
}
