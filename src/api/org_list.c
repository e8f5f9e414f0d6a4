/*
 * org_list.c - pages of organizations, read until the client's page is full.
 *
 * Who asks for no page is given the whole list; the domain hands it out in pieces, so that no reading
 * of the store lasts for the length of it.
 */
#include "api/org_list.h"

#include "api/page.h"

enum err org_list_answer(struct ctx *ctx, struct call *call,
                         void (*write)(struct jw *j, const struct org_seat *seat))
{
    struct page page;
    const char *after;
    struct org_seat *seats;
    size_t count;
    bool more = true;
    struct jw j;
    enum err err = page_read_id(ctx, call->req, ORGS_PAGE_MAX, &page, &after);
    if (err != OK)
        return err;
    reply_json(call->reply, &j);
    jw_array(&j);
    do {
        struct org_query query = {.after_id = after, .limit = page.limit};
        err = orgs_list(ctx, api_domain(call), api_actor(call), &query, &seats, &count, &more);
        if (err != OK)
            return err;
        for (size_t i = 0; i < count; i++)
            write(&j, &seats[i]);
        after = count ? seats[count - 1].org.id : NULL;
    } while (page.whole && more && after);
    jw_end(&j);
    return more && after ? page_more(ctx, call, after) : OK;
}
