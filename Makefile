# The commands for people; `make` alone lists them. Everything is repeatable: finished steps are skipped.

SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
MAKEFLAGS += --no-print-directory
.PHONY: help demo test soak sim mutants check book dist dist-check deploy-check deploy-tools kafka registry connect consumer gokart older stories bench setup fmt clippy doc deny tidy bench-once

# RocksDB is most of a cold build; ccache keeps its objects across target directories and clean builds. The folder
# need not exist yet: `setup` may be about to make it.
export PATH := /usr/lib/ccache:$(PATH)

CACHE := $(or $(XDG_CACHE_HOME),$(HOME)/.cache)/kigen
DENY_VERSION := 0.20.2
DENY := $(CACHE)/cargo-deny-$(DENY_VERSION)/bin/cargo-deny
KAFKA_VERSION := $(shell sed -n 's|^  <version>\(.*\)</version>|\1|p' tests/kafka/pom.xml)
KAFKA := $(CACHE)/kafka-$(KAFKA_VERSION)
REGISTRY_VERSION := $(shell sed -n 's|^  <version>\(.*\)</version>|\1|p' tests/registry/pom.xml)
REGISTRY := $(CACHE)/registry-$(REGISTRY_VERSION)
CONNECT_VERSION := $(shell sed -n 's|^  <version>\(.*\)</version>|\1|p' tests/connect/pom.xml)
CONNECT := $(CACHE)/connect-$(CONNECT_VERSION)
CONSUMER := $(CACHE)/consumer
GOKART := $(CACHE)/gokart
# A kigen of before record levels, as in tests/kigen/upgrade.rs.
OLDER_COMMIT := 5d84b6916a7495f3c5457e3c69c098194c26a057
OLDER := $(CACHE)/older-5d84b69
# One module of Go has all tools, so that what they share is built once.
DEPLOY_TOOLS := $(CACHE)/go-tools-$(shell cat tests/deploy/go.mod tests/deploy/go.sum | sha256sum | cut -c 1-10)
MDBOOK_VERSION := 0.5.4
MDBOOK := $(CACHE)/mdbook-$(MDBOOK_VERSION)/bin/mdbook
DIST_CRATES := cargo-auditable@0.7.7 cargo-cyclonedx@0.5.9 cargo-deb@3.8.0
# Optimised: it compares the texts of licences for minutes.
ABOUT := cargo-about@0.9.3
DIST_TOOLS := $(CACHE)/dist-tools-$(shell echo $(DIST_CRATES) $(ABOUT) | sha256sum | cut -c 1-10)
BUILD_DIR := $(or $(CARGO_TARGET_DIR),$(CURDIR)/target)
BENCHES := $(wildcard benches/*.rs crates/*/benches/*.rs)

# Builds tools of crates.io into the folder $(1), by the arguments $(2) of `cargo install`.
define CARGO_TOOL
	@CARGO_TARGET_DIR=$(1)/target CARGO_PROFILE_DEV_DEBUG=0 cargo install --quiet --locked --root $(1) $(2)
	@rm -rf $(1)/target
endef

# Installs what the shell variable `missing` names, by Debian's names.
define INSTALL
if [ -n "$$missing" ]; then \
	if ! command -v apt-get >/dev/null; then \
		echo "setup: this machine lacks (by Debian's names)$$missing, and has no apt-get: install them, then run make again" >&2; exit 1; \
	fi; \
	as_root=""; \
	if [ "$$(id -u)" != 0 ]; then \
		command -v sudo >/dev/null || { echo "setup: run as root, or with sudo: apt-get install$$missing" >&2; exit 1; }; \
		as_root="sudo"; \
	fi; \
	echo "setup: installing$$missing"; \
	$$as_root apt-get update -qq; \
	$$as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $$missing >/dev/null; \
fi
endef

help: ## Lists these targets
	@echo "kigen alerts when a batch job's result was not there when it was needed."
	@echo
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-12s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)
	@echo
	@echo "  The first build compiles RocksDB: about 20 minutes on two cores, once."

demo: setup ## Shows kigen at work on a played cluster; needs nothing outside this machine
	@rm -rf $(BUILD_DIR)/demo
	@cargo run --locked --bin kigen -- demo --keep $(BUILD_DIR)/demo

test: setup kafka registry connect consumer gokart older ## Runs all tests
	@cargo test --locked

# KIGEN_TEST_SEED=N in its output and in the environment repeats a run's choices.
soak: setup kafka ## Kills processors and broker 300 times on a real Kafka, and notifiers during 10,000 alerts; with REPLICAS=3 on three brokers
	@KIGEN_TEST_KILLS=300 KIGEN_TEST_REPLICAS=$(or $(REPLICAS),1) cargo test --locked --test kigen chaos:: -- --nocapture
	@KIGEN_TEST_FLEET_ALERTS=10000 cargo test --locked --workspace --test notifier fleet:: -- --nocapture --test-threads 1

# A failure prints its seed: SEED=N SLOTS=1 repeats it.
sim: setup ## Judges simulated worlds with faults on all cores, and compares with an independent judge; SEED=, SLOTS=
	@SEED=$(SEED) SLOTS=$(SLOTS) cargo run --quiet --locked --profile sim --bin simulate

# MUTANT=a text of its name tries some of them only; SLOTS= is how many slots each may take.
mutants: setup ## Shows that the simulator finds each of a list of hand-made bugs
	@SLOTS=$(or $(SLOTS),1000000) MUTANT="$(MUTANT)" crates/simulator/mutants/find.py

check: setup fmt clippy doc deny tidy bench-once ## Runs every other check: format, lints, docs, licences, structure, benches

deploy-check: setup ## Checks the chart, the rules and the policies below deploy/ by their users' tools; needs Go
	@if tests/deploy/go.sh; then \
		$(MAKE) deploy-tools; \
		tests/deploy/check.sh $(DEPLOY_TOOLS); \
	fi

book: setup $(MDBOOK) ## Builds the documentation as a book, with a search
	@docs/book/build.sh $(BUILD_DIR)/book $(MDBOOK)
	@echo "$(BUILD_DIR)/book/index.html"

$(MDBOOK): | setup
	@echo "== building mdBook $(MDBOOK_VERSION) into $(CACHE), once"
	$(call CARGO_TOOL,$(CACHE)/mdbook-$(MDBOOK_VERSION),--debug --no-default-features --features search mdbook@$(MDBOOK_VERSION))

dist: setup $(DIST_TOOLS)/.built ## Builds a release of what is committed: tarball, Debian package, SBOM
	@deploy/release/dist.sh $(BUILD_DIR)/dist $(DIST_TOOLS)/bin

dist-check: dist ## Checks a release, and the image's root file system, as their users would
	@tests/dist/check.sh $(BUILD_DIR)/dist

$(DIST_TOOLS)/.built: | setup
	@echo "== building the tools that make a release into $(DIST_TOOLS), once"
	$(call CARGO_TOOL,$(DIST_TOOLS),--debug $(DIST_CRATES))
	$(call CARGO_TOOL,$(DIST_TOOLS),--features cli $(ABOUT))
	@touch $@

deploy-tools: $(DEPLOY_TOOLS)/.built

# Prometheus without the service discoveries of clouds, which are most of it.
$(DEPLOY_TOOLS)/.built:
	@echo "== building the tools of tests/deploy/go.mod into $(DEPLOY_TOOLS), once"
	@missing=""; \
	/usr/bin/python3 -c "import yaml" 2>/dev/null || missing+=" python3-yaml"; \
	$(INSTALL)
	@build() { echo "   $$1"; go build -C tests/deploy -trimpath -tags remove_all_sd -o $(DEPLOY_TOOLS)/$$1 $$2; }; \
	build helm4 helm.sh/helm/v4/cmd/helm; \
	build helm3 helm.sh/helm/v3/cmd/helm; \
	build helm-unittest github.com/helm-unittest/helm-unittest/cmd/helm-unittest; \
	build kubeconform github.com/yannh/kubeconform/cmd/kubeconform; \
	build kustomize sigs.k8s.io/kustomize/kustomize/v5; \
	build gator github.com/open-policy-agent/gatekeeper/v3/cmd/gator; \
	build opa github.com/open-policy-agent/opa; \
	build promtool github.com/prometheus/prometheus/cmd/promtool; \
	build prometheus github.com/prometheus/prometheus/cmd/prometheus
	@echo "   alertmanager"; tests/deploy/alertmanager.sh $(DEPLOY_TOOLS)
	@touch $@

# What fetches from Maven Central, and what is fetched, need Java.
define JAVA
	@missing=""; \
	command -v java >/dev/null || missing+=" openjdk-17-jre-headless"; \
	command -v mvn >/dev/null || missing+=" maven"; \
	$(INSTALL)
endef

# Installs the packages of the first prerequisite into the target's folder. Debian's Python, since only that one's missing parts
# can be installed here.
define PYTHON_ENVIRONMENT
	@missing=""; \
	/usr/bin/python3 -c "import ensurepip, venv" 2>/dev/null || missing+=" python3-venv"; \
	$(INSTALL)
	@/usr/bin/python3 -m venv --clear $(@D)
	@$(@D)/bin/pip install --quiet --disable-pip-version-check --requirement $<
	@touch $@
endef

kafka: $(KAFKA)/.fetched ## Fetches Apache Kafka for the tests, once (Maven Central)

# KIGEN_TEST_KAFKA=host:port names another broker for the tests; nothing is fetched then.
$(KAFKA)/.fetched: | setup
ifeq ($(KIGEN_TEST_KAFKA),)
	$(JAVA)
	@echo "== fetching Apache Kafka $(KAFKA_VERSION) into $(KAFKA), once"
	@mkdir -p $(KAFKA)
	@mvn --quiet --batch-mode -Dstyle.color=never --file tests/kafka/pom.xml dependency:copy-dependencies -DincludeScope=runtime \
		-DoutputDirectory=$(KAFKA)
	@touch $@
endif

registry: $(REGISTRY)/.fetched ## Fetches a schema registry for the tests, once (Maven Central)

$(REGISTRY)/.fetched: | setup
	$(JAVA)
	@echo "== fetching Apicurio Registry $(REGISTRY_VERSION) into $(REGISTRY), once"
	@mkdir -p $(REGISTRY)
	@mvn --quiet --batch-mode -Dstyle.color=never --file tests/registry/pom.xml dependency:unpack \
		-DoutputDirectory=$(REGISTRY) -DmarkersDirectory=$(REGISTRY)/markers
	@touch $@

connect: $(CONNECT)/.fetched ## Fetches a worker of Kafka Connect for the tests, once (Maven Central)

$(CONNECT)/.fetched: | setup
	$(JAVA)
	@echo "== fetching Kafka Connect $(CONNECT_VERSION) into $(CONNECT), once"
	@mkdir -p $(CONNECT)
	@mvn --quiet --batch-mode -Dstyle.color=never --file tests/connect/pom.xml dependency:copy-dependencies \
		-DincludeScope=runtime -DoutputDirectory=$(CONNECT)
	@touch $@

consumer: $(CONSUMER)/.installed ## Installs what the outside consumer in Python needs for the tests, once (PyPI)

$(CONSUMER)/.installed: tests/consumer/requirements.txt | setup
	@echo "== installing the outside consumer's libraries into $(CONSUMER), once"
	$(PYTHON_ENVIRONMENT)

gokart: $(GOKART)/.installed ## Installs gokart for the tests, once (PyPI)

$(GOKART)/.installed: tests/gokart/requirements.txt | setup
	@echo "== installing gokart into $(GOKART), once"
	$(PYTHON_ENVIRONMENT)

# One that does not start any more (a library that it was linked with is gone) is built again.
older: | setup ## Builds an older kigen for the tests of upgrades, once (from this repository's history)
	@if [ ! -e $(OLDER)/unavailable ] && ! $(OLDER)/target/debug/kigen --help >/dev/null 2>&1; then rm -f $(OLDER)/.built; fi
	@$(MAKE) $(OLDER)/.built

# As for a test and by today's profiles, so that its dependencies are those that the tests need anyway, and are built once.
$(OLDER)/.built: | setup
	@rm -rf $(OLDER) && mkdir -p $(OLDER)/source
	@if git cat-file -e $(OLDER_COMMIT) 2>/dev/null; then \
		echo "== building an older kigen into $(OLDER), once"; \
		git archive $(OLDER_COMMIT) | tar -x -C $(OLDER)/source; \
		awk '/^\[/ { dev = /^\[profile\.dev/ } (FILENAME == "Cargo.toml") == !!dev' Cargo.toml $(OLDER)/source/Cargo.toml \
			>$(OLDER)/Cargo.toml && mv $(OLDER)/Cargo.toml $(OLDER)/source/Cargo.toml; \
		cd $(OLDER)/source && CARGO_BUILD_BUILD_DIR=$(BUILD_DIR) CARGO_TARGET_DIR=$(OLDER)/target \
			cargo test --quiet --locked --no-run --test tidy; \
		rm -rf $(OLDER)/source; \
	else \
		echo "== the history of this checkout lacks the commit of the older kigen: upgrades are not tested"; \
		touch $(OLDER)/unavailable; \
	fi
	@touch $@

stories: ## Lists every case that kigen handles, by the titles of the engine's stories
	@for folder in $$(ls -dv crates/engine/tests/stories/*/); do \
		name="$$(basename "$$folder")"; \
		echo; echo "$${name//-/ }"; \
		awk 'FNR == 1 { print "  " $$0 }' "$$folder"*.story; \
	done

bench: setup ## Runs the benches
ifeq ($(BENCHES),)
	@echo "there are no benches yet"
else
	@cargo bench --locked --workspace --bench '*'
endif

fmt:
	@echo "== format"
	@cargo fmt --all --check

clippy:
	@echo "== lints"
	@cargo clippy --quiet --locked --workspace --all-targets -- -D warnings

doc:
	@echo "== documentation"
	@RUSTDOCFLAGS=-Dwarnings cargo doc --quiet --locked --workspace --no-deps

deny: $(DENY)
	@echo "== licences, bans and sources"
	@$(DENY) --locked check --hide-inclusion-graph licenses bans sources

# An unoptimised cargo-deny is built in a minute, and its run takes two seconds.
$(DENY):
	@echo "== building cargo-deny $(DENY_VERSION) into $(CACHE), once"
	$(call CARGO_TOOL,$(CACHE)/cargo-deny-$(DENY_VERSION),--debug cargo-deny@$(DENY_VERSION))

tidy:
	@echo "== structure (tests/tidy)"
	@cargo test --quiet --locked --test tidy

# `cargo test` builds a bench and runs each of its cases once.
bench-once:
ifneq ($(BENCHES),)
	@echo "== benches, each once"
	@cargo test --quiet --locked --workspace --bench '*'
endif

setup: ## Installs what a build needs and this machine lacks (Debian; as root or with sudo)
	@missing=""; \
	command -v cc >/dev/null && command -v c++ >/dev/null || missing+=" g++"; \
	command -v ccache >/dev/null || missing+=" ccache"; \
	command -v mount >/dev/null || missing+=" mount"; \
	command -v mandoc >/dev/null || missing+=" mandoc"; \
	command -v python3 >/dev/null || missing+=" python3"; \
	perl -MIPC::Cmd -e 1 2>/dev/null || missing+=" perl"; \
	/usr/bin/python3 -c "import avro" 2>/dev/null || missing+=" python3-avro"; \
	if [ -z "$${LIBCLANG_PATH:-}" ]; then \
		{ compgen -G '/usr/lib/llvm-*/lib/libclang[.-][s0-9]*' && compgen -G '/usr/lib/llvm-*/lib/clang/*/include/stddef.h'; } \
			>/dev/null || missing+=" libclang-dev"; \
	fi; \
	$(INSTALL)
	@if ! command -v cargo >/dev/null; then \
		echo "setup: there is no cargo: install Rust by https://rustup.rs, open a new shell, then run make again" >&2; exit 1; \
	fi
	@if ! cargo --version >/dev/null 2>&1; then \
		command -v rustup >/dev/null || { cargo --version; exit 1; }; \
		channel=$$(sed -n 's/^channel = "\(.*\)"/\1/p' rust-toolchain.toml); \
		echo "setup: installing Rust $$channel"; \
		rustup toolchain install "$$channel" --profile minimal --component clippy --component rustfmt; \
	fi
