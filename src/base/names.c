/*
 * names.c - hashes in one array, sorted when the first question comes.
 */
#include "base/names.h"

#include <stdlib.h>

enum { FIRST_ROOM = 1024, NAMES_MAX = 4 << 20 };

/* FNV-1a, 64 bits. */
static uint64_t hash_of(const char *name)
{
    uint64_t h = 0xcbf29ce484222325;
    for (; *name; name++)
        h = (h ^ (unsigned char)*name) * 0x100000001b3;
    return h;
}

static int by_value(const void *a, const void *b)
{
    uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
    return (x > y) - (x < y);
}

bool names_add(struct names *set, const char *name)
{
    if (set->n == NAMES_MAX)
        return false;
    if (set->n == set->room) {
        size_t room = set->room ? 2 * set->room : FIRST_ROOM;
        uint64_t *more = realloc(set->hash, room * sizeof *more); /* freed by names_free */
        if (more == NULL)
            return false;
        set->hash = more;
        set->room = room;
    }
    set->hash[set->n++] = hash_of(name);
    set->sorted = false;
    return true;
}

bool names_have(struct names *set, const char *name)
{
    uint64_t h = hash_of(name);
    if (set->n == 0)
        return false;
    if (!set->sorted)
        qsort(set->hash, set->n, sizeof *set->hash, by_value);
    set->sorted = true;
    return bsearch(&h, set->hash, set->n, sizeof h, by_value) != NULL;
}

void names_free(struct names *set)
{
    free(set->hash);
    *set = (struct names){0};
}
