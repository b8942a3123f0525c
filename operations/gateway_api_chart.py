"""Makes the chart of the Gateway API's definitions, which upstream publishes without a chart."""

from collections.abc import Mapping
from hashlib import sha256
from pathlib import Path

import requests

from operations import chart_archive
from operations.problem import InputError, Problem
from versions import GATEWAY_API

NAME = "gateway-api-crds"
SOURCE = f"https://raw.githubusercontent.com/kubernetes-sigs/gateway-api/v{GATEWAY_API}/config/crd/standard"
CHECKSUMS = Path(__file__).with_name("gateway_api_crds.sha256")
"""In sha256sum's format: the files that belong to the standard channel, as they lie in upstream's repository."""
SECONDS = 30

# `.Files.Get` hands a definition over as it is; as a template the braces in its descriptions would be executed.
_TEMPLATE = '{{ range $path, $_ := .Files.Glob "crds-as-published/*.yaml" }}\n---\n{{ $.Files.Get $path }}\n{{ end }}\n'


def archive_name() -> str:
    """Return the archive's file name."""
    return f"{NAME}-{GATEWAY_API}.tgz"


def write(folder: Path, definitions: Mapping[str, bytes]) -> Path:
    """Write the chart with `definitions` (file name to YAML) into `folder`; equal input makes equal bytes.

    Raises InputError if a definition is missing or is not the one that was published.
    """
    wanted = _checksums()
    for name, checksum in wanted.items():
        if sha256(definitions.get(name, b"")).hexdigest() != checksum:
            found = f"its sha256 is not {checksum}"
            raise InputError([_not_published(name, found)])
    chart = f"apiVersion: v2\nname: {NAME}\nversion: {GATEWAY_API}\ndescription: Gateway API, standard channel\n"
    files = {"Chart.yaml": chart.encode(), "templates/definitions.yaml": _TEMPLATE.encode()}
    files |= {f"crds-as-published/{name}": definitions[name] for name in sorted(wanted)}
    return chart_archive.write(folder, files)


def download(folder: Path) -> Path:
    """Write the chart from upstream's repository into `folder`. Raises InputError if that cannot be had."""
    definitions: dict[str, bytes] = {}
    for name in _checksums():
        try:
            response = requests.get(f"{SOURCE}/{name}", timeout=SECONDS)
            response.raise_for_status()
        except requests.RequestException as error:
            raise InputError([_not_published(name, f"it cannot be had ({type(error).__name__})")]) from None
        definitions[name] = response.content
    return write(folder, definitions)


def _checksums() -> dict[str, str]:
    rows = (line.split() for line in CHECKSUMS.read_text(encoding="ascii").splitlines())
    return {name: checksum for checksum, name in rows}


def _not_published(name: str, found: str) -> Problem:
    cure = f"Put {archive_name()} into a folder and name that with `pulumi config set linkerd-workshop:chartMirror`."
    return Problem(f"{SOURCE}/{name}", found, "it is one of the Gateway API's published definitions", cure)
