"""The control plane as a whole: up, down, and its status."""

import shutil
import time

from rich.table import Table

from model.json_values import mapping
from sandbox import ports, starting, tools
from sandbox.api_client import connect
from sandbox.aws import process
from sandbox.builds import hold_lock
from sandbox.certificates import CONTEXT
from sandbox.console import console, say
from sandbox.paths import Home
from sandbox.processes import recorded, running
from sandbox.starting import COMPONENTS, POLL_SECONDS, start_on_free_ports, stop_components

MEBIBYTE = 1024 * 1024
STALL_SECONDS = 60
"""How long an API server may say that it is not ready before the control plane is started again."""


def up(home: Home, *, quiet: bool = False) -> None:
    """Start the control plane and wait until it is ready; harmless if it runs, then said only if not `quiet`."""
    home.make()
    with hold_lock(home.lock, "another command starts or stops the sandbox"):
        if healthy(home):
            if not quiet:
                say(f"already running ({describe(home)})")
            return
        programs = tools.find(tools.CONTROL_PLANE)
        stages = starting.stages()
        clear_remains(home)
        started = time.monotonic()
        start_on_free_ports(home, programs, stages)
        say(f"running ({describe(home)}), ready after {time.monotonic() - started:.1f} s")


def describe(home: Home) -> str:
    """Return the cluster's version and how to reach it."""
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
    with hold_lock(home.lock, "another command starts or stops the sandbox"):
        names = [name for name in COMPONENTS if running(home, name)]
        stop_components(home)
        if wipe:
            shutil.rmtree(home.folder)
        kept = "its folder is removed" if wipe else f"its data stays in {home.folder}"
        say(f"stopped, {kept}" if names else f"nothing was running, {kept}")


def healthy(home: Home, seconds: float = STALL_SECONDS) -> bool:
    """Return whether every component runs, and the API server is ready within `seconds`: a busy machine stalls."""
    deadline = time.monotonic() + seconds
    while ports.recorded(home) is not None and all(running(home, name) for name in COMPONENTS):
        if connect(home).ready():
            return True
        if time.monotonic() > deadline:
            return False
        time.sleep(POLL_SECONDS)
    return False


def version(home: Home) -> str:
    """Return the version that the API server reports."""
    return str(mapping(connect(home).get("/version")).get("gitVersion"))


def show_status(home: Home) -> int:
    """Print a table of the components; the exit status is 0 if the control plane is ready and 3 if not."""
    table = Table("component", "pid", "memory", "log", title=f"sandbox in {home.folder}", title_justify="left")
    for name in (*COMPONENTS, *([process.NAME] if running(home, process.NAME) else [])):
        found = running(home, name)
        memory = f"{found.memory_info().rss // MEBIBYTE} MiB" if found else ""
        table.add_row(name, str(found.pid) if found else "not running", memory, str(home.logs / f"{name}.log"))
    console.print(table)
    chosen = ports.recorded(home)
    if not healthy(home, seconds=0) or chosen is None:
        say("not ready: `python -m sandbox up` starts it")
        return 3
    say(f"ready: Kubernetes {version(home)} on https://127.0.0.1:{chosen.api}, context {CONTEXT} in {home.kubeconfig}")
    return 0
