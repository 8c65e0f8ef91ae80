# `make` prints this help. Environments are made by need: .venv serves and develops, .venv-train trains,
# .venv-engines holds the extra engines, which pull other builds of onnxruntime and OpenCV.
PYTHON ?= python3
DATA ?= data/synth
FACES ?=
TEXTURES ?=
N ?= 1000
SEED ?= 7
JOBS ?= 2
EPOCHS ?=
MINUTES ?=
PHOTOS ?=

PIP := -m pip install --quiet --disable-pip-version-check
RUN := .venv/bin/
MODELS := document corners fields quality text portrait fraud

.DEFAULT_GOAL := help

help:  ## print this help
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  \033[1m%-18s\033[0m %s\n", $$1, $$2}' $(MAKEFILE_LIST)
	@printf '  \033[1m%-18s\033[0m %s\n' 'train-NAME' 'train one model of: $(MODELS)'
	@printf '  \033[1m%-18s\033[0m %s\n' 'quantise-NAME' 'make fraud or text compute with 8-bit integers'
	@printf '\n  Variables: PYTHON DATA FACES TEXTURES N SEED JOBS EPOCHS MINUTES PHOTOS\n'

.venv/bin/python:
	$(PYTHON) -m venv .venv

.venv/.serve: .venv/bin/python pyproject.toml constraints.txt
	.venv/bin/python $(PIP) --constraint constraints.txt --editable '.[cpu,service]'
	@touch $@

.venv/.dev: .venv/.serve
	.venv/bin/python $(PIP) --constraint constraints.txt --editable '.[cpu,service,dev]'
	@touch $@

.venv/.s3: .venv/.dev
	.venv/bin/python $(PIP) --constraint constraints.txt --editable '.[cpu,service,dev,s3-test]'
	@touch $@

.venv-train/.done: pyproject.toml constraints-train.txt
	$(PYTHON) -m venv .venv-train
	.venv-train/bin/python $(PIP) --constraint constraints-train.txt --editable '.[cpu,train,dev]'
	.venv-train/bin/python $(PIP) --constraint constraints-train.txt --no-deps rapidocr
	@touch $@

.venv-engines/.done: pyproject.toml constraints-engines.txt
	$(PYTHON) -m venv .venv-engines
	.venv-engines/bin/python $(PIP) --constraint constraints-engines.txt --editable '.[paddle,insightface,dev]'
	.venv-engines/bin/python $(PIP) --constraint constraints-engines.txt --no-deps rapidocr
	@# Three packages ask for three builds of OpenCV, which overwrite each other: one stays, the one that paddlex looks for.
	.venv-engines/bin/python -m pip uninstall --quiet --yes opencv-python opencv-python-headless opencv-contrib-python
	.venv-engines/bin/python $(PIP) --constraint constraints-engines.txt --no-deps opencv-contrib-python
	@touch $@

serve: .venv/.serve  ## install what serving needs and start the service on 127.0.0.1:8000
	$(RUN)idqc serve

check: .venv/.dev  ## format, lint, types, import fences, file lengths
	$(RUN)ruff format --check .
	$(RUN)ruff check .
	$(RUN)mypy
	$(RUN)pytest --quiet tests/unit/test_fences.py

format: .venv/.dev  ## let ruff format and mend what it can
	$(RUN)ruff format .
	$(RUN)ruff check --fix .

TESTS := tests/unit tests/store tests/integration tests/acceptance

test: .venv/.dev  ## library and service; no torch; coverage of idqc and api at least 90 %
	$(RUN)pytest $(TESTS) --cov --cov-config=tests/coverage.toml --cov-fail-under=90

test-browser: .venv/.dev  ## the pages in Debian's Chromium; pictures of them go to build/shots
	$(RUN)pytest tests/browser

test-all: .venv/.s3 .venv-train/.done .venv-engines/.done  ## everything: adds a bucket, training and the extra engines; coverage of all
	rm -f .coverage .coverage.*
	.venv-engines/bin/coverage run --parallel-mode -m pytest tests/engines
	.venv-train/bin/coverage run --parallel-mode -m pytest tests/train
	$(RUN)coverage run --parallel-mode -m pytest tests/s3
	$(RUN)coverage combine --quiet
	$(RUN)pytest $(TESTS) --cov --cov-append --cov-fail-under=90

synth: .venv/.dev  ## render N mock photos with labels into DATA
	$(RUN)idqc synth $(DATA) --n $(N) --seed $(SEED) --jobs $(JOBS) $(if $(FACES),--faces $(FACES)) $(if $(TEXTURES),--textures $(TEXTURES))

train-%: .venv-train/.done
	.venv-train/bin/idqc train $* $(addprefix --data ,$(DATA)) --out build/train/$* $(if $(EPOCHS),--epochs $(EPOCHS)) $(if $(MINUTES),--minutes $(MINUTES))

quantise-%: .venv-train/.done
	.venv-train/bin/idqc quantise $* $(addprefix --data ,$(DATA))

calibrate: .venv-train/.done  ## derive thresholds/default.toml from DATA
	.venv-train/bin/idqc calibrate --data $(DATA)

evaluate: .venv-train/.done  ## measure the release on the test split of DATA
	.venv-train/bin/idqc evaluate --data $(DATA) --out build/evaluation

bench: .venv/.dev  ## latency, CPU-ms by stage and memory on this machine
	$(RUN)python benchmarks/latency.py $(PHOTOS)

wheel: .venv/.dev  ## build the wheel, weights and thresholds inside, into dist/
	$(RUN)python $(PIP) --constraint constraints.txt build
	$(RUN)python -m build --wheel

docker-lines: .venv/.dev  ## run the Dockerfile's steps one by one in a scratch root file system (Linux, root)
	$(RUN)python tests/acceptance/dockerfile_lines.py

clean:  ## remove the environments and what was built
	rm -rf .venv .venv-train .venv-engines build dist .coverage .coverage.* .mypy_cache .pytest_cache .ruff_cache

.PHONY: help serve check format test test-browser test-all synth calibrate evaluate bench wheel docker-lines clean
