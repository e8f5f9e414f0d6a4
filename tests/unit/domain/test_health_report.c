/*
 * test_health_report.c - what is made of lines from a sandbox, honest ones and others.
 */
#include "domain/health_report.h"

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/json_read.h"

#define NONCE "0123456789abcdef0123456789abcdef"
#define LINE(json) NONCE " " json "\n"
#define STEP(name) "{\"name\":\"" name "\",\"ms\":1.5,\"ok\":true}"
#define STEPS                                                                                      \
    STEP("import")                                                                                 \
    "," STEP("find_class") "," STEP("get_metadata") "," STEP("create_agent") "," STEP(             \
        "get_tools") "," STEP("health_check")
#define REPORT(more) LINE("{\"report\":{\"steps\":[" STEPS "]" more "}}")
#define GOOD LINE("{\"begin\":\"import\"}") REPORT(",\"error\":null,\"tools\":[],\"warnings\":[]")

struct bench {
    struct arena arena;
    struct ctx ctx;
    struct sandbox_limits limits;
    struct sandbox_result ran;
    struct health_reading reading;
    struct health_outcome out;
    struct health_findings findings;
};

static int set_up(void **state)
{
    struct bench *b = calloc(1, sizeof *b);
    assert_non_null(b);
    arena_init(&b->arena, 32 << 20);
    ctx_init(&b->ctx, &b->arena, &clock_system, NULL, "test");
    b->limits = (struct sandbox_limits){.memory_bytes = 512 << 20,
                                        .cpu_seconds = 20,
                                        .wall_ms = 30000,
                                        .processes = 32,
                                        .output_max = 1 << 20};
    b->reading = (struct health_reading){&b->ran, &b->limits, NONCE, false};
    *state = b;
    return 0;
}

static int tear_down(void **state)
{
    struct bench *b = *state;
    arena_free(&b->arena);
    free(b);
    return 0;
}

static void read_out(struct bench *b, struct slice out)
{
    b->ran.out = out;
    assert_int_equal(health_report_read(&b->ctx, &b->reading, &b->out, &b->findings), OK);
    assert_int_equal(b->ctx.fault.err, OK);
    const struct jr *detail;
    assert_int_equal(jr_parse_object(&b->ctx, b->out.detail, &detail), OK); /* always one of ours */
    assert_true(b->out.detail.n <= HEALTH_DETAIL_MAX);
}

static void wants(struct bench *b, const char *out, const char *result, const char *reason)
{
    read_out(b, slice_of(out));
    assert_string_equal(b->out.result, result);
    if (reason)
        assert_string_equal(b->out.reason, reason);
    else
        assert_null(b->out.reason);
}

static void test_healthy(void **state)
{
    struct bench *b = *state;
    wants(b, GOOD, "healthy", NULL);
    assert_int_equal(b->findings.count, 0);
}

static void test_never_without_all_of_it(void **state)
{
    struct bench *b = *state;
    wants(b, LINE("{\"report\":{}}"), "failed", "Its report lacks the step 'import'");
    wants(b, LINE("{\"report\":{\"steps\":[" STEP("import") "]}}"), "failed",
          "Its report lacks the step 'find_class'");
    wants(b,
          LINE("{\"report\":{\"steps\":[{\"name\":\"import\",\"ok\":false}," STEPS
               "],\"error\":null}}"),
          "failed", "Its report lacks the step 'import'"); /* the first of a name counts */
    wants(b, "", "unchecked", "The runner could not begin (status 0)");
    wants(b, LINE("{\"begin\":\"import\"}"), "failed",
          "It ended the process with status 0 in the step 'import'");
    wants(b, NONCE " {\"report\":{\"steps\":[", "unchecked",
          "The runner could not begin (status 0)"); /* cut off */
}

static void test_foreign_words(void **state)
{
    struct bench *b = *state;
    static const char *const outs[] = {
        "hello\n" GOOD,
        GOOD "hello\n",
        GOOD "\n",
        GOOD GOOD,
        "{\"report\":{}}\n",
        "00000000000000000000000000000000 {\"report\":{\"steps\":[" STEPS "]}}\n",
        NONCE "{\"report\":{}}\n",
        LINE("[]"),
        LINE("{}"),
        LINE("{\"report\":[]}"),
        LINE("{\"report\":{},\"report\":{}}"),
        LINE("{\"begin\":7}"),
        NONCE "\n",
    };
    for (size_t i = 0; i < sizeof outs / sizeof *outs; i++) {
        read_out(b, slice_of(outs[i]));
        if (strcmp(b->out.result, "failed") != 0 ||
            strncmp(b->out.reason, "It wrote into the channel of the report", 39) != 0)
            fail_msg("%s: %s %s", outs[i], b->out.result, b->out.reason ? b->out.reason : "");
    }
}

static void test_ends(void **state)
{
    struct bench *b = *state;
    static const struct {
        enum sandbox_end end;
        int status;
        const char *result, *reason;
    } cases[] = {
        {SANDBOX_SIGNALED, SIGXCPU, "failed", "It used more than 20 s of CPU time"},
        {SANDBOX_SIGNALED, SIGSEGV, "failed", "It was ended by SEGV"},
        {SANDBOX_TIMED_OUT, 0, "failed", "It did not finish within 30 s"},
        {SANDBOX_MEMORY, 0, "failed", "It took more than 512 MiB of memory"},
        {SANDBOX_PROCESSES, 0, "failed", "It started more than 32 processes"},
        {SANDBOX_OUTPUT, 0, "failed", "It wrote more than 1024 KiB of output"},
        {SANDBOX_CANCELLED, 0, "unchecked", "The check was stopped"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        b->ran.end = cases[i].end;
        b->ran.status = cases[i].status;
        read_out(b, SLICE(GOOD)); /* however well it went before */
        assert_string_equal(b->out.result, cases[i].result);
        assert_memory_equal(b->out.reason, cases[i].reason, strlen(cases[i].reason));
    }
}

static void test_errors(void **state)
{
    struct bench *b = *state;
    static const char out[] = LINE(
        "{\"report\":{\"missing\":\"httpx\",\"error\":{\"step\":\"import\",\"type\":"
        "\"ModuleNotFoundError\",\"message\":\"No module named 'httpx'\",\"lines\":["
        "\"__init__.py:1 in <module>: x\",\"tools/net.py:7 in <module>: import httpx\","
        "\"/usr/lib/x.py:3 in f: y\"]},\"warnings\":[\"careful\"],\"tools\":[{\"name\":\"a\","
        "\"remarks\":[\"has no docstring\"],\"problems\":[]}]}}");
    wants(b, out, "failed", "import: ModuleNotFoundError: No module named 'httpx'");
    assert_int_equal(b->findings.count, 3);
    const struct stage_finding *first = &b->findings.list[0];
    assert_int_equal(first->level, LEVEL_ERROR);
    assert_string_equal(first->item.file, "tools/net.py");
    assert_int_equal(first->item.line, 7);
    assert_string_equal(b->findings.list[1].item.sentence, "careful");
    assert_string_equal(b->findings.list[2].item.sentence, "The tool 'a': has no docstring");
    b->reading.may_lack = true;
    read_out(b, slice_of(out));
    assert_string_equal(b->out.result, "unchecked");
    assert_int_equal(b->findings.list[0].level, LEVEL_INFO);
}

/* As large as a report may come: the tools go, what matters stays. */
static void test_bounds(void **state)
{
    struct bench *b = *state;
    struct buf out;
    buf_init(&out, &b->arena, 8 << 20);
    buf_str(&out, NONCE " {\"report\":{\"steps\":[" STEPS "],\"tools\":[");
    for (int i = 0; i < 500; i++)
        buf_printf(&out, "%s{\"name\":\"%0999d\",\"parameters\":[{\"name\":\"%0999d\"}]}",
                   i ? "," : "", i, i);
    buf_str(&out, "],\"warnings\":[");
    for (int i = 0; i < 500; i++)
        buf_printf(&out, "%s\"%0999d\"", i ? "," : "", i);
    buf_str(&out, "]}}\n");
    assert_false(buf_failed(&out));
    b->ran.err = buf_view(&out); /* what it printed is as long */
    read_out(b, buf_view(&out));
    assert_string_equal(b->out.result, "healthy");
    assert_non_null(memmem(b->out.detail.p, b->out.detail.n, "\"tools_left_out\":true", 21));
    assert_true(b->findings.count <= 60);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_healthy, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_never_without_all_of_it, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_foreign_words, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_ends, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_errors, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_bounds, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
