"""Secrets in clear: in a pod, a ConfigMap or a Helm release, where everybody who may read these sees them."""

import base64
import binascii
import json
from collections.abc import Iterator
from functools import cache

from detect_secrets.core.scan import scan_line
from detect_secrets.settings import get_settings

from model.json_values import is_list, is_mapping, mapping, mappings
from policies.judged import Finding, Judged, containers

DETECTORS = (
    *("AWSKeyDetector", "AzureStorageKeyDetector", "BasicAuthDetector", "GitHubTokenDetector", "GitLabTokenDetector"),
    *("JwtTokenDetector", "KeywordDetector", "PrivateKeyDetector", "SlackDetector", "StripeDetector"),
)
"""Detectors of a secret's form or name; those that only measure entropy find certificates, too."""
CHARTS = ("kubernetes:helm.sh/v3:Release", "kubernetes:helm.sh/v4:Chart")


def find_exposed_secrets(judged: Judged) -> Iterator[Finding]:
    """Yield what looks like a secret in an environment, a ConfigMap or chart values."""
    for container in containers(judged):
        for variable in mappings(container.content.get("env")):
            yield from _named(f"{container.where}, variable", str(variable.get("name")), variable.get("value"))
    if judged.kind == "ConfigMap":
        yield from _config_map(judged)
    if judged.kind in CHARTS:
        for key, value in _leaves(judged.content.get("values"), ""):
            yield from _named(f"{judged}, value", key, value)


def _config_map(judged: Judged) -> Iterator[Finding]:
    for key, value in mapping(judged.content.get("data")).items():
        yield from _named(f"{judged}, key", key, value)
    for key, value in mapping(judged.content.get("binaryData")).items():
        yield from _named(f"{judged}, key", key, _decoded(str(value)))


def _named(where: str, key: str, value: object) -> Iterator[Finding]:
    """Yield what looks like a secret in a value that has a name."""
    if not isinstance(value, str):
        return
    lines = value.splitlines() if "\n" in value else [f"{key.rpartition('.')[2]}: {json.dumps(value)}"]
    kinds = sorted({kind for line in lines for kind in _kinds(line)})
    if kinds:
        yield Finding(f"{where} {key}", f"it looks like a secret ({', '.join(kinds)}): use a Secret")


def _kinds(line: str) -> set[str]:
    _choose_detectors()
    return {found.type for found in scan_line(line)}


@cache
def _choose_detectors() -> None:
    get_settings().configure_plugins([{"name": name} for name in DETECTORS])


def _decoded(value: str) -> str:
    try:
        return base64.b64decode(value).decode(errors="replace")
    except binascii.Error:
        return value


def _leaves(value: object, path: str) -> Iterator[tuple[str, object]]:
    """Yield the scalars of chart values with their paths."""
    if is_mapping(value):
        for key, each in value.items():
            yield from _leaves(each, f"{path}.{key}" if path else key)
    elif is_list(value):
        for number, each in enumerate(value):
            yield from _leaves(each, f"{path}[{number}]")
    else:
        yield path, value
