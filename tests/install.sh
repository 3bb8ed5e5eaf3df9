#!/usr/bin/env bash
# Installs the library as a user does, into a directory that is thrown away, and builds the examples against what was installed: through
# pkg-config and CMake, shared and static. Ends with what is wrong, if anything is.
#
#     tests/install.sh            (make install-test runs it)
set -euo pipefail
cd "$(dirname "$0")/.."
CC=${CC:-cc} CXX=${CXX:-c++}

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
prefix=$work/prefix

fail() {
    echo "install test: $1" >&2
    exit 1
}
has() { command -v "$1" >/dev/null; }

# Unoptimised, which takes a third of the time to build and installs the same files: PROFILE=release for what users get.
make --no-print-directory install-c "PREFIX=$prefix" "PROFILE=${PROFILE:-dev}"
version=$(sed -n '/^\[workspace.package\]/,/^\[/s/^version = "\(.*\)"/\1/p' Cargo.toml)

# Files, names and symbols.
for file in include/livekeeper.h include/livekeeper.hpp include/livekeeper/manager.hpp lib/liblivekeeper.a "lib/liblivekeeper.so.$version" \
    lib/pkgconfig/livekeeper.pc share/cmake/livekeeper/livekeeper-config.cmake; do
    [ -e "$prefix/$file" ] || fail "$file was not installed"
done
soname=$(readelf -d "$prefix/lib/liblivekeeper.so" | sed -n 's/.*(SONAME).*\[\(.*\)\]/\1/p')
[ "$soname" = "liblivekeeper.so.${version%.*}" ] || fail "the soname is '$soname'"
[ -e "$prefix/lib/$soname" ] || fail "lib/$soname was not installed"
nm --dynamic --defined-only --format=posix "$prefix/lib/liblivekeeper.so" | cut -d' ' -f1 | sort >"$work/symbols"
LC_ALL=C sort "$work/symbols" | diff ffi/abi/symbols.txt - || fail "the library exports other symbols than ffi/abi/symbols.txt"

# An example is over at once where there is no cookie: what is tested is that it links, starts, and says so.
starts() {
    (cd "$work" && env -u LD_LIBRARY_PATH -u LIVEKEEPER_COOKIE "$1" </dev/null >"$work/said" 2>&1) && fail "$1 needs no cookie"
    grep -q 'cookie_value' "$work/said" || fail "$1 does not say that a cookie is missing, but: $(cat "$work/said")"
    rm -f "$work"/shop.db*
}

if has pkg-config; then
    export PKG_CONFIG_PATH=$prefix/lib/pkgconfig
    read -ra flags <<<"$(pkg-config --cflags --libs livekeeper)"
    $CC -o "$work/plain" ffi/examples/plain.c "${flags[@]}" "-Wl,-rpath,$prefix/lib"
    $CXX -std=c++17 -pthread -o "$work/cpp17" ffi/examples/cpp17.cpp "${flags[@]}" "-Wl,-rpath,$prefix/lib"
    # -Bstatic for this library only: the system's own stay shared.
    read -ra flags <<<"$(pkg-config --static --cflags --libs livekeeper | sed 's/-llivekeeper/-Wl,-Bstatic -llivekeeper -Wl,-Bdynamic/')"
    $CC -o "$work/plain-static" ffi/examples/plain.c "${flags[@]}"
    readelf -d "$work/plain" | grep -q "NEEDED.*$soname" || fail "the program does not ask for $soname"
    readelf -d "$work/plain-static" | grep -q 'NEEDED.*livekeeper' && fail "the static program asks for the shared library"
    for program in plain cpp17 plain-static; do starts "$work/$program"; done
    [ "$(pkg-config --modversion livekeeper)" = "$version" ] || fail "livekeeper.pc has another version"
    echo "install test: pkg-config, shared and static: good"
else
    echo "install test: pkg-config is not installed, so livekeeper.pc is not tried (Debian: apt-get install pkg-config)"
fi

if has cmake; then
    for static in OFF ON; do
        cmake -S tests/cmake -B "$work/cmake-$static" "-DCMAKE_PREFIX_PATH=$prefix" "-Dlivekeeper_USE_STATIC=$static" \
            "-DEXAMPLES=$PWD/ffi/examples" "-DVERSION=${version%.*}" >"$work/said" || fail "cmake: $(cat "$work/said")"
        cmake --build "$work/cmake-$static" >"$work/said" 2>&1 || fail "cmake --build: $(cat "$work/said")"
        for program in plain epoll cpp17; do starts "$work/cmake-$static/$program"; done
    done
    echo "install test: CMake, shared and static: good"
else
    echo "install test: CMake is not installed, so find_package is not tried (Debian: apt-get install cmake)"
fi

# Against an earlier release, where one is named: its liblivekeeper.so. Additions are fine.
if [ -n "${LIVEKEEPER_EARLIER:-}" ] && has abidiff; then
    abidiff --no-added-syms "$LIVEKEEPER_EARLIER" "$prefix/lib/liblivekeeper.so" || fail "it is not compatible with $LIVEKEEPER_EARLIER"
fi
