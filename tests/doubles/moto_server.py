"""moto's AWS on loopback, which keeps a state: for requests whose answers have to fit together."""

from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

import pytest
import requests
from moto.server import ThreadedMotoServer

from clients.aws.api import AwsApi
from settings.eks import Eks
from tests.doubles.aws_server import environment


def login(identity: str = "pod-identity") -> Eks:
    """Return the settings of a user of the cluster `workshop`."""
    raw = {"cluster": "workshop", "region": "eu-central-1", "owner": "me", "identity": identity}
    return Eks.model_validate(raw)


@contextmanager
def moto(folder: Path) -> Generator[AwsApi]:
    """Give an account with nothing in it, as the user of the cluster `workshop` sees it."""
    server = ThreadedMotoServer("127.0.0.1", 0, verbose=False)
    server.start()
    url = "http://{}:{}".format(*server.get_host_and_port())
    try:
        with pytest.MonkeyPatch.context() as patch:
            for name, value in environment(url, folder).items():
                patch.setenv(name, value)
            yield AwsApi(login())
    finally:
        requests.post(f"{url}/moto-api/reset", timeout=5)  # what it keeps would outlive the server
        server.stop()
