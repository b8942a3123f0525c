"""The demo of a canary in a sandbox with the Argo Rollouts controller, and what happens to its weights."""

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from threading import Event, Thread
from typing import Self

from pulumi import ResourceOptions, ResourceTransformArgs, ResourceTransformResult
from pulumi_kubernetes import Provider
from pulumi_kubernetes.core.v1 import Namespace
from pulumi_kubernetes.helm.v3 import Release

from charts import archive
from charts.definitions import ARGO_ROLLOUTS_CRDS, GATEWAY_API_CRDS
from components.delivery.argo_rollouts import ArgoRollouts
from components.demos.progressive_delivery import ProgressiveDelivery
from model.json_values import Json, mapping, mappings
from sandbox import charts, paths
from sandbox.api_client import ApiClient
from tests.components.arguments import CANARY
from tests.components.charts import ROLLOUTS as CONTROLLER
from tests.sandbox.sandbox_command import eventually

NAMESPACE = "progressive-delivery"
ROUTES = f"/apis/gateway.networking.k8s.io/v1/namespaces/{NAMESPACE}/httproutes"
ROLLOUTS = f"/apis/argoproj.io/v1alpha1/namespaces/{NAMESPACE}/rollouts"
LONGEST_SECONDS = 600
POLL_SECONDS = 0.2


def unrelated(args: ResourceTransformArgs) -> ResourceTransformResult | None:
    """Label every object: a change of things that no controller writes."""
    if not args.type_.startswith("kubernetes:") or "helm.sh" in args.type_:
        return None
    metadata = mapping(args.props["metadata"])
    labels = {**mapping(metadata.get("labels")), "changed": "in-between"}
    return ResourceTransformResult({**args.props, "metadata": {**metadata, "labels": labels}}, args.opts)


@dataclass
class Demo:
    """A program, with what may change between two runs of it."""

    home: paths.Home
    archives: Path
    version: str = "1.7.0"
    changed: bool = False

    def __post_init__(self) -> None:
        """Package the charts."""
        for published in charts.DEFINITIONS:
            charts.package_definitions(self.archives, published)
        archive.write(self.archives, archive.folder_files(paths.CHART_DOUBLES / "argo-rollouts"))

    def __call__(self) -> None:
        """Run the program."""
        provider = Provider("p", kubeconfig=str(self.home.kubeconfig), enable_config_map_mutable=True)
        own = ResourceOptions(provider=provider)
        namespaces = {
            name: Namespace(name, metadata={"name": name}, opts=own).metadata["name"]
            for name in ("argo-rollouts", NAMESPACE)
        }
        gateway_api = str(self.archives / GATEWAY_API_CRDS.archive_name)
        routes = Release("routes", name="gateway-api-crds", namespace="kube-system", chart=gateway_api, opts=own)
        (chart,) = self.archives.glob("argo-rollouts-2*.tgz")
        controller = ArgoRollouts(
            "argo-rollouts",
            {
                **CONTROLLER,
                "namespace": namespaces["argo-rollouts"],
                "crds_chart": {"chart": str(self.archives / ARGO_ROLLOUTS_CRDS.archive_name)},
                "chart": {"chart": str(chart)},
            },
            ResourceOptions(providers=[provider]),
        )
        after = ResourceOptions(
            providers=[provider],
            depends_on=[controller, routes],
            transforms=[unrelated] if self.changed else [],
        )
        ProgressiveDelivery("demo", {**CANARY, "namespace": namespaces[NAMESPACE], "version": self.version}, after)


@dataclass
class Watch:
    """Reads the canary's weight again and again, in a thread of its own."""

    client: ApiClient
    seen: list[int] = field(default_factory=list[int])
    """Every weight that differs from the one before."""
    ended: Event = field(default_factory=Event)

    def __enter__(self) -> Self:
        """Begin."""
        Thread(target=self._read, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        """End."""
        self.ended.set()

    def _read(self) -> None:
        while not self.ended.wait(POLL_SECONDS):
            weight = self.weight()
            if weight is not None and self.seen[-1:] != [weight]:
                self.seen.append(weight)

    def route(self) -> Json:
        """Return the route."""
        return mapping(self.client.get(f"{ROUTES}/argo-rollouts-http-route"))

    def weight(self) -> int | None:
        """Return the canary's weight."""
        for rule in mappings(mapping(self.route().get("spec")).get("rules")):
            for backend in mappings(rule["backendRefs"]):
                if backend["name"] == "podinfo-canary":
                    return int(str(backend["weight"]))
        return None

    def phase(self) -> str:
        """Return what the controller says of the Rollout."""
        status = mapping(mapping(self.client.get(f"{ROLLOUTS}/rollouts-demo")).get("status"))
        return str(status.get("phase"))

    def until(self, condition: Callable[[], bool], what: str) -> None:
        """Wait for a condition."""
        assert eventually(condition, LONGEST_SECONDS), f"no {what} in {LONGEST_SECONDS} s; weights so far: {self.seen}"
