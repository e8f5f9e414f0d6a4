#!/usr/bin/env bash
# sqlite.sh - SQLite as one amalgamated file, with FTS5.
#
# Debian's package ships the tree, so the amalgamation is made first (that is what tclsh is for).
# One connection belongs to one thread at a time (THREADSAFE=2). Temporary tables stay in memory:
# after its start the appliance opens nothing outside its data folder.
. "$(dirname "$0")/common.sh"

OPTIONS="-DSQLITE_THREADSAFE=2 -DSQLITE_ENABLE_FTS5 -DSQLITE_ENABLE_DBSTAT_VTAB
    -DSQLITE_OMIT_LOAD_EXTENSION -DSQLITE_OMIT_SHARED_CACHE -DSQLITE_OMIT_DEPRECATED -DSQLITE_DQS=0
    -DSQLITE_DEFAULT_MEMSTATUS=0 -DSQLITE_TEMP_STORE=2 -DSQLITE_LIKE_DOESNT_MATCH_BLOBS
    -DHAVE_FDATASYNC=1 -DHAVE_USLEEP=1 -DHAVE_GMTIME_R=1 -DHAVE_LOCALTIME_R=1 -DHAVE_STRERROR_R=1
    -DHAVE_PREAD=1 -DHAVE_PWRITE=1 -DHAVE_POSIX_FALLOCATE=1"

# compile <folder> <extra flags>...
compile() {
    local work=$DEPS/scratch/sqlite source=$DEPS/source/sqlite
    mkdir -p "$work"
    # shellcheck disable=SC2046,SC2086
    gcc $(deps_flags "$source") "${@:2}" $OPTIONS -c "$source/sqlite3.c" -o "$work/sqlite3.o"
    archive "$1/libsqlite3.a" "$work/sqlite3.o"
}

amalgamate() {
    local work=$DEPS/scratch/sqlite
    rm -rf "$work" "$DEPS/source/sqlite"
    mkdir -p "$work" "$DEPS/source/sqlite" "$DEPS/include"
    cd "$work"
    "$DEPS/src/sqlite3/configure" --disable-tcl --disable-readline --disable-shared \
        > configure.log 2>&1 || { tail -n 5 configure.log; return 1; }
    make sqlite3.c > make.log 2>&1 || { tail -n 5 make.log; return 1; }
    cp sqlite3.c sqlite3.h "$DEPS/source/sqlite/"
    cp sqlite3.h "$DEPS/include/"
}

main() {
    if [ "${1:-}" = tsan ]; then
        compile tsan -g -fsanitize=thread
        return
    fi
    amalgamate
    compile lib
}
main "$@"
