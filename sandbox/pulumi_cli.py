"""The Pulumi CLI, ready to run."""

import signal
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

    def wait(self, arguments: Sequence[str]) -> int:
        """Run a command in the terminal and return its exit status; an interrupt is the command's to answer."""
        with subprocess.Popen([self.program, *arguments], env=self.environment) as process:
            signal.signal(signal.SIGINT, signal.SIG_IGN)
            signal.signal(signal.SIGTERM, lambda number, _: process.send_signal(number))
            return process.wait()
