/*
 * version.h - reading a version number and putting versions in order.
 *
 * Two schemes: PEP 440 (Python, Cadence) and Semantic Versioning 2. Each version has a key of bytes
 * whose memcmp order is the scheme's order and whose equality is the scheme's equality, so that the
 * database sorts without knowing the rules. Nothing here knows which versions exist.
 */
#ifndef LARDER_PACKAGE_VERSION_H
#define LARDER_PACKAGE_VERSION_H

#include "base/ctx.h"

enum version_scheme { VERSION_PEP440, VERSION_SEMVER };

enum {
    VERSION_TEXT = 64, /* SemVer's ceiling; PEP 440 has its own below */
    VERSION_PEP440_TEXT = 50,
    VERSION_KEY = 192 /* room for the longest key of either scheme */
};

struct version {
    enum version_scheme scheme;
    bool is_prerelease;
    bool has_build; /* SemVer build or PEP 440 local part: does not order in SemVer */
    unsigned char key[VERSION_KEY];
    size_t key_len;
    char canonical[VERSION_TEXT * 2]; /* "1!2.0rc1.post2.dev3+local.7" */
};

/* False when the text is no version of the scheme, or is too long. */
bool version_parse(enum version_scheme scheme, struct slice text, struct version *out);

/* The same, saying why: ERR_INVALID, field "version". */
enum err version_read(struct ctx *ctx, enum version_scheme scheme, struct slice text,
                      struct version *out) MUST_USE;

/* The SDK's own rule on top of PEP 440: two or three parts between dots ("1.2", "1.2.3rc1"). */
bool version_fits_sdk(struct slice text);

/* Negative, zero, positive as strcmp; both of one scheme. */
int version_compare(const struct version *a, const struct version *b);

#endif
