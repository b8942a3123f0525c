"""Everything that AWS is asked before anything is registered."""

from collections.abc import Callable
from typing import TypeVar

from operations.aws.api import AwsApi
from operations.aws.clusters import find_cluster
from operations.aws.facts import Survey
from operations.aws.pod_rights import check_pod_rights
from operations.aws.zones import find_zone
from operations.limits import limited
from operations.preflight import Check
from operations.problem import InputError, SilenceError
from settings.eks import Dns, Eks

_T = TypeVar("_T")


@limited()
def survey(login: Eks, dns: Dns | None, stack: str) -> Survey:
    """Ask for cluster, zone and rights; what one answer leaves open does not keep the others from being asked.

    Silence does: they would be waited for as long.
    """
    checks, silence = list[Check](), list[SilenceError]()

    def ask(subject: str, question: Callable[[], _T]) -> _T | None:
        if silence:
            return None
        try:
            answer = question()
        except SilenceError as error:
            silence.append(error)
            checks.append(Check(subject, error.problems))
            return None
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
        ask("pods get their rights", lambda: check_pod_rights(api, cluster, stack))
    return Survey(cluster, zone, tuple(checks))
