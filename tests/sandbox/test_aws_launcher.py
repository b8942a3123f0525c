"""ON_SANDBOX=1: a stack of EKS on the sandbox and a double of AWS, and nothing of the real stack or its account."""

import uuid
from pathlib import Path

import pytest

from sandbox.paths import Home
from tests.sandbox.program import Project, make_project

pytestmark = pytest.mark.sandbox

PROGRAM = """\
import json, os
import boto3, pulumi
import pulumi_aws as aws, pulumi_kubernetes as kubernetes

operator = "arn:aws:iam::210987654321:role/deployer"
sts = boto3.Session(profile_name="trial").client("sts")
given = sts.assume_role(RoleArn=operator, RoleSessionName="test")["Credentials"]
as_operator = boto3.Session(given["AccessKeyId"], given["SecretAccessKey"], given["SessionToken"])
found = as_operator.client("eks").describe_cluster(name="tried")["cluster"]
server = {"server": found["endpoint"], "certificate-authority-data": found["certificateAuthority"]["data"]}
login = {
    "apiVersion": "client.authentication.k8s.io/v1",
    "interactiveMode": "Never",
    "command": "aws",
    "args": [
        "eks", "get-token", "--cluster-name", "tried", "--region", "eu-north-1", "--profile", "trial",
        "--role-arn", operator,
    ],
}
kubeconfig = {
    "apiVersion": "v1", "kind": "Config", "current-context": "c",
    "clusters": [{"name": "c", "cluster": server}],
    "users": [{"name": "c", "user": {"exec": login}}],
    "contexts": [{"name": "c", "context": {"cluster": "c", "user": "c"}}],
}
cluster = kubernetes.Provider("cluster", kubeconfig=json.dumps(kubeconfig), cluster_identifier=found["arn"])
account = aws.Provider(
    "account", region="eu-north-1", profile="trial", allowed_account_ids=["210987654321"],
    assume_roles=[aws.ProviderAssumeRoleArgs(role_arn=operator)],
)
statement = {"Effect": "Allow", "Principal": {"Service": "pods.eks.amazonaws.com"}, "Action": "sts:AssumeRole"}
trust = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
role = aws.iam.Role("tried", name="tried", assume_role_policy=trust, opts=pulumi.ResourceOptions(provider=account))
kubernetes.core.v1.ConfigMap("tried", data={"role": role.arn}, opts=pulumi.ResourceOptions(provider=cluster))
pulumi.export("role", role.arn)
pulumi.export("mine", sorted(key for key, value in os.environ.items() if value == "mine"))
pulumi.export("folder", os.getcwd())
"""
WATCH = """\
import os, socket
connect = socket.socket.connect
def watched(self, address):
    if self.family != socket.AF_UNIX and address[0] not in ("127.0.0.1", "::1", "localhost"):
        with open(os.environ["WATCHED"], "a") as file:
            file.write(f"{address}\\n")
        raise ConnectionRefusedError("nothing may leave loopback")
    return connect(self, address)
socket.socket.connect = watched
"""
EKS = """\
config:
  # A comment of the user's.
  small:eks:
    cluster: tried
    region: eu-north-1
    profile: trial
    roleArn: arn:aws:iam::210987654321:role/deployer
  small:dns:
    zone: example.com
"""


@pytest.fixture
def project(tmp_path: Path, sandbox_home: Home) -> Project:
    """A project with a stack on EKS."""
    made = make_project(tmp_path / "project", sandbox_home)
    made = Project(made.folder, sandbox_home, f"t{uuid.uuid4().hex[:8]}")
    stack_file(made).write_text(EKS, encoding="utf-8")
    made.write(PROGRAM)
    return made


def stack_file(project: Project) -> Path:
    return project.folder / f"Pulumi.{project.stack}.yaml"


@pytest.fixture
def watched(tmp_path: Path) -> dict[str, str]:
    """Variables that make every Python program note and refuse what would leave loopback, and a user's own of AWS."""
    (tmp_path / "watch").mkdir()
    (tmp_path / "watch" / "sitecustomize.py").write_text(WATCH, encoding="utf-8")
    proxies = dict.fromkeys(("HTTP_PROXY", "HTTPS_PROXY", "http_proxy", "https_proxy"), "http://192.0.2.1:3128")
    secrets = dict.fromkeys(("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"), "mine")
    real = {"AWS_PROFILE": "mine", "PULUMI_BACKEND_URL": "s3://mine", "PULUMI_CONFIG_PASSPHRASE": "mine"}
    place = {"PYTHONPATH": str(tmp_path / "watch"), "WATCHED": str(tmp_path / "watched")}
    return {"ON_SANDBOX": "1", "PULUMI_PLUGINS": "built", **proxies, **secrets, **real, **place}


def test_a_stack_of_eks_comes_up_and_goes_down_without_leaving_loopback_or_touching_its_file(
    project: Project, watched: dict[str, str], tmp_path: Path
) -> None:
    done = project.run("up", "--yes", "--skip-preview", **watched)
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
    assert "aws double of AWS on loopback" in done.stderr
    outputs = project.run("stack", "output", "--json", **watched).stdout
    assert '"arn:aws:iam::210987654321:role/tried"' in outputs, "the account is that of the role"
    assert '"mine": []' in outputs, "no credential of the user is in the program's environment"
    unchanged = project.run("preview", "--expect-no-changes", **watched)
    assert unchanged.returncode == 0, unchanged.stdout
    assert project.run("destroy", "--yes", **watched).returncode == 0
    assert stack_file(project).read_text(encoding="utf-8") == EKS
    assert {entry.name for entry in project.folder.iterdir()} - {"__pycache__", ".charts"} == {
        "__main__.py", "Pulumi.yaml", "Pulumi.local.yaml", stack_file(project).name,
    }  # fmt: skip
    assert not (tmp_path / "watched").exists(), (tmp_path / "watched").read_text(encoding="utf-8")


def test_a_setting_goes_into_the_users_own_file(project: Project, watched: dict[str, str]) -> None:
    project.write("import pulumi\npulumi.export('zone', pulumi.Config().require_object('dns')['zone'])\n")
    done = project.run("config", "set", "--path", "small:dns.zone", "example.org", **watched)
    assert done.returncode == 0, done.stderr
    written = stack_file(project).read_text(encoding="utf-8")
    assert "example.org" in written
    assert "salt" not in written
    assert "A comment of the user's." in written
    assert project.run("up", "--yes", "--skip-preview", **watched).returncode == 0
    assert project.run("stack", "output", "zone", **watched).stdout == "example.org\n"


def test_a_command_beside_the_engine_sees_the_same_account(project: Project, watched: dict[str, str]) -> None:
    program = "import boto3; print(boto3.client('eks').list_clusters()['clusters'], __import__('os').getcwd())"
    started = [*project.command()[:3], "run", *project.command()[4:-1], "--", "python", "-c", program]
    done = project.run_command(started, **{**watched, "ON_SANDBOX": ""})
    assert done.returncode == 0, done.stderr
    assert str(project.folder) in done.stdout


@pytest.mark.parametrize(
    ("text", "on", "words"),
    [
        (EKS, "perhaps", "ON_SANDBOX is 'perhaps', but it takes 1"),
        ("config: {}\n", "1", "ON_SANDBOX=1 is for stacks with the setting `eks`"),
        (f"{EKS}  small:word:\n    secure: v1:abc\n", "1", "small:word in "),
    ],
)
def test_what_cannot_be_tried_is_one_sentence(project: Project, text: str, on: str, words: str) -> None:
    stack_file(project).write_text(text, encoding="utf-8")
    done = project.run("preview", ON_SANDBOX=on)
    assert done.returncode == 1
    assert words in done.stderr
    assert "Traceback" not in done.stderr
