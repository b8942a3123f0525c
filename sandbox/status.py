"""`python -m sandbox status`: what runs."""

from rich.table import Table

from sandbox.aws import process
from sandbox.console import console, say
from sandbox.control_plane import healthy, version
from sandbox.kubeconfig import CONTEXT
from sandbox.paths import Home
from sandbox.ports import recorded
from sandbox.processes import running
from sandbox.starting import COMPONENTS

MEBIBYTE = 1024 * 1024


def show(home: Home) -> int:
    """Print a table of the components; the exit status is 0 if the control plane is ready and 3 if not."""
    table = Table("component", "pid", "memory", "log", title=f"sandbox in {home.folder}", title_justify="left")
    for name in (*COMPONENTS, *([process.NAME] if running(home, process.NAME) else [])):
        found = running(home, name)
        memory = f"{found.memory_info().rss // MEBIBYTE} MiB" if found else ""
        table.add_row(name, str(found.pid) if found else "not running", memory, str(home.logs / f"{name}.log"))
    console.print(table)
    chosen = recorded(home)
    if not healthy(home) or chosen is None:
        say("not ready: `python -m sandbox up` starts it")
        return 3
    say(f"ready: Kubernetes {version(home)} on https://127.0.0.1:{chosen.api}, context {CONTEXT} in {home.kubeconfig}")
    return 0
