#!/usr/bin/env bash
# build.sh - one word each:
#
#   ./build.sh               builds build/larder, after installing what is missing
#   ./build.sh run ...       builds and starts it; further words go to `larder serve`
#   ./build.sh test [--all]  every test; --all adds the long ones
#   ./build.sh lint          formatter, analyzers and the rules of the house
#   ./build.sh asan | tsan   the tests against a build that watches memory | threads
#   ./build.sh fuzz          every fuzz target for 60 seconds
#   ./build.sh bench         the benchmarks, beside nginx
#   ./build.sh fresh         both commands of the README in an empty Debian 12 (root)
#   ./build.sh clean         removes build/
#
# What must be installed stands in packaging/packages.txt, the third-party libraries are made by
# packaging/deps, the runners are in tests/run, the checks in tests/lint.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"
ROOT=$PWD
PYTHON=/usr/bin/python3 # Debian's own: its modules come from apt
export PYTHONDONTWRITEBYTECODE=1

say() {
    printf '%s\n' "larder: $*" >&2
}

die() {
    say "$*"
    exit 1
}

# Prints the packages of the given groups that are not there.
missing_packages() {
    local group package command installed
    installed=$(dpkg-query -W -f '${Package} ${db:Status-Status}\n' | sed -n 's/ installed$//p')
    while read -r group package command; do
        case " $* " in *" $group "*) ;; *) continue ;; esac
        if [ -n "$command" ] && command -v "$command" > /dev/null; then continue; fi
        grep -qxF "$package" <<< "$installed" || printf '%s\n' "$package"
    done < <(grep -v '^#' packaging/packages.txt) | sort -u
}

# need <group>...: installs what is missing of these groups; silent and quick when nothing is.
need() {
    local missing sudo=()
    missing=$(missing_packages "$@" | tr '\n' ' ')
    [ -n "$missing" ] || return 0
    command -v apt-get > /dev/null || die "this needs Debian's packages: $missing"
    if [ "$(id -u)" -ne 0 ]; then
        command -v sudo > /dev/null || die "please run as root: apt-get install --no-install-recommends $missing"
        sudo=(sudo)
    fi
    say "installing $missing"
    "${sudo[@]}" apt-get -qq update >&2
    # shellcheck disable=SC2086
    "${sudo[@]}" env DEBIAN_FRONTEND=noninteractive apt-get -qq install -y --no-install-recommends \
        -o Dpkg::Use-Pty=0 $missing > /dev/null
}

# configure <mode> [cmake option]...: into build/<mode>
configure() {
    cmake -S . -B "build/$1" -G Ninja -DLARDER_MODE="$1" "${@:2}" > "build/$1.log" 2>&1 ||
        { cat "build/$1.log" >&2; return 1; }
}

# compile <mode> <target>...
compile() {
    flock "build/$1" ninja -C "build/$1" --quiet "${@:2}" >&2
}

# Two builds of one folder at the same moment wait for each other.
build_deps() {
    mkdir -p build
    flock build packaging/deps/build.sh "$@" >&2
}

# A running build/larder keeps its own file: the new one takes its place in one step.
build() {
    need build
    build_deps
    configure release -DCMAKE_C_COMPILER=gcc
    compile release "${@:-larder}"
    cmp -s build/release/larder build/larder && return 0
    cp build/release/larder build/larder.new
    mv build/larder.new build/larder
    say "built build/larder"
}

word_build() {
    build
}

word_run() {
    build
    exec build/larder serve "$@"
}

word_test() {
    need build test ceph
    case " $* " in *" --all "*) need swift ;; esac
    build all
    configure asan -DCMAKE_C_COMPILER=gcc
    say "building the tests for the address sanitizer"
    compile asan all
    "$PYTHON" tests/run/suite.py test "$@"
}

word_lint() {
    need build lint
    build_deps
    configure release -DCMAKE_C_COMPILER=gcc
    "$PYTHON" tests/lint/lint.py "$@"
}

word_asan() {
    need build test
    build_deps
    configure asan -DCMAKE_C_COMPILER=gcc
    compile asan all
    "$PYTHON" tests/run/suite.py asan "$@"
}

word_tsan() {
    need build test
    build_deps tsan
    configure tsan -DCMAKE_C_COMPILER=gcc
    compile tsan all
    "$PYTHON" tests/run/suite.py tsan "$@"
}

word_fuzz() {
    need build fuzz
    build_deps
    configure fuzz -DCMAKE_C_COMPILER=clang
    compile fuzz all
    "$PYTHON" tests/run/suite.py fuzz "$@"
}

word_bench() {
    need build bench ceph
    build
    "$PYTHON" tests/run/suite.py bench "$@"
}

word_fresh() {
    need fresh
    tests/run/fresh.sh "$@"
}

word_clean() {
    rm -rf "$ROOT/build"
}

main() {
    local word=${1:-build}
    case $word in
        build | run | test | lint | asan | tsan | fuzz | bench | fresh | clean) ;;
        *) sed -n '2,13s/^# \{0,1\}//p' build.sh >&2 && exit 2 ;;
    esac
    [ $# -eq 0 ] || shift
    "word_$word" "$@"
}
main "$@"
