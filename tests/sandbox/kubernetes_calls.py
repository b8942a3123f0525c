"""Calls to the stand-in for the kubernetes provider as the engine makes them, without an engine."""

from __future__ import annotations

import asyncio
import uuid
from typing import TYPE_CHECKING, TypeVar, cast

from pulumi.provider.experimental import provider as requests
from pulumi.provider.experimental.property_value import PropertyValue
from sandbox.providers.kubernetes.provider import KubernetesProvider

from sandbox.providers.engine_log import EngineLog
from sandbox.providers.property_values import Object, Plain, from_plain, plain_map

if TYPE_CHECKING:
    from collections.abc import Coroutine

Values = dict[str, PropertyValue]
Result = TypeVar("Result")
CONFIG_MAP = "kubernetes:core/v1:ConfigMap"
_SEED = b"seed"


def properties(values: Object) -> Values:
    """Turn plain data into inputs."""
    return {key: from_plain(value) for key, value in values.items()}


def urn(token: str, name: str = "thing") -> str:
    """Make a URN."""
    return f"urn:pulumi:test::test::{token}::{name}"


def await_(call: Coroutine[object, object, Result]) -> Result:
    """Run one call to its end."""
    return asyncio.run(call)


class Calls:
    """A configured provider and one type of resource."""

    def __init__(self, kubeconfig: str, token: str = CONFIG_MAP, **options: str) -> None:
        self.provider = KubernetesProvider(EngineLog(""))
        self.token = token
        variables = {f"kubernetes:config:{key}": value for key, value in {"kubeconfig": kubeconfig, **options}.items()}
        await_(self.provider.configure(requests.ConfigureRequest(variables, {}, True, True)))

    def of(self, token: str) -> Calls:
        """Give calls of the same provider for another type."""
        other = object.__new__(Calls)
        other.provider, other.token = self.provider, token
        return other

    def check(self, news: Object, olds: Values | None = None, seed: bytes = _SEED) -> Values:
        """Check inputs and give them as they were completed."""
        request = requests.CheckRequest(urn(self.token), olds or {}, properties(news), seed)
        response = await_(self.provider.check(request))
        assert not response.failures, [failure.reason for failure in response.failures or []]
        return response.inputs or {}

    def create(self, news: Object, *, timeout: float = 0, preview: bool = False) -> tuple[str, Values]:
        """Check and create; gives the id and the state."""
        request = requests.CreateRequest(urn(self.token), self.check(news), timeout, preview)
        response = await_(self.provider.create(request))
        return response.resource_id or "", response.properties

    def diff(self, state: Values, news: Object, ignore: tuple[str, ...] = ()) -> requests.DiffResponse:
        """Check the new inputs and compare them with the state."""
        checked = self.check(news, _inputs(state))
        return await_(self.provider.diff(requests.DiffRequest(urn(self.token), "id", state, checked, list(ignore))))

    def update(
        self, state: Values, news: Object, ignore: tuple[str, ...] = (), *, preview: bool = False, timeout: float = 0
    ) -> Values:
        """Check the new inputs and update; gives the state."""
        checked = self.check(news, _inputs(state))
        request = requests.UpdateRequest(urn(self.token), "id", state, checked, timeout, list(ignore), preview)
        return await_(self.provider.update(request)).properties

    def read(self, identifier: str, state: Values | None = None) -> requests.ReadResponse:
        """Refresh a resource, or import it if there is no state."""
        request = requests.ReadRequest(urn(self.token), identifier, state or {}, _inputs(state or {}))
        return await_(self.provider.read(request))

    def delete(self, identifier: str, state: Values, timeout: float = 0) -> None:
        """Delete a resource."""
        await_(self.provider.delete(requests.DeleteRequest(urn(self.token), identifier, state, timeout)))


def _inputs(state: Values) -> Values:
    return dict(cast("Values", state["__inputs"].value)) if "__inputs" in state else {}


def plain(values: Values) -> Object:
    """Give values as plain data."""
    return plain_map(values)


def unique(prefix: str) -> str:
    """Make a name that no other test uses."""
    return f"{prefix}-{uuid.uuid4().hex[:8]}"


def metadata(**extra: Plain) -> Object:
    """Give metadata with a name of its own in the default namespace."""
    return {"name": unique("t"), "namespace": "default", **extra}


def workload(labels: Object, **pod: Plain) -> Object:
    """Give the inputs of a Deployment with one container."""
    template: Object = {"metadata": {"labels": labels}, "spec": {"containers": [{"name": "c", "image": "i"}], **pod}}
    return {"metadata": metadata(), "spec": {"selector": {"matchLabels": labels}, "template": template}}
