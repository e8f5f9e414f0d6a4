/*
 * surface.h - how a failure looks to a client.
 *
 * Each surface has its own error shape below its path prefix; the fault itself is the same. The
 * renderers reword nothing: the sentence is the one that the place wrote which knew. The server is
 * given api_surfaces and picks the longest prefix, also for errors that come before any route.
 */
#ifndef LARDER_API_SURFACE_H
#define LARDER_API_SURFACE_H

#include "http/router.h"

extern const struct surface api_surfaces[];
extern const size_t api_surface_count;

#endif
