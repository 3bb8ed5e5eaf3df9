# livekeeper: two commands.
#
#   make demo    the main job, shown: accounts, buyers, replies, a clean close
#   make test    every test, in every language
#
# Each sets up what it needs; what has not changed is not built again. `make help` lists the rest.

.DEFAULT_GOAL := help
SHELL := /bin/bash
PYTHON ?= python3
VENV := .venv
PY := $(VENV)/bin/python
BENCH_VENV := target/bench-venv

CORE_SOURCES := $(shell find core/src tests/simulator/src -name '*.rs' -o -name '*.sql')
MODULE_SOURCES := $(CORE_SOURCES) $(shell find python/src -name '*.rs') \
	Cargo.toml Cargo.lock core/Cargo.toml python/Cargo.toml tests/simulator/Cargo.toml python/pyproject.toml

.PHONY: help demo test test-rust test-python test-pythons wheel sdist simulate kill-loop fault-loop fixtures audit lint header module prerequisites clean install-c install-test fuzz-c bench bench-quick bench-soak bench-ready bench-c bench-micro bench-instructions sanitize valgrind

help: ## this list
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | awk -F':.*## ' '{printf "  make %-19s %s\n", $$1, $$2}'

demo: module ## the main job against a stand-in for the service, over TLS
	@$(PY) -m livekeeper demo $(DEMO)

test: test-rust test-python ## every test: Rust, C, C++, Python

test-rust: prerequisites ## Rust, C and C++ tests
	cargo test --locked --workspace --exclude livekeeper-python --exclude livekeeper-micro

test-python: module ## Python tests
	$(PY) -m pytest -q -c python/pyproject.toml tests/python

wheel: module ## the wheel, in target/wheels, tried in an empty environment without Rust
	rm -f target/wheels/*.whl
	$(VENV)/bin/maturin build --release --locked -m python/Cargo.toml --out target/wheels
	tests/python/wheel.sh target/wheels/*.whl "$(PYTHON)"

test-pythons: wheel ## the wheel under every CPython of this machine
	tests/python/interpreters.sh target/wheels/*.whl

sdist: $(VENV)/.tools ## the source distribution, in target/wheels
	$(VENV)/bin/maturin sdist -m python/Cargo.toml --out target/wheels

simulate: prerequisites ## a day of a thousand accounts, many times: SEEDS=1000, or one again: SEED=7
	LIVEKEEPER_SIMULATION_SEEDS=$(or $(SEEDS),100) $(if $(SEED),LIVEKEEPER_SIMULATION_SEED=$(SEED)) \
		cargo test --release --locked -p livekeeper --lib simulation::a_day -- --nocapture

kill-loop: prerequisites ## a host that is killed again and again while buyers write: N=5000
	LIVEKEEPER_KILLS=$(or $(N),1000) cargo test --release --locked -p livekeeper-tests --test kill_loop -- --nocapture

fault-loop: prerequisites ## a disk that fails, is full or loses its process, at each operation of a host in turn
	LIVEKEEPER_FAULT_STEP=1 cargo test --locked -p livekeeper-tests --test disk

fixtures: prerequisites ## a small database in tests/fixtures for each schema that has none yet
	cargo test --locked -p livekeeper --lib store::fixture_tests -- --ignored

audit: prerequisites ## the dependencies: licences, bans, duplicates, sources, and known faults where their list can be had
	@tests/audit.sh "$(PYTHON)" "$(VENV)"

fuzz-c: prerequisites ## every C function in any order, with any handles: DURATION=600 (seconds), or the same again: SEED=7
	LIVEKEEPER_FUZZ_SECONDS=$(or $(DURATION),600) $(if $(SEED),LIVEKEEPER_FUZZ_SEED=$(SEED)) \
		cargo test --locked -p livekeeper-ffi --test fuzz -- --nocapture

bench: bench-ready ## what livekeeper costs, beside a plain Rust client that does the least and beside Python: BENCH="--runs 9 --only crowd,latency --json FILE"
	target/release/livekeeper-bench --clients-python $(BENCH_VENV)/bin/python --python $(PY) $(BENCH)

bench-quick: bench-ready ## the same in under a minute: one run, fewer accounts
	target/release/livekeeper-bench --clients-python $(BENCH_VENV)/bin/python --python $(PY) --quick $(BENCH)

bench-soak: prerequisites ## memory while buyers write without a pause: MINUTES=60
	cargo build --release --locked -p livekeeper-bench
	target/release/livekeeper-bench soak --minutes $(or $(MINUTES),5)

# The wheel is not built for it: its size is shown where there is one. The library is built by itself, without the core's feature
# that lets the measurements look inside.
bench-ready: module $(BENCH_VENV)/.packages
	cargo build --release --locked -p livekeeper-ffi
	cargo build --release --locked -p livekeeper-bench

# What Python's clients are written with, apart from the environment that livekeeper is in.
$(BENCH_VENV)/.packages: tests/bench/clients/requirements.txt | prerequisites
	"$(PYTHON)" -m venv $(BENCH_VENV)
	$(BENCH_VENV)/bin/python -m pip install -q --disable-pip-version-check -r $<
	@touch $@

bench-c: prerequisites ## what a call costs through C, against the same call in Rust
	cargo test --release --locked -p livekeeper-ffi --test boundary -- --ignored --nocapture

bench-micro: prerequisites ## the time of single steps: reading a push, matching rules, a status, a durable write: ONLY=status
	cargo bench --locked -p livekeeper-micro --bench steps -- --quiet $(ONLY)

bench-instructions: prerequisites ## the same in instructions, counted by valgrind, however busy the machine is
	cargo run --release --locked -p livekeeper-micro --bin instructions

# Each runs the same tests, with the C and C++ programs compiled or started otherwise; the library is as it is.
C_TESTS := cargo test --locked -p livekeeper-ffi --test c_programs --test cpp_programs --test examples --test fuzz
SANITIZED := -g -fno-omit-frame-pointer -fno-sanitize-recover=all -fsanitize=address,undefined

sanitize: prerequisites ## the C and C++ programs with AddressSanitizer and UndefinedBehaviorSanitizer
	LIVEKEEPER_C_FLAGS="$(SANITIZED)" $(C_TESTS)

valgrind: prerequisites ## the C and C++ programs in valgrind
	LIVEKEEPER_RUNNER="valgrind -q --error-exitcode=9 --leak-check=full --errors-for-leak-kinds=definite" $(C_TESTS)

lint: module $(VENV)/.linters ## formatting, clippy, type checks
	cargo fmt --all --check
	cargo clippy --locked --workspace --all-targets -- -D warnings
	$(PY) -m mypy --config-file python/pyproject.toml python/livekeeper tests/python python/examples
	$(PY) -m pyright --project python/pyproject.toml --pythonpath $(PY)
	$(PY) -m pyright --pythonpath $(PY) --verifytypes livekeeper --ignoreexternal

header: prerequisites ## write include/livekeeper.h anew from the Rust sources
	LIVEKEEPER_BLESS=1 cargo test --locked -p livekeeper-ffi --test header

# cargo-c, a cargo subcommand that installs a Rust library as one of C; 0.10.24 is the newest that takes the toolchain of 1.89 on.
CARGO_C := target/tools/bin/cargo-cinstall
PREFIX ?= /usr/local
PROFILE ?= release

install-c: $(CARGO_C) ## the C library: headers, liblivekeeper.so and .a, livekeeper.pc, a CMake package: PREFIX=/usr/local DESTDIR=
	PATH="$(CURDIR)/target/tools/bin:$$PATH" CARGO_TARGET_DIR=target/c cargo cinstall --locked --profile $(PROFILE) -p livekeeper-ffi \
		--prefix="$(PREFIX)" --libdir=lib $(if $(DESTDIR),--destdir="$(DESTDIR)")

# Unoptimised: it only starts others, and takes half the time to build.
$(CARGO_C): | prerequisites
	CARGO_PROFILE_DEV_DEBUG=false cargo install cargo-c --version 0.10.24 --locked --debug --root target/tools

install-test: $(VENV)/.cmake ## install-c into a directory of its own, and the examples built against it
	PATH="$$PATH:$(CURDIR)/$(VENV)/bin" tests/install.sh

module: $(VENV)/.module ## the native Python module, built in release, in .venv

# The package's Python files are used in place: only a change of Rust sources builds anew.
$(VENV)/.module: $(MODULE_SOURCES) $(VENV)/.tools
	VIRTUAL_ENV="$(CURDIR)/$(VENV)" $(VENV)/bin/maturin develop --release --locked --extras cli,test -m python/Cargo.toml
	@touch $@

$(VENV)/.tools: | prerequisites
	"$(PYTHON)" -m venv $(VENV)
	$(PY) -m pip install -q --disable-pip-version-check 'maturin>=1.9,<2'
	@touch $@

# It brings Node along.
$(VENV)/.linters: $(VENV)/.tools
	$(PY) -m pip install -q --disable-pip-version-check 'pyright[nodejs]>=1.1.400,<2'
	@touch $@

# The package of CMake's own makers, where the machine has none.
$(VENV)/.cmake: $(VENV)/.tools
	command -v cmake >/dev/null || $(PY) -m pip install -q --disable-pip-version-check 'cmake>=3.20'
	@touch $@

prerequisites:
	@tests/prerequisites.sh "$(PYTHON)"

clean: ## everything that was built
	rm -rf target $(VENV)
