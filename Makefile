# Every target sets up what it needs; a second run finds it done. `make help` lists them.

PYTHON ?=
ARGS ?=
FRAMEWORK ?= torch
WORKERS ?= 2

VENV := .venv
BIN := $(VENV)/bin
NUMPY2 := .venv-numpy2
MINDINSIGHT := .venv-mindinsight

EXTRAS := demo,mindspore,dev,docs,peers
NUMPY2_EXTRAS := demo,dev,peers
DEMO_EXTRAS_torch := demo
DEMO_EXTRAS_mindspore := demo,mindspore
# These have arguments of their own: `.venv/bin/python -m benchmarks.metrics --help`.
MORE_BENCHES := metrics counterfactual uncertainty tabular_lime tabular_shap viewer
# A file at a time, so that what its tests share is made once.
PARALLEL = -n $(WORKERS) --dist loadfile
PINS := pyproject.toml constraints.txt constraints-no-deps.txt tools/environment.sh tools/venv.sh

# On AVX-512 processors MindSpore's convolutions fall back to a loop a hundred times slower.
export ONEDNN_MAX_CPU_ISA ?= AVX2
export PYTHON

.DEFAULT_GOAL := help
.PHONY: help demo test check bench docs constraints clean browser

help: ## this list
	@sed -n 's/^\([a-z]*\):[^#]*## /\1\t/p' $(MAKEFILE_LIST) | expand -t 14
	@echo "Options: PYTHON=python3.12 (for new environments), FRAMEWORK=mindspore (demo), ARGS='...' (demo, bench; test: for pytest), WORKERS=4 (test)"

demo: $(VENV)/.ready-demo-$(FRAMEWORK) ## explain real photographs and open the pages in a browser
	$(BIN)/seewhy demo --framework $(FRAMEWORK) $(ARGS)

# One thread of PyTorch's own: on small networks they spend more time waiting for each other than working.
test: export OMP_NUM_THREADS = 1
test: check browser $(VENV)/.ready $(NUMPY2)/.ready $(MINDINSIGHT)/.ready ## everything that must hold: check, and all tests on NumPy 1 and 2
	$(NUMPY2)/bin/python -m pytest -q $(PARALLEL) --frameworks torch -m "not mindinsight and not browser" $(ARGS)
	$(BIN)/python -m pytest -q $(PARALLEL) --frameworks torch,mindspore $(ARGS)

check: $(VENV)/.ready ## formatting, lint and types
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy

bench: $(VENV)/.ready ## time and memory of every method, beside its limit and its peers
	$(BIN)/python -m benchmarks $(ARGS)
	$(if $(ARGS),,for part in $(MORE_BENCHES); do $(BIN)/python -m benchmarks.$$part || exit 1; done)

docs: $(VENV)/.ready ## the manual as pages, in build/docs
	$(BIN)/mkdocs build --strict

constraints: $(VENV)/.ready ## pin the newest versions that fit together
	$(BIN)/python -m pip install -q uv
	tools/pin.sh $(BIN)/uv $(EXTRAS) $(NUMPY2_EXTRAS)

browser:
	@tools/browser.sh

$(VENV)/.ready: $(PINS)
	tools/environment.sh $(VENV) constraints.txt $(EXTRAS)
	@touch $@

$(VENV)/.ready-demo-$(FRAMEWORK): $(PINS)
	@$(MAKE) -q $(VENV)/.ready || tools/environment.sh $(VENV) constraints.txt \
		$(or $(DEMO_EXTRAS_$(FRAMEWORK)),$(error FRAMEWORK must be torch or mindspore, got $(FRAMEWORK)))
	@touch $@

$(NUMPY2)/.ready: $(PINS) constraints-numpy2.txt
	tools/environment.sh $(NUMPY2) constraints-numpy2.txt $(NUMPY2_EXTRAS)
	@touch $@

# What an export must open in.
$(MINDINSIGHT)/.ready: constraints-mindinsight.txt tools/mindinsight.sh tools/venv.sh
	tools/mindinsight.sh $(MINDINSIGHT) constraints-mindinsight.txt
	@touch $@

clean: ## remove what these targets made, the environments too
	rm -rf $(VENV) $(NUMPY2) $(MINDINSIGHT) build dist .mypy_cache .ruff_cache .pytest_cache .hypothesis
