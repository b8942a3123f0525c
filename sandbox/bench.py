"""`python -m sandbox bench`: how long the stack takes, in a sandbox of its own, not the user's."""

import ast
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from statistics import median

from rich.console import Console
from rich.table import Table

from model.json_values import mapping
from sandbox import control_plane, launcher, paths, tools
from sandbox.by_hand import ByHand, Parts
from sandbox.console import SandboxError, say
from sandbox.project import StackFile

STACK = "local"
RUNS = 3
TITLE = "One run on a sandbox of its own"
LEFT_OUT = (".venv", ".git", ".sandbox", ".charts", "__pycache__", ".pytest_cache", ".ruff_cache", "tests")


def run() -> None:
    """Measure, and print a table."""
    with tempfile.TemporaryDirectory(prefix="linkerd-workshop-bench-") as folder:
        project = Path(folder) / "project"
        shutil.copytree(paths.PROJECT, project, ignore=shutil.ignore_patterns(*LEFT_OUT))
        home = paths.Home(project / ".sandbox")
        try:
            rows = measure(home, project, Path(folder))
        finally:
            control_plane.down(home, wipe=True)
    Console().print(rows)


def measure(home: paths.Home, project: Path, scratch: Path) -> Table:
    """Measure one run: the whole stack, two runs without a change, and the destroy; then the same by hand."""
    tools.find((*tools.CONTROL_PLANE, "pulumi", "helm"))
    started = time.monotonic()
    control_plane.up(home)
    rows = Table("", "Pulumi", "helm and kubectl by hand", title=TITLE, title_justify="left")
    rows.add_row("control plane start", seconds(time.monotonic() - started))
    pulumi(home, project, "stack", "output")
    cold = pulumi(home, project, "up", "--yes", "--skip-preview")
    preview = median(pulumi(home, project, "preview", "--expect-no-changes") for _ in range(RUNS))
    warm = median(pulumi(home, project, "up", "--yes", "--expect-no-changes") for _ in range(RUNS))
    export = scratch / "state.json"
    pulumi(home, project, "stack", "export", "--show-secrets", "--file", str(export))
    parts = Parts.of_state(mapping(json.loads(export.read_text(encoding="utf-8"))))
    export.unlink()
    state = StackFile.read(project, STACK).state(home).read_bytes()
    destroy = pulumi(home, project, "destroy", "--yes", "--skip-preview")
    install, uninstall = by_hand(home, project, scratch, parts)
    resources = state.count(b'"urn":')
    rows.add_row(f"cold up, {resources} resources", seconds(cold), seconds(install))
    rows.add_row(f"preview without a change (median of {RUNS})", seconds(preview))
    rows.add_row(f"up without a change (median of {RUNS})", seconds(warm))
    rows.add_row("destroy", seconds(destroy), seconds(uninstall))
    rows.add_row(f"program import (median of {RUNS})", seconds(import_seconds(project)))
    rows.add_row("state", f"{len(state):,} bytes")
    return rows


def seconds(value: float | None) -> str:
    """Return a measured time for people; nothing if it was not measured."""
    return "" if value is None else f"{value:.1f} s"


def pulumi(home: paths.Home, project: Path, *arguments: str) -> float:
    """Seconds that a command takes, with all that the launcher does; raises with its last line if it fails."""
    place = ["--home", str(home.folder), "pulumi", "--stack", STACK, "--project", str(project)]
    command = [sys.executable, "-m", "sandbox", *place, "--", *arguments]
    say(f"bench: pulumi {arguments[0]}")
    started = time.monotonic()
    done = subprocess.run(
        command, cwd=paths.PROJECT, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise SandboxError(f"bench: `pulumi {' '.join(arguments)}` failed:\n{done.stdout[-2000:]}{done.stderr[-1000:]}")
    return time.monotonic() - started


def by_hand(home: paths.Home, project: Path, scratch: Path, parts: Parts) -> tuple[float | None, float | None]:
    """Seconds to install and to remove by hand, where there is a kubectl."""
    kubectl = shutil.which("kubectl")
    if kubectl is None:
        say("bench: kubectl is not on PATH, so nothing is measured by hand")
        return None, None
    say("bench: the same by hand")
    hand = ByHand(tools.find(("helm",))["helm"], Path(kubectl), home.kubeconfig, project, scratch, os.environ)
    return hand.install(parts), hand.uninstall(parts)


def import_seconds(project: Path) -> float:
    """Seconds to import what the program imports, with bytecode, without the start of Python itself."""
    tree = ast.parse((project / "__main__.py").read_text(encoding="utf-8"))
    imports = [ast.unparse(each) for each in tree.body if isinstance(each, ast.Import | ast.ImportFrom)]
    code = "import time; started = time.monotonic()\n" + "\n".join(imports) + "\nprint(time.monotonic() - started)"
    environment = launcher.add_tools({})

    def once() -> float:
        done = subprocess.run(
            [sys.executable, "-c", code], cwd=project, env=environment, capture_output=True, text=True, check=True
        )
        return float(done.stdout.splitlines()[-1])

    once()
    return median(once() for _ in range(RUNS))
