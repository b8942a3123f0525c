"""The Pulumi CLI, ready to run."""

import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class PulumiCli:
    """The CLI's executable, the project's folder and the environment to run it in."""

    program: Path
    project: Path
    environment: dict[str, str]

    def call(self, arguments: Sequence[str]) -> subprocess.CompletedProcess[str]:
        """Run a command without questions and keep what it prints."""
        return subprocess.run(
            [self.program, "--non-interactive", *arguments],
            cwd=self.project,
            env=self.environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )
