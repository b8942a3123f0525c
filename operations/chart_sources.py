"""Finds the charts before anything is registered: in a mirror, or else in their repositories."""

import os
import shutil
from pathlib import Path
from typing import NotRequired, TypedDict

from operations import chart_archive, gateway_api_chart
from operations.problem import InputError, Problem
from versions import LINKERD_CHART, LINKERD_CHART_REPOSITORY

CACHE = Path(".charts")
"""Archives lie here, so that the same relative path is in every state, wherever the mirror is."""


class ChartSource(TypedDict):
    """How a chart is found: a path, or a name in a repository."""

    chart: str
    version: NotRequired[str]
    repository: NotRequired[str]


class ChartSources(TypedDict):
    """Every chart of the program."""

    linkerd_crds: ChartSource
    linkerd_control_plane: ChartSource
    gateway_api: str | None
    """Path of an archive; None if it is not to be installed."""


def find(mirror: str | None, *, gateway_api: bool) -> ChartSources:
    """Return where each chart is: in the folder `mirror`, else in the one that CHART_MIRROR names, else upstream.

    Raises InputError with every archive that the mirror lacks.
    """
    mirror = mirror or os.environ.get("CHART_MIRROR")
    if not mirror:
        return {
            "linkerd_crds": _published("linkerd-crds"),
            "linkerd_control_plane": _published("linkerd-control-plane"),
            "gateway_api": _gateway_api() if gateway_api else None,
        }
    folder = Path(mirror).expanduser()
    names = [f"{name}-{LINKERD_CHART}.tgz" for name in ("linkerd-crds", "linkerd-control-plane")]
    names += [gateway_api_chart.archive_name()] if gateway_api else []
    wrong = [name for name in names if chart_archive.content_name(folder / name) != name]
    if wrong:
        raise InputError([_wrong(folder, name) for name in wrong])
    paths = [_cached(folder / name) for name in names]
    return {
        "linkerd_crds": {"chart": paths[0]},
        "linkerd_control_plane": {"chart": paths[1]},
        "gateway_api": paths[2] if gateway_api else None,
    }


def _published(name: str) -> ChartSource:
    return {"chart": name, "version": LINKERD_CHART, "repository": LINKERD_CHART_REPOSITORY}


def _gateway_api() -> str:
    path = CACHE / gateway_api_chart.archive_name()
    return str(path if path.is_file() else gateway_api_chart.download(CACHE))


def _cached(archive: Path) -> str:
    CACHE.mkdir(exist_ok=True)
    copy = CACHE / archive.name
    if not copy.is_file() or copy.read_bytes() != archive.read_bytes():
        partial = copy.with_suffix(f".{os.getpid()}")
        shutil.copyfile(archive, partial)
        partial.replace(copy)  # in one step: another run may be reading it
    return str(copy)


def _wrong(folder: Path, name: str) -> Problem:
    if (folder / name).is_file():
        found = f"{name} is not the archive of that chart and version"
    else:
        found = f"{name} is not there" if folder.is_dir() else f"the folder is not there (nor is {name})"
    cure = "Put the archive there, or correct `linkerd-workshop:chartMirror` (or the variable CHART_MIRROR)."
    return Problem(f"chart mirror {folder}", found, "every chart is taken from the mirror where one is set", cure)
