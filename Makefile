# Thin on purpose: each target names what it does, and scripts/ or cargo do it. `make help` lists the targets.
SHELL := bash
.DEFAULT_GOAL := help
.PHONY: help run dev test lint bench gen fmt setup prerequisites web model image

# `make run` and `make test` share one copy of the planner's model and one image for Python actions.
export ERRAND_MODEL_DIR ?= $(CURDIR)/.cache/model
# So is the image of Python actions. Root's lies where ordinary users can read it, whoever may enter this folder.
export ERRAND_IMAGE_DIR ?= $(shell if [ "$$(id -u)" = 0 ]; then echo /var/cache/errand/images; else echo $(CURDIR)/.cache/image; fi)

say = @printf '\033[1m==>\033[0m %s\n'

help: ## List the targets
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-8s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

run: prerequisites web model image ## Build everything and start Errand with the demo on http://127.0.0.1:8029
	$(say) "Starting Errand with the demo guru (stop with Ctrl-C)"
	@cargo run --quiet --package errand -- serve --demo

dev: prerequisites web model image ## Start Errand and the web app with hot reload
	@scripts/dev.sh

test: ## Run every test there is; installs what they need
	@scripts/test.sh

lint: prerequisites ## Check formatting, lints, licences and the web app's style
	@scripts/lint.sh

bench: prerequisites ## Run the benchmarks
	@scripts/bench.sh

gen: prerequisites ## Regenerate the web app's API types from its OpenAPI document
	$(say) "Generating web/src/api"
	@UPDATE_OPENAPI=1 cargo test --quiet --workspace --test openapi the_checked_in >/dev/null
	@scripts/npm-ci.sh web
	@cd web && npm run --silent gen

fmt: prerequisites ## Format everything
	@cargo fmt --all
	@scripts/npm-ci.sh web
	@cd web && npm run --silent format

setup: prerequisites ## Install the tools that tests and lints use
	@scripts/install-test-needs.sh
	$(say) "Installing cargo-nextest and cargo-deny, where they are missing"
	@cargo nextest --version >/dev/null 2>&1 || cargo install --locked cargo-nextest
	@cargo deny --version >/dev/null 2>&1 || cargo install --locked cargo-deny

prerequisites:
	@scripts/prerequisites.sh

web: prerequisites
	@scripts/build-web.sh

# The web app is built into the binary, so it comes first.
model: web
	$(say) "Building Errand (the first time takes some minutes) and fetching the planner's model"
	@cargo run --quiet --package errand -- model install

# Without it Errand runs all the same, Python actions apart; what is missing is said.
image: model
	$(say) "Looking for the image of Python actions (making it takes some minutes, once)"
	@cargo run --quiet --package errand -- image build || echo "Errand starts without Python actions."
