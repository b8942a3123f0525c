"""Where a Helm chart comes from, and the release that installs definitions from one."""

from collections.abc import Mapping
from typing import NotRequired, TypedDict

from pulumi import Input, ResourceOptions
from pulumi_kubernetes.helm.v3 import Release


class ChartSource(TypedDict):
    """The arguments by which a chart is found; all known at preview."""

    chart: str
    """The chart's name in its repository, or the path of an archive."""
    version: NotRequired[str]
    """The exact version in the repository."""
    repository: NotRequired[str]
    """The repository's URL."""


def release_definitions(
    name: str,
    release: tuple[Input[str], str],
    source: ChartSource,
    opts: ResourceOptions,
    values: Mapping[str, Input[object]] | None = None,
) -> Release:
    """Return the Helm release of a chart that holds definitions; `release` is its namespace and its name."""
    namespace, release_name = release
    return Release(
        name,
        name=release_name,  # a release without a name gets a random one and cannot be told from a stranger's
        namespace=namespace,
        chart=source["chart"],
        version=source.get("version"),
        repository_opts={"repo": source["repository"]} if "repository" in source else None,
        values=values,
        # Where the API server fails in the middle of an install, the provider does not record the release, but Helm
        # does: without this each later `up` ends with "cannot re-use a name that is still in use". Helm replaces only
        # what failed or is uninstalled, and adopts the objects that carry the release's name.
        replace=True,
        opts=opts,
    )
