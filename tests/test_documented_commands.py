"""The commands of the pages about EKS, run as they are typed with programs that log their calls."""

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import botocore.session
import pytest
import yaml
from botocore import xform_name

from preflight.compatibility import TABLE
from tests.program import ROOT

PROGRAMS = ("aws", "gh", "pulumi", "git", "eksctl", "make")
PROGRAM = f"""#!{sys.executable}
import json, os, sys
words, answers = sys.argv[1:], json.loads(os.environ["ANSWERS"])
said = "" if sys.stdin.isatty() or "-" not in words else sys.stdin.read()
with open(os.environ["ASKED"], "a") as file:
    file.write(json.dumps([os.path.basename(sys.argv[0]), words, said]) + "\\n")
line = " ".join([os.path.basename(sys.argv[0]), *words])
print(next((answer for part, answer in answers.items() if part in line), ""))
"""
ANSWERS = {
    "get-caller-identity": "123456789012",
    "gh api repos/example/workshop --jq": "Owner=example OwnerId=1 Repository=workshop RepositoryId=2",
    "gh api user": "42",
    "OutputKey=='Backend'": "s3://bucket",
    "OutputKey=='PreviewRole'": "arn:preview",
    "OutputKey=='DeployRole'": "arn:deploy",
}
GLOBAL = {"iam", "sts"}
"""Services without a region."""
OF_THE_CLI = {("cloudformation", "deploy"), ("eks", "wait")}
"""Commands that are no operation of their service."""
_session: Any = botocore.session


@dataclass(frozen=True)
class Command:
    """A program as it was called."""

    program: str
    words: list[str]
    stdin: str

    def after(self, option: str) -> str:
        """Return the value of an option."""
        return self.words[self.words.index(option) + 1]


def typed(folder: Path, page: str, heading: str, answers: Mapping[str, str]) -> list[Command]:
    """Run the commands below a heading of a page in one shell; return what they call."""
    text = (ROOT / "docs" / page).read_text(encoding="utf-8")
    section = re.split(r"^## ", text.partition(f"\n## {heading}\n")[2], flags=re.MULTILINE)[0]
    script = "\n".join(re.findall(r"^```sh\n(.*?)^```$", section, re.MULTILINE | re.DOTALL))
    programs, log = folder / "programs", folder / "asked"
    programs.mkdir()
    for name in PROGRAMS:
        (programs / name).write_text(PROGRAM)
        (programs / name).chmod(0o755)
    log.touch()
    (folder / "docs").symlink_to(ROOT / "docs")
    environment = {"PATH": f"{programs}:{os.environ['PATH']}", "HOME": str(folder), "ASKED": str(log)}
    environment["ANSWERS"] = json.dumps({**ANSWERS, **answers})
    subprocess.run(["bash", "-euo", "pipefail", "-c", script], cwd=folder, env=environment, check=True, timeout=600)
    return [Command(*json.loads(line)) for line in log.read_text().splitlines()]


def of_aws(commands: list[Command], *words: str) -> list[Command]:
    return [each for each in commands if each.program == "aws" and each.words[: len(words)] == [*words]]


def wrong_options(command: Command) -> Iterator[str]:
    """Yield the options of an AWS command that its operation does not have, and a region that it lacks."""
    service, operation, *options = command.words
    if service not in GLOBAL and "--region" not in options:
        yield f"{' '.join(command.words[:2])}: no region"
    if (service, operation) in OF_THE_CLI:
        return
    model = _session.get_session().get_service_model(service)
    (name,) = (each for each in model.operation_names if xform_name(each, "-") == operation)
    known = {f"--{xform_name(each, '-')}" for each in model.operation_model(name).input_shape.members}
    yield from (
        each for each in options if each.startswith("--") and each not in known | {"--region", "--query", "--output"}
    )


@pytest.mark.parametrize("mode", ["CONFIG_MAP", "API"])
def test_the_policy_of_a_stack_is_created_and_attached_and_its_role_gets_access_to_the_cluster(
    tmp_path: Path, mode: str
) -> None:
    commands = typed(tmp_path, "on-eks.md", "2. Get the permissions", {"describe-cluster": mode})
    (created,), (attached,) = of_aws(commands, "iam", "create-policy"), of_aws(commands, "iam", "attach-role-policy")
    calls = [each.words[1] for each in of_aws(commands, "eks")]

    assert [found for each in of_aws(commands) for found in wrong_options(each)] == []
    assert created.after("--policy-name") == "workshop-operator-dev", "each stack has a policy of its own"
    assert attached.after("--policy-arn") == "arn:aws:iam::123456789012:policy/workshop-operator-dev"
    assert attached.after("--role-name") == "platform-team"
    written = (tmp_path / "operator.json").read_text()
    assert "${" not in written
    assert '"arn:*:s3:::linkerd-workshop-dev-123456789012/*"' in written
    assert calls[-2:] == ["create-access-entry", "associate-access-policy"]
    assert calls[1:-2] == (["update-cluster-config", "wait"] if mode == "CONFIG_MAP" else [])


@pytest.mark.parametrize(
    "provider", ["", "arn:aws:iam::123456789012:oidc-provider/token.actions.githubusercontent.com"]
)
def test_an_environment_gets_every_parameter_of_its_template(tmp_path: Path, provider: str) -> None:
    commands = typed(tmp_path, "daily-use.md", "Set up the repository", {"list-open-id-connect-providers": provider})
    (deployed,) = of_aws(commands, "cloudformation", "deploy")
    given = dict(word.split("=", 1) for word in deployed.words[deployed.words.index("--parameter-overrides") + 1 :])
    template = yaml.safe_load((ROOT / ".github" / "aws" / "environment.yaml").read_text(encoding="utf-8"))
    parameters: dict[str, Any] = template["Parameters"]

    assert [key for key, value in parameters.items() if "Default" not in value and key not in given] == []
    assert given.keys() <= parameters.keys()
    for key, value in given.items():
        assert re.fullmatch(parameters[key].get("AllowedPattern", ".*"), value), key
    assert given["OidcProvider"] == provider, "the account has one provider for GitHub, and no stack creates another"
    assert given["DeployPolicies"] == "arn:aws:iam::123456789012:policy/workshop-operator-dev"
    assert "Subject" not in given


def test_every_environment_gets_all_its_rules_in_one_request(tmp_path: Path) -> None:
    commands = [each for each in typed(tmp_path, "daily-use.md", "Set up the repository", {}) if each.program == "gh"]
    puts = {each.words[-3].rpartition("/")[2]: json.loads(each.stdin) for each in commands if "PUT" in each.words}
    roles = {
        each.after("--env"): each.after("--body")
        for each in commands
        if each.words[:3] == ["variable", "set", "AWS_ROLE"]
    }
    main, reviewers = {"protected_branches": False, "custom_branch_policies": True}, [{"type": "User", "id": 42}]

    assert len([each for each in commands if "PUT" in each.words]) == len(puts), "a second one would reset the first"
    assert puts == {
        "dev": {"deployment_branch_policy": main, "reviewers": reviewers},
        "dev-preview": {"deployment_branch_policy": None, "reviewers": reviewers},
        "dev-teardown": {"deployment_branch_policy": main, "reviewers": None},
    }
    branches = [each.words for each in commands if "POST" in each.words]
    assert [words[4].split("/")[-2] for words in branches] == ["dev", "dev-teardown"]
    assert roles == {"dev": "arn:deploy", "dev-preview": "arn:preview", "dev-teardown": "arn:deploy"}


def test_no_comment_of_a_stacks_file_moves_when_a_setting_is_set() -> None:
    for path in ROOT.glob("Pulumi.*.yaml"):
        last = path.read_text(encoding="utf-8").splitlines()[-1]
        assert "#" not in last, f"`pulumi config set` moves the last comment of {path.name} into the block before it"


def test_the_stack_runs_on_the_cluster_of_the_page() -> None:
    cluster = yaml.safe_load((ROOT / "docs" / "eks" / "cluster.yaml").read_text(encoding="utf-8"))
    settings = yaml.safe_load((ROOT / "Pulumi.dev.yaml").read_text(encoding="utf-8"))["config"]["linkerd-workshop:eks"]
    version = tuple(map(int, cluster["metadata"]["version"].split(".")))
    tags, groups = cluster["metadata"]["tags"], cluster["managedNodeGroups"]

    assert (cluster["metadata"]["name"], cluster["metadata"]["region"]) == (settings["cluster"], settings["region"])
    assert version >= max(row.kubernetes for row in TABLE)
    assert {each["name"] for each in cluster["addons"]} == {"eks-pod-identity-agent"}
    assert cluster["accessConfig"]["authenticationMode"] == "API", "access entries are the only way in"
    assert cluster["upgradePolicy"] == {"supportType": "STANDARD"}
    assert "audit" in cluster["cloudWatch"]["clusterLogging"]["enableTypes"]
    assert cluster["cloudWatch"]["clusterLogging"]["logRetentionInDays"] > 0, "or they would cost for ever"
    assert date.fromisoformat(tags["expiry"])
    assert all(each["tags"] == tags for each in groups)
    assert all(each["disablePodIMDS"] for each in groups), "or every pod could use its node's credentials"
    assert not any({"securityGroups", "launchTemplate"} & each.keys() for each in groups), "the cluster's has the tag"
    assert "fargateProfiles" not in cluster
    assert "kubernetesNetworkConfig" not in cluster, "IPv4 is the default"
