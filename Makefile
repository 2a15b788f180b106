# The few commands a person types. Everything made goes under build/.
#
# On Debian 12 and 13 each target installs what it needs and lacks: packages
# from Debian, Python tools into virtual environments, Kafka for the tests
# from Maven Central. Elsewhere it says what to install.

SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help
MAKEFLAGS += --no-print-directory

JOBS ?= $(shell nproc)
FUZZ_SECONDS ?= 600
PYTHON ?= /usr/bin/python3
IMAGE ?= aurix-bridge

build_packages := gcc libc6-dev cmake ninja-build pkg-config \
	libcivetweb-dev libssl-dev libjansson-dev librdkafka-dev libpcre2-dev \
	libidn2-dev libinih-dev libcurl4-openssl-dev libsqlite3-dev
test_packages := libcmocka-dev libtest-json-schema-acceptance-perl python3 \
	python3-venv default-jre-headless maven
lint_packages := python3 python3-venv shellcheck
bench_packages := wrk
ci_packages := clang libclang-rt-dev

# $(call packages,NAMES): installs what is missing; quick and silent if
# nothing is.
define packages
have=" $$(dpkg-query -W -f '$${db:Status-Status}/$${Package}\n' $(1) \
	2>/dev/null | sed -n 's|^installed/||p' | tr '\n' ' ') " || true; \
missing=(); \
for package in $(1); do \
	[[ $$have == *" $$package "* ]] || missing+=("$$package"); \
done; \
if (($${#missing[@]})); then \
	if ! command -v apt-get >/dev/null; then \
		echo "not a Debian: please install what these Debian packages" \
			"hold: $${missing[*]}" >&2; \
	else \
		root=(); ((EUID == 0)) || root=(sudo); \
		echo "installing: $${missing[*]}"; \
		log=$$(mktemp); \
		{ "$${root[@]}" apt-get update -q && \
		"$${root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install \
			-y -q --no-install-recommends -o DPkg::Lock::Timeout=300 \
			"$${missing[@]}"; } \
			>"$$log" 2>&1 </dev/null || { cat "$$log" >&2; exit 1; }; \
		rm -f "$$log"; \
	fi; \
fi
endef

# Sums up `docker history`, newest layer first: what is below the layer of
# packages is the base.
define image_sizes
{ mb = $$1 / 1e6; total += mb }
packages { base += mb; next }
/apt-get/ { packages = mb; next }
{ own += mb }
END {
	printf "%s: %.1f MB, of which base %.1f, packages %.1f, ours %.1f\n",
		image, total, base, packages, own
}
endef
export image_sizes

# $(call configure,DIRECTORY,OPTIONS)
define configure
cmake -S . -B $(1) -G Ninja --log-level=WARNING $(2) >/dev/null
endef

.PHONY: help
help: ## lists the targets
	@echo "aurix-bridge: webhooks in, Kafka records out"; echo
	@sed -n 's/^\([a-z0-9-]*\):[^#]*## \(.*\)/  make \1|\2/p' Makefile | \
		awk -F '|' '{ printf "%-20s %s\n", $$1, $$2 }'

.PHONY: deps
deps: ## installs what the build needs
	@$(call packages,$(build_packages))

.PHONY: test-deps
test-deps: build/venv/.done build/kafka/.done ## installs what the tests need

.PHONY: test-packages
test-packages:
	@$(call packages,$(build_packages) $(test_packages))

.PHONY: lint-packages
lint-packages:
	@$(call packages,$(lint_packages))

.PHONY: ci-deps
ci-deps: test-deps ## installs what only CI needs
	@$(call packages,$(ci_packages))

build/venv/.done: tests/requirements.txt | test-packages
	@rm -rf build/venv && mkdir -p build && $(PYTHON) -m venv build/venv
	@build/venv/bin/pip install -q --disable-pip-version-check -r $<
	@touch $@

build/venv-lint/.done: tests/lint/requirements.txt | lint-packages
	@rm -rf build/venv-lint && mkdir -p build && \
		$(PYTHON) -m venv build/venv-lint
	@build/venv-lint/bin/pip install -q --disable-pip-version-check -r $<
	@touch $@

build/venv-bench/.done: tests/bench/requirements.txt | test-packages
	@rm -rf build/venv-bench && mkdir -p build && \
		$(PYTHON) -m venv build/venv-bench
	@build/venv-bench/bin/pip install -q --disable-pip-version-check -r $<
	@touch $@

build/venv-schema/.done: tests/bench/schema/requirements.txt | test-packages
	@rm -rf build/venv-schema && mkdir -p build && \
		$(PYTHON) -m venv build/venv-schema
	@build/venv-schema/bin/pip install -q --disable-pip-version-check -r $<
	@touch $@

build/kafka/.done: tests/e2e/kafka/pom.xml | test-packages
	@rm -rf build/kafka/lib && mkdir -p build/kafka
	@mvn -B -q -f $< dependency:copy-dependencies \
		-DincludeScope=runtime -DoutputDirectory=$(CURDIR)/build/kafka/lib \
		>build/kafka/maven.log 2>&1 </dev/null || \
		{ cat build/kafka/maven.log >&2; exit 1; }
	@touch $@

.PHONY: build
build: deps ## builds the program: build/aurix-bridge
	@$(call configure,build,$(if $(wildcard \
		build/CMakeCache.txt),,-DBRIDGE_TESTS=OFF))
	@cmake --build build -j $(JOBS) --target aurix-bridge

.PHONY: demo
demo: build ## shows the main job, without a Kafka: sends, validates, consumes
	@build/aurix-bridge demo

.PHONY: run
run: build ## the same, and stays up on port 8005 for your own requests
	@build/aurix-bridge demo --keep

.PHONY: build-tests
build-tests: test-packages
	@$(call configure,build,-DBRIDGE_TESTS=ON)
	@cmake --build build -j $(JOBS)

.PHONY: test
test: build-tests test-deps ## runs all tests: units, and against a real Kafka
	@ctest --test-dir build -j $(JOBS) --output-on-failure \
		--no-tests=error </dev/null

.PHONY: unit
unit: build-tests build/venv/.done ## runs the unit tests only
	@ctest --test-dir build -j $(JOBS) -L unit --output-on-failure \
		--no-tests=error </dev/null

.PHONY: e2e
e2e: build-tests test-deps ## runs the end-to-end tests only
	@ctest --test-dir build -j $(JOBS) -L e2e --output-on-failure \
		--no-tests=error </dev/null

.PHONY: bench-deps
bench-deps: build test-deps build/venv-bench/.done
	@$(call packages,$(bench_packages))
	@cmake --build build -j $(JOBS) --target bench_programs

# BENCH_SECONDS, BENCH_ROUNDS, BENCH_CONNECTIONS, BENCH_PROGRAMS, BENCH_ALSO
# and so on reach it through the environment: docs/performance.md
.PHONY: bench
bench: bench-deps ## measures it beside other programs, some ten minutes
	@build/venv/bin/python tests/bench/bench.py

.PHONY: bench-smoke
bench-smoke: bench-deps ## the same in short: do the counts agree?
	@BENCH_OUT=build/bench/smoke \
		build/venv/bin/python tests/bench/bench.py --quick

.PHONY: bench-schema-deps
bench-schema-deps: build build/venv/.done build/venv-schema/.done
	@cmake --build build -j $(JOBS) --target bench_validate

# BENCH_MS, BENCH_ROUNDS, BENCH_DOCS and so on reach it through the
# environment: docs/json-schema.md
.PHONY: bench-schema
bench-schema: bench-schema-deps ## measures the validator beside others
	@build/venv/bin/python tests/bench/bench_schema.py

.PHONY: bench-schema-smoke
bench-schema-smoke: bench-schema-deps ## the same in short: are verdicts right?
	@BENCH_OUT=build/bench/schema/smoke \
		build/venv/bin/python tests/bench/bench_schema.py --quick

# CRASH_ONLY, CRASH_COUNT, CRASH_KILL_BRIDGE and so on reach it through the
# environment: tests/crash/crash.py
.PHONY: crash
crash: build test-deps ## kills bridge and Kafka under load, finds what is lost
	@build/venv/bin/python tests/crash/crash.py

.PHONY: crash-smoke
crash-smoke: build test-deps ## the same in short, some three minutes
	@CRASH=short build/venv/bin/python tests/crash/crash.py

# SOAK_OUTAGE (seconds), SOAK_RATE, SOAK_STRICT reach it through the
# environment: tests/crash/soak.py
.PHONY: soak
soak: build test-deps ## Kafka away for ten minutes: memory, and how it drains
	@build/venv/bin/python tests/crash/soak.py

.PHONY: soak-smoke
soak-smoke: build test-deps ## the same in a minute
	@SOAK_OUTAGE="$${SOAK_OUTAGE:-30}" \
		build/venv/bin/python tests/crash/soak.py

.PHONY: crash-planted
crash-planted: test-deps ## plants bugs that `make crash` and others must find
	@build/venv/bin/python tests/crash/planted.py

.PHONY: schema-planted
schema-planted: test-deps ## plants bugs in the schema engine that tests must find
	@PLANTED_DIR=tests/schema-planted \
		build/venv/bin/python tests/crash/planted.py

# DIFFERENTIAL_PAIRS and DIFFERENTIAL_SEED reach it through the environment:
# tests/differential/differential.py
.PHONY: schema-differential
schema-differential: build-tests build/venv/.done ## 200,000 verdicts, compared
	@build/venv/bin/python tests/differential/differential.py

# Inputs that are found go to build/fuzz/found/, so that the next run begins
# there; one that fails, to build/fuzz/. FUZZ_SECONDS is for each fuzzer.
.PHONY: fuzz-schema
fuzz-schema: test-packages ## any bytes as schemas and documents, 20 minutes
	@$(call packages,$(ci_packages))
	@cmake --preset fuzz --log-level=WARNING >/dev/null
	@cmake --build --preset fuzz -j $(JOBS)
	@for name in schema_compile schema_check; do \
		mkdir -p build/fuzz/found/$$name; \
		build/fuzz/tests/fuzz/fuzz_$$name \
			-max_total_time=$(FUZZ_SECONDS) -max_len=4096 -timeout=25 \
			-dict=tests/fuzz/schema.dict -artifact_prefix=build/fuzz/ \
			build/fuzz/found/$$name tests/fuzz/corpus/$$name \
			>build/fuzz/$$name.log 2>&1 || \
			{ tail -n 60 build/fuzz/$$name.log >&2; exit 1; }; \
		echo "$$name: $$(grep '^Done ' build/fuzz/$$name.log)"; \
	done

.PHONY: test-compose
test-compose: build/venv/.done ## tests image and compose file (needs Docker)
	@build/venv/bin/python -m pytest -q tests/compose </dev/null

.PHONY: lint
lint: build/venv-lint/.done lint-packages ## checks layout, layering, scripts
	@$(PYTHON) tests/lint/check_house.py --tools build/venv-lint/bin

.PHONY: format
format: build/venv-lint/.done ## lays out C and Python as lint wants it
	@find bridge tests -name '*.[ch]' -print0 | \
		xargs -0 -r build/venv-lint/bin/clang-format -i
	@build/venv-lint/bin/ruff format -q tests
	@build/venv-lint/bin/ruff check -q --fix tests || true

.PHONY: docs
docs: build-tests ## writes anew what in docs/ is made of tables
	@mkdir -p docs
	@build/tests/print_configuration >build/configuration.md
	@cp build/configuration.md docs/configuration.md
	@build/tests/suite_page --write \
		tests/data/schema/suite-exceptions.json docs/json-schema.md

.PHONY: install
install: build ## installs program, schemas, docs (DESTDIR, PREFIX)
	@DESTDIR="$(DESTDIR)" cmake --install build \
		--prefix "$(or $(PREFIX),/usr/local)"

# The date is the commit's: the same source gives the same labels.
.PHONY: image
image: ## builds the container image (needs Docker)
	@command -v docker >/dev/null || \
		{ echo "make image: there is no docker on this machine" >&2; \
		exit 1; }
	@version=$$(sed -n 's/^  VERSION //p' CMakeLists.txt); \
	revision=$$(git describe --always --dirty --abbrev=40 --exclude '*' \
		2>/dev/null) || revision=unknown; \
	created=$$(git log -1 --format=%cI 2>/dev/null) || \
		created=$$(date -u +%Y-%m-%dT%H:%M:%SZ); \
	docker build $(IMAGE_OPTIONS) -f docker/Dockerfile \
		--build-arg VERSION="$$version" --build-arg REVISION="$$revision" \
		--build-arg CREATED="$$created" \
		-t "$(IMAGE):$$version" -t "$(IMAGE):latest" .
	@docker history --human=false --format '{{.Size}} {{.CreatedBy}}' \
		"$(IMAGE):latest" | awk -v image="$(IMAGE)" "$$image_sizes"

.PHONY: ci
ci: ## what CI runs
	@bash .ci/run

.PHONY: clean
clean: ## removes build/
	@rm -rf build
