/*
 * zip_source.h - an archive as a package to inspect.
 */
#ifndef LARDER_PACKAGE_ZIP_SOURCE_H
#define LARDER_PACKAGE_ZIP_SOURCE_H

#include "package/source.h"
#include "package/zip.h"

/* The files of the archive that count; the zip must outlive the source. */
enum err zip_source(struct ctx *ctx, const struct zip *zip, struct package_source *out) MUST_USE;

#endif
