"""Checks that the parts of a stack fit each other and the cluster."""

from collections.abc import Collection, Iterator

from clients.cluster_api import ClusterApi, items
from model.charts import Part
from model.json_values import at, text
from model.problem import Problem
from preflight.compatibility import PINNED, Reader, Row, numbers, row
from versions import GATEWAY_API

READERS = {
    Part.LINKERD_CONTROL_PLANE: [Reader.LINKERD],
    Part.ARGO_ROLLOUTS: [Reader.ARGO_ROLLOUTS, Reader.PLUGIN],
    Part.ARGO_CD: [Reader.ARGO_CD],
    Part.LOAD_BALANCER_CONTROLLER: [Reader.LOAD_BALANCER_CONTROLLER],
    Part.EXTERNAL_DNS: [Reader.EXTERNAL_DNS],
}
CONTROLLERS = "/apis/apps/v1/deployments?labelSelector=app.kubernetes.io%2Fname%3Daws-load-balancer-controller"
CHOOSE = "Choose versions of compatibility.TABLE in versions.py, or add the row with its source."


def check_pins(parts: Collection[Part]) -> list[Problem]:
    """Return the pins of `versions.py` that do not fit each other, whatever the cluster is."""
    found: list[Problem] = []
    for reader in _readers(parts):
        known = row(reader, PINNED[reader])
        if known is None:
            rule = "the table of compatible versions has to know it"
            found.append(Problem("versions.py", f"{reader} is {PINNED[reader]}", rule, CHOOSE))
        elif not _reads(known, GATEWAY_API):
            rule = f"{reader} {PINNED[reader]} reads {known.gateway_api} ({known.source})"
            found.append(Problem("versions.py", f"Gateway API is {GATEWAY_API}", rule, CHOOSE))
    return found


def check_kubernetes(api: ClusterApi, parts: Collection[Part]) -> list[Problem]:
    """Return the problem of a Kubernetes that is too old, by the part that needs the newest."""
    body = api.get("/version").body
    digits = ["".join(filter(str.isdigit, text(body, part))) for part in ("major", "minor")]
    wanted = max(_rows(parts), key=lambda each: each.kubernetes, default=None)
    if wanted is None or (all(digits) and tuple(map(int, digits)) >= wanted.kubernetes):
        return []
    found = f"Kubernetes is {text(body, 'gitVersion') or 'of an unknown version'}"
    rule = f"{wanted.reader} {PINNED[wanted.reader]} needs {'.'.join(map(str, wanted.kubernetes))} or newer"
    return [Problem(api.address, found, rule, "Upgrade the cluster, or choose another context.")]


def unreadable(version: str, parts: Collection[Part]) -> list[str]:
    """Return the parts that cannot read a version of the Gateway API, as rules that it breaks."""
    return [
        f"{each.reader} {PINNED[each.reader]} reads {each.gateway_api}"
        for each in _rows(parts)
        if not _reads(each, version)
    ]


def check_load_balancer_controller(api: ClusterApi, version: str) -> list[Problem]:
    """Return the problems of the cluster's load balancer controllers with a version of the Gateway API."""
    found: list[Problem] = []
    for deployment in items(api.find(CONTROLLERS)):
        running = _image_tag(deployment)
        known = row(Reader.LOAD_BALANCER_CONTROLLER, running)
        if known is not None and not _reads(known, version):
            where = f"{api.address}, Deployment {text(deployment, 'metadata', 'namespace')}/{_name(deployment)}"
            rule = f"{known.reader} {running} needs {known.gateway_api} ({known.source})"
            fix = "Upgrade it to 3.3 or newer, or switch its Gateway API feature gates off."
            found.append(Problem(where, f"the Gateway API is {version}", rule, fix))
    return found


def _readers(parts: Collection[Part]) -> Iterator[Reader]:
    for part in parts:
        yield from READERS.get(part, ())


def _rows(parts: Collection[Part]) -> list[Row]:
    found = (row(reader, PINNED[reader]) for reader in _readers(parts))
    return [each for each in found if each is not None]


def _reads(known: Row, version: str) -> bool:
    if known.gateway_api is None:
        return True
    asked = numbers(version)
    return asked is not None and asked in known.gateway_api


def _name(deployment: object) -> str:
    return text(deployment, "metadata", "name")


def _image_tag(deployment: object) -> str:
    """Return the tag of the first container's image; empty if it has none."""
    containers = items({"items": at(deployment, "spec", "template", "spec", "containers")})
    return text(containers[0], "image").partition("@")[0].rpartition(":")[2] if containers else ""
