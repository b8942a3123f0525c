"""The part of a demo that a public host leads to."""

from typing import NotRequired, TypedDict

from pulumi import Input, Output, ResourceOptions

from components.resources.workload import AppArgs
from components.traffic.hosts import DEFAULT_EXPOSURE, Exposure, PublicHost


class HostedDemoArgs(AppArgs):
    """The inputs that all demos with a public host have."""

    host: NotRequired[str | None]
    """The public DNS name; none if left out."""
    exposure: NotRequired[Exposure]
    """The exposure of `host`; DEFAULT_EXPOSURE if left out."""


class Backend(TypedDict):
    """The Service behind a demo's host, whose Ingress has `name`."""

    name: str
    service: Input[str]
    port: int
    health_path: str
    """The path that answers 200 while a pod can take requests."""


def open_host(
    name: str, args: HostedDemoArgs, backend: Backend, command: Output[str], opts: ResourceOptions
) -> Output[str]:
    """Create the public host and return its URL; return `command` where the demo has none."""
    host = args.get("host")
    if not host:
        return command
    exposure = args.get("exposure", DEFAULT_EXPOSURE)
    return PublicHost(name, {**backend, "namespace": args["namespace"], "host": host, "exposure": exposure}, opts).url
