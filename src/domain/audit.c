/*
 * audit.c - one page of the record, in one read transaction.
 *
 * One row more than the page is asked for, which tells whether there is another page.
 */
#include "domain/audit.h"

#include "store/audit_store.h"

struct reading {
    struct audit_filter filter;
    struct audit_event *events;
    size_t count;
};

static enum err read_page(struct ctx *ctx, struct conn *conn, void *arg)
{
    struct reading *r = arg;
    return audit_list(ctx, conn, &r->filter, &r->events, &r->count);
}

enum err audit_read(struct ctx *ctx, struct domain *d, const struct audit_filter *filter,
                    struct audit_event **out, size_t *count, bool *more)
{
    struct reading r = {.filter = *filter};
    if (filter->limit < 1 || filter->limit > AUDIT_PAGE_MAX)
        return ctx_fail_cause(ctx, ERR_INTERNAL, "audit page of %d rows", filter->limit);
    r.filter.limit++;
    enum err err = store_read(ctx, d->store, read_page, &r);
    if (err != OK)
        return err;
    *more = r.count > (size_t)filter->limit;
    *out = r.events;
    *count = *more ? (size_t)filter->limit : r.count;
    return OK;
}
