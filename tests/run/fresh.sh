#!/usr/bin/env bash
# fresh.sh - proves the README's two commands in a Debian 12 that has nothing but a shell.
#
#   ./build.sh fresh         as root; takes about a quarter of an hour
#
# A Debian is debootstrapped into a temporary folder. The surroundings come along and nothing else
# does: apt's sources for this release, npm's settings, certificates, proxy variables. A clone of
# HEAD is built, started, asked and stopped there, and then tested: `run` comes first, so that it is
# seen to install what it needs by itself. Mounts and processes live in namespaces of their own, so
# that they end with this script however it ends.
set -euo pipefail
ROOT=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
SUITE=bookworm
CARRIED='^(https?_proxy|no_proxy|HTTPS?_PROXY|NO_PROXY|npm_config_.*)='

say() {
    printf '%s\n' "fresh: $*"
}

# The address the machine's own apt has for this release, in either notation.
mirror_of_machine() {
    local file
    for file in /etc/apt/sources.list.d/*.sources; do
        [ -f "$file" ] && awk -v suite="$SUITE" '
            /^URIs:/ { uri = $2 }
            /^Suites:/ { for (i = 2; i <= NF; i++) if ($i == suite && uri) { print uri; exit } }' "$file"
    done
    for file in /etc/apt/sources.list /etc/apt/sources.list.d/*.list; do
        [ -f "$file" ] && sed -nE "s/^deb (\[[^]]*\] )?(\S+) $SUITE .*/\2/p" "$file"
    done
    return 0
}

make_tree() {
    local tree=$1 mirror
    mirror=$(mirror_of_machine | sed -n 1p)
    [ -n "$mirror" ] || { say "this machine's apt has no entry for $SUITE"; return 1; }
    say "debootstrapping $SUITE"
    debootstrap --variant=minbase --keyring=/usr/share/keyrings/debian-archive-keyring.gpg \
        "$SUITE" "$tree" "$mirror" > "$tree.log" 2>&1 || { tail -n 5 "$tree.log"; return 1; }
}

# apt's entries for this release with their keys, and its proxy settings.
carry_apt() {
    local tree=$1 file
    rm -f "$tree/etc/apt/sources.list"
    mkdir -p "$tree/etc/apt/sources.list.d" "$tree/etc/apt/keyrings"
    for file in /etc/apt/sources.list /etc/apt/sources.list.d/*.list /etc/apt/sources.list.d/*.sources; do
        if [ -f "$file" ] && grep -q "$SUITE" "$file"; then cp "$file" "$tree$file"; fi
    done
    for file in /etc/apt/apt.conf /etc/apt/apt.conf.d/*; do
        if [ -f "$file" ] && grep -qi '^[^/#]*acquire' "$file"; then cp "$file" "$tree$file"; fi
    done
    cp -n /usr/share/keyrings/*.gpg "$tree/usr/share/keyrings/" 2> /dev/null || true
    cp -n /etc/apt/keyrings/* "$tree/etc/apt/keyrings/" 2> /dev/null || true
}

# Certificates keep a path of their own: the package ca-certificates rewrites the usual one.
carry_settings() {
    local tree=$1 bundle=/etc/ssl/carried.crt name
    cp -L /etc/resolv.conf /etc/hosts "$tree/etc/"
    for name in /etc/npmrc "$HOME/.npmrc"; do
        if [ -f "$name" ]; then cp "$name" "$tree$([ "$name" = /etc/npmrc ] && echo /etc/npmrc || echo /root/.npmrc)"; fi
    done
    env | grep -E "$CARRIED" > "$tree/carried" || true
    if [ -f /etc/ssl/certs/ca-certificates.crt ]; then
        mkdir -p "$tree/etc/ssl" # a minimal Debian has none yet
        cp -L /etc/ssl/certs/ca-certificates.crt "$tree$bundle"
        for name in SSL_CERT_FILE CURL_CA_BUNDLE NODE_EXTRA_CA_CERTS GIT_SSL_CAINFO npm_config_cafile; do
            printf '%s\n' "$name=$bundle" >> "$tree/carried"
        done
        printf 'Acquire::https::CAInfo "%s";\n' "$bundle" > "$tree/etc/apt/apt.conf.d/99carried"
    fi
    git clone -q --no-hardlinks "$ROOT" "$tree/root/checkout"
}

# exec_inside <command>...: an environment of its own, with what was carried along.
exec_inside() {
    local carried
    mapfile -t carried < /carried
    exec /usr/bin/env -i PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin \
        HOME=/root LANG=C.UTF-8 "${carried[@]}" "$@"
}

inside() {
    (exec_inside "$@")
}

mount_tree() {
    local tree=$1 device
    mount -t proc proc "$tree/proc"
    mount -t tmpfs tmpfs "$tree/dev"
    for device in null zero full random urandom tty; do
        touch "$tree/dev/$device"
        mount --bind "/dev/$device" "$tree/dev/$device"
    done
    mkdir "$tree/dev/pts" "$tree/dev/shm"
    mount -t devpts -o newinstance,ptmxmode=0666 devpts "$tree/dev/pts"
    ln -s pts/ptmx "$tree/dev/ptmx"
    ln -s /proc/self/fd "$tree/dev/fd"
    mount -t tmpfs tmpfs "$tree/dev/shm"
}

check_test() {
    local begun=$SECONDS
    say "./build.sh test"
    inside bash -c 'cd /root/checkout && ./build.sh test' < /dev/null
    say "./build.sh test passed after $((SECONDS - begun)) s, installing and building included"
}

# The line on stdout must come first, the address in it must answer, SIGTERM must end it with 0.
check_run() {
    local trouble=/tmp/run.err line="" url out pid status=0 answer=""
    say "./build.sh run"
    exec {out}< <(exec_inside bash -c \
        'cd /root/checkout && exec ./build.sh run --data /tmp/fresh --listen 127.0.0.1:0' < /dev/null 2> "$trouble")
    pid=$!
    read -r -t 900 line <&"$out" || true
    url=${line##* listening on }
    case $line in
        "larder "*" listening on http"*) ;;
        *) say "it did not say where it listens: $line"; tail -n 20 "$trouble"; return 1 ;;
    esac
    exec 3<> "/dev/tcp/127.0.0.1/${url##*:}" # there may be no curl
    printf 'GET /livez HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n' >&3
    read -r -t 30 answer <&3 || true
    exec 3<&-
    case $answer in "HTTP/1.1 200 "*) ;; *) say "/livez: $answer"; return 1 ;; esac
    grep -q /setup "$trouble" || { say "no setup link on stderr"; return 1; }
    kill "$pid"
    wait "$pid" || status=$?
    [ "$status" -eq 0 ] || { say "it ended with status $status"; return 1; }
    say "it answered at $url, printed a setup link and ended with 0"
}

# Runs in namespaces of its own: mounts and processes end with it. The tree becomes the root of the
# whole namespace, since no sandbox can be made below a chroot.
main_inside() {
    mount --make-rprivate /
    mount --bind "$1" "$1"
    mount_tree "$1"
    cd "$1"
    pivot_root . .
    umount -l .
    cd /
    check_run
    check_test
}

main() {
    [ "$(id -u)" -eq 0 ] || { say "needs root, for debootstrap and mounts"; return 1; }
    scratch=$(mktemp -d "${TMPDIR:-/tmp}/larder-fresh.XXXXXX") # global: the trap runs outside
    trap 'rm -rf --one-file-system "$scratch"' EXIT
    make_tree "$scratch/debian"
    carry_apt "$scratch/debian"
    carry_settings "$scratch/debian"
    unshare --mount --pid --fork --kill-child "$0" --inside "$scratch/debian"
    say "both commands work in an empty Debian 12"
}

if [ "${1:-}" = --inside ]; then main_inside "$2"; else main; fi
