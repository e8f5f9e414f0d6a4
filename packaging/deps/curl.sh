#!/usr/bin/env bash
# curl.sh - libcurl with HTTP and HTTPS only.
#
# Everything the appliance does not ask for is off: other protocols, cookies, saved passwords,
# compression, the environment's .netrc. Names are resolved in a thread, so that a timeout holds.
. "$(dirname "$0")/common.sh"

OFF="BUILD_CURL_EXE BUILD_SHARED_LIBS BUILD_TESTING CURL_USE_LIBPSL CURL_USE_LIBSSH2 CURL_USE_LIBSSH
    CURL_USE_GSSAPI CURL_ZLIB CURL_BROTLI CURL_ZSTD USE_NGHTTP2 USE_LIBIDN2 USE_LIBRTMP USE_WIN32_IDN
    ENABLE_ARES ENABLE_MANUAL ENABLE_UNIX_SOCKETS CMAKE_INTERPROCEDURAL_OPTIMIZATION"
DISABLED="ALTSVC COOKIES CRYPTO_AUTH DOH HSTS NTLM LIBCURL_OPTION MIME FORM_API NETRC PROGRESS_METER
    SOCKETPAIR OPENSSL_AUTO_LOAD_CONFIG"

main() {
    local source=$DEPS/src/curl work=$DEPS/scratch/curl word options=()
    for word in $OFF; do options+=("-D$word=OFF"); done
    for word in $DISABLED; do options+=("-DCURL_DISABLE_$word=ON"); done
    rm -rf "$work" && mkdir -p "$work"
    cd "$work"
    cmake -G Ninja -S "$source" -B . "${options[@]}" -DHTTP_ONLY=ON -DCURL_USE_OPENSSL=ON \
        -DENABLE_THREADED_RESOLVER=ON -DENABLE_IPV6=ON -DCMAKE_BUILD_TYPE=None \
        -DCURL_CA_BUNDLE=/etc/ssl/certs/ca-certificates.crt -DCURL_CA_PATH=none \
        -DCMAKE_C_FLAGS="$(deps_flags "$source" | tr '\n' ' ')" > cmake.log 2>&1 ||
        { tail -n 5 cmake.log; return 1; }
    ninja -j "$JOBS" libcurl > make.log 2>&1 || { tail -n 5 make.log; return 1; }
    mkdir -p "$DEPS/include/curl" "$work/o"
    (cd o && ar x ../lib/libcurl.a)
    archive lib/libcurl.a o/*.o
    cp "$source"/include/curl/*.h "$DEPS/include/curl/"
}
main
