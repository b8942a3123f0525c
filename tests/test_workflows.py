"""The workflows: least privilege, pinned actions, and no place where text from outside becomes a command."""

import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from sandbox import tools
from tests.program import ROOT
from workshop.kind import KUBECONFIG, VARIABLES

GITHUB = ROOT / ".github"
FILES = sorted((GITHUB / "workflows").glob("*.yml"))
ACTIONS = sorted((GITHUB / "actions").glob("*/action.yml"))
PINNED = re.compile(r"uses: (\./\S+|[\w.-]+/[\w./-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+)$")
ENVIRONMENT_FILE = GITHUB / "aws" / "environment.yaml"
PREVIEW, PREVIEW_OTHERS, COMMENT, UP, DEPLOY, TEARDOWN = (
    GITHUB / "workflows" / f"{name}.yml"
    for name in ("preview", "preview-others", "preview-comment", "up", "deploy", "teardown")
)

every_workflow = pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
every_file = pytest.mark.parametrize("path", [*FILES, *ACTIONS], ids=lambda path: str(path.relative_to(GITHUB)))


def document(path: Path) -> dict[Any, Any]:
    return yaml.safe_load(path.read_text(encoding="utf-8"))


def jobs(path: Path) -> dict[str, dict[str, Any]]:
    return document(path)["jobs"]


def steps(path: Path) -> Iterator[dict[str, Any]]:
    content = document(path)
    for owner in [*content.get("jobs", {}).values(), content.get("runs", {})]:
        yield from owner.get("steps", [])


def test_the_linters_have_no_finding() -> None:
    zizmor = [str(Path(sys.executable).with_name("zizmor")), "--offline", "--no-progress", "--quiet", ".github"]
    judged = subprocess.run(zizmor, cwd=ROOT, capture_output=True, text=True, check=False)

    assert judged.returncode == 0, judged.stdout
    assert tools.lint_workflows(ROOT) == 0
    template = [str(Path(sys.executable).with_name("cfn-lint")), str(ENVIRONMENT_FILE)]
    assert subprocess.run(template, capture_output=True, text=True, check=False).stdout == ""


def test_every_action_is_pinned_by_one_commit_that_is_the_same_everywhere_and_names_its_version() -> None:
    lines = [line.strip().removeprefix("- ") for path in (*FILES, *ACTIONS) for line in path.read_text().splitlines()]
    uses = {line for line in lines if "uses:" in line}
    actions = [line.partition("@")[0] for line in uses]

    assert [line for line in uses if not PINNED.search(line)] == []
    assert len(set(actions)) == len(actions)


@every_workflow
def test_a_job_has_only_the_permissions_that_it_names(path: Path) -> None:
    assert document(path)["permissions"] == {}
    for name, job in jobs(path).items():
        assert isinstance(job.get("permissions"), dict), f"{name} names no permissions"
        assert job["permissions"].get("contents") == "read", name


@every_file
def test_no_command_contains_an_expression(path: Path) -> None:
    assert [step["run"] for step in steps(path) if "${{" in step.get("run", "")] == []


def test_a_checkout_keeps_no_token() -> None:
    checkouts = [step for path in FILES for step in steps(path) if step.get("uses", "").startswith("actions/checkout@")]

    assert [step for step in checkouts if step["with"]["persist-credentials"] is not False] == []


def test_a_job_that_runs_the_code_of_a_pull_request_can_write_nothing() -> None:
    for path in FILES:
        triggers = document(path)[True]  # YAML's `on`
        assert "pull_request_target" not in triggers
        for job in jobs(path).values() if "pull_request" in triggers else ():
            rights = {right for scope, right in job["permissions"].items() if scope != "id-token"}
            assert "write" not in rights, path


def test_a_fork_gets_no_credential() -> None:
    sandbox = jobs(PREVIEW)["sandbox"]

    assert sandbox["permissions"] == {"contents": "read"}
    assert "environment" not in sandbox
    assert {name for name, _ in previews_of_stacks()} == {"dev", "others"}
    for _, job in previews_of_stacks():
        assert job["if"].startswith("github.event.pull_request.head.repo.full_name == github.repository && ")
        assert "||" not in job["if"].replace("vars.STACKS || '[]'", "")
    for path in FILES:
        if "pull_request" in document(path)[True]:
            assert "secrets." not in path.read_text()


def previews_of_stacks() -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield the jobs that preview a pull request with a stack's credentials, each with its name."""
    for path in FILES:
        if "pull_request" in document(path)[True]:
            for name, job in jobs(path).items():
                if job.get("permissions", {}).get("id-token") == "write":
                    yield name, job


def test_the_comment_on_the_playground_waits_for_no_reviewer() -> None:
    matrix = jobs(COMMENT)["comment"]["strategy"]["matrix"]
    (reviewed,) = (step for step in steps(UP) if step.get("id") == "reviewed")

    commented = [document(path)["name"] for path in (PREVIEW, PREVIEW_OTHERS)]
    assert document(COMMENT)[True]["workflow_run"]["workflows"] == commented
    assert set(jobs(PREVIEW)) == {"sandbox", "dev"}
    assert jobs(PREVIEW_OTHERS)["others"]["strategy"]["matrix"]["exclude"] == [{"stack": "dev"}]
    assert matrix["exclude"] == [{"stack": "${{ github.event.workflow_run.name == 'preview others' && 'dev' || '' }}"}]
    assert reviewed["env"]["WORKFLOW"] == "${{ inputs.stack == 'dev' && 'preview.yml' || 'preview-others.yml' }}"
    assert '--workflow "$WORKFLOW"' in reviewed["run"]


def test_the_job_that_may_comment_runs_nothing_of_the_pull_request() -> None:
    (job,) = jobs(COMMENT).values()

    assert job["permissions"]["pull-requests"] == "write"
    assert not [step for step in steps(COMMENT) if "checkout" in step.get("uses", "") and "ref" in step["with"]]
    # The artifact is kept out of the checkout's own files, which are run.
    downloads = [step["with"]["path"] for step in steps(COMMENT) if "download-artifact" in step.get("uses", "")]
    assert downloads == ["${{ runner.temp }}/preview"]


def test_one_run_at_a_time_comments_on_a_stack_and_only_on_the_commit_that_was_previewed() -> None:
    (job,) = jobs(COMMENT).values()
    found, post = list(steps(COMMENT))[-2:]

    assert job["concurrency"]["cancel-in-progress"] is False
    assert "matrix.stack" in job["concurrency"]["group"]
    assert "select(.head.sha == env.COMMIT)" in found["run"]
    assert post["if"] == f"steps.{found['id']}.outputs.number != ''"
    assert post["with"]["number_force"] == f"${{{{ steps.{found['id']}.outputs.number }}}}"
    assert post["with"]["header"] == "preview of ${{ matrix.stack }}"


@pytest.mark.parametrize(("path", "job", "stack"), [(UP, "up", "inputs.stack"), (TEARDOWN, "teardown", "matrix.stack")])
def test_a_stack_has_one_run_at_a_time_and_every_other_one_waits(path: Path, job: str, stack: str) -> None:
    group = f"stack-${{{{ {stack} }}}}"

    assert jobs(path)[job]["concurrency"] == {"group": group, "cancel-in-progress": False, "queue": "max"}


def test_a_stack_without_a_workshop_ends_its_up_without_a_failure_and_stops_no_other() -> None:
    found = list(steps(UP))
    (check,) = (number for number, step in enumerate(found) if step.get("id") == "workshop")

    assert found[check]["run"].endswith("--check")
    assert "if" not in found[check]
    for step in found[check + 1 :]:
        of_the_plan = step["if"] == "steps.reviewed.outputs.run != ''"  # which is empty if its step is skipped
        assert "steps.workshop.outputs.up == 'true'" in step["if"] or of_the_plan, step
        assert "||" not in step["if"]
    assert "needs.dev.result != 'failure'" in jobs(DEPLOY)["others"]["if"]


def test_credentials_last_as_long_as_the_job_that_got_them() -> None:
    resources = document(ENVIRONMENT_FILE)["Resources"]
    session = next(steps(GITHUB / "actions" / "cluster" / "action.yml"))["with"]
    assert session["role-duration-seconds"] == "${{ inputs.seconds }}"
    lasting = dict[str, int]()
    for path in FILES:
        for name, job in jobs(path).items():
            for step in job.get("steps", []):
                if step.get("uses") == "./.github/actions/cluster":
                    seconds = int(step["with"].get("seconds", 3600))
                    assert seconds >= job["timeout-minutes"] * 60, f"{path.name}, {name}"
                    role = "PreviewRole" if name == "stack" else "DeployRole"
                    lasting[role] = max(seconds, lasting.get(role, 0))

    assert lasting == {"PreviewRole": 3600, "DeployRole": 5400}
    for role, seconds in lasting.items():
        assert resources[role]["Properties"].get("MaxSessionDuration", 3600) >= seconds


def test_the_weekly_run_uses_the_targets_that_the_readme_shows() -> None:
    path = ROOT / ".github" / "workflows" / "kind.yml"
    (job,) = jobs(path).values()
    commands = [line for step in job["steps"] for line in step.get("run", "").splitlines()]
    settled = [number for number, line in enumerate(commands) if line.startswith("make set")][:2]

    assert commands[0] == "make kind", "it starts from nothing"
    assert commands[settled[-1] + 1 :][:3] == [
        "make kind",
        "pulumi preview --stack kind --diff --expect-no-changes",
        "make check-cluster STACK=kind",
    ]
    assert [line for line in commands if re.match(r"make (verify|expiry)", line)][:2] == [
        "make verify STACK=kind",
        "make expiry STACK=kind",
    ]
    assert [line.partition(" | ")[0] for line in commands if "kind-down" in line] == ["make kind-down"] * 2
    assert {name: job["env"][name] for name in VARIABLES} == VARIABLES
    assert job["env"]["KUBECONFIG"] == str(KUBECONFIG)
    assert "workshop/kind.py" in document(path)[True]["pull_request"]["paths"]
