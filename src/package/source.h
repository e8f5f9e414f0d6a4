/*
 * source.h - a package as a list of files and a way to read one.
 *
 * What reads a package (inspect.c) does not know whether it lies in an archive, in a folder or on
 * another machine. A source lists files only: no folders, nothing that package tools leave behind.
 */
#ifndef LARDER_PACKAGE_SOURCE_H
#define LARDER_PACKAGE_SOURCE_H

#include "base/ctx.h"

struct package_source {
    void *arg;
    size_t count;
    struct slice (*name)(void *arg, size_t i); /* "web_search/plugin.py": '/' between segments */
    uint64_t (*size)(void *arg, size_t i);
    /* The whole file, in the arena of ctx; ERR_TOO_LARGE when it is longer than max. */
    enum err (*read)(struct ctx *ctx, void *arg, size_t i, uint64_t max, struct slice *out);
};

#endif
