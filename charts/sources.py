"""Finds the charts before anything is registered: in a mirror, or else in their repositories."""

import os
import shlex
import shutil
from collections.abc import Iterable
from pathlib import Path

from charts import archive as chart_archive
from charts.definitions import ARGO_CD_CRDS, ARGO_ROLLOUTS_CRDS, GATEWAY_API_CRDS, LOAD_BALANCER_CONTROLLER_CRDS
from model.charts import ChartSource, ChartSources, Part
from model.names import PROJECT
from model.problem import InputError, Problem
from versions import (
    ARGO_CD_CHART,
    ARGO_CHART_REPOSITORY,
    ARGO_ROLLOUTS_CHART,
    EKS_CHART_REPOSITORY,
    EXTERNAL_DNS_CHART,
    EXTERNAL_DNS_CHART_REPOSITORY,
    LINKERD_CHART,
    LINKERD_CHART_REPOSITORY,
    LOAD_BALANCER_CONTROLLER_CHART,
)

CACHE = Path(".charts")
"""Archives lie here, so that the same relative path is in every state, wherever the mirror is."""

LONGEST_PATH = 100
"""Characters of a mirror's path that a message repeats."""
MADE_HERE = {
    Part(chart.name): chart
    for chart in (GATEWAY_API_CRDS, ARGO_ROLLOUTS_CRDS, ARGO_CD_CRDS, LOAD_BALANCER_CONTROLLER_CRDS)
}
"""Charts without a repository: their archives are made of published files."""

PUBLISHED = {
    Part.LINKERD_CRDS: (LINKERD_CHART, LINKERD_CHART_REPOSITORY),
    Part.LINKERD_CONTROL_PLANE: (LINKERD_CHART, LINKERD_CHART_REPOSITORY),
    Part.LINKERD_VIZ: (LINKERD_CHART, LINKERD_CHART_REPOSITORY),
    Part.ARGO_ROLLOUTS: (ARGO_ROLLOUTS_CHART, ARGO_CHART_REPOSITORY),
    Part.ARGO_CD: (ARGO_CD_CHART, ARGO_CHART_REPOSITORY),
    Part.LOAD_BALANCER_CONTROLLER: (LOAD_BALANCER_CONTROLLER_CHART, EKS_CHART_REPOSITORY),
    Part.EXTERNAL_DNS: (EXTERNAL_DNS_CHART, EXTERNAL_DNS_CHART_REPOSITORY),
}
"""The version and the repository of every other chart."""


def find(mirror: str | None, parts: Iterable[Part]) -> ChartSources:
    """Return the sources of the charts of `parts`: the folder `mirror`, else the one of CHART_MIRROR, else upstream.

    Raises InputError with every archive that the mirror lacks, or that cannot be made.
    """
    wanted = list(parts)
    mirror = mirror or os.environ.get("CHART_MIRROR")
    if not mirror:
        return {part: _source(part) for part in wanted}
    folder = Path(mirror).expanduser()
    names = {part: archive_name(part) for part in wanted}
    if wrong := [name for name in names.values() if chart_archive.content_name(folder / name) != name]:
        raise InputError([_wrong(folder, wrong)])
    return {part: {"chart": _cached(folder / name)} for part, name in names.items()}


def archive_name(part: Part) -> str:
    """Return the file name of the archive of a part's chart."""
    return MADE_HERE[part].archive_name if part in MADE_HERE else f"{part}-{PUBLISHED[part][0]}.tgz"


def _source(part: Part) -> ChartSource:
    """Return the source of a chart without a mirror."""
    if part in PUBLISHED:
        version, repository = PUBLISHED[part]
        return {"chart": part.value, "version": version, "repository": repository}
    path = CACHE / archive_name(part)
    return {"chart": str(path if path.is_file() else MADE_HERE[part].download(CACHE))}


def _cached(archive: Path) -> str:
    CACHE.mkdir(exist_ok=True)
    copy = CACHE / archive.name
    if not copy.is_file() or copy.read_bytes() != archive.read_bytes():
        partial = copy.with_suffix(f".{os.getpid()}")
        shutil.copyfile(archive, partial)
        partial.replace(copy)  # in one step: another run may be reading it
    return str(copy)


def _wrong(folder: Path, names: list[str]) -> Problem:
    # Unlike Path's own, these functions answer for any name.
    missing = [name for name in names if not os.path.isfile(folder / name)]  # noqa: PTH113
    found = [f"{name} is not the archive of that chart and version" for name in names if name not in missing]
    if not os.path.isdir(folder):  # noqa: PTH112
        found = ["the folder is not there"]
    elif missing:
        found = [f"it lacks {', '.join(missing)}", *found]
    path = str(folder)
    command = f"make mirror FOLDER={shlex.quote(path) if len(path) <= LONGEST_PATH else '<folder>'}"
    fix = (
        f"Fill it with `{command}` on a machine with internet access, or correct `{PROJECT}:chartMirror` (or the "
        "variable CHART_MIRROR)."
    )
    rule = "every chart is taken from the mirror where one is set"
    return Problem(f"chart mirror {path[:LONGEST_PATH]}", "; ".join(found), rule, fix)
