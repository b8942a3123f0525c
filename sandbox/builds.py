"""Building tools from pinned Go modules, once, into the cache, with progress shown."""

import hashlib
import shutil
import tempfile
import time
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from filelock import FileLock, Timeout

from sandbox import paths
from sandbox.compiling import compile_program
from sandbox.console import say
from sandbox.go_modules import toolchain

LOCK_PATIENCE_SECONDS = 3600


@dataclass(frozen=True)
class Build:
    """One module's programs: where the module is, what is built of it, and with which linker flags."""

    module: str
    source: Path
    programs: tuple[str, ...]
    packages: tuple[str, ...]
    link_flags: str

    @property
    def key(self) -> str:
        """Changes with everything that the programs are made of: pins, sources, flags, packages and the toolchain."""
        _, go_version = toolchain()
        files = [self.source / "go.mod", self.source / "go.sum", *sorted(self.source.rglob("*.go"))]
        parts = [file.read_bytes() for file in files]
        parts += [part.encode() for part in (go_version, self.link_flags, *self.packages)]
        return hashlib.sha256(b"\0".join(parts)).hexdigest()[:16]

    @property
    def folder(self) -> Path:
        """Where the finished programs are; it exists only when all of them do."""
        return paths.cache() / "tools" / f"{self.module}-{self.key}"

    @property
    def log(self) -> Path:
        """What Go printed while building."""
        return paths.cache() / "logs" / f"build-{self.module}.log"


def built(build: Build) -> bool:
    """Whether the programs are in the cache."""
    return build.folder.is_dir()


def run_builds(builds: Sequence[Build]) -> None:
    """Build each module that is not in the cache yet, one after the other; two runs never build the same twice."""
    for number, build in enumerate(builds, start=1):
        with held(paths.cache() / "tools" / f"{build.module}.lock", f"another run builds {build.module}"):
            if not built(build):
                run_build(build, f"{number} of {len(builds)}")


@contextmanager
def held(path: Path, reason: str) -> Generator[None]:
    """Hold a file lock; say why it has to wait if it has to."""
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
    """Compile into a folder beside the final one and rename it, so that a killed build leaves nothing half done."""
    build.log.parent.mkdir(parents=True, exist_ok=True)
    scratch = Path(tempfile.mkdtemp(prefix=f".{build.module}-", dir=build.folder.parent))
    say(f"building {', '.join(build.programs)} ({position}, once; log: {build.log})")
    started = time.monotonic()
    try:
        for program, package in zip(build.programs, build.packages, strict=True):
            compile_program(build.source, package, scratch / program, link_flags=build.link_flags, log=build.log)
        scratch.chmod(0o755)
        scratch.rename(build.folder)
    finally:
        shutil.rmtree(scratch, ignore_errors=True)
    say(f"built {', '.join(build.programs)} in {time.monotonic() - started:.0f} s")
