"""The helm binary: run with the provider's cluster, values in a private file and never on the command line."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import tempfile
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, cast

import pulumi
import yaml

from sandbox.providers.errors import ProviderError
from sandbox.providers.kubernetes.manifests import mapping, sequence, text

if TYPE_CHECKING:
    from collections.abc import Generator

    from sandbox.providers.kubernetes.connection import Connection
    from sandbox.providers.property_values import Object, Plain

_REPOSITORY_FLAGS = {"repo": "--repo"}
_CHECK_SECONDS = 0.5


class HelmError(ProviderError):
    """Helm refused; the text is helm's own."""


class Helm:
    """Commands of the helm binary against one cluster."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def run(self, *arguments: str) -> str:
        """Run a command and give its output; raises `HelmError`. Ends early when the engine cancels."""
        program = shutil.which("helm")
        if program is None:
            raise HelmError("there is no helm on PATH, which the stand-in for the kubernetes provider needs for charts")
        environment = {**os.environ, "KUBECONFIG": self._connection.kubeconfig}
        context = self._connection.settings.context
        command = [program, *arguments, *(["--kube-context", context] if context else [])]
        process = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=environment
        )
        while True:
            try:
                output, complaint = process.communicate(timeout=_CHECK_SECONDS)
                break
            except subprocess.TimeoutExpired:
                if self._connection.cancelled.is_set():
                    process.send_signal(signal.SIGINT)
        if process.returncode != 0:
            raise HelmError(_last_error(complaint.decode(errors="replace")))
        return output.decode()

    def show_chart(self, inputs: Object) -> Object:
        """Read a chart's own description (Chart.yaml)."""
        chart = cast("Plain", yaml.safe_load(self.run("show", "chart", *chart_arguments(inputs))))
        return mapping(chart)

    def releases(self, name: str, namespace: str, *selector: str) -> Object | None:
        """Give the release of this name as `helm list` shows it; None if there is none."""
        listing = self.run("list", "--all", "-n", namespace, "--filter", f"^{name}$", "-o", "json", *selector)
        found: list[Plain] = json.loads(listing)
        return mapping(found[0]) if found else None


def _last_error(complaint: str) -> str:
    """Give helm's last error, with what belongs to it, as one line."""
    start = complaint.rfind("Error: ")
    return " ".join((complaint[start + 7 :] if start >= 0 else complaint).split())


def chart_arguments(inputs: Object) -> list[str]:
    """Give the arguments that say which chart in which version from where."""
    repository = mapping(inputs, "repositoryOpts")
    for key in repository:
        if key not in _REPOSITORY_FLAGS:
            raise ProviderError(f"the stand-in for the kubernetes provider does not know repositoryOpts.{key}")
    arguments = [text(inputs, "chart")]
    if version := text(inputs, "version"):
        arguments += ["--version", version]
    if repo := text(repository, "repo"):
        arguments += ["--repo", repo]
    flags = {"devel": "--devel", "verify": "--verify", "plainHttp": "--plain-http"}
    return [*arguments, *(flag for key, flag in flags.items() if inputs.get(key) is True)]


@contextmanager
def values_arguments(inputs: Object) -> Generator[list[str]]:
    """Write the values into files that only this user can read, and give the arguments that name them."""
    with tempfile.TemporaryDirectory(prefix="pulumi-helm-") as folder:
        arguments: list[str] = []
        for index, asset in enumerate(sequence(inputs, "valueYamlFiles")):
            arguments += ["-f", _asset_file(asset, Path(folder) / f"{index}.yaml")]
        file = Path(folder) / "values.json"
        file.write_text(json.dumps(mapping(inputs, "values")), encoding="utf-8")
        yield [*arguments, "-f", str(file)]


def _asset_file(asset: Plain, copy: Path) -> str:
    if isinstance(asset, pulumi.FileAsset):
        return str(Path(asset.path).resolve())
    if isinstance(asset, pulumi.StringAsset):
        copy.write_text(asset.text, encoding="utf-8")
        return str(copy)
    raise ProviderError("valueYamlFiles takes file and string assets only")
