"""The start of the program: it reads settings, finds charts, and checks AWS and the cluster."""

import os
import sys
import traceback
from asyncio import CancelledError
from collections.abc import Callable
from typing import TYPE_CHECKING, NamedTuple, TypeVar

import pulumi

from charts import sources
from clients.cluster_api import ClusterApi
from clients.clusters import find_kubeconfig
from clients.kubeconfig import Kubeconfig
from clients.rollout_wait import wait_for_credentials, wait_for_rollout
from model.charts import ChartSources
from model.eks import EksFacts
from model.names import CREDENTIALS
from model.problem import InputError, Problem
from model.stack_names import short_name
from preflight import permissions
from preflight.cluster import Expectations, Facts, inspect
from preflight.eks import survey_aws
from settings import Settings, loading, parts

if TYPE_CHECKING:
    from _typeshed import SupportsWrite

_T = TypeVar("_T")
_NO_ORGANIZATION = "organization"
"""What Pulumi reports for a backend without organizations."""


class Start(NamedTuple):
    """Everything that the program needs to know; known at preview."""

    settings: Settings
    facts: Facts
    charts: ChartSources
    kubeconfig: Kubeconfig
    """The cluster, and the user who asks it."""
    eks: EksFacts | None = None
    """None where the stack is on another cluster."""

    def served(self, host: str | None) -> str | None:
        """Return `host` if the cluster has a controller that serves it, or is going to have the stack's own."""
        is_there = self.settings.ingress_class in self.facts.ingress_classes
        return host if is_there or parts.has_load_balancer_controller(self.settings) else None

    def wait_for_mesh(self) -> None:
        """Wait until the control plane has only new pods. Raises RolloutError if that takes too long."""
        wait_for_rollout(ClusterApi(self.kubeconfig), parts.LINKERD)

    def wait_for_credentials(self, namespace: str) -> None:
        """Wait until the namespace has only pods with AWS credentials. Raises RolloutError if that takes too long."""
        if self.settings.eks:
            wait_for_credentials(ClusterApi(self.kubeconfig), namespace, CREDENTIALS[self.settings.eks.identity])


class StartError(InputError, pulumi.RunError):
    """Ends the program: Pulumi shows the message of a RunError without a traceback."""


def prepare(stack: str) -> Start:
    """Read the settings of `stack`, find its charts, and check AWS and the cluster.

    Raises StartError with every problem of the settings, or else with every problem of charts, AWS and cluster.
    """
    try:
        return _prepare(stack)
    except InputError as error:
        raise StartError(error.problems) from None


def _prepare(stack: str) -> Start:
    organization = pulumi.get_organization()
    Problem.stack = stack if organization == _NO_ORGANIZATION else f"{organization}/{stack}"
    settings, problems = loading.load(), list[Problem]()

    def attempt(step: Callable[[], _T]) -> _T | None:
        try:
            return step()
        except InputError as error:
            problems.extend(error.problems)
            return None

    charts = attempt(lambda: sources.find(settings.chart_mirror, parts.charts(settings)))
    aws = survey_aws(settings, stack)
    problems += [problem for check in aws.checks for problem in check.problems]
    can_ask = settings.eks is None or aws.cluster is not None
    kubeconfig = attempt(lambda: find_kubeconfig(settings, aws.cluster)) if can_ask else None
    facts = attempt(lambda: inspect(ClusterApi(kubeconfig), expectations(settings, stack))) if kubeconfig else None
    if problems or charts is None or kubeconfig is None or facts is None:
        raise InputError(problems)
    start = Start(settings, facts, charts, kubeconfig, EksFacts(aws.cluster, aws.zone) if aws.cluster else None)
    _tell_what_is_left_out(start)
    return start


def silence_sdk() -> None:
    """Suppress two useless outputs of the SDK and its libraries, which have no setting for that.

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
    """Return the demands of a stack with these settings on its cluster."""
    trust, hosts, brings_class = settings.trust, parts.hosts(settings), parts.has_load_balancer_controller(settings)
    # Any other controller would ignore the annotations that ask for a login, and serve the dashboard to everybody.
    needs_class = brings_class or (settings.eks and hosts) or parts.DASHBOARD_HOST in hosts
    return Expectations(
        short_name(stack),
        parts.namespaces(settings),
        parts.charts(settings),
        trust.anchor,
        trust.phase,
        permissions.kinds(settings),
        settings.ingress_class if needs_class else None,
        # Without eks a host whose class does not exist is left out.
        brings_class=brings_class or not settings.eks,
        high_availability=settings.high_availability,
    )


def _tell_what_is_left_out(start: Start) -> None:
    for key, host in parts.hosts(start.settings).items():
        if not start.served(host):
            pulumi.log.info(
                f"{key} is left out: the cluster has no IngressClass '{start.settings.ingress_class}'. "
                "Install its controller, or name another class with linkerd-workshop:ingressClass."
            )
