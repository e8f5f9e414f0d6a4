/*
 * stages_judge.c - the three static stages, from what package/inspect.h read.
 *
 * inspect.h has done the reading and knows most of what is wrong; here its findings get their stage
 * and their level, and what only the v1 API asks for is added: the four files, the registration, an
 * agent that is one, the wishes for a model. The sentences of what refuses a v1 upload are the
 * seed's.
 */
#include <string.h>

#include "base/json_read.h"
#include "domain/stages.h"

enum { EXTRAS = 16 /* findings made here, at most */ };

struct judging {
    struct ctx *ctx;
    const struct stage_input *in;
    struct stage_finding *all; /* of all stages, in the order found */
    size_t count, cap;
};

static void add(struct judging *j, enum stage_level level, bool decides,
                const struct fault_item *item)
{
    if (j->count < j->cap)
        j->all[j->count++] = (struct stage_finding){level, *item, decides};
}

static void add_all(struct judging *j, enum stage_level level, bool decides,
                    const struct findings *from)
{
    for (size_t i = 0; i < from->count; i++)
        add(j, level, decides, &from->items[i]);
}

static bool is_v1(const struct judging *j)
{
    return j->in->surface == STAGE_FOR_V1;
}

static bool has_error(const struct inspection *found, const char *rule)
{
    for (size_t i = 0; i < found->errors.count; i++)
        if (strcmp(found->errors.items[i].rule, rule) == 0)
            return true;
    return false;
}

/* ------------------------------------------------------------------ what only v1 asks for */

static bool has_member(const struct zip *zip, struct slice root, const char *name)
{
    for (size_t i = 0; i < zip->count; i++) {
        struct slice m = zip->members[i].name;
        if (m.n == root.n + strlen(name) && slice_eq(slice_sub(m, 0, root.n), root) &&
            slice_is(slice_sub(m, root.n, m.n), name))
            return true;
    }
    return false;
}

/* The four files of the seed, in its order. */
static void judge_files(struct judging *j)
{
    static const struct {
        const char *file, *sentence, *remedy;
    } wanted[] = {
        {"__init__.py", "Missing required file: __init__.py",
         "Add it; it imports the plugin class and calls register_plugin"},
        {"plugin.py", "Missing required file: plugin.py",
         "Put plugin.py at the top of the archive or into one folder"},
        {"agent.py", "Missing required file: agent.py",
         "Add it; it holds the class that inherits from BaseAgent"},
        {"tools.py", "Missing required file: tools.py",
         "Add it; it holds the functions that are decorated with @tool"},
    };
    const struct inspection *found = j->in->found;
    bool no_plugin = has_error(found, "package.no_plugin");
    if (has_error(found, "package.too_deep") || has_error(found, "package.several_plugins"))
        return; /* where the others belong is not known */
    struct slice root = no_plugin ? j->in->zip->root : found->root;
    for (size_t i = 0; i < sizeof wanted / sizeof *wanted; i++)
        if (!has_member(j->in->zip, root, wanted[i].file))
            add(j, LEVEL_ERROR, true,
                &(struct fault_item){.rule = "structure.missing_file",
                                     .field = wanted[i].file,
                                     .sentence = wanted[i].sentence,
                                     .remedy = wanted[i].remedy});
}

static void judge_agent(struct judging *j)
{
    const struct inspection *found = j->in->found;
    if (found->meta.agent_class == NULL || found->is_agent)
        return;
    const char *sentence = str_printf(j->ctx->arena, "The class %s does not inherit from BaseAgent",
                                      found->meta.agent_class);
    add(j, found->is_open ? LEVEL_WARNING : LEVEL_ERROR, !found->is_open,
        &(struct fault_item){.rule = "structure.agent_base",
                             .field = "create_agent",
                             .file = "agent.py",
                             .sentence = sentence ? sentence : "The agent is no BaseAgent",
                             .remedy = "Let it inherit from BaseAgent of cadence_sdk"});
}

static void judge_registration(struct judging *j)
{
    const struct inspection *found = j->in->found;
    if (found->registers || !has_member(j->in->zip, found->root, "__init__.py"))
        return;
    add(j, LEVEL_ERROR, true,
        &(struct fault_item){.rule = "structure.not_registered",
                             .field = "register_plugin",
                             .file = "__init__.py",
                             .sentence = "The plugin is not registered",
                             .remedy = "Call register_plugin with the plugin class"});
}

static void judge_tools(struct judging *j)
{
    if (j->in->found->meta.tool_count == 0)
        add(j, LEVEL_WARNING, false,
            &(struct fault_item){.rule = "structure.no_tools",
                                 .file = "tools.py",
                                 .sentence = "No function is decorated as a tool",
                                 .remedy = "Decorate the tools with @tool of cadence_sdk"});
}

static void warn_llm(struct judging *j, const char *sentence)
{
    add(j, LEVEL_WARNING, false,
        &(struct fault_item){.rule = "meta.llm_requirements",
                             .field = "llm_requirements",
                             .file = "plugin.py",
                             .sentence = sentence,
                             .remedy = "Give provider, model, temperature and max_tokens"});
}

static bool is_kind(const struct jr *object, const char *key, enum jr_kind a, enum jr_kind b)
{
    const struct jr *v = jr_member(object, key);
    return v == NULL || jr_kind(v) == JR_NULL || jr_kind(v) == a || jr_kind(v) == b;
}

/* Only wishes: a wrong one is told, and the orchestrator takes its own model. */
static void judge_llm(struct judging *j)
{
    struct slice text = j->in->found->meta.llm_requirements;
    const struct jr *llm;
    struct fault before = j->ctx->fault;
    if (text.n == 0)
        return;
    if (jr_parse_object(j->ctx, text, &llm) != OK) { /* we wrote it, so there was no memory */
        j->ctx->fault = before;
        return;
    }
    if (!is_kind(llm, "provider", JR_STR, JR_STR) || !is_kind(llm, "model", JR_STR, JR_STR))
        warn_llm(j, "provider and model of llm_requirements must be str");
    const struct jr *t = jr_member(llm, "temperature"), *most = jr_member(llm, "max_tokens");
    if (!is_kind(llm, "temperature", JR_INT, JR_REAL) ||
        (t && (jr_double(t) < 0 || jr_double(t) > 2)))
        warn_llm(j, "temperature of llm_requirements must be a number from 0 to 2");
    if (!is_kind(llm, "max_tokens", JR_INT, JR_INT) ||
        (most && jr_kind(most) == JR_INT && jr_int(most) < 1))
        warn_llm(j, "max_tokens of llm_requirements must be an int above 0");
}

/* ------------------------------------------------------------------ every surface */

static void judge_capabilities(struct judging *j)
{
    const struct inspection *found = j->in->found;
    if (found->meta.capability_count == 0 && found->errors.count == 0)
        add(j, is_v1(j) ? LEVEL_WARNING : LEVEL_INFO, false,
            &(struct fault_item){.rule = "meta.capabilities",
                                 .field = "capabilities",
                                 .file = "plugin.py",
                                 .sentence = "No capability is declared",
                                 .remedy = "Name in capabilities what the plugin can do"});
}

static void judge_errors(struct judging *j)
{
    const struct findings *errors = &j->in->found->errors;
    for (size_t i = 0; i < errors->count; i++)
        if (!is_v1(j) || strcmp(errors->items[i].rule, "package.no_plugin") != 0)
            add(j, LEVEL_ERROR, true, &errors->items[i]); /* v1 has its own word for that one */
}

static void judge_warnings(struct judging *j)
{
    const struct findings *warnings = &j->in->found->warnings;
    for (size_t i = 0; i < warnings->count; i++) {
        bool no_agent = is_v1(j) && strcmp(warnings->items[i].rule, "agent.not_found") == 0;
        add(j, no_agent ? LEVEL_ERROR : LEVEL_WARNING, no_agent, &warnings->items[i]);
    }
}

static void judge_code(struct judging *j)
{
    static const enum stage_level levels[SCAN_FAMILIES] = {
        [SCAN_NETWORK] = LEVEL_INFO,        [SCAN_PROCESS] = LEVEL_WARNING,
        [SCAN_FILES] = LEVEL_INFO,          [SCAN_DYNAMIC] = LEVEL_WARNING,
        [SCAN_OBFUSCATION] = LEVEL_WARNING, [SCAN_SECRET] = LEVEL_WARNING,
    };
    const struct inspection *found = j->in->found;
    for (size_t i = 0; i < SCAN_FAMILIES; i++) {
        bool refused = (j->in->block >> i & 1u) != 0;
        add_all(j, refused ? LEVEL_ERROR : levels[i], refused, &found->code[i]);
    }
    /* what is refused may hide in what was not read */
    bool refused = j->in->block != 0;
    add_all(j, refused ? LEVEL_ERROR : LEVEL_WARNING, refused, &found->unread);
}

static void judge_imports(struct judging *j)
{
    const struct import_findings *imports = &j->in->found->imports;
    add_all(j, LEVEL_ERROR, is_v1(j), &imports->missing);
    add_all(j, LEVEL_WARNING, false, &imports->doubtful);
    add_all(j, LEVEL_INFO, false, &imports->remarks);
}

static void judge_health(struct judging *j)
{
    add(j, LEVEL_INFO, false,
        &(struct fault_item){.rule = "health.not_run", .sentence = "The plugin has not been run"});
}

static void judge_package(struct judging *j)
{
    if (is_v1(j))
        judge_files(j);
    judge_errors(j);
    if (is_v1(j) && j->in->found->meta.plugin_class) {
        judge_registration(j);
        judge_agent(j);
        judge_tools(j);
        judge_llm(j);
    }
    judge_warnings(j);
    judge_capabilities(j);
    judge_code(j);
    judge_imports(j);
}

/* The archive itself was refused: what the fault says is all that is known. */
static void judge_fault(struct judging *j)
{
    const struct fault *fault = &j->ctx->fault;
    for (size_t i = 0; i < fault->item_count; i++)
        add(j, LEVEL_ERROR, true, &fault->items[i]);
    if (fault->item_count == 0)
        add(j, LEVEL_ERROR, true,
            &(struct fault_item){.rule = "package.unreadable",
                                 .field = fault->field[0] ? "file" : NULL,
                                 .sentence = ctx_sentence(j->ctx)});
}

/* ------------------------------------------------------------------ the report */

/* The findings of one stage: what is worst first, else in the order found. */
static enum err pick(struct judging *j, enum stage_id which, struct stage *out)
{
    struct stage_finding *list = arena_array(j->ctx->arena, j->count + 1, sizeof *list);
    if (list == NULL)
        return ctx_no_memory(j->ctx);
    for (int level = LEVEL_ERROR; level >= LEVEL_INFO; level--)
        for (size_t i = 0; i < j->count; i++)
            if ((int)j->all[i].level == level && stages_of_rule(j->all[i].item.rule) == which)
                list[out->count++] = j->all[i];
    out->findings = list;
    bool failed = out->count > 0 && list[0].level == LEVEL_ERROR;
    out->result = failed ? "failed" : "passed";
    return OK;
}

static size_t findings_of(const struct stage_input *in)
{
    const struct inspection *f = in->found;
    if (f == NULL)
        return 0;
    size_t n = f->errors.count + f->warnings.count + f->unread.count + f->imports.missing.count +
               f->imports.doubtful.count + f->imports.remarks.count;
    for (size_t i = 0; i < SCAN_FAMILIES; i++)
        n += f->code[i].count;
    return n;
}

static void set_times(const struct judging *j, struct stage_report *out)
{
    const struct inspection *f = j->in->found;
    for (size_t i = 0; i < STAGE_COUNT; i++)
        out->stage[i].at = j->ctx->now;
    out->stage[STAGE_STRUCTURE].duration_us = j->in->archive_us + (f ? f->code_us : 0);
    out->stage[STAGE_METADATA].duration_us = f ? f->metadata_us : 0;
    out->stage[STAGE_DEPENDENCIES].duration_us = f ? f->imports_us : 0;
}

enum err stages_judge(struct ctx *ctx, const struct stage_input *in, struct stage_report *out)
{
    struct judging j = {.ctx = ctx, .in = in};
    bool is_read = in->zip && in->found;
    bool has_class = is_read && in->found->meta.plugin_class; /* or nobody knows what it declares */
    memset(out, 0, sizeof *out);
    out->is_v1 = is_v1(&j);
    j.cap = findings_of(in) + ctx->fault.item_count + EXTRAS;
    if ((j.all = arena_array(ctx->arena, j.cap, sizeof *j.all)) == NULL)
        return ctx_no_memory(ctx);
    if (is_read)
        judge_package(&j);
    else
        judge_fault(&j);
    judge_health(&j);
    enum err err = OK;
    for (enum stage_id i = 0; err == OK && i < STAGE_COUNT; i++) {
        out->stage[i].name = stages_name(i);
        err = pick(&j, i, &out->stage[i]);
        if (!has_class && i > STAGE_STRUCTURE && out->stage[i].result[0] == 'p')
            out->stage[i].result = "skipped";
    }
    out->stage[STAGE_HEALTH].result = is_read && is_v1(&j) ? "pending" : "skipped";
    set_times(&j, out);
    return err;
}

/* ------------------------------------------------------------------ deciding */

static const struct fault_item *deciding(struct ctx *ctx, const struct stage_report *report,
                                         size_t *count)
{
    size_t most = 0;
    for (size_t s = 0; s < STAGE_COUNT; s++)
        most += report->stage[s].count;
    struct fault_item *items = arena_array(ctx->arena, most + 1, sizeof *items);
    *count = 0;
    for (size_t s = 0; items && s < STAGE_COUNT; s++)
        for (size_t i = 0; i < report->stage[s].count; i++)
            if (report->stage[s].findings[i].decides)
                items[(*count)++] = report->stage[s].findings[i].item;
    return items;
}

/* "agent.py:12: ..." for a finding that has a place. */
static const char *placed(struct ctx *ctx, const struct fault_item *item)
{
    if (item->file == NULL)
        return item->sentence;
    return item->line ? str_printf(ctx->arena, "%s:%d: %s", item->file, item->line, item->sentence)
                      : str_printf(ctx->arena, "%s: %s", item->file, item->sentence);
}

enum err stages_decide(struct ctx *ctx, const struct stage_report *report)
{
    size_t count;
    const struct fault_item *items = deciding(ctx, report, &count);
    const char *first = items && count ? placed(ctx, &items[0]) : "";
    if (items == NULL || first == NULL)
        return ctx_no_memory(ctx);
    if (count == 0)
        return OK;
    enum err err = count == 1 || report->is_v1
                       ? ctx_fail_code(ctx, ERR_INVALID, "PL-0003", "%s", first)
                       : ctx_fail_code(ctx, ERR_INVALID, "PL-0003", "%s (and %zu more)", first,
                                       count - 1);
    if (ctx->fault.items == NULL) {
        ctx->fault.items = items;
        ctx->fault.item_count = count;
    }
    return err;
}
