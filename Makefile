STACK ?= local
PYTHON := .venv/bin/python
# STACK=local runs on the sandbox. With ON_SANDBOX=1 a stack on EKS runs there, too, against a double of AWS. The launcher
# (`python -m sandbox`) reaches nothing else, so nothing has to ask. Any other stack is run by `pulumi` itself.
hash := \#
$(foreach each,; & | < > ( ) ` ' " \ * ? [ ] { } ! ~ $(hash) $$,$(if $(findstring $(each),$(value STACK)),$(error STACK has the character $(each), but a name has none)))
$(if $(word 2,$(STACK)),$(error STACK is '$(STACK)', but a stack has one name))
$(if $(filter-out 1 true yes 0 false no,$(ON_SANDBOX)),$(error ON_SANDBOX is $(ON_SANDBOX), but it takes 1 or 0))
SANDBOXED := $(or $(filter 1 true yes,$(ON_SANDBOX)),$(if $(ON_SANDBOX),,$(filter local,$(STACK))))
# The backend of the stack that `make kind` creates, as in workshop/kind.py.
BACKEND := $(if $(and $(filter kind,$(STACK)),$(wildcard .kind),$(if $(SANDBOXED),,1)),PULUMI_BACKEND_URL=file://.kind PULUMI_CONFIG_PASSPHRASE=kind)
PULUMI := $(if $(SANDBOXED),@ON_SANDBOX=1 $(PYTHON) -m sandbox pulumi --stack $(STACK) --,$(strip $(BACKEND) PULUMI_STACK=$(STACK) pulumi))
WORKSHOP := $(if $(SANDBOXED),$(PYTHON) -m sandbox run --stack $(STACK) --,$(BACKEND)) $(PYTHON) -m workshop
# On any other stack all commands ask before they change something, unless YES=--yes is given.
YES ?= $(if $(SANDBOXED),--yes)
FILE := Pulumi.$(notdir $(STACK)).yaml
PYTEST := env -u ON_SANDBOX $(PYTHON) -m pytest
# The value of a variable inside single quotes, as it was given.
escaped = $(subst ','\'',$(value $1))
SANDBOX_TESTS := $(PYTEST) --numprocesses 3 --dist loadfile --no-loadscope-reorder tests/sandbox
.DEFAULT_GOAL := help

.venv/installed: requirements.lock
	python3 -m venv .venv && sed -n '/^uv==/,/[^\\]$$/p' $< > .venv/uv.lock
	$(PYTHON) -m pip install --quiet --disable-pip-version-check --require-hashes -r .venv/uv.lock
	$(PYTHON) -m uv pip install --quiet --python $(PYTHON) --require-hashes -r $< && touch $@

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "%-16s%s\n", $$1, $$2}' $(MAKEFILE_LIST)

init: .venv/installed ## create a stack for your own cluster, in your backend: `make init STACK=team` (or `STACK=acme/team`)
	@test -e '$(FILE)' || { echo 'config: {}' > '$(FILE)' && made=1; } || exit 1; $(PULUMI:@%=%) stack init '$(STACK)' || { test -z "$$made" || rm '$(FILE)'; exit 1; }

up: .venv/installed ## bring the stack up (`STACK=local`: the sandbox, which is started if it does not run)
	$(PULUMI) up $(YES) $(if $(PLAN),--plan '$(PLAN)',$(if $(SANDBOXED),$(if $(filter --yes,$(YES)),--skip-preview)))

preview: .venv/installed ## show what `make up` would change
	$(PULUMI) preview --diff

policies: .venv/installed ## preview, and fail if an object violates a policy, Helm releases included
	$(PULUMI) preview --policy-pack policies

record-preview: .venv/installed ## save a preview in the files of `FOLDER`, from which the pull request's comment is written
	@$(WORKSHOP) record-preview --stack $(STACK) --folder '$(or $(FOLDER),.preview)' --policy-pack policies $(PLAN)

outputs: .venv/installed ## print the outputs of the last `up` as Markdown
	@$(WORKSHOP) outputs --stack $(STACK)

refresh: .venv/installed ## compare the state with the cluster
	$(PULUMI) refresh $(YES)

destroy: .venv/installed ## destroy the stack, and list what is left
	@$(WORKSHOP) destroy --stack $(STACK) $(YES)

release-hosts: .venv/installed ## delete load balancers and DNS records that their controllers do not delete; asks first
	@$(WORKSHOP) release-hosts --stack $(STACK) $(YES)

forget-cluster: .venv/installed ## remove what is left of a stack whose cluster was deleted; asks first
	@$(WORKSHOP) forget-cluster --stack $(STACK) $(YES)

# Only what is asked for on the command line: no default of STACK or YES takes anything away here.
TEARDOWN := $(if $(filter command%,$(origin STACK)),--stack $(STACK)) $(if $(filter command%,$(origin YES)),$(YES))
teardown: .venv/installed ## destroy the workshops that are over (all stacks, or `STACK=`); only lists them without `YES=--yes`
	@$(BACKEND) $(PYTHON) -m workshop teardown $(TEARDOWN)

recover: .venv/installed ## recover your own cluster's stack after a killed run
	$(PULUMI) cancel --yes
	$(PULUMI) refresh --clear-pending-creates $(YES)
	PULUMI_K8S_UPSERT_EXISTING_OBJECTS=true PULUMI_K8S_ENABLE_PATCH_FORCE=true $(PULUMI:@%=%) up $(YES)
	$(PULUMI) up $(YES)

unlock: .venv/installed ## remove the lock of a run that has ended
	$(PULUMI) cancel --yes

mirror: .venv/installed ## fill `FOLDER` with all charts and a list of all images, for a network without internet access
	@$(PYTHON) -m workshop fill-mirror --folder '$(or $(FOLDER),mirror)'

set: .venv/installed ## change a setting: `make set KEY=demos.booksapp.faultPercent VALUE=25`
	$(if $(and $(value KEY),$(filter command%,$(origin KEY)),$(filter command%,$(origin VALUE))),,$(error Name both: `make set STACK=$(STACK) KEY=<key> VALUE=<value>`))
	$(PULUMI) config set --path 'linkerd-workshop:$(call escaped,KEY)' '$(call escaped,VALUE)'

check-cluster: .venv/installed ## check whether the stack's cluster is ready
	@$(WORKSHOP) check-cluster --stack $(STACK)

expiry: .venv/installed ## list when certificates end; fails if one ends within 30 days (`DAYS=`) or before the workshop
	@$(WORKSHOP) expiry --stack $(STACK) --days $(or $(DAYS),30)

verify: .venv/installed ## check that the workshop works (`JSON=1`, `REQUESTS=<number>`)
	@$(WORKSHOP) verify --stack $(STACK) $(if $(JSON),--json) $(if $(REQUESTS),--requests $(REQUESTS))

reset: .venv/installed ## bring the demos back to where they were before the workshop
	@$(WORKSHOP) reset --stack $(STACK) $(if $(ATTENDEE),--attendee $(ATTENDEE)) $(YES)

handouts: .venv/installed ## write a page and a login for each attendee to the folder handouts
	@$(WORKSHOP) handouts --stack $(STACK) $(if $(HOURS),--hours $(HOURS))

demo: .venv/installed ## print a demo's script: `make demo NAME=booksapp`; without a name, list the demos
	@$(PYTHON) -m workshop demo --stack $(STACK) $(NAME)

kind: .venv/installed ## create a kind cluster in Docker, and bring the stack `kind` up on it
	@$(PYTHON) -m workshop kind

kind-down: .venv/installed ## destroy and remove the stack `kind`, and delete its cluster
	@$(PYTHON) -m workshop kind-down

sandbox: .venv/installed ## start the sandbox
	@$(PYTHON) -m sandbox up

rollouts: .venv/installed ## start the Argo Rollouts controller beside the sandbox, so that canaries run there
	@$(PYTHON) -m sandbox rollouts

sandbox-down: .venv/installed ## stop the sandbox
	@$(PYTHON) -m sandbox down

test: .venv/installed ## run the unit tests, then the program on a sandbox of its own
	@$(PYTEST) --numprocesses 2 --dist loadfile --ignore tests/sandbox
	@$(SANDBOX_TESTS) -m 'not acceptance'

acceptance: .venv/installed ## run the longer sandbox tests: EKS, rotations, canaries, killed runs, teardown
	@$(SANDBOX_TESTS) -m acceptance

check: .venv/installed ## run linters and type checks
	@$(PYTHON) -m ruff check && $(PYTHON) -m ruff format --check && .venv/bin/lint-imports
	@$(PYTHON) -m sandbox workflows && .venv/bin/zizmor --offline --no-progress --quiet .github
	@.venv/bin/cfn-lint .github/aws/environment.yaml
	@$(PYTHON) -m pyright

lock: .venv/installed ## write requirements.lock: all Python packages with their hashes, none younger than three days
	@$(PYTHON) -m uv pip compile --quiet --universal --python-version=3.11 --generate-hashes --exclude-newer=P3D --output-file=requirements.lock requirements.txt requirements-dev.txt

docs: .venv/installed ## write the generated parts of the documentation: diagram, settings, commands
	@$(PYTHON) -m tests.docs

bench: .venv/installed ## time the stack on the sandbox, beside the same steps by hand
	@$(PYTHON) -m sandbox bench

.PHONY: help init up preview policies refresh destroy release-hosts forget-cluster recover unlock set check-cluster expiry kind kind-down sandbox sandbox-down test acceptance check lock docs bench record-preview outputs teardown verify reset handouts demo mirror
