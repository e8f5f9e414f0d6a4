/*
 * orgs.h - organisations (tenants): their row, their profile, what they use.
 *
 * The domain name of an org is unique among living orgs and decides which plugin ids it may
 * publish. Orgs are removed softly. Who belongs to one stands in members.h.
 */
#ifndef LARDER_DOMAIN_ORGS_H
#define LARDER_DOMAIN_ORGS_H

#include "domain/domain.h"
#include "domain/users.h"

enum { ORG_NAME_MAX = 120, ORG_DOMAIN_MAX = 253, ORGS_PAGE_MAX = 1000 };

struct org_new {
    struct slice name;         /* 1 to 120 letters */
    struct slice domain;       /* "acme.com"; folded to lower case */
    struct slice display_name; /* SLICE_NONE = none */
    struct slice tier;         /* SLICE_NONE = "free" */
};

/* ERR_EXISTS "Organization domain already exists". */
enum err orgs_create(struct ctx *ctx, struct domain *d, const struct actor *actor,
                     const struct org_new *what, struct org *out) MUST_USE;

/* ERR_INVALID where the id is no UUID. */
enum err orgs_may_adopt(struct ctx *ctx, const char *id) MUST_USE;
/* An org that another catalog calls by that id; it is named by it until somebody changes that.
 * ERR_INVALID where it may not be. */
enum err orgs_adopt(struct ctx *ctx, struct domain *d, const struct actor *actor, const char *id,
                    struct org *out) MUST_USE;

/* ERR_NOT_FOUND "Organization not found"; deleted ones are found only with_deleted. */
enum err orgs_get(struct ctx *ctx, struct domain *d, const char *id, bool with_deleted,
                  struct org *out) MUST_USE;

/* An org as one caller sees it. */
struct org_seat {
    struct org org;
    const char *role; /* "sys_admin", "org_admin" or "member" */
};
struct org_query {
    const char *after_id; /* NULL = from the start; order is by id */
    int limit;            /* 1..ORGS_PAGE_MAX; 0 = ORGS_PAGE_MAX */
};
/* A platform administrator sees all orgs, deleted ones too; others the active ones they belong to. */
enum err orgs_list(struct ctx *ctx, struct domain *d, const struct actor *actor,
                   const struct org_query *query, struct org_seat **out, size_t *count,
                   bool *more) MUST_USE;
/* The active orgs the actor is a member of, administrator or not (/api/me/orgs). */
enum err orgs_list_mine(struct ctx *ctx, struct domain *d, const struct actor *actor,
                        struct org_seat **out, size_t *count) MUST_USE;

/* What the org's own administrators change: never name, domain, tier or status. */
struct org_profile {
    struct text_change display_name, description, contact_email, website, logo_url, country,
        timezone;
};
enum err orgs_change_profile(struct ctx *ctx, struct domain *d, const struct actor *actor,
                             const char *id, const struct org_profile *change,
                             struct org *out) MUST_USE;

/* What the platform changes. */
struct org_change {
    struct text_change name, domain, tier;
    struct text_change status; /* "active" or "suspended": members are locked out, data stays */
    const bool *is_deleted;    /* NULL = leave; false brings a removed org back */
    struct org_profile profile;
};
enum err orgs_change(struct ctx *ctx, struct domain *d, const struct actor *actor, const char *id,
                     const struct org_change *change, struct org *out) MUST_USE;

struct org_quota {
    const char *tier;
    int64_t members, admins, api_keys;
    int64_t plugins;  /* different pids */
    int64_t versions; /* rows, disabled ones too */
    int64_t bytes;    /* of the uploaded packages */
};
enum err orgs_quota(struct ctx *ctx, struct domain *d, const char *id,
                    struct org_quota *out) MUST_USE;

#endif
