"""A whole workshop on loopback: the API server, the apps behind it, their proxies' counters and the webhooks."""

import time
from collections.abc import Collection, Generator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from pathlib import Path

from clients.cluster_api import ClusterApi
from settings import Settings
from tests.doubles.api_server import Cluster, serving
from tests.doubles.workshop_apps import Bookshelf, FrontEnd, SlowCooker, listening, proxy
from tests.doubles.workshop_certificates import MeshCertificates
from workshop.verify.lines import Line, Status
from workshop.verify.scene import GroupCheck, Patience, Scene

ADMIN = 4191
IN_A_HURRY = Patience(window=0.3, settled=0, most=60, pause=0.05)
APPS: Mapping[str, tuple[str, ...]] = {
    "linkerd": ("identity", "destination", "proxy-injector"),
    "linkerd-viz": ("web", "tap"),
    "argo-rollouts": ("argo-rollouts",),
    "booksapp": ("webapp", "books", "authors", "traffic", "error-injector"),
    "podinfo": ("frontend-podinfo", "backend-a-podinfo", "backend-b-podinfo"),
    "circuit-breaking-demo": ("good", "bad", "slow-cooker"),
    "progressive-delivery": ("podinfo", "client"),
}
WEBHOOKS = {
    "linkerd-proxy-injector": ("mutating", "linkerd", "linkerd-proxy-injector", "proxy-injector-1"),
    "linkerd-sp-validator": ("validating", "linkerd", "linkerd-sp-validator", "destination-1"),
    "linkerd-policy-validator": ("validating", "linkerd", "linkerd-policy-validator", "destination-1"),
    "linkerd-tap-injector": ("mutating", "linkerd-viz", "tap-injector", "tap-1"),
    "tap": ("", "linkerd-viz", "tap", "tap-1"),
}
"""By name: kind, and namespace, Service and pod of the server."""
TAP = "/apis/apiregistration.k8s.io/v1/apiservices/v1alpha1.tap.linkerd.io"
CONFIG = "/api/v1/namespaces/linkerd/configmaps/linkerd-config"
ROUTES = "/apis/gateway.networking.k8s.io/v1/namespaces/{}/httproutes/{}"
ROLLOUT = "/apis/argoproj.io/v1alpha1/namespaces/progressive-delivery/rollouts/rollouts-demo"
LOG = "/api/v1/namespaces/progressive-delivery/pods/client-1/log?container=service&tailLines=20"
TRY = "/api/v1/namespaces/{}/pods?dryRun=All"
TAKEN = [{"type": "Accepted", "status": "True"}, {"type": "ResolvedRefs", "status": "True"}]


def pod(namespace: str, app: str, number: str = "1", *, meshed: bool = True, ready: bool = True) -> dict[str, object]:
    """Return a pod that has been running for long."""
    names = ["service", "linkerd-proxy"] if meshed else ["service"]
    return {
        "metadata": {"namespace": namespace, "name": f"{app}-{number}", "labels": {"app": app}},
        "spec": {"containers": [{"name": name} for name in names]},
        "status": {
            "phase": "Running",
            "podIP": "10.1.2.3",
            "containerStatuses": [{"name": name, "ready": ready} for name in names],
            "conditions": [{"type": "Ready", "status": "True", "lastTransitionTime": "2026-01-01T00:00:00Z"}],
        },
    }


def deployment(name: str = "one", replicas: int = 1, *, pods: int | None = None) -> dict[str, object]:
    """Return a Deployment that has so many pods: all that it wants if left out."""
    counts = dict.fromkeys(("replicas", "updatedReplicas", "availableReplicas"), replicas if pods is None else pods)
    return {
        "metadata": {"name": name, "generation": 1},
        "spec": {"replicas": replicas},
        "status": {"observedGeneration": 1, **counts},
    }


def list_of(namespace: str, *pods: dict[str, object]) -> dict[str, object]:
    """Return the answer that a namespace has these pods."""
    return {f"/api/v1/namespaces/{namespace}/pods": {"items": list(pods)}}


def route(*backends: tuple[str, int], header: tuple[str, str] | None = None) -> dict[str, object]:
    """Return a route that the mesh has taken."""
    matches = [{"headers": [{"name": header[0], "value": header[1]}]}] if header else []
    refs = [{"name": name, "weight": weight} for name, weight in backends]
    status = {"parents": [{"controllerName": "linkerd.io/policy-controller", "conditions": TAKEN}]}
    return {"spec": {"rules": [{"matches": matches, "backendRefs": refs}]}, "status": status}


def rollout(version: str = "1.7.0", phase: str = "Healthy", step: int = 8) -> dict[str, object]:
    """Return the Rollout; its eight steps are those of the demo."""
    steps = [step for weight in (30, 40, 60, 80) for step in ({"setWeight": weight}, {"pause": {"duration": 10}})]
    container = {"image": f"quay.example/podinfo:{version}"}
    return {
        "spec": {
            "strategy": {"canary": {"steps": steps}},
            "template": {"spec": {"containers": [container]}},
        },
        "status": {"phase": phase, "currentStepIndex": step},
    }


@dataclass(kw_only=True)
class SimulatedWorkshop:
    """A workshop in which everything is as it should be, until a test changes something."""

    shelf: Bookshelf = field(default_factory=Bookshelf)
    front: FrontEnd = field(default_factory=FrontEnd)
    cooker: SlowCooker = field(default_factory=SlowCooker)
    certificates: MeshCertificates = field(default_factory=MeshCertificates)
    proxies_hours: float = 20
    """For how long the proxies' certificates last."""
    cluster: Cluster = field(default_factory=Cluster)

    def __post_init__(self) -> None:
        answers = self.cluster.answers
        answers["/api/v1/nodes"] = {"items": [{"metadata": {"name": "node"}}]}
        for namespace, apps in APPS.items():
            answers.update(list_of(namespace, *(pod(namespace, app) for app in apps)))
            answers[f"/apis/apps/v1/namespaces/{namespace}/deployments"] = {"items": [deployment()]}
        answers[ROUTES.format("booksapp", "error-split")] = route(("books", 90), ("error-injector", 10))
        by_header = route(("backend-b-podinfo", 1), header=("x-request-id", "alternative"))
        answers[ROUTES.format("podinfo", "backend-router")] = by_header
        weights = route(("podinfo-stable", 100), ("podinfo-canary", 0))
        answers[ROUTES.format("progressive-delivery", "argo-rollouts-http-route")] = weights
        annotations = {"balancer.linkerd.io/failure-accrual": "consecutive"}
        answers["/api/v1/namespaces/circuit-breaking-demo/services/bb"] = {"metadata": {"annotations": annotations}}
        answers[CONFIG] = {"data": {"values": "clusterDomain: cluster.local\nclusterNetworks: 10.0.0.0/8,fd00::/8\n"}}
        answers[ROLLOUT] = rollout()
        answers[LOG] = "10:00:00 1.7.0\n10:00:01 1.7.0\n"
        self.cluster.posted.update({TRY.format(namespace): pod(namespace, "verify") for namespace in APPS})
        self._trust()

    def _trust(self) -> None:
        answers, certificates = self.cluster.answers, self.certificates
        answers["/api/v1/namespaces/linkerd/configmaps/linkerd-identity-trust-roots"] = {
            "data": {"ca-bundle.crt": certificates.anchor.pem}
        }
        issuer = certificates.issuer
        answers["/api/v1/namespaces/linkerd/secrets/linkerd-identity-issuer"] = {
            "data": {"tls.crt": issuer.base64, "tls.key": issuer.key_pem}
        }
        for name, (kind, namespace, service, pod_name) in WEBHOOKS.items():
            client = {
                "service": {"namespace": namespace, "name": service},
                "caBundle": certificates.authority.base64,
            }
            path = f"/apis/admissionregistration.k8s.io/v1/{kind}webhookconfigurations/{name}-webhook-config"
            available = {"conditions": [{"type": "Available", "status": "True"}]}
            answers[path if kind else TAP] = {
                "webhooks": [{"clientConfig": client}],
                "spec": client,
                "status": available,
            }
            slices = f"/apis/discovery.k8s.io/v1/namespaces/{namespace}/endpointslices"
            endpoints = [{"targetRef": {"name": pod_name}, "conditions": {"ready": True}}]
            part = {"ports": [{"port": list(WEBHOOKS).index(name) + 8000}], "endpoints": endpoints}
            answers[f"{slices}?labelSelector=kubernetes.io%2Fservice-name%3D{service}"] = {"items": [part]}

    @contextmanager
    def running(self, folder: Path) -> Generator[ClusterApi]:
        """Start the apps and the API server; give what asks it."""
        ports, self.cooker.start = self.cluster.ports, time.monotonic()
        with ExitStack() as stack:
            common = stack.enter_context(listening(proxy(str, self.proxies_hours)))
            ports.update({(f"{app}-1", ADMIN): common for apps in APPS.values() for app in apps})
            apps = {
                ("webapp-1", 7000): self.shelf.page,
                ("webapp-1", ADMIN): proxy(self.shelf.series, self.proxies_hours),
                ("frontend-podinfo-1", 9898): self.front.echo,
                ("slow-cooker-1", ADMIN): proxy(self.cooker.series, self.proxies_hours),
            }
            for where, app in apps.items():
                ports[where] = stack.enter_context(listening(app))
            for number, (_kind, namespace, service, pod_name) in enumerate(WEBHOOKS.values()):
                context = self.certificates.leaf(f"{service}.{namespace}.svc").server()
                ports[pod_name, 8000 + number] = stack.enter_context(listening(self.front.echo, context))
            path = stack.enter_context(serving(self.cluster, folder))
            yield ClusterApi(str(path), None)


@dataclass
class Case(SimulatedWorkshop):
    """A workshop, and what a check finds there."""

    check: GroupCheck
    failing: Mapping[str, str] = field(default_factory=dict[str, str])
    """By the name of each line that fails: what it says, as a pattern."""
    answers: Mapping[str, object] = field(default_factory=dict[str, object])
    """Additional answers of the API server, by path; None if nothing is there."""
    passing: Mapping[str, str] = field(kw_only=True, default_factory=dict[str, str])
    """What some of the other lines say."""
    settings: Mapping[str, object] = field(kw_only=True, default_factory=dict[str, object])
    requests: int | None = field(kw_only=True, default=200)
    """For the share of errors; as many as it needs if None."""

    def confirm(self, folder: Path) -> dict[str, Line]:
        """Run the check, and compare its lines with the expected ones; return them by their names."""
        self.cluster.answers.update(self.answers)
        for path in [path for path, answer in self.answers.items() if answer is None]:
            del self.cluster.answers[path]
        with self.running(folder) as api:
            scene = Scene(api, Settings.model_validate(self.settings), IN_A_HURRY, self.requests)
            lines = {line.name: line for line in self.check(scene)}
        assert list_failed(lines.values()) == set(self.failing)
        for name, seen in {**self.failing, **self.passing}.items():
            assert fnmatchcase(lines[name].seen, seen), lines[name]
        return lines


def list_failed(lines: Collection[Line]) -> set[str]:
    """Return the names of the lines that failed; each of them has to name a fix, and no other may."""
    for line in lines:
        assert bool(line.fix) == (line.status is Status.FAILED), f"{line} has no fix, or needs none"
        assert line.seen, f"{line} says nothing"
    return {line.name for line in lines if line.status is Status.FAILED}
