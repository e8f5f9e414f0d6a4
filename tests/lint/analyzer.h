/*
 * analyzer.h - what clang's analyzer cannot see from one file: these functions never answer OK.
 *
 * Included by tidy.py before each source, and by nothing else. Without it the analyzer follows paths
 * on which a failure was reported and yet everything went on.
 */
#include "base/ctx.h"

#define ctx_fail(ctx, err, ...) ((void)(ctx_fail)((ctx), (err), __VA_ARGS__), (err))
#define ctx_fail_field(ctx, err, ...) ((void)(ctx_fail_field)((ctx), (err), __VA_ARGS__), (err))
#define ctx_fail_code(ctx, err, ...) ((void)(ctx_fail_code)((ctx), (err), __VA_ARGS__), (err))
#define ctx_fail_cause(ctx, err, ...) ((void)(ctx_fail_cause)((ctx), (err), __VA_ARGS__), (err))
#define ctx_fail_errno(ctx, errnum, what) ((void)(ctx_fail_errno)((ctx), (errnum), (what)), ERR_IO)
#define ctx_no_memory(ctx) ((void)(ctx_no_memory)(ctx), ERR_NO_MEMORY)
