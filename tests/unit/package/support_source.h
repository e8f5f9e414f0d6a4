/*
 * support_source.h - packages for tests: a list of texts, or a folder of tests/fixtures/plugins.
 */
#ifndef LARDER_TESTS_SUPPORT_SOURCE_H
#define LARDER_TESTS_SUPPORT_SOURCE_H

#include "package/inspect.h"

enum { FILES_MAX = 64 };

struct text_file {
    const char *name;
    const char *text;
    size_t size; /* 0 = strlen(text) */
};

struct text_package {
    struct text_file files[FILES_MAX];
    size_t count;
    struct package_source source;
};

/* One piece of work with its memory. */
struct bench {
    struct arena arena;
    struct ctx ctx;
    struct inspection found;
    enum err err;
};

void bench_start(struct bench *b);
void bench_end(struct bench *b);

void package_add(struct text_package *p, const char *name, const char *text, size_t size);
struct package_source *package_source_of(struct text_package *p);
/* All files below a folder, read into the arena; names begin with `prefix`. */
void package_add_folder(struct text_package *p, struct arena *arena, const char *folder,
                        const char *prefix);

void inspect(struct bench *b, struct text_package *p);
/* The first finding with this rule, or NULL. */
const struct fault_item *finding(const struct findings *f, const char *rule);
/* All findings, for the message of a failed test. */
void show_findings(const struct inspection *found);

#endif
