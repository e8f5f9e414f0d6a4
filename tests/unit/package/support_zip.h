/*
 * support_zip.h - what the archive tests share: a context, small archives, and how one is judged.
 */
#ifndef LARDER_TEST_SUPPORT_ZIP_H
#define LARDER_TEST_SUPPORT_ZIP_H

#include "package/zip.h"
#include "package/zip_write.h"

struct bench {
    struct arena arena;
    struct ctx ctx;
};

enum { BENCH_MEMORY = 64 << 20 };

/* For cmocka: *state is a struct bench. */
int bench_setup(void **state);
int bench_teardown(void **state);

void bench_open(struct bench *b, size_t ceiling);
void bench_reset(struct bench *b); /* a new piece of work in the same memory */
void bench_close(struct bench *b);

struct file {
    const char *name;
    const char *text;
    enum zip_pack pack;
};

enum { ZIP_PLAIN = 5 };
extern const struct file zip_plain[ZIP_PLAIN]; /* a package like any other */

/* An archive of these files, in the heap; zip_free ends it. */
struct slice zip_of(const struct file *files, size_t count);

void zip_free(struct slice archive);

/* Members of one archive with names as bytes, at most 8; zip_write would refuse most of these. */
struct slice zip_of_raw_names(const struct slice *names, size_t count, unsigned flags);

/* Opens and verifies; the rule of the first finding, "" when there is none, "?" for other errors. */
const char *zip_verdict(struct bench *b, struct slice bytes, const struct zip_limits *limits);
/* True when one of the findings of the last verdict has this rule. */
bool zip_found(const struct bench *b, const char *rule);

#endif
