/*
 * fuzz_check.c - any bytes as a request header.
 *
 * The bytes go through a copy of what civetweb's parser does to its buffer, then through our check.
 * Whatever the check accepts must be well formed in the bytes as they were sent, by a second, much
 * simpler look at them: that is the property that keeps two servers from reading two requests. The
 * first byte says whether the bytes are handed to the check as they are instead (only for crashes).
 */
#include <ctype.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "http/check.h"
#include "http/origin.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { LIBRARY_FIELDS = 64 };

/* ---- what the library does ------------------------------------------------------------------- */

static size_t header_length(const char *p, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        unsigned char c = (unsigned char)p[i];
        if (c < 128 && c != '\r' && c != '\n' && !isprint(c))
            return 0;
        if (i + 1 < n && p[i] == '\n' && p[i + 1] == '\n')
            return i + 2;
        if (i + 3 < n && memcmp(p + i, "\r\n\r\n", 4) == 0)
            return i + 4;
    }
    return 0;
}

/* Ends the word at *p and goes to the next one; everything between becomes NUL. */
static bool end_word(char **p, bool line_end)
{
    while (isgraph((unsigned char)**p))
        ++*p;
    if (line_end ? **p != '\r' && **p != '\n' : **p != ' ')
        return false;
    do
        *(*p)++ = '\0';
    while (**p == '\n'); /* what src/http/seam.h leaves it of white space */
    return line_end || isgraph((unsigned char)**p);
}

static int parse_fields(char *p, struct check_seen *seen)
{
    int count = 0;
    for (int i = 0; i < LIBRARY_FIELDS; i++) {
        char *at = p;
        while (*at != ':' && *at >= 33 && *at <= 126)
            at++;
        if (at == p)
            break;
        while (*at == ' ')
            *at++ = '\0';
        if (*at != ':')
            return -1;
        *at = '\0';
        do
            at++;
        while (*at == ' ' || *at == '\t');
        seen[i] = (struct check_seen){p, at};
        while (*at != '\0' && *at != '\r' && *at != '\n')
            at++;
        if (*at == '\r') {
            *at++ = '\0';
            if (*at != '\n')
                return -1;
        }
        count = i + 1;
        if (*at == '\0')
            break;
        *at++ = '\0';
        p = at;
        if (*p == '\r' || *p == '\n')
            break;
    }
    return count;
}

/* False when the library answers by itself. */
static bool library(char *block, size_t n, struct check_seen *seen, struct check_input *in)
{
    size_t length = header_length(block, n);
    char *p = block;
    if (length == 0 || *block == '\n')
        return false;
    /* The one case the check cannot see: LF LF, and behind that end CR NUL. Both readers agree on
     * where the header ends, and what follows is refused as a request of its own. */
    if (block[length - 2] == '\n' && length + 1 < n && memcmp(block + length, "\r", 2) == 0)
        return false;
    block[length - 1] = '\0';
    if (!end_word(&p, false))
        return false;
    char *target = p;
    if (!end_word(&p, false))
        return false;
    char *version = p;
    if (!end_word(&p, true) || strncmp(version, "HTTP/", 5) != 0)
        return false;
    int fields = parse_fields(p, seen);
    char *mark = strchr(target, '?');
    if (mark)
        *mark++ = '\0';
    *in = (struct check_input){block, n, mark, (size_t)fields, seen};
    return fields >= 0;
}

/* ---- the second look --------------------------------------------------------------------------- */

/* Lines of CR LF only, one blank on each side of the target, no blank before a colon, as many
 * fields as were found. */
static void insist(const char *raw, size_t n, const struct request *req)
{
    size_t lines = 0, at = 0;
    for (;; lines++) {
        const char *end = memchr(raw + at, '\n', n - at);
        if (end == NULL || end == raw + at || end[-1] != '\r')
            abort();
        size_t length = (size_t)(end - 1 - (raw + at));
        if (memchr(raw + at, '\r', length) != NULL)
            abort();
        if (length == 0)
            break;
        const char *colon = memchr(raw + at, ':', length);
        if (lines > 0 && (colon == NULL || colon == raw + at || colon[-1] == ' ' || raw[at] == ' '))
            abort();
        at += length + 2;
    }
    if (lines != req->headers + 1)
        abort();
    const char *one = memchr(raw, ' ', n);
    const char *two = memchr(one + 1, ' ', n - (size_t)(one + 1 - raw));
    if (two == one + 1 || memcmp(two + 1, "HTTP/1.", 7) != 0 || memcmp(two + 9, "\r\n", 2) != 0)
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const struct origin_rules rules = {"https://a.example", "b.lan", "https://c.example"};
    struct arena arena;
    struct ctx ctx;
    struct request req = {.method = METHOD_GET};
    struct check check;
    struct check_input in;
    struct check_seen seen[LIBRARY_FIELDS];
    struct slice allowed;
    if (size < 2)
        return 0;
    size_t n = size - 1;
    char *block = malloc(n + 1); /* freed below; a NUL behind it, as in the library's buffer */
    if (block == NULL)
        return 0;
    memcpy(block, data + 1, n);
    block[n] = '\0';
    arena_init(&arena, 1 << 20);
    ctx_init(&ctx, &arena, &clock_system, NULL, "fuzz");
    bool raw = data[0] == 'r';
    in = (struct check_input){block, n, NULL, n % 8, NULL};
    if ((raw || library(block, n, seen, &in)) && check_block(&ctx, &in, &req, &check) == OK) {
        if (!raw)
            insist((const char *)data + 1, n, &req);
        if (check_path(&ctx, &req) == OK && origin_host(&ctx, &rules, &req) == OK)
            (void)!origin_page(&ctx, &rules, &req, &allowed);
        (void)request_cookie(&req, "session");
    }
    arena_free(&arena);
    free(block);
    return 0;
}
