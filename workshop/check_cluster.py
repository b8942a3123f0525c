"""The preflight as a table."""

from rich.console import Console
from rich.table import Table
from rich.text import Text

from clients.clusters import create_api
from preflight.cluster import checks
from preflight.eks import survey_aws
from preflight.startup import expectations
from settings import Settings


def check_cluster(settings: Settings, stack: str, console: Console) -> int:
    """Print one row a check; return 1 if something has to be done first."""
    aws = survey_aws(settings, stack)
    results, name = [*aws.checks], settings.eks.cluster if settings.eks else ""
    if aws.cluster or not settings.eks:
        api = create_api(settings, aws.cluster)
        results, name = [*results, *checks(api, expectations(settings, stack))], api.address
    # Text and not str: what a cluster says may look like rich's markup.
    table = Table(title=Text(f"{name}, for stack {stack}"), title_justify="left")
    table.add_column("check", no_wrap=True)
    table.add_column("")
    table.add_column("what to do", overflow="fold")
    for check in results:
        table.add_row(check.subject, "no" if check.problems else "ok", Text("\n".join(map(str, check.problems))))
    console.print(table)
    return 1 if any(check.problems for check in results) else 0
