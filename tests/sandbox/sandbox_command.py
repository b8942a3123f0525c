"""Running `python -m sandbox` as a person does."""

import os
import subprocess
import sys
from pathlib import Path

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
