"""The control plane as a whole: up, down, and what it is."""

import shutil
import time

from model.json_values import is_mapping
from sandbox import node, ports, tools
from sandbox.api_client import ApiClient
from sandbox.builds import held
from sandbox.console import say
from sandbox.kubeconfig import CONTEXT
from sandbox.paths import Home
from sandbox.processes import recorded, running
from sandbox.starting import COMPONENTS, start_on_free_ports, stop_components


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
        start_on_free_ports(home, port, programs, stages)
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
