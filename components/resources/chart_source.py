"""Where a Helm chart comes from: a repository, or an archive beside the program."""

from typing import NotRequired, TypedDict


class ChartSource(TypedDict):
    """The arguments by which a chart is found; all known at preview."""

    chart: str
    """The chart's name in its repository, or the path of an archive."""
    version: NotRequired[str]
    """The exact version in the repository."""
    repository: NotRequired[str]
    """The repository's URL."""
