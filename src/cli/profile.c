/*
 * profile.c - one section of each of the two files.
 */
#include "cli/profile.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "base/config_value.h"

enum { PROFILE_FILE_MAX = 256 << 10 };

static const char *variable(char *const *env, const char *name)
{
    const char *value = config_value_env(env, slice_of(name));
    return value && *value ? value : NULL;
}

/* It counts as empty then, and the first such sentence is kept. */
static enum err note_trouble(struct ctx *ctx, struct profile *p, const char *path, const char *why)
{
    if (p->trouble)
        return OK;
    p->trouble = str_printf(ctx->arena, "%s %s", path, why);
    return p->trouble ? OK : ctx_no_memory(ctx);
}

static enum err read_file(struct ctx *ctx, struct profile *profile, const char *path,
                          struct slice *text)
{
    *text = SLICE("");
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0 && (errno == ENOENT || errno == ENOTDIR))
        return OK;
    if (fd < 0)
        return note_trouble(ctx, profile, path,
                            errno == EACCES ? "may not be read by this user" : "cannot be opened");
    char *p = arena_alloc(ctx->arena, PROFILE_FILE_MAX + 1);
    size_t n = 0;
    ssize_t got = p ? 1 : 0;
    while (got > 0 && n <= PROFILE_FILE_MAX) {
        got = read(fd, p + n, PROFILE_FILE_MAX + 1 - n);
        n += got > 0 ? (size_t)got : 0;
    }
    (void)close(fd);
    if (p == NULL)
        return ctx_no_memory(ctx);
    if (got < 0 || n > PROFILE_FILE_MAX)
        return note_trouble(ctx, profile, path, "is not a file of profiles");
    *text = (struct slice){p, n};
    return OK;
}

/* "[name]", and in the config file "[profile name]". */
static bool is_section(struct slice line, const char *name)
{
    struct slice title = slice_trim(slice_sub(line, 1, slice_find(line, ']')));
    if (slice_starts(title, "profile "))
        title = slice_trim(slice_sub(title, 8, title.n));
    return slice_is(title, name);
}

static enum err take_line(struct ctx *ctx, struct profile *p, struct slice line)
{
    const struct {
        const char *name;
        const char **to;
    } known[] = {{"aws_access_key_id", &p->key},   {"aws_secret_access_key", &p->secret},
                 {"aws_session_token", &p->token}, {"region", &p->region},
                 {"endpoint_url", &p->endpoint},   {"ca_bundle", &p->ca_file}};
    size_t equals = slice_find(line, '=');
    if (equals == line.n)
        return OK;
    struct slice name = slice_trim(slice_sub(line, 0, equals));
    struct slice value = slice_trim(slice_sub(line, equals + 1, line.n));
    for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
        if (!slice_is(name, known[i].name) || *known[i].to || value.n == 0)
            continue; /* the first file wins: credentials before config */
        *known[i].to = slice_dup(ctx->arena, value);
        if (*known[i].to == NULL)
            return ctx_no_memory(ctx);
    }
    return OK;
}

static enum err read_section(struct ctx *ctx, struct profile *p, const char *path)
{
    struct slice rest, line;
    bool inside = false;
    enum err err = path ? read_file(ctx, p, path, &rest) : OK;
    if (path == NULL || err != OK)
        return err;
    while (err == OK && slice_split(&rest, '\n', &line)) {
        if (slice_ends(line, "\r"))
            line.n--;
        bool nested = line.n && (*line.p == ' ' || *line.p == '\t');
        if (line.n == 0 || nested || *line.p == '#' || *line.p == ';')
            continue;
        if (*line.p == '[') {
            inside = is_section(line, p->name);
            p->found |= inside;
        } else if (inside) {
            err = take_line(ctx, p, line);
        }
    }
    return err;
}

static const char *path_of(struct ctx *ctx, char *const *env, const char *name,
                           const char *standard)
{
    const char *given = variable(env, name);
    return given ? given : config_value_path(ctx->arena, standard, env);
}

enum err profile_read(struct ctx *ctx, char *const *env, struct profile *out)
{
    const char *name = variable(env, "AWS_PROFILE");
    *out = (struct profile){.name = name ? name : "default", .named = name != NULL};
    out->credentials = path_of(ctx, env, "AWS_SHARED_CREDENTIALS_FILE", "$HOME/.aws/credentials");
    out->config = path_of(ctx, env, "AWS_CONFIG_FILE", "$HOME/.aws/config");
    if (out->credentials == NULL || out->config == NULL)
        return ctx_no_memory(ctx);
    if (*out->credentials == '\0')
        out->credentials = NULL;
    if (*out->config == '\0')
        out->config = NULL;
    enum err err = read_section(ctx, out, out->credentials);
    return err == OK ? read_section(ctx, out, out->config) : err;
}
