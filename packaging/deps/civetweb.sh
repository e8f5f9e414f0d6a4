#!/usr/bin/env bash
# civetweb.sh - the HTTP server library: one file, without CGI, file serving and caching.
#
# bind, listen and poll become functions of ours (src/http/seam.h says why): civetweb cannot be handed
# a socket that systemd has opened already, and its waits have no end that we could set. BUILD_DATE
# is fixed: the same bytes every time.
. "$(dirname "$0")/common.sh"

# compile <folder> <extra flags>...
compile() {
    local work=$DEPS/scratch/civetweb source=$DEPS/source/civetweb
    mkdir -p "$work"
    # shellcheck disable=SC2046
    gcc $(deps_flags "$source") "${@:2}" -std=gnu11 -I"$source/include" -DNO_CGI -DNO_FILES \
        -DNO_CACHING -DUSE_SERVER_STATS -DNO_SSL_DL -DOPENSSL_API_3_0 -DUSE_IPV6 \
        '-DBUILD_DATE="reproducible"' -DLARDER_SEAM_HOOKS -include "$SEAM" \
        -c "$source/src/civetweb.c" -o "$work/civetweb.o"
    archive "$1/libcivetweb.a" "$work/civetweb.o"
}

main() {
    if [ "${1:-}" = tsan ]; then
        # Its stop flag is a volatile otherwise, which orders nothing in the sanitizer's eyes.
        compile tsan -g -fsanitize=thread -DSTOP_FLAG_NEEDS_LOCK
        return
    fi
    rm -rf "$DEPS/source/civetweb"
    mkdir -p "$DEPS/source/civetweb" "$DEPS/include"
    cp -r "$DEPS/src/civetweb/include" "$DEPS/src/civetweb/src" "$DEPS/source/civetweb/"
    cp "$DEPS/source/civetweb/include/civetweb.h" "$DEPS/include/"
    compile lib
}
main "$@"
