# Ragdock: a RAG service on a Docker engine. `make` lists the commands.
SHELL := /bin/bash
SYSTEM ?=
ENVIRONMENT ?=
STACK ?= $(or $(SYSTEM),dev)
SERVICE ?=
CONFIRM ?=
KEY ?=
SECRET ?=
FROM ?=
VERSION ?=
KEEP ?=
# Node comes with the project's own packages: the host's may be too old.
export PATH := $(CURDIR)/node_modules/.bin:$(PATH)
# Node keeps compiled modules here: Pulumi's SDK is large, and loading it is most of an unchanged `make up`.
export NODE_COMPILE_CACHE ?= $(or $(XDG_CACHE_HOME),$(HOME)/.cache)/ragdock/node

run = node cli/main.ts
named = --stack "$(STACK)"
# For the commands that may make a stack: what a new one runs.
made = $(named) --system "$(SYSTEM)" --environment "$(ENVIRONMENT)"
.DEFAULT_GOAL := help
.PHONY: help setup setup-test up production rollback preview drift build down destroy-data outputs backup backups restore drill \
        upgrade-postgres status health ps logs restart shell psql secret rotate compose clean prune base check test unit e2e \
        reliability bench docs lock-images

help: ## list the commands
	@awk 'BEGIN {FS = ":.*## "} /^[a-z0-9-]+:.*## / {printf "  make %-16s %s\n", $$1, $$2}' $(MAKEFILE_LIST)
	@printf '\nSTACK=name chooses the stack (default dev), SERVICE=name one service.\n'
	@printf 'SYSTEM=name makes a stack of that name which runs it: full, myrag, m31, rag-events, financerag, mnemolite.\n'

node_modules: package-lock.json
	@command -v npm >/dev/null || { echo "Node 20 or newer with npm is needed: https://nodejs.org"; exit 1; }
	@echo "installing the project's packages …"
	@npm ci --no-progress --loglevel=error
	@touch node_modules

setup: node_modules ## install what this machine lacks, and start the engine; every command does so by itself
	@tools/setup.sh

setup-test: node_modules
	@tools/setup.sh test

up: setup ## build, start and wait until everything is healthy; REFRESH=1 looks at the engine first
	@$(run) up $(made) --confirm "$(CONFIRM)" $(if $(REFRESH),--refresh)

production: ## the same in production: stack prod, or <SYSTEM>-prod
	@$(MAKE) --no-print-directory up ENVIRONMENT=prod \
	  STACK=$(if $(filter command line,$(origin STACK)),$(STACK),$(if $(SYSTEM),$(SYSTEM)-prod,prod))

rollback: setup ## take the stack back to the release before: its settings and its images; data stays as it is
	@$(run) rollback $(named)

preview: setup ## show what `make up` would change
	@$(run) preview $(made)

drift: setup ## what runs but not as described: changed, stopped or removed by hand; exit code 1 if anything
	@$(run) drift $(named)

build: setup ## make the images and start nothing
	@$(run) build $(made)

down: setup ## stop and remove everything but the data
	@$(run) down $(named)

destroy-data: setup ## delete the data of a stack for good: needs CONFIRM=<stack>
	@$(run) destroy-data $(named) --confirm "$(CONFIRM)"

backup: node_modules ## copy all data while the stack serves, into .ragdock/backups; KEEP=7 removes older ones
	@$(run) backup $(named) --keep "$(KEEP)"

backups: node_modules ## list the backups of the stack: age, size, drills
	@$(run) backups $(named)

restore: node_modules ## replace the data by that of a backup: FROM=<folder or time>, needs CONFIRM=<stack>
	@$(run) restore $(named) --from "$(FROM)" --confirm "$(CONFIRM)"

drill: node_modules ## restore a backup (FROM=, default the newest) beside the stack and compare all of it
	@$(run) drill $(named) --from "$(FROM)"

upgrade-postgres: setup ## bring the data to another major version: VERSION=18; the old volume stays
	@$(run) upgrade-postgres $(named) --version "$(VERSION)"

outputs: node_modules ## print the stack's outputs as JSON; SHOW_SECRETS=1 in clear
	@$(run) outputs $(named) $(if $(SHOW_SECRETS),--show-secrets)

status: node_modules ## services, health, memory and URLs
	@$(run) status $(named)

health: node_modules ## what is wrong, in words; exit code 1 if anything is
	@$(run) health $(named)

ps: node_modules ## the stack's containers as the engine lists them
	@$(run) ps $(named)

logs: node_modules ## follow the logs, of one SERVICE or of all
	@$(run) logs $(named) --service "$(SERVICE)"

restart: node_modules ## restart SERVICE or all, one container after another, each healthy before the next
	@$(run) restart $(named) --service "$(SERVICE)"

shell: node_modules ## a shell in the container of SERVICE (default the API)
	@$(run) shell $(named) --service "$(SERVICE)"

psql: node_modules ## psql on the stack's database; SQL on standard input is run
	@$(run) psql $(named)

secret: node_modules ## set a secret from standard input: KEY=name, docs/reference/settings.md has the names
	@$(run) secret $(named) --key "$(KEY)"

rotate: setup ## give SECRET a new value without a failed request: postgres, redis, grafana, metrics-path
	@$(run) rotate $(named) --secret "$(SECRET)"

compose: setup ## write the system as a Docker Compose file: an exit door
	@$(run) compose $(made)

clean: setup ## down, and remove unused images of all stacks and the engine's build cache; data stays
	@$(run) clean $(named)

base: setup ## make the Debian base of `images: packages`
	@node host/base-image.ts

prune: node_modules ## remove unused images of this project and the engine's build cache, never volumes
	@$(run) prune $(named)

lock-images: setup ## pin every pulled image to its digest
	@node tools/lock-images.ts

check: setup ## types, lint, formats, rules, Dockerfiles, docs
	@tools/check.sh

unit: node_modules ## unit and property tests
	@vitest run --project unit

e2e: setup-test ## end-to-end tests on a real engine
	@vitest run --project e2e --project systems

test: setup-test ## everything: check, unit, end-to-end; ends with "N passed, N failed"
	@node tools/test.ts

docs: node_modules ## write the generated parts of docs/
	@node tools/docs/main.ts

reliability: setup-test ## break things on purpose, and write docs/measurements/reliability.md: two hours, fewer with ONLY=changes,releases,faults,machine,kills; SYSTEM=myrag
	@$(if $(ONLY),,vitest run --project slow)
	@node tools/reliability/main.ts

bench: setup ## measure, and write docs/measurements/performance.md
	@node tools/bench/main.ts
