# `make run` shows the app, `make test` checks everything, `make help` lists the rest.
PYTHON ?= python3
PORT ?= 8501
DEVICE ?= cuda
BIN := .venv/bin
# For two cores: the third worker fills in while others wait for servers, kills and retries.
WORKERS ?= 3
.DEFAULT_GOAL := help
.PHONY: help env run demo app test lint types unit bench bench-gpu sweep docs lock clean

help: ## list these targets
	@awk -F':.*## ' '/^[a-z-]+:.*## /{printf "  make %-9s %s\n", $$1, $$2}' Makefile

env: ## make the environment (kept outside the clone, keyed by the lock files)
	@command -v $(PYTHON) >/dev/null || { echo "Error: $(PYTHON) was not found; install Python 3.11 to 3.13 or name one: make run PYTHON=python3.12"; exit 1; }
	@$(PYTHON) requirements/environment.py

run: env ## show the app on http://localhost:$(PORT), and make a demo beside it if there is none
	@$(BIN)/prh app --demo --port $(PORT)

demo: env ## make the demo warehouse (resumes where it was)
	@$(BIN)/prh demo

app: env ## show the app on whatever warehouse there is
	@$(BIN)/prh app --port $(PORT)

test: lint types unit ## lint, types, tests

lint: env ## ruff and the import contracts
	@$(BIN)/python -m ruff check .
	@$(BIN)/python -m ruff format --check .
	@PYTHONPATH=. $(BIN)/python -c "from importlinter.cli import lint_imports; raise SystemExit(lint_imports(verbose=False))"

types: env ## pyrefly; in prh_core everything is annotated
	@$(BIN)/python -m pyrefly check --python-interpreter-path $(BIN)/python --summary=none --min-severity error

# A worker that dies ends the run: pytest-xdist waits for ever for what it left of its files.
unit: env ## pytest
	@$(BIN)/python -m pytest -n $(WORKERS) --dist loadfile --no-loadscope-reorder --max-worker-restart=0

bench: env ## measure speed against pair-at-a-time scoring and write docs/how-fast.md
	@$(BIN)/python -m tests.bench

bench-gpu: env ## measure every metric on a card (DEVICE=cuda) and write docs/how-fast-gpu.md
	@$(BIN)/python -m tests.bench.device --device $(DEVICE)

sweep: env ## read every architecture and damaged files of every kind (an hour or more; resumes)
	@$(BIN)/python -m tests.sweep

docs: env ## build the documentation and the API reference into site/
	@NO_MKDOCS_2_WARNING=1 $(BIN)/python -m mkdocs build --quiet

lock: ## resolve pyproject.toml anew into requirements/*.txt
	@$(PYTHON) requirements/lock.py

clean: ## remove this clone's environment link and caches, not the data
	@rm -rf .venv .pytest_cache .ruff_cache .hypothesis build dist site
