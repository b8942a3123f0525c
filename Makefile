STACK ?= local
PYTHON := .venv/bin/python
# With ON_SANDBOX=1 a stack on EKS runs against the sandbox and a double of AWS; STACK=local always runs there. The
# commands below reach nothing else then, or refuse, so that they need not ask.
SANDBOXED := $(or $(filter 1 true yes,$(ON_SANDBOX)),$(if $(ON_SANDBOX),,$(filter local,$(STACK))))
PULUMI := $(if $(SANDBOXED),ON_SANDBOX=1) $(PYTHON) -m sandbox pulumi --stack $(STACK) --
WORKSHOP := $(if $(SANDBOXED),$(PYTHON) -m sandbox run --stack $(STACK) --) $(PYTHON) -m workshop
# On any other stack they ask before they change something, unless YES=--yes is given.
YES ?= $(if $(SANDBOXED),--yes)
FILE := Pulumi.$(notdir $(STACK)).yaml
PYTEST := env -u ON_SANDBOX $(PYTHON) -m pytest
SANDBOX_TESTS := $(PYTEST) --numprocesses 3 --dist loadfile --no-loadscope-reorder tests/sandbox
.DEFAULT_GOAL := help

.venv/installed: requirements.txt requirements-dev.txt
	python3 -m venv .venv && $(PYTHON) -m pip install --quiet --disable-pip-version-check $(shell grep ^uv== requirements-dev.txt)
	$(PYTHON) -m uv pip install --quiet --python $(PYTHON) -r requirements-dev.txt && touch $@

help: ## what can be done
	@sed -n 's/^\([a-z-]*\):.*## /\1\t/p' $(MAKEFILE_LIST) | expand -t 16

init: .venv/installed ## make a stack for a cluster of yours, in your backend: make init STACK=kind (or STACK=acme/kind)
	@test -e $(FILE) || { echo 'config: {}' > $(FILE) && made=1; }; $(PULUMI) stack init $(STACK) || { test -z "$$made" || rm $(FILE); exit 1; }

up: .venv/installed ## bring the stack up (STACK=local: the sandbox, which is started if need be)
	@$(PULUMI) up $(YES) $(if $(PLAN),--plan '$(PLAN)',$(if $(SANDBOXED),$(if $(filter --yes,$(YES)),--skip-preview)))

preview: .venv/installed ## show what `make up` would change
	@$(PULUMI) preview --diff

policies: .venv/installed ## a preview that fails if something is against policies, Helm releases included
	@$(PULUMI) preview --policy-pack policies

record-preview: .venv/installed ## preview into the files of FOLDER, of which a comment is made
	@$(WORKSHOP) record-preview --stack $(STACK) --folder '$(or $(FOLDER),.preview)' --policy-pack policies $(PLAN)

outputs: .venv/installed ## what the last `up` gave out, as Markdown
	@$(WORKSHOP) outputs --stack $(STACK)

refresh: .venv/installed ## compare the state with the cluster
	@$(PULUMI) refresh $(YES)

destroy: .venv/installed ## take everything away again, and show what is left
	@$(WORKSHOP) destroy --stack $(STACK) $(YES)

release-hosts: .venv/installed ## do the work of a load balancer controller or an ExternalDNS that does not do it; asks first
	@$(WORKSHOP) release-hosts --stack $(STACK) $(YES)

forget-cluster: .venv/installed ## take away what is left of a stack whose cluster was deleted; asks first
	@$(WORKSHOP) forget-cluster --stack $(STACK) $(YES)

# Only what is asked for on the command line: no default of STACK or YES takes anything away here.
TEARDOWN := $(if $(filter command%,$(origin STACK)),--stack $(STACK)) $(if $(filter command%,$(origin YES)),$(YES))
teardown: .venv/installed ## take away the workshops that are over (all stacks, or STACK=); only shown without YES=--yes
	@$(PYTHON) -m workshop teardown $(TEARDOWN)

recover: .venv/installed ## after a killed run on a cluster of yours: take up what it had begun
	@$(PULUMI) cancel --yes $(STACK)
	@$(PULUMI) refresh --clear-pending-creates $(YES)
	@PULUMI_K8S_UPSERT_EXISTING_OBJECTS=true PULUMI_K8S_ENABLE_PATCH_FORCE=true $(PULUMI) up $(YES)
	@$(PULUMI) up $(YES)

unlock: .venv/installed ## remove the lock of a run that is gone
	@$(PULUMI) cancel --yes $(STACK)

mirror: .venv/installed ## fill FOLDER with all charts, and a list of all images, for a network without the internet
	@$(PYTHON) -m workshop fill-mirror --folder '$(or $(FOLDER),mirror)'

set: .venv/installed ## change a setting: make set KEY=demos.booksapp.faultPercent VALUE=25
	@$(PULUMI) config set --path 'linkerd-workshop:$(KEY)' '$(VALUE)'

check-cluster: .venv/installed ## ask the stack's cluster whether it is ready
	@$(WORKSHOP) check-cluster --stack $(STACK)

expiry: .venv/installed ## when certificates end; fails if one does within 30 days (DAYS=), or before the workshop
	@$(WORKSHOP) expiry --stack $(STACK) --days $(or $(DAYS),30)

verify: .venv/installed ## see whether the workshop does what it is meant to do (JSON=1, REQUESTS=<number>)
	@$(WORKSHOP) verify --stack $(STACK) $(if $(JSON),--json) $(if $(REQUESTS),--requests $(REQUESTS))

reset: .venv/installed ## bring the demos back to where they were before the workshop
	@$(WORKSHOP) reset --stack $(STACK) $(YES)

demo: .venv/installed ## print a demo's script: make demo NAME=booksapp; without a name, which there are
	@$(PYTHON) -m workshop demo --stack $(STACK) $(NAME)

sandbox: .venv/installed ## start the sandbox
	@$(PYTHON) -m sandbox up

rollouts: .venv/installed ## let canaries run on the sandbox: start the Argo Rollouts controller beside it
	@$(PYTHON) -m sandbox rollouts

sandbox-down: .venv/installed ## stop the sandbox
	@$(PYTHON) -m sandbox down

test: .venv/installed ## unit tests, then the program on a sandbox of its own
	@$(PYTEST) --numprocesses 2 --dist loadfile --ignore tests/sandbox
	@$(SANDBOX_TESTS) -m 'not acceptance'

acceptance: .venv/installed ## what else the sandbox can show: EKS, rotations, canaries, killed runs, teardown
	@$(SANDBOX_TESTS) -m acceptance

check: .venv/installed ## linters and type checks
	@$(PYTHON) -m ruff check && $(PYTHON) -m ruff format --check && .venv/bin/lint-imports
	@$(PYTHON) -m sandbox workflows && .venv/bin/zizmor --offline --no-progress --quiet .github
	@$(PYTHON) -m pyright

diagram: .venv/installed ## draw the README's picture anew from the program's resources
	@$(PYTHON) -m tests.diagram

bench: .venv/installed ## time the stack on the sandbox, beside the same by hand
	@$(PYTHON) -m sandbox bench

.PHONY: help init up preview policies refresh destroy release-hosts forget-cluster recover unlock set check-cluster expiry sandbox sandbox-down test acceptance check diagram bench record-preview outputs teardown verify reset demo mirror
