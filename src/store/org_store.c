/*
 * org_store.c - statements over `org`.
 */
#include "store/org_store.h"

#include "store/db.h"
#include "store/statements.h"

/* The order of the columns is that of `read_row`. */
#define COLUMNS                                                                                    \
    "o.id,o.name,o.domain,o.status,o.display_name,o.tier,o.description,o.contact_email,o.website," \
    "o.logo_url,o.country,o.timezone,o.is_deleted,o.created_at,o.updated_at"

enum { INSERT, UPDATE, FIND, FIND_DOMAIN, LIST, LIST_OF_USER, USE };

static const struct sql sql[] = {
    [INSERT] = {"INSERT INTO org (id, name, domain, status, display_name, tier, description,"
                " contact_email, website, logo_url, country, timezone, is_deleted, created_at,"
                " updated_at) VALUES (?1,?2,?3,?4,?5,?6,?7,?8,?9,?10,?11,?12,?13,?15,?14)",
                NULL},
    [UPDATE] = {"UPDATE org SET name = ?2, domain = ?3, status = ?4, display_name = ?5, tier = ?6,"
                " description = ?7, contact_email = ?8, website = ?9, logo_url = ?10,"
                " country = ?11, timezone = ?12, is_deleted = ?13, updated_at = ?14 WHERE id = ?1",
                NULL},
    [FIND] = {"SELECT " COLUMNS " FROM org o WHERE o.id = ?1", NULL},
    [FIND_DOMAIN] = {"SELECT " COLUMNS " FROM org o WHERE o.domain = ?1 AND o.is_deleted = 0"
                     " AND o.domain IS NOT NULL",
                     NULL},
    [LIST] = {"SELECT " COLUMNS ", 0 FROM org o WHERE o.id > ?1 ORDER BY o.id LIMIT ?2", NULL},
    [LIST_OF_USER] = {"SELECT " COLUMNS ", m.is_admin FROM member m JOIN org o ON o.id = m.org_id"
                      " WHERE m.user_id = ?3 AND m.org_id > ?1 AND o.is_deleted = 0"
                      " AND o.status = 'active' ORDER BY m.org_id LIMIT ?2",
                      NULL},
    [USE] = {"SELECT (SELECT count(*) FROM member WHERE org_id = ?1),"
             " (SELECT count(*) FROM member WHERE org_id = ?1 AND is_admin = 1),"
             " (SELECT count(*) FROM api_key WHERE org_id = ?1 AND revoked_at IS NULL),"
             " count(DISTINCT pid), count(*), ifnull(sum(size_bytes), 0)"
             " FROM plugin WHERE slice = ?1",
             NULL},
};

const struct sql_list org_store_sql = {"org_store.c", sql, sizeof sql / sizeof *sql};

static void bind_row(struct stmt *s, const struct org *o)
{
    db_bind_text(s, 1, o->id);
    db_bind_text(s, 2, o->name);
    db_bind_text(s, 3, o->domain);
    db_bind_text(s, 4, o->status);
    db_bind_text(s, 5, o->display_name);
    db_bind_text(s, 6, o->tier);
    db_bind_text(s, 7, o->description);
    db_bind_text(s, 8, o->contact_email);
    db_bind_text(s, 9, o->website);
    db_bind_text(s, 10, o->logo_url);
    db_bind_text(s, 11, o->country);
    db_bind_text(s, 12, o->timezone);
    db_bind_int(s, 13, o->is_deleted);
    db_bind_int(s, 14, o->updated_at);
}

static void read_row(struct ctx *ctx, struct stmt *s, void *row)
{
    struct org *o = row;
    o->id = db_text(ctx, s, 0);
    o->name = db_text(ctx, s, 1);
    o->domain = db_text(ctx, s, 2);
    o->status = db_text(ctx, s, 3);
    o->display_name = db_text(ctx, s, 4);
    o->tier = db_text(ctx, s, 5);
    o->description = db_text(ctx, s, 6);
    o->contact_email = db_text(ctx, s, 7);
    o->website = db_text(ctx, s, 8);
    o->logo_url = db_text(ctx, s, 9);
    o->country = db_text(ctx, s, 10);
    o->timezone = db_text(ctx, s, 11);
    o->is_deleted = db_bool(s, 12);
    o->created_at = db_int(s, 13);
    o->updated_at = db_int(s, 14);
}

enum err org_store_insert(struct ctx *ctx, struct conn *conn, const struct org *o)
{
    struct stmt *s = db_stmt(ctx, conn, &sql[INSERT]);
    bind_row(s, o);
    db_bind_int(s, 15, o->created_at);
    return db_run(ctx, conn, s, NULL);
}

enum err org_store_update(struct ctx *ctx, struct conn *conn, const struct org *o)
{
    struct stmt *s = db_stmt(ctx, conn, &sql[UPDATE]);
    bind_row(s, o);
    return db_run(ctx, conn, s, NULL);
}

static enum err find(struct ctx *ctx, struct conn *conn, int which, const char *key,
                     struct org *out, bool *found)
{
    struct stmt *s = db_stmt(ctx, conn, &sql[which]);
    db_bind_text(s, 1, key);
    return db_find(ctx, s, read_row, out, found);
}

enum err org_store_find(struct ctx *ctx, struct conn *conn, const char *id, struct org *out,
                        bool *found)
{
    return find(ctx, conn, FIND, id, out, found);
}

enum err org_store_find_domain(struct ctx *ctx, struct conn *conn, const char *domain,
                               struct org *out, bool *found)
{
    return find(ctx, conn, FIND_DOMAIN, domain, out, found);
}

static void read_listed(struct ctx *ctx, struct stmt *s, void *row)
{
    struct org_row *r = row;
    read_row(ctx, s, &r->org);
    r->is_admin = db_bool(s, 15);
}

enum err org_store_list(struct ctx *ctx, struct conn *conn, const struct org_page *page,
                        struct org_row **out, size_t *count)
{
    struct stmt *s = db_stmt(ctx, conn, &sql[page->member_id ? LIST_OF_USER : LIST]);
    db_bind_text(s, 1, page->after_id ? page->after_id : "");
    db_bind_int(s, 2, page->limit);
    if (page->member_id)
        db_bind_text(s, 3, page->member_id);
    *out = db_list(ctx, s, sizeof **out, page->limit, read_listed, count);
    return *out ? OK : ctx->fault.err;
}

static void read_use(struct ctx *ctx, struct stmt *s, void *row)
{
    (void)ctx;
    *(struct org_use *)row = (struct org_use){.members = db_int(s, 0),
                                              .admins = db_int(s, 1),
                                              .api_keys = db_int(s, 2),
                                              .plugins = db_int(s, 3),
                                              .versions = db_int(s, 4),
                                              .bytes = db_int(s, 5)};
}

enum err org_store_use(struct ctx *ctx, struct conn *conn, const char *id, struct org_use *out)
{
    struct stmt *s = db_stmt(ctx, conn, &sql[USE]);
    bool found;
    db_bind_text(s, 1, id);
    return db_find(ctx, s, read_use, out, &found);
}
