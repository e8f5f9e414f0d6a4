/*
 * pid.c - the grammar of plugin ids and whose they are.
 *
 * A pid becomes a folder name and part of an object key, so its letters are few.
 */
#include "package/pid.h"

static bool is_label_char(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
           c == '-';
}

const char *pid_problem(struct slice pid)
{
    if (pid.n == 0)
        return "it is empty";
    if (pid.n > PID_MAX)
        return "it is longer than 255 characters";
    struct slice rest = pid, label;
    size_t labels = 0;
    while (slice_split(&rest, '.', &label)) {
        labels++;
        if (label.n == 0)
            return "a part between two dots is empty";
        if (label.p[0] == '-')
            return "a part begins with a dash";
        for (size_t i = 0; i < label.n; i++)
            if (!is_label_char(label.p[i]))
                return "only letters, digits, '_' and '-' may stand between the dots";
    }
    return labels < 2 ? "it needs at least two parts, as in com.example" : NULL;
}

static char lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

/* The labels of the domain from the last to the first, in lower case. */
static void reverse(struct slice domain, struct buf *out)
{
    domain = slice_trim(domain);
    for (size_t end = domain.n; end > 0;) {
        size_t from = end;
        while (from > 0 && domain.p[from - 1] != '.')
            from--;
        for (size_t i = from; i < end; i++)
            buf_char(out, lower(domain.p[i]));
        end = from ? from - 1 : 0;
        if (from)
            buf_char(out, '.');
    }
}

bool pid_fits_domain(struct slice pid, struct slice domain)
{
    char room[256];
    struct buf reversed = {.p = room, .cap = sizeof room, .max = sizeof room - 1};
    reverse(domain, &reversed);
    if (buf_failed(&reversed) || pid.n < reversed.n)
        return false;
    for (size_t i = 0; i < reversed.n; i++)
        if (lower(pid.p[i]) != reversed.p[i])
            return false;
    return reversed.n == 0 || pid.n == reversed.n || pid.p[reversed.n] == '.';
}

const char *pid_domain_sentence(struct arena *arena, struct slice pid, struct slice domain)
{
    struct buf reversed;
    buf_init(&reversed, arena, 256);
    reverse(domain, &reversed);
    return str_printf(arena,
                      "Plugin pid '%.*s' does not match organization domain '%.*s'. The pid must "
                      "start with '%.*s' (e.g. '%.*s.my-plugin').",
                      SLICE_ARGS(pid), SLICE_ARGS(domain), SLICE_ARGS(buf_view(&reversed)),
                      SLICE_ARGS(buf_view(&reversed)));
}
