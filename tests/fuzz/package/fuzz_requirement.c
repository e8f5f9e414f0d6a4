/*
 * fuzz_requirement.c - any bytes as a dependency.
 *
 * What is accepted has a name, conditions whose versions are versions, and no way to an address, a
 * path or an option of pip.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "package/requirement.h"
#include "package/version.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(bool holds)
{
    if (!holds)
        abort();
}

static void check_spec(const struct requirement_spec *spec)
{
    struct version v;
    struct slice text = spec->version;
    if (slice_is(spec->op, "==="))
        return;
    if (slice_ends(text, ".*"))
        text.n -= 2;
    check(version_parse(VERSION_PEP440, text, &v));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena arena;
    struct requirement r;
    struct requirement_fault why;
    struct slice text = {(const char *)data, size};
    arena_init(&arena, 1 << 20);
    if (requirement_parse(&arena, text, &r, &why) == OK) {
        struct slice head = slice_sub(text, 0, slice_find(text, ';'));
        check(r.name.n > 0 && r.name.p[0] != '-' && r.key.n > 0 && r.key.n <= r.name.n);
        check(head.n == 0 || memchr(head.p, '/', head.n) == NULL);
        check(head.n == 0 || memchr(head.p, '@', head.n) == NULL);
        for (size_t i = 0; i < r.extra_count; i++)
            check(r.extras[i].n > 0);
        for (size_t i = 0; i < r.spec_count; i++)
            check_spec(&r.specs[i]);
    } else {
        check(why.rule && why.sentence && why.remedy && why.at <= size);
    }
    arena_free(&arena);
    return 0;
}
