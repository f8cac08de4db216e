# Everything sets itself up: `make demo` and `make test` work on a fresh machine.
.DEFAULT_GOAL := help
.PHONY: help demo test lint format lock bench fuzz docs pictures clean

PYTHON ?= python3
BIN := .venv/bin

help:  ## show this list
	@awk -F ':.*## ' '/^[a-z]+:.*## / {printf "  make %-8s %s\n", $$1, $$2}' Makefile

.venv/ready: requirements/dev.lock pyproject.toml setup.py tools/venv.sh $(wildcard safety_core/_native/*.c safety_core/_native/*.h)
	@PYTHON=$(PYTHON) sh tools/venv.sh

demo: .venv/ready  ## the whole story on this machine, without a network: about a minute
	@$(BIN)/safety demo

test: lint  ## all checks and the whole test suite (real OpenClaw, OPA, PostgreSQL, Chromium, processes)
	@sh tools/postgresql.sh
	@sh tools/dovecot.sh
	@sh tools/mariadb.sh
	@sh tools/containers.sh
	@sh tools/netns.sh
	@sh tools/chromium.sh
	@sh tools/axe.sh
	@sh tools/mermaid.sh
	@sh tools/openclaw.sh
	@sh tools/opa.sh >/dev/null
	@$(BIN)/safety policy check --policies policies
	@$(BIN)/safety policy test --policies policies
	@$(BIN)/pytest -n 2 --dist loadfile --cov --cov-report=term

lint: .venv/ready  ## style, types and the direction of imports
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports

format: .venv/ready  ## put the code into the house format
	@$(BIN)/ruff check --fix -q . ; $(BIN)/ruff format .

lock:  ## pin all dependencies with hashes again (needs uv)
	uv pip compile pyproject.toml --all-extras --universal --python-version 3.11 --generate-hashes --no-header -q -o requirements/dev.lock

bench: .venv/ready  ## what we promise, measured (see docs/benchmarks.md)
	@sh tools/load.sh
	@$(BIN)/python -m bench

fuzz: .venv/ready  ## the C extension under sanitizers, then the reader of command lines against a real bash: five minutes each, or make fuzz SECONDS=60
	@sh fuzz/native.sh $(or $(SECONDS),300) $(or $(SEED),0)
	@$(BIN)/python -m fuzz.shell --seconds $(or $(SECONDS),300) --seed $(or $(SEED),0)

docs: .venv/ready  ## the documentation's site, in build/site: plain files that ask no other machine
	@sh tools/mermaid.sh
	@NO_MKDOCS_2_WARNING=1 $(BIN)/python -m mkdocs -q build --strict

pictures: .venv/ready  ## take the pictures of the console and of the terminal anew
	@sh tools/chromium.sh
	@$(BIN)/python -m bench.hub.pictures
	@$(BIN)/python -m tools.docs.pictures

clean:  ## remove what the other targets made
	rm -rf .venv .cache .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis *.egg-info build dist .coverage*
