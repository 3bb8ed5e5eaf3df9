#!/usr/bin/env bash
# A wheel in an empty environment, without Rust: wheel.sh WHEEL [PYTHON]
set -euo pipefail
wheel=$1 python=$(command -v "${2:-python3}")
repository=$(cd "$(dirname "$0")/../.." && pwd)
empty=$(mktemp -d)
trap 'rm -rf "$empty"' EXIT

name=$(basename "$wheel")
[[ $name == livekeeper-*-cp39-abi3-manylinux_*.whl ]] || { echo "$name is not for CPython 3.9 and up on manylinux" >&2; exit 1; }
echo "$name, $(du -h "$wheel" | cut -f1)"

"$python" -m venv "$empty/venv"
# No network, no compiler: what it needs is in it.
"$empty/venv/bin/python" -m pip install -q --disable-pip-version-check --no-index "$wheel"
cd "$empty"
alone() { env -i HOME="$empty" PATH=/usr/bin:/bin LANG=C.UTF-8 "$empty/venv/bin/python" "$@"; }
! env -i PATH=/usr/bin:/bin bash -c 'command -v cargo rustc' || echo "left out: there is a Rust in /usr/bin, so that none is needed is not proven"
alone "$repository/python/examples/first_steps.py"
alone -m livekeeper --help >/dev/null
for file in py.typed _livekeeper.pyi; do
	alone -c "import livekeeper, pathlib; assert (pathlib.Path(livekeeper.__file__).parent / '$file').is_file(), '$file'"
done

# The best of five, in microseconds: what else runs on the machine is not the module's.
import_us() { alone -X importtime -c 'import livekeeper' 2>&1 | awk -F'|' '$3 ~ /^ *livekeeper *$/ { print $2 + 0 }'; }
best=$(for _ in 1 2 3 4 5; do import_us; done | sort -n | head -1)
echo "import livekeeper: $((best / 1000)) ms"
((best < 50000)) || { echo "import livekeeper took $best us, 50000 are allowed" >&2; exit 1; }
