# common.sh - what the scripts that make the third-party libraries share. Sourced, not run.
#
# Everything ends up below $DEPS (build/deps): include/, lib/, npm/, source/ (what the TSan build
# compiles once more, into tsan/), and one stamp for each library that names what it was made from,
# so that a second run does nothing. Nothing is written elsewhere.

set -euo pipefail
HERE=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
DEPS=${LARDER_DEPS:-$(cd "$HERE/../.." && pwd)/build/deps}
SEAM=$(cd "$HERE/../.." && pwd)/src/http/seam.h
JOBS=${JOBS:-$(nproc)}
export SOURCE_DATE_EPOCH=1767225600 LC_ALL=C TZ=UTC

say() {
    printf '%s\n' "deps: $*"
}

# The flags of the release build without its warnings: foreign code is not ours to warn about.
deps_flags() {
    local flags="-O2 -w -fPIE -fstack-protector-strong -fstack-clash-protection -U_FORTIFY_SOURCE
        -fno-asynchronous-unwind-tables
        -D_FORTIFY_SOURCE=2 -ffunction-sections -fdata-sections -ffile-prefix-map=$1=."
    case $(uname -m) in x86_64 | i?86) flags+=" -fcf-protection" ;; esac
    printf '%s' "$flags"
}

# source_version <binary package>: the version of the source package the installed one came from.
source_version() {
    dpkg-query -W -f '${source:Version}' "$1"
}

# stamp_of <library> <word>...: one line that changes when a version or what makes the library does.
stamp_of() {
    local files=("$HERE/common.sh" "$HERE/$1.sh")
    case $1 in
        npm) files+=("$HERE/npm/package-lock.json") ;;
        civetweb) files+=("$SEAM") ;;
    esac
    printf '%s %s\n' "$*" "$(cat "${files[@]}" | sha256sum | cut -c1-16)"
}

# is_made <library> <stamp>
is_made() {
    [ -f "$DEPS/stamp/$1" ] && [ "$(cat "$DEPS/stamp/$1")" = "$2" ]
}

mark_made() {
    mkdir -p "$DEPS/stamp"
    printf '%s\n' "$2" > "$DEPS/stamp/$1"
}

# archive <folder>/<library.a> <object>...: the same bytes for the same objects.
archive() {
    mkdir -p "$(dirname "$DEPS/$1")"
    rm -f "$DEPS/$1"
    ar rcsD "$DEPS/$1" "${@:2}"
}
