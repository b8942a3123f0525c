"""`python -m sandbox bench`: how long the stack takes, in a sandbox of its own beside the user's."""

import ast
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from statistics import median

from rich.console import Console
from rich.table import Table

from sandbox import control_plane, launcher, paths, tools
from sandbox.console import SandboxError, say
from sandbox.project import StackFile

STACK = "local"
RUNS = 3
LEFT_OUT = (".venv", ".git", ".sandbox", ".charts", "__pycache__", ".pytest_cache", ".ruff_cache", "tests")


def run() -> None:
    """Measure in a copy of the project, and print a table."""
    table = Table("", "", title="One run on a sandbox of its own", title_justify="left")
    with tempfile.TemporaryDirectory(prefix="linkerd-workshop-bench-") as folder:
        project = Path(folder) / "project"
        shutil.copytree(paths.PROJECT, project, ignore=shutil.ignore_patterns(*LEFT_OUT))
        home = paths.Home(project / ".sandbox")
        try:
            for what, figure in measure(home, project).items():
                table.add_row(what, f"{figure:.1f} s" if isinstance(figure, float) else f"{figure:,}")
        finally:
            control_plane.down(home, wipe=True)
    Console().print(table)


def measure(home: paths.Home, project: Path) -> dict[str, float | int]:
    """Return seconds and sizes of one run: from nothing to the whole stack, without a change, and back."""
    tools.find((*tools.CONTROL_PLANE, "pulumi", "helm"))
    started = time.monotonic()
    control_plane.up(home)
    figures: dict[str, float | int] = {"control plane start": time.monotonic() - started}
    pulumi(home, project, "stack", "output")
    figures["cold up"] = pulumi(home, project, "up", "--yes", "--skip-preview")
    for name in ("preview", "up"):
        options = [name, "--expect-no-changes", *(["--yes"] if name == "up" else [])]
        seconds = median(pulumi(home, project, *options) for _ in range(RUNS))
        figures[f"{name} without a change (median of {RUNS})"] = seconds
    state = StackFile.read(project, STACK).state(home)
    figures["resources"] = state.read_text(encoding="utf-8").count('"urn":')
    figures["bytes of state"] = state.stat().st_size
    figures["destroy"] = pulumi(home, project, "destroy", "--yes", "--skip-preview")
    figures[f"program import (median of {RUNS})"] = import_seconds(project)
    return figures


def pulumi(home: paths.Home, project: Path, *arguments: str) -> float:
    """Return the seconds that a command takes, with all that the launcher does; raises if it fails."""
    place = ["--home", str(home.folder), "pulumi", "--stack", STACK, "--project", str(project)]
    command = [sys.executable, "-m", "sandbox", *place, "--", *arguments]
    say(f"bench: pulumi {arguments[0]}")
    started = time.monotonic()
    done = subprocess.run(
        command, cwd=paths.PROJECT, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False
    )
    if done.returncode:
        output = f"{done.stdout[-2000:]}{done.stderr[-1000:]}"
        raise SandboxError(f"bench: `pulumi {' '.join(arguments)}` failed:\n{output}")
    return time.monotonic() - started


def import_seconds(project: Path) -> float:
    """Return the seconds to import what the program imports, with bytecode, without the start of Python itself."""
    tree = ast.parse((project / "__main__.py").read_text(encoding="utf-8"))
    imports = [ast.unparse(each) for each in tree.body if isinstance(each, ast.Import | ast.ImportFrom)]
    code = "import time; started = time.monotonic()\n" + "\n".join(imports) + "\nprint(time.monotonic() - started)"
    command = [sys.executable, "-c", code]
    environment = launcher.with_tools({})

    def once() -> float:
        done = subprocess.run(command, cwd=project, env=environment, capture_output=True, text=True, check=True)
        return float(done.stdout.splitlines()[-1])

    once()
    return median(once() for _ in range(RUNS))
