"""A Deployment with its Service and ServiceAccount, as every app of the workshop has them."""

from collections.abc import Mapping, Sequence
from typing import NotRequired, TypedDict

from pulumi import ComponentResource, Input, Output, ResourceOptions
from pulumi_kubernetes.apps.v1 import Deployment
from pulumi_kubernetes.core.v1 import (
    ContainerArgsDict,
    PodSpecArgsDict,
    SecurityContextArgsDict,
    Service,
    ServiceAccount,
)

from model.images import mirrored

SKIP_AWAIT = {"pulumi.com/skipAwait": "true"}
"""Annotation for Services: waiting for endpoints costs 10 s a Service, and the Deployment behind it is waited for."""

NOBODY = 65534
"""The user of containers that write no file and whose image would run as root."""

SECONDS_TO_DRAIN = 5
"""The time in which a terminating pod keeps answering; needs Kubernetes 1.30."""


def spread(labels: Mapping[str, str]) -> list[dict[str, object]]:
    """Return the constraints that keep the pods with `labels` on different nodes, and in different zones if they can.

    Only nodes that take the pods count, and only the newest pods: an update goes on while a node is drained.
    """
    pods = {"labelSelector": {"matchLabels": dict(labels)}, "matchLabelKeys": ["pod-template-hash"]}
    places = {"kubernetes.io/hostname": "DoNotSchedule", "topology.kubernetes.io/zone": "ScheduleAnyway"}
    return [
        {"maxSkew": 1, "topologyKey": key, "whenUnsatisfiable": otherwise, "nodeTaintsPolicy": "Honor", **pods}
        for key, otherwise in places.items()
    ]


class AppArgs(TypedDict):
    """The inputs that all apps of a demo share."""

    namespace: Input[str]
    """The namespace, meshed."""
    image_registry: str | None
    """A registry that mirrors all images; they come from their own ones if None."""
    pod_annotations: Mapping[str, Input[str]]
    """Annotations of every pod; a changed one restarts them."""


class ConfigFile(TypedDict):
    """One file in the container, from a ConfigMap."""

    config_map: Input[str]
    key: str
    """The ConfigMap's key with the contents."""
    path: str
    """The file's path in the container."""


class WorkloadArgs(TypedDict):
    """Inputs of a Workload."""

    name: str
    """The objects' name."""
    namespace: Input[str]
    image: Input[str]
    part_of: str
    """The demo's name, as a label."""
    arguments: NotRequired[Sequence[str]]
    """The container's arguments."""
    environment: NotRequired[Mapping[str, str]]
    """The container's environment variables."""
    port: NotRequired[int]
    """The port that the app listens on and its Service offers; no Service if left out."""
    readiness_path: NotRequired[str]
    """The path on `port` that answers 2xx when the app is ready; ready at once if left out."""
    replicas: int
    """The number of pods."""
    pod_annotations: Mapping[str, Input[str]]
    """Annotations of the pods; a changed one restarts them."""
    config_file: NotRequired[ConfigFile]
    user: NotRequired[int]
    """The numeric user that the container runs as; the image's own if left out."""
    read_only: NotRequired[bool]
    """True if the container can write none of its files; it can if left out."""
    architecture: NotRequired[str]
    """The only CPU architecture of the image, as Kubernetes names it; any if left out."""
    behind: NotRequired[str]
    """The Service that several workloads share instead of their own: the label `app`; the name is the label `class`."""


def app_workload(name: str, part_of: str, image: str, args: AppArgs) -> WorkloadArgs:
    """Return what a demo's apps have in common: one pod, in its namespace, with its annotations, from its registry."""
    return {
        "name": name,
        "namespace": args["namespace"],
        "image": mirrored(image, args["image_registry"]),
        "part_of": part_of,
        "replicas": 1,
        "pod_annotations": args["pod_annotations"],
    }


class Workload(ComponentResource):
    """One app: its pods, the account that they run as, and the Service in front of them."""

    service: Output[str]
    """The name of the Service; of the Deployment where there is none."""

    def __init__(self, name: str, args: WorkloadArgs, opts: ResourceOptions | None = None) -> None:
        super().__init__("linkerd-workshop:resources:Workload", name, {}, opts)
        child = ResourceOptions(parent=self)
        app, namespace = args["name"], args["namespace"]
        selector = {"class": app} if "behind" in args else {"app": app}
        labels = {"app": args.get("behind", app), **selector, "app.kubernetes.io/part-of": args["part_of"]}
        account = ServiceAccount(
            f"{name}-account",
            metadata={"name": app, "namespace": namespace, "labels": labels},
            automount_service_account_token=False,
            opts=child,
        )
        deployment = Deployment(
            f"{name}-deployment",
            metadata={"name": app, "namespace": namespace, "labels": labels},
            spec={
                "replicas": args["replicas"],
                "selector": {"match_labels": selector},
                "template": {
                    "metadata": {"labels": labels, "annotations": dict(args["pod_annotations"])},
                    "spec": pod_spec(args, account.metadata["name"]),
                },
            },
            opts=child,
        )
        self.service = deployment.metadata["name"]
        if "port" in args and "behind" not in args:
            service = Service(
                f"{name}-service",
                metadata={"name": app, "namespace": namespace, "labels": labels, "annotations": SKIP_AWAIT},
                spec={"selector": selector, "ports": [{"name": "service", "port": args["port"]}]},
                opts=child,
            )
            self.service = service.metadata["name"]
        self.register_outputs({"service": self.service})


def pod_spec(args: WorkloadArgs, account: Input[str]) -> PodSpecArgsDict:
    """Return the spec of the app's pods, with `account` as their ServiceAccount."""
    pod: PodSpecArgsDict = {"service_account_name": account, "containers": [_container(args)]}
    if "config_file" in args:
        pod["volumes"] = [{"name": "config", "config_map": {"name": args["config_file"]["config_map"]}}]
    if "architecture" in args:
        pod["node_selector"] = {"kubernetes.io/arch": args["architecture"]}
    return pod


def _container(args: WorkloadArgs) -> ContainerArgsDict:
    container: ContainerArgsDict = {
        "name": "service",
        "image": args["image"],
        "args": list(args.get("arguments", ())),
        "env": [{"name": key, "value": value} for key, value in args.get("environment", {}).items()],
        "resources": {"requests": {"cpu": "20m", "memory": "64Mi"}, "limits": {"memory": "512Mi"}},
        # Requests still arrive until every proxy knows that the pod terminates.
        "lifecycle": {"pre_stop": {"sleep": {"seconds": SECONDS_TO_DRAIN}}},
        "security_context": _security(args),
    }
    if "port" in args:
        container["ports"] = [{"name": "service", "container_port": args["port"]}]
    if "port" in args and "readiness_path" in args:
        container["readiness_probe"] = {"http_get": {"path": args["readiness_path"], "port": args["port"]}}
    if "config_file" in args:
        file = args["config_file"]
        container["volume_mounts"] = [{"name": "config", "mount_path": file["path"], "sub_path": file["key"]}]
    return container


def _security(args: WorkloadArgs) -> SecurityContextArgsDict:
    security: SecurityContextArgsDict = {
        "allow_privilege_escalation": False,
        "capabilities": {"drop": ["ALL"]},
        "seccomp_profile": {"type": "RuntimeDefault"},
    }
    if args.get("read_only"):
        security["read_only_root_filesystem"] = True
    if "user" in args:
        security["run_as_non_root"] = True
        security["run_as_user"] = args["user"]
    return security
