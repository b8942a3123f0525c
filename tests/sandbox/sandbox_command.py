"""Running `python -m sandbox` as a person does, and waiting for what it starts."""

import os
import subprocess
import sys
import time
from collections.abc import Callable, Generator
from contextlib import contextmanager, suppress
from pathlib import Path

from model.problem import InputError
from sandbox import paths

START_SECONDS = 3600
"""A first run builds the tools."""


def sandbox(home: Path, *arguments: str, **variables: str) -> "subprocess.CompletedProcess[str]":
    """Run `python -m sandbox` on a home, as a person does."""
    environment = os.environ | {"SANDBOX_HOME": str(home)} | variables
    return subprocess.run(
        [sys.executable, "-m", "sandbox", *arguments],
        cwd=paths.PROJECT,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=START_SECONDS,
    )


@contextmanager
def running_sandbox(folder: Path, *commands: str) -> Generator[paths.Home]:
    """Start a sandbox, and what the commands add to it; stop and delete it afterwards whatever happens."""
    home = paths.Home(folder)
    try:
        for command in ("up", *commands):
            started = sandbox(home.folder, command)
            assert started.returncode == 0, started.stderr
        yield home
    finally:
        sandbox(home.folder, "down", "--wipe")


def eventually(condition: Callable[[], object], seconds: float = 180) -> bool:
    """Return whether a condition comes true within some seconds, which are many: a busy machine is slow.

    A question without an answer is asked again until then.
    """
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        with suppress(InputError, OSError):
            if condition():
                return True
        time.sleep(0.1)
    return bool(condition())
