/*
 * fuzz_version.c - two lines as versions of either scheme.
 *
 * The canonical spelling must be the same version and its own canonical spelling, a key must stay
 * within its room, and comparing must not depend on the side.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "package/version.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(bool holds)
{
    if (!holds)
        abort();
}

static bool read_one(enum version_scheme scheme, struct slice text, struct version *v)
{
    struct version again;
    (void)version_fits_sdk(text);
    if (!version_parse(scheme, text, v))
        return false;
    check(v->key_len > 0 && v->key_len < VERSION_KEY);
    check(strlen(v->canonical) < sizeof v->canonical - 1);
    if (version_parse(scheme, slice_of(v->canonical), &again)) {
        check(version_compare(v, &again) == 0);
        check(strcmp(v->canonical, again.canonical) == 0);
    } else {
        /* only its length may speak against it: "1a" becomes "1a0" */
        check(scheme == VERSION_PEP440 && strlen(v->canonical) > VERSION_PEP440_TEXT);
    }
    return true;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct slice rest = {(const char *)data, size}, first = SLICE_NONE, second = SLICE_NONE;
    (void)slice_split(&rest, '\n', &first);
    second = rest;
    for (int i = 0; i < 2; i++) {
        enum version_scheme scheme = i ? VERSION_SEMVER : VERSION_PEP440;
        struct version a, b;
        if (!read_one(scheme, first, &a) || !read_one(scheme, second, &b))
            continue;
        int ab = version_compare(&a, &b), ba = version_compare(&b, &a);
        check((ab > 0) == (ba < 0) && (ab == 0) == (ba == 0));
        /* neither key begins with the other, so that memcmp alone decides */
        size_t n = a.key_len < b.key_len ? a.key_len : b.key_len;
        check(ab == 0 || memcmp(a.key, b.key, n) != 0);
    }
    return 0;
}
