# Everything there is to run. Python packages live in .venv, servers and their files in .run.

PYTHON ?=
ARGS ?=
PORT ?= 8000

VENV := .venv
PY := $(VENV)/bin/python
MANAGE := $(PY) manage.py
# Starts PostgreSQL and Valkey for the command when DATABASE_URL and REDIS_URL do not name any.
WITH_SERVERS := $(PY) -m portal.embedded --
INSTALLED := $(VENV)/.installed

.DEFAULT_GOAL := help
.PHONY: help demo journey test check format bench picture migrate lock clean prerequisites

help: ## List what can be run
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "make %-9s %s\n", $$1, $$2 }' Makefile

demo: $(INSTALLED) | prerequisites ## Try it: everything with people, flows and real items, until Ctrl-C (PORT=8000)
	@$(WITH_SERVERS) $(MANAGE) demo --port $(PORT) $(ARGS)

journey: $(INSTALLED) | prerequisites ## Run one request from a flow to its executor and print where to look
	@$(WITH_SERVERS) $(MANAGE) journey $(ARGS)

test: $(INSTALLED) | prerequisites ## Run the tests (ARGS="-k signing" chooses)
	@$(WITH_SERVERS) $(PY) -m pytest -n 3 --dist loadgroup $(ARGS)

check: $(INSTALLED) | prerequisites ## Check format, lint, types, contracts and migrations
	$(VENV)/bin/ruff format --check .
	$(VENV)/bin/ruff check .
	$(WITH_SERVERS) $(VENV)/bin/mypy
	$(VENV)/bin/lint-imports
	$(WITH_SERVERS) $(MANAGE) makemigrations --check --dry-run

format: $(INSTALLED) ## Write the format and the lint's own repairs
	$(VENV)/bin/ruff check --fix-only .
	$(VENV)/bin/ruff format .

bench: $(INSTALLED) | prerequisites ## Measure the paths that must stay fast
	@$(WITH_SERVERS) $(PY) -m tests.benchmarks $(ARGS)

picture: $(INSTALLED) | prerequisites ## Take the picture in the README anew
	@RETAKE=1 $(WITH_SERVERS) $(PY) -m pytest -q tests/browser/test_picture.py

migrate: $(INSTALLED) | prerequisites ## Bring the database to the newest migration
	@$(WITH_SERVERS) $(MANAGE) migrate $(ARGS)

lock: ## Resolve pyproject.toml into the two requirements files
	@command -v uv >/dev/null || { echo "countersign: uv is needed to lock. Install it: python3 -m pip install uv" >&2; exit 1; }
	uv pip compile pyproject.toml --universal --generate-hashes --custom-compile-command "make lock" \
		-o requirements.txt -q
	uv pip compile pyproject.toml --universal --generate-hashes --custom-compile-command "make lock" \
		--extra dev -c requirements.txt -o requirements-dev.txt -q

clean: ## Remove .venv, .run with its database, and caches
	@if [ -d .run ] && [ -x $(PY) ] && ! $(PY) -c 'import fcntl; fcntl.flock(open(".run/users.lock", "a"), fcntl.LOCK_EX | fcntl.LOCK_NB)' 2>/dev/null; \
		then echo "countersign: something still uses the servers in .run; end it first." >&2; exit 1; fi
	rm -rf $(VENV) .run .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis staticfiles
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

prerequisites: | $(PY)
	@$(PY) portal/prerequisites.py

$(INSTALLED): requirements.txt requirements-dev.txt | $(PY) prerequisites
	@echo "Installing packages into $(VENV) …"
	@$(PY) -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.txt -r requirements-dev.txt
	@touch $@

# A name on the PATH proves nothing (version managers leave names that only print an error), so each is run.
$(PY):
	@for python in $(or $(PYTHON),python3.13 python3.12 python3.11 python3); do \
		if $$python -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))' >/dev/null 2>&1; then \
			$$python portal/prerequisites.py || exit 1; \
			$$python -c 'import ensurepip' 2>/dev/null || { echo "countersign: $$python cannot make virtual environments. On Debian: apt-get install -y python3-venv" >&2; exit 1; }; \
			echo "Making $(VENV) with $$($$python --version) …"; \
			$$python -m venv --clear $(VENV); exit $$?; \
		fi; \
	done; \
	echo "countersign: no Python 3.11, 3.12 or 3.13 was found. Install one, or name it: make PYTHON=/path/to/python" >&2; exit 1
