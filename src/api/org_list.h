/*
 * org_list.h - the organizations that a caller may see, a page or all of them.
 */
#ifndef LARDER_API_ORG_LIST_H
#define LARDER_API_ORG_LIST_H

#include "api/api.h"
#include "domain/orgs.h"

/* Each row is written as the surface has it. */
enum err org_list_answer(struct ctx *ctx, struct call *call,
                         void (*write)(struct jw *j, const struct org_seat *seat)) MUST_USE;

#endif
