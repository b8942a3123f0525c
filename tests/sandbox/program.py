"""A small Pulumi project on the shared sandbox, run by the launcher as a person runs it."""

import os
import signal
import subprocess
import sys
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import psutil

from sandbox import paths
from sandbox.paths import Home

PROVIDER = """\
import os
import pulumi
import pulumi_kubernetes as kubernetes

provider = kubernetes.Provider("cluster", kubeconfig=os.environ["KUBECONFIG"], cluster_identifier="sandbox")
here = pulumi.ResourceOptions(provider=provider)
"""


@dataclass(frozen=True)
class Project:
    """A project folder with one stack."""

    folder: Path
    home: Home
    stack: str = "local"

    def write(self, program: str) -> None:
        """Write the program."""
        (self.folder / "__main__.py").write_text(program, encoding="utf-8")

    def command(self, *arguments: str) -> list[str]:
        """The launcher's command line."""
        place = ["--stack", self.stack, "--project", str(self.folder)]
        return [sys.executable, "-m", "sandbox", "pulumi", *place, "--", *arguments]

    def environment(self, **variables: str) -> dict[str, str]:
        """Variables for the launcher."""
        kubeconfig = str(self.home.kubeconfig)
        return os.environ | {"SANDBOX_HOME": str(self.home.folder), "KUBECONFIG": kubeconfig} | variables

    def run(self, *arguments: str, **variables: str) -> "subprocess.CompletedProcess[str]":
        """Run a Pulumi command to its end."""
        return self.run_command(self.command(*arguments), **variables)

    def succeed(self, *arguments: str, **variables: str) -> "subprocess.CompletedProcess[str]":
        """Run a Pulumi command that has to succeed."""
        done = self.run(*arguments, **variables)
        assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
        return done

    def run_command(self, command: list[str], **variables: str) -> "subprocess.CompletedProcess[str]":
        """Run any command to its end."""
        return subprocess.run(
            command,
            cwd=paths.PROJECT,
            env=self.environment(**variables),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
            timeout=900,
        )

    def start(self, *arguments: str, **variables: str) -> "subprocess.Popen[str]":
        """Start a Pulumi command in a process group of its own."""
        return subprocess.Popen(
            self.command(*arguments),
            cwd=paths.PROJECT,
            env=self.environment(**variables),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )


def read_until(process: "subprocess.Popen[str]", text: str) -> str:
    """What a command printed up to a line that holds `text`; fails if it ends before."""
    assert process.stdout is not None
    seen: list[str] = []
    for line in process.stdout:
        seen.append(line)
        if text in line:
            return "".join(seen)
    message = f"the command ended without {text!r}:\n{''.join(seen)}"
    raise AssertionError(message)


def kill(process: "subprocess.Popen[str]", *, plugins: bool = False) -> None:
    """Kill the engine as the kernel does, its plugins too or so that they have time to notice."""
    below = psutil.Process(process.pid).children(recursive=True) if plugins else []
    for each in [process, *below]:
        with suppress(psutil.NoSuchProcess):
            each.send_signal(signal.SIGKILL)
    process.wait()
    if process.stdout is not None:
        process.stdout.close()
    time.sleep(2.5)


def make_project(folder: Path, home: Home, stack: str = "local") -> Project:
    """Create a project whose stack is on the sandbox."""
    folder.mkdir()
    (folder / "Pulumi.yaml").write_text("name: small\nruntime: python\n", encoding="utf-8")
    (folder / f"Pulumi.{stack}.yaml").write_text(f"config:\n  small:kubeconfig: {home.kubeconfig}\n", encoding="utf-8")
    return Project(folder, home, stack)
