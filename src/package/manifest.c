/*
 * manifest.c - JSON into the same values Python source gives, so that both are judged alike.
 */
#include "package/manifest.h"

#include <string.h>

#include "base/json_read.h"

static const char *const fields[] = {
    "pid",        "name",           "version",      "description",      "tag",
    "stateless",  "settings",       "capabilities", "dependencies",     "sdk_version",
    "agent_type", "is_specialized", "is_scoped",    "llm_requirements",
};

struct reading {
    struct arena *arena;
    const char *file;
    size_t left; /* values that may still be made */
};

static struct py_value *make(struct reading *m, enum py_kind kind)
{
    struct py_value *v = m->left ? arena_alloc(m->arena, sizeof *v) : NULL;
    if (v == NULL)
        return NULL;
    m->left--;
    v->kind = kind;
    v->at.file = m->file;
    v->weight = 1;
    return v;
}

static struct py_value *make_text(struct reading *m, struct slice text)
{
    struct py_value *v = make(m, PY_STR);
    if (v)
        v->text = text;
    return v;
}

static const struct py_value *value(struct reading *m, const struct jr *json);

static bool add(struct py_value *to, size_t i, const struct py_value *member)
{
    if (member == NULL)
        return false;
    to->items[i] = member;
    to->weight += member->weight;
    to->depth = member->depth + 1 > to->depth ? member->depth + 1 : to->depth;
    return true;
}

static const struct py_value *members(struct reading *m, const struct jr *json)
{
    bool is_object = jr_kind(json) == JR_OBJECT;
    size_t count = jr_count(json), n = 0;
    struct py_value *v = make(m, is_object ? PY_DICT : PY_LIST);
    if (v == NULL || (v->items = arena_array(m->arena, count * 2 + 1, sizeof *v->items)) == NULL)
        return NULL;
    if (!is_object)
        for (; n < count; n++)
            if (!add(v, n, value(m, jr_item(json, n))))
                return NULL;
    struct slice key;
    const struct jr *member;
    for (void *at = NULL; is_object && jr_next(json, &at, &key, &member); n++)
        if (!add(v, 2 * n, make_text(m, key)) || !add(v, 2 * n + 1, value(m, member)))
            return NULL;
    v->count = n;
    return v;
}

/* NULL when there is no memory or the manifest has too many values. */
static const struct py_value *value(struct reading *m, const struct jr *json)
{
    struct py_value *v;
    switch (jr_kind(json)) {
    case JR_ARRAY:
    case JR_OBJECT: return members(m, json);
    case JR_STR: return make_text(m, jr_str(json));
    case JR_BOOL:
        if ((v = make(m, PY_BOOL)) != NULL)
            v->boolean = jr_bool(json);
        return v;
    case JR_INT:
        if ((v = make(m, PY_INT)) != NULL)
            v->integer = jr_int(json);
        return v;
    case JR_REAL:
        if ((v = make(m, PY_FLOAT)) != NULL)
            v->real = jr_double(json);
        return v;
    case JR_NULL: break;
    }
    return make(m, PY_NONE);
}

static void refuse(struct findings *findings, const char *file, const char *field, const char *rule,
                   const char *sentence, const char *remedy)
{
    if (sentence == NULL) {
        findings->no_memory = true;
        return;
    }
    findings_add(
        findings,
        &(struct fault_item){
            .rule = rule, .field = field, .file = file, .sentence = sentence, .remedy = remedy});
}

static void check_keys(struct ctx *ctx, const char *file, const struct jr *root,
                       struct findings *findings)
{
    struct slice key;
    const struct jr *member;
    for (void *at = NULL; jr_next(root, &at, &key, &member);) {
        bool known = false;
        for (size_t i = 0; i < sizeof fields / sizeof *fields && !known; i++)
            known = slice_is(key, fields[i]);
        if (!known)
            refuse(findings, file, slice_dup(ctx->arena, key), "manifest.field",
                   str_printf(ctx->arena, "The manifest has no field %.*s",
                              (int)(key.n < 80 ? key.n : 80), key.p),
                   "Its fields are pid, name, version, description, tag, capabilities, "
                   "dependencies, sdk_version, stateless, agent_type, is_specialized, is_scoped, "
                   "settings and llm_requirements");
    }
}

enum err manifest_read(struct ctx *ctx, const char *file, struct slice text,
                       struct findings *findings, const struct py_value **out)
{
    const struct jr *root;
    *out = NULL;
    enum err err = jr_parse_object(ctx, text, &root);
    if (err == ERR_INVALID || err == ERR_UNPROCESSABLE) {
        const char *why = str_printf(ctx->arena, "The manifest is no JSON object: %s",
                                     ctx_sentence(ctx));
        ctx_forgive(ctx);
        refuse(findings, file, NULL, "manifest.json", why, "Write one JSON object, in UTF-8");
        return OK;
    }
    if (err)
        return err;
    check_keys(ctx, file, root, findings);
    struct reading m = {ctx->arena, file, PY_WEIGHT_MAX};
    *out = value(&m, root);
    if (*out == NULL && m.left == 0)
        refuse(findings, file, NULL, "manifest.size", "The manifest has too many values",
               "Keep it to the fields that cannot be read from plugin.py");
    else if (*out == NULL)
        return ctx_no_memory(ctx);
    return OK;
}
