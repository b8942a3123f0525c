"""Builds tools from pinned Go modules, once, into the cache, with progress shown."""

import hashlib
import json
import os
import re
import shutil
import subprocess
import tempfile
import time
from collections.abc import Callable, Generator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from filelock import FileLock, Timeout
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from sandbox import paths
from sandbox.console import SandboxError, console, say

NEEDED = (1, 26)
LOCK_PATIENCE_SECONDS = 3600
SECONDS_BETWEEN_LINES = 20.0
COMPILER_FLAGS = "all=-l -dwarf=false"
"""No inlining and no debug information, which the linker drops anyway: 30 % less processor time for etcd."""
BAR = (TextColumn("  {task.description}"), BarColumn(), MofNCompleteColumn(), TextColumn("packages"))


@dataclass(frozen=True)
class Build:
    """One program: its module's folder, its package, and the linker flags."""

    source: Path
    program: str
    package: str
    link_flags: str

    @property
    def key(self) -> str:
        """A hash of everything that the program is made of: pins, sources, flags, package and toolchain."""
        _, go_version = toolchain()
        files = [*sorted(self.source.rglob("go.*")), *sorted(self.source.rglob("*.go"))]
        parts = [file.read_bytes() for file in files]
        parts += [part.encode() for part in (go_version, COMPILER_FLAGS, self.link_flags, self.package)]
        return hashlib.sha256(b"\0".join(parts)).hexdigest()[:16]

    @property
    def path(self) -> Path:
        """Path of the finished program. Its folder exists only when it is whole."""
        return paths.cache() / "tools" / f"{self.program}-{self.key}" / self.program

    @property
    def log(self) -> Path:
        """Path of the log of the last build."""
        return paths.cache() / "logs" / f"build-{self.program}.log"


def run_builds(builds: Sequence[Build]) -> None:
    """Build each program that is not in the cache yet, one after the other; two runs never build the same twice."""
    for number, build in enumerate(builds, start=1):
        with hold_lock(paths.cache() / "tools" / f"{build.program}.lock", f"another run builds {build.program}"):
            if not build.path.is_file():
                run_build(build, f"{number} of {len(builds)}")


@contextmanager
def hold_lock(path: Path, reason: str) -> Generator[None]:
    """Hold a file lock; print the reason if it has to wait."""
    path.parent.mkdir(parents=True, exist_ok=True)
    lock = FileLock(path)
    try:
        lock.acquire(timeout=0)
    except Timeout:
        say(f"{reason}, waiting for it")
        lock.acquire(timeout=LOCK_PATIENCE_SECONDS)
    try:
        yield
    finally:
        lock.release()


def run_build(build: Build, position: str) -> None:
    """Compile into a folder next to the final one and rename it, so that a killed build leaves nothing half done."""
    build.log.parent.mkdir(parents=True, exist_ok=True)
    final = build.path.parent
    scratch = Path(tempfile.mkdtemp(prefix=f".{build.program}-", dir=final.parent))
    say(f"building {build.program} ({position}, once; log: {build.log})")
    started = time.monotonic()
    try:
        compile_program(build, scratch / build.program)
        scratch.chmod(0o755)
        scratch.rename(final)
    finally:
        shutil.rmtree(scratch, ignore_errors=True)
    say(f"built {build.program} in {time.monotonic() - started:.0f} s")


def stale_packages(build: Build, flags: list[str]) -> int:
    """Return how many packages Go has to compile; asking also downloads the modules."""
    say(f"{build.program}: reading modules (they are downloaded once)")
    form = "{{if .Stale}}{{.ImportPath}}{{end}}"
    try:
        return len(go(build.source, ["list", "-deps", *flags, "-f", form, build.package]).split())
    except SandboxError as failure:
        raise SandboxError(f"building {build.program} failed: {failure}") from None


def compile_program(build: Build, target: Path) -> None:
    """Compile and link a program; raises with the last line of Go and the path of the log."""
    flags = ["-trimpath", f"-gcflags={COMPILER_FLAGS}"]
    stale = stale_packages(build, flags)
    command = [toolchain()[0], "build", "-v", *flags, f"-ldflags={build.link_flags}", "-o", target, build.package]
    last = ""
    with (
        build.log.open("w", encoding="utf-8") as log,
        progress(build.program, stale) as advance,
        subprocess.Popen(
            command,
            cwd=build.source,
            env=go_environment(),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        ) as process,
    ):
        for line in process.stdout or ():
            log.write(line)
            last = line.strip() or last
            advance()
    if process.returncode:
        raise SandboxError(f"building {build.program} failed: {last or 'no message'} (whole log: {build.log}).")


@contextmanager
def progress(program: str, total: int) -> Generator[Callable[[], None]]:
    """Give a function that counts a compiled package: by a bar on a terminal, by a line now and then in a log."""
    started = spoken = time.monotonic()
    with Progress(*BAR, TimeElapsedColumn(), console=console, disable=not console.is_terminal) as bar:
        task = bar.add_task(program, total=total)

        def advance() -> None:
            nonlocal spoken
            bar.advance(task)
            now = time.monotonic()
            if not console.is_terminal and now - spoken > SECONDS_BETWEEN_LINES:
                spoken = now
                say(f"{program}: {bar.tasks[0].completed:.0f} of {total} packages, {now - started:.0f} s")

        yield advance
        bar.update(task, completed=total)


def go_environment() -> dict[str, str]:
    """Return the variables for every call of Go: no workspace, no C compiler, the committed go.sum as it is."""
    return os.environ | {"GOWORK": "off", "CGO_ENABLED": "0", "GOFLAGS": "-mod=readonly -buildvcs=false"}


@cache
def toolchain() -> tuple[Path, str]:
    """Return the Go command on PATH and its version (`go1.26.8`); raises if there is none that is new enough."""
    fix = (
        f"install Go {NEEDED[0]}.{NEEDED[1]} or newer (https://go.dev/doc/install) or put the tools themselves on PATH"
    )
    found = shutil.which("go")
    if found is None:
        raise SandboxError(f"`go` is not on PATH, and the sandbox has to build its tools with it once: {fix}.")
    run = subprocess.run([found, "env", "GOVERSION"], capture_output=True, text=True, check=False, env=go_environment())
    version = run.stdout.strip()
    match = re.match(r"go(\d+)\.(\d+)", version)
    if match is None or (int(match[1]), int(match[2])) < NEEDED:
        raise SandboxError(
            f"{found} is {version or 'no working Go'}, which is too old to build the sandbox's tools: {fix}."
        )
    return Path(found), version


def pinned_version(folder: Path, module: str) -> str:
    """Return the version that `folder/go.mod` requires of a module, such as `v1.36.3`."""
    text = (folder / "go.mod").read_text(encoding="utf-8")
    match = re.search(rf"^\s*(?:require\s+)?{re.escape(module)}\s+(v\S+)", text, re.MULTILINE)
    if match is None:
        raise SandboxError(f"{folder / 'go.mod'} does not require {module}: restore the file from version control.")
    return match[1]


def module_folder(folder: Path, module: str) -> Path:
    """Return the files of a required module, downloaded by Go and checked against the go.sum in `folder`."""
    answer = go(folder, ["mod", "download", "-json", f"{module}@{pinned_version(folder, module)}"])
    fields: dict[str, str] = json.loads(answer)
    return Path(fields["Dir"])


def go(folder: Path, arguments: Sequence[str]) -> str:
    """Return what a Go command prints; raises with the last line of its errors."""
    command, _ = toolchain()
    run = subprocess.run(
        [command, *arguments], cwd=folder, capture_output=True, text=True, check=False, env=go_environment()
    )
    if run.returncode:
        lines = (run.stderr.strip() or run.stdout.strip() or "no message").splitlines()
        raise SandboxError(f"`go {' '.join(arguments)}` failed in {folder}: {lines[-1]}")
    return run.stdout
