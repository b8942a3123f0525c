"""Makes charts of custom resource definitions, from the files that upstream publishes without a chart of their own."""

import time
from collections.abc import Mapping
from concurrent.futures import wait
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

import requests

from charts import archive
from clients import limits
from clients.limits import start_work
from model.problem import InputError, Problem, SilenceError
from versions import ARGO_CD, ARGO_ROLLOUTS, GATEWAY_API, LOAD_BALANCER_CONTROLLER

CHECKSUMS = Path(__file__).with_name("checksums")
"""A file a chart in sha256sum's format: which files belong to it, as they lie in upstream's repository."""
GITHUB = "https://raw.githubusercontent.com"
SECONDS_TO_CONNECT = 5
LEAST = 100_000
"""The fewest bytes in limits.SECONDS; a slower download counts as a timeout."""

# `.Files.Get` hands a definition over as it is; as a template the braces in its descriptions would be executed.
_TEMPLATE = '{{ range $path, $_ := .Files.Glob "crds-as-published/*.yaml" }}\n---\n{{ $.Files.Get $path }}\n{{ end }}\n'


@dataclass(frozen=True)
class DefinitionChart:
    """A chart whose templates are published definitions, unchanged."""

    name: str
    version: str
    title: str
    source: str
    """The folder of upstream's repository, as a URL."""

    @property
    def archive_name(self) -> str:
        """The archive's file name."""
        return f"{self.name}-{self.version}.tgz"

    def checksums(self) -> dict[str, str]:
        """Return the sha256 of each definition by its file's name."""
        lines = (CHECKSUMS / f"{self.name}.sha256").read_text(encoding="ascii").splitlines()
        return {name: checksum for checksum, name in map(str.split, lines)}

    def write(self, folder: Path, definitions: Mapping[str, bytes]) -> Path:
        """Write the chart with `definitions` (file name to YAML) into `folder`; equal input makes equal bytes.

        Raises InputError if a definition is missing or is not the one that was published.
        """
        wanted = self.checksums()
        for name, checksum in wanted.items():
            if sha256(definitions.get(name, b"")).hexdigest() != checksum:
                raise InputError([self._not_published(name, f"its sha256 is not {checksum}")])
        chart = f"apiVersion: v2\nname: {self.name}\nversion: {self.version}\ndescription: {self.title}\n"
        files = {"Chart.yaml": chart.encode(), "templates/definitions.yaml": _TEMPLATE.encode()}
        files |= {f"crds-as-published/{name}": definitions[name] for name in sorted(wanted)}
        return archive.write(folder, files)

    def download(self, folder: Path) -> Path:
        """Write the chart from upstream's repository into `folder`. Raises InputError if that fails."""
        return self.write(folder, {name: self._downloaded(name) for name in self.checksums()})

    def _downloaded(self, name: str) -> bytes:
        try:
            return fetch(f"{self.source}/{name}")
        except requests.RequestException as error:
            problem = self._not_published(name, f"it cannot be fetched ({reason(error)})")
            raise (SilenceError if isinstance(error, requests.Timeout) else InputError)([problem]) from None

    def _not_published(self, name: str, found: str) -> Problem:
        rule = f"it is one of the published definitions of {self.title}"
        fix = f"Put {self.archive_name} into a folder and name that with `linkerd-workshop:chartMirror`."
        return Problem(f"{self.source}/{name}", found, rule, fix)


def fetch(url: str) -> bytes:
    """Return the content of a URL. Raises RequestException if the download fails or stalls."""
    content = bytearray()

    def read() -> bytes:
        with requests.get(url, timeout=(SECONDS_TO_CONNECT, limits.SECONDS), stream=True) as answer:
            answer.raise_for_status()
            for part in answer.iter_content(8192):
                content.extend(part)
        return bytes(content)

    download, seen, since = start_work(read), 0, time.monotonic()
    while not wait([download], timeout=0.2).done:
        if len(content) >= seen + LEAST:
            seen, since = len(content), time.monotonic()
        if time.monotonic() > since + limits.SECONDS:
            raise requests.Timeout(url)
    return download.result()


def reason(error: requests.RequestException) -> str:
    """Return why a download failed."""
    if isinstance(error, requests.Timeout):
        return f"nothing comes within {limits.SECONDS:g} s"
    return f"HTTP status {error.response.status_code}" if error.response is not None else type(error).__name__


GATEWAY_API_CRDS = DefinitionChart(
    "gateway-api-crds",
    GATEWAY_API,
    "Gateway API, standard channel",
    f"{GITHUB}/kubernetes-sigs/gateway-api/v{GATEWAY_API}/config/crd/standard",
)
ARGO_ROLLOUTS_CRDS = DefinitionChart(
    "argo-rollouts-crds",
    ARGO_ROLLOUTS,
    "Argo Rollouts",
    f"{GITHUB}/argoproj/argo-rollouts/v{ARGO_ROLLOUTS}/manifests/crds",
)
LOAD_BALANCER_CONTROLLER_CRDS = DefinitionChart(
    "aws-load-balancer-controller-crds",
    LOAD_BALANCER_CONTROLLER,
    "the AWS Load Balancer Controller",
    f"{GITHUB}/kubernetes-sigs/aws-load-balancer-controller/v{LOAD_BALANCER_CONTROLLER}/config/crd/bases",
)
ARGO_CD_CRDS = DefinitionChart(
    "argo-cd-crds", ARGO_CD, "Argo CD", f"{GITHUB}/argoproj/argo-cd/v{ARGO_CD}/manifests/crds"
)
