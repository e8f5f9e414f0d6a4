/*
 * target.h - the catalog that a verb speaks to: a server at --url, or the data folder itself.
 *
 * Both are asked in the same words, those of the HTTP API, so every verb is written once and shows
 * the same rows. A folder is served by the very handlers of the server, without a socket, as the
 * command line's own actor; what changes the catalog takes the process lock first.
 */
#ifndef LARDER_CLI_TARGET_H
#define LARDER_CLI_TARGET_H

#include "base/json_read.h"
#include "cli/command.h"

struct target;

/* `writes`: the verb will change the catalog. Ended by target_close, also after a failure. */
enum err target_open(struct cli *cli, bool writes, struct target **out) MUST_USE;
void target_close(struct target *target);

struct target_request {
    const char *method, *path; /* path with query, escaped */
    struct slice json;         /* a body, or none */
    struct slice file;         /* instead: a package to upload ... */
    const char *file_name;     /* ... and its name */
    const char *type;          /* of the body in `file`; NULL = application/zip */
    bool (*progress)(void *arg, int64_t sent, int64_t received);
    void *progress_arg;
    int out; /* the answer's body goes to this descriptor where the status is 2xx; -1 = memory */
};

struct target_answer {
    int status;
    struct slice body;
};

/* An answer of 4xx or 5xx becomes a fault with the server's own sentence; its body is kept. */
enum err target_run(struct cli *cli, struct target *target, const struct target_request *req,
                    struct target_answer *out) MUST_USE;

/* Puts the request's file into a form, with one more field: as the v1 API wants it. */
enum err target_form(struct cli *cli, struct target_request *req, const char *field,
                     const char *value) MUST_USE;

/* GET path as JSON. */
enum err target_get(struct cli *cli, struct target *target, const char *path, const struct jr **out,
                    struct slice *text) MUST_USE;

/* "/api/orgs/<id>/plugins" for --org (an id, a domain or a name), else "/api/admin/plugins". */
enum err target_plugins(struct cli *cli, struct target *target, const char **path) MUST_USE;

/*
 * The path of one version: `name` is its id, a PID (its latest, or its newest where none is enabled)
 * or PID@VERSION.
 */
enum err target_find(struct cli *cli, struct target *target, const char *name,
                     const char **path) MUST_USE;

/* The text with everything but letters, digits and "-._~" escaped, for one segment of a path. */
const char *target_escape(struct cli *cli, struct slice text);

/* A folder gets a replica of its own for as long as it is open; a server has one. `work`: it sends
 * and fetches, else it is only looked at. */
enum err target_replicate(struct cli *cli, struct target *target, bool work) MUST_USE;

#endif
