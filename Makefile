# Every target sets up what it needs in .venv (with uv when it is there, else venv and pip), from the hashed lock.

SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help

VENV ?= .venv
BIN := $(VENV)/bin
TEST_ARGS ?=
# How many processes share the suite; 0 for none but pytest's own. More than there are processors, for much of it is waiting.
TEST_WORKERS ?= 5
# How many random worlds `make fuzz` lets live.
FUZZ_WORLDS ?= 20000
# How many mutated projects it loads.
FUZZ_FILES ?= 10000
# How many random templates it renders, and how many random workflows it runs.
FUZZ_TEMPLATES ?= 10000
FUZZ_EXAMPLES ?= 500
# What the chaos of `make chaos` comes from (any when empty), and for how long it goes on with other seeds after that.
CHAOS_SEED ?=
CHAOS_MINUTES ?= 0
CHAOS_ARGS ?=
LOCK_ARGS ?=
BENCH_ARGS ?=
BENCH_VENV ?= .venv-bench
SOURCES := compozy supervisors tests benchmarks examples docs

.PHONY: help
help: ## show this list
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sort | sed -E 's/^([a-z-]+):.*## /  make \1\t/' | expand -t 26

# $(call install,LOCK,FOLDER): make the environment in the folder if there is none, and install a lock into it.
define install
	@python=$${PYTHON:-}; \
	for each in python3 python3.13 python3.12 python3.11; do \
	  if [ -z "$$python" ] && $$each -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then python=$$each; fi; \
	done; \
	if [ -z "$$python" ]; then echo "Python 3.11 or newer is needed: install it, or name it with PYTHON=..." >&2; exit 1; fi; \
	echo "setting up $(2) from requirements/$(1).txt"; \
	if command -v uv >/dev/null; then \
	  [ -x $(2)/bin/python ] || uv venv --quiet --python "$$python" $(2); \
	  uv pip install --quiet --compile-bytecode --python $(2)/bin/python --require-hashes -r requirements/$(1).txt; \
	else \
	  [ -x $(2)/bin/pip ] || "$$python" -m venv $(2); \
	  $(2)/bin/pip install --quiet --disable-pip-version-check --require-hashes -r requirements/$(1).txt; \
	fi
endef

# $(call install_checkout,FOLDER): install this checkout into an environment, too; all that it needs is in the lock.
define install_checkout
	@if command -v uv >/dev/null; then \
	  uv pip install --quiet --compile-bytecode --python $(1)/bin/python --no-deps --no-build-isolation -e .; \
	else \
	  $(1)/bin/pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .; \
	fi
endef

$(VENV)/.run: requirements/run.txt pyproject.toml
	$(call install,run,$(VENV))
	$(call install_checkout,$(VENV))
	@touch $@

$(VENV)/.dev: requirements/dev.txt pyproject.toml
	$(call install,dev,$(VENV))
	$(call install_checkout,$(VENV))
	@touch $@

$(BENCH_VENV)/.bench: requirements/bench.txt pyproject.toml
	$(call install,bench,$(BENCH_VENV))
	$(call install_checkout,$(BENCH_VENV))
	@touch $@

.PHONY: setup
setup: $(VENV)/.dev ## make the development environment in .venv

.PHONY: demo
demo: $(VENV)/.run ## run the example workflow, standalone, from nothing to its result
	@$(BIN)/compozy run greet --config examples/hello --input name=Ada

.PHONY: distributed-demo
distributed-demo: $(VENV)/.dev ## run 200 workflows over PostgreSQL, Redis and Temporal, and kill a worker in the middle
	@$(BIN)/python examples/distributed/demo.py

.PHONY: dev
dev: $(VENV)/.run ## serve this repository's compozy.yaml, standalone, and reload on change
	@$(BIN)/compozy dev

.PHONY: test
test: $(VENV)/.dev ## run the whole test suite
	@$(BIN)/pytest -n $(TEST_WORKERS) --dist worksteal $(TEST_ARGS)

.PHONY: coverage
coverage: $(VENV)/.dev ## run the whole test suite and tell which lines and branches it misses; takes a third longer
	@$(BIN)/pytest -n $(TEST_WORKERS) --dist worksteal --cov --cov-report=term:skip-covered $(TEST_ARGS)

.PHONY: test-fast
test-fast: $(VENV)/.dev ## run the tests that take less than 0.25 s each
	@$(BIN)/pytest -m "not slow" $(TEST_ARGS)

.PHONY: fuzz
fuzz: $(VENV)/.dev ## supervise random worlds of actors, load mutated projects, render and run random ones, on all cores
	@FUZZ_WORLDS=$(FUZZ_WORLDS) $(BIN)/pytest -n logical --dist worksteal --timeout 900 -k rules_hold \
	  tests/unit/supervisors/test_random_worlds.py $(TEST_ARGS)
	@FUZZ_FILES=$(FUZZ_FILES) $(BIN)/pytest -n logical --dist worksteal --timeout 900 \
	  tests/unit/loading/test_mutated_projects.py $(TEST_ARGS)
	@FUZZ_TEMPLATES=$(FUZZ_TEMPLATES) FUZZ_EXAMPLES=$(FUZZ_EXAMPLES) $(BIN)/pytest -n logical --timeout 900 \
	  tests/unit/templates/test_any_text.py tests/unit/templates/test_payloads.py tests/integration/language $(TEST_ARGS)

.PHONY: chaos
chaos: $(VENV)/.dev ## kill everything at random while 500 executions run, in both modes, and check what was promised
	@$(BIN)/python -m tests.chaos --verbose $(if $(CHAOS_SEED),--seed $(CHAOS_SEED)) --minutes $(CHAOS_MINUTES) $(CHAOS_ARGS)

.PHONY: lint
lint: $(VENV)/.dev ## check style, async mistakes and the layers
	@$(BIN)/ruff check $(SOURCES)
	@$(BIN)/ruff format --check $(SOURCES)
	@find compozy supervisors -name '*.py' -print0 | xargs -0 $(BIN)/flake8-async --enable=ASYNC101,ASYNC102,ASYNC103,ASYNC104,ASYNC112,ASYNC120,ASYNC124
	@$(BIN)/lint-imports --no-logo

.PHONY: format
format: $(VENV)/.dev ## format the code and mend what can be mended
	@$(BIN)/ruff check --fix $(SOURCES)
	@$(BIN)/ruff format $(SOURCES)

.PHONY: types
types: $(VENV)/.dev ## check the types
	@$(BIN)/mypy

.PHONY: schema
schema: $(VENV)/.dev ## write the JSON Schemas of the YAML files into schema/, for editors
	@$(BIN)/python -m compozy config schema --write schema

.PHONY: histories
histories: $(VENV)/.dev ## record the golden histories of workflows anew: only for what no release has begun
	@COMPOZY_WRITE_HISTORIES=1 $(BIN)/pytest tests/integration/engine tests/integration/schedules $(TEST_ARGS)

.PHONY: docs
docs: $(VENV)/.dev ## build the documentation into docs/_build
	@$(BIN)/sphinx-build --quiet --fail-on-warning --keep-going -b html docs docs/_build

.PHONY: bench
bench: $(VENV)/.dev ## measure speed and memory, both sides in one run
	@$(BIN)/python benchmarks/first_light.py

.PHONY: bench-supervisors
bench-supervisors: $(BENCH_VENV)/.bench ## measure the supervision library beside bare Trio and its peers
	@$(BENCH_VENV)/bin/python benchmarks/supervisors/compare.py $(BENCH_ARGS)

.PHONY: bench-store
bench-store: $(BENCH_VENV)/.bench ## measure the store beside its bare databases and its peers
	@$(BENCH_VENV)/bin/python benchmarks/store/compare.py $(BENCH_ARGS)

.PHONY: bench-cache
bench-cache: $(BENCH_VENV)/.bench ## measure the cache beside dictionaries, Redis and its peers
	@$(BENCH_VENV)/bin/python benchmarks/cache/compare.py $(BENCH_ARGS)

.PHONY: bench-modes
bench-modes: $(VENV)/.dev ## measure both modes beside the plain Temporal SDK and a bare HTTP server
	@$(BIN)/python benchmarks/modes/compare.py $(BENCH_ARGS)

.PHONY: bench-engine
bench-engine: $(BENCH_VENV)/.bench ## measure workflows and templates beside the plain Temporal SDK and their peers
	@$(BENCH_VENV)/bin/python benchmarks/engine/compare.py $(BENCH_ARGS)

# What is pinned stays as long as it fits; `make lock LOCK_ARGS=--upgrade` takes the newest of everything.
COMPILE := uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header $(LOCK_ARGS)

.PHONY: lock
lock: ## bring requirements/ in line with pyproject.toml (needs uv and the package registry)
	@$(COMPILE) pyproject.toml --extra standalone --group build --output-file requirements/run.txt
	@$(COMPILE) pyproject.toml --constraint requirements/run.txt --extra standalone --group dev --output-file requirements/dev.txt
	@$(COMPILE) pyproject.toml --constraint requirements/run.txt --extra standalone --group build --group bench --output-file requirements/bench.txt

.PHONY: clean
clean: ## remove the environment, caches and built files
	@rm -rf $(VENV) $(BENCH_VENV) docs/_build .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis .coverage*
