# Everything a developer runs. `make help` lists the targets.
SHELL := /bin/bash
.DEFAULT_GOAL := help
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
JOBS ?= $(shell getconf _NPROCESSORS_ONLN)
CPP = $$(git ls-files -co --exclude-standard '*.h' '*.cpp')

# The small voice of the repository, its export, and what the package brings of it.
VOICE := assets/small_voice
DEMO := out/demo
SENTENCE := Hello, how are you today?
TRAINING := training/configs/small_voice
PACKAGED := python/voxtral_tts/assets
# 8-bit weights: what fits into a wheel and is hardly heard.
PACKAGED_FLAGS := --backend xnnpack --qlinear 8da8w --qembedding 8w --qlinear-codec 8da8w
# A smaller checkpoint of the true format with random weights, for tests.
TINY := out/tiny
TINY_SENTENCE := Hello, this is a small model with random weights.
EXPORTED := $(TINY)/exported/model.pte
EXPORTED_MLX := $(TINY)/mlx/model.pte
MLX_E2E := RUNNER=build/tests/voxtral_tts_runner MAX_FRAMES=40
# More flags for the benchmark, such as --long; what it writes besides its table.
BENCH :=
BENCH_OUTPUT := --json out/bench/report.json --plots out/bench --allocations build/tests/voxtral_tts_count_allocations
# Seconds for each fuzz target, and inputs where the goals of tests/reliability/fuzzing.py are not meant.
SECONDS_EACH := 600
RUNS :=
FUZZ = $(BIN)/python -m tests.reliability.fuzzing
# The true text vocabulary, which tokenizer tests read.
TEKKEN := .cache/tekken.json
export VOXTRAL_TTS_TEKKEN := $(CURDIR)/$(TEKKEN)
# What is run here leaves nothing in the user's own cache folder.
export VOXTRAL_TTS_CACHE := $(CURDIR)/out/cache
# Tests and the Python package are built from the same sources: the second build takes them from a
# cache, where the compiler goes by the same name (scikit-build-core would say g++).
ifneq ($(shell command -v ccache),)
export CMAKE_CXX_COMPILER_LAUNCHER := ccache
export CCACHE_DIR := $(CURDIR)/.cache/ccache
endif
ifeq ($(origin CXX),default)
export CXX := c++
endif

.PHONY: help setup system-packages build python demo test test-cpp test-python test-server test-long test-bench test-hearing train judge package-voice test-asan test-arm check-macos test-tsan fuzz fuzz-smoke coverage test-install lint format bench bench-flow bench-mlx clean reliability mlx-e2e mlx-op-suite voxtral_tts-mlx voxtral_tts-xnnpack test-clang check-trixie check-testing check-wheel mutants test-mlx-macos-version

help: ## list the targets
	@grep -E '^[a-z0-9_-]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*## /\t/' | expand -t 22

setup: $(VENV)/.ready ## system packages, virtual environment, Python packages
system-packages: ## what setup installs as root, for machines whose root does nothing else
	@PYTHON=$(PYTHON) bash scripts/setup.sh system

$(VENV)/.ready: pyproject.toml scripts/setup.sh
	@PYTHON=$(PYTHON) bash scripts/setup.sh
	@touch $@

demo: $(DEMO)/exported/model.pte ## export the small voice, build the runner, speak a sentence
	@bash scripts/demo.sh $(DEMO) '$(SENTENCE)'

test: ## every test, with the time each part took
	@bash scripts/test.sh

# Nothing but a compiler and what has a wheel everywhere; `make setup` brings it too.
$(VENV)/.can-build: pyproject.toml scripts/setup.sh
	@[ $(VENV)/.ready -nt pyproject.toml ] || PYTHON=$(PYTHON) bash scripts/setup.sh build
	@touch $@

voxtral_tts-xnnpack voxtral_tts-mlx: $(VENV)/.can-build
	@bash scripts/build_runner.sh $@
voxtral_tts-xnnpack: ## ./voxtral_tts_runner for the CPU
voxtral_tts-mlx: ## the same with the MLX backend (Apple Silicon; Linux by our delegate)

mlx-e2e: build $(EXPORTED) ## export the small model for MLX, speak, check the audio, print a table
	@$(MLX_E2E) OUT=$(TINY)/mlx-e2e bash scripts/run_mlx_e2e.sh $(TINY)/checkpoint '$(TINY_SENTENCE)' --dtype fp32 --max-seq-len 2048
	@$(MLX_E2E) OUT=$(TINY)/mlx-e2e-4w bash scripts/run_mlx_e2e.sh $(TINY)/checkpoint '$(TINY_SENTENCE)' --dtype bf16 --qlinear 4w --qembedding 8w --qlinear-codec 8w --max-seq-len 2048

mlx-op-suite: build ## ExecuTorch's suite of MLX operators, all cases, on our delegate
	@$(BIN)/python scripts/mlx_op_suite.py --all

test-mlx-macos-version: setup ## our MLX delegate over the MLX that a Mac runs, an older one than ours
	@bash scripts/test_mlx_macos_version.sh

build: setup ## the runner and the C++ tests
	@$(BIN)/cmake --preset tests --log-level=WARNING
	@$(BIN)/cmake --build --preset tests -j $(JOBS)

python: $(VENV)/.installed ## the Python package, into .venv
$(VENV)/.installed: pyproject.toml CMakeLists.txt $(shell find cmake cpp python export -type f -not -name '*.pyc') | $(VENV)/.ready
	@$(BIN)/pip install -qq --no-build-isolation --no-deps -C build-dir=build/python .
	@touch $@

test-cpp: build $(TEKKEN)
	@$(BIN)/ctest --preset tests -j $(JOBS)

# Tests that listen are a part of their own too: they export the small voice five times.
HEARING := tests/hearing
# The server's, the page's and Ray's tests are a part of their own: they start browsers and clusters.
SERVING := tests/server tests/on_ray

# Systems newer than it no longer have it: there it is their own.
OTHER_CLANG = $(if $(shell command -v clang++-16),,-D CMAKE_CXX_COMPILER=clang++)
test-clang: setup $(TEKKEN) ## the C++ tests by the oldest Clang that is promised
	@$(BIN)/cmake --preset clang $(OTHER_CLANG) --log-level=WARNING
	@$(BIN)/cmake --build --preset clang -j $(JOBS)
	@$(BIN)/ctest --preset clang -j $(JOBS)

test-python: build python
	@$(BIN)/python -m pytest -q -n 2 --dist loadfile -m "not long" --durations 20 $(SERVING:%=--ignore=%) --ignore=$(HEARING) --ignore=tests/bench

test-long: build python ## variants that make test leaves out, each an export of its own
	@$(BIN)/python -m pytest -q -n 2 -m long tests

test-bench: python ## what the benchmark compares with: exports ExecuTorch's own example, for minutes
	@$(BIN)/python -m pytest -q tests/bench

test-server: setup python ## HTTP: the API, its page in Chromium, load; the same on Ray
	@$(BIN)/python -m pytest -q -n 2 --dist loadfile $(SERVING)

test-hearing: build python ## the small voice as exported, heard by a recogniser
	@$(BIN)/python -m pytest -q -n 2 --durations 5 $(HEARING)

test-asan: setup $(TEKKEN) $(EXPORTED) ## under ASan and UBSan: C++ tests, command line, Python module (ASAN_MLX=ON: MLX too)
	@bash scripts/test_asan.sh $(TINY)/exported

check-macos: setup ## cross-build for Apple Silicon on Linux, and read what a Mac would load
	@bash scripts/check_macos.sh

test-arm: voxtral_tts-xnnpack $(TEKKEN) $(DEMO)/exported/model.pte ## C++ tests and the small voice on 64-bit Arm, cross-built and emulated
	@bash scripts/test_arm.sh $(DEMO)/exported '$(SENTENCE)'

# Other systems than this machine's, in Debian roots under .cache/roots; as root, with debootstrap.
WHEEL_PACKAGES := g++ pkg-config python3-dev python3-venv libpcre2-dev libssl-dev libxxhash-dev nlohmann-json3-dev
INSTALL := apt-get -qq update && apt-get -qq install --yes --no-install-recommends

check-trixie: ## Debian 13: the demo, the C++ tests, the wheel; in a root of its own, for half an hour
	@bash scripts/in_debian.sh trixie trixie '$(INSTALL) make git $(WHEEL_PACKAGES) && make demo test-cpp && bash scripts/check_wheel.sh out/wheel'

check-testing: ## Debian's testing, for its newer Python: the wheel, in a root of its own
	@bash scripts/in_debian.sh testing testing '$(INSTALL) $(WHEEL_PACKAGES) && bash scripts/check_wheel.sh out/wheel'

check-wheel: ## the wheel as given away: built, repaired, installed into a bare Debian root
	@bash scripts/check_wheel.sh out/wheel $(PYTHON)
	@bash scripts/smoke_bare.sh out/wheel/repaired/*.whl

test-tsan: setup $(EXPORTED) ## C++ code that uses threads under ThreadSanitizer
	@bash scripts/test_tsan.sh $(TINY)/exported

fuzz: setup ## readers of untrusted bytes under libFuzzer (SECONDS_EACH=, RUNS=); counts add up
	@$(FUZZ) --seconds-each $(SECONDS_EACH) $(if $(RUNS),--runs $(RUNS),--full)

fuzz-smoke: setup ## the same for seconds, and every input that once failed
	@$(FUZZ) --seconds-each 2 --folder out/fuzz/smoke

coverage: setup $(TEKKEN) ## lines and branches of the readers that tests and fuzz corpora reach
	@$(BIN)/python scripts/coverage.py

test-install: setup $(EXPORTED) $(EXPORTED_MLX) ## the installed library and the wheel, each from outside
	@bash scripts/test_install.sh $(TINY)/exported $(TINY)/mlx

$(DEMO)/exported/model.pte: $(shell find export -name '*.py') $(wildcard $(VOICE)/*.json $(VOICE)/*.safetensors $(VOICE)/*/*.pt) | $(VENV)/.ready
	@rm -rf $(DEMO)
	@$(BIN)/python -W ignore -m export --model-path $(VOICE) --output-dir $(@D) --backend xnnpack

train: setup ## a small voice from nothing, in hours on two cores (docs/small-voice.md)
	@$(BIN)/python -m training --config $(TRAINING) --work out/voice

# What is heard: flite, the corpus, the checkpoint, its exports in full and with 4-bit weights, the package's.
judge: build ## the small voice, heard on 60 sentences with three seeds: half an hour
	@for bits in none 8da4w; do $(BIN)/python -W ignore -m export --model-path $(VOICE) \
	  --output-dir out/judge/qlinear-$$bits --backend xnnpack --qlinear $$bits || exit; done
	@$(BIN)/python -W ignore -m training --config $(TRAINING) --work out/judge --stages judge --checkpoint $(VOICE) \
	  --runner build/tests/voxtral_tts_runner --program out/judge/qlinear-none --program out/judge/qlinear-8da4w --program $(PACKAGED)

package-voice: setup ## export the small voice into the Python package, after it was trained anew
	@rm -rf $(PACKAGED)
	@$(BIN)/python -W ignore -m export --model-path $(VOICE) --output-dir $(PACKAGED) $(PACKAGED_FLAGS)

$(EXPORTED): $(shell find export -name '*.py') | $(VENV)/.ready
	@rm -rf $(TINY)
	@$(BIN)/python -W ignore -m export.synthetic --size tiny --output $(TINY)/checkpoint --end-at 40 --end-text '$(TINY_SENTENCE)'
	@$(BIN)/python -W ignore -m export --model-path $(TINY)/checkpoint --output-dir $(@D) --backend xnnpack --max-seq-len 2048

$(EXPORTED_MLX): $(EXPORTED)
	@$(BIN)/python -W ignore -m export --model-path $(TINY)/checkpoint --output-dir $(@D) --backend mlx --dtype fp32 --max-seq-len 2048

$(TEKKEN): tests/golden/make_tekken.py | $(VENV)/.ready
	@mkdir -p $(@D)
	@$(BIN)/python tests/golden/make_tekken.py "$$($(BIN)/python scripts/find_vocabulary.py)" $@

lint: setup ## ruff, mypy, clang-format, actionlint
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy
	@$(BIN)/clang-format --dry-run --Werror $(CPP)
	@$(BIN)/actionlint

format: setup ## rewrite files as lint wants them
	@$(BIN)/ruff check --fix .
	@$(BIN)/ruff format .
	@$(BIN)/clang-format -i $(CPP)

bench: build python ## full-size timing on a synthetic checkpoint (14 GB of disk)
	@$(BIN)/python -m voxtral_tts.bench $(BENCH_OUTPUT) $(BENCH)

bench-flow: python ## what each saving in the flow head gives, CHECKPOINT=folder of the full size
	@$(BIN)/python -W ignore scripts/flow_savings.py --checkpoint "$(CHECKPOINT)"

bench-mlx: build python ## the same for MLX beside XNNPACK, three frames (19 GB of disk)
	@$(BIN)/python -m voxtral_tts.bench --backend mlx --backend xnnpack --frames 3 --runs 3 --repeats 3 $(BENCH_OUTPUT) $(BENCH)

# FULL=1 goes on until every count is reached; counts of earlier runs of this build are added to.
# FULL_SIZE names an export of the true size, to be interrupted as well.
FULL :=
FULL_SIZE :=
reliability: build python ## measure the promises of docs/reliability.md, ten minutes at most
	@$(BIN)/python -W ignore -m tests.reliability $(if $(FULL),--full) $(if $(FULL_SIZE),--full-size "$(FULL_SIZE)") --docs docs/reliability.md

mutants: build python ## plant small faults one at a time: which does no test notice? (before a release; resumes)
	@$(BIN)/python scripts/mutants.py

clean: ## remove everything that was built, but for a training in out/voice
	rm -rf build $(VENV)/.installed $(filter-out out/voice,$(wildcard out/*))
