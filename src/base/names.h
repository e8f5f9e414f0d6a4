/*
 * names.h - a set of names too many for a request's memory, at eight bytes each.
 *
 * It answers "is this name among them?" for sets that come from a whole bucket or a whole catalog.
 * Two names may share a hash: then it says yes where no would be right, which happens once in
 * billions of sets and must cost the caller nothing worse than a file that stays. It never says no
 * wrongly.
 */
#ifndef LARDER_BASE_NAMES_H
#define LARDER_BASE_NAMES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct names {
    uint64_t *hash;
    size_t n, room;
    bool sorted;
};

bool names_add(struct names *set, const char *name); /* false = no memory, or too many */
bool names_have(struct names *set, const char *name);
void names_free(struct names *set);

#endif
