/*
 * test_metrics.c - the page adds up, no label can be forged, and threads lose no count.
 */
#include "base/metrics.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static const struct metrics_route routes[] = {{"GET", "/a"}, {"POST", "/b/{x}"}};

static const char *page(const struct metrics *m, struct buf *b)
{
    buf_init(b, NULL, METRICS_PAGE_MAX);
    metrics_render(m, b);
    assert_non_null(buf_text(b));
    return b->p;
}

static void has(const char *text, const char *line)
{
    if (strstr(text, line) == NULL)
        fail_msg("no '%s' in:\n%s", line, text);
}

static void requests_are_counted_by_route_and_status(void **state)
{
    (void)state;
    struct metrics *m = metrics_new(routes, 2);
    for (int i = 0; i < 3; i++) {
        metrics_begin(m);
        metrics_request(m, 0, 200, 400);
    }
    metrics_begin(m);
    metrics_request(m, 1, 409, 30000);
    metrics_begin(m);
    metrics_request(m, 77, 404, -5);
    metrics_begin(m);
    metrics_request(m, 1, 299, 99000000);
    metrics_begin(m);
    struct buf b;
    const char *text = page(m, &b);
    has(text, "larder_http_requests_total{route=\"/a\",method=\"GET\",status=\"200\"} 3\n");
    has(text, "larder_http_requests_total{route=\"/b/{x}\",method=\"POST\",status=\"409\"} 1\n");
    has(text, "larder_http_requests_total{route=\"/b/{x}\",method=\"POST\",status=\"other\"} 1\n");
    has(text, "larder_http_requests_total{route=\"none\",method=\"\",status=\"404\"} 1\n");
    has(text, "larder_http_request_seconds_bucket{route=\"/a\",method=\"GET\",le=\"0.00025\"} 0\n");
    has(text, "larder_http_request_seconds_bucket{route=\"/a\",method=\"GET\",le=\"0.0005\"} 3\n");
    has(text, "larder_http_request_seconds_bucket{route=\"/b/{x}\",method=\"POST\",le=\"10\"} 1\n");
    has(text,
        "larder_http_request_seconds_bucket{route=\"/b/{x}\",method=\"POST\",le=\"+Inf\"} 2\n");
    has(text, "larder_http_request_seconds_count{route=\"/b/{x}\",method=\"POST\"} 2\n");
    has(text, "larder_http_request_seconds_sum{route=\"/a\",method=\"GET\"} 0.001200\n");
    has(text, "larder_http_in_flight 1\n");
    buf_free(&b);
    metrics_free(m);
}

static double seven(void *arg)
{
    return *(const double *)arg;
}

static void gauges_are_read_when_the_page_is(void **state)
{
    (void)state;
    struct metrics *m = metrics_new(NULL, 0);
    double value = 7;
    assert_true(metrics_gauge(m, "larder_x", "An x.", false, NULL, seven, &value));
    assert_true(metrics_gauge(m, "larder_build_info", "B.", false, "version=\"1\"", seven, &value));
    value = 1234567890123.0;
    struct buf b;
    const char *text = page(m, &b);
    has(text, "# HELP larder_x An x.\n# TYPE larder_x gauge\nlarder_x 1234567890123\n");
    has(text, "larder_build_info{version=\"1\"} 1234567890123\n");
    buf_free(&b);
    for (int i = 2; i < METRICS_GAUGES; i++)
        assert_true(metrics_gauge(m, "larder_y", "Y.", true, NULL, seven, &value));
    assert_false(metrics_gauge(m, "larder_z", "Z.", true, NULL, seven, &value));
    metrics_free(m);
}

static void labels_cannot_break_out(void **state)
{
    (void)state;
    const struct metrics_route odd = {"GET", "/a\"} 1\nlarder_forged 1\\"};
    struct metrics *m = metrics_new(&odd, 1);
    metrics_begin(m);
    metrics_request(m, 0, 200, 1);
    struct buf b;
    const char *text = page(m, &b);
    assert_null(strstr(text, "\nlarder_forged"));
    has(text, "route=\"/a\\\"} 1\\nlarder_forged 1\\\\\"");
    buf_free(&b);
    metrics_free(m);
}

static void *hammer(void *arg)
{
    for (int i = 0; i < 20000; i++) {
        metrics_begin(arg);
        metrics_request(arg, 0, 200, 1000);
    }
    return NULL;
}

static void threads_lose_no_count(void **state)
{
    (void)state;
    struct metrics *m = metrics_new(routes, 2);
    pthread_t thread[4];
    for (int i = 0; i < 4; i++)
        assert_int_equal(pthread_create(&thread[i], NULL, hammer, m), 0);
    for (int i = 0; i < 4; i++)
        assert_int_equal(pthread_join(thread[i], NULL), 0);
    struct buf b;
    const char *text = page(m, &b);
    has(text, "status=\"200\"} 80000\n");
    has(text, "larder_http_request_seconds_sum{route=\"/a\",method=\"GET\"} 80.000000\n");
    has(text, "larder_http_in_flight 0\n");
    buf_free(&b);
    metrics_free(m);
}

static void nothing_is_counted_without_metrics(void **state)
{
    (void)state;
    metrics_begin(NULL);
    metrics_request(NULL, 0, 200, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(requests_are_counted_by_route_and_status),
        cmocka_unit_test(gauges_are_read_when_the_page_is),
        cmocka_unit_test(labels_cannot_break_out),
        cmocka_unit_test(threads_lose_no_count),
        cmocka_unit_test(nothing_is_counted_without_metrics),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
