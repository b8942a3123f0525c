"""The inputs of a release: completed, and tried by rendering the chart with them."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

import pulumi
import yaml
from pulumi.provider.experimental.provider import CheckFailure, CheckRequest, CheckResponse

from sandbox.providers.errors import ProviderError
from sandbox.providers.kubernetes.helm import Helm
from sandbox.providers.kubernetes.manifests import mapping, sequence, text
from sandbox.providers.kubernetes.naming import generated
from sandbox.providers.kubernetes.normalizing import is_crd
from sandbox.providers.kubernetes.rendering import rendered
from sandbox.providers.property_values import Object, copy_secrets, from_plain, has_unknown, plain_map

if TYPE_CHECKING:
    from pulumi.provider.experimental.property_value import PropertyValue

    from sandbox.providers.kubernetes.connection import Connection
    from sandbox.providers.property_values import Plain

_DEFAULT_SECONDS = 300
_OUTPUTS = ("resourceNames", "compat", "status", "manifest")
_NOT_KNOWN = ("keyring", "postrender", "verify")


def completed(connection: Connection, request: CheckRequest) -> CheckResponse:
    """Complete the inputs with name, namespace, timeout and the chart's version; fail if it cannot be rendered."""
    given = {key: value for key, value in request.new_inputs.items() if key not in _OUTPUTS}
    for key in _NOT_KNOWN:
        if key in given:
            raise ProviderError(f"{request.name}: the stand-in for the kubernetes provider does not know {key}")
    old = plain_map(request.old_inputs)
    inputs = _with_defaults(connection, plain_map(given), old, request)
    if has_unknown(inputs):
        return CheckResponse(inputs=_marked(inputs, given))
    try:
        inputs = _with_files(inputs)
        inputs["version"] = text(Helm(connection).show_chart(inputs), "version")
        if inputs != old:
            _try(connection, inputs)
    except ProviderError as error:  # a failure that names a property makes the engine print its value
        failure = CheckFailure("", f"{error}; check the chart's name, version, repository and values")
        return CheckResponse(inputs=_marked(inputs, given), failures=[failure])
    return CheckResponse(inputs=_marked(inputs, given))


def _with_defaults(connection: Connection, inputs: Object, old: Object, request: CheckRequest) -> Object:
    inputs["name"] = inputs.get("name") or old.get("name") or generated(request.name, request.random_seed)
    inputs["namespace"] = inputs.get("namespace") or connection.settings.namespace
    if inputs.get("skipAwait") is not True:
        inputs.setdefault("timeout", _DEFAULT_SECONDS)
    return inputs


def _with_files(inputs: Object) -> Object:
    """Fold the value files into the values, so that a change of a file is a change of the release."""
    values: Object = {}
    for asset in sequence(inputs, "valueYamlFiles"):
        values = _merged(values, _loaded(asset))
    rest = {key: value for key, value in inputs.items() if key != "valueYamlFiles"}
    merged = _merged(values, mapping(inputs, "values"))
    return {**rest, "values": merged} if merged or "values" in inputs else rest


def _loaded(asset: Plain) -> Object:
    try:
        if isinstance(asset, pulumi.FileAsset):
            with open(asset.path, encoding="utf-8") as file:  # noqa: PTH123 (an asset's path may be of any kind)
                return mapping(cast("Plain", yaml.safe_load(file)))
        if isinstance(asset, pulumi.StringAsset):
            return mapping(cast("Plain", yaml.safe_load(asset.text)))
    except (OSError, yaml.YAMLError) as error:
        raise ProviderError(f"a value file cannot be read: {error}") from error
    raise ProviderError("valueYamlFiles takes file and string assets only")


def _merged(left: Object, right: Object) -> Object:
    result = dict(left)
    for key, value in right.items():
        mine = result.get(key)
        result[key] = _merged(mine, value) if isinstance(mine, dict) and isinstance(value, dict) else value
    return result


def _try(connection: Connection, inputs: Object) -> None:
    """Render the chart, and remember the scope of kinds that it brings for objects later in the same preview."""
    objects = rendered(connection, inputs, text(inputs, "name"), text(inputs, "namespace"))
    if cluster := connection.reachable():
        for manifest in filter(is_crd, objects):
            cluster.discovery.declare(manifest)


def _marked(inputs: Object, given: dict[str, PropertyValue]) -> dict[str, PropertyValue]:
    return copy_secrets({key: from_plain(value) for key, value in inputs.items()}, given)
