"""The one simulated node, and the stages by which kwok plays the kubelet."""

from pathlib import Path

from model.json_values import Json, mapping, mappings
from sandbox import paths
from sandbox.api_client import ApiClient
from sandbox.go_modules import module_folder

NODE = "sandbox-node"
ROOM = {"cpu": "1000", "memory": "4Ti", "pods": "10000"}


def stages() -> list[Path]:
    """Folders of kwok's stages: a node that is ready, and pods that start and end at once."""
    folder = module_folder(paths.TOOL_MODULES / "control-plane", "sigs.k8s.io/kwok") / "kustomize" / "stage"
    return [folder / "node" / "fast", folder / "node" / "heartbeat", folder / "pod" / "fast"]


def node() -> Json:
    """The node, large enough for everything."""
    labels = {
        "kubernetes.io/hostname": NODE,
        "kubernetes.io/os": "linux",
        "kubernetes.io/arch": "amd64",
        "node.kubernetes.io/instance-type": "simulated",
    }
    metadata = {"name": NODE, "labels": labels, "annotations": {"kwok.x-k8s.io/node": "fake"}}
    return {"apiVersion": "v1", "kind": "Node", "metadata": metadata, "spec": {}}


def make_node(client: ApiClient) -> bool:
    """Create the node with its room; true, as it raises if it cannot."""
    path = f"/api/v1/nodes/{NODE}"
    client.apply(path, node())
    status = {"status": {"capacity": ROOM, "allocatable": ROOM}}
    client.apply(f"{path}/status", {"apiVersion": "v1", "kind": "Node", "metadata": {"name": NODE}} | status)
    return True


def node_ready(client: ApiClient) -> bool:
    """Whether the node says that it is ready."""
    found = client.get(f"/api/v1/nodes/{NODE}")
    conditions = mapping(mapping(found).get("status")).get("conditions")
    return any(each.get("type") == "Ready" and each.get("status") == "True" for each in mappings(conditions))
