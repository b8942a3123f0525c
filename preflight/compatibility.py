"""Checks that the parts of a stack fit each other and the cluster, by a table of versions with its sources."""

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from model.charts import Part
from model.json_values import entries, text
from model.problem import Problem
from versions import (
    ARGO_CD_CHART,
    ARGO_ROLLOUTS_CHART,
    EXTERNAL_DNS_CHART,
    GATEWAY_API,
    LINKERD_CHART,
    LOAD_BALANCER_CONTROLLER,
    ROLLOUTS_PLUGIN_IMAGE,
)

if TYPE_CHECKING:  # the policy pack reads the table, and needs no client
    from clients.cluster_api import ClusterApi

Version = tuple[int, ...]


class Reader(StrEnum):
    """A part that reads the Gateway API, or that asks something of Kubernetes; its value is what people call it."""

    LINKERD = "Linkerd"
    PLUGIN = "the Gateway API plugin of Argo Rollouts"
    ARGO_ROLLOUTS = "Argo Rollouts' chart"
    ARGO_CD = "Argo CD's chart"
    LOAD_BALANCER_CONTROLLER = "the AWS Load Balancer Controller"
    EXTERNAL_DNS = "ExternalDNS' chart"


@dataclass(frozen=True)
class Span:
    """Versions from `oldest` to `newest`, both included; a bound covers all versions that begin with it."""

    oldest: Version
    newest: Version | None = None
    """None if no end is known."""

    def __contains__(self, version: Version) -> bool:
        """Return whether a version lies in the span."""
        return self.oldest <= version and (self.newest is None or version[: len(self.newest)] <= self.newest)

    def __str__(self) -> str:
        """Return the span as a person would say it."""
        oldest = ".".join(map(str, self.oldest))
        return f"{oldest} and newer" if self.newest is None else f"{oldest} to {'.'.join(map(str, self.newest))}"


@dataclass(frozen=True)
class Row:
    """The Gateway API and Kubernetes that some versions of a part work with."""

    reader: Reader
    versions: Span
    gateway_api: Span | None
    """None if these versions read none, or any."""
    kubernetes: Version
    """The oldest minor version."""
    source: str


READERS = {
    Part.LINKERD_CONTROL_PLANE: [Reader.LINKERD],
    Part.ARGO_ROLLOUTS: [Reader.ARGO_ROLLOUTS, Reader.PLUGIN],
    Part.ARGO_CD: [Reader.ARGO_CD],
    Part.LOAD_BALANCER_CONTROLLER: [Reader.LOAD_BALANCER_CONTROLLER],
    Part.EXTERNAL_DNS: [Reader.EXTERNAL_DNS],
}
CONTROLLERS = "/apis/apps/v1/deployments?labelSelector=app.kubernetes.io%2Fname%3Daws-load-balancer-controller"
CHOOSE = "Choose versions of compatibility.TABLE in versions.py, or add the row with its source."

ANY_KUBERNETES = (1, 0)

TABLE = (
    Row(
        Reader.LINKERD,
        Span((2025, 4, 4), (2026, 6, 2)),
        Span((1, 1, 1), (1, 2, 1)),
        (1, 23),
        "linkerd.io/2-edge/features/gateway-api (2.18, 2.19); kubeVersion of its charts",
    ),
    Row(
        Reader.LINKERD,
        Span((2026, 6, 3), (2026, 8)),
        Span((1, 2, 1), (1, 5, 1)),
        (1, 31),
        "linkerd.io/2-edge/features/gateway-api (2.20); kubeVersion of its charts",
    ),
    Row(
        Reader.PLUGIN, Span((0, 3, 0), (0, 12)), Span((1, 0, 0)), ANY_KUBERNETES, "release notes of 0.3.0: HTTPRoute v1"
    ),
    Row(
        Reader.PLUGIN,
        Span((0, 13, 0), (0, 15)),
        Span((1, 2, 0)),
        ANY_KUBERNETES,
        "release notes of 0.13.0: rules have names",
    ),
    Row(Reader.ARGO_ROLLOUTS, Span((2, 41, 0), (2, 41)), None, ANY_KUBERNETES, "Chart.yaml, without a kubeVersion"),
    Row(Reader.ARGO_CD, Span((10, 0, 0), (10,)), None, (1, 25), "kubeVersion of Chart.yaml"),
    Row(Reader.EXTERNAL_DNS, Span((1, 21, 0), (1, 21)), None, ANY_KUBERNETES, "Chart.yaml, without a kubeVersion"),
    Row(
        Reader.LOAD_BALANCER_CONTROLLER,
        Span((2, 0, 0), (3, 1)),
        None,
        (1, 22),
        "no Gateway API unless a feature gate is set; its installation guide (1.22 from 2.5 on)",
    ),
    Row(
        Reader.LOAD_BALANCER_CONTROLLER,
        Span((3, 2, 0), (3, 2)),
        Span((1, 5, 0)),
        (1, 22),
        "kubernetes-sigs/aws-load-balancer-controller issues 4684, 4699, 4712: ends without ListenerSet",
    ),
    Row(
        Reader.LOAD_BALANCER_CONTROLLER,
        Span((3, 3, 0), (3, 5)),
        None,
        (1, 22),
        "starts a controller only for the kinds that are there; its installation guide (1.22 from 2.5 on)",
    ),
)

PINNED = {
    Reader.LINKERD: LINKERD_CHART,
    Reader.PLUGIN: ROLLOUTS_PLUGIN_IMAGE.rpartition(":v")[2],
    Reader.ARGO_ROLLOUTS: ARGO_ROLLOUTS_CHART,
    Reader.ARGO_CD: ARGO_CD_CHART,
    Reader.LOAD_BALANCER_CONTROLLER: LOAD_BALANCER_CONTROLLER,
    Reader.EXTERNAL_DNS: EXTERNAL_DNS_CHART,
}
"""The versions that the program installs."""


def numbers(version: str) -> Version | None:
    """Return the numbers of a version such as `v1.5.1-rc.1`; None if it is none."""
    parts = version.removeprefix("v").partition("-")[0].partition("+")[0].split(".")
    return tuple(map(int, parts)) if all(part.isascii() and part.isdigit() for part in parts) else None


def row(reader: Reader, version: str) -> Row | None:
    """Return the row of a version of a part; None if there is none."""
    asked = numbers(version)
    return next((each for each in TABLE if each.reader == reader and asked and asked in each.versions), None)


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


def check_kubernetes(api: "ClusterApi", parts: Collection[Part]) -> list[Problem]:
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


def check_load_balancer_controller(api: "ClusterApi", version: str) -> list[Problem]:
    """Return the problems of the cluster's load balancer controllers with a version of the Gateway API."""
    found: list[Problem] = []
    for deployment in entries(api.find(CONTROLLERS), "items"):
        containers = entries(deployment, "spec", "template", "spec", "containers")
        running = text(next(iter(containers), None), "image").partition("@")[0].rpartition(":")[2]
        known = row(Reader.LOAD_BALANCER_CONTROLLER, running)
        if known is not None and not _reads(known, version):
            name = "/".join(text(deployment, "metadata", key) for key in ("namespace", "name"))
            rule = f"{known.reader} {running} needs {known.gateway_api} ({known.source})"
            fix = "Upgrade it to 3.3 or newer, or switch its Gateway API feature gates off."
            found.append(Problem(f"{api.address}, Deployment {name}", f"the Gateway API is {version}", rule, fix))
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
