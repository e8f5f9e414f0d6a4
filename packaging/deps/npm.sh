#!/usr/bin/env bash
# npm.sh - the pinned packages from the npm registry: web libraries and the Python grammar.
#
# package-lock.json holds a checksum for every package and no address; no script of a package runs.
# The grammar is C source and is compiled here, static; its scanner takes memory where the rest of the
# library does (src/package/pyread_memory.h). The web files are embedded as they are.
. "$(dirname "$0")/common.sh"

main() {
    local grammar=$DEPS/npm/node_modules/tree-sitter-python/src work=$DEPS/scratch/grammar
    rm -rf "$DEPS/npm" "$work" && mkdir -p "$DEPS/npm" "$work"
    cp "$HERE/npm/package.json" "$HERE/npm/package-lock.json" "$DEPS/npm/"
    cd "$DEPS/npm"
    npm ci --ignore-scripts --no-audit --no-fund > npm.log 2>&1 || { tail -n 5 npm.log; return 1; }
    cd "$grammar"
    # shellcheck disable=SC2046
    gcc $(deps_flags "$grammar") -std=c11 -I. -c parser.c -o "$work/parser.o"
    # shellcheck disable=SC2046
    gcc $(deps_flags "$grammar") -std=c11 -I. -DTREE_SITTER_REUSE_ALLOCATOR \
        -Dcalloc=larder_ts_calloc -Dfree=larder_ts_free -c scanner.c -o "$work/scanner.o"
    archive lib/libtree-sitter-python.a "$work/parser.o" "$work/scanner.o"
}
main
