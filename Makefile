# `make demo` and `make test` each do all that is needed on a fresh clone: they make .venv, install the
# versions of constraints.txt into it, and run. Another Python: make demo PYTHON=python3.13

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
INSTALL := PIP_CONSTRAINT=constraints.txt PIP_BUILD_CONSTRAINT=constraints.txt \
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable

.PHONY: help demo test lint

help:
	@echo "make demo   make the demonstration workshop in demo/: every company's summary and the programme report"
	@echo "make test   run all tests"
	@echo "make lint   check style and types"

demo: $(VENV)/.installed
	@$(BIN)/spp-workshop demo demo

test: $(VENV)/.installed-test
	@$(BIN)/python -m pytest --numprocesses logical --maxprocesses 4 --dist loadfile

lint: $(VENV)/.installed-dev
	@$(BIN)/python -m ruff check
	@$(BIN)/python -m ruff format --check --quiet
	@$(BIN)/python -m mypy

$(VENV)/.installed: pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "Python 3.11 or newer is needed. If yours has another name: make demo PYTHON=python3.13"; exit 1; }
	@echo "Installing into $(VENV) (a few minutes, once) ..."
	@$(PYTHON) -m venv $(VENV)
	@$(INSTALL) '.[pdf,serve]'
	@touch $@

$(VENV)/.installed-test: $(VENV)/.installed
	@$(INSTALL) '.[test]'
	@touch $@

$(VENV)/.installed-dev: $(VENV)/.installed-test
	@$(INSTALL) '.[dev]'
	@touch $@
