"""Charts, rendered into objects or, if they hold definitions, installed as a Helm release."""

from collections.abc import Mapping
from typing import TypedDict

from pulumi import Input, ResourceOptions
from pulumi_kubernetes.helm import v4
from pulumi_kubernetes.helm.v3 import Release

from model.charts import ChartSource


class ChartArgs(TypedDict):
    """Inputs of a component that installs a chart."""

    chart: ChartSource
    image_registry: str | None
    """A registry that mirrors all images; they come from their own ones if None."""


class ChartWithDefinitionsArgs(ChartArgs):
    """Inputs of a component that installs a chart, and the chart's definitions before it."""

    namespace: Input[str]
    """The existing namespace, with the metadata that the component's module names for it."""
    crds_chart: ChartSource
    """A chart of the published definitions."""


def render_chart(  # noqa: PLR0913  the parts of a chart
    name: str,
    release: tuple[str, str],
    source: ChartSource,
    values: Mapping[str, object],
    opts: ResourceOptions,
    *,
    skip_crds: bool | None = None,
) -> v4.Chart:
    """Return a chart whose objects Pulumi creates one by one; `release` is its namespace and its name."""
    namespace, release_name = release
    return v4.Chart(
        name,
        name=release_name,
        namespace=namespace,
        chart=source["chart"],
        version=source.get("version"),
        repository_opts={"repo": source["repository"]} if "repository" in source else None,
        skip_crds=skip_crds,
        values=values,
        opts=opts,
    )


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
        name=release_name,  # a release without a name gets a random one, and looks like another owner's
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
