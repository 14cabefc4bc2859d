# make            what there is
# make run        the server, from nothing but Python 3.11 or later
# ARGS="..."      goes to the command behind the target:  make run ARGS="--port 9000"   make test ARGS="-k hub"
# WORKERS=...     how many tests run side by side:        make test WORKERS=0
# PYTHON=...      another interpreter for a new .venv:    make run PYTHON=python3.13

PYTHON ?= python3
ARGS ?=
WORKERS ?= 3
PY := .venv/bin/python
PIP := $(PY) -m pip --disable-pip-version-check --no-input install --quiet
LOCK := $(PY) -m uv pip compile --quiet --upgrade --universal --python-version 3.11 --generate-hashes \
	--no-emit-index-url --no-emit-find-links --custom-compile-command "make lock"

.DEFAULT_GOAL := help
.PHONY: help run install test check format bench soak images lock clean

help: ## Show this list
	@sed -n 's/^\([a-z]*\):[^#]*## /\1\t/p' $(MAKEFILE_LIST) | awk -F '\t' '{printf "  make %-9s %s\n", $$1, $$2}'

run: .venv/run.stamp ## Start the server; everything it needs goes into .venv
	@$(PY) run.py $(ARGS)

install: .venv/run.stamp .venv/install.stamp ## Put the command "realtime" into .venv/bin
	@echo 'Ready: .venv/bin/realtime --help'

test: .venv/test.stamp ## Run all tests, lint and types included; ARGS goes to pytest
	@$(PY) tools/parts.py chromium node npm cc curl nginx openssl strace socket.io-client
	@$(PY) -m pytest --numprocesses $(WORKERS) --dist worksteal $(ARGS)

check: .venv/test.stamp ## Format, lint and types, without the tests
	$(PY) -m ruff format --check .
	$(PY) -m ruff check .
	$(PY) -m mypy

format: .venv/test.stamp ## Put the source in shape
	$(PY) -m ruff format .
	$(PY) -m ruff check --fix .

bench: .venv/test.stamp ## Measure against the peers, side by side; ARGS goes to the benchmark
	@$(PY) -m benchmarks $(ARGS)

soak: .venv/test.stamp ## Run the promises at full size; ARGS goes to the soak
	@$(PY) -m tests.soak $(ARGS)

images: .venv/test.stamp ## Photograph every page for the README
	@$(PY) -m tools.images $(ARGS)

lock: .venv/dev.stamp ## Choose the newest versions within the ranges of setup.cfg and write requirements/*.txt
	$(LOCK) pyproject.toml -o requirements/run.txt
	$(LOCK) pyproject.toml --extra test -c requirements/run.txt -o requirements/test.txt
	$(LOCK) requirements/build.in -o requirements/build.txt
	$(LOCK) requirements/dev.in -c requirements/test.txt -o requirements/dev.txt

clean: ## Remove .venv and all caches; data/ stays
	rm -rf .venv build dist *.egg-info .coverage htmlcov .mypy_cache .ruff_cache .pytest_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

.venv/pyvenv.cfg:
	@$(PYTHON) tools/parts.py python venv
	@rm -rf .venv && $(PYTHON) -m venv .venv

# A stamp is newer than its lock file: the second call has nothing to do. A lock that changed is installed again.
.venv/%.stamp: requirements/%.txt .venv/pyvenv.cfg
	@echo 'Installing requirements/$*.txt into .venv (once) ...'
	@$(PIP) --require-hashes -r $<
	@touch $@

.venv/install.stamp: .venv/build.stamp setup.cfg
	@$(PIP) --no-deps --no-build-isolation --editable .
	@touch $@
