# Copyright (c) 2026, the mailfleet.client developers
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Each target works as the first command in a fresh clone: it needs git, make, and Python 3.11 or newer with venv.
#
#   VENV=.venv-oldest PYTHON=/usr/bin/python3.11 make test    with another Python, and so another ansible-core
#   PYTEST="tests/unit -k firewall" make test                 some tests only

VENV ?= .venv
PYTHON ?=
PYTEST ?=
BENCH ?=
# One more than there are processors: some tests wait for other programs most of the time.
WORKERS ?= $(shell expr $$(nproc) + 1)

# Ansible refuses to run in a locale that is not UTF-8.
export LC_ALL := C.UTF-8
export PATH := $(CURDIR)/$(VENV)/bin:$(PATH)

.PHONY: help setup demo test lint bench docs clean

help:
	@echo 'make demo    start a small fleet of Windows stand-ins, audit it, fix it, undo it'
	@echo 'make test    run every test (as root on Debian or Ubuntu: install what they need first)'
	@echo 'make lint    run every linter, ansible-test sanity among them'
	@echo 'make bench   measure what an audit, a fix, a file to a host and a relay cost'
	@echo 'make docs    write again what docs/ takes from the tables'
	@echo 'make setup   make the virtual environment only (the others do that themselves)'
	@echo 'make clean   remove all that make made'

setup:
	@scripts/setup $(VENV) $(PYTHON)

demo: setup
	@python -m tests.demo

test: setup
	@scripts/system-packages
	@python -m pytest -n $(WORKERS) --dist loadfile --no-loadscope-reorder $(PYTEST)

lint: setup
	@scripts/lint

bench: setup
	@python -m tests.bench $(BENCH)

docs: setup
	@python scripts/checks_page.py

clean:
	rm -rf .venv .venv-oldest build .ansible .pytest_cache .hypothesis tests/output
	find . -name __pycache__ -type d -not -path './.git/*' -prune -exec rm -rf {} +
