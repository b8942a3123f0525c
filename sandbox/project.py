"""A Pulumi project and a stack's file as the launcher reads them, and the CLI ready to run there."""

import signal
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import yaml

from model.json_values import Json, is_mapping, mapping
from sandbox.aws.process import Account
from sandbox.console import SandboxError
from sandbox.paths import Home

COLONS = 5
"""In an ARN: arn:partition:service:region:account:what."""

UNREADABLE = (yaml.YAMLError, ValueError, RecursionError, LookupError, TypeError, AttributeError)
"""PyYAML's errors for text that is not YAML, or not YAML that it can construct."""


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


@dataclass(frozen=True)
class StackFile:
    """A project, one of its stacks, and the kubeconfig that the stack is configured with."""

    project: Path
    name: str
    stack: str
    kubeconfig: str | None
    account: Account | None = None
    """The AWS account that the stack expects; None if its cluster is not on EKS."""

    @property
    def path(self) -> Path:
        """The stack's file."""
        return self.project / f"Pulumi.{self.short_name}.yaml"

    @property
    def short_name(self) -> str:
        """The stack's name without the organization and the project that Pulumi takes before it."""
        return self.stack.rpartition("/")[2]

    @classmethod
    def read(cls, project: Path, stack: str) -> "StackFile":
        """Read both files; raises if one is missing or is no YAML mapping."""
        name = read_mapping(project / "Pulumi.yaml").get("name")
        if not isinstance(name, str):
            raise SandboxError(f"{project / 'Pulumi.yaml'} has no `name`: every Pulumi project needs one.")
        config = read_mapping(project / f"Pulumi.{stack.rpartition('/')[2]}.yaml").get("config")
        settings = {str(key).removeprefix(f"{name}:"): value for key, value in mapping(config).items()}
        value = settings.get("kubeconfig")
        return cls(project, name, stack, value if isinstance(value, str) else None, account_of(settings))

    def on_sandbox(self, home: Home) -> bool:
        """Return whether the stack's cluster is this sandbox."""
        if self.kubeconfig is None:
            return False
        return (self.project / Path(self.kubeconfig).expanduser()).resolve() == home.kubeconfig

    def state(self, home: Home) -> Path:
        """Return the file in which the sandbox's backend keeps the stack."""
        return home.state / ".pulumi" / "stacks" / self.name / f"{self.short_name}.json"

    def locks(self, home: Home) -> Path:
        """Return the folder in which the sandbox's backend keeps the stack's locks."""
        return home.state / ".pulumi" / "locks" / "organization" / self.name / self.short_name


def account_of(settings: Json) -> Account | None:
    """Return the AWS account that a stack's settings describe; the program reports what is missing."""
    eks = mapping(settings.get("eks"))

    def said(key: str) -> str | None:
        return str(eks[key]) if eks.get(key) else None

    zone, role = mapping(settings.get("dns")).get("zone"), said("roleArn")
    if not eks:
        return None
    return Account(
        cluster=said("cluster") or "workshop",
        region=said("region") or "eu-central-1",
        zone=str(zone) if zone else None,
        role=role if role and role.count(":") >= COLONS else None,
        profile=said("profile"),
    )


def read_mapping(path: Path) -> dict[str, object]:
    """Return the mapping in a YAML file. Raises SandboxError if it holds anything else."""
    try:
        document: object = yaml.safe_load(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise SandboxError(
            f"{path} does not exist: name a stack that has a file there, such as local, or make one (`make init`)."
        ) from None
    except UNREADABLE as error:  # the error's text quotes the file, which may hold a secret
        mark = error.problem_mark if isinstance(error, yaml.MarkedYAMLError) else None
        line = f" (line {mark.line + 1})" if mark else ""
        raise SandboxError(f"{path} is not YAML{line}: correct it, or restore it from version control.") from None
    if not is_mapping(document):
        raise SandboxError(f"{path} holds no mapping of keys to values.")
    return dict(document)


def ensure_stack(cli: PulumiCli, home: Home, stack_file: StackFile) -> None:
    """Create the stack unless the backend has it."""
    if stack_file.state(home).exists():
        return
    made = cli.call(["stack", "init", stack_file.stack, "--no-select"])
    if made.returncode and "already exists" not in made.stderr:
        lines = made.stderr.strip().splitlines() or ["no message"]
        raise SandboxError(f"the stack {stack_file.stack} could not be made: {lines[-1].removeprefix('error: ')}")
