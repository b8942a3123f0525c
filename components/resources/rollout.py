"""Rollout, typed: a Deployment that brings new versions step by step.

Shapes: Argo Rollouts 1.9 (`argoproj.io/v1alpha1`), as far as a canary behind a route of the Gateway API needs them.
"""

from collections.abc import Mapping, Sequence
from typing import Any, NotRequired, TypedDict

from pulumi import Input
from pulumi_kubernetes.core.v1 import PodTemplateSpecArgs
from pulumi_kubernetes.meta.v1 import ObjectMetaArgs

from components.resources.custom_object import CustomObject
from components.resources.workload import WorkloadArgs, pod_spec

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


class Rollout(CustomObject[RolloutSpec]):
    """A Rollout object."""

    _api_version, _kind = VERSION, "Rollout"


def pod_template(workload: WorkloadArgs, labels: Mapping[str, str], account: Input[str]) -> PodTemplateSpecArgs:
    """Return the template of the pods that `workload` describes, with `account` as their ServiceAccount."""
    # PodTemplateSpecArgs accepts dictionaries, but its type does not say so.
    spec: Any = pod_spec(workload, account)
    # The controller writes a Rollout back without what is empty, and that would be drift.
    spec["containers"] = [{key: value for key, value in each.items() if value} for each in spec["containers"]]
    return PodTemplateSpecArgs(
        metadata=ObjectMetaArgs(labels=labels, annotations=workload["pod_annotations"] or None), spec=spec
    )
