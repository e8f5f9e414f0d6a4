#!/usr/bin/env bash
# build.sh - makes the third-party libraries, where they are not made yet.
#
#   packaging/deps/build.sh          everything the release needs
#   packaging/deps/build.sh tsan     beside it, civetweb and SQLite for the thread sanitizer
#
# Ends with 0 and the file $DEPS/static when all of them stand as static libraries. Where Debian's
# source packages cannot be had it says so loudly, removes $DEPS/static and still ends with 0: the
# build then links the system's shared libraries. Without the npm packages there is no build.
. "$(dirname "$0")/common.sh"
. "$HERE/sources.sh"

# library, source package, binary package whose version counts
TABLE="civetweb civetweb libcivetweb-dev
sqlite sqlite3 libsqlite3-dev
curl curl libcurl4-openssl-dev"

# Prints the rows of the table that are not made yet, with their version.
rows_due() {
    local library source binary version
    while read -r library source binary; do
        version=$(source_version "$binary")
        is_made "$library" "$(stamp_of "$library" "$version")" || printf '%s %s %s\n' "$library" "$source" "$version"
    done <<< "$TABLE"
}

# One library from fetching to archive; its stamp comes last.
make_library() {
    local library=$1 source=$2 version=$3
    rm -f "$DEPS/stamp/$library"
    fetch_source "$source" "$version" || return 1
    say "building $library $version"
    JOBS=1 "$HERE/$library.sh" || return 1
    mark_made "$library" "$(stamp_of "$library" "$version")"
}

make_libraries() {
    local rows=$1 row pids=() failed=0
    update_source_lists
    while read -r row; do
        # shellcheck disable=SC2086
        make_library $row < /dev/null &
        pids+=($!)
    done <<< "$rows"
    for row in "${pids[@]}"; do wait "$row" || failed=1; done
    return "$failed"
}

make_npm() {
    local stamp
    stamp=$(stamp_of npm)
    is_made npm "$stamp" && return 0
    say "fetching the npm packages and building the Python grammar"
    "$HERE/npm.sh" || { say "the npm packages cannot be had, and the build needs them"; return 1; }
    mark_made npm "$stamp"
}

say_fallback() {
    printf '%s\n' \
        "==========================================================================" \
        "deps: Debian's source packages cannot be had or do not build here." \
        "deps: Larder is linked with the SHARED libraries of this system instead:" \
        "deps: the binary works, but it is not self-contained, socket activation is" \
        "deps: off, and the test of its libraries reports itself as not applicable." \
        "=========================================================================="
}

# Code the sanitizer has not seen hides its own locking from it, so these two are compiled again.
make_tsan() {
    local library stamp
    for library in civetweb sqlite; do
        stamp=$(stamp_of "$library" "$(cat "$DEPS/stamp/$library")")
        is_made "$library-tsan" "$stamp" && continue
        say "building $library for the thread sanitizer"
        "$HERE/$library.sh" tsan
        mark_made "$library-tsan" "$stamp"
    done
}

main() {
    local rows
    mkdir -p "$DEPS"
    make_npm
    rows=$(rows_due)
    if [ -z "$rows" ] || make_libraries "$rows"; then
        touch "$DEPS/static"
        if [ "${1:-}" = tsan ]; then make_tsan; fi
    else
        rm -f "$DEPS/static"
        say_fallback
    fi
    rm -rf "$DEPS/apt" "$DEPS/fetch" "$DEPS/src" "$DEPS/scratch"
}
main "$@"
