"""What a Helm release brings: the engine sees its values only, so the chart is rendered here, by helm."""

import json
import shutil
import subprocess
from collections.abc import Iterator
from functools import cache

import yaml

from model.json_values import Json, is_mapping, mapping
from policies.judged import UNKNOWN, Finding, Judged, of_kubernetes
from preflight.compatibility import TABLE

RELEASE = "kubernetes:helm.sh/v3:Release"
SECONDS = 120
KUBERNETES = ".".join(map(str, max(row.kubernetes for row in TABLE)))
"""The oldest Kubernetes that every part works with; helm would ask charts about one of its own, which may be older."""


class RenderError(Exception):
    """A chart cannot be rendered; the text says why."""


def find_unrenderable(judged: Judged) -> Iterator[Finding]:
    """Yield the releases whose objects cannot be rendered, and so not judged."""
    try:
        render_objects(judged)
    except RenderError as error:
        yield Finding(str(judged), f"its objects cannot be judged: {error}")


def list_objects(judged: Judged) -> list[Judged]:
    """Return the objects of a release; none if they cannot be rendered, which `find_unrenderable` reports."""
    try:
        return render_objects(judged)
    except RenderError:
        return []


def render_objects(judged: Judged) -> list[Judged]:
    """Return the objects of a release, none of anything else. Raises RenderError if helm is not there or refuses."""
    if judged.kind != RELEASE:
        return []
    inputs = judged.content
    name, namespace = str(inputs.get("name") or judged.name), str(inputs.get("namespace") or "default")
    values = json.dumps(mapping(inputs.get("values")), sort_keys=True)
    if UNKNOWN in values:
        raise RenderError("some of its values are not known before the up.")
    flags = ("--namespace", namespace, "--kube-version", KUBERNETES, "--include-crds", "--values", "-")
    return [of_kubernetes(_placed(each, namespace)) for each in _template((name, *_chart(inputs), *flags), values)]


@cache  # every policy asks
def _template(arguments: tuple[str, ...], values: str) -> list[Json]:
    helm = shutil.which("helm")
    if helm is None:
        raise RenderError("helm is not on PATH; `make policies` brings it.")
    done = subprocess.run(
        [helm, "template", *arguments], input=values, capture_output=True, text=True, timeout=SECONDS, check=False
    )
    if done.returncode:
        raise RenderError(" ".join(done.stderr.split())[-300:])
    return [document for document in yaml.safe_load_all(done.stdout) if is_mapping(document)]


def _chart(inputs: Json) -> tuple[str, ...]:
    """Return helm's arguments that say which chart is meant."""
    version, repository = inputs.get("version"), mapping(inputs.get("repositoryOpts")).get("repo")
    return (
        str(inputs.get("chart")),
        *(("--version", str(version)) if version else ()),
        *(("--repo", str(repository)) if repository else ()),
    )


def _placed(document: Json, namespace: str) -> Json:
    """Return an object with the namespace that helm puts it into if it names none."""
    return {**document, "metadata": {"namespace": namespace, **mapping(document.get("metadata"))}}
