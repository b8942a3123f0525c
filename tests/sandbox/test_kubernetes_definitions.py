"""Definitions are deleted for good, even right after they were made."""

from collections.abc import Mapping

import pytest
from sandbox.providers.kubernetes.api import Api, ApiError
from sandbox.providers.kubernetes.definitions import list_instances

from sandbox.providers.property_values import Object, Plain


class Server(Api):
    """Answers 429 a few times, as an API server does whose storage of a new kind is not ready."""

    def __init__(self, busy: int) -> None:
        self.busy = busy
        self.asked: list[str] = []

    def request(  # noqa: PLR0913  as the real one
        self,
        method: str,
        path: str,
        body: Plain = None,
        query: Mapping[str, str] | None = None,
        *,
        content_type: str = "",
        accept: str = "",
    ) -> Object:
        """Answer as busy as asked for."""
        assert (method, body, content_type + accept) == ("GET", None, "")
        assert query == {"limit": "1"}, "one is enough"
        self.asked.append(path)
        if len(self.asked) <= self.busy:
            raise ApiError(429, "TooManyRequests", "storage is (re)initializing")
        return {}


DEFINITION: Object = {
    "kind": "CustomResourceDefinition",
    "spec": {
        "group": "example.com",
        "names": {"plural": "things"},
        "versions": [{"name": "v1alpha1", "storage": False}, {"name": "v1", "storage": True}],
    },
}


@pytest.mark.parametrize("busy", [0, 2])
def test_the_stored_version_is_listed_until_the_server_is_ready(busy: int) -> None:
    server = Server(busy)
    list_instances(server, [{"kind": "ConfigMap"}, DEFINITION])
    assert server.asked == ["/apis/example.com/v1/things"] * (busy + 1)
