/*
 * pyread_text.c - encodings and line ends.
 *
 * Accepted are UTF-8 (with or without a byte order mark), ASCII and Latin-1, which converts byte by
 * byte. Every other encoding is refused by name: guessing would let two readers see two plugins.
 */
#include "package/pyread_text.h"

#include <string.h>

enum coding { CODING_UTF8, CODING_ASCII, CODING_LATIN1, CODING_OTHER };

static bool is_cookie_char(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
           c == '_' || c == '.';
}

/* PEP 263: ^[ \t\f]*#.*?coding[:=][ \t]*([-_.a-zA-Z0-9]+) */
static bool find_cookie(struct slice line, struct slice *name)
{
    size_t i = 0;
    while (i < line.n && (line.p[i] == ' ' || line.p[i] == '\t' || line.p[i] == '\f'))
        i++;
    if (i == line.n || line.p[i] != '#')
        return false;
    for (; i + 7 < line.n; i++) {
        if (memcmp(line.p + i, "coding", 6) != 0 || (line.p[i + 6] != ':' && line.p[i + 6] != '='))
            continue;
        size_t from = i + 7;
        while (from < line.n && (line.p[from] == ' ' || line.p[from] == '\t'))
            from++;
        size_t to = from;
        while (to < line.n && is_cookie_char(line.p[to]))
            to++;
        *name = slice_sub(line, from, to);
        if (to > from)
            return true;
    }
    return false;
}

static bool is_blank_or_comment(struct slice line)
{
    size_t i = 0;
    while (i < line.n && (line.p[i] == ' ' || line.p[i] == '\t' || line.p[i] == '\f'))
        i++;
    return i == line.n || line.p[i] == '#' || line.p[i] == '\r';
}

static enum coding coding_of(struct slice name)
{
    static const struct {
        const char *name;
        enum coding coding;
    } known[] = {
        {"utf-8", CODING_UTF8},        {"utf8", CODING_UTF8},        {"u8", CODING_UTF8},
        {"utf-8-sig", CODING_UTF8},    {"ascii", CODING_ASCII},      {"us-ascii", CODING_ASCII},
        {"646", CODING_ASCII},         {"latin-1", CODING_LATIN1},   {"latin1", CODING_LATIN1},
        {"iso-8859-1", CODING_LATIN1}, {"iso8859-1", CODING_LATIN1}, {"8859", CODING_LATIN1},
        {"cp819", CODING_LATIN1},      {"l1", CODING_LATIN1},
    };
    char text[20];
    if (name.n >= sizeof text)
        return CODING_OTHER;
    for (size_t i = 0; i < name.n; i++)
        text[i] = name.p[i] == '_' ? '-' : name.p[i];
    for (size_t i = 0; i < sizeof known / sizeof *known; i++)
        if (slice_is_nocase((struct slice){text, name.n}, known[i].name))
            return known[i].coding;
    return CODING_OTHER;
}

/* The coding the first two lines declare, and on which line. */
static enum coding declared(struct slice bytes, int *line_number)
{
    struct slice rest = bytes, line, name;
    for (int i = 1; i <= 2 && slice_split(&rest, '\n', &line); i++) {
        *line_number = i;
        if (find_cookie(line, &name))
            return coding_of(name);
        if (!is_blank_or_comment(line))
            break;
    }
    *line_number = 0;
    return CODING_UTF8;
}

static int line_at(struct slice bytes, size_t at)
{
    int line = 1;
    for (size_t i = 0; i < at && i < bytes.n; i++)
        line += bytes.p[i] == '\n';
    return line;
}

static size_t first_above(struct slice bytes, unsigned char limit)
{
    size_t i = 0;
    while (i < bytes.n && (unsigned char)bytes.p[i] <= limit)
        i++;
    return i;
}

/* The longest start of the bytes that is UTF-8, found by halving what slice_is_utf8 says. */
static size_t utf8_until(struct slice bytes)
{
    struct slice rest = bytes, line;
    while (slice_split(&rest, '\n', &line))
        if (!slice_is_utf8(line))
            return (size_t)(line.p - bytes.p);
    return bytes.n;
}

static enum err refuse(struct py_text_fault *why, const char *sentence, int line)
{
    *why = (struct py_text_fault){
        .rule = "python.encoding",
        .sentence = sentence,
        .remedy = "Save the file as UTF-8 without a coding line",
        .line = line,
    };
    return ERR_INVALID;
}

static enum err check_bytes(struct slice bytes, enum coding coding, bool has_mark, int line,
                            struct py_text_fault *why)
{
    if (coding == CODING_OTHER)
        return refuse(why, "The file declares an encoding other than UTF-8, ASCII or Latin-1",
                      line);
    if (has_mark && coding != CODING_UTF8)
        return refuse(why, "The file begins with the mark of UTF-8 and declares another encoding",
                      line);
    size_t nul = slice_find(bytes, '\0');
    if (nul < bytes.n)
        return refuse(why, "The file holds a NUL byte", line_at(bytes, nul));
    if (coding == CODING_ASCII && first_above(bytes, 0x7F) < bytes.n)
        return refuse(why, "The file declares ASCII and holds other bytes",
                      line_at(bytes, first_above(bytes, 0x7F)));
    if (coding == CODING_UTF8 && !slice_is_utf8(bytes))
        return refuse(why, "The file is not valid UTF-8", line_at(bytes, utf8_until(bytes)));
    return OK;
}

/* Python reads "\r\n" and a lone "\r" as one line end, inside strings too. */
static enum err convert(struct arena *arena, struct slice bytes, bool latin1, struct slice *out)
{
    char *text = arena_alloc_raw(arena, bytes.n * (latin1 ? 2 : 1) + 1);
    if (text == NULL)
        return ERR_NO_MEMORY;
    size_t n = 0;
    for (size_t i = 0; i < bytes.n; i++) {
        unsigned char c = (unsigned char)bytes.p[i];
        if (c == '\r') {
            if (i + 1 < bytes.n && bytes.p[i + 1] == '\n')
                i++;
            text[n++] = '\n';
        } else if (latin1 && c >= 0x80) {
            text[n++] = (char)(0xC0 | c >> 6);
            text[n++] = (char)(0x80 | (c & 0x3F));
        } else {
            text[n++] = (char)c;
        }
    }
    *out = (struct slice){text, n};
    return OK;
}

static bool is_word(unsigned char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
}

/*
 * A run of letters is one token, two where it begins with a digit ("1if"); any other visible
 * character may be one; a line end may bring an indent or a dedent along.
 */
size_t py_text_tokens(struct slice text)
{
    size_t tokens = 1;
    bool in_word = false;
    for (size_t i = 0; i < text.n; i++) {
        unsigned char c = (unsigned char)text.p[i];
        bool word = is_word(c);
        if (word && !in_word)
            tokens += c >= '0' && c <= '9' ? 2 : 1;
        else if (c == '\n')
            tokens += 3;
        else if (!word && c != ' ' && c != '\t' && (c & 0xC0) != 0x80)
            tokens++;
        in_word = word;
    }
    return tokens;
}

enum err py_text_read(struct arena *arena, struct slice bytes, struct slice *out,
                      struct py_text_fault *why)
{
    bool has_mark = slice_starts(bytes, "\xEF\xBB\xBF");
    if (has_mark)
        bytes = slice_sub(bytes, 3, bytes.n);
    int line;
    enum coding coding = declared(bytes, &line);
    enum err err = check_bytes(bytes, coding, has_mark, line, why);
    if (err)
        return err;
    err = convert(arena, bytes, coding == CODING_LATIN1, out);
    if (err)
        return err;
    if (py_text_tokens(*out) > PY_TOKENS_MAX) {
        *why = (struct py_text_fault){
            .rule = "python.size",
            .sentence = "The file has more tokens than Larder reads (60,000)",
            .remedy = "Move data and helpers into other files, so that this one is shorter",
        };
        return ERR_INVALID;
    }
    return OK;
}
