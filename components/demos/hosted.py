"""The part of a demo that a public host leads to."""

from typing import TypedDict

from pulumi import Input, Output, ResourceOptions

from components.resources.workload import AppArgs
from components.traffic.hosts import Exposure, PublicHost


class HostedDemoArgs(AppArgs):
    """The inputs that all demos with a public host have."""

    host: str | None
    """The public DNS name."""
    exposure: Exposure
    """The exposure of `host`."""


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
    namespace, host, exposure = args["namespace"], args["host"], args["exposure"]
    if not host:
        return command
    return PublicHost(name, {**backend, "namespace": namespace, "host": host, "exposure": exposure}, opts).url
