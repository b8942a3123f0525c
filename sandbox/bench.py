"""`python -m sandbox bench`: how long the stack takes, in a sandbox of its own, not the user's."""

import ast
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from dataclasses import asdict, dataclass
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
LEFT_OUT = (".venv", ".git", ".sandbox", ".charts", "__pycache__", ".pytest_cache", ".ruff_cache", "tests")


@dataclass(frozen=True)
class Figures:
    """The measurements: seconds, except the state's size in bytes and the number of resources."""

    control_plane: float
    cold_up: float
    preview: float
    up: float
    destroy: float
    program_import: float
    state_bytes: int
    resources: int
    by_hand_install: float | None
    by_hand_destroy: float | None


def run(*, as_json: bool) -> None:
    """Measure and print, as a table or as JSON on standard output."""
    with tempfile.TemporaryDirectory(prefix="linkerd-workshop-bench-") as folder:
        project = Path(folder) / "project"
        shutil.copytree(paths.PROJECT, project, ignore=shutil.ignore_patterns(*LEFT_OUT))
        home = paths.Home(project / ".sandbox")
        try:
            figures = measure(home, project, Path(folder))
        finally:
            control_plane.down(home, wipe=True)
    if as_json:
        sys.stdout.write(json.dumps(asdict(figures), indent=2) + "\n")
    else:
        Console().print(table(figures))


def measure(home: paths.Home, project: Path, scratch: Path) -> Figures:
    """Measure one run: the whole stack, two runs without a change, and the destroy; then the same by hand."""
    tools.find((*tools.CONTROL_PLANE, "pulumi", "helm"))
    started = time.monotonic()
    control_plane.up(home)
    start_seconds = time.monotonic() - started
    pulumi(home, project, "stack", "output")
    cold = pulumi(home, project, "up", "--yes", "--skip-preview")
    preview = median(pulumi(home, project, "preview", "--expect-no-changes") for _ in range(RUNS))
    warm = median(pulumi(home, project, "up", "--yes", "--expect-no-changes") for _ in range(RUNS))
    export = scratch / "state.json"
    pulumi(home, project, "stack", "export", "--show-secrets", "--file", str(export))
    parts = Parts.of_state(mapping(json.loads(export.read_text(encoding="utf-8"))))
    export.unlink()
    state = StackFile.read(project, STACK).state(home)
    size, resources = state.stat().st_size, state.read_text(encoding="utf-8").count('"urn":')
    destroy = pulumi(home, project, "destroy", "--yes", "--skip-preview")
    install, uninstall = by_hand(home, project, scratch, parts)
    return Figures(
        start_seconds, cold, preview, warm, destroy, import_seconds(project), size, resources, install, uninstall
    )


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


def table(figures: Figures) -> Table:
    """The figures for people."""
    rows = Table(
        "", "Pulumi", "helm and kubectl by hand", title="One run on a sandbox of its own", title_justify="left"
    )

    def seconds(value: float | None) -> str:
        return "" if value is None else f"{value:.1f} s"

    rows.add_row("control plane start", seconds(figures.control_plane))
    rows.add_row(f"cold up, {figures.resources} resources", seconds(figures.cold_up), seconds(figures.by_hand_install))
    rows.add_row(f"preview without a change (median of {RUNS})", seconds(figures.preview))
    rows.add_row(f"up without a change (median of {RUNS})", seconds(figures.up))
    rows.add_row("destroy", seconds(figures.destroy), seconds(figures.by_hand_destroy))
    rows.add_row(f"program import (median of {RUNS})", seconds(figures.program_import))
    rows.add_row("state", f"{figures.state_bytes:,} bytes")
    return rows
