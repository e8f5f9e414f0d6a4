/*
 * settings_rules.h - what a plugin may declare as its settings.
 *
 * The rules are those of the SDK's own decorator, with Python's idea of types: True is an int, the
 * integer 1 is no float. Where the values come from is not known here.
 */
#ifndef LARDER_PACKAGE_SETTINGS_RULES_H
#define LARDER_PACKAGE_SETTINGS_RULES_H

#include "model/plugin.h"
#include "package/findings.h"
#include "package/pyread_value.h"

enum { SETTINGS_MAX = 200 };

/* Why a value cannot be used, for a finding: "it calls os.getenv(...)". */
const char *py_reason(struct arena *arena, const struct py_value *v);

/* A finding at a value. */
void findings_at(struct findings *f, const char *rule, const char *field, struct py_at at,
                 const char *remedy, const char *fmt, ...) __attribute__((format(printf, 6, 7)));

/* The list without what authors add to entries beyond the fields a setting has: such extras may be
 * anything and never matter. NULL when there is no memory. */
const struct py_value *settings_pruned(struct arena *arena, const struct py_value *list);

/*
 * decorator: the list of plugin_settings, or NULL; every rule holds for it. method: the list of
 * get_settings_schema, or NULL; it comes after, and the SDK does not check it, so here only what
 * cannot be stored is refused. What is not known inside them is passed over: the caller reports it.
 */
void settings_read(struct findings *errors, struct findings *warnings,
                   const struct py_value *decorator, const struct py_value *method,
                   struct setting **out, size_t *count);

#endif
