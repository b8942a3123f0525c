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
    preview = jobs(ROOT / ".github" / "workflows" / "preview.yml")

    assert preview["sandbox"]["permissions"] == {"contents": "read"}
    assert "environment" not in preview["sandbox"]
    assert "github.event.pull_request.head.repo.full_name == github.repository" in preview["stack"]["if"]
    for path in FILES:
        if "pull_request" in document(path)[True]:
            assert "secrets." not in path.read_text()


def test_the_job_that_may_comment_runs_nothing_of_the_pull_request() -> None:
    path = ROOT / ".github" / "workflows" / "preview-comment.yml"
    (job,) = jobs(path).values()

    assert job["permissions"]["pull-requests"] == "write"
    assert not [step for step in steps(path) if "checkout" in step.get("uses", "") and "ref" in step["with"]]
    # The artifact is kept out of the checkout's own files, which are run.
    downloads = [step["with"]["path"] for step in steps(path) if "download-artifact" in step.get("uses", "")]
    assert downloads == ["${{ runner.temp }}/preview"]


def test_a_stack_has_one_run_at_a_time_that_nothing_cuts_off() -> None:
    for name, job, stack in (("up", "up", "inputs.stack"), ("teardown", "teardown", "matrix.stack")):
        found = jobs(ROOT / ".github" / "workflows" / f"{name}.yml")[job]["concurrency"]
        assert found == {"group": f"stack-${{{{ {stack} }}}}", "cancel-in-progress": False}


def test_a_role_trusts_the_environments_of_its_own_stack_and_reads_its_own_state_alone() -> None:
    resources = document(ENVIRONMENT_FILE)["Resources"]
    subject = "token.actions.githubusercontent.com:sub"
    trusted = {
        name: resources[name]["Properties"]["AssumeRolePolicyDocument"]["Statement"][0]["Condition"]["StringEquals"]
        for name in ("PreviewRole", "DeployRole")
    }
    own = "repo:${Repository}:environment:${Environment}"

    assert trusted["PreviewRole"][subject] == {"Fn::Sub": f"{own}-preview"}
    assert trusted["DeployRole"][subject] == [{"Fn::Sub": own}, {"Fn::Sub": f"{own}-teardown"}]
    for role in trusted:
        for statement in resources[role]["Properties"]["Policies"][0]["PolicyDocument"]["Statement"]:
            assert statement["Resource"] != "*", "the state and the key of another environment are not its business"
            assert "*" not in str(statement["Action"])


def test_a_preview_can_change_nothing_in_aws() -> None:
    policy = document(ENVIRONMENT_FILE)["Resources"]["PreviewRole"]["Properties"]["Policies"][0]["PolicyDocument"]
    actions = {statement["Action"] for statement in policy["Statement"]}

    assert actions == {"s3:ListBucket", "s3:GetObject", "kms:Decrypt", "eks:DescribeCluster"}
