"""The command `check-cluster`: the preflight as a table."""

from rich.console import Console

from clients.clusters import create_api
from preflight.cluster import checks
from preflight.eks import survey_aws
from preflight.startup import expectations
from settings import Settings
from workshop.terminal import build_table


def check_cluster(settings: Settings, stack: str, console: Console) -> int:
    """Print one row per check; return 1 if something has to be done first."""
    aws = survey_aws(settings, stack)
    results, name = [*aws.checks], settings.eks.cluster if settings.eks else ""
    if aws.cluster or not settings.eks:
        api = create_api(settings, aws.cluster)
        results, name = [*results, *checks(api, expectations(settings, stack))], api.address
    rows = ((each.subject, "no" if each.problems else "ok", "\n".join(map(str, each.problems))) for each in results)
    console.print(build_table(f"{name}, for stack {stack}", ("check", "", "what to do"), rows))
    return 1 if any(check.problems for check in results) else 0
