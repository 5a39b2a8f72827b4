# Two commands do everything on a fresh machine with git, make and Python 3.11 or newer:
#   make demo     a server with a demo project to click through     (ARGS="--port 9000" are passed on)
#   make test     everything that proves the project
PYTHON ?= python3
BIN := .venv/bin

.PHONY: demo test dev lint types walls frontend-test python-test e2e lock clean

demo:
	@$(PYTHON) tools/bootstrap.py light frontend
	@exec $(BIN)/densemark demo $(ARGS)

dev:
	@$(PYTHON) tools/bootstrap.py dev modules frontend chromium

test: dev
	@$(MAKE) --no-print-directory -j2 lint types walls frontend-test
	@$(MAKE) --no-print-directory python-test e2e

lint:
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .

types:
	$(BIN)/mypy

walls:
	$(BIN)/lint-imports

frontend-test:
	$(BIN)/python tools/npm.py run lint
	$(BIN)/python tools/npm.py run typecheck
	$(BIN)/python tools/npm.py run test

python-test:
	$(BIN)/pytest -n 2 --dist loadfile --no-loadscope-reorder -m "not e2e"

e2e:
	$(BIN)/pytest -n 2 --dist loadfile --no-loadscope-reorder -m e2e tests/e2e

lock:
	$(BIN)/uv pip compile --quiet --universal --generate-hashes --no-header --python-version 3.11 pyproject.toml -c locks/limits.txt -o locks/light.txt $(UPGRADE)
	$(BIN)/uv pip compile --quiet --universal --generate-hashes --no-header --python-version 3.11 --extra postgres --extra s3 pyproject.toml -c locks/light.txt -o locks/server.txt $(UPGRADE)
	$(BIN)/uv pip compile --quiet --universal --generate-hashes --no-header --python-version 3.11 --extra dev --extra s3 pyproject.toml -c locks/server.txt -o locks/dev.txt $(UPGRADE)

clean:
	rm -rf .venv frontend/node_modules server/static
