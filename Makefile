# One entry for everything: `make help` lists the targets.
SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
MAKEFLAGS += --no-builtin-rules --no-print-directory

PYTHON ?= python3
JOBS ?= $(shell nproc)
# Ninja's counter is for people who wait, not for logs.
NINJA_FLAGS := $(if $(MAKE_TERMOUT),,-- --quiet)

VENV := .venv
VENV_PYTHON := $(CURDIR)/$(VENV)/bin/python
PROGRAM := build/release/src/earthcatalog/cli/earthcatalog

# A stamp's name carries the hash of what it stands for, so a changed list makes a new stamp.
hash = $(shell cat $(1) | sha256sum | cut -c1-12)
BUILD_STAMP := $(VENV)/.build-$(call hash,requirements/build.txt)
TEST_STAMP := $(VENV)/.test-$(call hash,requirements/build.txt requirements/test.txt)
GPIO_STAMP := .venv-gpio/.gpio-$(call hash,requirements/gpio.txt)
GO_STAMP := build/bin/.go-$(call hash,requirements/go.txt)
JARS_STAMP := build/jars/.jars-$(call hash,requirements/jars.txt)
NODE_STAMP := build/node/.node-$(call hash,requirements/npm.txt)

# The program that the benchmarks compare with needs a newer Python than Debian's; without one its column is empty.
PEER_PYTHON ?= $(shell for p in python3.13 python3.12; do $$p -c '' 2>/dev/null && echo $$p && break; done)
PEER_STAMP := $(if $(PEER_PYTHON),.venv-peer/.peer-$(call hash,requirements/peer.txt))

CPP_FILES = $(shell find src tests python benchmarks fuzz -name '*.cc' -o -name '*.h' 2>/dev/null)
PACKAGE_INPUTS = $(shell find src cmake python -type f -not -name '*.pyc') CMakeLists.txt pyproject.toml

# Objects are found again from another checkout of the project: paths below it count relative to it.
export CCACHE_BASEDIR := $(CURDIR)
export CCACHE_NOHASHDIR := 1

# Real STAC items of many archives, when such a collection lies beside the checkout; its tests are skipped otherwise.
ifneq ($(wildcard ../shared/corpus),)
export EARTHCATALOG_CORPUS ?= $(abspath ../shared/corpus)
endif

.PHONY: help
help: ## list the targets
	@sed -n 's/^\([a-z0-9-]*\):.*## \(.*\)/\1\t\2/p' $(MAKEFILE_LIST) | expand -t 16

# ---- what must be installed -------------------------------------------------------------------------------------

.PHONY: setup setup-build setup-tests
setup: setup-build setup-tests ## install all that building and testing need
setup-tests: packages-test $(TEST_STAMP) $(GPIO_STAMP) $(JARS_STAMP) $(GO_STAMP) $(NODE_STAMP)
setup-build: packages-build $(BUILD_STAMP) ## install only what building needs

.PHONY: packages-build packages-test
packages-build:
	@tools/install_packages.sh requirements/apt-build.txt
packages-test: | packages-build
	@tools/install_packages.sh requirements/apt-test.txt

# make_venv FOLDER REQUIREMENTS: the Python packages of a list in an environment of the project's own.
define make_venv
	@echo "==> $(1): Python packages of $(2)"
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "$(PYTHON) is too old: Python 3.11 or newer, please")'
	@test -x $(1)/bin/python || $(PYTHON) -m venv $(1)
	@$(1)/bin/python -m pip install --quiet --requirement $(2)
	@touch $@
endef

$(BUILD_STAMP): | packages-build
	$(call make_venv,$(VENV),requirements/build.txt)
$(TEST_STAMP): | packages-build $(BUILD_STAMP)
	$(call make_venv,$(VENV),requirements/test.txt)
$(GPIO_STAMP): | packages-build
	$(call make_venv,.venv-gpio,requirements/gpio.txt)
	@.venv-gpio/bin/python -m pip install --quiet --no-deps duckdb==1.5.5

$(JARS_STAMP): | packages-test
	@echo "==> build/jars: Java libraries of requirements/jars.txt"
	@mkdir -p build/jars
	@grep -v '^#' requirements/jars.txt | while read -r artifact; do \
	  mvn -q -B -Dstyle.color=never dependency:copy "-Dartifact=$$artifact" -DoutputDirectory="$(CURDIR)/build/jars" </dev/null; done
	@touch $@

# Debian 12's Go is too old for it; a wheel of test.txt has a newer one.
$(GO_STAMP): | $(TEST_STAMP)
	@echo "==> build/bin: Go programs of requirements/go.txt"
	@mkdir -p build/bin
	@grep -v '^#' requirements/go.txt | while read -r module; do \
	  GOBIN="$(CURDIR)/build/bin" GOTOOLCHAIN=local CGO_ENABLED=0 GOFLAGS=-modcacherw $(VENV)/bin/go install "$$module" </dev/null; done
	@touch $@

# With Node.js from a wheel of test.txt: Debian 12's npm brings some hundred packages.
$(NODE_STAMP): | $(TEST_STAMP)
	@echo "==> build/node: JavaScript packages of requirements/npm.txt"
	@mkdir -p build/node
	@PATH="$(CURDIR)/$(VENV)/bin:$$PATH" npm install --silent --no-save --no-audit --no-fund --ignore-scripts \
	  --prefix build/node $$(grep -v '^#' requirements/npm.txt)
	@touch $@

# ---- building ---------------------------------------------------------------------------------------------------

# build/PRESET/.configured: stands for a configured build folder; CONFIGURE_FLAGS come from the rule that asks for it.
build/%/.configured: CMakePresets.json $(BUILD_STAMP)
	@echo "==> $*: configuring"
	@mkdir -p $(@D)
	@cmake --preset $* -DPython_EXECUTABLE=$(VENV_PYTHON) $(CONFIGURE_FLAGS) >$(@D)/configure.log || { cat $(@D)/configure.log; false; }
	@touch $@

.PHONY: build
build: setup-build ## build the program in release mode
	@$(MAKE) build/release/.configured CONFIGURE_FLAGS=-DEARTHCATALOG_BUILD_TESTS=OFF
	@echo "==> release: building the program"
	@cmake --build build/release --target earthcatalog $(NINJA_FLAGS)
	@echo "==> release: $(PROGRAM)"

.PHONY: demo
demo: build ## build, then make, ingest and search a small synthetic archive in earthcatalog-demo/
	@echo "==> $(PROGRAM) demo earthcatalog-demo"
	@$(PROGRAM) demo earthcatalog-demo

# The package as users install it, over the objects of an earlier build. The compiler goes by the name that CMake finds
# by itself: under another one the compiler cache would not know the core that the release build has compiled.
build/python/.installed: $(PACKAGE_INPUTS) $(TEST_STAMP)
	@echo "==> python: building and installing the package into $(VENV)"
	@CC=cc CXX=c++ $(VENV_PYTHON) -m pip install --quiet --no-build-isolation --no-deps --config-settings=build-dir=build/python .
	@touch $@

.PHONY: python
python: setup build/python/.installed ## build the Python package and install it into .venv

# ---- measuring --------------------------------------------------------------------------------------------------

$(PEER_STAMP): | packages-build
	@echo "==> .venv-peer: Python packages of requirements/peer.txt"
	@test -x .venv-peer/bin/python || $(PEER_PYTHON) -m venv .venv-peer
	@.venv-peer/bin/python -m pip install --quiet --requirement requirements/peer.txt
	@touch $@

STAGE_BENCHMARKS := inventory item write commit

.PHONY: bench
bench: setup build $(PEER_STAMP) ## the benchmarks whose tables are in docs/benchmarks.md; some hours
	@cmake --preset release -DPython_EXECUTABLE=$(VENV_PYTHON) -DEARTHCATALOG_BUILD_BENCHMARKS=ON >/dev/null
	@cmake --build build/release --target benchmarks/all $(NINJA_FLAGS)
	@$(VENV_PYTHON) benchmarks/grid.py build/release/benchmarks/grid_benchmark \
	  $(if $(PEER_STAMP),.venv-peer/bin/python)
	@for stage in $(STAGE_BENCHMARKS); do "build/release/benchmarks/$${stage}_benchmark"; done
	@TMPDIR=/dev/shm $(VENV_PYTHON) benchmarks/bounds.py build/release/benchmarks $(PROGRAM)
	@$(VENV_PYTHON) benchmarks/sizes.py $(PROGRAM)
	@$(VENV_PYTHON) benchmarks/incremental.py $(PROGRAM) $(if $(PEER_STAMP),.venv-peer/bin/python)
	@TMPDIR=/dev/shm $(VENV_PYTHON) benchmarks/scale.py $(PROGRAM) build/release/benchmarks/item_server
	@TMPDIR=/dev/shm $(VENV_PYTHON) benchmarks/distance.py $(PROGRAM) build/release/benchmarks/item_server
	@$(VENV_PYTHON) benchmarks/planning.py $(PROGRAM) build/release/benchmarks/planning_driver
	@$(VENV_PYTHON) benchmarks/compaction.py $(PROGRAM) $(if $(PEER_STAMP),.venv-peer/bin/python)
	@TMPDIR=/dev/shm $(VENV_PYTHON) benchmarks/compaction.py $(PROGRAM) --items 2750000 --runs 20 --chunk-size 200000 \
	  --h3-resolution 0 --rounds 1 --server build/release/benchmarks/item_server
	@$(VENV_PYTHON) benchmarks/queries.py $(PROGRAM) build/release/benchmarks/query_driver
	@$(VENV_PYTHON) benchmarks/hash_index.py build/release/benchmarks/hash_index_driver \
	  $(if $(PEER_STAMP),.venv-peer/bin/python)

# ---- checking ---------------------------------------------------------------------------------------------------

# What the tests need is fetched while the compiler works.
.PHONY: test
test: packages-test ## what a change must pass: release build, all C++ and Python tests, lint
	@$(MAKE) --jobs 2 setup build-tests
	@$(MAKE) lint test-release test-python

# configure_tests PRESET. A build folder made for the program alone gets its tests now.
define configure_tests
	@grep -qs 'EARTHCATALOG_BUILD_TESTS:BOOL=ON' build/$(1)/CMakeCache.txt || rm -f build/$(1)/.configured
	@$(MAKE) build/$(1)/.configured CONFIGURE_FLAGS=-DEARTHCATALOG_BUILD_TESTS=ON
endef

# run_ctest PRESET ENVIRONMENT
define run_ctest
	$(call configure_tests,$(1))
	@echo "==> $(1): building the C++ tests"
	@cmake --build build/$(1) --target unit_tests $(NINJA_FLAGS)
	@echo "==> $(1): running the C++ tests"
	@if $(2) ctest --preset $(1) --parallel $(JOBS) --no-tests=error $(CTEST_FLAGS) >build/$(1)/ctest.log 2>&1; \
	  then sed -n '/tests passed/,$$p' build/$(1)/ctest.log; else cat build/$(1)/ctest.log; false; fi
endef

.PHONY: build-tests
build-tests: setup-build packages-test
	$(call configure_tests,release)
	@echo "==> release: building the program and the C++ tests"
	@cmake --build build/release $(NINJA_FLAGS)

# Suppressions name only libraries that carry no instrumentation, each with its reason. Arrow's buffers come from
# malloc, which the sanitizers watch, instead of its own allocator, which they cannot see. ThreadSanitizer's second of
# waiting at the end of each process is for threads that nobody joins; there are none.
SANITIZERS := $(CURDIR)/tools/sanitizers

# The fuzz targets lie in the build folder of the first: all that they run is in it already.
.PHONY: test-release test-sanitizers test-asan test-tsan
test-sanitizers: test-asan test-tsan ## C++ tests under the sanitizers
test-release: setup ## C++ tests, release mode
	$(call run_ctest,release)
test-asan: setup ## C++ tests under AddressSanitizer, LeakSanitizer and UndefinedBehaviorSanitizer
	$(call run_ctest,asan,ARROW_DEFAULT_MEMORY_POOL=system UBSAN_OPTIONS=print_stacktrace=1 \
	  LSAN_OPTIONS=suppressions=$(SANITIZERS)/lsan.supp:print_suppressions=0)
test-tsan: setup ## C++ tests under ThreadSanitizer
	$(call run_ctest,tsan,ARROW_DEFAULT_MEMORY_POOL=system \
	  TSAN_OPTIONS=suppressions=$(SANITIZERS)/tsan.supp:atexit_sleep_ms=0)

# FUZZ_SECONDS: for each target; by default a minute for the grid and less for the others.
.PHONY: fuzz
fuzz: setup ## libFuzzer targets for all outside input, 2 minutes; FUZZ_SECONDS=3600 for longer
	@$(MAKE) build/asan/.configured CONFIGURE_FLAGS=-DEARTHCATALOG_BUILD_TESTS=ON
	@echo "==> fuzz: building the targets"
	@cmake --build build/asan --target fuzzers $(NINJA_FLAGS)
	@echo "==> fuzz: running them"
	@tools/run_fuzzers.sh build/asan $(FUZZ_SECONDS)

# What tests in Python drive besides the program.
.PHONY: build-drivers
build-drivers: build
	$(call configure_tests,release)
	@cmake --build build/release --target table_driver $(NINJA_FLAGS)

# Side by side: most of the tests' time is other programs' waiting. A worker that is done takes over half of what the other
# has left: with whole files one of them waited six minutes for the other's last.
PYTEST_PARALLEL ?= --numprocesses $(JOBS) --dist worksteal

.PHONY: test-python
test-python: python build build-drivers ## Python, command and reader tests against the installed package
	@echo "==> python: running the tests"
	@EARTHCATALOG_PROGRAM=$(CURDIR)/$(PROGRAM) EARTHCATALOG_JARS=$(CURDIR)/build/jars \
	  $(if $(wildcard .venv-peer/bin/python),EARTHCATALOG_PEER_PYTHON=$(CURDIR)/.venv-peer/bin/python) \
	  EARTHCATALOG_GPIO=$(CURDIR)/.venv-gpio/bin/gpio $(VENV_PYTHON) -m pytest $(PYTEST_PARALLEL) $(PYTEST_FLAGS) tests
	@echo "==> python: resuming, with the catalogues in S3"
	@EARTHCATALOG_TEST_STORAGE=s3 EARTHCATALOG_PROGRAM=$(CURDIR)/$(PROGRAM) $(VENV_PYTHON) -m pytest $(PYTEST_FLAGS) \
	  tests/cli/test_resume.py

.PHONY: test-s3
test-s3: python build build-drivers ## the main job's tests with every catalogue in a real S3 server; of them `make test` takes one file
	@EARTHCATALOG_TEST_STORAGE=s3 EARTHCATALOG_PROGRAM=$(CURDIR)/$(PROGRAM) $(VENV_PYTHON) -m pytest $(PYTEST_FLAGS) \
	  tests/cli/test_resume.py tests/cli/test_quarantine.py tests/cli/test_determinism.py \
	  tests/interop/test_accounting.py tests/interop/test_fan_out.py tests/interop/test_pyiceberg.py \
	  tests/interop/test_snapshots.py tests/interop/test_manifests.py \
	  tests/interop/test_operations_model.py tests/interop/test_compaction.py tests/interop/test_hash_index.py

# full_pytest TESTS: their long versions.
define full_pytest
	@EARTHCATALOG_FULL=1 EARTHCATALOG_PROGRAM=$(CURDIR)/$(PROGRAM) EARTHCATALOG_GPIO=$(CURDIR)/.venv-gpio/bin/gpio \
	  $(VENV_PYTHON) -m pytest $(PYTEST_FLAGS) $(1)
endef

.PHONY: test-long test-kills test-faults test-operations test-maintenance
test-long: python build test-kills test-faults test-operations test-maintenance ## what `make test` runs a sample of, whole: hours
	@$(MAKE) build/release/.configured CONFIGURE_FLAGS=-DEARTHCATALOG_BUILD_TESTS=ON
	@cmake --build build/release --target grid_exhaustive item_exhaustive $(NINJA_FLAGS)
	@echo "==> fan-out: 50,000 footprints, 2,000 points each"
	@build/release/tests/unit/grid/grid_exhaustive
	@echo "==> items: a million random ones into Parquet files and out again"
	@build/release/tests/unit/geoparquet/item_exhaustive
	@echo "==> 20,000 generated and all real items by every route"
	$(call full_pytest,tests/interop/test_accounting.py)
	@echo "==> every file of the mixed table by gpio"
	$(call full_pytest,--timeout=3600 tests/interop/test_geo_readers.py -k gpio)
	@echo "==> inventories of ten million rows"
	$(call full_pytest,tests/cli/test_inventory_memory.py)

test-kills: python build ## 100 kills of a run over 20,000 items, on the disk and in S3
	$(call full_pytest,tests/cli/test_kill.py)
	$(call full_pytest,tests/storage/test_s3_disasters.py -k killed)

test-operations: python build build-drivers ## 200 random operations on a table, all readers after each; all points to be killed at
	$(call full_pytest,--timeout=7200 tests/interop/test_operations_model.py tests/interop/test_operations_shared.py \
	  tests/interop/test_operations_killed.py)

test-maintenance: python build ## 100 runs compacted, on the disk and in S3; 20 minutes beside runs and readers; 50 kills
	$(call full_pytest,--timeout=7200 tests/interop/test_compaction.py tests/interop/test_maintenance_beside_others.py)
	@EARTHCATALOG_TEST_STORAGE=s3 EARTHCATALOG_FULL=1 EARTHCATALOG_PROGRAM=$(CURDIR)/$(PROGRAM) \
	  $(VENV_PYTHON) -m pytest --timeout=7200 $(PYTEST_FLAGS) tests/interop/test_compaction.py

test-faults: python build ## 2,000 items through a bad network, 20 times, without and with S3
	$(call full_pytest,tests/cli/test_faults.py)
	$(call full_pytest,tests/storage/test_s3_disasters.py -k broken)

.PHONY: lint
lint: setup ## formatting, layering, ruff and mypy
	@echo "==> formatting of C++ and Python"
	@echo '$(CPP_FILES)' | xargs -r clang-format-14 --dry-run -Werror
	@$(VENV)/bin/ruff format --quiet --check .
	@echo "==> layering and file lengths"
	@$(VENV_PYTHON) tools/check_layers.py
	@echo "==> ruff and mypy"
	@$(VENV)/bin/ruff check --quiet .
	@$(VENV)/bin/mypy --no-error-summary

.PHONY: format
format: setup ## rewrite C++ and Python sources in the project's format
	@echo '$(CPP_FILES)' | xargs -r clang-format-14 -i
	@$(VENV)/bin/ruff check --quiet --select I --fix .
	@$(VENV)/bin/ruff format --quiet .

.PHONY: tidy
tidy: setup build ## clang-tidy over the C++ sources: minutes, so not part of `make test`
	@run-clang-tidy-14 -quiet -p build/release '$(CURDIR)/src/.*' 2>/dev/null

.PHONY: clean
clean: ## remove build results; the environments stay (rm -r .venv .venv-gpio)
	rm -rf build earthcatalog-demo .mypy_cache .ruff_cache .pytest_cache
