"""Whose the cluster's Gateway API definitions are, and whether everything that reads them knows their version."""

from collections.abc import Collection

from clients.cluster_api import ClusterApi
from model.charts import Part
from model.json_values import text
from model.names import GATEWAY_API_RELEASE, PROJECT
from model.problem import Problem
from preflight.compatibility_check import check_load_balancer_controller, unreadable
from preflight.owners import definitions
from versions import GATEWAY_API

DEFINITION = "httproutes.gateway.networking.k8s.io"


def check(api: ClusterApi, *, installs: bool, parts: Collection[Part]) -> list[Problem]:
    """Return what keeps `parts` from finding the definitions that they need, with one owner."""
    definition = definitions(api).get(DEFINITION)
    if installs:
        foreign = [] if definition is None else _foreign(api, definition, parts)
        return foreign or check_load_balancer_controller(api, GATEWAY_API)
    if definition is None:
        return [_absent(api)]
    version = _version(definition)
    rules = unreadable(version, parts)
    return [_unreadable(api, version, " and ".join(rules))] if rules else []


def _version(definition: object) -> str:
    return text(definition, "metadata", "annotations", "gateway.networking.k8s.io/bundle-version").removeprefix("v")


def _where(api: ClusterApi) -> str:
    return f"{api.address}, {DEFINITION}"


def _absent(api: ClusterApi) -> Problem:
    cure = f"Install them, or set `{PROJECT}:gatewayApi.install` to true."
    return Problem(_where(api), "there is no Gateway API", "with gatewayApi.install false it has to be there", cure)


def _foreign(api: ClusterApi, definition: object, parts: Collection[Part]) -> list[Problem]:
    annotations = ("metadata", "annotations")
    release = tuple(text(definition, *annotations, f"meta.helm.sh/release-{part}") for part in ("namespace", "name"))
    if release == GATEWAY_API_RELEASE:
        return []
    version = _version(definition)
    found = f"Gateway API {version or 'of an unknown version'} is there"
    found += f" by Helm release {'/'.join(release)}" if all(release) else ", owned by somebody else"
    rule = f"this stack is going to install {GATEWAY_API}, and two owners would delete each other's routes"
    fits = f"Set `{PROJECT}:gatewayApi.install` to false to use what is there."
    return [Problem(_where(api), found, rule, _cure() if unreadable(version, parts) else fits)]


def _unreadable(api: ClusterApi, version: str, rule: str) -> Problem:
    return Problem(_where(api), f"Gateway API is {version or 'of an unknown version'}", rule, _cure())


def _cure() -> str:
    return f"Let its owner bring it to {GATEWAY_API}, or choose another cluster."
