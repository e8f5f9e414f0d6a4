/*
 * test_stages.c - what the stages make of a package on each surface, and how it is kept.
 */
#include "domain/stages.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "domain/domain.h"
#include "package/zip_source.h"
#include "store/db.h"
#include "support_catalog.h"

#define INIT                                                                                       \
    "__init__.py", "from cadence_sdk import register_plugin\nfrom .plugin import P\n"              \
                   "register_plugin(P)\n"
#define PLUGIN(fields)                                                                             \
    "plugin.py", "from cadence_sdk import BasePlugin, PluginMetadata\n"                            \
                 "class P(BasePlugin):\n"                                                          \
                 "    @staticmethod\n    def get_metadata():\n"                                    \
                 "        return PluginMetadata(" fields ")\n"                                     \
                 "    @staticmethod\n    def create_agent():\n"                                    \
                 "        from .agent import A\n        return A()\n"
#define V1_FIELDS "name='math', version='1.0.0', description='d', capabilities=['add']"
#define AGENT(base) "agent.py", "from cadence_sdk import BaseAgent\nclass A(" base "):\n    pass\n"
#define TOOLS                                                                                      \
    "tools.py", "from cadence_sdk import tool\n@tool\ndef add(a):\n    \"\"\"Adds.\"\"\"\n"
#define V2_FIELDS "pid='com.acme.x', " V1_FIELDS

static void judge(struct town *t, enum stage_surface surface, unsigned block,
                  const char *const *files, struct stage_report *out)
{
    struct ctx *ctx = work(t);
    struct package_source source;
    struct inspection found;
    struct zip *zip;
    must(t, zip_open(ctx, zip_of(&t->arena, files), &zip_limits_cadence, &zip));
    must(t, zip_source(ctx, zip, &source));
    enum err err = surface == STAGE_FOR_V1 ? inspect_package_v1(ctx, &source, &found)
                                           : inspect_package(ctx, &source, &found);
    assert_true(err == OK || err == ERR_INVALID);
    const struct stage_input in = {surface, zip, &found, 5, block};
    must(t, stages_judge(ctx, &in, out));
    ctx_forgive(ctx);
}

/* "structure failed, metadata passed, ..." */
static void results(const struct stage_report *r, const char *a, const char *b, const char *c,
                    const char *d)
{
    assert_string_equal(r->stage[STAGE_STRUCTURE].result, a);
    assert_string_equal(r->stage[STAGE_METADATA].result, b);
    assert_string_equal(r->stage[STAGE_DEPENDENCIES].result, c);
    assert_string_equal(r->stage[STAGE_HEALTH].result, d);
}

static const struct stage_finding *finding(const struct stage *s, const char *rule)
{
    for (size_t i = 0; i < s->count; i++)
        if (strcmp(s->findings[i].item.rule, rule) == 0)
            return &s->findings[i];
    return NULL;
}

static void refused(struct town *t, const struct stage_report *r, const char *sentence)
{
    struct ctx *ctx = work(t);
    assert_int_equal(stages_decide(ctx, r), ERR_INVALID);
    assert_string_equal(ctx->fault.sentence, sentence);
    assert_string_equal(ctx->fault.code, "PL-0003");
    assert_true(ctx->fault.item_count > 0);
}

static void accepted(struct town *t, const struct stage_report *r)
{
    must(t, stages_decide(work(t), r));
}

/* ------------------------------------------------------------------ v1 */

static void the_four_files_of_v1(void **state)
{
    struct town *t = *state;
    struct stage_report r;
    judge(t, STAGE_FOR_V1, 0,
          (const char *const[]){INIT, PLUGIN(V1_FIELDS), AGENT("BaseAgent"), TOOLS, NULL}, &r);
    results(&r, "passed", "passed", "passed", "pending");
    accepted(t, &r);
    judge(t, STAGE_FOR_V1, 0, (const char *const[]){INIT, AGENT("BaseAgent"), TOOLS, NULL}, &r);
    refused(t, &r, "Missing required file: plugin.py");
    judge(t, STAGE_FOR_V1, 0,
          (const char *const[]){"w/plugin.py", "", "w/__init__.py", "", "w/tools.py", "", NULL},
          &r);
    refused(t, &r, "Missing required file: agent.py");
    judge(t, STAGE_FOR_V1, 0, (const char *const[]){"readme.txt", "x", NULL}, &r);
    assert_int_equal(r.stage[STAGE_STRUCTURE].count, 4);
    refused(t, &r, "Missing required file: __init__.py");
}

static void what_else_v1_asks_for(void **state)
{
    struct town *t = *state;
    struct stage_report r;
    judge(t, STAGE_FOR_V1, 0,
          (const char *const[]){"__init__.py", "from .plugin import P\n", PLUGIN(V1_FIELDS),
                                AGENT("object"), "tools.py", "", NULL},
          &r);
    results(&r, "failed", "passed", "passed", "pending");
    assert_non_null(finding(&r.stage[STAGE_STRUCTURE], "structure.not_registered"));
    assert_non_null(finding(&r.stage[STAGE_STRUCTURE], "structure.agent_base"));
    assert_int_equal(finding(&r.stage[STAGE_STRUCTURE], "structure.no_tools")->level,
                     LEVEL_WARNING);
    judge(t, STAGE_FOR_V1, 0,
          (const char *const[]){INIT,
                                PLUGIN(V1_FIELDS ", llm_requirements={'model': 3,"
                                                 " 'temperature': 7, 'max_tokens': 0}"),
                                AGENT("BaseAgent"), TOOLS, NULL},
          &r);
    results(&r, "passed", "passed", "passed", "pending"); /* wishes only warn */
    size_t wishes = 0;
    for (size_t i = 0; i < r.stage[STAGE_METADATA].count; i++)
        wishes += strcmp(r.stage[STAGE_METADATA].findings[i].item.rule, "meta.llm_requirements") ==
                  0;
    assert_int_equal(wishes, 3);
    judge(t, STAGE_FOR_V1, 0,
          (const char *const[]){INIT, PLUGIN("name='math', version='one', description='d'"),
                                AGENT("BaseAgent"), TOOLS, NULL},
          &r);
    results(&r, "passed", "failed", "passed", "pending");
    judge(t, STAGE_FOR_V1, 0,
          (const char *const[]){INIT, PLUGIN(V1_FIELDS), AGENT("BaseAgent"), "tools.py",
                                "\nimport pandas\n", NULL},
          &r);
    results(&r, "passed", "passed", "failed", "pending");
    refused(t, &r, "tools.py:2: pandas is imported but not declared");
}

/* ------------------------------------------------------------------ org and system */

static void others_are_told_and_not_refused(void **state)
{
    struct town *t = *state;
    struct stage_report r;
    const char *const files[] = {PLUGIN(V2_FIELDS), AGENT("BaseAgent"), "u.py",
                                 "import pandas, subprocess\n", NULL};
    judge(t, STAGE_FOR_ORG, 0, files, &r);
    results(&r, "passed", "passed", "failed", "skipped");
    accepted(t, &r);
    judge(t, STAGE_FOR_SYSTEM, 1u << SCAN_NETWORK, files, &r);
    accepted(t, &r);
    judge(t, STAGE_FOR_SYSTEM, 1u << SCAN_PROCESS, files, &r);
    results(&r, "failed", "passed", "failed", "skipped");
    refused(t, &r, "u.py:1: The file imports subprocess, which starts or ends other processes");
}

static void what_is_worst_comes_first(void **state)
{
    struct town *t = *state;
    struct stage_report r;
    judge(t, STAGE_FOR_ORG, 0,
          (const char *const[]){PLUGIN(V2_FIELDS ", dependencies=['httpx', 'httpx']"),
                                AGENT("BaseAgent"), "u.py", "from . import gone\n", NULL},
          &r);
    const struct stage *s = &r.stage[STAGE_DEPENDENCIES];
    for (size_t i = 1; i < s->count; i++)
        assert_true(s->findings[i - 1].level >= s->findings[i].level);
    assert_int_equal(s->findings[0].level, LEVEL_ERROR);
}

static void an_archive_that_is_none(void **state)
{
    struct town *t = *state;
    struct ctx *ctx = work(t);
    struct stage_report r;
    struct zip *zip;
    assert_int_equal(zip_open(ctx, SLICE("PK\3\4 and then nothing"), &zip_limits_cadence, &zip),
                     ERR_INVALID);
    const struct stage_input in = {.surface = STAGE_FOR_ORG};
    must(t, stages_judge(ctx, &in, &r));
    results(&r, "failed", "skipped", "skipped", "skipped");
    assert_true(r.stage[STAGE_STRUCTURE].count > 0);
    assert_int_equal(ctx->fault.err, ERR_INVALID); /* judging changes no fault */
}

static void rules_have_a_stage(void **state)
{
    (void)state;
    assert_int_equal(stages_of_rule("zip.overlap"), STAGE_STRUCTURE);
    assert_int_equal(stages_of_rule("meta.version"), STAGE_METADATA);
    assert_int_equal(stages_of_rule("meta.no_class"), STAGE_STRUCTURE);
    assert_int_equal(stages_of_rule("settings.type"), STAGE_METADATA);
    assert_int_equal(stages_of_rule("dependency.url"), STAGE_DEPENDENCIES);
    assert_int_equal(stages_of_rule("health.import"), STAGE_HEALTH);
    assert_int_equal(stages_of_rule(NULL), STAGE_METADATA);
}

/* ------------------------------------------------------------------ kept */

static void read_kept(struct town *t, const char *id, struct stage_report *r,
                      struct health_run *run)
{
    must(t, stages_read(work(t), &t->domain, id, r, run));
}

static enum err write_health(struct ctx *ctx, struct conn *conn, void *arg)
{
    const struct stage_finding f = {
        .level = LEVEL_ERROR,
        .item = {.rule = "health.import", .file = "plugin.py", .line = 7, .sentence = "It fails"}};
    return stages_health(ctx, conn, arg, "failed", 12345, &f, 1);
}

static enum err write_bare(struct ctx *ctx, struct conn *conn, void *arg)
{
    struct stage_report r = {.is_v1 = false};
    for (size_t i = 0; i < STAGE_COUNT; i++)
        r.stage[i] = (struct stage){.result = "passed", .at = 5};
    return stages_keep(ctx, conn, arg, &r);
}

static void an_upload_keeps_its_report(void **state)
{
    struct town *t = *state;
    struct stage_report r;
    struct health_run run;
    struct plugin p = put_plugin(t, t->acme.id, "com.acme.kept", "1.0.0");
    read_kept(t, p.id, &r, &run);
    results(&r, "passed", "passed", "passed", "skipped");
    assert_int_equal(run.at, 0);
    for (size_t i = 0; i < STAGE_COUNT; i++)
        assert_int_equal(r.stage[i].at, t->wall);
    assert_non_null(finding(&r.stage[STAGE_HEALTH], "health.not_run"));

    must(t, store_write(work(t), t->store, write_health, (void *)(uintptr_t)p.id));
    read_kept(t, p.id, &r, &run);
    results(&r, "passed", "passed", "passed", "failed");
    assert_int_equal(r.stage[STAGE_HEALTH].count, 1); /* in the place of the older remark */
    const struct stage_finding *f = finding(&r.stage[STAGE_HEALTH], "health.import");
    assert_string_equal(f->item.file, "plugin.py");
    assert_int_equal(f->item.line, 7);
    assert_int_equal(f->item.column, 0);
    assert_null(f->item.remedy);
    assert_int_equal(r.stage[STAGE_HEALTH].duration_us, 12345);

    must(t, store_write(work(t), t->store, write_bare, (void *)(uintptr_t)p.id));
    read_kept(t, p.id, &r, &run);
    results(&r, "passed", "passed", "passed", "passed");
    for (size_t i = 0; i < STAGE_COUNT; i++)
        assert_int_equal(r.stage[i].count, 0);
}

static void a_version_without_a_report_says_so(void **state)
{
    struct town *t = *state;
    struct stage_report r;
    struct health_run run;
    read_kept(t, "01900000-0000-7000-8000-000000000000", &r, &run);
    results(&r, "skipped", "skipped", "skipped", "skipped");
    assert_int_equal(r.stage[STAGE_STRUCTURE].at, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(the_four_files_of_v1, market_setup, market_teardown),
        cmocka_unit_test_setup_teardown(what_else_v1_asks_for, market_setup, market_teardown),
        cmocka_unit_test_setup_teardown(others_are_told_and_not_refused, market_setup,
                                        market_teardown),
        cmocka_unit_test_setup_teardown(what_is_worst_comes_first, market_setup, market_teardown),
        cmocka_unit_test_setup_teardown(an_archive_that_is_none, market_setup, market_teardown),
        cmocka_unit_test(rules_have_a_stage),
        cmocka_unit_test_setup_teardown(an_upload_keeps_its_report, market_setup, market_teardown),
        cmocka_unit_test_setup_teardown(a_version_without_a_report_says_so, market_setup,
                                        market_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
