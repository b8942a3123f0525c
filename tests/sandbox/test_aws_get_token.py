"""Logging in to a cluster of EKS that is the sandbox: a kubeconfig whose helper is the command `aws`."""

import json
import os
import subprocess
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from sandbox.aws.environment import prepare_environment
from sandbox.aws.process import Account
from sandbox.engine import write_script
from sandbox.paths import Home
from tests.sandbox.aws import AwsDouble, aws_double

pytestmark = pytest.mark.sandbox

OPERATOR = "arn:aws:iam::123456789012:role/ops/deployer"
ACCOUNT = Account("workshop", "eu-central-1", "example.com", OPERATOR, "workshop-dev")


@pytest.fixture(scope="module")
def double(sandbox_home: Home) -> Iterator[AwsDouble]:
    with aws_double(sandbox_home, ACCOUNT) as made:
        yield made


@pytest.fixture(scope="module")
def environment(double: AwsDouble) -> dict[str, str]:
    return prepare_environment(
        double.home, ACCOUNT, os.environ | {"AWS_SECRET_ACCESS_KEY": "mine", "AWS_SESSION_TOKEN": "mine"}
    )


def get_token(environment: Mapping[str, str], *arguments: str, **variables: str) -> "subprocess.CompletedProcess[str]":
    command = ["aws", "eks", "get-token", "--region", "eu-central-1", *arguments]
    return subprocess.run(command, env={**environment, **variables}, capture_output=True, text=True, check=False)


@pytest.mark.parametrize("version", ["v1", "v1beta1"])
def test_the_answer_has_the_version_that_the_client_asks_for(environment: dict[str, str], version: str) -> None:
    asked = f"client.authentication.k8s.io/{version}"
    done = get_token(environment, "--cluster-name", "workshop", KUBERNETES_EXEC_INFO=json.dumps({"apiVersion": asked}))
    assert done.returncode == 0, done.stderr
    answer = json.loads(done.stdout)
    assert (answer["kind"], answer["apiVersion"]) == ("ExecCredential", asked)
    assert answer["status"].keys() == {"clientCertificateData", "clientKeyData"}


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--cluster-name", "other"], "has no cluster other in eu-central-1 that is this sandbox"),
        (["--cluster-name", "workshop", "--region", "eu-west-1"], "has no cluster workshop in eu-west-1"),
        (["--cluster-name", "workshop", "--region", "nowhere"], "has no cluster workshop in nowhere"),
        (["--cluster-name", "workshop", "--profile", "nobody"], "The config profile (nobody) could not be found"),
        (["--cluster-name", "workshop", "--role-arn", f"{OPERATOR}-2"], "deployer-2 cannot be assumed"),
        (["--cluster-id", "x"], "on the sandbox `aws` answers only `aws eks get-token"),
    ],
)
def test_what_it_does_not_know_is_refused_with_one_sentence(
    environment: dict[str, str], arguments: list[str], words: str
) -> None:
    done = get_token(environment, *arguments)
    assert done.returncode == 255
    assert words in done.stderr
    assert done.stderr.count("\n") == 1
    assert done.stdout == ""


def test_nothing_else_is_answered_as_if_it_were_the_real_command(environment: dict[str, str]) -> None:
    done = subprocess.run(["aws", "s3", "ls"], env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 255
    assert "s3 ls is asked for: on the sandbox `aws` answers only" in done.stderr


def test_a_double_that_does_not_run_is_one_sentence(tmp_path: Path, environment: dict[str, str]) -> None:
    settled = f"export SANDBOX_HOME={tmp_path}\n"
    write_script(tmp_path / "bin" / "aws", "sandbox.aws.command", settled)
    done = get_token(environment, "--cluster-name", "workshop", PATH=f"{tmp_path / 'bin'}:{environment['PATH']}")
    assert done.returncode == 255
    assert "the double of AWS does not run" in done.stderr
