"""Transforms of the objects that a chart renders, which are the only ones without types, and waits for them."""

import asyncio
from collections.abc import Callable, Mapping
from copy import deepcopy
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


def with_webhook_authority(ca_bundle: Output[str]) -> ResourceTransform:
    """Return the transform that puts `ca_bundle` (base64 of PEM) into every webhook configuration."""

    def transform(args: ResourceTransformArgs) -> ResourceTransformResult | None:
        if not args.type_.endswith("WebhookConfiguration"):
            return None
        props: dict[str, Any] = dict(args.props)
        props["webhooks"] = [
            {**webhook, "clientConfig": {**webhook["clientConfig"], "caBundle": ca_bundle}}
            for webhook in props["webhooks"]
        ]
        return ResourceTransformResult(props, args.opts)

    return transform


def with_api_service_authority(ca_bundle: Output[str]) -> ResourceTransform:
    """Return the transform that puts `ca_bundle` (base64 of PEM) into every APIService."""

    def transform(args: ResourceTransformArgs) -> ResourceTransformResult | None:
        if not args.type_.endswith(":APIService"):
            return None
        props: dict[str, Any] = dict(args.props)
        props["spec"] = {**props["spec"], "caBundle": ca_bundle}
        return ResourceTransformResult(props, args.opts)

    return transform


def with_secret_data(name: str, data: Mapping[str, Output[str]]) -> ResourceTransform:
    """Return the transform that replaces the data of a rendered Secret with `data` (base64)."""

    def transform(args: ResourceTransformArgs) -> ResourceTransformResult | None:
        props: dict[str, Any] = dict(args.props)
        if args.type_ != "kubernetes:core/v1:Secret" or props["metadata"]["name"] != name:
            return None
        return ResourceTransformResult({**props, "data": dict(data)}, args.opts)

    return transform


def with_annotations(type_: str, annotations: Mapping[str, str]) -> ResourceTransform:
    """Return the transform that adds `annotations` to the objects of one type, e.g. `kubernetes:core/v1:Service`."""

    def transform(args: ResourceTransformArgs) -> ResourceTransformResult | None:
        if args.type_ != type_:
            return None
        props: dict[str, Any] = dict(args.props)
        metadata = props["metadata"]
        props["metadata"] = {**metadata, "annotations": {**metadata.get("annotations", {}), **annotations}}
        return ResourceTransformResult(props, args.opts)

    return transform


def with_time_to_finish(seconds: int) -> ResourceTransform:
    """Return the transform that keeps every Deployment's pods working for `seconds` when they terminate.

    Needs Kubernetes 1.30, and less than the pods' grace period, which is 30 s unless a chart says otherwise.
    """

    def transform(args: ResourceTransformArgs) -> ResourceTransformResult | None:
        if args.type_ != "kubernetes:apps/v1:Deployment":
            return None
        props = deepcopy(dict[str, Any](args.props))
        for container in props["spec"]["template"]["spec"]["containers"]:
            container["lifecycle"] = {"preStop": {"sleep": {"seconds": seconds}}}
        return ResourceTransformResult(props, args.opts)

    return transform
