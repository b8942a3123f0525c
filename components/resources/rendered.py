"""Transforms of the objects that a chart renders, which are the only ones without types, and waits for them."""

import asyncio
from collections.abc import Callable, Mapping
from copy import deepcopy
from fnmatch import fnmatchcase
from typing import Any

from pulumi import Output, Resource, ResourceTransform, ResourceTransformArgs, ResourceTransformResult
from pulumi.runtime import is_dry_run

PLACEHOLDER = "replaced by linkerd-workshop"
"""Stands for certificates in chart values, which have to be known for the chart to render at all."""


def known_after(chart: Resource, wait: Callable[[], None] | None, value: str = "") -> Output[str]:
    """Return `value`: in a preview at once, in an `up` when all objects of the chart are written and `wait` is over.

    An `up` fails with what `wait` raises.
    """

    async def waited(urn: str) -> str:
        del urn  # it is known when all objects of the chart are written
        if wait and not is_dry_run():
            await asyncio.to_thread(wait)
        return value

    return chart.urn.apply(waited)


def _change(types: str, change: Callable[[dict[str, Any]], dict[str, Any]]) -> ResourceTransform:
    """Return the transform that changes the properties of the objects whose type matches `types`."""

    def transform(args: ResourceTransformArgs) -> ResourceTransformResult | None:
        return ResourceTransformResult(change(dict(args.props)), args.opts) if fnmatchcase(args.type_, types) else None

    return transform


def with_webhook_authority(ca_bundle: Output[str]) -> ResourceTransform:
    """Return the transform that puts `ca_bundle` (base64 of PEM) into every webhook configuration."""

    def change(props: dict[str, Any]) -> dict[str, Any]:
        hooks = props["webhooks"]
        trusting = [{**hook, "clientConfig": {**hook["clientConfig"], "caBundle": ca_bundle}} for hook in hooks]
        return {**props, "webhooks": trusting}

    return _change("*WebhookConfiguration", change)


def with_api_service_authority(ca_bundle: Output[str]) -> ResourceTransform:
    """Return the transform that puts `ca_bundle` (base64 of PEM) into every APIService."""
    return _change("*:APIService", lambda props: {**props, "spec": {**props["spec"], "caBundle": ca_bundle}})


def with_secret_data(name: str, data: Mapping[str, Output[str]]) -> ResourceTransform:
    """Return the transform that replaces the data of a rendered Secret with `data` (base64)."""

    def change(props: dict[str, Any]) -> dict[str, Any]:
        return {**props, "data": dict(data)} if props["metadata"]["name"] == name else props

    return _change("kubernetes:core/v1:Secret", change)


def with_annotations(types: str, annotations: Mapping[str, str]) -> ResourceTransform:
    """Return the transform that adds `annotations` to the objects of a type, or of all that match, e.g. `*.io/*`."""

    def change(props: dict[str, Any]) -> dict[str, Any]:
        metadata = props["metadata"]
        return {**props, "metadata": {**metadata, "annotations": {**metadata.get("annotations", {}), **annotations}}}

    return _change(types, change)


def with_time_to_finish(seconds: int) -> ResourceTransform:
    """Return the transform that keeps every Deployment's pods working for `seconds` when they terminate.

    Needs Kubernetes 1.30, and less than the pods' grace period, which is 30 s unless a chart says otherwise.
    """

    def change(props: dict[str, Any]) -> dict[str, Any]:
        changed = deepcopy(props)
        for container in changed["spec"]["template"]["spec"]["containers"]:
            container["lifecycle"] = {"preStop": {"sleep": {"seconds": seconds}}}
        return changed

    return _change("kubernetes:apps/v1:Deployment", change)
