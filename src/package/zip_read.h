/*
 * zip_read.h - the stream and window that all members of one archive are unpacked through.
 *
 * Only zip.c needs it, to make one per archive; zip_read and zip_walk stand in zip.h.
 */
#ifndef LARDER_PACKAGE_ZIP_READ_H
#define LARDER_PACKAGE_ZIP_READ_H

#include "base/arena.h"
#include "package/zip.h"

/* Cheap: the stream itself is set up with the first deflated member. NULL = no memory. */
struct zip_inflater *zip_inflater_new(struct arena *arena);

#endif
