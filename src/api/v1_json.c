/*
 * v1_json.c - bodies of the v1 API, key by key as its documentation prints them.
 *
 * A failure there has a message, which says what kind it is, and details, which say what exactly.
 * Here the sentence of the fault is the detail, and its code finds the message; where a code has
 * none, the sentence is the message and there are no details.
 */
#include "api/v1_json.h"

#include <stdio.h>
#include <string.h>

// clang-format off
static const struct {
    const char *code, *message;
} messages[] = {
    {LEGACY_BAD_ZIP,        "Invalid ZIP file format"},
    {LEGACY_BAD_PLUGIN,     "Plugin validation failed"},
    {LEGACY_BAD_DEPENDENCY, "Dependency installation failed"},
    {LEGACY_EXISTS,         "Plugin already exists"},
    {"SY-0413",             "Plugin file is too large"},
};
// clang-format on

static const char *message_of(const char *code)
{
    for (size_t i = 0; i < sizeof messages / sizeof *messages; i++)
        if (strcmp(messages[i].code, code) == 0)
            return messages[i].message;
    return NULL;
}

/* Every refusal of a package is a 400; what concerns the request keeps its own status. */
static int status_of(const struct fault *fault)
{
    return fault->err == ERR_EXISTS ? 400 : err_info(fault->err)->http;
}

void v1_failure(const struct ctx *ctx, struct reply *reply, const char *name, const char *version)
{
    struct jw j;
    const char *message = message_of(ctx_code(ctx));
    reply_status(reply, status_of(&ctx->fault));
    reply_json(reply, &j);
    jw_object(&j);
    jw_put_bool(&j, "success", false);
    jw_put_str(&j, "message", message ? message : ctx_sentence(ctx));
    if (name)
        jw_put_str(&j, "plugin_name", name);
    if (version)
        jw_put_str(&j, "plugin_version", version);
    if (message)
        jw_put_str(&j, "details", ctx_sentence(ctx));
    jw_end(&j);
}

void v1_render(const struct ctx *ctx, const struct request *req, struct reply *reply)
{
    (void)req;
    v1_failure(ctx, reply, NULL, NULL);
}

void v1_names(struct jw *j, const char *key, const char *const *names, size_t count)
{
    jw_key(j, key);
    jw_array(j);
    for (size_t i = 0; i < count; i++)
        jw_str(j, names[i]);
    jw_end(j);
}

static void write_accepted(struct jw *j, const struct legacy_done *done)
{
    jw_put_bool(j, "success", true);
    jw_put_str(j, "message", "Plugin accepted, dependencies installing");
    jw_put_str(j, "plugin_name", done->name);
    jw_put_str(j, "plugin_version", done->version);
    jw_key(j, "details");
    jw_object(j);
    jw_put_str(j, "state", done->pending_state);
    jw_put_raw(j, "report", done->pending_report.n ? done->pending_report : SLICE("{}"));
    jw_put_str(j, "id", done->pending_id);
    jw_end(j);
}

void v1_uploaded(struct reply *reply, const struct legacy_done *done)
{
    struct jw j;
    char where[128];
    reply_status(reply, done->pending_id ? 202 : 200);
    reply_json(reply, &j);
    jw_object(&j);
    if (done->pending_id) {
        write_accepted(&j, done);
        jw_end(&j);
        (void)snprintf(where, sizeof where, "/api/v1/plugins/uploads/%.64s", done->pending_id);
        reply_field(reply, "Location", where); /* where its state can be polled */
        return;
    }
    jw_put_bool(&j, "success", true);
    jw_put_str(&j, "message", "Plugin uploaded and loaded successfully");
    jw_put_str(&j, "plugin_name", done->name);
    jw_put_str(&j, "plugin_version", done->version);
    jw_key(&j, "details");
    jw_object(&j);
    jw_put_str(&j, "extracted_to", done->directory);
    jw_put_str(&j, "validation", "passed");
    v1_names(&j, "dependencies_installed", done->installed, done->installed_count);
    jw_end(&j);
    jw_end(&j);
}

void v1_plugin(struct jw *j, const struct legacy_plugin *p)
{
    jw_object(j);
    jw_put_str(j, "name", p->name);
    jw_put_str(j, "version", p->version);
    jw_put_str(j, "description", p->description);
    jw_put_raw(j, "capabilities", p->capabilities);
    jw_put_str(j, "status", p->status);
    jw_put_str(j, "source", "system");
    jw_end(j);
}
