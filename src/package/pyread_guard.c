/*
 * pyread_guard.c - the statements people write around imports that may be missing.
 *
 * Told by the first line of a statement or clause, not by what its names stand for: nobody calls
 * something else ImportError, and the answer only makes a finding milder.
 */
#include "package/pyread_guard.h"

#include <string.h>

static bool says(struct slice text, const char *word)
{
    return text.n > 0 && memmem(text.p, text.n, word, strlen(word)) != NULL;
}

static struct slice head_of(const struct py_module *m, TSNode node)
{
    enum { HEAD_MAX = 200 };
    struct slice text = slice_sub(py_node_text(m, node), 0, HEAD_MAX);
    return slice_sub(text, 0, slice_find(text, '\n'));
}

/* True when an import that fails inside of the try is caught. */
static bool catches_imports(struct py_reader *r, const struct py_module *m, TSNode node)
{
    struct py_nodes parts = py_node_children(r, node);
    for (size_t i = 1; i < parts.count; i++) {
        struct slice head = head_of(m, parts.at[i]);
        struct slice caught = slice_sub(head, 0, slice_find(head, ':'));
        if (slice_starts(head, "except") &&
            (says(caught, "ImportError") || says(caught, "ModuleNotFoundError") ||
             says(caught, "Exception") || slice_is(slice_trim(caught), "except")))
            return true;
    }
    return false;
}

enum py_guard py_guard_of(struct py_reader *r, const struct py_module *m, TSNode node)
{
    struct slice head = head_of(m, node);
    switch (py_node(r, node)) {
    case NODE_TRY_STATEMENT: return catches_imports(r, m, node) ? PY_TRY : PY_ALWAYS;
    case NODE_WITH_STATEMENT:
        return says(head, "suppress(") && says(head, "Import") ? PY_TRY : PY_ALWAYS;
    case NODE_IF_STATEMENT:
        if (says(head, "TYPE_CHECKING") && ts_node_is_null(py_node_field(node, "alternative")))
            return PY_TYPING;
        return PY_IF;
    default: return PY_IF;
    }
}
