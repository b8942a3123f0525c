"""The workflows: least rights, pinned actions, and no place where somebody's text becomes a command."""

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

FILES = sorted((ROOT / ".github" / "workflows").glob("*.yml"))
ACTIONS = sorted((ROOT / ".github" / "actions").glob("*/action.yml"))
PINNED = re.compile(r"uses: (\./\S+|[\w.-]+/[\w./-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+)$")
ENVIRONMENT_FILE = ROOT / ".github" / "aws" / "environment.yaml"


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


@pytest.mark.parametrize("path", [*FILES, *ACTIONS], ids=lambda path: str(path.relative_to(ROOT / ".github")))
def test_every_action_is_pinned_by_its_commit_and_says_which_version_that_is(path: Path) -> None:
    uses = [line.strip().removeprefix("- ") for line in path.read_text().splitlines() if "uses:" in line]

    assert [line for line in uses if not PINNED.search(line)] == []


def test_the_same_action_has_the_same_commit_everywhere() -> None:
    pins: dict[str, set[str]] = {}
    for path in (*FILES, *ACTIONS):
        for action, pin in re.findall(r"uses: ([\w.-]+/[\w./-]+)@(.*)", path.read_text()):
            pins.setdefault(action, set()).add(pin)

    assert {action: each for action, each in pins.items() if len(each) > 1} == {}


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_a_job_has_only_the_rights_that_it_names(path: Path) -> None:
    assert document(path)["permissions"] == {}
    for name, job in jobs(path).items():
        assert isinstance(job.get("permissions"), dict), f"{name} names no rights"
        assert job["permissions"].get("contents") == "read", name


@pytest.mark.parametrize("path", [*FILES, *ACTIONS], ids=lambda path: str(path.relative_to(ROOT / ".github")))
def test_no_expression_stands_in_a_command(path: Path) -> None:
    assert [step["run"] for step in steps(path) if "${{" in step.get("run", "")] == []


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_a_checkout_leaves_no_token_behind(path: Path) -> None:
    for step in steps(path):
        if step.get("uses", "").startswith("actions/checkout@"):
            assert step["with"]["persist-credentials"] is False


def test_where_a_pull_requests_code_runs_nothing_can_be_written() -> None:
    for path in FILES:
        triggers = document(path)[True]  # YAML's `on`
        if "pull_request" in triggers:
            for job in jobs(path).values():
                assert "write" not in {right for scope, right in job["permissions"].items() if scope != "id-token"}, (
                    path
                )
        assert "pull_request_target" not in triggers


def test_a_fork_meets_no_credential() -> None:
    sandbox = jobs(ROOT / ".github" / "workflows" / "preview.yml")["sandbox"]

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


def test_the_playgrounds_comment_waits_for_no_reviewer() -> None:
    workflows = ROOT / ".github" / "workflows"
    matrix = jobs(workflows / "preview-comment.yml")["comment"]["strategy"]["matrix"]
    others, up = jobs(workflows / "preview-others.yml"), jobs(workflows / "up.yml")["up"]["steps"]
    (reviewed,) = (step for step in up if step.get("id") == "reviewed")

    assert document(workflows / "preview-comment.yml")[True]["workflow_run"]["workflows"] == [
        document(workflows / f"{name}.yml")["name"] for name in ("preview", "preview-others")
    ]
    assert set(jobs(workflows / "preview.yml")) == {"sandbox", "dev"}
    assert others["others"]["strategy"]["matrix"]["exclude"] == [{"stack": "dev"}]
    assert matrix["exclude"] == [{"stack": "${{ github.event.workflow_run.name == 'preview others' && 'dev' || '' }}"}]
    assert reviewed["env"]["WORKFLOW"] == "${{ inputs.stack == 'dev' && 'preview.yml' || 'preview-others.yml' }}"
    assert '--workflow "$WORKFLOW"' in reviewed["run"]


def test_the_job_that_may_comment_runs_nothing_of_the_pull_request() -> None:
    path = ROOT / ".github" / "workflows" / "preview-comment.yml"
    (job,) = jobs(path).values()

    assert job["permissions"]["pull-requests"] == "write"
    assert not [step for step in steps(path) if "checkout" in step.get("uses", "") and "ref" in step["with"]]
    # The artifact is kept out of the checkout's own files, which are run.
    downloads = [step["with"]["path"] for step in steps(path) if "download-artifact" in step.get("uses", "")]
    assert downloads == ["${{ runner.temp }}/preview"]


def test_a_stacks_comment_is_posted_by_one_run_at_a_time_and_only_on_the_head_that_was_previewed() -> None:
    path = ROOT / ".github" / "workflows" / "preview-comment.yml"
    (job,) = jobs(path).values()
    found, post = list(steps(path))[-2:]

    assert job["concurrency"]["cancel-in-progress"] is False
    assert "matrix.stack" in job["concurrency"]["group"]
    assert "select(.head.sha == env.COMMIT)" in found["run"]
    assert post["if"] == f"steps.{found['id']}.outputs.number != ''"
    assert post["with"]["number_force"] == f"${{{{ steps.{found['id']}.outputs.number }}}}"
    assert post["with"]["header"] == "preview of ${{ matrix.stack }}"


def test_a_stack_has_one_run_at_a_time_and_none_that_waits_is_dropped() -> None:
    for name, job, stack in (("up", "up", "inputs.stack"), ("teardown", "teardown", "matrix.stack")):
        found = jobs(ROOT / ".github" / "workflows" / f"{name}.yml")[job]["concurrency"]
        assert found == {"group": f"stack-${{{{ {stack} }}}}", "cancel-in-progress": False, "queue": "max"}


def test_a_stack_without_a_workshop_ends_its_up_without_a_failure_and_stops_no_other() -> None:
    workflows = ROOT / ".github" / "workflows"
    found = jobs(workflows / "up.yml")["up"]["steps"]
    (check,) = (number for number, step in enumerate(found) if step.get("id") == "workshop")
    deploy = jobs(workflows / "deploy.yml")

    assert found[check]["run"].endswith("--check")
    assert "if" not in found[check]
    for step in found[check + 1 :]:
        of_the_plan = step["if"] == "steps.reviewed.outputs.run != ''"  # which is empty if its step is skipped
        assert "steps.workshop.outputs.up == 'true'" in step["if"] or of_the_plan, step
        assert "||" not in step["if"]
    assert "needs.dev.result != 'failure'" in deploy["others"]["if"]


def test_credentials_last_as_long_as_the_job_that_got_them() -> None:
    resources = document(ENVIRONMENT_FILE)["Resources"]
    session = document(ROOT / ".github" / "actions" / "cluster" / "action.yml")["runs"]["steps"][0]["with"]
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
