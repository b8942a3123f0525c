"""The dev stack on a sandbox with the double of AWS, and with its two controllers simulated."""

import json
import os
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from pydantic import TypeAdapter
from typing_extensions import override

from sandbox.api_client import connect as connect_client
from sandbox.aws.process import CHOICE
from sandbox.controllers.aws import connect
from sandbox.controllers.external_dns import ExternalDns
from sandbox.controllers.load_balancer_controller import LoadBalancerController
from sandbox.controllers.pod_identity import PodIdentity
from sandbox.controllers.running import working
from sandbox.paths import Home
from tests.sandbox.aws import AwsDouble, aws_double
from tests.sandbox.workshop import Workshop

STACK = "dev"
CALLS = TypeAdapter(list[tuple[str, dict[str, str]]])
SHORT_SECONDS = 6
"""The tests' limit for an Ingress' deletion, which is a quarter of an hour otherwise."""
RECORDER = """\
import json, os
from botocore.client import BaseClient
call = BaseClient._make_api_call
def recorded(self, operation, parameters):
    with open(os.environ["RECORDED"], "a") as file:
        file.write(json.dumps([f"{self.meta.service_model.endpoint_prefix}:{operation}", parameters]) + "\\n")
    return call(self, operation, parameters)
BaseClient._make_api_call = recorded
"""
"""Has every Python program write down what it asks AWS: the program itself, and the provider."""
SECONDS_LATE = 8
"""How long associations take to be effective: every `up` creates pods before that."""


class DevStack(Workshop):
    """The stack of Pulumi.dev.yaml, with ON_SANDBOX=1."""

    def __init__(self, folder: Path, home: Path) -> None:
        super().__init__(folder, home, STACK)
        self.recorder: Path | None = None

    @override
    def environment(self) -> dict[str, str]:
        environment = {**super().environment(), "ON_SANDBOX": "1", CHOICE: "none"}
        if self.recorder:
            path = f"{self.recorder}{os.pathsep}{environment['PYTHONPATH']}"
            environment |= {"PYTHONPATH": path, "RECORDED": str(self.recorder / "calls")}
        return environment

    def calls_of_a_preview(self) -> list[tuple[str, dict[str, str]]]:
        """Preview the stack; return each call of AWS, as IAM names its action, with its parameters."""
        folder = self.home / "recorder"
        folder.mkdir(exist_ok=True)
        (folder / "sitecustomize.py").write_text(RECORDER, encoding="utf-8")
        (folder / "calls").write_text("", encoding="utf-8")
        self.recorder = folder
        try:
            self.preview()
        finally:
            self.recorder = None
        return CALLS.validate_python([json.loads(line) for line in (folder / "calls").read_text().splitlines()])

    def hurry(self) -> None:
        """Have the Ingresses in the state give up soon."""
        self.replace_in_state('"delete": 900', f'"delete": {SHORT_SECONDS}')


@dataclass(frozen=True)
class Scene:
    """A cluster, an account, the simulated controllers of a stack on EKS, and EKS' simulated webhook."""

    stack: DevStack
    aws: AwsDouble
    load_balancers: LoadBalancerController
    dns: ExternalDns


@contextmanager
def scene(folder: Path, home: Home) -> Generator[Scene]:
    """A dev stack that is not up yet, with controllers that work once their Deployments are there."""
    with aws_double(home) as aws:
        api = connect_client(home)
        clients, cluster = connect(aws.account.region, aws.endpoint), aws.account.cluster
        identity = PodIdentity(api, clients, cluster, SECONDS_LATE)
        identity.step()
        balancers, dns = LoadBalancerController(api, clients, cluster), ExternalDns(api, clients, cluster)
        with working([balancers.step, dns.step, identity.step]):
            yield Scene(DevStack(folder, home.folder), aws, balancers, dns)


def account(aws: AwsDouble) -> set[str]:
    """Everything in the account that a stack or its controllers make, by kind and name."""
    route53, elbv2, eks = (aws.client(each) for each in ("route53", "elbv2", "eks"))
    records = route53.list_resource_record_sets(HostedZoneId=aws.zone_id)
    associations = eks.list_pod_identity_associations(clusterName=aws.account.cluster)
    found = {
        "load balancer {LoadBalancerName}": elbv2.describe_load_balancers()["LoadBalancers"],
        "target group {TargetGroupName}": elbv2.describe_target_groups()["TargetGroups"],
        "security group {GroupName}": aws.client("ec2").describe_security_groups()["SecurityGroups"],
        "certificate {DomainName}": aws.client("acm").list_certificates()["CertificateSummaryList"],
        "role {RoleName}": aws.client("iam").list_roles()["Roles"],
        "record {Name} {Type}": records["ResourceRecordSets"],
        "association {namespace}/{serviceAccount}": associations["associations"],
    }
    return {title.format(**each) for title, all_ in found.items() for each in all_}
