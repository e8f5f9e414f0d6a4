/*
 * test_fixtures.c - the plugins of tests/fixtures/plugins, as folders and as archives.
 *
 * They are written as real plugins are: the four of the acceptance list first, then one for each
 * way of saying who one is, then two that must be refused.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "package/zip_source.h"
#include "package/zip_write.h"
#include "support_source.h"

// clang-format off
static const struct {
    const char *folder;
    enum plugin_generation generation;
    const char *pid, *name, *version, *description;
    const char *agent_type, *plugin_class, *agent_class;
    bool specialized, scoped, stateless;
    size_t capabilities, dependencies, settings, tools;
    size_t errors, warnings;
} rows[] = {
    {"web_search_agent", PLUGIN_V2, "one.ifelse.plugins.web_search_agent", "Web Search Agent", "1.0.0",
     "Searches the web \xE2\x80\x94 pages and pictures \xE2\x80\x94 and hands results on with their addresses",
     "specialized", "WebSearchPlugin", "WebSearchAgent", true, false, true, 2, 2, 3, 2, 0, 0},
    {"webpage_reader_agent", PLUGIN_V2, "one.ifelse.webpage_reader_agent", "Webpage Reader Agent", "1.0.0",
     "Reads a web page \xE2\x80\x93 and answers questions about it only", "scoped", "WebpageReaderPlugin",
     "WebpageReaderAgent", false, true, true, 1, 3, 3, 1, 0, 0},
    {"helpdesk_agent", PLUGIN_V2, "one.ifelse.helpdesk_agent", "Helpdesk Agent", "1.0.0",
     "Answers support questions, alone or scoped to one ticket", "specialized", "HelpdeskPlugin",
     "HelpdeskAgent", true, true, true, 2, 1, 2, 2, 0, 0},
    {"recommendation_agent", PLUGIN_V2, "one.ifelse.plugins.recommendation_agent",
     "Recommendation Resources", "1.0.0", "Recommends products by meaning, price and category",
     "specialized", "ProductRecommendationPlugin", "ProductRecommendationAgent", true, false, true, 2, 2, 16,
     2, 0, 0},
    {"math_plugin", PLUGIN_V1, NULL, "math_plugin", "1.0.0", "Arithmetic with whole and broken numbers",
     "specialized", "MathPlugin", "MathAgent", true, false, true, 2, 1, 0, 2, 0, 0},
    {"unit_converter", PLUGIN_V2, "one.ifelse.unit_converter", "Unit Converter", "2.1.0",
     "Converts units.\n  Never rounds twice.", "general", "ConverterPlugin", "ConverterAgent", true, false,
     true, 3, 0, 2, 1, 0, 0},
    {"meeting_notes", PLUGIN_V2, "one.ifelse.meeting_notes", "Meeting notes", "0.9rc1",
     "Writes down who said what", "scoped", "NotesPlugin", "NotesAgent", false, true, false, 2, 0, 2, 0, 0, 0},
    {"weather_station", PLUGIN_V2, "one.ifelse.weather_station", "Weather station", "3.2",
     "Reads the sensors of one house", "specialized", "WeatherPlugin", "WeatherAgent", true, false, true, 0,
     0, 3, 0, 0, 0},
    {"translators", PLUGIN_V2, "one.ifelse.french", "French", "1.0.0", "Speaks French", "specialized",
     "FrenchPlugin", "TranslatorAgent", true, false, true, 0, 0, 0, 0, 0, 1},
    {"cafe_menu", PLUGIN_V2, "one.ifelse.cafe_menu", "Caf\xC3\xA9 menu", "1.0",
     "What is on today\nin the caf\xC3\xA9", "specialized", "MenuPlugin", "MenuAgent", true, false, true, 0,
     0, 0, 0, 0, 0},
    {"invoice_checker", PLUGIN_V2, "invoice-checker", NULL, "1.2.3.4", NULL, "specialized", "InvoicePlugin",
     "InvoiceAgent", true, false, true, 0, 2, 2, 0, 12, 0},
    {"env_driven", PLUGIN_V2, "one.ifelse.env_driven", "Env", NULL, NULL, "specialized", "EnvPlugin",
     "EnvAgent", true, false, true, 0, 0, 0, 0, 2, 0},
};
// clang-format on

static void same(const char *a, const char *b)
{
    if (a == NULL || b == NULL)
        assert_ptr_equal(a, b);
    else
        assert_string_equal(a, b);
}

static void check(const struct inspection *found, enum err err, size_t i)
{
    const struct plugin_meta *m = &found->meta;
    if (found->errors.count != rows[i].errors || found->warnings.count != rows[i].warnings)
        show_findings(found);
    assert_int_equal(err, rows[i].errors ? ERR_INVALID : OK);
    assert_int_equal(found->errors.count, rows[i].errors);
    assert_int_equal(found->warnings.count, rows[i].warnings);
    assert_int_equal(m->generation, rows[i].generation);
    same(m->pid, rows[i].pid);
    same(m->name, rows[i].name);
    same(m->version, rows[i].version);
    same(m->description, rows[i].description);
    same(m->agent_type, rows[i].agent_type);
    same(m->plugin_class, rows[i].plugin_class);
    same(m->agent_class, rows[i].agent_class);
    assert_int_equal(m->is_specialized, rows[i].specialized);
    assert_int_equal(m->is_scoped, rows[i].scoped);
    assert_int_equal(m->stateless, rows[i].stateless);
    assert_int_equal(m->capability_count, rows[i].capabilities);
    assert_int_equal(m->dependency_count, rows[i].dependencies);
    assert_int_equal(m->setting_count, rows[i].settings);
    assert_int_equal(m->tool_count, rows[i].tools);
}

static const char *folder_of(struct arena *arena, size_t i)
{
    return str_printf(arena, "%s/tests/fixtures/plugins/%s", LARDER_SOURCE_DIR, rows[i].folder);
}

static void test_as_folders(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct bench b;
        struct text_package p = {.count = 0};
        bench_start(&b);
        package_add_folder(&p, &b.arena, folder_of(&b.arena, i), "");
        inspect(&b, &p);
        assert_int_equal(b.found.root.n, 0);
        check(&b.found, b.err, i);
        bench_end(&b);
    }
}

/* The same inside a wrapper folder, through a real archive. */
static void test_as_archives(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct bench b;
        struct text_package p = {.count = 0};
        bench_start(&b);
        package_add_folder(&p, &b.arena, folder_of(&b.arena, i), "wrapper/");
        struct buf bytes;
        struct zip_writer w;
        struct zip *zip;
        struct package_source source;
        buf_init(&bytes, &b.arena, 1 << 20);
        zip_write_begin(&w, &b.ctx, &bytes);
        for (size_t k = 0; k < p.count; k++)
            assert_int_equal(zip_write_add(&w, slice_of(p.files[k].name),
                                           (struct slice){p.files[k].text, p.files[k].size},
                                           ZIP_PACK_SMALLER),
                             OK);
        assert_int_equal(
            zip_write_add(&w, SLICE("__MACOSX/wrapper/._plugin.py"), SLICE("x"), ZIP_PACK_SMALLER),
            OK);
        assert_int_equal(zip_write_end(&w), OK);
        assert_int_equal(zip_open(&b.ctx, buf_view(&bytes), &zip_limits_cadence, &zip), OK);
        assert_int_equal(zip_source(&b.ctx, zip, &source), OK);
        assert_int_equal(source.count, p.count);
        b.err = inspect_package(&b.ctx, &source, &b.found);
        assert_true(slice_is(b.found.root, "wrapper/"));
        check(&b.found, b.err, i);
        bench_end(&b);
    }
}

static void test_details(void **state)
{
    (void)state;
    struct bench b;
    struct text_package p = {.count = 0};
    bench_start(&b);
    package_add_folder(&p, &b.arena, folder_of(&b.arena, 0), "");
    inspect(&b, &p);
    const struct plugin_meta *m = &b.found.meta;
    assert_true(slice_is(m->settings[1].default_json, "10")); /* a constant of the module */
    assert_true(m->settings[0].required && m->settings[0].sensitive);
    assert_string_equal(m->settings[2].name, "system_prompt");
    assert_string_equal(m->tools[0].name, "web_search");
    assert_string_equal(m->tools[0].description, "Search the web for pages.");
    assert_string_equal(m->capabilities[0], "web_search: Searches the web for pages");
    assert_string_equal(m->dependencies[1], "httpx>=0.27.0");
    assert_true(m->logo.n > 0 && m->readme.n > 0);
    assert_string_equal(m->sdk_version, ">=2.0.0,<3.0.0");
    p.count = 0;
    package_add_folder(&p, &b.arena, folder_of(&b.arena, 4), "");
    inspect(&b, &p);
    assert_true(b.found.has_init && b.found.has_agent_file && b.found.has_tools_file);
    assert_true(slice_is(m->llm_requirements, "{\"provider\":\"openai\",\"model\":\"small\","
                                              "\"temperature\":0.1,\"max_tokens\":1024}"));
    assert_string_equal(m->tools[0].file, "tools.py");
    p.count = 0;
    package_add_folder(&p, &b.arena, folder_of(&b.arena, 6), "");
    inspect(&b, &p);
    assert_string_equal(m->tag, "office");
    assert_string_equal(m->settings[1].description, ""); /* the method's entries are not checked */
    bench_end(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_as_folders),
        cmocka_unit_test(test_as_archives),
        cmocka_unit_test(test_details),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
