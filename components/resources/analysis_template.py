"""AnalysisTemplate, typed: the measurements during a canary.

Shapes: Argo Rollouts 1.9 (`argoproj.io/v1alpha1`), as far as a query to Prometheus needs them.
"""

from collections.abc import Sequence
from typing import NotRequired, TypedDict

from pulumi import Input

from components.resources.custom_object import CustomObject
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


class AnalysisTemplate(CustomObject[AnalysisTemplateSpec]):
    """An AnalysisTemplate object."""

    _api_version, _kind = VERSION, "AnalysisTemplate"
