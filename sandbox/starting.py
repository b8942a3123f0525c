"""Starting the control plane's components one after the other, and stopping them."""

import os
import time
from collections.abc import Callable
from pathlib import Path

from sandbox import commands, node, ports, tools
from sandbox.api_client import ApiClient
from sandbox.certificates import ensure_certificates
from sandbox.console import say
from sandbox.failure import SandboxError
from sandbox.kubeconfig import write_kubeconfig
from sandbox.paths import PROJECT, Home
from sandbox.processes import last_line, recorded, running, start, stop

# In the order of their start; stopping goes the other way, so that nothing complains about a missing neighbour.
STOP_ORDER = (("aws-controllers",), ("aws", *tools.CLIENTS), ("kube-apiserver",), ("etcd", "services"))
COMPONENTS = (*tools.CONTROL_PLANE, "services")
START_SECONDS = 90.0
POLL_SECONDS = 0.05
ATTEMPTS = 4
PORT_TAKEN = "address already in use"


def start_on_free_ports(home: Home, wanted: int | None, programs: dict[str, Path], stages: list[Path]) -> None:
    """Start every component; a port that somebody took since it was chosen is a reason for others, not an end."""
    for _ in range(ATTEMPTS - 1):
        try:
            return start_components(home, ports.choose(home, wanted), programs, stages)
        except SandboxError as error:
            if PORT_TAKEN not in str(error):
                raise
            say("a port was taken by another program just now; other ports are tried, the kubeconfig follows")
            ports.forget(home)
    return start_components(home, ports.choose(home, wanted), programs, stages)


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
        wait(home, lambda: node.make_node(client), "kube-apiserver", "the API server to take a node")
        wait(home, lambda: node.node_ready(client), "kwok", "the simulated node to be ready")
        account = "/api/v1/namespaces/default/serviceaccounts/default"
        wait(home, lambda: client.get(account) is not None, "kube-controller-manager", "the controllers to work")
    except BaseException:
        stop_components(home)
        raise


def command_lines(
    home: Home, chosen: ports.Ports, programs: dict[str, Path], stages: list[Path]
) -> dict[str, list[str]]:
    """How every component is started."""
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
                message = f"{name} ended while starting: {last_line(home, name)} (log: {home.logs / name}.log)."
                raise SandboxError(message)
        if time.monotonic() > deadline:
            message = (
                f"waited {START_SECONDS:.0f} s for {what}; the last line of {home.logs / responsible}.log is: "
                f"{last_line(home, responsible)}"
            )
            raise SandboxError(message)
        time.sleep(POLL_SECONDS)


def holds(condition: Callable[[], bool]) -> bool:
    """Whether a condition holds; an API server that does not answer yet is no answer."""
    try:
        return condition()
    except OSError:
        return False


def stop_components(home: Home) -> None:
    """Stop what runs, those that need others first."""
    for group in STOP_ORDER:
        stop(home, group)
