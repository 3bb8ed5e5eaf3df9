#!/usr/bin/env bash
# One wheel under every CPython of this machine, 3.9 and up, with all tests: interpreters.sh WHEEL [PYTHON ...]
# Without PYTHON: those of pyenv, else those on the PATH. With PYTEST="-k exit" only some tests.
set -euo pipefail
wheel=$(realpath "$1")
shift
repository=$(cd "$(dirname "$0")/../.." && pwd)
empty=$(mktemp -d)
trap 'rm -rf "$empty"' EXIT

found() {
	local minor python
	for minor in 9 10 11 12 13 14; do
		for python in "$HOME/.pyenv/versions/3.$minor".*/bin/python "$(command -v "python3.$minor" || true)"; do
			[[ -x $python ]] && { echo "$python"; break; }
		done
	done
}

[[ $# -gt 0 ]] || mapfile -t pythons < <(found)
[[ $# -eq 0 ]] || pythons=("$@")
for python in "${pythons[@]}"; do
	version=$("$python" -c 'import platform; print(platform.python_version())')
	echo "== Python $version"
	venv="$empty/$version"
	"$python" -m venv "$venv"
	install=("$venv/bin/python" -m pip install -q --disable-pip-version-check)
	"${install[@]}" --only-binary :all: "$wheel[cli,test]" || {
		echo "left out: what needs a package that has no wheel for Python $version yet"
		"${install[@]}" "$wheel[cli]" 'pytest>=8' 'pytest-timeout>=2.3'
	}
	# shellcheck disable=SC2086
	(cd "$empty" && "$venv/bin/python" -m pytest -q -rs -p no:cacheprovider -c "$repository/python/pyproject.toml" ${PYTEST:-} \
		"$repository/tests/python" 2>&1 | tail -60) || exit 1
done
