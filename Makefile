# Everything sets itself up: `make demo` and `make test` work on a fresh machine.
.DEFAULT_GOAL := help
.PHONY: help demo test lint format lock release audit bench bench-quick fuzz soak docs pictures clean

PYTHON ?= python3
BIN := .venv/bin

help:  ## show this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-11s %s\n", $$1, $$2}' Makefile

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
	@sh tools/deploy.sh
	@sh tools/ssh.sh
	@sh tools/chromium.sh
	@sh tools/axe.sh
	@sh tools/mermaid.sh
	@sh tools/openclaw.sh
	@sh tools/soak.sh
	@sh tools/opa.sh >/dev/null
	@$(BIN)/safety policy check --policies policies
	@$(BIN)/safety policy test --policies policies
	@$(BIN)/python -m bench.quick
	@$(BIN)/pytest -n 3 --dist loadfile --no-loadscope-reorder --cov --cov-report=term

lint: .venv/ready  ## style, types and the direction of imports
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports

format: .venv/ready  ## put the code into the house format
	@$(BIN)/ruff check --fix -q . ; $(BIN)/ruff format .

lock:  ## pin all dependencies with hashes again (needs uv)
	uv pip compile pyproject.toml --all-extras --universal --python-version 3.11 --generate-hashes --no-header -q -o requirements/dev.lock
	uv pip compile pyproject.toml --extra adapters --extra telemetry --universal --python-version 3.11 --generate-hashes --no-header -q -c requirements/dev.lock -o requirements/edge.lock
	uv pip compile pyproject.toml --extra hub --extra billing --extra channels --universal --python-version 3.11 --generate-hashes --no-header -q -c requirements/dev.lock -o requirements/hub.lock

release: .venv/ready  ## wheel, source archive, bill of materials and sums: make release TARGET=dist [KEY=an OpenSSH key that signs]
	@$(BIN)/python -m tools.release build $(or $(TARGET),dist)
	@$(if $(KEY),$(BIN)/python -m tools.release sign $(or $(TARGET),dist) --key $(KEY))

audit: .venv/ready  ## known vulnerabilities of what is locked; silence of the service is no clean audit
	@$(BIN)/python -m tools.release audit

bench: .venv/ready  ## what we promise, measured (see docs/benchmarks.md)
	-@sh tools/load.sh
	-@sh tools/postgresql.sh
	-@sh tools/chromium.sh
	-@sh tools/openclaw.sh
	@$(BIN)/python -m bench

bench-quick: .venv/ready  ## has anything become much slower or larger? in a minute, by ratio; `make test` runs it too
	@$(BIN)/python -m bench.quick

fuzz: .venv/ready  ## what reads untrusted bytes: by coverage, the C extension under sanitizers, command lines beside bash; SECONDS=60, ONLY=sse
	@$(BIN)/python -m fuzz --seconds $(or $(SECONDS),300) --seed $(or $(SEED),0) $(if $(ONLY),--only $(ONLY))
	@$(if $(ONLY),:,sh fuzz/native.sh $(or $(SECONDS),300) $(or $(SEED),0))
	@$(if $(ONLY),:,$(BIN)/python -m fuzz.shell --seconds $(or $(SECONDS),300) --seed $(or $(SEED),0))

docs: .venv/ready  ## the documentation's site, in build/site: plain files that ask no other machine
	@sh tools/mermaid.sh
	@NO_MKDOCS_2_WARNING=1 $(BIN)/python -m mkdocs -q build --strict

pictures: .venv/ready  ## take the pictures of the console and of the terminal anew
	@sh tools/chromium.sh
	@$(BIN)/python -m bench.hub.pictures
	@$(BIN)/python -m tools.docs.pictures

soak: .venv/ready  ## hurt a fleet at work for 30 minutes and check what must hold (docs/soak.md), or make soak MINUTES=3 SEED=7
	@sh tools/soak.sh
	@$(BIN)/python -m soak --minutes $(or $(MINUTES),30) $(if $(SEED),--seed $(SEED)) $(if $(PAGE),--page $(PAGE))

clean:  ## remove what the other targets made
	rm -rf .venv .cache .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis *.egg-info build dist .coverage*
