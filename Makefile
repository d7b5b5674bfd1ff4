# make run    the app (without a screen: a terminal chat)
# make test   lint, types, tests
# make bench  speed, each figure beside its limit and its peer; PART=app for that of the window
# A fresh machine needs make, and Python 3.11 or later with venv and pip. The first command sets up the rest in .venv.

STAMP := .venv/.set-up

.PHONY: run test bench screenshots lint types format lock clean
.DEFAULT_GOAL := run

run: $(STAMP)
	@.venv/bin/cadre

test: lint types
	.venv/bin/pytest -n auto --dist loadfile $(PYTEST_ARGS)

bench: $(STAMP)
	@.venv/bin/cadre bench $(if $(PART),--part $(PART))

# Pictures stay in the history for good: look at them before you commit them.
screenshots: $(STAMP)
	@.venv/bin/python -m app.lab.pictures $(PICTURES_ARGS)

lint: $(STAMP)
	.venv/bin/ruff check --quiet
	.venv/bin/ruff format --check

types: $(STAMP)
	.venv/bin/mypy

format: $(STAMP)
	.venv/bin/ruff check --fix
	.venv/bin/ruff format

lock: $(STAMP)
	.venv/bin/uv lock --no-config

clean:
	rm -rf .venv build dist .mypy_cache .pytest_cache .ruff_cache

# Newer than all that decides what is installed, so that a second run does nothing.
$(STAMP): pyproject.toml uv.lock packaging/set-up.sh packaging/system-libraries.sh
	@PYTHON="$(PYTHON)" sh packaging/set-up.sh
	@touch $@
