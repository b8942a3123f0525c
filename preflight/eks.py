"""Everything that AWS is asked before anything is registered."""

from collections.abc import Callable
from typing import TypeVar

from model.eks import Survey
from model.problem import Check, InputError
from model.stack_names import short_name
from settings import Settings

_T = TypeVar("_T")


def survey_aws(settings: Settings, stack: str) -> Survey:
    """Ask AWS for a stack's cluster, zone and rights; a failed question does not keep the others from being asked.

    Returns an empty survey where the stack is not on EKS.
    """
    if settings.eks is None:
        return Survey()
    # boto3 takes 0.3 s to import, which other stacks need not wait for.
    from clients.aws.api import AwsApi  # noqa: PLC0415
    from clients.aws.clusters import find_cluster  # noqa: PLC0415
    from preflight.pod_rights import check_pod_rights  # noqa: PLC0415
    from preflight.zones import find_zone  # noqa: PLC0415

    login, dns, checks = settings.eks, settings.dns, list[Check]()

    def ask(subject: str, question: Callable[[], _T]) -> _T | None:
        try:
            answer = question()
        except InputError as error:
            checks.append(Check(subject, error.problems))
            return None
        checks.append(Check(subject, ()))
        return answer

    api = ask("AWS knows you", lambda: AwsApi(login))
    if api is None:
        return Survey(None, None, tuple(checks))
    cluster = ask("the EKS cluster is ready", lambda: find_cluster(api))
    zone = ask("the hosted zone is public", lambda: find_zone(api, dns)) if dns else None
    if cluster:
        ask("pods get their rights", lambda: check_pod_rights(api, cluster, short_name(stack)))
    return Survey(cluster, zone, tuple(checks))
