/*
 * pages_api.c - what a browser opens: the pages, what they load, and the OpenAPI document.
 *
 * The pages are one shell (web/index.html) and the reference (web/docs.html); which view stands in
 * the shell is decided by its scripts. They have no private API. How long what may be kept, and
 * from where the bytes come, is http/assets.c's.
 */
#include "api/api.h"
#include "http/assets.h"

static enum err show_shell(struct ctx *ctx, struct call *call);
static enum err show_docs(struct ctx *ctx, struct call *call);
static enum err show_document(struct ctx *ctx, struct call *call);
static enum err show_icon(struct ctx *ctx, struct call *call);
static enum err show_file(struct ctx *ctx, struct call *call);

// clang-format off
static const struct route routes[] = {
    {METHOD_GET, "/",                          "public", BODY_NONE, 0, show_shell,    "The web pages"},
    {METHOD_GET, "/setup",                     "public", BODY_NONE, 0, show_shell,    "The page behind the setup link"},
    {METHOD_GET, "/docs",                      "public", BODY_NONE, 0, show_docs,     "The reference of all routes, as a page"},
    {METHOD_GET, "/openapi.json",              "public", BODY_NONE, 0, show_document, "The reference of all routes, as OpenAPI 3.1"},
    {METHOD_GET, "/favicon.ico",               "public", BODY_NONE, 0, show_icon,     "The mark"},
    {METHOD_GET, "/a/{fingerprint}/{path...}", "public", BODY_NONE, 0, show_file,     "Scripts, styles and pictures of the pages"},
};
// clang-format on

const struct route_table pages_api_table = {"pages_api", routes, sizeof routes / sizeof *routes};

static enum err show(struct ctx *ctx, struct call *call, const char *path)
{
    const struct api *api = call->app;
    return assets_page(ctx, api->assets, call->req, call->reply, path);
}

static enum err show_shell(struct ctx *ctx, struct call *call)
{
    return show(ctx, call, "index.html");
}

static enum err show_docs(struct ctx *ctx, struct call *call)
{
    return show(ctx, call, "docs.html");
}

static enum err show_document(struct ctx *ctx, struct call *call)
{
    return show(ctx, call, "openapi.json");
}

/* Browsers ask for it where a page names none; they read the type, not the name. */
static enum err show_icon(struct ctx *ctx, struct call *call)
{
    return show(ctx, call, "mark.svg");
}

static enum err show_file(struct ctx *ctx, struct call *call)
{
    const struct api *api = call->app;
    return assets_file(ctx, api->assets, call->req, call->reply, call_param(call, "fingerprint"),
                       call_param(call, "path"));
}
