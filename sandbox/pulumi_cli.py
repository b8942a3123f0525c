"""The Pulumi CLI, ready to run."""

import signal
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from sandbox.failure import SandboxError


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

    def wait(self, arguments: Sequence[str], seconds: float | None = None) -> int:
        """Run a command in the terminal and return its exit status; an interrupt is the command's to answer.

        Raises SandboxError if it takes more than `seconds`, where they are given.
        """
        with subprocess.Popen([self.program, *arguments], env=self.environment) as process:
            signal.signal(signal.SIGINT, signal.SIG_IGN)
            signal.signal(signal.SIGTERM, lambda number, _: process.send_signal(number))
            try:
                return process.wait(seconds)
            except subprocess.TimeoutExpired:
                process.kill()
                message = f"`pulumi {arguments[0]}` does not end within {seconds:g} s: its backend may not answer."
                raise SandboxError(message) from None
