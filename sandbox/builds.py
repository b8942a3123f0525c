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
from sandbox.compiling import COMPILER_FLAGS, compile_program
from sandbox.console import say
from sandbox.go_modules import toolchain

LOCK_PATIENCE_SECONDS = 3600


@dataclass(frozen=True)
class Build:
    """One program: the folder of its module, what is built of it, and with which linker flags."""

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
        """Where the finished program is. Its folder exists only when it is whole."""
        return paths.cache() / "tools" / f"{self.program}-{self.key}" / self.program

    @property
    def log(self) -> Path:
        """What Go printed while building."""
        return paths.cache() / "logs" / f"build-{self.program}.log"


def built(build: Build) -> bool:
    """Return whether the program is in the cache."""
    return build.path.is_file()


def run_builds(builds: Sequence[Build]) -> None:
    """Build each program that is not in the cache yet, one after the other; two runs never build the same twice."""
    for number, build in enumerate(builds, start=1):
        with held(paths.cache() / "tools" / f"{build.program}.lock", f"another run builds {build.program}"):
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
    final = build.path.parent
    scratch = Path(tempfile.mkdtemp(prefix=f".{build.program}-", dir=final.parent))
    say(f"building {build.program} ({position}, once; log: {build.log})")
    started = time.monotonic()
    try:
        target = scratch / build.program
        compile_program(build.source, build.package, target, link_flags=build.link_flags, log=build.log)
        scratch.chmod(0o755)
        scratch.rename(final)
    finally:
        shutil.rmtree(scratch, ignore_errors=True)
    say(f"built {build.program} in {time.monotonic() - started:.0f} s")
