# Everything a newcomer needs: `make demo`, `make run`, `make test`. Needs Python >= 3.11 and make, nothing else.
PORT ?= 8000
# The newest that really runs: a name on the PATH may be a shim with nothing behind it.
PYTHON ?= $(shell for name in python3.14 python3.13 python3.12 python3.11 python3 python; do \
	$$name -c 'import sys; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1 && echo $$name && break; done)
BIN := .venv/bin
export PORT

.PHONY: help venv dev demo run test check format golden second-reader faults bench lock clean

help:
	@echo "make demo    try it: a demo clinic, a sandbox phone, nothing real is sent"
	@echo "make run     the same program without demo data"
	@echo "make test    every check and test, with a PostgreSQL, Redis and Chromium of its own"
	@echo "make golden  every text as it reads, to tests/golden: what changed is for a clinician to read"
	@echo "make second-reader  learn the second reader's weights anew from the labelled replies"
	@echo "make faults  the long fault tests      make bench  the benchmarks"

# What the service needs, pinned by hash, and the project itself.
venv: .venv/.runtime
.venv/.python:
	@test -n "$(PYTHON)" || { echo "No Python 3.11 or newer found: install one, or say make PYTHON=/path/to/python3."; exit 1; }
	@echo "==> Making .venv with $$($(PYTHON) --version)"
	@$(PYTHON) -m venv .venv || { echo "Python's venv module is missing (Debian: apt install python3-venv)."; exit 1; }
	@touch $@
.venv/.runtime: .venv/.python requirements/runtime.txt pyproject.toml
	@echo "==> Installing what the service needs (about half a minute the first time)"
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/runtime.txt
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@touch $@

# What the checks and tests need on top.
dev: .venv/.dev
.venv/.dev: .venv/.runtime requirements/dev.txt
	@echo "==> Installing what the tests need"
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/dev.txt
	@touch $@

demo: venv
	@$(BIN)/reminders up --demo

run: venv
	@$(BIN)/reminders up

test: check
	@sh tests/bring_chromium.sh
	$(BIN)/pytest -n 2 --dist worksteal

check: dev
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports

format: dev
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

# Write every text anew as it renders (tests/golden): the difference is what a clinician reads.
golden: dev
	$(BIN)/python -m tests.golden

# Learn the second reader's weights anew (decision 28), and say how it reads rows that it has not learnt from.
second-reader: dev .venv/.train
	PYTHONPATH=.venv/train $(BIN)/python -m tests.second_reader --held-out
.venv/.train: .venv/.dev requirements/train.txt
	@echo "==> Installing what learning needs, apart: nothing that runs needs it"
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes --upgrade \
		--target .venv/train -r requirements/train.txt
	@touch $@

faults: dev
	FAULTS=long $(BIN)/pytest tests/faults -p no:xdist --timeout 1800

bench: dev .venv/.peers
	$(BIN)/python -m benchmarks

# The queue that is measured beside, apart, so that nothing of it is near our own. Without it its column is missing.
.venv/.peers: .venv/.dev requirements/peers.txt
	@echo "==> Installing what is measured beside"
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes --upgrade \
		--target .venv/peers -r requirements/peers.txt && touch $@ || echo "pgqueuer cannot be had: its row will be missing."

# Renew the pins. Package hosts must not be named in the result.
UV_FLAGS := --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-emit-find-links --no-header --no-annotate --quiet
lock: dev
	$(BIN)/uv pip compile pyproject.toml --extra build $(UV_FLAGS) --output-file requirements/runtime.txt
	$(BIN)/uv pip compile pyproject.toml --all-extras $(UV_FLAGS) --constraints requirements/runtime.txt --output-file requirements/dev.txt
	echo "pgqueuer[asyncpg]" | $(BIN)/uv pip compile - $(UV_FLAGS) --constraints requirements/runtime.txt --output-file requirements/peers.txt
	echo "scikit-learn" | $(BIN)/uv pip compile - $(UV_FLAGS) --constraints requirements/runtime.txt --output-file requirements/train.txt

clean:
	rm -rf .venv .mypy_cache .ruff_cache .hypothesis
