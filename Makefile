# Ragdock's commands for make. `./ragdock` is the CLI; `make up STACK=prod` runs `./ragdock up --stack prod`.
SHELL := /bin/bash
SYSTEM ?=
ENVIRONMENT ?=
STACK ?= $(or $(SYSTEM),dev)
# Node comes with the project's own packages: the host's may be too old.
export PATH := $(CURDIR)/node_modules/.bin:$(PATH)
# Node keeps compiled modules here: Pulumi's SDK is large, and loading it is most of an unchanged `make up`.
export NODE_COMPILE_CACHE ?= $(or $(XDG_CACHE_HOME),$(HOME)/.cache)/ragdock/node

# $(call option,KEEP,keep) is `--keep "7"` when KEEP=7 is given, and nothing otherwise.
option = $(if $($(1)),--$(2) "$($(1))")
ragdock = node cli/main.ts
# CONFIG_FILE=<path> is a settings file elsewhere, such as that of `ragdock import`.
on_stack = $(call option,STACK,stack) $(call option,CONFIG_FILE,config-file)
# For the commands that may create a stack.
new_stack = $(on_stack) $(call option,SYSTEM,system) $(call option,ENVIRONMENT,environment)
confirmed = $(call option,CONFIRM,confirm)

.DEFAULT_GOAL := help
.PHONY: $(shell sed -n 's/^\([a-z0-9-]*\):.*/\1/p' Makefile)

help: ## list the commands
	@awk 'BEGIN {FS = ":.*## "} /^[a-z0-9-]+:.*## / {printf "  make %-16s %s\n", $$1, $$2}' $(MAKEFILE_LIST)
	@printf '\nSTACK=<name> chooses the stack (default: dev). SERVICE=<name> chooses one service.\n'
	@printf 'CONFIG_FILE=<path> is its settings file, if it is not Pulumi.<stack>.yaml here.\n'
	@printf 'SYSTEM=<name> creates a stack of that name: full, myrag, m31, rag-events, financerag, mnemolite or a path.\n'

node_modules: package-lock.json
	@command -v npm >/dev/null || { echo "Install Node 22 or newer with npm: https://nodejs.org"; exit 1; }
	@echo "Installing the project's packages …"
	@npm ci --no-progress --loglevel=error
	@tools/check-node.sh
	@touch node_modules

setup: node_modules ## install what this machine lacks and start Docker; every command does so by itself
	@STACK_FILE="$(or $(CONFIG_FILE),Pulumi.$(STACK).yaml)" tools/setup.sh

setup-test: node_modules
	@tools/setup.sh test

up: setup ## build, start and wait until everything is healthy; SERVICE=api,worker deploys these only; REFRESH=1 repairs what was changed by hand
	@$(ragdock) up $(new_stack) $(confirmed) $(call option,SERVICE,service) $(if $(REFRESH),--refresh)

production: ## the same in production: stack prod, or <SYSTEM>-prod
	@$(MAKE) --no-print-directory up ENVIRONMENT=prod \
	  STACK=$(if $(filter command line,$(origin STACK)),$(STACK),$(if $(SYSTEM),$(SYSTEM)-prod,prod))

preview: setup ## show what `make up` would change
	@$(ragdock) preview $(new_stack)

plan: node_modules ## compare with another revision: what a user of each stack would notice; BASE=main, FORMAT=markdown
	@$(ragdock) plan $(call option,BASE,base) $(if $(filter command line,$(origin STACK)),$(on_stack)) $(call option,FORMAT,format)

drift: setup ## show what was changed, stopped or removed by hand; exit code 1 if anything
	@$(ragdock) drift $(on_stack)

build: setup ## make the images and start nothing; NO_CACHE=1 builds them again without the cache
	@$(ragdock) build $(new_stack) $(if $(NO_CACHE),--no-cache)

push: node_modules ## push the built images: REGISTRY=registry.example.org/team, TAG=1.2.3, SERVICE=api,worker
	@$(ragdock) push "$(REGISTRY)" $(on_stack) $(call option,TAG,tag) $(call option,SERVICE,service)

deployments: setup ## list the deployments that `make rollback` can return to
	@$(ragdock) deployments $(on_stack)

rollback: setup ## go back to an earlier deployment, the newest that differs or TO=<number>; data stays as it is
	@$(ragdock) rollback $(on_stack) $(call option,TO,to)

down: setup ## stop and remove everything but the data
	@$(ragdock) down $(on_stack)

destroy-data: setup ## delete the data of a stack for good: needs CONFIRM=<stack>
	@$(ragdock) destroy-data $(on_stack) $(confirmed)

backup: node_modules ## copy all data while the stack serves; KEEP=7 removes older backups
	@$(ragdock) backup $(on_stack) $(call option,KEEP,keep)

backups: node_modules ## list the backups of the stack: age, size, drills
	@$(ragdock) backups $(on_stack)

restore: node_modules ## replace the data by that of a backup: FROM=<folder or time>, needs CONFIRM=<stack>
	@$(ragdock) restore $(on_stack) $(call option,FROM,from) $(confirmed)

drill: node_modules ## restore a backup next to the stack and compare all of its data; FROM=<folder or time>, default the newest
	@$(ragdock) drill $(on_stack) $(call option,FROM,from)

upgrade-postgres: setup ## upgrade the data to another major version: VERSION=18; the old volume stays
	@$(ragdock) upgrade-postgres $(on_stack) $(call option,VERSION,version)

outputs: node_modules ## print the stack's outputs as JSON; SHOW_SECRETS=1 in clear
	@$(ragdock) outputs $(on_stack) $(if $(SHOW_SECRETS),--show-secrets)

explain: node_modules ## show settings in effect, and what decided each: SETTING=services.api, default all
	@$(ragdock) config explain $(on_stack) $(if $(SETTING),"$(SETTING)")

status: node_modules ## show services, health, restarts, CPU, memory, URLs, sizes of volumes; JSON=1
	@$(ragdock) status $(on_stack) $(if $(JSON),--json)

health: node_modules ## explain what is wrong; exit code 1 if anything is; JSON=1
	@$(ragdock) health $(on_stack) $(if $(JSON),--json)

ps: node_modules ## list the stack's containers as Docker does
	@$(ragdock) ps $(on_stack)

logs: node_modules ## follow the logs of SERVICE or of all
	@$(ragdock) logs $(on_stack) $(call option,SERVICE,service)

net: node_modules ## show which service reaches which, by name and port; CHECK=1 tries it on the running stack
	@$(ragdock) net $(on_stack) $(call option,SERVICE,service) $(if $(CHECK),--check)

load: node_modules ## send requests at a rising rate until the stack is too slow: REQUEST=/api/documents, RATE=200, P95=1000
	@$(ragdock) load $(on_stack) $(call option,REQUEST,path) $(call option,RATE,rate) $(call option,P95,p95) $(confirmed)

restart: node_modules ## restart SERVICE or all, one container after another, each healthy before the next
	@$(ragdock) restart $(on_stack) $(call option,SERVICE,service)

shell: node_modules ## open a shell in the container of SERVICE (default: the API)
	@$(ragdock) shell $(on_stack) $(call option,SERVICE,service)

psql: node_modules ## open psql on the stack's database; SQL on standard input is run
	@$(ragdock) psql $(on_stack)

exec: node_modules ## run a command in the container of SERVICE: COMMAND="python --version"
	@$(ragdock) exec $(on_stack) "$(SERVICE)" -- $(if $(COMMAND),sh -c "$$COMMAND")

shell-db: node_modules ## the same as psql
	@$(ragdock) shell-db $(on_stack)

shell-api: node_modules ## open a shell in the container of the API
	@$(ragdock) shell-api $(on_stack)

shell-worker: node_modules ## open a shell in the container of the worker
	@$(ragdock) shell-worker $(on_stack)

secret: node_modules ## set one of your secrets from standard input: KEY=<name>, see docs/reference/settings.md
	@$(ragdock) secret $(on_stack) $(call option,KEY,key)

rotate: setup ## give a generated SECRET a new value without a failed request: postgres, redis, grafana, …
	@$(ragdock) rotate $(on_stack) $(call option,SECRET,secret)

users: node_modules ## show the people who sign in with a password; ./ragdock users --help adds and removes them
	@$(ragdock) users list $(on_stack)

keys: node_modules ## show the API keys of programs; ./ragdock keys --help creates and revokes them
	@$(ragdock) keys list $(on_stack)

audit: node_modules ## show who did what: sign-ins, uploads, deletions, denials, deployments; SINCE=24h, WHO=anna
	@$(ragdock) audit $(on_stack) $(call option,SINCE,since) $(call option,WHO,user)

compose: setup ## write the system as a Docker Compose file: the way out
	@$(ragdock) compose $(new_stack)

clean: setup ## down, and remove unused images of all stacks and the build cache; data stays
	@$(ragdock) clean $(on_stack)

prune: node_modules ## remove unused images of this project and the build cache, never volumes
	@$(ragdock) prune

plugins: node_modules ## install resource plugins for the Pulumi CLI, for machines that cannot download them
	@$(ragdock) plugins

base: setup ## make the Debian base of `images: packages`
	@node host/base-image.ts

lock-images: setup ## pin every pulled image to its digest
	@node tools/lock-images.ts

package: node_modules ## write the npm package with the components into dist/npm
	@node tools/npm-package.ts

check: setup ## types, lint, import rules, formats, Dockerfiles, docs
	@tools/check.sh

unit: node_modules ## unit and property tests
	@vitest run --project unit

venv: ## make .venv, in which the Python applications run without Docker; PYTHON=python3.13
	@PYTHON="$(PYTHON)" tools/venv.sh

coverage: ## test one Python application in .venv, with a report of untested lines: MEMBER=systems/m31
	@test -n "$(MEMBER)" || { echo "Name the application: make coverage MEMBER=systems/m31"; exit 2; }
	@test -d .venv || { echo "There is no .venv. Run: make venv"; exit 2; }
	@mkdir -p .ragdock/coverage
	@cd $(MEMBER) && MODEL_DIR=$(CURDIR)/.venv/model COVERAGE_FILE=$(CURDIR)/.ragdock/coverage/data \
	  $(CURDIR)/.venv/bin/python -m pytest -c $(CURDIR)/pyproject.toml --rootdir . -p no:cacheprovider $(FILES) \
	  --cov . --cov-report term-missing --cov-report html:$(CURDIR)/.ragdock/coverage/$(MEMBER)

e2e: setup-test ## end-to-end tests on real Docker
	@vitest run --project full --project systems --project images --project rules --project engine
	@vitest run --project traffic

test: setup-test ## everything: check, unit, end-to-end; ends with "N passed, N failed"
	@node tools/test.ts

docs: node_modules ## write the generated parts of docs/
	@node tools/docs/main.ts

reliability: setup-test ## break things on purpose, and write docs/measurements/reliability.md: two hours, less with ONLY=changes,releases,crashes,overloads,faults,machine,kills; SYSTEM=myrag or full-prod; TARGET=swarm, less with ONLY=nodes or sizes
	@$(if $(ONLY)$(TARGET),,vitest run --project slow)
	@node tools/reliability/$(if $(filter swarm,$(TARGET)),swarm,main).ts

attacks: setup-test ## attack stacks and programs, and write docs/measurements/security.md; less with ONLY=checks,python,unit,systems,images,full,slow
	@node tools/attacks/main.ts

bench: setup ## measure, and write docs/measurements/performance.md
	@node tools/bench/main.ts
