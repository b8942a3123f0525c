"""All questions to AWS before anything is registered."""

from collections.abc import Callable
from typing import TypeVar

from clients.limits import limited
from model.eks import Survey
from model.problem import Check, InputError, SilenceError
from model.stack_names import short_name
from settings import Settings, parts

_T = TypeVar("_T")


class _Survey:
    """The questions of a survey. It goes on after a refusal, but not after a timeout, which all others would repeat."""

    def __init__(self) -> None:
        self.checks, self._is_silent = list[Check](), False

    def ask(self, subject: str, question: Callable[[], _T]) -> _T | None:
        """Return the answer; None if AWS refuses it, or has stopped answering."""
        if self._is_silent:
            return None
        answer, problems = None, ()
        try:
            answer = question()
        except InputError as error:
            problems, self._is_silent = error.problems, isinstance(error, SilenceError)
        self.checks.append(Check(subject, problems))
        return answer


def survey_aws(settings: Settings, stack: str) -> Survey:
    """Ask AWS for a stack's cluster, zone and rights. Returns an empty survey where the stack is not on EKS."""
    if settings.eks is None:
        return Survey()
    # boto3 takes 0.3 s to import, which other stacks need not wait for, and which is no answer's time.
    from clients.aws.api import AwsApi  # noqa: PLC0415
    from clients.aws.clusters import find_cluster  # noqa: PLC0415
    from preflight.pod_rights import check_pod_rights  # noqa: PLC0415
    from preflight.zones import check_proof, find_zone  # noqa: PLC0415

    login, dns, survey = settings.eks, settings.dns, _Survey()
    with limited():
        api = survey.ask("AWS knows you", lambda: AwsApi(login))
        if api is None:
            return Survey(checks=tuple(survey.checks))
        cluster = survey.ask("the EKS cluster is ready", lambda: find_cluster(api))
        zone = survey.ask("the hosted zone is public", lambda: find_zone(api, dns)) if dns else None
        if zone and dns and parts.needs_certificate(settings) and not settings.public_hosts.certificate_arn:
            survey.ask("no other certificate needs its record", lambda: check_proof(api, zone, dns, short_name(stack)))
        if cluster:
            survey.ask("pods get their rights", lambda: check_pod_rights(api, cluster, short_name(stack)))
    return Survey(cluster, zone, tuple(survey.checks))
