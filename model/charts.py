"""The charts of a stack: which parts are installed by one, and where a chart comes from."""

from collections.abc import Mapping
from enum import StrEnum
from typing import NotRequired, TypedDict


class Part(StrEnum):
    """A part of a stack that is installed by a chart; its value is the chart's name."""

    GATEWAY_API_CRDS = "gateway-api-crds"
    LINKERD_CRDS = "linkerd-crds"
    LINKERD_CONTROL_PLANE = "linkerd-control-plane"
    LINKERD_VIZ = "linkerd-viz"
    ARGO_ROLLOUTS_CRDS = "argo-rollouts-crds"
    ARGO_ROLLOUTS = "argo-rollouts"
    ARGO_CD_CRDS = "argo-cd-crds"
    ARGO_CD = "argo-cd"
    LOAD_BALANCER_CONTROLLER_CRDS = "aws-load-balancer-controller-crds"
    LOAD_BALANCER_CONTROLLER = "aws-load-balancer-controller"
    EXTERNAL_DNS = "external-dns"


class ChartSource(TypedDict):
    """The arguments by which a chart is found; all known at preview."""

    chart: str
    """The chart's name in its repository, or the path of an archive."""
    version: NotRequired[str]
    """The exact version in the repository."""
    repository: NotRequired[str]
    """The repository's URL."""


ChartSources = Mapping[Part, ChartSource]
"""The charts of a stack's parts."""
