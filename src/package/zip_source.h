/*
 * zip_source.h - an archive as a list of files.
 */
#ifndef LARDER_PACKAGE_ZIP_SOURCE_H
#define LARDER_PACKAGE_ZIP_SOURCE_H

#include "package/source.h"
#include "package/zip.h"

/* Folders and what archivers leave behind are not listed. The zip must outlive the source. */
enum err zip_source(struct ctx *ctx, const struct zip *zip, struct package_source *out) MUST_USE;

#endif
