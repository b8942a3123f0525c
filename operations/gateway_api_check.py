"""Whose the cluster's Gateway API definitions are, and whether Linkerd reads their version."""

from conventions import GATEWAY_API_RELEASE, PROJECT
from operations.cluster_api import ClusterApi, text
from operations.problem import Problem
from versions import GATEWAY_API, GATEWAY_API_READ_BY_LINKERD

DEFINITION = "httproutes.gateway.networking.k8s.io"
PATH = f"/apis/apiextensions.k8s.io/v1/customresourcedefinitions/{DEFINITION}"


def check(api: ClusterApi, *, installs: bool) -> list[Problem]:
    """Return what keeps the mesh from finding the definitions that it needs, with one owner."""
    definition = api.find(PATH)
    if definition is None:
        return [] if installs else [_absent(api)]
    annotations = ("metadata", "annotations")
    release = tuple(text(definition, *annotations, f"meta.helm.sh/release-{part}") for part in ("namespace", "name"))
    version = text(definition, *annotations, "gateway.networking.k8s.io/bundle-version").removeprefix("v")
    if release == GATEWAY_API_RELEASE:
        return []
    if installs:
        return [_foreign(api, version, "/".join(release) if all(release) else "")]
    return [] if _readable(version) else [_unreadable(api, version)]


def _readable(version: str) -> bool:
    parts = version.split("-", maxsplit=1)[0].split(".")
    if not all(part.isdigit() for part in parts):
        return False
    oldest, newest = GATEWAY_API_READ_BY_LINKERD
    return oldest <= tuple(map(int, parts)) <= newest


def _where(api: ClusterApi) -> str:
    return f"{api.address}, {DEFINITION}"


def _absent(api: ClusterApi) -> Problem:
    cure = f"Install them, or set `{PROJECT}:gatewayApi.install` to true."
    return Problem(_where(api), "there is no Gateway API", "with gatewayApi.install false it has to be there", cure)


def _foreign(api: ClusterApi, version: str, release: str) -> Problem:
    found = f"Gateway API {version or 'of an unknown version'} is there"
    found += f" by Helm release {release}" if release else ", owned by somebody else"
    rule = f"this stack is going to install {GATEWAY_API}, and two owners would delete each other's routes"
    fits = f"Set `{PROJECT}:gatewayApi.install` to false to use what is there."
    return Problem(_where(api), found, rule, fits if _readable(version) else _cure())


def _unreadable(api: ClusterApi, version: str) -> Problem:
    oldest, newest = (".".join(map(str, bound)) for bound in GATEWAY_API_READ_BY_LINKERD)
    found = f"Gateway API is {version or 'of an unknown version'}"
    return Problem(_where(api), found, f"the pinned Linkerd reads {oldest} to {newest}", _cure())


def _cure() -> str:
    return f"Let its owner bring it to {GATEWAY_API}, or choose another cluster."
