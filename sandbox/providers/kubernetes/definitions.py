"""Custom resource definitions that are about to go."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from sandbox.providers.kubernetes.api import ApiError
from sandbox.providers.kubernetes.manifests import dig, sequence, text

if TYPE_CHECKING:
    from collections.abc import Iterable

    from sandbox.providers.kubernetes.api import Api
    from sandbox.providers.property_values import Object

_SECONDS = 10.0
_PAUSE_SECONDS = 0.2
_TOO_EARLY = 429


def list_instances(api: Api, manifests: Iterable[Object]) -> None:
    """List the instances of each definition among `manifests` once, waiting until the server can.

    A definition that is deleted before anybody has listed its instances can stay for good: the server's first attempt
    to find them fails with "storage is (re)initializing", and it may never make a second one (seen with Kubernetes
    1.36).
    """
    end = time.monotonic() + _SECONDS
    for manifest in manifests:
        if text(manifest, "kind") != "CustomResourceDefinition":
            continue
        group, plural = text(manifest, "spec", "group"), text(manifest, "spec", "names", "plural")
        versions = [each for each in sequence(manifest, "spec", "versions") if dig(each, "storage") is True]
        for version in versions:
            _list(api, f"/apis/{group}/{text(version, 'name')}/{plural}", end)


def _list(api: Api, path: str, end: float) -> None:
    while True:
        try:
            api.request("GET", path, query={"limit": "1"})
        except ApiError as error:
            if error.status != _TOO_EARLY or time.monotonic() > end:
                return
            time.sleep(_PAUSE_SECONDS)
        else:
            return
