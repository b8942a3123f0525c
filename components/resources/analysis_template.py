"""AnalysisTemplate, typed: the measurements during a canary.

Shapes: Argo Rollouts 1.9 (`argoproj.io/v1alpha1`), as far as a query to Prometheus needs them.
"""

from collections.abc import Sequence
from typing import NotRequired, TypedDict

from pulumi import CustomResource, Input, Output, ResourceOptions

from components.resources.rollout import VERSION


class Prometheus(TypedDict):
    """A query and who answers it."""

    address: Input[str]
    """The server's URL."""
    query: Input[str]


class Provider(TypedDict):
    """The source of a measurement."""

    prometheus: Input[Prometheus]


class Metric(TypedDict):
    """One thing that is measured, again and again."""

    name: Input[str]
    interval: Input[str]
    """The time between two measurements, such as `10s`."""
    initialDelay: NotRequired[Input[str]]
    """The time before the first one."""
    successCondition: Input[str]
    """An expression on `result`, a list of numbers."""
    failureLimit: NotRequired[Input[int]]
    """The number of measurements that may fail; none if left out."""
    provider: Input[Provider]


class AnalysisTemplateSpec(TypedDict):
    """The spec of an AnalysisTemplate."""

    metrics: Input[Sequence[Input[Metric]]]


class AnalysisTemplateArgs(TypedDict):
    """Inputs of an AnalysisTemplate."""

    name: Input[str]
    """The object's name."""
    namespace: Input[str]
    spec: Input[AnalysisTemplateSpec]


class AnalysisTemplate(CustomResource):
    """An AnalysisTemplate object."""

    template: Output[str]
    """The object's name, an output of the created object."""

    def __init__(self, name: str, args: AnalysisTemplateArgs, opts: ResourceOptions | None = None) -> None:
        super().__init__(
            f"kubernetes:{VERSION}:AnalysisTemplate",
            name,
            {
                "apiVersion": VERSION,
                "kind": "AnalysisTemplate",
                "metadata": {"name": args["name"], "namespace": args["namespace"]},
                "spec": args["spec"],
            },
            opts,
        )
        self.template = Output.all(args["name"], self.urn).apply(lambda both: both[0])
