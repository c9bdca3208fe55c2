# Every target sets up what it needs in .venv (with uv when it is there, else venv and pip), from the hashed lock.

SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help

VENV ?= .venv
BIN := $(VENV)/bin
TEST_ARGS ?=
SOURCES := compozy supervisors tests benchmarks examples docs

.PHONY: help
help: ## show this list
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sort | sed -E 's/^([a-z-]+):.*## /  make \1\t/' | expand -t 20

# $(call install,LOCK): make the environment if there is none, and install a lock and this checkout into it.
define install
	@python=$${PYTHON:-}; \
	for each in python3 python3.13 python3.12 python3.11; do \
	  if [ -z "$$python" ] && $$each -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then python=$$each; fi; \
	done; \
	if [ -z "$$python" ]; then echo "Python 3.11 or newer is needed: install it, or name it with PYTHON=..." >&2; exit 1; fi; \
	echo "setting up $(VENV) from requirements/$(1).txt"; \
	if command -v uv >/dev/null; then \
	  [ -x $(BIN)/python ] || uv venv --quiet --python "$$python" $(VENV); \
	  uv pip install --quiet --compile-bytecode --python $(BIN)/python --require-hashes -r requirements/$(1).txt; \
	  uv pip install --quiet --compile-bytecode --python $(BIN)/python --no-deps --no-build-isolation -e .; \
	else \
	  [ -x $(BIN)/pip ] || "$$python" -m venv $(VENV); \
	  $(BIN)/pip install --quiet --disable-pip-version-check --require-hashes -r requirements/$(1).txt; \
	  $(BIN)/pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .; \
	fi
	@touch $@
endef

$(VENV)/.run: requirements/run.txt pyproject.toml
	$(call install,run)

$(VENV)/.dev: requirements/dev.txt pyproject.toml
	$(call install,dev)

.PHONY: setup
setup: $(VENV)/.dev ## make the development environment in .venv

.PHONY: demo
demo: $(VENV)/.run ## run the example workflow, standalone, from nothing to its result
	@$(BIN)/compozy run greet --config examples/hello --input name=Ada

.PHONY: dev
dev: $(VENV)/.run ## serve this repository's compozy.yaml, standalone, and reload on change
	@$(BIN)/compozy dev

.PHONY: test
test: $(VENV)/.dev ## run the whole test suite
	@$(BIN)/pytest --cov --cov-report=term:skip-covered $(TEST_ARGS)

.PHONY: test-fast
test-fast: $(VENV)/.dev ## run the tests that take less than 0.25 s each
	@$(BIN)/pytest -m "not slow" $(TEST_ARGS)

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

.PHONY: docs
docs: $(VENV)/.dev ## build the documentation into docs/_build
	@$(BIN)/sphinx-build --quiet --fail-on-warning --keep-going -b html docs docs/_build

.PHONY: bench
bench: $(VENV)/.dev ## measure speed and memory, both sides in one run
	@$(BIN)/python benchmarks/first_light.py

.PHONY: lock
lock: ## make requirements/ anew from pyproject.toml (needs uv and the package registry)
	@uv pip compile pyproject.toml --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header \
	  --upgrade --extra standalone --group build --output-file requirements/run.txt
	@uv pip compile pyproject.toml --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header \
	  --constraint requirements/run.txt --extra standalone --group dev --output-file requirements/dev.txt

.PHONY: clean
clean: ## remove the environment, caches and built files
	@rm -rf $(VENV) docs/_build .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis .coverage*
