/*
 * health_report.c - from lines and an exit to a word and a sentence.
 *
 * Lines are "<nonce> <JSON>". One that is not means that the plugin wrote into the channel, and then
 * nothing in it counts. A check is healthy only if the report came, names no error and has every
 * step that must be there.
 */
#include "domain/health_report.h"

#include <signal.h>
#include <string.h>

#include "base/json_read.h"
#include "base/json_write.h"

enum {
    STEPS_MAX = 16,
    TOOLS_MAX = 100,
    PARAMETERS_MAX = 30,
    REMARKS_MAX = 10,
    WARNINGS_MAX = 50,
    LINES_MAX = 20,
    FINDINGS_MAX = 60,
    TEXT_MAX = 300,
    OUTPUT_KEPT = 4000,
    PERCENT_MIB = 1 << 20
};

static const char *const needed_steps[] = {"import",       "find_class", "get_metadata",
                                           "create_agent", "get_tools",  "health_check"};

struct reader {
    struct ctx *ctx;
    const struct health_reading *in;
    struct health_outcome *out;
    struct health_findings *findings;
    const struct jr *report; /* NULL = none came */
    const char *step;        /* the last that was begun; NULL = none */
    bool foreign;            /* there is something in the channel that the runner never writes */
};

/* ------------------------------------------------------------------ lines */

/* A text of the report, bounded, not in the middle of a letter; what is no text is empty. */
static struct slice cut(const struct jr *value)
{
    struct slice text = jr_str(value);
    if (text.n <= TEXT_MAX)
        return text;
    size_t n = TEXT_MAX;
    while (n > 0 && ((unsigned char)text.p[n] & 0xC0) == 0x80)
        n--;
    return slice_sub(text, 0, n);
}

static struct slice text_of(const struct jr *object, const char *key)
{
    return cut(jr_member(object, key));
}

static const struct jr *parse_line(struct reader *r, struct slice line)
{
    struct slice nonce = slice_of(r->in->nonce);
    const struct jr *value = NULL;
    if (line.n <= nonce.n || memcmp(line.p, nonce.p, nonce.n) != 0 || line.p[nonce.n] != ' ')
        return NULL;
    if (jr_parse_object(r->ctx, slice_sub(line, nonce.n + 1, line.n), &value) == OK)
        return value;
    if (r->ctx->fault.err != ERR_NO_MEMORY)
        ctx_forgive(r->ctx);
    return NULL;
}

static enum err read_lines(struct reader *r)
{
    struct slice out = r->in->ran->out, line;
    const char *last = out.n ? memrchr(out.p, '\n', out.n) : NULL; /* behind it one was cut off */
    struct slice rest = last ? slice_sub(out, 0, (size_t)(last - out.p)) : SLICE_NONE;
    while (!r->foreign && slice_split(&rest, '\n', &line)) {
        const struct jr *value = r->report ? NULL : parse_line(r, line);
        if (r->ctx->fault.err != OK)
            return r->ctx->fault.err;
        struct slice begun = text_of(value, "begin");
        const struct jr *report = jr_member(value, "report");
        if (begun.n && (r->step = slice_dup(r->ctx->arena, begun)) == NULL)
            return ctx_no_memory(r->ctx);
        if (report && jr_kind(report) == JR_OBJECT)
            r->report = report;
        r->foreign = begun.n == 0 && r->report == NULL;
        r->foreign = r->foreign || value == NULL;
    }
    return OK;
}

/* ------------------------------------------------------------------ deciding */

static void say(struct reader *r, const char *result, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

static void say(struct reader *r, const char *result, const char *fmt, ...)
{
    struct buf b;
    va_list args;
    buf_init(&b, r->ctx->arena, 1 << 12);
    va_start(args, fmt);
    buf_vprintf(&b, fmt, args);
    va_end(args);
    r->out->result = result;
    r->out->reason = buf_text(&b);
}

/* The step that was at work, as a part of a sentence. */
static const char *where(const struct reader *r)
{
    const char *text = r->step ? str_printf(r->ctx->arena, " in the step '%s'", r->step)
                               : " before its first step";
    return text ? text : "";
}

static bool judge_end(struct reader *r)
{
    const struct sandbox_result *ran = r->in->ran;
    const struct sandbox_limits *l = r->in->limits;
    switch (ran->end) {
    case SANDBOX_EXITED: return false;
    case SANDBOX_SIGNALED:
        if (ran->status == SIGXCPU || (ran->status == SIGKILL && r->report == NULL))
            say(r, HEALTH_FAILED, "It used more than %d s of CPU time%s", l->cpu_seconds, where(r));
        else
            say(r, HEALTH_FAILED, "It was ended by %s%s",
                sigabbrev_np(ran->status) ? sigabbrev_np(ran->status) : "a signal", where(r));
        return true;
    case SANDBOX_TIMED_OUT:
        say(r, HEALTH_FAILED, "It did not finish within %d s; it was at work%s", l->wall_ms / 1000,
            where(r));
        return true;
    case SANDBOX_MEMORY:
        say(r, HEALTH_FAILED, "It took more than %lld MiB of memory%s",
            (long long)(l->memory_bytes / PERCENT_MIB), where(r));
        return true;
    case SANDBOX_PROCESSES:
        say(r, HEALTH_FAILED, "It started more than %d processes%s", l->processes, where(r));
        return true;
    case SANDBOX_OUTPUT:
        say(r, HEALTH_FAILED, "It wrote more than %zu KiB of output%s", l->output_max / 1024,
            where(r));
        return true;
    case SANDBOX_CANCELLED: break;
    }
    say(r, HEALTH_UNCHECKED, "The check was stopped");
    return true;
}

/* True when a step of that name is there and went well. */
static bool has_step(const struct jr *steps, const char *name)
{
    size_t count = jr_count(steps) < STEPS_MAX ? jr_count(steps) : STEPS_MAX;
    for (size_t i = 0; i < count; i++) {
        const struct jr *step = jr_item(steps, i);
        if (slice_is(jr_str(jr_member(step, "name")), name))
            return jr_bool(jr_member(step, "ok"));
    }
    return false;
}

static void judge_error(struct reader *r, const struct jr *error)
{
    struct slice missing = text_of(r->report, "missing"), type = text_of(error, "type"),
                 message = text_of(error, "message"), step = text_of(error, "step");
    if (missing.n && r->in->may_lack)
        say(r, HEALTH_UNCHECKED,
            "It needs the module '%.*s', which is not installed here; set up a wheelhouse or an "
            "index to have dependencies installed",
            SLICE_ARGS(missing));
    else
        say(r, HEALTH_FAILED, "%.*s: %.*s: %.*s", SLICE_ARGS(step), SLICE_ARGS(type),
            SLICE_ARGS(message));
}

static void judge_report(struct reader *r)
{
    const struct jr *error = jr_member(r->report, "error");
    if (error && jr_kind(error) != JR_NULL) {
        judge_error(r, error);
        return;
    }
    for (size_t i = 0; i < sizeof needed_steps / sizeof *needed_steps; i++)
        if (!has_step(jr_member(r->report, "steps"), needed_steps[i])) {
            say(r, HEALTH_FAILED, "Its report lacks the step '%s'", needed_steps[i]);
            return;
        }
    r->out->result = HEALTH_HEALTHY;
    r->out->reason = NULL;
}

static void judge(struct reader *r)
{
    if (judge_end(r))
        return;
    if (r->foreign)
        say(r, HEALTH_FAILED, "It wrote into the channel of the report%s", where(r));
    else if (r->report)
        judge_report(r);
    else if (r->step)
        say(r, HEALTH_FAILED, "It ended the process with status %d%s", r->in->ran->status,
            where(r));
    else
        say(r, HEALTH_UNCHECKED, "The runner could not begin (status %d)", r->in->ran->status);
}

/* ------------------------------------------------------------------ detail */

static void put_text(struct jw *j, const char *key, const struct jr *object)
{
    struct slice text = text_of(object, key);
    jw_key(j, key);
    if (text.p)
        jw_text(j, text);
    else
        jw_null(j);
}

static size_t at_most(const struct jr *array, size_t max)
{
    return jr_count(array) < max ? jr_count(array) : max;
}

static void put_texts(struct jw *j, const char *key, const struct jr *array, size_t max)
{
    jw_key(j, key);
    jw_array(j);
    for (size_t i = 0; i < at_most(array, max); i++) {
        jw_text(j, cut(jr_item(array, i)));
    }
    jw_end(j);
}

static void put_plugin(struct jw *j, const struct jr *plugin)
{
    static const char *const keys[] = {"class", "pid", "name", "version", "sdk", "python"};
    jw_key(j, "plugin");
    jw_object(j);
    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++)
        put_text(j, keys[i], plugin);
    jw_end(j);
}

static void put_steps(struct jw *j, const struct jr *steps)
{
    jw_key(j, "steps");
    jw_array(j);
    for (size_t i = 0; i < at_most(steps, STEPS_MAX); i++) {
        const struct jr *step = jr_item(steps, i);
        jw_object(j);
        put_text(j, "name", step);
        jw_key(j, "ms");
        jw_double(j, jr_double(jr_member(step, "ms")));
        jw_put_bool(j, "ok", jr_bool(jr_member(step, "ok")));
        jw_end(j);
    }
    jw_end(j);
}

static void put_parameters(struct jw *j, const struct jr *parameters)
{
    jw_key(j, "parameters");
    jw_array(j);
    for (size_t i = 0; i < at_most(parameters, PARAMETERS_MAX); i++) {
        const struct jr *p = jr_item(parameters, i);
        jw_object(j);
        put_text(j, "name", p);
        put_text(j, "type", p);
        jw_put_bool(j, "required", jr_bool(jr_member(p, "required")));
        jw_end(j);
    }
    jw_end(j);
}

static void put_tools(struct jw *j, const struct jr *tools)
{
    jw_key(j, "tools");
    jw_array(j);
    for (size_t i = 0; i < at_most(tools, TOOLS_MAX); i++) {
        const struct jr *tool = jr_item(tools, i);
        jw_object(j);
        put_text(j, "name", tool);
        put_text(j, "description", tool);
        jw_put_bool(j, "async", jr_bool(jr_member(tool, "async")));
        put_parameters(j, jr_member(tool, "parameters"));
        put_texts(j, "problems", jr_member(tool, "problems"), REMARKS_MAX);
        put_texts(j, "remarks", jr_member(tool, "remarks"), REMARKS_MAX);
        jw_end(j);
    }
    jw_end(j);
}

static void put_error(struct jw *j, const struct jr *error)
{
    jw_key(j, "error");
    if (error == NULL || jr_kind(error) != JR_OBJECT) {
        jw_null(j);
        return;
    }
    jw_object(j);
    put_text(j, "step", error);
    put_text(j, "type", error);
    put_text(j, "message", error);
    put_texts(j, "lines", jr_member(error, "lines"), LINES_MAX);
    jw_end(j);
}

/* The end of what it printed: there the trouble stands. Letters that only a terminal understands,
 * and the NUL that no reader of ours takes, become question marks. */
static void put_output(struct reader *r, struct jw *j)
{
    struct slice err = r->in->ran->err;
    size_t from = err.n > OUTPUT_KEPT ? err.n - OUTPUT_KEPT : 0;
    struct slice end = slice_sub(err, from, err.n);
    char *clean = slice_dup(r->ctx->arena, end);
    for (size_t i = 0; clean && i < end.n; i++)
        if ((unsigned char)clean[i] < ' ' && clean[i] != '\n' && clean[i] != '\t')
            clean[i] = '?';
    jw_put_text(j, "output", (struct slice){clean ? clean : "", clean ? end.n : 0});
}

static bool write_detail(struct reader *r, bool with_tools, struct slice *out)
{
    struct buf b;
    struct jw j;
    buf_init(&b, r->ctx->arena, HEALTH_DETAIL_MAX);
    jw_start(&j, &b);
    jw_object(&j);
    put_plugin(&j, jr_member(r->report, "plugin"));
    put_steps(&j, jr_member(r->report, "steps"));
    put_tools(&j, with_tools ? jr_member(r->report, "tools") : NULL);
    put_texts(&j, "warnings", jr_member(r->report, "warnings"), WARNINGS_MAX);
    put_error(&j, jr_member(r->report, "error"));
    jw_put_str(&j, "last_step", r->step);
    jw_put_bool(&j, "tools_left_out", !with_tools);
    put_output(r, &j);
    jw_end(&j);
    *out = buf_view(&b);
    return jw_done(&j);
}

/* ------------------------------------------------------------------ findings */

static struct stage_finding *add(struct reader *r, enum stage_level level, const char *rule)
{
    if (r->findings->count == FINDINGS_MAX)
        return NULL;
    struct stage_finding *f = &r->findings->list[r->findings->count++];
    *f = (struct stage_finding){.level = level, .item = {.rule = rule, .sentence = ""}};
    return f;
}

static const char *copy(struct reader *r, struct slice text)
{
    const char *made = slice_dup(r->ctx->arena, text);
    return made ? made : "";
}

/* "agent.py:12 in get_tools: ..." names a file and a line; the last such line is the nearest. */
static void set_place(struct reader *r, struct fault_item *item, const struct jr *lines)
{
    for (size_t i = at_most(lines, LINES_MAX); i-- > 0;) {
        struct slice line = cut(jr_item(lines, i)), file;
        uint64_t number;
        size_t digits = 0;
        if (!slice_split(&line, ':', &file) || file.n == 0 || file.p[0] == '/')
            continue;
        while (digits < line.n && line.p[digits] >= '0' && line.p[digits] <= '9')
            digits++;
        if (!slice_to_u64(slice_sub(line, 0, digits), &number) || number > INT32_MAX)
            continue;
        item->file = copy(r, file);
        item->line = (int)number;
        return;
    }
}

static void find_warnings(struct reader *r)
{
    const struct jr *warnings = jr_member(r->report, "warnings");
    for (size_t i = 0; i < at_most(warnings, WARNINGS_MAX); i++) {
        struct stage_finding *f = add(r, LEVEL_WARNING, "health.warning");
        if (f)
            f->item.sentence = copy(r, cut(jr_item(warnings, i)));
    }
}

static void find_remarks(struct reader *r)
{
    const struct jr *tools = jr_member(r->report, "tools");
    for (size_t i = 0; i < at_most(tools, TOOLS_MAX); i++) {
        const struct jr *tool = jr_item(tools, i), *remarks = jr_member(tool, "remarks");
        struct slice name = text_of(tool, "name");
        for (size_t n = 0; n < at_most(remarks, REMARKS_MAX); n++) {
            struct slice remark = cut(jr_item(remarks, n));
            struct stage_finding *f = add(r, LEVEL_WARNING, "health.tool");
            if (f == NULL)
                return;
            f->item.sentence = str_printf(r->ctx->arena, "The tool '%.*s': %.*s", SLICE_ARGS(name),
                                          SLICE_ARGS(remark));
        }
    }
}

static void find(struct reader *r)
{
    const struct jr *error = jr_member(r->report, "error");
    if (strcmp(r->out->result, HEALTH_HEALTHY) != 0) {
        bool failed = strcmp(r->out->result, HEALTH_FAILED) == 0;
        struct stage_finding *f = add(r, failed ? LEVEL_ERROR : LEVEL_INFO,
                                      failed ? "health.failed" : "health.unchecked");
        f->item.sentence = r->out->reason ? r->out->reason : "";
        set_place(r, &f->item, jr_member(error, "lines"));
    }
    find_warnings(r);
    find_remarks(r);
}

enum err health_report_read(struct ctx *ctx, const struct health_reading *in,
                            struct health_outcome *out, struct health_findings *findings)
{
    struct reader r = {.ctx = ctx, .in = in, .out = out, .findings = findings};
    *out = (struct health_outcome){.result = HEALTH_UNCHECKED, .duration_ms = in->ran->wall_ms};
    findings->count = 0;
    findings->list = arena_array(ctx->arena, FINDINGS_MAX, sizeof *findings->list);
    if (findings->list == NULL)
        return ctx_no_memory(ctx);
    enum err err = read_lines(&r);
    if (err != OK)
        return err;
    judge(&r);
    if (r.foreign)
        r.report = NULL; /* nothing of it counts */
    find(&r);
    for (size_t i = 0; i < findings->count; i++)
        if (findings->list[i].item.sentence == NULL)
            return ctx_no_memory(ctx);
    if (!write_detail(&r, true, &out->detail) && !write_detail(&r, false, &out->detail))
        return ctx_no_memory(ctx);
    bool healthy = strcmp(out->result, HEALTH_HEALTHY) == 0;
    return healthy || out->reason ? OK : ctx_no_memory(ctx);
}
