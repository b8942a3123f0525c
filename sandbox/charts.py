"""Which charts the program gets, and packaging those that are made here.

A mirror chosen by the user comes first, then the real repositories; the doubles of `sandbox/charts` come last.
Beside the doubles lie the charts of custom resource definitions, made of the files in upstream's Go modules.
"""

import os
import time
from dataclasses import dataclass
from pathlib import Path

import requests

from charts import archive
from charts.definitions import ARGO_CD_CRDS, ARGO_ROLLOUTS_CRDS, GATEWAY_API_CRDS, DefinitionChart
from sandbox import paths
from sandbox.builds import module_folder

REPOSITORY_INDEX = "https://helm.linkerd.io/edge/index.yaml"
REPOSITORY_SECONDS = 3.0
FORGET_SECONDS = 24 * 3600


@dataclass(frozen=True)
class Published:
    """The place in a Go module of a chart's definitions."""

    chart: DefinitionChart
    pins: str
    """The folder of `sandbox/tools` whose go.mod requires the module."""
    module: str
    folder: str


DEFINITIONS = (
    Published(GATEWAY_API_CRDS, "gateway-api", "sigs.k8s.io/gateway-api", "config/crd/standard"),
    Published(ARGO_ROLLOUTS_CRDS, "argo-rollouts", "github.com/argoproj/argo-rollouts", "manifests/crds"),
    Published(ARGO_CD_CRDS, "argo-cd", "github.com/argoproj/argo-cd/v3", "manifests/crds"),
)


@dataclass(frozen=True)
class Charts:
    """The source of charts: its description, and the value of `CHART_MIRROR` if it is to be set."""

    description: str
    mirror: str | None


def choose(home: paths.Home) -> Charts:
    """Return the source of charts for this run; the doubles are packaged if there is no other."""
    mirror = os.environ.get("CHART_MIRROR")
    if mirror:
        return Charts(f"mirror {mirror}", mirror)
    if repository_answers():
        return Charts("repositories", None)
    for published in DEFINITIONS:
        package_definitions(home.charts, published)
    for chart in sorted(paths.CHART_DOUBLES.glob("*/Chart.yaml")):
        archive.write(home.charts, archive.folder_files(chart.parent))
    return Charts("doubles", str(home.charts))


def repository_answers() -> bool:
    """Return whether the chart repository can be reached within three seconds; the answer holds for a day."""
    folder = paths.cache() / "probes"
    for answer in (True, False):
        remembered = folder / f"charts-{answer}"
        if remembered.exists() and time.time() - remembered.stat().st_mtime < FORGET_SECONDS:
            return answer
    try:
        answer = requests.head(REPOSITORY_INDEX, timeout=REPOSITORY_SECONDS, allow_redirects=True).ok
    except requests.RequestException:
        answer = False
    folder.mkdir(parents=True, exist_ok=True)
    (folder / f"charts-{answer}").touch()
    (folder / f"charts-{not answer}").unlink(missing_ok=True)
    return answer


def package_definitions(folder: Path, published: Published) -> None:
    """Package the definitions that a pinned Go module carries."""
    if (folder / published.chart.archive_name).exists():
        return
    source = module_folder(paths.TOOL_MODULES / published.pins, published.module) / published.folder
    published.chart.write(folder, {path.name: path.read_bytes() for path in source.glob("*.yaml")})
