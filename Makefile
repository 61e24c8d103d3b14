# Everything a person types is here; `make` lists it. Needs python3 (3.11 or later) with venv.

PYTHON ?= python3
UV_VERSION := 0.13.9
ARGS ?=
SEEDS ?= 1000
FROM ?= 0

venv := .venv
bin := $(venv)/bin
# Told which interpreter: an environment that happens to be active is none of our business.
uv := $(bin)/uv --quiet
into := --python $(bin)/python
locking := --universal --python-version 3.11 --generate-hashes --no-header --no-annotate $(UPGRADE)
code := $(wildcard ledger api tests bench tools)

# Compiled once and not by every process anew, which costs each of them three seconds: the packages
# when they are installed, our own modules as they are first imported.
export UV_COMPILE_BYTECODE := 1
unexport PYTHONDONTWRITEBYTECODE

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.SUFFIXES:
.PHONY: help run demo-two test simulate chaos check check-format check-lint check-types check-floors check-docs \
        fix docs bench lock upgrade clean

help: ## List these targets
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/  make \1|\2/p' Makefile | awk -F '|' '{ printf "%-16s%s\n", $$1, $$2 }'

run: $(venv)/runtime.stamp ## Serve the demo of two provinces on 127.0.0.1:8000
	@exec $(bin)/liangdi serve --demo

demo-two: $(venv)/dev.stamp ## Two nodes on this machine, and a story that passes between them
	@$(bin)/python -m tools.demo_two $(ARGS)

test: $(venv)/dev.stamp chromium ## Run the tests, on SQLite, PostgreSQL and a browser (ARGS='-k transfers')
	$(bin)/python -m pytest -n logical --dist worksteal $(ARGS)

# The pages are tried in Debian's own Chromium: nothing but its package can be had everywhere. The
# shell is the same browser without windows, and takes less than half the time.
.PHONY: chromium
chromium:
	@if [ -n "$$LIANGDI_CHROMIUM$$(command -v chromium-headless-shell || command -v chromium)" ]; then :; \
	elif [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null; then \
		echo "Installing chromium and a Chinese font ..."; \
		(apt-get -qq update && DEBIAN_FRONTEND=noninteractive apt-get -qq install --yes \
			--no-install-recommends chromium-headless-shell fonts-noto-cjk) >/dev/null; \
	else \
		echo "The tests in a browser are left out: no chromium here. On Debian:"; \
		echo "    sudo apt-get install chromium-headless-shell fonts-noto-cjk"; \
		echo "Elsewhere: LIANGDI_CHROMIUM=/path/to/chromium make test"; \
	fi

simulate: $(venv)/dev.stamp ## Provinces where everything goes wrong (SEEDS=10000, or one: SEED=4711)
	$(bin)/python -m tests.simulation $(if $(SEED),--seed $(SEED),--seeds $(SEEDS) --from $(FROM)) \
		$(if $(NODES),--nodes $(NODES))

chaos: $(venv)/dev.stamp ## Two nodes and a database, killed at random (SECONDS=300)
	LIANGDI_CHAOS_SECONDS=$(or $(SECONDS),60) $(bin)/python -m pytest -q -s tests/test_chaos.py

check: check-format check-lint check-types check-floors check-docs ## Format, lint, types, floors, docs current

check-format: $(venv)/dev.stamp
	$(bin)/ruff format --check $(code)

check-lint: $(venv)/dev.stamp
	$(bin)/ruff check $(code)

check-types: $(venv)/dev.stamp
	$(bin)/pyright

check-floors: $(venv)/dev.stamp
	$(bin)/lint-imports --no-logo --no-cache

check-docs: $(venv)/dev.stamp
	@if [ -e tools/docs.py ] || [ -e tools/docs ]; then $(bin)/python -m tools.docs --check; fi

fix: $(venv)/dev.stamp ## Format, and mend what lint can mend
	$(bin)/ruff check --fix --exit-zero --quiet $(code)
	$(bin)/ruff format $(code)

docs: $(venv)/dev.stamp ## Write the generated pages of docs/reference
	$(bin)/python -m tools.docs

bench: $(venv)/dev.stamp ## Measure beside the library and the raw limit
	$(bin)/python -m bench $(ARGS)

lock: $(bin)/uv ## Bring the locks in line with pyproject.toml
	$(uv) pip compile $(locking) --output-file requirements.lock pyproject.toml
	$(uv) pip compile $(locking) --constraint requirements.lock --group dev \
		--output-file requirements-dev.lock pyproject.toml

upgrade: ## Lock the newest versions that pyproject.toml allows
	@$(MAKE) lock UPGRADE=--upgrade

clean: ## Remove the environment and every cache; the ledgers in var/ stay
	rm -rf $(venv) build dist .pytest_cache .ruff_cache .hypothesis .import_linter_cache .schemathesis
	find $(code) -name __pycache__ -type d -prune -exec rm -rf {} +

# The stamps are younger than the locks as long as what is installed is what is locked.
# `run` adds to the environment what it lacks, so that it leaves the tools of a developer alone;
# `test` makes the environment exactly what its lock says.

$(bin)/uv: Makefile
	$(PYTHON) -m venv $(venv)
	$(bin)/python -m pip install --quiet --disable-pip-version-check uv==$(UV_VERSION)
	@touch $@

$(venv)/runtime.stamp: requirements.lock pyproject.toml | $(bin)/uv
	@echo "Setting up $(venv) from requirements.lock ..."
	$(uv) pip install $(into) --require-hashes --requirement requirements.lock
	$(uv) pip install $(into) --no-deps --editable .
	@touch $@

$(venv)/dev.stamp: requirements-dev.lock pyproject.toml | $(bin)/uv
	@echo "Setting up $(venv) from requirements-dev.lock ..."
	$(uv) pip sync $(into) --require-hashes requirements-dev.lock
	$(uv) pip install $(into) --no-deps --editable .
	@touch $@ $(venv)/runtime.stamp
