"""What happens before the first resource: settings are read, charts are found, the cluster is asked."""

from typing import NamedTuple

import pulumi

from conventions import TrustPhase
from operations import chart_sources, parts, stack_settings
from operations.chart_sources import ChartSources
from operations.cluster_api import ClusterApi
from operations.preflight import Expectations, Facts, inspect
from operations.problem import InputError
from operations.rollout_wait import wait_for_rollout
from settings import Settings


class Start(NamedTuple):
    """All that the program is made from; known at preview."""

    settings: Settings
    facts: Facts
    charts: ChartSources

    def served(self, host: str | None) -> str | None:
        """Return `host` if the cluster has a controller that serves it."""
        return host if self.settings.ingress_class in self.facts.ingress_classes else None

    def wait_for_mesh(self) -> None:
        """Return when the control plane has none but new pods. Raises RolloutError if that takes too long."""
        wait_for_rollout(_api(self.settings), parts.LINKERD)


def prepare(stack: str) -> Start:
    """Return what the program of `stack` is made from.

    Raises InputError with every problem of the settings, or else with every problem of charts and cluster.
    """
    settings = stack_settings.load()
    try:
        charts = chart_sources.find(settings.chart_mirror, parts.charts(settings))
    except InputError as of_charts:
        try:
            _inspect(settings, stack)
        except InputError as of_cluster:
            raise InputError([*of_charts.problems, *of_cluster.problems]) from None
        raise
    facts = _inspect(settings, stack)
    if settings.ingress_class not in facts.ingress_classes:
        for key in parts.hosts(settings):
            pulumi.log.info(
                f"{key} is left out: the cluster has no IngressClass '{settings.ingress_class}'. "
                "Install its controller, or name another class with linkerd-workshop:ingressClass."
            )
    return Start(settings, facts, charts)


def expectations(settings: Settings, stack: str) -> Expectations:
    """Return what a stack with these settings is going to do with its cluster."""
    trust = settings.trust
    return Expectations(
        stack, parts.namespaces(settings), parts.charts(settings), trust.anchor, TrustPhase(trust.phase)
    )


def _inspect(settings: Settings, stack: str) -> Facts:
    return inspect(_api(settings), expectations(settings, stack))


def _api(settings: Settings) -> ClusterApi:
    return ClusterApi(settings.kubeconfig, settings.context)
