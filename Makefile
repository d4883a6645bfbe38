# A bare `make` lists what there is. Everything runs in .venv, filled from the hashed locks.

PYTHON ?= python3
BIN := .venv/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check
TEST_ARGS ?=
TEST_WORKERS ?= 3
DEMO_ARGS ?=
BENCH_ARGS ?=
SOAK_MINUTES ?= 15
LOCK_ARGS ?=

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.NOTPARALLEL:
.PHONY: help demo test lint docs models format bench compose-test soak interop lock clean

help: ## list these targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-13s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

demo: .venv/.runtime.stamp ## the whole feed on this machine, its figures beside the reports and the truth (DEMO_ARGS="--scale 10")
	@$(BIN)/casefeed demo $(DEMO_ARGS)

test: lint ## every check and every test, by three processes (TEST_ARGS="tests/unit -q", TEST_WORKERS=0 for one)
	@$(BIN)/python -m pytest --numprocesses $(TEST_WORKERS) --dist loadfile --no-loadscope-reorder $(TEST_ARGS)

lint: .venv/.dev.stamp ## style, types, import rules, spelling, dead code
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports --no-logo
	@$(BIN)/typos
	@$(BIN)/vulture

bench: .venv/.dev.stamp ## every benchmark, twenty minutes, written to docs/performance.md (BENCH_ARGS="--only consume")
	@$(BIN)/python -m benchmarks $(or $(BENCH_ARGS),--write)

compose-test: .venv/.dev.stamp ## docker-compose.yml, then the broker tests on its containers; needs a docker engine
	@$(BIN)/python -m pytest tests/compose
	@TEST_KAFKA=docker $(BIN)/python -m pytest tests/wire tests/broker tests/crash

soak: .venv/.dev.stamp ## killed at each time of each step, and at random moments in rounds (SOAK_MINUTES=15)
	@SOAK_MINUTES=$(SOAK_MINUTES) $(BIN)/python -m pytest tests/soak -s

interop: .venv/.dev.stamp ## the shell snippets of docs/read-the-feed.md; needs kcat and a JDK on the path
	@$(BIN)/python -m pytest tests/interop

docs: .venv/.dev.stamp ## write docs/findings.md, docs/asyncapi.json and the tables of docs/read-the-feed.md anew
	@$(BIN)/python -m tests.house.generated_docs

models: .venv/.dev.stamp ## write the pydantic models and the compiled codec anew from schemas/avro
	@$(BIN)/python -m casefeed.schema_tools.generate_models
	@$(BIN)/python -m casefeed.schema_tools.generate_codecs

format: .venv/.dev.stamp ## put imports and layout in order
	@$(BIN)/ruff check --fix .
	@$(BIN)/ruff format .

lock: .lock-tools/.stamp ## write the locks anew from pyproject.toml (LOCK_ARGS="--upgrade")
	@$(BUILD_REQUIRES) | $(LOCK) --extra cli --extra stack -o requirements.lock pyproject.toml -
	@$(BUILD_REQUIRES) | $(LOCK) --extra dev -c requirements.lock -o requirements-dev.lock pyproject.toml -
	@$(BUILD_REQUIRES) | $(LOCK) --extra cli -c requirements.lock -o requirements-image.lock pyproject.toml -
	@$(LOCK) -c requirements.lock -o requirements-sdk.lock pyproject.toml

clean: ## remove the environment, caches and build leftovers (not your data)
	@rm -rf .venv .lock-tools build dist .hypothesis .import_linter_cache .mypy_cache .pytest_cache .ruff_cache
	@find sdk producers consumers stack tests -name __pycache__ -type d -prune -exec rm -rf {} +

# The build runs without isolation, so what it needs is pinned in the locks as well.
BUILD_REQUIRES = .lock-tools/bin/python -c 'import tomllib; print(*tomllib.load(open("pyproject.toml", "rb"))["build-system"]["requires"], sep="\n")'
LOCK = .lock-tools/bin/uv pip compile --quiet --universal --generate-hashes --python-version 3.11 \
	--no-header --no-emit-index-url --no-annotate $(LOCK_ARGS)

# Remade when it is missing, half made, or older than Python 3.11.
define environment
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || { \
		echo "casefeed needs Python 3.11 or newer; '$(PYTHON)' is $$($(PYTHON) --version 2>/dev/null || echo missing)." \
			"Name a newer one: make PYTHON=python3.12 $(MAKECMDGOALS)" >&2; exit 3; }
	@$(BIN)/python -c 'import pip, sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || { \
		echo "Making .venv with $$($(PYTHON) --version)."; $(PYTHON) -m venv --clear .venv; } || { \
		echo "'$(PYTHON) -m venv' failed. On Debian and Ubuntu it is a package of its own: python3-venv." >&2; exit 3; }
endef

# Compiled here as pip compiles a wheel: a command must not compile what it imports each time it starts.
define install
	@echo "Installing what $(1) pins."
	@$(PIP) install --quiet --require-hashes -r $(1)
	@$(PIP) install --quiet --no-deps --no-build-isolation -e .
	@$(BIN)/python -m compileall -q sdk producers consumers stack
endef

.venv/.runtime.stamp: requirements.lock pyproject.toml
	$(environment)
	$(call install,requirements.lock)
	@touch $@

# The dev lock holds everything the runtime lock does, at the same versions.
.venv/.dev.stamp: requirements-dev.lock pyproject.toml
	$(environment)
	$(call install,requirements-dev.lock)
	@touch .venv/.runtime.stamp $@

.lock-tools/.stamp:
	@$(PYTHON) -m venv --clear .lock-tools
	@.lock-tools/bin/python -m pip --disable-pip-version-check install --quiet uv
	@touch $@
