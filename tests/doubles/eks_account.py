"""A user's machine with the AWS CLI, an account with an EKS cluster, and that cluster's API server."""

from collections.abc import Generator, Mapping
from contextlib import contextmanager
from pathlib import Path

import pytest
import yaml

from settings import Settings
from settings.loading import parse
from tests.doubles import api_server
from tests.doubles.api_server import Cluster
from tests.doubles.aws_server import CLUSTER, Account, serving

SHIM = """#!/bin/sh
echo "$AWS_PROFILE $*" >> {log}
{answer}
"""
TOKEN = """cat <<'END'
{"apiVersion": "client.authentication.k8s.io/v1", "kind": "ExecCredential",
 "status": {"token": "hunter2", "expirationTimestamp": "2999-01-01T00:00:00Z"}}
END"""


def settings(**chosen: object) -> Settings:
    """Return the settings of a stack on the cluster."""
    eks = {"cluster": "workshop", "region": "eu-central-1", "owner": "me"}
    return parse({"eks": eks, "dns": {"zone": "example.com"}, **chosen})


@contextmanager
def shim(folder: Path, answer: str = TOKEN) -> Generator[Path]:
    """Put an AWS CLI first on PATH; give the file in which it logs its calls."""
    log, program = folder / "calls", folder / "bin" / "aws"
    program.parent.mkdir(exist_ok=True)
    program.write_text(SHIM.format(log=log, answer=answer), encoding="utf-8")
    program.chmod(0o755)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PATH", str(program.parent), prepend=":")
        yield log


@contextmanager
def account(
    folder: Path, cluster: Cluster, aws: Account | None = None, found: Mapping[str, object] | None = None
) -> Generator[Path]:
    """Serve all three; `found` is what AWS reports of the cluster beside its address. Give the CLI's log."""
    aws = aws or Account()
    with api_server.serving(cluster, folder) as path, shim(folder) as log:
        server = yaml.safe_load(path.read_text(encoding="utf-8"))["clusters"][0]["cluster"]["server"]
        aws.answers["DescribeCluster"] = {"cluster": {**CLUSTER, "endpoint": server, **(found or {})}}
        aws.answers.setdefault("ListHostedZonesByName", {"HostedZones": zone("example.com", "Z1")})
        with serving(aws, folder):
            yield log


def zone(name: str, id_: str) -> dict[str, object]:
    """Return a hosted zone as Route 53 lists it."""
    config = {"PrivateZone": "false"}
    return {"HostedZone": {"Id": f"/hostedzone/{id_}", "Name": f"{name}.", "CallerReference": "1", "Config": config}}
