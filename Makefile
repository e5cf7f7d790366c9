SHELL := bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
MAKEFLAGS += --no-print-directory

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
LOCK := requirements-dev.lock
export PYTHONPATH := $(CURDIR):$(CURDIR)/gen:$(CURDIR)/client
# Where bytecode must not be written beside the code, it is kept in .data: compiling at each start costs seconds.
ifneq ($(PYTHONDONTWRITEBYTECODE),)
export PYTHONPYCACHEPREFIX ?= $(CURDIR)/.data/bytecode
unexport PYTHONDONTWRITEBYTECODE
endif

# USER names the person at the terminal in every shell; only one that is given to make is a user of Lectern.
TOKEN_USER := $(if $(filter command line,$(origin USER)),$(USER),student)
ROLES ?= student
ORG ?= default
ARGS ?=

.PHONY: help setup run token proto docs lint test check bench eval faults load-test charts containers cluster observe dashboards pictures alerts lock clean

help: ## List the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  %-10s %s\n", $$1, $$2}' Makefile

setup: ## Install everything into .venv, if the lock file has changed
	@cmp -s $(LOCK) $(VENV)/installed.lock || tools/setup "$(PYTHON)" "$(VENV)" "$(LOCK)" >&2

run: setup ## Run the whole system on this machine (ARGS=--once ends it after the first answers)
	@exec $(BIN)/python -m local $(ARGS)

observe: setup ## Run the system with Prometheus and a viewer of traces, and show one turn's trace
	@tools/prometheus
	@viewer="$$(tools/phoenix)" && exec $(BIN)/python -m local.observe --viewer "$$viewer" $(ARGS)

token: setup ## Print a JWT for the local stack (USER=u ROLES=student,teacher ORG=default)
	@$(BIN)/python -m local.tokens --user "$(TOKEN_USER)" --roles "$(ROLES)" --org "$(ORG)"

proto: setup ## Generate gen/ from protos/
	@tools/proto

docs: setup ## Write docs/settings.md from the code
	@$(BIN)/python tools/settings

dashboards: setup ## Write the dashboards of the monitoring chart from the code
	@$(BIN)/python -m deploy.dashboards

pictures: setup ## Draw the dashboards of a running system into docs/pictures
	@tools/chromium
	@tools/prometheus
	@$(BIN)/python -m tests.doors.pictures

lint: setup ## Check style, types, the direction of imports, and the protos
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy .
	$(BIN)/lint-imports
	tools/proto includes
	$(BIN)/buf lint
	tools/checkov
	tools/breaking

test: setup ## Run every test, in two processes (ARGS are handed to pytest)
	@tools/chromium
	@tools/prometheus
	$(BIN)/python -m pytest -n 2 --dist loadfile --no-loadscope-reorder $(ARGS)

check: lint proto docs dashboards test ## All that CI runs; ends with a clean git diff
	@git diff --exit-code
	@test -z "$$(git status --porcelain)" || { git status --short; echo "Files appeared that git does not know." >&2; exit 1; }

bench: setup ## Measure ours beside its peers, or what ARGS names ("peers --quick", "turns --students 8")
	@$(BIN)/python -m bench $(or $(ARGS),peers)
	@$(if $(ARGS),,echo "bench/README.md names the other measurements: make bench ARGS=budget, growth, soak, turns, ...")

eval: setup ## Ask the configured model (or the demo model) the labelled questions under each prompt (ARGS="--items 20")
	@$(BIN)/python -m bench evaluation $(ARGS)

faults: setup ## Kill each process of a running stack in turn, and both Redis under load
	FAULTS=all $(BIN)/python -m pytest -s tests/e2e/test_stack.py $(ARGS)
	$(BIN)/python -m bench outage

load-test: setup ## Load a running stack by Artillery, as the older documents tell to
	$(BIN)/python -m pytest -s tests/load $(ARGS)

charts: setup ## Package the Helm charts into dist/charts
	@$(BIN)/python -m deploy.packages dist/charts

# Mounts, processes and network of their own: when the command ends, so do they, however it ends. What podman notes of its
# networks in /run is among them: names of a run that was cut off would answer in the next one.
APART := unshare --mount --pid --fork --kill-child --mount-proc
NETWORK := mkdir -p /run/containers && mount -t tmpfs tmpfs /run/containers && ip link set lo up
containers: setup ## Build the image, bring Compose up with podman and try it (root; CONTAINERS_IMAGES=real pulls the others)
	@tools/containers
	@$(APART) $(BIN)/python -m tests.containers.images
	@$(APART) --net bash -c '$(NETWORK) && exec "$$@"' - $(BIN)/python -m pytest -s tests/containers $(ARGS)

cluster: setup ## Try the charts on the cluster that KUBECONFIG names (LECTERN_IMAGE=repository:tag names the image it has)
	$(BIN)/python -m pytest -s tests/cluster $(ARGS)

alerts: setup ## Fire each alert by its cause against a running stack, in a quarter of an hour (ARGS names some)
	@tools/prometheus
	@$(BIN)/python -m tests.alerts $(ARGS)

lock: setup ## Choose versions again, and write the lock files
	$(BIN)/uv pip compile -q --universal --generate-hashes --no-header --no-emit-index-url pyproject.toml -o requirements.lock
	$(BIN)/uv pip compile -q --universal --generate-hashes --no-header --no-emit-index-url -c requirements.lock pyproject.toml \
	  --group local --group dev -o requirements-dev.lock
	$(BIN)/python -m deploy.envoy_version
	$(BIN)/python -m deploy.chart_images
	$(BIN)/python -m deploy.chart_readmes

clean: ## Remove what was built; .venv and .data stay
	rm -rf build dist .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
	find . -name __pycache__ -not -path './.venv/*' -exec rm -rf {} +
