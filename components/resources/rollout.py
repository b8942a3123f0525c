"""Rollout, typed: a Deployment that brings new versions step by step.

Shapes: Argo Rollouts 1.9 (`argoproj.io/v1alpha1`), as far as a canary behind a route of the Gateway API needs them.
"""

from collections.abc import Mapping, Sequence
from typing import NotRequired, TypedDict

from pulumi import CustomResource, Input, ResourceOptions
from pulumi_kubernetes.core.v1 import PodTemplateSpecArgs

VERSION = "argoproj.io/v1alpha1"


class Selector(TypedDict):
    """The labels of the Rollout's pods."""

    matchLabels: Input[Mapping[str, Input[str]]]


class Pause(TypedDict):
    """A wait between two weights."""

    duration: Input[int]
    """Seconds."""


class CanaryStep(TypedDict):
    """One step: a weight, or a pause."""

    setWeight: NotRequired[Input[int]]
    """The canary's share of the requests, 0 to 100."""
    pause: NotRequired[Input[Pause]]


class TrafficRouting(TypedDict):
    """The plugins that move the requests."""

    plugins: Input[Mapping[str, Input[Mapping[str, Input[str]]]]]
    """The configuration of each plugin, by its name; the schema leaves it to the plugin."""


class AnalysisTemplateRef(TypedDict):
    """An AnalysisTemplate of the Rollout's namespace."""

    templateName: Input[str]


class BackgroundAnalysis(TypedDict):
    """The analysis while the canary runs; its failure aborts the canary."""

    templates: Input[Sequence[Input[AnalysisTemplateRef]]]
    startingStep: NotRequired[Input[int]]
    """The index of the step that it starts with; 0 if left out."""


class CanaryStrategy(TypedDict):
    """The steps and Services of a canary."""

    canaryService: Input[str]
    """The Service whose selector the controller points at the new version's pods."""
    stableService: Input[str]
    """The same for the version before."""
    trafficRouting: Input[TrafficRouting]
    steps: Input[Sequence[Input[CanaryStep]]]
    analysis: NotRequired[Input[BackgroundAnalysis]]


class Strategy(TypedDict):
    """The way to a new version; a canary is one of two."""

    canary: Input[CanaryStrategy]


class RolloutSpec(TypedDict):
    """The spec of a Rollout."""

    replicas: Input[int]
    revisionHistoryLimit: NotRequired[Input[int]]
    """The number of former versions whose ReplicaSets are kept."""
    selector: Input[Selector]
    template: Input[PodTemplateSpecArgs]
    """The pods of a version: a change of it starts a canary."""
    strategy: Input[Strategy]


class RolloutArgs(TypedDict):
    """Inputs of a Rollout."""

    name: Input[str]
    """The object's name."""
    namespace: Input[str]
    spec: Input[RolloutSpec]


class Rollout(CustomResource):
    """A Rollout object."""

    def __init__(self, name: str, args: RolloutArgs, opts: ResourceOptions | None = None) -> None:
        super().__init__(
            f"kubernetes:{VERSION}:Rollout",
            name,
            {
                "apiVersion": VERSION,
                "kind": "Rollout",
                "metadata": {"name": args["name"], "namespace": args["namespace"]},
                "spec": args["spec"],
            },
            opts,
        )
