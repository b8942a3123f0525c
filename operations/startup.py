"""What happens before the first resource: settings are read, charts are found, AWS and the cluster are asked."""

import os
import sys
import traceback
from asyncio import CancelledError
from collections.abc import Callable
from typing import TYPE_CHECKING, NamedTuple, TypeVar

import pulumi

from conventions import TrustPhase
from operations import chart_sources, parts, permissions, stack_settings
from operations.aws.facts import EksFacts
from operations.chart_sources import ChartSources
from operations.cluster_api import ClusterApi
from operations.clusters import kubeconfig_of, survey_of
from operations.kubeconfig import Kubeconfig
from operations.preflight import Expectations, Facts, inspect
from operations.problem import InputError, Problem
from operations.rollout_wait import wait_for_rollout
from operations.stack_names import short_name
from settings import Settings

if TYPE_CHECKING:
    from _typeshed import SupportsWrite

_T = TypeVar("_T")


class Start(NamedTuple):
    """All that the program is made from; known at preview."""

    settings: Settings
    facts: Facts
    charts: ChartSources
    kubeconfig: Kubeconfig
    """Which cluster it is, and who asks."""
    eks: EksFacts | None = None
    """None where the stack is on another cluster."""

    def served(self, host: str | None) -> str | None:
        """Return `host` if the cluster has a controller that serves it, or is going to have the stack's own."""
        is_there = self.settings.ingress_class in self.facts.ingress_classes
        return host if is_there or parts.has_load_balancer_controller(self.settings) else None

    def wait_for_mesh(self) -> None:
        """Return when the control plane has none but new pods. Raises RolloutError if that takes too long."""
        wait_for_rollout(ClusterApi(self.kubeconfig), parts.LINKERD)


def prepare(stack: str) -> Start:
    """Return what the program of `stack` is made from.

    Raises InputError with every problem of the settings, or else with every problem of charts, AWS and cluster.
    """
    settings, problems = stack_settings.load(), list[Problem]()

    def attempt(step: Callable[[], _T]) -> _T | None:
        try:
            return step()
        except InputError as error:
            problems.extend(error.problems)
            return None

    charts = attempt(lambda: chart_sources.find(settings.chart_mirror, parts.charts(settings)))
    aws = survey_of(settings, stack)
    problems += [problem for check in aws.checks for problem in check.problems]
    can_ask = settings.eks is None or aws.cluster is not None
    kubeconfig = attempt(lambda: kubeconfig_of(settings, aws.cluster)) if can_ask else None
    facts = attempt(lambda: inspect(ClusterApi(kubeconfig), expectations(settings, stack))) if kubeconfig else None
    if problems or charts is None or kubeconfig is None or facts is None:
        raise InputError(problems)
    start = Start(settings, facts, charts, kubeconfig, EksFacts(aws.cluster, aws.zone) if aws.cluster else None)
    _tell_what_is_left_out(start)
    return start


def silence_sdk() -> None:
    """Keep from the engine what the SDK and its libraries say to nobody's use; there is no setting for either.

    The SDK sends several debug messages for each resource, one blocking call each, and does not know whether `--debug`
    was given: a tenth of a preview's time. PULUMI_DEBUG_MESSAGES asks for them.

    Where a resource fails, the engine cancels the calls by which charts are transformed, and grpc (1.85) prints a
    traceback of each by `traceback.print_exc`, past every logger, below the sentence that says what failed.
    """
    if not os.environ.get("PULUMI_DEBUG_MESSAGES"):
        pulumi.log.debug = _say_nothing
    traceback.print_exc = _print_unless_cancelled


def _print_unless_cancelled(
    limit: int | None = None,
    file: "SupportsWrite[str] | None" = None,
    chain: bool = True,  # noqa: FBT001, FBT002  its own
) -> None:
    """Print the exception that is handled, as `traceback.print_exc` does, unless it is a cancelled call."""
    error = sys.exc_info()[1]
    if not isinstance(error, CancelledError):
        traceback.print_exception(error, limit=limit, file=file, chain=chain)


def _say_nothing(*_: object, **__: object) -> None:
    """Take what `pulumi.log.debug` takes."""


def expectations(settings: Settings, stack: str) -> Expectations:
    """Return what a stack with these settings is going to do with its cluster."""
    trust = settings.trust
    needs_class = settings.eks and parts.hosts(settings) and not parts.has_load_balancer_controller(settings)
    return Expectations(
        short_name(stack),
        parts.namespaces(settings),
        parts.charts(settings),
        trust.anchor,
        TrustPhase(trust.phase),
        permissions.kinds(settings),
        settings.ingress_class if needs_class else None,
    )


def _tell_what_is_left_out(start: Start) -> None:
    for key, host in parts.hosts(start.settings).items():
        if not start.served(host):
            pulumi.log.info(
                f"{key} is left out: the cluster has no IngressClass '{start.settings.ingress_class}'. "
                "Install its controller, or name another class with linkerd-workshop:ingressClass."
            )
