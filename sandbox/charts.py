"""Which charts the program gets, and packaging those that are made here.

A mirror chosen by the user comes first, then the real repositories; the doubles of `sandbox/charts` come last.
The chart of the Gateway API's CRDs is made here in every case: upstream publishes the CRDs without a chart.
"""

import os
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from sandbox import paths
from sandbox.chart_archive import archive_name, folder_files, write_archive
from sandbox.go_modules import module_folder, pinned_version

REPOSITORY_INDEX = "https://helm.linkerd.io/edge/index.yaml"
REPOSITORY_SECONDS = 3.0
FORGET_SECONDS = 24 * 3600
GATEWAY_MODULE = "sigs.k8s.io/gateway-api"
GATEWAY_CHART = "gateway-api-crds"
# `.Files.Get` hands a CRD over as it is: as a template its descriptions, which contain braces, would be executed.
GATEWAY_TEMPLATE = (
    '{{- range $path, $_ := .Files.Glob "resources/*.yaml" }}\n---\n{{ $.Files.Get $path }}\n{{- end }}\n'
)


@dataclass(frozen=True)
class Charts:
    """Where charts come from: what to say of it, and the value of `CHART_MIRROR` if it is to be set."""

    description: str
    mirror: str | None


def choose(home: paths.Home, reachable: Callable[[], bool] | None = None) -> Charts:
    """The charts for this run; what is made here is packaged first."""
    package_gateway_api(home.charts)
    mirror = os.environ.get("CHART_MIRROR")
    if mirror:
        return Charts(f"mirror {mirror}", mirror)
    if (reachable or repository_answers)():
        return Charts("repositories", None)
    for chart in sorted(paths.CHART_DOUBLES.glob("*/Chart.yaml")):
        package(home.charts, folder_files(chart.parent))
    return Charts("doubles", str(home.charts))


def repository_answers() -> bool:
    """Whether the chart repository can be reached within three seconds; the answer holds for a day."""
    folder = paths.cache() / "probes"
    for answer in (True, False):
        remembered = folder / f"charts-{answer}"
        if remembered.exists() and time.time() - remembered.stat().st_mtime < FORGET_SECONDS:
            return answer
    answer = answers(REPOSITORY_INDEX)
    folder.mkdir(parents=True, exist_ok=True)
    (folder / f"charts-{answer}").touch()
    (folder / f"charts-{not answer}").unlink(missing_ok=True)
    return answer


def answers(url: str) -> bool:
    """Whether a URL answers with success."""
    request = urllib.request.Request(url, method="HEAD")  # noqa: S310 - a constant https address
    try:
        with urllib.request.urlopen(request, timeout=REPOSITORY_SECONDS) as response:  # noqa: S310
            return response.status == 200  # noqa: PLR2004 - success
    except (OSError, urllib.error.URLError):
        return False


def package_gateway_api(folder: Path) -> None:
    """Package the CRDs of the pinned Go module, standard channel, as a chart of the same version."""
    pins = paths.TOOL_MODULES / "gateway-api"
    version = pinned_version(pins, GATEWAY_MODULE).removeprefix("v")
    if (folder / f"{GATEWAY_CHART}-{version}.tgz").exists():
        return
    source = module_folder(pins, GATEWAY_MODULE) / "config" / "crd" / "standard"
    texts = {path.name: path.read_bytes() for path in sorted(source.glob("*.yaml"))}
    definitions = {name: text for name, text in texts.items() if b"kind: CustomResourceDefinition" in text}
    description = "The Gateway API's custom resource definitions, standard channel."
    chart = f"apiVersion: v2\nname: {GATEWAY_CHART}\nversion: {version}\ndescription: {description}\n"
    files = {"Chart.yaml": chart.encode(), "templates/definitions.yaml": GATEWAY_TEMPLATE.encode()}
    package(folder, files | {f"resources/{name}": text for name, text in definitions.items()})


def package(folder: Path, files: dict[str, bytes]) -> None:
    """Write a chart archive; one of an older content is replaced."""
    write_archive(folder / archive_name(files["Chart.yaml"]), files)
