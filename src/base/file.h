/*
 * file.h - the few things about files that the system leaves half done.
 *
 * Both answer 0, or -1 with errno, as the calls do that they are made of: what the failure means and
 * how it is told is the caller's.
 */
#ifndef LARDER_BASE_FILE_H
#define LARDER_BASE_FILE_H

#include <sys/types.h>

#include "base/str.h"

/* All of it, in as many writes as it takes. */
int file_write(int fd, struct slice bytes);
/* mkdir -p, one segment after the other; what stands there already is used as it is. */
int file_make_path(const char *path, mode_t mode);

#endif
