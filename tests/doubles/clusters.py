"""Clusters in the states that a preflight distinguishes, and what it finds there."""

from dataclasses import replace
from pathlib import Path

from clients.cluster_api import ClusterApi
from model.charts import Part
from model.problem import InputError, Problem
from preflight import helm_records
from preflight.cluster import Expectations, Facts, inspect
from tests.doubles.api_server import GATEWAY, Cluster, serving

PARTS = [Part.GATEWAY_API_CRDS, Part.LINKERD_CONTROL_PLANE, Part.ARGO_ROLLOUTS]
STACK = Expectations("test", ["linkerd", "booksapp"], PARTS)
CRDS = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions"
COREDNS = "/api/v1/namespaces/kube-system/configmaps/coredns"
COREFILE = ".:53 {{\n    errors\n    kubernetes {} in-addr.arpa ip6.arpa {{\n       pods insecure\n    }}\n}}\n"


def inspect_cluster(cluster: Cluster, folder: Path, expected: Expectations = STACK) -> Facts | list[Problem]:
    with serving(cluster, folder) as path:
        try:
            return inspect(ClusterApi(str(path), None), expected)
        except InputError as error:
            return list(error.problems)


def only(cluster: Cluster, folder: Path, expected: Expectations = STACK) -> Problem:
    found = inspect_cluster(cluster, folder, expected)
    assert isinstance(found, list)
    assert len(found) == 1, found
    return found[0]


def with_answers(**answers: object) -> Cluster:
    cluster = Cluster()
    cluster.answers |= answers
    return cluster


def kubernetes(major: str, minor: str, version: str = "v1.30.1") -> Cluster:
    return with_answers(**{"/version": {"major": major, "minor": minor, "gitVersion": version}})


def owned(release: tuple[str, str] | None) -> dict[str, str]:
    """Return the annotations by which Helm marks what it owns."""
    keys = ("meta.helm.sh/release-namespace", "meta.helm.sh/release-name")
    return dict(zip(keys, release, strict=True)) if release else {}


def gateway_api(version: str, release: tuple[str, str] | None = None) -> Cluster:
    annotations = {"gateway.networking.k8s.io/bundle-version": version, **owned(release)}
    return with_answers(**{GATEWAY: {"metadata": {"annotations": annotations}}})


def defined(name: str, release: tuple[str, str] | None, manager: str = "Helm") -> Cluster:
    labels = {"app.kubernetes.io/managed-by": manager}
    return with_answers(**{f"{CRDS}/{name}": {"metadata": {"annotations": owned(release), "labels": labels}}})


def namespace(name: str, stack: str | None, **labels: str) -> dict[str, object]:
    annotations = {"linkerd-workshop/stack": stack} if stack else {}
    return {f"/api/v1/namespaces/{name}": {"metadata": {"name": name, "annotations": annotations, "labels": labels}}}


def records(*statuses: str) -> Cluster:
    """Return a cluster with Helm's records of linkerd-crds: one a revision, the last one tenth or later."""
    labels = [{"name": "linkerd-crds", "version": str(n), "status": each} for n, each in enumerate(statuses, 9)]
    secrets = [{"metadata": {"namespace": "linkerd", "labels": each}} for each in labels]
    return with_answers(**{helm_records.PATH: {"items": secrets}})


def admitting(status: int, message: str, **labels: str) -> Cluster:
    """Return a cluster that answers so about a pod in the namespace `default`, which has these labels."""
    return replace(with_answers(**namespace("default", None, **labels)), admits=(status, message))


def resolving(zones: str) -> Cluster:
    return with_answers(**{COREDNS: {"data": {"Corefile": COREFILE.format(zones)}}})
