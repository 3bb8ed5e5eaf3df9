#!/usr/bin/env bash
# Looks for what a machine needs before anything can be built. Installs Debian packages when it may; otherwise says, in one
# sentence, what is missing and the command that brings it.
set -euo pipefail
python=${1:-python3}

stop() {
    echo "livekeeper: $1" >&2
    exit 1
}

rust=$(cargo --version 2>/dev/null | cut -d' ' -f2) || true
[ -n "$rust" ] || stop "Rust is missing: install it as https://rustup.rs says, then run make again."
needed=$(sed -n 's/^rust-version = "\(.*\)"/\1/p' Cargo.toml)
[ "$(printf '%s\n' "$needed" "$rust" | sort -V | head -n 1)" = "$needed" ] ||
    stop "Rust $rust is too old, $needed or newer is needed: run 'rustup update stable', then make again."

# Ends with what is wrong with the interpreter, if anything is. A version manager's stand-in may be found and not run.
check_python() {
    "$python" -c '' 2>/dev/null ||
        stop "Python is missing: '$python' cannot be run; install it, or name another with 'make PYTHON=python3.11 …'."
    "$python" -c 'import sys; sys.exit(sys.version_info < (3, 9))' ||
        stop "$("$python" --version) is too old, 3.9 or newer is needed: name one with 'make PYTHON=python3.11 …'."
}
has_venv() { "$python" -c 'import venv, ensurepip' 2>/dev/null; }

packages=()
command -v cc >/dev/null && command -v c++ >/dev/null && command -v nm >/dev/null || packages+=(build-essential)
if [ "$python" = python3 ] && ! command -v python3 >/dev/null; then
    packages+=(python3 python3-venv)
else
    check_python
    has_venv || packages+=("$("$python" -c 'import sys; print("python%d.%d-venv" % sys.version_info[:2])')")
fi
[ ${#packages[@]} -eq 0 ] && exit 0

if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
    echo "livekeeper: installing ${packages[*]}"
    { apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq "${packages[@]}" >/dev/null; } ||
        stop "apt-get could not install ${packages[*]}: see what it says above, install them, then make again."
    # Not the shell's memory of where programs were.
    hash -r
    check_python
    has_venv || stop "$python still has no venv module: install the one that goes with it, or name another with 'make PYTHON=python3.11 …'."
else
    stop "some packages are missing: run 'sudo apt-get install -y ${packages[*]}', then make again."
fi
