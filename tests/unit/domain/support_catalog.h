/*
 * support_catalog.h - a town with a catalog: blobs, trees, and packages made of a few lines.
 *
 * Used by the tests of uploads, lists and the start-up walk. The state of a test is a struct town
 * (support_people.h) whose domain has blobs and trees below the town's folder.
 */
#ifndef LARDER_TESTS_SUPPORT_CATALOG_H
#define LARDER_TESTS_SUPPORT_CATALOG_H

#include "domain/catalog.h"
#include "domain/publish.h"
#include "model/plugin.h"
#include "support_people.h"

int market_setup(void **state);
int market_teardown(void **state);

/* Closes blobs and trees, and opens them again: what they remember of a run is gone. */
void market_reopen(struct town *t);

struct sample {
    const char *pid; /* NULL = a package of the older layout */
    const char *version;
    const char *tag;      /* NULL = none */
    const char *settings; /* the list given to plugin_settings, or NULL */
    const char *note;     /* makes the bytes differ; NULL = none */
    const char *extra;    /* name of one more file, or NULL */
};

/* The archive of such a package, in the arena. */
struct slice sample_zip(struct arena *arena, const struct sample *s);
/* An archive of files given as name, text, name, text, ..., NULL. */
struct slice zip_of(struct arena *arena, const char *const *files);

/* Uploads as the command line; the org's slice, or the system's with NULL. */
enum err upload(struct town *t, const char *org_id, const struct sample *s, struct published *out);
/* The same, which must succeed. */
struct plugin put_plugin(struct town *t, const char *org_id, const char *pid, const char *version);
struct plugin get_plugin(struct town *t, const struct plugin *p); /* the row as it is now */
struct plugin turn(struct town *t, const struct plugin *p, bool enabled);

/* "pid version" of every row of a list, separated by blanks, system rows with a '*' before. */
const char *listed(struct town *t, const struct catalog_query *query);

/* What lies on the disk. */
const char *path_in(struct town *t, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
const char *blob_path(struct town *t, const char *sha256);
const char *tree_path(struct town *t, const struct plugin *p);
bool is_on_disk(const char *path);
void write_file(const char *path, const char *text);
size_t files_below(const char *path); /* regular files, in all folders below */

#endif
