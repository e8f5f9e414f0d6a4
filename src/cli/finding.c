/*
 * finding.c - see finding.h.
 */
#include "cli/finding.h"

#include "api/stage_json.h"
#include "domain/stages.h"

enum { READ_MAX = 200 }; /* a server sends at most FINDINGS_MAX; another one may send more */

void finding_print(FILE *out, const char *path, const struct stage_finding *f)
{
    const struct fault_item *it = &f->item;
    (void)fprintf(out, "%s%s%s:", path, it->file ? "/" : "", it->file ? it->file : "");
    if (it->line)
        (void)fprintf(out, "%d:", it->line);
    if (it->line && it->column)
        (void)fprintf(out, "%d:", it->column);
    (void)fprintf(out, " %s: %s [%s]\n", stage_level_name(f->level), it->sentence, it->rule);
    if (it->remedy)
        (void)fprintf(out, "    %s\n", it->remedy);
}

/* What refuses a package is an error, or it would not refuse it. */
static struct stage_finding error_of(const struct fault_item *item)
{
    return (struct stage_finding){.level = LEVEL_ERROR, .item = *item};
}

void finding_faults_print(FILE *out, const char *path, const struct fault *fault)
{
    for (size_t i = 0; i < fault->item_count; i++) {
        struct stage_finding f = error_of(&fault->items[i]);
        finding_print(out, path, &f);
    }
}

void finding_faults_json(struct jw *w, const struct fault *fault)
{
    jw_array(w);
    for (size_t i = 0; i < fault->item_count; i++) {
        struct stage_finding f = error_of(&fault->items[i]);
        stage_finding_json(w, stages_name(stages_of_rule(f.item.rule)), &f);
    }
    jw_end(w);
}

/* NULL where it is no string; *good turns false where there is no memory. */
static const char *text_of(struct ctx *ctx, const struct jr *v, const char *key, bool *good)
{
    struct slice text = jr_str(jr_member(v, key));
    const char *copy = text.p ? slice_dup(ctx->arena, text) : NULL;
    *good = *good && (text.p == NULL || copy);
    return copy;
}

static int number_of(const struct jr *v, const char *key)
{
    int64_t n = jr_int(jr_member(v, key));
    return n > 0 && n < INT32_MAX ? (int)n : 0;
}

enum err finding_read(struct ctx *ctx, const struct jr *errors)
{
    size_t count = jr_count(errors) < READ_MAX ? jr_count(errors) : READ_MAX, kept = 0;
    struct fault_item *items = count ? arena_array(ctx->arena, count, sizeof *items) : NULL;
    bool good = count == 0 || items;
    for (size_t i = 0; good && i < count; i++) {
        const struct jr *v = jr_item(errors, i), *more = jr_member(v, "details");
        struct fault_item *it = &items[kept];
        *it = (struct fault_item){.rule = text_of(ctx, v, "code", &good),
                                  .field = text_of(ctx, v, "field", &good),
                                  .file = text_of(ctx, more, "file", &good),
                                  .line = number_of(more, "line"),
                                  .column = number_of(more, "column"),
                                  .sentence = text_of(ctx, v, "message", &good),
                                  .remedy = text_of(ctx, more, "remedy", &good)};
        kept += it->rule && it->sentence; /* without them it is no finding */
    }
    if (!good)
        return ctx_no_memory(ctx);
    ctx->fault.items = items;
    ctx->fault.item_count = kept;
    return OK;
}
