# Answerable's tasks. `make` alone lists them.

SHELL := /bin/sh
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
MAKEFLAGS += --no-builtin-rules

# PYTHON names an interpreter; left empty, the newest supported one that runs is taken.
PYTHON ?=
VENV ?= .venv
DEMO_PORT ?= 8000
DEMO_DIR ?= demo-data
DEMO_ARGS ?=
TEST_ARGS ?=
BENCH_ARGS ?=
CHROMIUM ?=
export CHROMIUM

BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check --no-input install --no-warn-script-location
# A found command is not enough: version managers put shims on the path that only print an error.
SUITABLE := import ensurepip, sqlite3, ssl, sys, venv; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 14))
# Several test processes share the cores, so that nothing they compute with takes all of them.
# The tests start hundreds of processes: whatever the environment says, none compiles again what another has.
PYTEST := PYTHONDONTWRITEBYTECODE= PYTHONHASHSEED=0 OMP_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1 $(BIN)/python -m pytest --numprocesses=logical --maxprocesses=8 --dist=worksteal

.PHONY: help demo test test-all lint format bench clean browser

help: ## List what can be made
	@echo "Answerable: make one of"
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  %-10s %s\n", $$1, $$2 }' $(firstword $(MAKEFILE_LIST))
	@echo "Variables: PYTHON VENV DEMO_PORT DEMO_DIR DEMO_ARGS TEST_ARGS BENCH_ARGS CHROMIUM"

demo: $(VENV)/.installed-base ## Build a demo business in ./demo-data and serve it (DEMO_PORT, DEMO_DIR, DEMO_ARGS)
	@$(BIN)/answerable demo --dir "$(DEMO_DIR)" --port "$(DEMO_PORT)" $(DEMO_ARGS)

test: $(VENV)/.installed-test browser ## Run the tests on SQLite, PostgreSQL and a browser, within 10 minutes (TEST_ARGS)
	$(PYTEST) -m "not full" $(TEST_ARGS)

test-all: $(VENV)/.installed-test-all browser ## Run the tests with every promised figure at full count, without a limit
	ANSWERABLE_TEST_FULL=1 $(PYTEST) -o timeout=7200 $(TEST_ARGS)

lint: $(VENV)/.installed-test ## Check style, types, layers and generated pages
	@failed=""; \
	for check in "ruff check" "ruff format --check" mypy lint-imports "python -m docs.generate --check"; do \
	  echo "--- $$check"; $(BIN)/$$check || failed="$$failed [$$check]"; \
	done; \
	[ -z "$$failed" ] || { echo "These found something:$$failed" >&2; exit 1; }

format: $(VENV)/.installed-test ## Format the code, sort its imports and write the generated pages
	$(BIN)/ruff check --fix --exit-zero
	$(BIN)/ruff format
	$(BIN)/python -m docs.generate

bench: $(VENV)/.installed-bench ## Measure speed: decisions, the console, fairness, imports, the log, monitors, verifying (BENCH_ARGS, such as fairness)
	$(BIN)/python -m benchmarks $(BENCH_ARGS)

clean: ## Remove the virtual environment, caches, build results and ./demo-data
	rm -rf "$(VENV)" build dist demo-data demo-data-highwater .hypothesis .import_linter_cache .mypy_cache .pytest_cache .ruff_cache .schemathesis
	find . -name __pycache__ -type d -not -path './.venv*' -prune -exec rm -rf {} +

# ------------------------------------------------------------------------------ what these need

$(BIN)/python:
	@chosen=""; \
	for candidate in $(if $(PYTHON),"$(PYTHON)",python3.14 python3.13 python3.12 python3.11 python3); do \
	  if "$$candidate" -c '$(SUITABLE)' >/dev/null 2>&1; then chosen="$$candidate"; break; fi; \
	done; \
	if [ -z "$$chosen" ]; then \
	  echo "No Python 3.11 to 3.14 with its venv module was found$(if $(PYTHON), at $(PYTHON)): install one (on Debian: apt-get install python3 python3-venv) or name it with make PYTHON=/path/to/python3." >&2; \
	  exit 1; \
	fi; \
	echo "Making $(VENV) with $$("$$chosen" -c 'import platform, sys; print("Python", platform.python_version(), "from", sys.executable)')"; \
	"$$chosen" -m venv --clear "$(VENV)"

$(VENV)/.installed-base: pyproject.toml | $(BIN)/python
	@echo "Installing what serving needs into $(VENV)"
	@$(PIP) --editable .
	@touch $@

$(VENV)/.installed-%: pyproject.toml | $(BIN)/python
	@echo "Installing the $* tools into $(VENV)"
	@$(PIP) --editable '.[$*]'
	@touch $@ $(VENV)/.installed-base

browser:
	@if [ -n "$$CHROMIUM" ]; then \
	  [ -x "$$CHROMIUM" ] || { echo "CHROMIUM=$$CHROMIUM cannot be run: name the path of a Chromium, or leave CHROMIUM out." >&2; exit 1; }; \
	  exit 0; \
	fi; \
	command -v chromium >/dev/null && exit 0; \
	if command -v apt-get >/dev/null; then \
	  if [ "$$(id -u)" = 0 ]; then as_root="env"; elif sudo -n true 2>/dev/null; then as_root="sudo -n env"; else as_root=""; fi; \
	  if [ -n "$$as_root" ]; then \
	    echo "Installing Chromium for the browser tests"; \
	    { $$as_root DEBIAN_FRONTEND=noninteractive apt-get update -qq </dev/null \
	      && $$as_root DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends chromium fonts-dejavu-core </dev/null; } || true; \
	  fi; \
	fi; \
	command -v chromium >/dev/null && exit 0; \
	echo "!!! NO BROWSER: Chromium was not found and could not be installed, so the browser tests cannot run. Install it (on Debian: apt-get install chromium) or name one with CHROMIUM=/path." >&2; \
	[ "$$CI" != true ]
