PYTHON ?= python3
BIN = .venv/bin
export PYTHON

.PHONY: demo test setup lint bench chaos gui wheel

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

chaos: setup  ## kill a real run at 50 drawn moments, resume it, and compare its outputs with those of the undisturbed run
	$(BIN)/python tests/chaos/crash_matrix.py

gui: setup
	$(BIN)/workbench gui scenarios/quickstart.yaml
