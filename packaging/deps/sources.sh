# sources.sh - fetching Debian source packages. Sourced after common.sh.
#
# The machine's own deb entries are read as deb-src in a scratch folder, so that the same mirror and
# the same keys hold and the machine's configuration stays as it is. apt checks the signature of the
# index and with it the checksum of every file; an unsigned source is refused by apt itself.

APT_SCRATCH=$DEPS/apt

# Copies every enabled deb entry as deb-src, in both notations.
write_source_lists() {
    local file
    mkdir -p "$APT_SCRATCH/parts"
    for file in /etc/apt/sources.list.d/*.sources; do
        [ -f "$file" ] || continue
        sed -E 's/^Types:.*$/Types: deb-src/I' "$file" > "$APT_SCRATCH/parts/$(basename "$file")"
    done
    for file in /etc/apt/sources.list /etc/apt/sources.list.d/*.list; do
        [ -f "$file" ] || continue
        sed -nE 's/^deb(-src)?([[:space:]].*)$/deb-src\2/p' "$file" | sort -u \
            > "$APT_SCRATCH/parts/from-$(basename "$file" .list).list"
    done
}

apt_scratch() {
    apt-get -q -o Dir::Etc::sourceparts="$APT_SCRATCH/parts" -o Dir::Etc::sourcelist=/dev/null \
        -o Dir::State::lists="$APT_SCRATCH/lists" -o Dir::Cache="$APT_SCRATCH/cache" \
        -o APT::Sandbox::User=root -o Acquire::Languages=none -o Acquire::Retries=2 \
        -o APT::Get::List-Cleanup=true "$@"
}

# An entry without sources makes apt complain; what counts is whether a package can be fetched.
update_source_lists() {
    rm -rf "$APT_SCRATCH"
    mkdir -p "$APT_SCRATCH/lists/partial" "$APT_SCRATCH/cache/archives/partial"
    write_source_lists
    say "reading the list of Debian source packages"
    apt_scratch update > "$APT_SCRATCH/update.log" 2>&1 || say "some entries have no sources"
}

# fetch_source <source package> <version>: unpacked into $DEPS/src/<package>. The version that
# belongs to the installed packages is wanted; the newest one serves where it is gone.
fetch_source() {
    local name=$1 version=$2 folder=$DEPS/fetch/$1 log=$DEPS/fetch/$1.log
    rm -rf "$folder" "$DEPS/src/$name"
    mkdir -p "$folder" "$DEPS/src"
    cd "$folder"
    if ! apt_scratch source --download-only "$name=$version" > "$log" 2>&1; then
        say "$name $version is not to be had, trying the newest"
        apt_scratch source --download-only "$name" >> "$log" 2>&1 || { tail -n 3 "$log"; return 1; }
    fi
    dpkg-source --no-check -x "$folder"/*.dsc "$DEPS/src/$name" >> "$log" 2>&1 || { tail -n 3 "$log"; return 1; }
    cd "$HERE"
}
