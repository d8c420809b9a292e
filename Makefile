# make run       serve recipes/polls on http://127.0.0.1:8000    (make run APP=hello PORT=9000)
# make test      all tests                                        (make test ARGS="tests/routing -x")
# make check     lint, types and tests, as CI runs them
# make scan      wapiti and sqlmap against a control and a defended app (make scan ARGS=--short)
# make coverage  tests with branch coverage       make bench   kit beside its peers       make clean   forget all that was made
#
# Each makes its own environment in .venv first; another Python: make test VENV=.venv-3.13 PYTHON=python3.13

VENV ?= .venv
BIN := $(VENV)/bin
PYTHON ?= $(shell for p in python3 python3.11 python3.12 python3.13 python3.14 python; do \
	"$$p" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo "$$p" && break; done)
APP ?= polls
PORT ?= 8000
JOBS ?= auto

.PHONY: run test check lint types coverage bench scan dist clean

run: $(VENV)/.all
	$(BIN)/kit run $(APP) --port $(PORT)

test: $(VENV)/.test
	$(BIN)/python -m pytest -n $(JOBS) --dist worksteal $(ARGS)

check: lint types test

lint: $(VENV)/.test
	$(BIN)/ruff check .
	$(BIN)/lint-imports --no-logo

types: $(VENV)/.test
	$(BIN)/mypy --strict kit

coverage: $(VENV)/.test
	rm -f .coverage .coverage.*
	$(BIN)/coverage run -m pytest -n $(JOBS) --dist worksteal $(ARGS)
	$(BIN)/coverage combine --quiet
	$(BIN)/coverage report

bench: $(VENV)/.bench
	for name in $$(grep -l __main__ benchmarks/*.py | tr / . ); do echo "== $$name"; $(BIN)/python -m $${name%.py} || exit 1; done

scan: $(VENV)/.test $(VENV)-scan/bin/wapiti
	KIT_SCANNERS=$(VENV)-scan/bin $(BIN)/python -m tests.security.scan.run $(ARGS)

$(VENV)-scan/bin/wapiti:
	$(PYTHON) -m venv --clear $(VENV)-scan
	$(VENV)-scan/bin/python -m pip install --quiet --disable-pip-version-check "wapiti3 ==3.2.3" sqlmap

dist: $(VENV)/.test
	rm -rf build dist
	$(BIN)/python -m build

clean:
	rm -rf $(VENV) build dist *.egg-info .coverage .coverage.* .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache

# One stamp per extra: no stamp, no trust. A half-made .venv is made anew. uv installs in a quarter of pip's time, but
# reads none of pip's settings: where it cannot be had or cannot install, pip does it, and shows what is wrong.
$(VENV)/.%: setup.cfg pyproject.toml Makefile
	@test -n "$(PYTHON)" || { echo "kit needs Python 3.11 or newer, and none is on PATH: make $@ PYTHON=/path/to/python3" >&2; exit 1; }
	@$(BIN)/python -m pip --version >/dev/null 2>&1 || $(PYTHON) -m venv --clear $(VENV)
	@echo "installing kit-wsgi[$*] into $(VENV)"
	@$(BIN)/uv --version >/dev/null 2>&1 || $(BIN)/python -m pip install --quiet --disable-pip-version-check uv 2>/dev/null || true
	@$(BIN)/uv pip install --quiet --python $(BIN)/python --editable '.[$*]' 2>/dev/null \
		|| $(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[$*]'
	@touch $@
