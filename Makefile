# Everything a developer runs. `make help` lists the targets.
SHELL := /bin/bash
.DEFAULT_GOAL := help
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
JOBS ?= $(shell getconf _NPROCESSORS_ONLN)
DEMO := out/demo
# A wheel that holds the true Tekken vocabulary; its other dependencies are not needed.
MISTRAL_COMMON := mistral-common==1.13.1
TEKKEN := .cache/tekken.json
export VOXTRAL_TTS_TEKKEN := $(CURDIR)/$(TEKKEN)

.PHONY: help setup build python demo test test-cpp test-python test-asan test-install lint format bench clean

help: ## list the targets
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*## /\t/'

setup: $(VENV)/.ready ## system packages, virtual environment, Python packages
$(VENV)/.ready: pyproject.toml scripts/setup.sh
	PYTHON=$(PYTHON) bash scripts/setup.sh
	@touch $@

build: setup ## the runner and the C++ tests
	@$(BIN)/cmake --preset tests --log-level=WARNING
	@$(BIN)/cmake --build --preset tests -j $(JOBS)

python: $(VENV)/.installed ## the Python package, into .venv
$(VENV)/.installed: $(VENV)/.ready pyproject.toml CMakeLists.txt $(shell find cmake cpp python export -type f 2>/dev/null)
	$(BIN)/pip install --quiet --no-build-isolation --no-deps -C build-dir=build/python .
	@touch $@

demo: setup ## make a small checkpoint, export it, speak a sentence
	@bash scripts/demo.sh $(DEMO)

$(TEKKEN): tests/golden/make_tekken.py $(VENV)/.ready
	@mkdir -p .cache
	$(BIN)/python tests/golden/make_tekken.py $$($(BIN)/python scripts/find_vocabulary.py) $@

test: ## every test, with the time each part took
	@bash scripts/test.sh

test-cpp: build $(TEKKEN)
	@$(BIN)/ctest --preset tests -j $(JOBS)

test-python: build python
	@$(BIN)/python -m pytest -q tests/python tests/parity

test-asan: setup $(TEKKEN) ## C++ tests, command line and a torch-free Python smoke test under ASan+UBSan
	@bash scripts/test_asan.sh

test-install: setup ## install, consume by find_package, and use the wheel from a clean environment
	@bash scripts/test_install.sh

lint: setup ## ruff, mypy, clang-format
	@$(BIN)/ruff check . && $(BIN)/ruff format --check . && $(BIN)/mypy
	@git ls-files '*.h' '*.cpp' | xargs $(BIN)/clang-format --dry-run --Werror

format: setup ## rewrite files as lint wants them
	@$(BIN)/ruff check --fix . ; $(BIN)/ruff format .
	@git ls-files '*.h' '*.cpp' | xargs $(BIN)/clang-format -i

bench: build python ## full-size timing on a synthetic checkpoint (8 GB of disk)
	@$(BIN)/python -m voxtral_tts.bench

clean: ## remove everything that was built
	rm -rf build out $(VENV)/.installed
