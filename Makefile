# Everything a fresh machine needs is built here: `make demo` and `make test` want only Python and make.
SHELL := /bin/sh
.DEFAULT_GOAL := help
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
# An inherited PYTHONDONTWRITEBYTECODE would leave the environment uncompiled: every start pays seconds.
unexport PYTHONDONTWRITEBYTECODE
unexport PYTHONPATH
export PYTHONNOUSERSITE := 1

.PHONY: help env demo test test-slow lint types imports check docs model soak bench bench-destruction bench-detection bench-quality bench-console pictures clean

help: ## this list
	@grep -E '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed 's/:.*## /\t/'

env: $(VENV)/.stamp ## build .venv from the lock

$(VENV)/.stamp: requirements.lock pyproject.toml .ci/bootstrap.py
	$(PYTHON) .ci/bootstrap.py $(VENV)

demo: env ## ingest the example plans through Airflow, purge, verify; ARGS=--exit stops at the end
	$(BIN)/tutela demo $(ARGS)

test: env ## the whole test suite
	$(BIN)/python -m pytest $(ARGS)

lint: env ## ruff
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: env ## mypy strict, pyright for LiteralString
	$(BIN)/mypy
	$(BIN)/pyright --pythonpath $(BIN)/python

imports: env ## import rules
	$(BIN)/lint-imports

docs: env ## regenerate the documents made from code
	$(BIN)/python docs/generate.py

soak: env ## play with destruction for long: kills, losses, two at once
	$(BIN)/python -m pytest -m soak tests/integration/test_destruction_machine.py $(ARGS)

model: env ## check the model of destruction with Spin (apt-get install spin gcc); ARGS=--quick for smaller bounds
	$(BIN)/python docs/model/check.py $(ARGS)

check: lint types imports test ## all that CI runs

bench: env ## file to vault, stage by stage
	$(BIN)/python benchmarks/pipeline.py $(ARGS)

bench-destruction: env ## nightly purge, erasure on request, evidence; ARGS="--due 10000 --total 50000 --erase 1000" is quick
	$(BIN)/python benchmarks/destruction.py $(ARGS)

bench-quality: env ## a verdict on every row: 1,000,000 rows, 31 expectations; ARGS="--rows 100000" is quick
	$(BIN)/python benchmarks/quality.py --rows 1000000 $(ARGS)

bench-console: env ## how fast the console answers; ARGS="--records 100000" is quick
	$(BIN)/python benchmarks/console.py $(ARGS)

pictures: env ## take the pictures of the stewards' guide anew (wants Chromium and a Chinese font)
	$(BIN)/python docs/pictures.py

bench-detection: env ## what detection finds and how fast; ARGS=--quick, ARGS=--write-docs for docs/detection.md
	$(BIN)/python benchmarks/detection.py $(ARGS)

clean: ## remove the environment and the default home (asks the platform to stop first)
	-$(BIN)/tutela down
	rm -rf $(VENV) .tutela
