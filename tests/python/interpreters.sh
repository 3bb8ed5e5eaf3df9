#!/usr/bin/env bash
# One wheel under every CPython of this machine, 3.9 and up: interpreters.sh WHEEL [PYTHON ...]
# Without PYTHON: those of pyenv, else those on the PATH.
set -euo pipefail
wheel=$(realpath "$1")
shift
repository=$(cd "$(dirname "$0")/../.." && pwd)
empty=$(mktemp -d)
trap 'rm -rf "$empty"' EXIT
tests=(test_accounts test_aio test_hosts test_life test_logging test_processes test_reply_handler test_testing test_todays_program)
files=("${tests[@]/#/$repository/tests/python/}")
files=("${files[@]/%/.py}")

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
	"$venv/bin/python" -m pip install -q --disable-pip-version-check "$wheel" 'pytest>=8' 'pytest-timeout>=2.3'
	(cd "$empty" && "$venv/bin/python" -m pytest -q -p no:cacheprovider -c "$repository/python/pyproject.toml" \
		"${files[@]}" 2>&1 | tail -40) || exit 1
done
