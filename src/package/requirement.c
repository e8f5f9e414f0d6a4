/*
 * requirement.c - a recursive descent over PEP 508, with no way to reach the outside.
 *
 * Where pip is lax (a comma at the end, an empty pair of parentheses, `===` with anything behind
 * it) this is strict: what passes here means the same to every tool. What pip would follow is looked
 * for first, so that an author reads "is an address" and not "unexpected ':'".
 */
#include "package/requirement.h"

#include <string.h>

#include "package/version.h"

enum { MARKER_DEPTH = 16, MARKER_TERMS = 64 };

static const struct requirement_fault faults[] = {
    {"dependency.empty", "the dependency is empty", "Name a package, like \"httpx>=0.27\".", 0},
    {"dependency.length", "the dependency is longer than 500 bytes", "Shorten it.", 0},
    {"dependency.ascii", "the dependency holds something other than printable ASCII",
     "Write it in ASCII, on one line.", 0},
    {"dependency.option", "the dependency begins with '-', which would be an option for pip",
     "Name a package, like \"httpx>=0.27\".", 0},
    {"dependency.url", "the dependency is an address, which is not followed",
     "Name the package and its versions, like \"httpx>=0.27\".", 0},
    {"dependency.path", "the dependency is a path or a file, which is not followed",
     "Name the package and its versions, like \"httpx>=0.27\".", 0},
    {"dependency.name", "the name does not begin and end with a letter or digit",
     "Use letters, digits, '-', '_' and '.' in the name.", 0},
    {"dependency.extras", "the extras are not a list of names in brackets",
     "Write them like \"httpx[http2,cli]\".", 0},
    {"dependency.version", "a version condition cannot be read",
     "Write conditions like \">=1.2,<2\", \"==1.*\" or \"~=1.4\".", 0},
    {"dependency.marker", "the condition after ';' cannot be read",
     "Write it like '; python_version >= \"3.9\"'.", 0},
    {"dependency.syntax", "the dependency goes on where it should end",
     "Write one package with its conditions, like \"httpx>=0.27,<1\".", 0},
};

enum reason {
    FAULT_EMPTY,
    FAULT_LENGTH,
    FAULT_ASCII,
    FAULT_OPTION,
    FAULT_URL,
    FAULT_PATH,
    FAULT_NAME,
    FAULT_EXTRAS,
    FAULT_VERSION,
    FAULT_MARKER,
    FAULT_SYNTAX
};

struct reader {
    struct slice text;
    size_t at;
    struct arena *arena;
    bool no_memory;
    size_t terms; /* of the marker */
    struct requirement_fault *why;
};

static bool fail(struct reader *r, enum reason reason)
{
    if (r->why->rule == NULL) {
        *r->why = faults[reason];
        r->why->at = r->at;
    }
    return false;
}

/* ---- letters ---- */

static char peek(const struct reader *r)
{
    return r->at < r->text.n ? r->text.p[r->at] : '\0';
}

static void skip_blanks(struct reader *r)
{
    while (peek(r) == ' ' || peek(r) == '\t')
        r->at++;
}

static bool take(struct reader *r, const char *text)
{
    if (!slice_starts(slice_sub(r->text, r->at, r->text.n), text))
        return false;
    r->at += strlen(text);
    return true;
}

static bool is_alnum(char c)
{
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static bool is_one_of(char c, const char *set)
{
    return c != '\0' && strchr(set, c) != NULL;
}

/* The longest run of letters, digits and the letters of `also`. */
static struct slice take_run(struct reader *r, const char *also)
{
    size_t from = r->at;
    while (is_alnum(peek(r)) || is_one_of(peek(r), also))
        r->at++;
    return slice_sub(r->text, from, r->at);
}

static bool take_name(struct reader *r, struct slice *out)
{
    size_t from = r->at;
    *out = take_run(r, "-_.");
    if (out->n > 0 && is_alnum(out->p[0]) && is_alnum(out->p[out->n - 1]))
        return true;
    r->at = from;
    return false;
}

/* ---- what pip would follow ---- */

static bool has(struct slice text, const char *part)
{
    return text.n > 0 && memmem(text.p, text.n, part, strlen(part)) != NULL;
}

static bool names_outside(struct reader *r)
{
    struct slice text = slice_sub(r->text, 0, slice_find(r->text, ';'));
    text = slice_trim(text);
    if (slice_starts(text, "-"))
        return fail(r, FAULT_OPTION);
    if (has(text, "://") || slice_find(text, '@') < text.n || slice_starts(text, "git+"))
        return fail(r, FAULT_URL);
    if (slice_starts(text, ".") || slice_starts(text, "~") || slice_find(text, '/') < text.n ||
        slice_find(text, '\\') < text.n || slice_ends(text, ".whl") || slice_ends(text, ".zip") ||
        slice_ends(text, ".tar.gz") || slice_ends(text, ".txt"))
        return fail(r, FAULT_PATH);
    return true;
}

static bool is_legible(struct reader *r)
{
    for (r->at = 0; r->at < r->text.n; r->at++) {
        unsigned char c = (unsigned char)r->text.p[r->at];
        if ((c < 0x20 && c != '\t') || c > 0x7E)
            return fail(r, FAULT_ASCII);
    }
    r->at = 0;
    return true;
}

/* ---- extras and conditions ---- */

static bool read_extras(struct reader *r, struct requirement *out)
{
    if (!take(r, "["))
        return true;
    struct slice *list = arena_array(r->arena, REQUIREMENT_LIST, sizeof *list);
    r->no_memory = list == NULL;
    if (list == NULL)
        return false;
    out->extras = list;
    skip_blanks(r);
    if (take(r, "]"))
        return true;
    do {
        skip_blanks(r);
        if (out->extra_count == REQUIREMENT_LIST || !take_name(r, &list[out->extra_count]))
            return fail(r, FAULT_EXTRAS);
        out->extra_count++;
        skip_blanks(r);
    } while (take(r, ","));
    return take(r, "]") || fail(r, FAULT_EXTRAS);
}

/* Longer signs before their own beginnings. */
static const char *const operators[] = {"===", "==", "~=", "!=", "<=", ">=", "<", ">"};

static bool take_operator(struct reader *r, struct slice *out)
{
    size_t from = r->at;
    for (size_t i = 0; i < sizeof operators / sizeof *operators; i++)
        if (take(r, operators[i])) {
            *out = slice_sub(r->text, from, r->at);
            return true;
        }
    return false;
}

static bool is_release(struct slice text)
{
    for (size_t i = 0; i < text.n; i++)
        if (text.p[i] != '.' && text.p[i] != '!' && !(text.p[i] >= '0' && text.p[i] <= '9') &&
            !(i == 0 && (text.p[i] == 'v' || text.p[i] == 'V')))
            return false;
    return true;
}

/* "~=1" would mean nothing: it needs a part to let go (PEP 440, compatible release). */
static bool has_two_parts(struct slice version)
{
    size_t i = version.n > 0 && (version.p[0] == 'v' || version.p[0] == 'V');
    size_t bang = slice_find(version, '!');
    if (bang < version.n)
        i = bang + 1;
    while (i < version.n && version.p[i] >= '0' && version.p[i] <= '9')
        i++;
    return i + 1 < version.n && version.p[i] == '.' && version.p[i + 1] >= '0' &&
           version.p[i + 1] <= '9';
}

static bool is_condition(struct slice op, struct slice text)
{
    struct version version;
    bool is_equal = slice_is(op, "==") || slice_is(op, "!=");
    if (slice_is(op, "==="))
        return text.n > 0 && slice_find(text, '*') == text.n;
    if (is_equal && slice_ends(text, ".*")) {
        text = slice_sub(text, 0, text.n - 2);
        return is_release(text) && version_parse(VERSION_PEP440, text, &version);
    }
    if (!version_parse(VERSION_PEP440, text, &version) || (version.has_build && !is_equal))
        return false;
    return !slice_is(op, "~=") || has_two_parts(text);
}

static bool read_conditions(struct reader *r, struct requirement *out)
{
    bool enclosed = take(r, "(");
    skip_blanks(r);
    if (!enclosed && !is_one_of(peek(r), "=~!<>"))
        return true;
    struct requirement_spec *list = arena_array(r->arena, REQUIREMENT_LIST, sizeof *list);
    r->no_memory = list == NULL;
    if (list == NULL)
        return false;
    out->specs = list;
    bool is_literal = false;
    do {
        skip_blanks(r);
        struct requirement_spec spec;
        /* To some tools everything behind "===" is the version, commas too. */
        if (is_literal || out->spec_count == REQUIREMENT_LIST || !take_operator(r, &spec.op))
            return fail(r, FAULT_VERSION);
        skip_blanks(r);
        spec.version = take_run(r, ".+!_*-");
        if (!is_condition(spec.op, spec.version))
            return fail(r, FAULT_VERSION);
        is_literal = slice_is(spec.op, "===");
        list[out->spec_count++] = spec;
        skip_blanks(r);
    } while (take(r, ","));
    return !enclosed || take(r, ")") || fail(r, FAULT_VERSION);
}

/* ---- the marker ---- */

static const char *const variables[] = {
    "python_version",
    "python_full_version",
    "os_name",
    "os.name",
    "sys_platform",
    "sys.platform",
    "platform_release",
    "platform_system",
    "platform_version",
    "platform.version",
    "platform_machine",
    "platform.machine",
    "platform_python_implementation",
    "platform.python_implementation",
    "python_implementation",
    "implementation_name",
    "implementation_version",
    "extra",
};

static bool read_value(struct reader *r)
{
    char quote = peek(r);
    if (quote == '"' || quote == '\'') {
        r->at++;
        while (r->at < r->text.n && peek(r) != quote && peek(r) != '\\' && peek(r) != '\t')
            r->at++;
        if (peek(r) != quote)
            return fail(r, FAULT_MARKER);
        r->at++;
        return true;
    }
    size_t from = r->at;
    struct slice word = take_run(r, "_.");
    for (size_t i = 0; i < sizeof variables / sizeof *variables; i++)
        if (slice_is(word, variables[i]))
            return true;
    r->at = from;
    return fail(r, FAULT_MARKER);
}

static bool take_word(struct reader *r, const char *word)
{
    size_t from = r->at;
    if (slice_is(take_run(r, "_."), word))
        return true;
    r->at = from;
    return false;
}

static bool read_comparison(struct reader *r)
{
    struct slice op;
    if (take_operator(r, &op) || take_word(r, "in"))
        return true;
    if (!take_word(r, "not") || (peek(r) != ' ' && peek(r) != '\t'))
        return fail(r, FAULT_MARKER);
    skip_blanks(r);
    return take_word(r, "in") || fail(r, FAULT_MARKER);
}

static bool read_marker(struct reader *r, int depth);

static bool read_term(struct reader *r, int depth)
{
    skip_blanks(r);
    if (depth == MARKER_DEPTH || ++r->terms > MARKER_TERMS)
        return fail(r, FAULT_MARKER);
    if (take(r, "(")) {
        if (!read_marker(r, depth + 1))
            return false;
        return take(r, ")") || fail(r, FAULT_MARKER);
    }
    if (!read_value(r))
        return false;
    skip_blanks(r);
    if (!read_comparison(r))
        return false;
    skip_blanks(r);
    return read_value(r);
}

static bool read_marker(struct reader *r, int depth)
{
    do {
        if (!read_term(r, depth))
            return false;
        skip_blanks(r);
    } while (take_word(r, "and") || take_word(r, "or"));
    return true;
}

/* ---- the whole ---- */

/* PEP 503: lower case, and every run of '-', '_', '.' is one dash. */
static bool normalize(struct reader *r, struct requirement *out)
{
    char *key = arena_alloc_raw(r->arena, out->name.n);
    r->no_memory = key == NULL;
    if (key == NULL)
        return false;
    size_t n = 0;
    for (size_t i = 0; i < out->name.n; i++) {
        char c = out->name.p[i];
        if (is_alnum(c))
            key[n++] = c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
        else if (key[n - 1] != '-') /* a name begins with a letter or digit */
            key[n++] = '-';
    }
    out->key = (struct slice){key, n};
    return true;
}

static bool read_requirement(struct reader *r, struct requirement *out)
{
    skip_blanks(r);
    if (r->at == r->text.n)
        return fail(r, FAULT_EMPTY);
    if (!take_name(r, &out->name))
        return fail(r, FAULT_NAME);
    skip_blanks(r);
    if (!normalize(r, out) || !read_extras(r, out))
        return false;
    skip_blanks(r);
    if (!read_conditions(r, out))
        return false;
    skip_blanks(r);
    if (take(r, ";")) {
        skip_blanks(r);
        size_t from = r->at;
        if (!read_marker(r, 0))
            return false;
        out->marker = slice_trim(slice_sub(r->text, from, r->at));
        skip_blanks(r);
    }
    return r->at == r->text.n || fail(r, FAULT_SYNTAX);
}

enum err requirement_parse(struct arena *arena, struct slice text, struct requirement *out,
                           struct requirement_fault *why)
{
    struct reader r = {.text = text, .arena = arena, .why = why};
    *out = (struct requirement){0};
    *why = (struct requirement_fault){0};
    if (text.n == 0)
        r.text = SLICE("");
    bool ok = text.n <= REQUIREMENT_TEXT || fail(&r, FAULT_LENGTH);
    if (ok && is_legible(&r) && names_outside(&r) && read_requirement(&r, out))
        return OK;
    return r.no_memory ? ERR_NO_MEMORY : ERR_INVALID;
}
