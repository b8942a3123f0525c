"""Fixtures of the tests on the way to an API server and to AWS."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from boto3 import Session
from botocore.loaders import Loader, create_loader

from clients.aws.login import client
from tests.doubles.aws_server import environment
from tests.doubles.faulty_servers import SILENCE, RawServer, raw_server
from tests.doubles.workshop_certificates import Pair, create_certificate


@pytest.fixture(autouse=True)
def _no_proxy(monkeypatch: pytest.MonkeyPatch) -> None:  # pyright: ignore[reportUnusedFunction]  pytest calls it
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY", "ALL_PROXY", "KUBECONFIG"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.lower(), raising=False)


@pytest.fixture(scope="package")
def authority() -> Pair:
    return create_certificate("authority")


@pytest.fixture(scope="package")
def server() -> Iterator[RawServer]:
    with raw_server(SILENCE) as running:
        yield running


@pytest.fixture(scope="package")
def loaded() -> Iterator[None]:
    """Load what boto3 knows of its services once: for each client that takes longer than all answers."""
    loader = create_loader()

    def shared(_path: object) -> Loader:
        return loader

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("botocore.session.create_loader", shared)
        for service in ("sts", "eks", "route53", "iam", "elbv2"):
            client(Session(), service, "eu-central-1")
        yield


@pytest.fixture
def use_aws(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Callable[[str], None]:
    """Give what lets the user's AWS be at a URL."""

    def use(url: str) -> None:
        for name, value in environment(url, tmp_path).items():
            monkeypatch.setenv(name, value)

    return use
