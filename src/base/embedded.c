/*
 * embedded.c - looking files up in the table that src/tool/embed.c wrote.
 *
 * Never touches a disk and keeps no state. The three symbols below are the whole agreement with the
 * generated file.
 */
#include "base/embedded.h"

#include <string.h>

extern const struct embedded embedded_table[];
extern const size_t embedded_table_count;
extern const char embedded_table_fingerprint[];

/* Compares a counted path with a table row, bytewise, as the tool sorted them. */
static int compare(const char *path, size_t n, const char *row)
{
    size_t length = strlen(row);
    int order = memcmp(path, row, n < length ? n : length);
    if (order != 0 || n == length)
        return order;
    return n < length ? -1 : 1;
}

const struct embedded *embedded_find(const char *path, size_t n)
{
    size_t low = 0;
    size_t high = embedded_table_count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        int order = compare(path, n, embedded_table[middle].path);
        if (order == 0)
            return &embedded_table[middle];
        if (order < 0)
            high = middle;
        else
            low = middle + 1;
    }
    return NULL;
}

size_t embedded_count(void)
{
    return embedded_table_count;
}

const struct embedded *embedded_at(size_t i)
{
    return i < embedded_table_count ? &embedded_table[i] : NULL;
}

const char *embedded_fingerprint(void)
{
    return embedded_table_fingerprint;
}
