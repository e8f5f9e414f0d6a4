/*
 * package_row.c - writing the JSON columns once, so that every answer can copy them as they are.
 */
#include "domain/package_row.h"

#include "base/crypto.h"
#include "base/json_write.h"

enum { COLUMN_MAX = 1 << 20 };

static const char *const type_name[] = {
    [SETTING_STR] = "str",   [SETTING_INT] = "int",   [SETTING_FLOAT] = "float",
    [SETTING_BOOL] = "bool", [SETTING_LIST] = "list", [SETTING_DICT] = "dict",
};

static struct slice shown_default(const struct setting *s)
{
    return s->sensitive || s->default_json.n == 0 ? SLICE("null") : s->default_json;
}

static void write_texts(struct jw *j, const struct plugin_meta *m, bool capabilities)
{
    const char *const *list = capabilities ? m->capabilities : m->dependencies;
    size_t n = capabilities ? m->capability_count : m->dependency_count;
    jw_array(j);
    for (size_t i = 0; i < n; i++)
        jw_str(j, list[i]);
    jw_end(j);
}

static void write_capabilities(struct jw *j, const struct plugin_meta *m)
{
    write_texts(j, m, true);
}

static void write_dependencies(struct jw *j, const struct plugin_meta *m)
{
    write_texts(j, m, false);
}

static void write_defaults(struct jw *j, const struct plugin_meta *m)
{
    jw_object(j);
    for (size_t i = 0; i < m->setting_count; i++)
        jw_put_raw(j, m->settings[i].key, shown_default(&m->settings[i]));
    jw_end(j);
}

static void write_schema(struct jw *j, const struct plugin_meta *m)
{
    jw_array(j);
    for (size_t i = 0; i < m->setting_count; i++) {
        const struct setting *s = &m->settings[i];
        jw_object(j);
        jw_put_str(j, "key", s->key);
        jw_put_str(j, "name", s->name ? s->name : s->key);
        jw_put_str(j, "type", type_name[s->type]);
        jw_put_raw(j, "default", shown_default(s));
        jw_put_str(j, "description", s->description ? s->description : "");
        jw_put_bool(j, "required", s->required);
        jw_put_bool(j, "sensitive", s->sensitive);
        jw_end(j);
    }
    jw_end(j);
}

static void write_tools(struct jw *j, const struct plugin_meta *m)
{
    jw_array(j);
    for (size_t i = 0; i < m->tool_count; i++) {
        const struct tool *t = &m->tools[i];
        jw_object(j);
        jw_put_str(j, "name", t->name);
        jw_put_str(j, "description", t->description);
        jw_put_str(j, "file", t->file);
        jw_put_int(j, "line", t->line);
        jw_end(j);
    }
    jw_end(j);
}

static enum err too_large(struct ctx *ctx, const struct buf *b)
{
    if (!b->over)
        return ctx_no_memory(ctx);
    return ctx_fail_field(ctx, ERR_INVALID, "settings",
                          "What the package says of itself is larger than %d bytes", COLUMN_MAX);
}

static enum err column(struct ctx *ctx, const struct plugin_meta *meta,
                       void (*write)(struct jw *j, const struct plugin_meta *m), struct slice *out)
{
    struct buf b;
    struct jw j;
    buf_init(&b, ctx->arena, COLUMN_MAX);
    jw_start(&j, &b);
    write(&j, meta);
    *out = buf_view(&b);
    return jw_done(&j) ? OK : too_large(ctx, &b);
}

enum err package_row(struct ctx *ctx, const struct plugin_meta *m, struct plugin *out)
{
    out->pid = m->pid;
    out->version = m->version;
    out->name = m->name;
    out->description = m->description;
    out->tag = m->tag;
    out->agent_type = m->agent_type;
    out->sdk_version = m->sdk_version;
    out->generation = (int)m->generation;
    out->stateless = m->stateless;
    out->is_specialized = m->is_specialized;
    out->is_scoped = m->is_scoped;
    out->has_readme = m->readme.n > 0;
    out->llm_requirements = m->llm_requirements;
    if (m->logo.n) {
        struct buf b;
        buf_init(&b, ctx->arena, COLUMN_MAX);
        crypto_base64(&b, m->logo.p, m->logo.n);
        out->logo_image = buf_view(&b);
        if (buf_failed(&b))
            return ctx_no_memory(ctx);
    }
    enum err err = column(ctx, m, write_capabilities, &out->capabilities);
    if (err == OK)
        err = column(ctx, m, write_dependencies, &out->dependencies);
    if (err == OK)
        err = column(ctx, m, write_defaults, &out->default_settings);
    if (err == OK)
        err = column(ctx, m, write_schema, &out->settings_schema);
    return err == OK ? column(ctx, m, write_tools, &out->tools) : err;
}
