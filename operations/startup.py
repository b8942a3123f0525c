"""What happens before the first resource: settings are read, charts are found, the cluster is asked."""

from typing import NamedTuple

import pulumi

from operations import chart_sources, stack_settings
from operations.chart_sources import ChartSources, Part
from operations.cluster_api import ClusterApi
from operations.preflight import Expectations, Facts, inspect
from operations.problem import InputError
from settings import Settings


class Start(NamedTuple):
    """All that the program is made from; known at preview."""

    settings: Settings
    facts: Facts
    charts: ChartSources


def prepare(stack: str) -> Start:
    """Return what the program of `stack` is made from.

    Raises InputError with every problem of the settings, or else with every problem of charts and cluster.
    """
    settings = stack_settings.load()
    try:
        charts = chart_sources.find(settings.chart_mirror, parts(settings))
    except InputError as of_charts:
        try:
            _inspect(settings, stack)
        except InputError as of_cluster:
            raise InputError([*of_charts.problems, *of_cluster.problems]) from None
        raise
    facts = _inspect(settings, stack)
    if settings.demos.booksapp.host and settings.ingress_class not in facts.ingress_classes:
        pulumi.log.info(
            f"demos.booksapp.host is left out: the cluster has no IngressClass '{settings.ingress_class}'. "
            "Install its controller, or name another class with linkerd-workshop:ingressClass."
        )
    return Start(settings, facts, charts)


def parts(settings: Settings) -> list[Part]:
    """Return the parts of a stack with these settings that are installed by charts."""
    gateway_api = [Part.GATEWAY_API_CRDS] if settings.gateway_api.install else []
    return [*gateway_api, Part.LINKERD_CRDS, Part.LINKERD_CONTROL_PLANE]


def expectations(settings: Settings, stack: str) -> Expectations:
    """Return what a stack with these settings is going to do with its cluster."""
    namespaces = ["linkerd", *(["booksapp"] if settings.demos.booksapp.enabled else [])]
    return Expectations(stack, namespaces, settings.gateway_api.install)


def _inspect(settings: Settings, stack: str) -> Facts:
    return inspect(ClusterApi(settings.kubeconfig, settings.context), expectations(settings, stack))
