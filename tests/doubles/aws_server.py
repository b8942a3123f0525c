"""An AWS on loopback that gives canned answers, and the machine of a user of an EKS cluster in it."""

import json
import re
import sys
import time
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from urllib.parse import parse_qs

import pytest
import yaml

from settings import Settings
from settings.eks import Eks
from settings.loading import parse
from tests.doubles import api_server
from tests.doubles.http_server import QuietHandler, serving_http
from tests.doubles.kind_machine import executable

ACCOUNT = "123456789012"
ROLE = f"arn:aws:iam::{ACCOUNT}:role/workshop-dev"
ISSUER = "oidc.eks.eu-central-1.amazonaws.com/id/0123"
CLUSTER: Mapping[str, object] = {
    "name": "workshop",
    "arn": f"arn:aws:eks:eu-central-1:{ACCOUNT}:cluster/workshop",
    "status": "ACTIVE",
    "version": "1.36",
    "endpoint": "https://127.0.0.1:1",
    "createdAt": 1769860800.0,
    "certificateAuthority": {"data": "Y2E="},
    "identity": {"oidc": {"issuer": f"https://{ISSUER}"}},
    "resourcesVpcConfig": {"vpcId": "vpc-1", "endpointPublicAccess": True, "publicAccessCidrs": ["0.0.0.0/0"]},
}
EKS: Mapping[str, object] = {"cluster": "workshop", "region": "eu-central-1", "owner": "me"}
"""The settings of a user of the cluster."""
_PATHS = {
    r"/clusters/[^/]+": "DescribeCluster",
    r"/clusters": "ListClusters",
    r"/clusters/[^/]+/addons/[^/]+": "DescribeAddon",
    r"/2013-04-01/hostedzonesbyname": "ListHostedZonesByName",
    r"/2013-04-01/hostedzone/[^/]+/rrset": "ListResourceRecordSets",
}


@dataclass(frozen=True)
class Refusal:
    """An error of AWS."""

    code: str
    message: str = "because"
    status: int = 400


@dataclass
class Account:
    """What AWS answers; what is not here is an error."""

    answers: dict[str, object] = field(
        default_factory=lambda: dict[str, object](
            {
                "GetCallerIdentity": {"Arn": f"arn:aws:iam::{ACCOUNT}:user/somebody", "Account": ACCOUNT},
                "DescribeCluster": {"cluster": CLUSTER},
                "DescribeAddon": {"addon": {"addonName": "eks-pod-identity-agent", "tags": {}}},
                "ListResourceRecordSets": {"ResourceRecordSets": ""},
            }
        )
    )
    """By action: a document, a Refusal, or bytes as they are; a function returns one of them for each question."""
    regions: Mapping[str, object] = field(default_factory=dict[str, object])
    """What DescribeCluster answers in other regions."""
    silence: float = 0
    """Seconds until it answers."""
    asked: list[str] = field(default_factory=list[str])
    """The actions that it was asked for."""
    keys: list[str] = field(default_factory=list[str])
    """With which access keys."""


def answering(**answers: object) -> Account:
    """Return an account with these answers in place of the usual ones."""
    return Account({**Account().answers, **answers})


def login(**chosen: object) -> Eks:
    """Return the settings of a user of the cluster."""
    return Eks.model_validate({**EKS, **chosen})


@contextmanager
def serving(account: Account, folder: Path, config: str = "") -> Generator[str]:
    """Serve `account` as the only AWS there is, to a user with the file `config`; give the URL."""
    with serving_http(_Handler, account=account) as port, pytest.MonkeyPatch.context() as patch:
        url = f"http://127.0.0.1:{port}"
        for name, value in environment(url, folder, config).items():
            patch.setenv(name, value)
        for name in ("AWS_PROFILE", "AWS_DEFAULT_PROFILE", "AWS_SESSION_TOKEN", "AWS_ROLE_ARN"):
            patch.delenv(name, raising=False)
        yield url


def environment(url: str, folder: Path, config: str = "") -> dict[str, str]:
    """Return the variables of a user whose AWS is at `url`."""
    path = folder / "aws-config"
    path.write_text(config, encoding="utf-8")
    return {
        "AWS_ENDPOINT_URL": url,
        "AWS_ACCESS_KEY_ID": "AKIAIOSFODNN7EXAMPLE",
        "AWS_SECRET_ACCESS_KEY": "hunter2",
        "AWS_CONFIG_FILE": str(path),
        "AWS_SHARED_CREDENTIALS_FILE": str(folder / "no-credentials"),
        "AWS_EC2_METADATA_DISABLED": "true",
        "NO_PROXY": "127.0.0.1",
    }


class _Handler(QuietHandler, BaseHTTPRequestHandler):
    account: Account

    def do_GET(self) -> None:
        """Answer a question of EKS or Route 53."""
        path = self.path.partition("?")[0]
        self._answer(next(action for pattern, action in _PATHS.items() if re.fullmatch(pattern, path)))

    def do_POST(self) -> None:
        """Answer a question of STS or IAM."""
        self._answer(parse_qs(self.content().decode())["Action"][0])

    def _answer(self, action: str) -> None:
        account = self.account
        account.asked.append(action)
        time.sleep(account.silence)
        answer = account.answers.get(action, Refusal("NotImplemented"))
        key, _, region = self.headers["Authorization"].split("/")[:3]
        account.keys.append(key.rpartition("=")[2])
        if action == "DescribeCluster" and region != "eu-central-1":
            answer = account.regions.get(region, Refusal("ResourceNotFoundException", status=404))
        if callable(answer):
            answer = answer()
        if isinstance(answer, bytes):
            self.send(200, answer)
        elif isinstance(answer, Refusal):
            self.send(answer.status, _encode_refusal(action, answer))
        else:
            self.send(200, _encode(action, answer))


def _is_json(action: str) -> bool:
    return action in ("DescribeCluster", "ListClusters", "DescribeAddon")


def _encode_refusal(action: str, refusal: Refusal) -> bytes:
    if _is_json(action):
        return json.dumps({"__type": refusal.code, "message": refusal.message}).encode()
    error = f"<Error><Code>{refusal.code}</Code><Message>{refusal.message}</Message></Error>"
    return f"<ErrorResponse>{error}</ErrorResponse>".encode()


def _encode(action: str, document: object) -> bytes:
    if _is_json(action):
        return json.dumps(document).encode()
    inner = _xml(document)
    result = inner if action.startswith("List") else f"<{action}Result>{inner}</{action}Result>"
    return f"<{action}Response>{result}</{action}Response>".encode()


def _xml(document: object) -> str:
    if isinstance(document, dict):
        pairs: dict[str, object] = {**document}
        return "".join(f"<{key}>{_xml(value)}</{key}>" for key, value in pairs.items())
    return str(document)


TOKEN = """cat <<'END'
{"apiVersion": "client.authentication.k8s.io/v1", "kind": "ExecCredential",
 "status": {"token": "hunter2", "expirationTimestamp": "2999-01-01T00:00:00Z"}}
END"""
KEY_AS_TOKEN = f"""exec {sys.executable} - "$@" <<'END'
import argparse, json
from botocore.session import Session
parser = argparse.ArgumentParser()
parser.add_argument("--profile")
key = Session(profile=parser.parse_known_args()[0].profile).get_credentials().access_key
print(json.dumps({{"apiVersion": "client.authentication.k8s.io/v1", "status": {{"token": key}}}}))
END"""
"""The token is the access key that the AWS CLI signs with: it takes `--profile` in the same way."""


def settings(**chosen: object) -> Settings:
    """Return the settings of a stack on the cluster."""
    return parse({"eks": EKS, "dns": {"zone": "example.com"}, **chosen})


@contextmanager
def shim(folder: Path, answer: str = TOKEN) -> Generator[Path]:
    """Put an AWS CLI before every other; give the file in which it writes down how it was called."""
    log, program = folder / "calls", folder / "bin" / "aws"
    program.parent.mkdir(exist_ok=True)
    executable(program, f'#!/bin/sh\necho "$*" >> {log}\n{answer}\n')
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PATH", str(program.parent), prepend=":")
        yield log


@contextmanager
def account(
    folder: Path,
    cluster: api_server.Cluster,
    aws: Account | None = None,
    found: Mapping[str, object] | None = None,
    config: str = "",
) -> Generator[Path]:
    """Serve all three to a user with the file `config`; yield the CLI's log.

    `found` is what AWS answers about the cluster beside its address.
    """
    aws = aws or Account()
    with api_server.serving(cluster, folder) as path, shim(folder) as log:
        server = yaml.safe_load(path.read_text(encoding="utf-8"))["clusters"][0]["cluster"]["server"]
        aws.answers["DescribeCluster"] = {"cluster": {**CLUSTER, "endpoint": server, **(found or {})}}
        aws.answers.setdefault("ListHostedZonesByName", {"HostedZones": zone("example.com", "Z1")})
        with serving(aws, folder, config):
            yield log


def zone(name: str, id_: str) -> dict[str, object]:
    """Return a hosted zone as Route 53 lists it."""
    config = {"PrivateZone": "false"}
    return {"HostedZone": {"Id": f"/hostedzone/{id_}", "Name": f"{name}.", "CallerReference": "1", "Config": config}}
