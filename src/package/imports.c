/*
 * imports.c - every import against what will be there.
 *
 * One finding per module and file. What a test of the package imports, and what stands under
 * TYPE_CHECKING, is only remarked on; an import that the code can do without is a warning.
 */
#include "package/imports.h"

#include <string.h>

#include "package/imports_names.h"
#include "package/pyread.h"
#include "package/pyread_stdlib.h"
#include "package/requirement.h"
#include "package/settings_rules.h"

#define DECLARE "Add it to the dependencies of PluginMetadata(...)"

enum { NAME_SHOWN = 100 /* bytes of a module's name in a sentence */ };

struct declared {
    struct slice key;
    const char *text;
    bool used; /* some import comes with it */
};

struct judging {
    const struct py_scan *scan;
    const struct plugin_meta *meta;
    struct import_findings *out;
    struct declared *declared;
    size_t count;
};

static bool is_sdk(struct slice key)
{
    return slice_is(key, "cadence-sdk");
}

/* ---- what is declared -------------------------------------------------------------------------- */

static void add_declared(struct judging *j, const char *text)
{
    struct requirement requirement;
    struct requirement_fault why;
    enum err err = requirement_parse(j->out->missing.ctx->arena, slice_of(text), &requirement,
                                     &why);
    j->out->missing.no_memory = j->out->missing.no_memory || err == ERR_NO_MEMORY;
    if (err != OK)
        return; /* has a finding of its own */
    struct slice marker = requirement.marker;
    for (size_t i = 0; i < j->count; i++)
        if (slice_eq(j->declared[i].key, requirement.key) && marker.n == 0)
            findings_say(&j->out->doubtful, "dependency.twice", "Keep one of the lines", SLICE_NONE,
                         "%.*s is declared more than once", SLICE_ARGS(requirement.name));
    j->declared[j->count++] = (struct declared){.key = requirement.key, .text = text};
}

static struct declared *declared_for(struct judging *j, struct slice module)
{
    struct declared *found = NULL;
    for (size_t i = 0; i < j->count; i++)
        if (import_comes_with(module, j->declared[i].key)) {
            j->declared[i].used = true;
            found = &j->declared[i];
        }
    return found;
}

static const struct declared *bringer_of(const struct judging *j, struct slice module)
{
    for (size_t i = 0; i < j->count; i++)
        if (import_is_brought_by(module, j->declared[i].key))
            return &j->declared[i];
    return NULL;
}

/* A declared distribution that no import could be matched with: it may offer any module. */
static const struct declared *unmatched(const struct judging *j)
{
    for (size_t i = 0; i < j->count; i++)
        if (!j->declared[i].used && !is_sdk(j->declared[i].key))
            return &j->declared[i];
    return NULL;
}

/* What the SDK itself needs, so that it is always there. */
static bool comes_with_sdk(const struct judging *j, struct slice top)
{
    static const char *const both[] = {"pydantic", "typing_extensions", "packaging"};
    for (size_t i = 0; i < sizeof both / sizeof *both; i++)
        if (slice_is(top, both[i]))
            return true;
    return j->meta->generation == PLUGIN_V1 &&
           (slice_is(top, "langchain") || slice_is(top, "langchain_core"));
}

/* ---- one import -------------------------------------------------------------------------------- */

static bool came_before(const struct py_scan *scan, size_t at)
{
    const struct py_import *mine = &scan->imports[at];
    struct slice top = slice_sub(mine->module, 0, slice_find(mine->module, '.'));
    while (at-- > 0 && strcmp(scan->imports[at].at.file, mine->at.file) == 0) {
        const struct py_import *other = &scan->imports[at];
        if (other->level == 0 && other->guard <= mine->guard &&
            slice_eq(slice_sub(other->module, 0, slice_find(other->module, '.')), top))
            return true;
    }
    return false;
}

/* How much it matters when the import fails. */
static struct findings *list_for(struct judging *j, const struct py_import *im)
{
    if (im->in_test || im->guard == PY_TYPING)
        return &j->out->remarks;
    return im->guard == PY_ALWAYS ? &j->out->missing : &j->out->doubtful;
}

static const char *circumstance(const struct py_import *im)
{
    if (im->in_test)
        return ", in a test or set-up file";
    if (im->guard == PY_TYPING)
        return ", for types only";
    if (im->guard == PY_TRY)
        return ", where a failure is caught";
    return im->guard == PY_IF ? ", under a condition" : "";
}

static void judge_relative(struct judging *j, const struct py_import *im)
{
    static const char dots[] = "................";
    int level = im->level < sizeof dots - 1 ? (int)im->level : (int)sizeof dots - 1;
    struct slice name = findings_clip(im->module.n ? im->module : im->name, NAME_SHOWN);
    findings_at(list_for(j, im), "dependency.no_sibling", NULL, im->at,
                "Put the file into the package, or mend the name",
                "The package has no module %.*s%.*s%s", level, dots, SLICE_ARGS(name),
                circumstance(im));
}

static void judge_foreign(struct judging *j, const struct py_import *im)
{
    struct slice top = slice_sub(im->module, 0, slice_find(im->module, '.'));
    struct slice wanted = findings_clip(import_distribution(im->module), NAME_SHOWN);
    struct slice shown = findings_clip(top, NAME_SHOWN);
    const struct declared *other = bringer_of(j, im->module);
    if (comes_with_sdk(j, top)) {
        findings_at(&j->out->remarks, "dependency.through_sdk", NULL, im->at, DECLARE,
                    "%.*s is not declared; it comes with the SDK", SLICE_ARGS(shown));
        return;
    }
    if (other) {
        findings_at(im->in_test ? &j->out->remarks : &j->out->doubtful, "dependency.indirect", NULL,
                    im->at, DECLARE, "%.*s is not declared; it comes along with %.*s",
                    SLICE_ARGS(shown), SLICE_ARGS(other->key));
        return;
    }
    other = unmatched(j);
    if (other && list_for(j, im) == &j->out->missing) {
        findings_at(&j->out->doubtful, "dependency.unclear", NULL, im->at,
                    "Declare it by the name it is installed under",
                    "%.*s is not declared under that name; it may come with %.*s",
                    SLICE_ARGS(shown), SLICE_ARGS(other->key));
        return;
    }
    const char *hint = str_printf(j->out->missing.ctx->arena,
                                  "Add \"%.*s\" to the dependencies of PluginMetadata(...)",
                                  SLICE_ARGS(wanted));
    findings_at(list_for(j, im), "dependency.undeclared", NULL, im->at, hint ? hint : DECLARE,
                "%.*s is imported but not declared%s", SLICE_ARGS(shown), circumstance(im));
}

/* Neither Python's, nor the package's, nor the SDK's, nor declared. */
static bool is_foreign(struct judging *j, const struct py_import *im)
{
    struct slice top = slice_sub(im->module, 0, slice_find(im->module, '.'));
    return im->level == 0 && !im->in_package && !slice_is(top, "cadence_sdk") &&
           !py_is_stdlib(top) && declared_for(j, im->module) == NULL;
}

/* ---- all of them ------------------------------------------------------------------------------- */

static void tell_unused(struct judging *j)
{
    for (size_t i = 0; i < j->count; i++)
        if (!j->declared[i].used && !is_sdk(j->declared[i].key))
            findings_say(&j->out->remarks, "dependency.unused", "Take it out if nothing needs it",
                         SLICE_NONE, "%.*s is declared, and no import was seen that needs it",
                         SLICE_ARGS(j->declared[i].key));
}

void imports_judge(const struct py_scan *scan, const struct plugin_meta *meta,
                   struct import_findings *out)
{
    struct judging j = {.scan = scan, .meta = meta, .out = out};
    struct arena *arena = out->missing.ctx->arena;
    j.declared = arena_array(arena, meta->dependency_count + 1, sizeof *j.declared);
    bool *foreign = arena_array(arena, scan->import_count + 1, sizeof *foreign);
    if (j.declared == NULL || foreign == NULL) {
        out->missing.no_memory = true;
        return;
    }
    for (size_t i = 0; i < meta->dependency_count; i++)
        add_declared(&j, meta->dependencies[i]);
    for (size_t i = 0; i < scan->import_count; i++) /* all of them first: `used` must be known */
        foreign[i] = is_foreign(&j, &scan->imports[i]);
    for (size_t i = 0; i < scan->import_count; i++) {
        const struct py_import *im = &scan->imports[i];
        if (im->level > 0 && !im->in_package)
            judge_relative(&j, im);
        else if (foreign[i] && !came_before(scan, i))
            judge_foreign(&j, im);
    }
    tell_unused(&j);
}
