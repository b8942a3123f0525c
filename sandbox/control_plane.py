"""Starting, stopping and describing the control plane."""

import os
import shutil
import time
from collections.abc import Callable
from pathlib import Path

from sandbox import commands, node, ports, tools
from sandbox.api_client import ApiClient
from sandbox.builds import held
from sandbox.certificates import ensure_certificates
from sandbox.console import say
from sandbox.failure import SandboxError
from sandbox.json_values import is_mapping
from sandbox.kubeconfig import CONTEXT, write_kubeconfig
from sandbox.paths import PROJECT, Home
from sandbox.processes import last_line, recorded, running, start, stop

# In the order of their start; stopping goes the other way, so that nothing complains about a missing neighbour.
STOP_ORDER = (tools.CLIENTS, ("kube-apiserver",), ("etcd", "services"))
COMPONENTS = (*tools.CONTROL_PLANE, "services")
START_SECONDS = 90.0
POLL_SECONDS = 0.05


def up(home: Home, port: int | None = None, *, quiet: bool = False) -> None:
    """Start the control plane and wait until it is ready; harmless if it runs, then said only if not `quiet`."""
    home.make()
    with held(home.lock, "another command starts or stops the sandbox"):
        if healthy(home):
            if not quiet:
                say(f"already running ({describe(home)})")
            return
        programs = tools.find(tools.CONTROL_PLANE)
        stages = node.stages()
        clear_remains(home)
        started = time.monotonic()
        start_components(home, ports.choose(home, port), programs, stages)
        say(f"running ({describe(home)}), ready after {time.monotonic() - started:.1f} s")


def describe(home: Home) -> str:
    """The cluster's version and how to reach it."""
    return f"Kubernetes {version(home)}, kubeconfig {home.kubeconfig}, context {CONTEXT}"


def clear_remains(home: Home) -> None:
    """Forget components that ended by themselves, and stop what is left of a sandbox that is not whole."""
    for name in COMPONENTS:
        record = recorded(home, name)
        if record is not None and record.process() is None:
            say(f"{name} of the last start (pid {record.pid}) is gone, its stale record is removed")
    stop_components(home)


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


def down(home: Home, *, wipe: bool = False) -> None:
    """Stop the control plane; the cluster's objects stay for the next `up` unless they are wiped."""
    if not home.folder.exists():
        say(f"nothing runs, {home.folder} does not exist")
        return
    with held(home.lock, "another command starts or stops the sandbox"):
        names = [name for name in COMPONENTS if running(home, name)]
        stop_components(home)
        if wipe:
            shutil.rmtree(home.folder)
        kept = "its folder is removed" if wipe else f"its data stays in {home.folder}"
        say(f"stopped, {kept}" if names else f"nothing was running, {kept}")


def stop_components(home: Home) -> None:
    """Stop what runs, those that need others first."""
    for group in STOP_ORDER:
        stop(home, group)


def healthy(home: Home) -> bool:
    """Whether every component runs and the API server is ready."""
    chosen = ports.recorded(home)
    if chosen is None or not all(running(home, name) for name in COMPONENTS):
        return False
    return ApiClient(chosen.api, home.certificates).ready()


def version(home: Home) -> str:
    """The version that the API server tells."""
    chosen = ports.recorded(home)
    answer = ApiClient(chosen.api, home.certificates).get("/version") if chosen else None
    return str(answer.get("gitVersion")) if is_mapping(answer) else "unknown"
