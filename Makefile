# Every path below is relative and every program is called as `python -m …`: the checkout may lie in a folder whose
# name holds spaces or is too long for a script's first line.

PYTHON := .venv/bin/python

# What Python writes is UTF-8 under any locale; pip asks nothing and says little.
export PYTHONUTF8 := 1
export PIP_DISABLE_PIP_VERSION_CHECK := 1
export PIP_NO_INPUT := 1

.DEFAULT_GOAL := help
.PHONY: help setup setup-dev demo test lint check serve bench clean

help: ## affiche cette aide
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-10s %s\n", $$1, $$2 }' Makefile

setup: .venv/run.stamp ## installe ce qu'il faut pour tourner (dans .venv)

setup-dev: .venv/dev.stamp ## installe aussi les outils de développement

demo: setup ## montre tout le produit, des fournisseurs à la contremarque acceptée
	@$(PYTHON) -m service.cli demo

test: setup-dev ## lance les tests (ARGS="-k mot" pour en choisir)
	@$(PYTHON) -m pytest $(ARGS)

lint: setup-dev ## ruff, mypy et import-linter
	$(PYTHON) -m ruff check .
	$(PYTHON) -m ruff format --check .
	$(PYTHON) -m mypy
	$(PYTHON) -c 'from importlinter.cli import lint_imports_command; lint_imports_command()' --no-logo

check: lint test ## toutes les vérifications, puis les tests

serve: setup ## sert le produit et son bac à sable sur http://127.0.0.1:8080
	@$(PYTHON) -m service.cli serve --sandbox

bench: .venv/bench.stamp ## mesure (NAME=sync pour une seule), résultats dans bench/results
	@set -e; for name in $${NAME:-$$(grep -l '__main__' bench/*.py | sed 's|bench/||; s|\.py$$||')}; do \
		$(PYTHON) -m "bench.$$name"; \
	done

clean: ## arrête les moteurs ; efface leurs données, l'environnement et les caches
	@if [ -x $(PYTHON) ]; then $(PYTHON) -m service.engines remove; fi
	rm -rf .passerelle .venv .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis dist
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

# The first Python of the right version that runs and can make virtual environments: a name on PATH may be a shim
# of a version manager that answers with an error, or a Debian Python without its venv package. One that was asked for
# by PYTHON_BASE is the one, or none.
.venv/bin/python:
	@set -- python3.12 python3.11 python3 /usr/bin/python3.12 /usr/bin/python3.11 /usr/bin/python3; \
	if [ -n "$$PYTHON_BASE" ]; then set -- "$$PYTHON_BASE"; fi; \
	for found in "$$@"; do \
		if "$$found" -c 'import ensurepip, sys, venv; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 12))' \
				2>/dev/null; then \
			echo "Environnement virtuel : $$("$$found" --version) dans .venv"; \
			rm -rf .venv; \
			exec "$$found" -m venv .venv; \
		fi; \
	done; \
	if [ -n "$$PYTHON_BASE" ]; then \
		echo "PYTHON_BASE=$$PYTHON_BASE n'est pas un Python 3.11 ou 3.12 qui marche, avec son module venv." >&2; \
		exit 1; \
	fi; \
	echo "Il faut Python 3.11 ou 3.12 avec son module venv (Debian, Ubuntu : apt install python3-venv)." >&2; \
	echo "S'il est ailleurs que sur le PATH : make setup PYTHON_BASE=/chemin/de/python3.12" >&2; \
	exit 1

.venv/run.stamp: .venv/bin/python requirements.lock pyproject.toml
	@$(call install,requirements.lock)
	@touch $@

.venv/dev.stamp: .venv/bin/python requirements-dev.lock pyproject.toml
	@$(call install,requirements-dev.lock)
	@touch .venv/run.stamp $@

.venv/bench.stamp: .venv/bin/python requirements-bench.lock pyproject.toml
	@$(call install,requirements-bench.lock)
	@touch .venv/run.stamp .venv/dev.stamp $@

# A .venv whose making was interrupted has a Python and no pip. The editable installation writes the checkout's path
# into a file that Python 3.11 reads in the caller's locale, and under LC_ALL=C one accent in it stops every start:
# the relative path says the same.
define install
$(PYTHON) -m pip --version >/dev/null 2>&1 || $(PYTHON) -m ensurepip --upgrade; \
echo "Installation de $(1)…"; \
$(PYTHON) -m pip install --quiet --quiet --require-hashes --requirement $(1) \
	&& LC_ALL=C.UTF-8 $(PYTHON) -m pip install --quiet --quiet --no-deps --no-build-isolation --editable . \
	&& for path in .venv/lib/python3.*/site-packages/_editable_impl_passerelle.pth; do \
		echo ../../../.. > "$$path"; \
	done
endef
