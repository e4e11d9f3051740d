.DEFAULT_GOAL := help
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
UV := $(BIN)/uv
MEMBERS := $(wildcard src/tms_*)
# What a server runs: all but the client library, the local tooling and the test support.
SERVED := $(filter-out src/tms_client src/tms_local src/tms_testing,$(MEMBERS))
FRONTEND := $(BIN)/python src/tms_web/hatch_build.py
MAILS := src/tms_notifications
INI ?= development.ini
# Compiling needs the members' sources, never an index name in the lock files.
LOCK := $(UV) pip compile --quiet --universal --generate-hashes --no-annotate --no-header --python-version 3.11 \
	--no-emit-package tms-core --no-emit-package tms-local --overrides requirements/members.in

.PHONY: help install run test browser lint bench docs messages screenshots revision lock clean

help: ## Show the targets
	@awk -F ':.*## ' '/^[a-z]+:.*## / {printf "  make %-11s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

install: $(VENV)/.installed ## Create .venv with every package and tool, from the lock files; build the web pages
	@$(FRONTEND)

$(VENV)/.installed: requirements/bootstrap.txt requirements/development.txt $(MEMBERS:%=%/pyproject.toml)
	@$(PYTHON) -c 'import sys; sys.exit("TMS needs Python 3.11 or newer; this is " + sys.version.split()[0] + ". Set PYTHON=... to another.") if sys.version_info < (3, 11) else None'
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@echo "Installing into $(VENV) …"
	@$(BIN)/pip install --quiet --require-hashes --requirement requirements/bootstrap.txt
	@VIRTUAL_ENV=$(VENV) $(UV) pip install --quiet --compile-bytecode --require-hashes --requirement requirements/development.txt
	@$(FRONTEND)
	@VIRTUAL_ENV=$(VENV) $(UV) pip install --quiet --no-deps --no-build-isolation $(MEMBERS:%=--editable %)
	@touch $@

run: install ## Start the whole system (PostgreSQL and Valkey included); Ctrl-C ends it
	@$(BIN)/tms up $(INI)

test: install lint browser ## Lint, types and all tests
	@$(FRONTEND) test
	@$(BIN)/pytest -n 2 --dist loadfile --no-loadscope-reorder --max-worker-restart 1

browser: ## See that there is a Chromium for the tests; as root on Debian, install it
	@{ command -v chromium-headless-shell || command -v chromium || command -v chromium-browser || command -v google-chrome; } >/dev/null \
		|| { test "$$(id -u)" = 0 && command -v apt-get >/dev/null && apt-get update -qq \
		&& apt-get install -qq -y --no-install-recommends chromium-headless-shell; } \
		|| { echo "The tests of the web UI and of the JavaScript client need Chromium: install the package" \
		"chromium-headless-shell or chromium." >&2; exit 1; }

lint: install ## Style, imports, types, compose file; of Python and TypeScript
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/lint-imports
	@$(BIN)/mypy
	@$(FRONTEND) lint
	@$(BIN)/check-jsonschema --quiet --builtin-schema vendor.compose-spec docker-compose.yml

bench: install ## Measure list, get, create, report and push; see bench/README.md
	@$(BIN)/python bench/run.py

docs: install ## Write the pages and samples that follow from others
	@$(BIN)/python docs/make_settings.py
	@$(BIN)/python docs/make_error_codes.py
	@$(BIN)/python docs/make_postman.py
	@cp development.ini production.ini src/tms_core/tms_core/samples/
	@cp .env.example src/tms_core/tms_core/samples/env.example

messages: install ## Bring the texts of mails and pages into their catalogues; translate what is empty there
	@mkdir -p var
	@$(BIN)/pybabel --quiet extract --mapping-file $(MAILS)/babel.cfg --keywords N_ --keywords P_:1,2 --no-location \
		--omit-header --sort-output --output-file var/mails.pot $(MAILS)/tms_notifications
	@$(BIN)/pybabel --quiet update --input-file var/mails.pot --output-dir $(MAILS)/tms_notifications/locale \
		--omit-header --no-fuzzy-matching --ignore-obsolete --width 120
	@$(BIN)/pybabel --quiet extract --keywords N_ --no-location --omit-header --sort-output --output-file var/pages.pot \
		src/tms_api/tms_api/link_pages.py src/tms_api/tms_api/link_page_errors.py
	@$(BIN)/pybabel --quiet update --input-file var/pages.pot --output-dir src/tms_api/tms_api/locale \
		--omit-header --no-fuzzy-matching --ignore-obsolete --width 120

screenshots: install browser ## Write the pictures of docs/img from a demo system
	@$(BIN)/python docs/make_screenshots.py
	@$(BIN)/python docs/make_mail_pictures.py

revision: install ## A new migration: make revision PACKAGE=reports MESSAGE="add a table"
	@$(BIN)/tms migrate --revision "$(MESSAGE)" --package "$(PACKAGE)"

lock: install ## Resolve the dependencies anew into requirements/*.txt
	@$(LOCK) --output-file requirements/bootstrap.txt requirements/bootstrap.in
	@$(LOCK) --output-file requirements/build.txt requirements/build.in
	@$(LOCK) --output-file requirements/production.txt $(SERVED:%=%/pyproject.toml)
	@$(LOCK) --output-file requirements/development.txt --constraint requirements/production.txt \
		requirements/development.in $(MEMBERS:%=%/pyproject.toml)

clean: ## Remove .venv and caches; data under var/ stays
	rm -rf $(VENV) .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache
