/*
 * stage_json.c - one stage after the other, what is worst first in each.
 */
#include "api/stage_json.h"

#include <string.h>

const char *stage_verdict(const struct stage_report *report)
{
    const char *verdict = "passed";
    for (size_t i = 0; i < STAGE_COUNT; i++) {
        if (strcmp(report->stage[i].result, "failed") == 0)
            return "failed";
        if (strcmp(report->stage[i].result, "pending") == 0)
            verdict = "pending";
    }
    return verdict;
}

const char *stage_level_name(enum stage_level level)
{
    static const char *const names[] = {
        [LEVEL_INFO] = "info", [LEVEL_WARNING] = "warning", [LEVEL_ERROR] = "error"};
    return names[level];
}

static void put_place(struct jw *j, const char *key, int n)
{
    if (n > 0) {
        jw_put_int(j, key, n);
        return;
    }
    jw_key(j, key);
    jw_null(j);
}

void stage_finding_json(struct jw *j, const char *stage, const struct stage_finding *f)
{
    jw_object(j);
    if (stage)
        jw_put_str(j, "stage", stage);
    jw_put_str(j, "level", stage_level_name(f->level));
    jw_put_str(j, "rule", f->item.rule);
    jw_put_str(j, "field", f->item.field);
    jw_put_str(j, "file", f->item.file);
    put_place(j, "line", f->item.line);
    put_place(j, "column", f->item.column);
    jw_put_str(j, "message", f->item.sentence);
    jw_put_str(j, "remedy", f->item.remedy);
    jw_end(j);
}

void stage_json(struct jw *j, const struct stage_report *report)
{
    jw_array(j);
    for (size_t i = 0; i < STAGE_COUNT; i++) {
        const struct stage *s = &report->stage[i];
        jw_object(j);
        jw_put_str(j, "stage", s->name);
        jw_put_str(j, "result", s->result);
        jw_put_time(j, "at", s->at);
        jw_key(j, "duration_ms");
        jw_double(j, (double)s->duration_us / 1000.0);
        jw_key(j, "findings");
        jw_array(j);
        for (size_t k = 0; k < s->count; k++)
            stage_finding_json(j, NULL, &s->findings[k]);
        jw_end(j);
        jw_end(j);
    }
    jw_end(j);
}
