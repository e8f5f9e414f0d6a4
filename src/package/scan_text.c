/*
 * scan_text.c - what only the text of a file shows: secrets, and letters that deceive a reader.
 *
 * Line by line, without a syntax tree, so that comments count and files that do not parse are read
 * too. A secret is told by the fixed beginning that its maker gives it, or by a name such as
 * api_key with a value that looks drawn by lot; the value itself never gets into a finding.
 */
#include <string.h>

#include "package/scan.h"
#include "package/settings_rules.h"

enum { ENCODED_RUN = 1000, ESCAPES = 100, LITERAL_MIN = 16, LITERAL_MAX = 200 };

struct line {
    const char *file;
    struct slice text;
    int number;
};

static void say(struct findings *f, const char *rule, const struct line *line, const char *remedy,
                const char *sentence)
{
    findings_at(f, rule, NULL, (struct py_at){line->file, line->number, 1}, remedy, "%s", sentence);
}

/* ---- letters ----------------------------------------------------------------------------------- */

static bool is_alnum(char c)
{
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static bool is_encoding(char c)
{
    return is_alnum(c) || c == '+' || c == '/' || c == '=' || c == '_' || c == '-';
}

/* U+202A to U+202E and U+2066 to U+2069 turn the direction of what is shown. */
static bool has_direction_mark(struct slice text)
{
    for (size_t i = 0; i + 2 < text.n; i++) {
        const unsigned char *p = (const unsigned char *)text.p + i;
        if (p[0] == 0xE2 && ((p[1] == 0x80 && p[2] >= 0xAA && p[2] <= 0xAE) ||
                             (p[1] == 0x81 && p[2] >= 0xA6 && p[2] <= 0xA9)))
            return true;
    }
    return false;
}

static bool has_encoded_run(struct slice text)
{
    size_t run = 0, escapes = 0, letters = 0; /* a ruler of dashes is no code */
    for (size_t i = 0; i < text.n; i++) {
        run = is_encoding(text.p[i]) ? run + 1 : 0;
        letters = run ? letters + is_alnum(text.p[i]) : 0;
        escapes += text.p[i] == '\\' && i + 1 < text.n && text.p[i + 1] == 'x';
        if ((run >= ENCODED_RUN && letters > run / 2) || escapes >= ESCAPES)
            return true;
    }
    return false;
}

static void look_for_disguise(const struct line *line, struct findings *found)
{
    struct findings *f = &found[SCAN_OBFUSCATION];
    if (memchr(line->text.p, 0xE2, line->text.n) && has_direction_mark(line->text))
        say(f, "code.obfuscation", line, "Take the marks out",
            "The line holds invisible marks that change the order in which it is shown");
    if (line->text.n >= ESCAPES * 4 && has_encoded_run(line->text))
        say(f, "code.obfuscation", line, "Put data into a file of its own",
            "The line holds a long block of encoded text");
}

/* ---- secrets ----------------------------------------------------------------------------------- */

static const struct {
    const char *start, *what;
    size_t least; /* letters, digits, _ and - that must follow */
} shapes[] = {
    {"AKIA", "The line holds what looks like an AWS access key", 16},
    {"ASIA", "The line holds what looks like an AWS access key", 16},
    {"AIza", "The line holds what looks like a Google API key", 35},
    {"ghp_", "The line holds what looks like a GitHub token", 36},
    {"gho_", "The line holds what looks like a GitHub token", 36},
    {"ghs_", "The line holds what looks like a GitHub token", 36},
    {"github_pat_", "The line holds what looks like a GitHub token", 36},
    {"glpat-", "The line holds what looks like a GitLab token", 20},
    {"xoxb-", "The line holds what looks like a Slack token", 20},
    {"xoxp-", "The line holds what looks like a Slack token", 20},
    {"sk-", "The line holds what looks like an API key", 32},
    {"sk_live_", "The line holds what looks like a Stripe key", 16},
    {"cdk_", "The line holds what looks like an API key of a catalog", 24},
    {"-----BEGIN ", "The line begins a private key", 0},
};

static bool is_word(char c)
{
    return is_alnum(c) || c == '_' || c == '-';
}

static bool is_shape_at(struct slice text, size_t at, size_t shape)
{
    struct slice rest = slice_sub(text, at, text.n);
    if (!slice_starts(rest, shapes[shape].start))
        return false;
    if (shapes[shape].least == 0)
        return memmem(rest.p, rest.n, "PRIVATE KEY-----", 16) != NULL;
    size_t from = strlen(shapes[shape].start), n = from;
    while (n < rest.n && is_word(rest.p[n]))
        n++;
    return n - from >= shapes[shape].least;
}

/* A shape may begin here, told by two letters: most places are none. */
static bool may_begin(struct slice text, size_t at)
{
    char c = text.p[at], next = at + 1 < text.n ? text.p[at + 1] : '\0';
    char before = at > 0 ? text.p[at - 1] : ' ';
    switch (c) {
    case 'A': return !is_word(before) && (next == 'K' || next == 'S' || next == 'I');
    case 'g': return !is_word(before) && (next == 'h' || next == 'i' || next == 'l');
    case 'x': return !is_word(before) && next == 'o';
    case 's': return !is_word(before) && next == 'k';
    case 'c': return !is_word(before) && next == 'd';
    case '-': return before != '-' && slice_starts(slice_sub(text, at, text.n), "-----B");
    default: return false;
    }
}

/* The sentence for a value with a known beginning, or NULL. */
static const char *known_shape(struct slice text)
{
    for (size_t i = 0; i < text.n; i++) {
        if (!may_begin(text, i))
            continue;
        for (size_t k = 0; k < sizeof shapes / sizeof *shapes; k++)
            if (shapes[k].start[0] == text.p[i] && is_shape_at(text, i, k))
                return shapes[k].what;
    }
    return NULL;
}

static bool names_secret(struct slice name)
{
    static const char *const words[] = {"password", "passwd",  "secret", "api_key",
                                        "apikey",   "api-key", "token",  "private_key"};
    char lower[64];
    size_t n = name.n < sizeof lower ? name.n : sizeof lower;
    for (size_t i = 0; i < n; i++)
        lower[i] = name.p[i] >= 'A' && name.p[i] <= 'Z' ? (char)(name.p[i] + 32) : name.p[i];
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (memmem(lower, n, words[i], strlen(words[i])))
            return true;
    return false;
}

/* Long, of letters and digits, with three times both: what a person calls a name is not. */
static bool looks_drawn(struct slice value)
{
    size_t digits = 0, letters = 0;
    if (value.n < LITERAL_MIN || value.n > LITERAL_MAX)
        return false;
    for (size_t i = 0; i < value.n; i++) {
        if (!is_encoding(value.p[i]))
            return false;
        digits += value.p[i] >= '0' && value.p[i] <= '9';
        letters += is_alnum(value.p[i]);
    }
    return digits >= 3 && letters - digits >= 3;
}

/* name = "value", "name": "value" and name="value": the first of them on the line. */
static bool assigns_secret(struct slice text)
{
    size_t eq = 0;
    while (eq < text.n && text.p[eq] != '=' && text.p[eq] != ':')
        eq++;
    struct slice name = slice_trim(slice_sub(text, 0, eq));
    struct slice value = slice_trim(slice_sub(text, eq + 1, text.n));
    size_t from = name.n;
    while (from > 0 &&
           (is_word(name.p[from - 1]) || name.p[from - 1] == '"' || name.p[from - 1] == '\''))
        from--;
    if (value.n < 2 || (value.p[0] != '"' && value.p[0] != '\'') ||
        !names_secret(slice_sub(name, from, name.n)))
        return false;
    struct slice inner = slice_sub(value, 1, value.n);
    return looks_drawn(slice_sub(inner, 0, slice_find(inner, value.p[0])));
}

static void look_for_secrets(const struct line *line, struct findings *found)
{
    const char *what = known_shape(line->text);
    if (what == NULL && assigns_secret(line->text))
        what = "The line gives a name such as password or token a value that looks like a secret";
    if (what)
        say(&found[SCAN_SECRET], "code.secret", line,
            "Take it out, revoke it, and declare a sensitive setting instead", what);
}

void scan_text(const char *file, struct slice text, struct findings found[SCAN_FAMILIES])
{
    struct line line = {.file = file};
    while (slice_split(&text, '\n', &line.text)) {
        line.number++;
        if (line.text.n == 0)
            continue;
        look_for_disguise(&line, found);
        look_for_secrets(&line, found);
    }
}
