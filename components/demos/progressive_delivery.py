"""progressive-delivery: a new version of podinfo gets its requests step by step, and a client that shows it."""

from collections.abc import Mapping
from typing import NotRequired, TypedDict

from pulumi import ComponentResource, Input, Output, ResourceOptions

from components.resources.host_ingress import DEFAULT_EXPOSURE, Exposure
from components.resources.workload import NOBODY, Workload, WorkloadArgs
from components.traffic.canary import Canary, CanaryAnalysis
from components.traffic.public_host import PublicHost
from model.images import mirrored
from versions import CANARY_REPOSITORY, CURL_IMAGE

PART_OF, APP, ROLLOUT, ROUTE = "progressive-delivery", "podinfo", "rollouts-demo", "argo-rollouts-http-route"
PUBLISHED_FOR = "amd64"
PORT = 9898
WEIGHTS = (30, 40, 60, 80)
PAUSE_SECONDS = 10
PODINFO_USER = 100
ASKING = f"""\
trap 'exit 0' TERM
while :; do
  answer=$(curl --silent --show-error --fail --max-time 2 http://{APP}:{PORT}/version)
  version=$(echo "$answer" | sed -n 's/.*"version": "\\([^"]*\\)".*/\\1/p')
  echo "$(date +%T) ${{version:-failed}}"
  sleep 0.5
done
"""
"""The client: two requests a second, and each answer's version as a line of its log."""


class ProgressiveDeliveryArgs(TypedDict):
    """Inputs of a ProgressiveDelivery."""

    namespace: Input[str]
    """The name of the existing, meshed namespace."""
    version: NotRequired[str]
    """podinfo's version; another one starts a canary. 1.7.0 if left out."""
    random_errors: NotRequired[bool]
    """True if this version answers one request in three with an error, for an analysis to find."""
    analysis: NotRequired[CanaryAnalysis | None]
    """The analysis that aborts a bad canary; none if left out."""
    host: NotRequired[str | None]
    """The public DNS name; none if left out. Its load balancer is not meshed: it asks all pods alike."""
    exposure: NotRequired[Exposure]
    """The exposure of `host`; over plain HTTP, by a load balancer of its own, if left out."""
    repository: NotRequired[str]
    """podinfo's images, without a tag; the published ones if left out."""
    image_registry: NotRequired[str | None]
    """A registry that mirrors all images; they come from their own ones if left out."""
    client_image: NotRequired[str]
    """An image with a shell and curl; the pinned one if left out."""
    architecture: NotRequired[str | None]
    """The only CPU architecture of podinfo's images; that of the published ones, `amd64`, if left out, any if None."""
    pod_annotations: NotRequired[Mapping[str, Input[str]]]
    """Annotations of every pod; changed ones restart them, podinfo's by a canary."""


class ProgressiveDelivery(ComponentResource):
    """The demo of a canary."""

    url: Output[str]
    """The app's URL; the command that shows which versions answer the client where it has no public host."""

    def __init__(self, name: str, args: ProgressiveDeliveryArgs, opts: ResourceOptions | None = None) -> None:
        super().__init__("linkerd-workshop:demos:ProgressiveDelivery", name, {}, opts)
        child = ResourceOptions(parent=self)
        canary = Canary(
            f"{name}-canary",
            {
                "workload": _podinfo(args),
                "port": PORT,
                "rollout": ROLLOUT,
                "route": ROUTE,
                "weights": WEIGHTS,
                "pause_seconds": PAUSE_SECONDS,
                "analysis": args.get("analysis"),
            },
            child,
        )
        Workload(f"{name}-client", _client(args), child)
        self.url = Output.concat("kubectl -n ", args["namespace"], " logs deployment/client --follow")
        if host := args.get("host"):
            public = PublicHost(
                f"{name}-host",
                {
                    "name": APP,
                    "namespace": args["namespace"],
                    "service": canary.service,
                    "port": PORT,
                    "host": host,
                    "health_path": "/healthz",
                    "exposure": args.get("exposure", DEFAULT_EXPOSURE),
                },
                child,
            )
            self.url = public.url
        self.register_outputs({"url": self.url})


def _podinfo(args: ProgressiveDeliveryArgs) -> WorkloadArgs:
    workload: WorkloadArgs = {
        "name": APP,
        "namespace": args["namespace"],
        "part_of": PART_OF,
        "image": mirrored(
            f"{args.get('repository', CANARY_REPOSITORY)}:{args.get('version', '1.7.0')}", args.get("image_registry")
        ),
        "port": PORT,
        "readiness_path": "/readyz",
        "replicas": 2,
        "user": PODINFO_USER,
        "read_only": True,
        "architecture": args.get("architecture", PUBLISHED_FOR),
        "pod_annotations": args.get("pod_annotations", {}),
    }
    return {**workload, "arguments": ["./podinfo", "--random-error"]} if args.get("random_errors") else workload


def _client(args: ProgressiveDeliveryArgs) -> WorkloadArgs:
    return {
        "name": "client",
        "namespace": args["namespace"],
        "part_of": PART_OF,
        "image": mirrored(args.get("client_image", CURL_IMAGE), args.get("image_registry")),
        "arguments": ["sh", "-c", ASKING],
        "user": NOBODY,
        "read_only": True,
        "pod_annotations": args.get("pod_annotations", {}),
    }
