"""Starts the control plane's components and the simulated nodes, and stops them."""

import os
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

from model.json_values import Json, mapping, mappings
from sandbox import commands, paths, ports, tools
from sandbox.api_client import ApiClient
from sandbox.builds import module_folder
from sandbox.certificates import ensure_certificates, write_kubeconfig
from sandbox.console import SandboxError, say
from sandbox.paths import PROJECT, Home
from sandbox.processes import last_line, recorded, running, start, stop

# In the order of their start; they stop in reverse, so that none reports errors about one that has stopped.
STOP_ORDER = (("aws-controllers",), ("aws", *tools.CLIENTS), ("kube-apiserver",), ("etcd", "services"))
COMPONENTS = (*tools.CONTROL_PLANE, "services")
START_SECONDS = 90.0
POLL_SECONDS = 0.05
ATTEMPTS = 4
PORT_TAKEN = "address already in use"
NODES = {f"sandbox-node-{zone}": f"sandbox-{zone}" for zone in "abc"}
"""The zone of each node; high availability needs three."""
ROOM = {"cpu": "1000", "memory": "4Ti", "pods": "10000"}


def start_on_free_ports(home: Home, programs: dict[str, Path], stages: list[Path]) -> None:
    """Start every component; choose new ports if another program took one."""
    for _ in range(ATTEMPTS - 1):
        try:
            return start_components(home, ports.choose(home), programs, stages)
        except SandboxError as error:
            if PORT_TAKEN not in str(error):
                raise
            say("a port was taken by another program just now; other ports are tried, the kubeconfig follows")
            ports.forget(home)
    return start_components(home, ports.choose(home), programs, stages)


def start_components(home: Home, chosen: ports.Ports, programs: dict[str, Path], stages: list[Path]) -> None:
    """Start every component and wait for each to answer; on failure nothing is left running."""
    ensure_certificates(home.certificates, commands.FIRST_SERVICE_ADDRESS)
    write_kubeconfig(home.kubeconfig, home.certificates, chosen.api)
    commands.write_egress(home)
    client = ApiClient(chosen.api, home.certificates)
    lines = command_lines(home, chosen, programs, stages)
    try:
        for name in ("services", "etcd", "kube-apiserver"):
            start(home, name, lines[name], os.environ | {"PYTHONPATH": str(PROJECT)})
        wait(home, client.ready, "kube-apiserver", "the API server to be ready")
        for name in ("kube-controller-manager", "kube-scheduler", "kwok"):
            start(home, name, lines[name])
        for name, zone in NODES.items():
            wait(home, partial(make_node, client, name, zone), "kube-apiserver", "the API server to take a node")
        for name in NODES:
            wait(home, partial(node_ready, client, name), "kwok", "the simulated nodes to be ready")
        account = "/api/v1/namespaces/default/serviceaccounts/default"
        wait(home, lambda: client.get(account) is not None, "kube-controller-manager", "the controllers to work")
    except BaseException:
        stop_components(home)
        raise


def command_lines(
    home: Home, chosen: ports.Ports, programs: dict[str, Path], stages: list[Path]
) -> dict[str, list[str]]:
    """Return the command line of each component."""
    return {
        "etcd": commands.etcd(programs["etcd"], home, chosen),
        "kube-apiserver": commands.api_server(programs["kube-apiserver"], home, chosen),
        "kube-controller-manager": commands.controller_manager(programs["kube-controller-manager"], home, chosen),
        "kube-scheduler": commands.scheduler(programs["kube-scheduler"], home, chosen),
        "kwok": commands.kwok(programs["kwok"], home, stages),
        "services": commands.service_network(home),
    }


def wait(home: Home, condition: Callable[[], bool], responsible: str, what: str) -> None:
    """Wait for a condition; raises as soon as a component that was started has ended."""
    deadline = time.monotonic() + START_SECONDS
    while not holds(condition):
        for name in COMPONENTS:
            if recorded(home, name) is not None and running(home, name) is None:
                raise SandboxError(
                    f"{name} ended while starting: {last_line(home, name)} (log: {home.logs / name}.log)."
                )
        if time.monotonic() > deadline:
            raise SandboxError(
                f"waited {START_SECONDS:.0f} s for {what}; the last line of {home.logs / responsible}.log is: "
                f"{last_line(home, responsible)}"
            )
        time.sleep(POLL_SECONDS)


def holds(condition: Callable[[], bool]) -> bool:
    """Return whether a condition holds; an API server that does not answer yet is no answer."""
    try:
        return condition()
    except OSError:
        return False


def stop_components(home: Home) -> None:
    """Stop what runs, those that need others first."""
    for group in STOP_ORDER:
        stop(home, group)


def stages() -> list[Path]:
    """Return the folders of kwok's stages: a node that is ready, and pods that start and end at once."""
    folder = module_folder(paths.TOOL_MODULES / "control-plane", "sigs.k8s.io/kwok") / "kustomize" / "stage"
    return [folder / "node" / "fast", folder / "node" / "heartbeat", folder / "pod" / "fast"]


def node(name: str, zone: str) -> Json:
    """Return a node, large enough for everything."""
    labels = {
        "kubernetes.io/hostname": name,
        "kubernetes.io/os": "linux",
        "kubernetes.io/arch": "amd64",
        "node.kubernetes.io/instance-type": "simulated",
        "topology.kubernetes.io/zone": zone,
    }
    metadata = {"name": name, "labels": labels, "annotations": {"kwok.x-k8s.io/node": "fake"}}
    return {"apiVersion": "v1", "kind": "Node", "metadata": metadata, "spec": {}}


def make_node(client: ApiClient, name: str, zone: str) -> bool:
    """Create a node with its room; true, as it raises if it cannot."""
    path = f"/api/v1/nodes/{name}"
    client.apply(path, node(name, zone))
    status = {"status": {"capacity": ROOM, "allocatable": ROOM}}
    client.apply(f"{path}/status", {"apiVersion": "v1", "kind": "Node", "metadata": {"name": name}} | status)
    return True


def node_ready(client: ApiClient, name: str) -> bool:
    """Return whether a node says that it is ready."""
    found = client.get(f"/api/v1/nodes/{name}")
    conditions = mapping(mapping(found).get("status")).get("conditions")
    return any(each.get("type") == "Ready" and each.get("status") == "True" for each in mappings(conditions))
