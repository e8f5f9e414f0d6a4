/*
 * test_zip_damage.c - memory that ends anywhere, and 100,000 damaged archives.
 */
#include "package/zip.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "support_zip.h"

/* However little memory there is, the answer is "no memory" or the right one. */
static void every_allocation_may_fail(void **state)
{
    (void)state;
    struct slice bytes = zip_of(zip_plain, ZIP_PLAIN);
    size_t refused = 0, ceiling = 0;
    for (bool done = false; !done; ceiling += 48) {
        struct bench b;
        struct zip *zip;
        bench_open(&b, ceiling);
        enum err err = zip_open(&b.ctx, bytes, &zip_limits_cadence, &zip);
        if (err == OK)
            err = zip_verify(&b.ctx, zip);
        assert_true(err == OK || err == ERR_NO_MEMORY);
        done = err == OK;
        refused += !done;
        bench_close(&b);
    }
    assert_true(refused > 10);
    assert_true(ceiling < 200000);
    zip_free(bytes);
}

static uint64_t next(uint64_t *seed)
{
    uint64_t x = *seed; /* xorshift64: the same archives on every machine */
    x ^= x << 13;
    x ^= x >> 7;
    x ^= x << 17;
    return *seed = x;
}

/* Bends one to four places: a bit, a byte, a cut, a doubled or a moved stretch. */
static size_t bend(uint64_t *seed, const struct slice from, char *to, size_t room)
{
    size_t n = from.n;
    memcpy(to, from.p, n);
    for (uint64_t turns = 1 + next(seed) % 4; turns > 0 && n > 8; turns--) {
        size_t at = next(seed) % n, len = 1 + next(seed) % 40, other = next(seed) % n;
        switch (next(seed) % 6) {
        case 0: to[at] = (char)(to[at] ^ (1 << next(seed) % 8)); break;
        case 1: to[at] = (char)next(seed); break;
        case 2: n = next(seed) % 8 ? n : at; break;
        case 3: /* double */
            len = len > n - at ? n - at : len;
            if (n + len <= room) {
                memmove(to + at + len, to + at, n - at);
                n += len;
            }
            break;
        case 4: /* drop */
            len = len > n - at ? n - at : len;
            memmove(to + at, to + at + len, n - at - len);
            n -= len;
            break;
        default: /* copy over another place */
            len = len > n - at ? n - at : len;
            len = len > n - other ? n - other : len;
            memmove(to + other, to + at, len);
        }
    }
    return n;
}

/*
 * What is damaged is refused with a reason, or nothing that counts was damaged: then every member
 * unpacks to what the untouched archive holds or to what its own CRC vouches for.
 */
static void damaged_archives_are_refused_with_a_reason(void **state)
{
    struct bench *b = *state;
    enum { MUTANTS = 100000, ROOM = 8192 };
    struct slice origin = zip_of(zip_plain, ZIP_PLAIN);
    char *bent = malloc(ROOM);
    uint64_t seed = 0x2545F4914F6CDD1DULL;
    size_t accepted = 0;
    for (int i = 0; i < MUTANTS; i++) {
        size_t n = bend(&seed, origin, bent, ROOM);
        char *exact = malloc(n ? n : 1); /* its end is the end of the allocation */
        memcpy(exact, bent, n);
        const char *rule = zip_verdict(b, (struct slice){exact, n}, &zip_limits_cadence);
        if (strcmp(rule, "?") == 0)
            fail_msg("mutant %d: %s", i, b->ctx.fault.cause);
        accepted += rule[0] == '\0';
        free(exact);
    }
    /* times, versions and attributes may change without harm; hardly anything else may */
    assert_true(accepted > 0 && accepted < MUTANTS / 4);
    free(bent);
    zip_free(origin);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_allocation_may_fail),
        cmocka_unit_test(damaged_archives_are_refused_with_a_reason),
    };
    return cmocka_run_group_tests(tests, bench_setup, bench_teardown);
}
