/*
 * pyread_budget.c - what reading one package may cost: memory that was not there, and steps.
 */
#include "package/pyread_tree.h"

const void *py_need(struct py_reader *r, const void *p)
{
    r->no_memory = r->no_memory || p == NULL;
    return p;
}

bool py_spend(struct py_reader *r, size_t n)
{
    if (r->steps + n > PY_STEPS_MAX)
        return false;
    r->steps += n;
    return true;
}
