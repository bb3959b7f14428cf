# Everything runs from a virtual environment that this file builds out of the lock files.
#
#   make run     the flagship scenario: when, if at all, does Homs fall?
#   make test    all tests               make lint    format, lint, types, walls between rooms
#   make bench   speed against peers     make docs    the pages as HTML, in build/docs
#   make stats   do intervals hold?      make fuzz    torn and random files, for some minutes
#   make check   are the shipped forecasts what their files say?
#   make clean   remove caches           make distclean   remove the environments as well
#   make lock    renew the lock files (needs uv)
#
# PYTHON=python3.13 picks the interpreter of a new environment (3.11 to 3.14).

PYTHON ?= python3
PYTEST_ARGS ?= -n auto --dist worksteal
BENCH_ARGS ?=

VENV := .venv
PY := $(VENV)/bin/python
BENCH_VENV := .venv-bench
# Not compiled beforehand: half the time, and only what is imported gets compiled, once.
PIP_INSTALL := -m pip install --quiet --no-compile --require-hashes --only-binary :all:
export PIP_DISABLE_PIP_VERSION_CHECK := 1

VERSION_CHECK := import sys; sys.exit(not (3, 11) <= sys.version_info < (3, 15) \
  and "Python 3.11 to 3.14 is needed: make PYTHON=python3.13")

.DEFAULT_GOAL := run
.PHONY: run test check stats fuzz lint docs bench lock clean distclean env env-dev env-bench warm

# Each environment keeps a copy of the lock it was built from, written last: an interrupted
# install leaves none, and what counts is a lock's content, not its date.

env:
	@{ cmp -s requirements.lock $(VENV)/requirements.lock && $(PY) -c pass; } || { \
	  $(PYTHON) -c '$(VERSION_CHECK)' && \
	  echo "setting up $(VENV): less than a minute, once" && \
	  $(PYTHON) -m venv --clear $(VENV) && \
	  $(PY) $(PIP_INSTALL) -r requirements.lock && \
	  cp requirements.lock $(VENV)/requirements.lock; }

env-dev: env
	@cmp -s requirements-dev.lock $(VENV)/requirements-dev.lock || { \
	  echo "adding the tools for tests and lint to $(VENV)" && \
	  $(PY) $(PIP_INSTALL) -r requirements-dev.lock && \
	  cp requirements-dev.lock $(VENV)/requirements-dev.lock; }

# A peer that cannot be installed is left out of the table, with a word.
env-bench: env
	@cmp -s requirements-bench.lock $(BENCH_VENV)/requirements-bench.lock || { \
	  echo "setting up $(BENCH_VENV), where the peers live" && \
	  $(PY) -m venv --clear $(BENCH_VENV) && \
	  $(BENCH_VENV)/bin/python $(PIP_INSTALL) -r requirements-bench.lock && \
	  cp requirements-bench.lock $(BENCH_VENV)/requirements-bench.lock; } || \
	  echo "$(BENCH_VENV) could not be set up: its peers are left out"

# Compiles the kernel of the engine into its cache, a quarter of a minute, once.
warm: env
	@$(PY) -m sim.engines.compiled.warm

run: warm
	$(PY) run.py run scenarios/homs_2024.yaml

# One process fills the kernel cache, so that parallel test workers find it filled.
check: warm
	$(PY) run.py check scenarios --budget 60s

test: env-dev warm
	$(PY) -m pytest $(PYTEST_ARGS)

# What `make test` does in short, in full: 10,000 ensembles of each model with a known law, and of
# each pair of models, with the figures; both engines on past wars to their end; and fits to 60
# sets of made-up cases.
stats: env-dev warm
	STATS=long $(PY) -m pytest tests/contracts tests/scenarios/test_library.py \
	  tests/world/reference_class/test_fit.py $(PYTEST_ARGS)

# Every target an equal share of the time; then what Hypothesis makes of the loader, with LONG=1.
FUZZ_SECONDS ?= 300
fuzz: env-dev warm
	$(PY) -m tests.fuzz --seconds $(FUZZ_SECONDS)
	$(if $(LONG),FUZZ=long $(PY) -m pytest tests/test_loader_properties.py $(PYTEST_ARGS))

lint: env-dev
	$(PY) -m ruff format --check .
	$(PY) -m ruff check .
	$(PY) -m mypy --strict
	$(VENV)/bin/lint-imports --no-logo --cache-dir .import_linter_cache

# The pages made of the program first. Nothing is fetched: -W has a broken link stop the build.
docs: env-dev
	$(PY) -m docs.generate
	$(PY) -m sphinx -W --keep-going -n -q -b html -c docs . build/docs
	@echo "build/docs/index.html"

bench: env-bench
	$(PY) -m benchmarks.run $(BENCH_ARGS)
	$(PY) -m benchmarks.scaling $(BENCH_ARGS)
	$(PY) -m benchmarks.startup $(BENCH_ARGS)

# uv is wanted only here. `--no-config`: a lock must not depend on the machine that makes it.
UV_LOCK := uv pip compile --no-config --universal --python-version 3.11 --generate-hashes \
  --no-emit-index-url --no-header --no-annotate --quiet --upgrade

lock:
	$(UV_LOCK) pyproject.toml -o requirements.lock
	$(UV_LOCK) pyproject.toml --group dev -c requirements.lock -o requirements-dev.lock
	$(UV_LOCK) --group bench -o requirements-bench.lock

clean:
	rm -rf build dist .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache .coverage .coverage.* htmlcov
	find sim tests benchmarks -name __pycache__ -type d -prune -exec rm -rf {} +

distclean: clean
	rm -rf $(VENV) $(BENCH_VENV)
