PYTHON ?= python3
BIN = .venv/bin
export PYTHON

.PHONY: demo test setup lint bench gui wheel

demo: setup  ## run the quickstart for real and simulated, and write a report
	rm -rf demo
	$(BIN)/workbench run scenarios/quickstart.yaml --simulated --real --out demo --html
	@echo "open the window with: make gui"

test: setup lint wheel  ## lint, types, import contracts, wheel, tests
	$(BIN)/python -m pytest

setup:  ## system packages and .venv
	@./setup.sh

lint: setup
	$(BIN)/ruff check workbench tests
	$(BIN)/ruff format --check workbench tests
	$(BIN)/mypy
	$(BIN)/lint-imports

wheel: setup  ## build the wheel, install it in an environment of its own, and ask it for its version
	./tests/wheel.sh

bench: setup
	$(BIN)/python -m tests.benchmarks

gui: setup
	$(BIN)/workbench gui scenarios/quickstart.yaml
