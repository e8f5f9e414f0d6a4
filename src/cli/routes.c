/*
 * routes.c - `larder routes`: every route of the server, from its own tables.
 *
 * Tests and openapi.json are checked against this, so nothing is answered that is not listed.
 */
#include "api/api.h"
#include "cli/verbs.h"

static const char *const body_name[] = {
    [BODY_NONE] = "none", [BODY_JSON] = "json", [BODY_FORM] = "form", [BODY_UPLOAD] = "upload"};

static void put_route(struct jw *j, const char *table, const struct route *r)
{
    jw_object(j);
    jw_put_str(j, "table", table);
    jw_put_str(j, "method", method_name(r->method));
    jw_put_str(j, "path", r->pattern);
    jw_put_str(j, "permission", r->permission);
    jw_put_str(j, "body", body_name[r->body]);
    jw_put_int(j, "max_body", (int64_t)r->max_body);
    jw_put_str(j, "summary", r->summary);
    jw_end(j);
}

static enum err exec(struct cli *cli)
{
    struct router *router;
    struct buf b;
    struct jw j;
    enum err err = router_new(cli->ctx, api_tables, api_table_count,
                              &router); /* refuses bad rows */
    if (err != OK)
        return err;
    router_free(router);
    cli_json(cli, &b, &j);
    jw_array(&j);
    for (size_t t = 0; t < api_table_count; t++)
        for (size_t i = 0; i < api_tables[t]->count; i++) {
            const struct route *r = &api_tables[t]->routes[i];
            put_route(&j, api_tables[t]->name, r);
            if (!cli->json)
                (void)fprintf(cli->out, "%-7s %-52s %-32s %s\n", method_name(r->method), r->pattern,
                              r->permission, r->summary);
        }
    jw_end(&j);
    return cli->json ? cli_json_done(cli, &b, &j) : OK;
}

const struct command command_routes = {
    .name = "routes",
    .words = "",
    .summary = "List every route with the permission it needs",
    .exec = exec,
};
