"""Requirements for a cluster other than its version: pod security, its domain, and its nodes."""

import re
from collections.abc import Collection
from http import HTTPStatus

from clients.cluster_api import ClusterApi, items, refusal
from model.json_values import at, entries, text
from model.names import PROJECT
from model.problem import InputError, Problem
from preflight.owners import INJECTOR, namespaces_of
from settings import parts

DOMAIN = "cluster.local"
"""The cluster's domain in charts and demos."""
CORE_DNS = "/api/v1/namespaces/kube-system/configmaps/coredns"
AMD64_ONLY = {
    parts.CIRCUIT_BREAKING: "demos.circuitBreaking.enabled",
    parts.PROGRESSIVE_DELIVERY: "demos.progressiveDelivery.enabled",
    parts.GITOPS_DELIVERY: "demos.progressiveDelivery.enabled",
}
"""The demos whose images are published for amd64 alone, by namespace, with the setting that leaves each out."""

REPLICAS = 3
"""The replicas of Linkerd's control plane with high availability, of which no two share a node."""
DESTINATION = f"/apis/apps/v1/namespaces/{parts.LINKERD}/deployments/linkerd-destination"
NODES = "/api/v1/nodes"
AUTOSCALERS = ("/apis/karpenter.sh", "/api/v1/namespaces/kube-system/configmaps/cluster-autoscaler-status")
"""The traces of Karpenter, which is part of EKS Auto Mode, and of the Cluster Autoscaler: they add nodes for pods."""
LABELS = ("metadata", "labels")
KEEPING_OFF = ("NoSchedule", "NoExecute")

ENFORCE = "pod-security.kubernetes.io/enforce"
ORDINARY = ("default", "kube-public", "kube-node-lease")
"""Namespaces that every cluster has, and that, unlike kube-system, are seldom exempt from its rules."""
MESHED_POD = {
    "apiVersion": "v1",
    "kind": "Pod",
    "metadata": {"name": "linkerd-workshop-preflight"},
    "spec": {
        "automountServiceAccountToken": False,
        "initContainers": [
            {
                "name": "linkerd-init",
                "image": "preflight.invalid/none",
                "securityContext": {
                    "allowPrivilegeEscalation": False,
                    "capabilities": {"add": ["NET_ADMIN", "NET_RAW"]},
                    "runAsNonRoot": True,
                    "runAsUser": 65534,
                    "seccompProfile": {"type": "RuntimeDefault"},
                },
            }
        ],
        "containers": [{"name": "none", "image": "preflight.invalid/none"}],
    },
}
"""A pod as the injector changes it: the init container sets up the packet filter."""


def check_pod_security(api: ClusterApi) -> list[Problem]:
    """Return the problem of a cluster that starts no meshed pod in a namespace without rules of its own.

    The server is asked to create one and to change nothing (`dryRun`). A server that does not know that, or does not
    let the user create pods there, says nothing about it. Where there is a mesh, its pods run.
    """
    if api.find(INJECTOR) is not None:
        return []
    there = namespaces_of(api)
    without_rules = (name for name in ORDINARY if name in there and not text(there[name], *LABELS, ENFORCE))
    place = next(without_rules, None)
    if place is None:
        return []
    try:
        answer = api.post(f"/api/v1/namespaces/{place}/pods?dryRun=All", MESHED_POD)
    except InputError:  # a webhook that takes too long
        return []
    reason = refusal(answer)
    if answer.status != HTTPStatus.FORBIDDEN or not reason or not re.search("PodSecurity|NET_ADMIN|capabilit", reason):
        return []
    rule = "Linkerd's init container needs NET_ADMIN in every meshed pod"
    fix = "Exempt the stack's namespaces from the cluster's pod security rules, or choose another cluster."
    return [Problem(api.address, f"it refuses meshed pods ({reason})", rule, fix)]


def check_domain(api: ClusterApi) -> list[Problem]:
    """Return the problem of a cluster with another domain, as far as CoreDNS' configuration shows it."""
    if api.find(INJECTOR) is not None:
        return []
    corefile = text(_readable(api, CORE_DNS), "data", "Corefile")
    zones = re.findall(r"^\s*kubernetes\s+([^{\n]*)", corefile, re.MULTILINE)
    names = [name.rstrip(".") for zone in zones for name in zone.split() if not name.endswith(".arpa")]
    if not names or DOMAIN in names:
        return []
    rule = f"certificates and addresses of the mesh are made for {DOMAIN}"
    return [Problem(api.address, f"its domain is {names[0]}", rule, f"Choose a cluster whose domain is {DOMAIN}.")]


def check_nodes(api: ClusterApi, namespaces: Collection[str]) -> list[Problem]:
    """Return the demos whose images run on none of the nodes; a cluster without nodes may get any."""
    wanted = sorted({AMD64_ONLY[each] for each in namespaces if each in AMD64_ONLY})
    if not wanted:
        return []
    found = {text(each, "metadata", "labels", "kubernetes.io/arch") for each in api.metadata(NODES)} - {""}
    if not found or "amd64" in found:
        return []
    commands = " and ".join(f"`pulumi config set --path '{PROJECT}:{each}' false`" for each in wanted)
    rule = f"the images of {' and '.join(each.rpartition('.')[0] for each in wanted)} are published for amd64 alone"
    return [Problem(api.address, f"its nodes are {', '.join(sorted(found))} only", rule, f"Add a node, or {commands}.")]


def check_node_count(api: ClusterApi) -> list[Problem]:
    """Return the problem of a cluster with too few nodes for high availability: an `up` would wait for them in vain.

    A cluster without nodes, or with an autoscaler, may get any number. Where the replicas run already, a node that is
    drained or lost is no reason to refuse other changes.
    """
    nodes = items(api.find(NODES))
    found = sum(map(_takes_pods, nodes))
    if not nodes or found >= REPLICAS or at(api.find(DESTINATION), "spec", "replicas") == REPLICAS:
        return []
    if any(_readable(api, each) is not None for each in AUTOSCALERS):
        return []
    rule = f"with highAvailability each of the control plane's {REPLICAS} replicas needs a node of its own"
    fix = (
        "Add nodes, or let more take pods (`kubectl get nodes`, `kubectl uncordon <node>`), "
        f"or `pulumi config set {PROJECT}:highAvailability false`."
    )
    return [Problem(api.address, f"{found} of its {len(nodes)} nodes take pods (Ready, no taint)", rule, fix)]


def _takes_pods(node: object) -> bool:
    """Return whether the scheduler may put a pod without tolerations there; a cordoned node also has a taint."""
    ready = any(
        text(each, "type") == "Ready" and text(each, "status") == "True"
        for each in entries(node, "status", "conditions")
    )
    tainted = any(text(each, "effect") in KEEPING_OFF for each in entries(node, "spec", "taints"))
    is_linux = text(node, "metadata", "labels", "kubernetes.io/os") in ("linux", "")
    return ready and is_linux and not tainted and at(node, "spec", "unschedulable") is not True


def _readable(api: ClusterApi, path: str) -> object:
    """Return what is at `path`; None also without permission to read it."""
    try:
        return api.find(path)
    except InputError:
        return None
