# What one can do with a clone. Needs a Python from 3.9.2 on, make and git; the rest is set up in .venv on first use.

PYTHON ?=
PORT ?= 8000
HOST = 127.0.0.1
VENV = .venv
BENCH_VENV = .venv-bench
DOCS_VENV = .venv-docs
ARGS =
REDIS =
WORKERS =

BIN = $(VENV)/bin
SOURCES = $(wildcard src tests examples benchmarks scripts)
SETUP = pyproject.toml scripts/environment.sh scripts/pythons.sh scripts/services.sh
# A stamp says which environment is ready, and with which Python it was asked for.
STAMP = .ready$(if $(PYTHON),-$(subst /,-,$(PYTHON)))

.DEFAULT_GOAL := help
.PHONY: help demo test check format soak bench docs api assets clean

help: ## say what there is (this list)
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-8s %s\n", $$1, $$2 }' Makefile
	@echo "Variables: PYTHON=/path/to/python  HOST=$(HOST)  PORT=$(PORT)  ARGS='more words for pytest, bench or demo'"
	@echo "The demo in several processes, which share a Redis started for them: make demo REDIS=1 WORKERS=2"

demo: $(VENV)/$(STAMP) ## serve the example application, a team board, on http://127.0.0.1:8000
	@exec env REDIS='$(REDIS)' WORKERS='$(WORKERS)' $(BIN)/python scripts/demo.py --host $(HOST) --port $(PORT) $(ARGS)

test: $(VENV)/$(STAMP) ## run the test suite: in parallel, in random order, a time limit on every test
	@$(BIN)/python -m pytest -n auto --maxprocesses 8 $(ARGS)

check: $(VENV)/$(STAMP) ## formatting, lint, types and architecture, without changing a file
	@bad=0; \
	$(BIN)/ruff format --check --quiet --output-format concise $(SOURCES) || { echo "run 'make format'"; bad=1; }; \
	$(BIN)/ruff check --quiet --output-format concise $(SOURCES) || bad=1; \
	$(BIN)/mypy $(SOURCES) || bad=1; \
	$(BIN)/python -m pytest -q -p no:randomly tests/test_architecture.py tests/test_public_api.py || bad=1; \
	exit $$bad

format: $(VENV)/$(STAMP) ## format the code and mend what the linter can mend
	@$(BIN)/ruff check --quiet --fix $(SOURCES) || true
	@$(BIN)/ruff format $(SOURCES)

soak: $(VENV)/$(STAMP) ## run the long tests with full counts (minutes)
	@SUITE_PROFILE=soak $(BIN)/python -m pytest -m soak -n 0 --timeout 1800 $(ARGS); \
	code=$$?; [ $$code -ne 5 ] || { echo "no test is marked soak"; exit 0; }; exit $$code

bench: $(BENCH_VENV)/$(STAMP) ## measure beside the peers and write benchmarks/RESULTS.md (minutes)
	@$(BENCH_VENV)/bin/python -m benchmarks $(ARGS)

docs: $(DOCS_VENV)/$(STAMP) ## check the links of every Markdown file, and build docs/ into site/ (Python 3.11 or newer)
	@$(DOCS_VENV)/bin/python scripts/check_links.py
	@if [ ! -x $(DOCS_VENV)/bin/zensical ]; then echo "the site needs Python 3.11 or newer: only links were checked"; \
	elif [ ! -d docs ]; then echo "there is no docs/ yet: only links were checked"; \
	else $(DOCS_VENV)/bin/zensical build --clean; fi

api: $(VENV)/$(STAMP) ## write the public names and signatures down again (tests/test_public_api.txt)
	@$(BIN)/python -m tests.test_public_api

assets: $(VENV)/$(STAMP) ## fetch the files of the API documentation pages, so that they work offline (needs npm)
	@$(BIN)/python scripts/assets.py

clean: ## remove environments, caches and everything built
	rm -rf .venv .venv-* build dist site src/microframe/openapi/assets htmlcov .pytest_cache .mypy_cache .ruff_cache .hypothesis .coverage .coverage.*
	find src tests examples benchmarks scripts -name __pycache__ -type d -prune -exec rm -rf {} + 2>/dev/null || true

$(VENV)/$(STAMP): $(SETUP)
	@sh scripts/environment.sh $(VENV) "$(PYTHON)" all dev
	@sh scripts/services.sh
	@touch $@

$(BENCH_VENV)/$(STAMP): $(SETUP)
	@sh scripts/environment.sh $(BENCH_VENV) "$(PYTHON)" all bench
	@touch $@

$(DOCS_VENV)/$(STAMP): $(SETUP)
	@sh scripts/environment.sh $(DOCS_VENV) "$(PYTHON)" "" docs
	@touch $@
