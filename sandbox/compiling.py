"""One run of `go build`, showing how far it is."""

import subprocess
import time
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeElapsedColumn

from sandbox.console import console, say
from sandbox.failure import SandboxError
from sandbox.go_modules import environment, go, toolchain

SECONDS_BETWEEN_LINES = 20.0
COMPILER_FLAGS = "all=-l -dwarf=false"
"""No inlining and no debug information, which the linker drops anyway: 30 % less processor time for etcd."""


@dataclass
class Tracker:
    """Counts compiled packages: a bar on a terminal, a line now and then in a log."""

    program: str
    total: int
    bar: Progress
    task: TaskID
    done: int = 0
    started: float = field(default_factory=time.monotonic)
    spoken: float = field(default_factory=time.monotonic)

    def advance(self) -> None:
        """One more package is compiled."""
        self.done += 1
        self.bar.advance(self.task)
        now = time.monotonic()
        if not console.is_terminal and now - self.spoken > SECONDS_BETWEEN_LINES:
            self.spoken = now
            say(f"{self.program}: {self.done} of {self.total} packages, {now - self.started:.0f} s")


@contextmanager
def tracking(program: str, total: int) -> Generator[Tracker]:
    """A tracker for one program; its bar, if there is one, stays behind as a record."""
    columns = (TextColumn("  {task.description}"), BarColumn(), MofNCompleteColumn(), TextColumn("packages"))
    with Progress(*columns, TimeElapsedColumn(), console=console, disable=not console.is_terminal) as bar:
        task = bar.add_task(program, total=total)
        yield Tracker(program, total, bar, task)
        bar.update(task, completed=total)


def compile_program(source: Path, package: str, target: Path, *, link_flags: str, log: Path) -> None:
    """Compile and link one package of the module in `source`; raises with the place of the log."""
    say(f"{target.name}: reading modules (they are downloaded once)")
    try:
        total = stale_packages(source, package)
    except SandboxError as failure:
        message = f"building {target.name} failed: {failure}"
        raise SandboxError(message) from None
    flags = ["-trimpath", f"-gcflags={COMPILER_FLAGS}", f"-ldflags={link_flags}"]
    arguments = ["build", "-v", *flags, "-o", str(target), package]
    with tracking(target.name, total) as tracker:
        returncode, last = run_go(source, arguments, tracker, log)
    if returncode:
        message = f"building {target.name} failed: {last or 'no message'} (whole log: {log})."
        raise SandboxError(message)


def stale_packages(source: Path, package: str) -> int:
    """How many packages Go has to compile; asking also downloads the modules."""
    listed = go(
        source,
        [
            "list",
            "-deps",
            "-trimpath",
            f"-gcflags={COMPILER_FLAGS}",
            "-f",
            "{{if .Stale}}{{.ImportPath}}{{end}}",
            package,
        ],
    )
    return len(listed.split())


def run_go(source: Path, arguments: list[str], tracker: Tracker, log: Path) -> tuple[int, str]:
    """The exit status of Go and the last line that it printed; everything goes to the log."""
    last = ""
    with (
        log.open("w", encoding="utf-8") as record,
        subprocess.Popen(
            [toolchain()[0], *arguments],
            cwd=source,
            env=environment(),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        ) as process,
    ):
        for line in process.stdout or ():
            record.write(line)
            last = line.strip() or last
            tracker.advance()
    return process.returncode, last
