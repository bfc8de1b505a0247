# `make help` lists the commands; the README names the two that matter.
PYTHON ?= python3
BIN := .venv/bin
VENV := .venv/.installed
PEERS := .venv/peers/.installed
export FLASK_APP := wsgi

.DEFAULT_GOAL := help
.PHONY: help run token demo test soak bench bench-quick bench-recall bench-cohorts check lint external lock clean

help: ## list the commands
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 12

run: $(VENV) ## set everything up and serve on PORT (8000); Ctrl-C stops it
	@exec $(BIN)/python -m vorex_sessions.local.run run

token: $(VENV) ## print an access token for trying the service; ARGS="--days 7"
	@$(BIN)/python -m vorex_sessions.local.run flask token $(ARGS)

demo: $(VENV) ## fill the demo learner with half a year of practice
	@$(BIN)/python -m vorex_sessions.local.run flask demo $(ARGS)

test: $(VENV) ## every behaviour, on Python and the embedded PostgreSQL alone
	$(BIN)/pytest -n auto -m "not external" $(ARGS)

soak: $(VENV) ## faults of every kind for SECONDS (600), then what is stored is compared
	$(BIN)/python -m tests.soak $(or $(SECONDS),600)

bench: $(VENV) $(PEERS) ## what the service costs beside a peer, in half an hour (needs wrk); ARGS="--seconds 3"
	$(BIN)/python -m bench $(ARGS)

bench-quick: $(VENV) $(PEERS) ## the same in 5 minutes, on 100,000 sessions
	$(BIN)/python -m bench --quick $(ARGS)

bench-recall: $(VENV) ## how true predicted recall is: LOG=FILE, a review log (docs/recall.md)
	$(BIN)/python -m bench.recall $(LOG)

bench-cohorts: $(VENV) ## what the daily snapshot of comparisons costs, on 1,000,000 sessions (needs wrk)
	$(BIN)/python -m bench.cohorts

check: lint test external ## everything: lint, types, test, external

lint: $(VENV) ## ruff, formatter, mypy, squawk
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/python -m tests.tools.squawk $(BIN)/squawk

external: $(VENV) ## what needs a browser, Node or PostgreSQL 15 (apt-get install, see .ci/run)
	$(BIN)/pytest -n auto --dist loadfile -m external $(ARGS)

lock: $(VENV) ## pin the requirements anew, with hashes
	$(BIN)/uv pip compile --universal --python-version 3.11 --generate-hashes --no-annotate \
		--no-header --no-emit-index-url --no-emit-find-links --upgrade requirements.in -o requirements.txt
	$(BIN)/uv pip compile --universal --python-version 3.11 --generate-hashes --no-annotate \
		--no-header --no-emit-index-url --no-emit-find-links --upgrade requirements-dev.in -o requirements-dev.txt

clean: ## remove what the other commands made, data included
	rm -rf .venv instance .pytest_cache .mypy_cache .ruff_cache .hypothesis

$(VENV): requirements-dev.txt
	$(PYTHON) -m venv .venv
	$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes -r requirements-dev.txt
	@touch $(VENV)

$(PEERS): $(VENV) bench/peers/requirements.txt
	$(PYTHON) -m venv .venv/peers
	.venv/peers/bin/pip install --quiet --disable-pip-version-check --require-hashes -r bench/peers/requirements.txt
	@touch $(PEERS)
