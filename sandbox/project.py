"""What the launcher reads of a Pulumi project and of a stack's file."""

from dataclasses import dataclass
from pathlib import Path

import yaml

from sandbox.failure import SandboxError
from sandbox.json_values import is_mapping
from sandbox.paths import Home
from sandbox.pulumi_cli import PulumiCli


@dataclass(frozen=True)
class StackFile:
    """A project, one of its stacks, and the kubeconfig that the stack is configured with."""

    project: Path
    name: str
    stack: str
    kubeconfig: str | None

    @property
    def path(self) -> Path:
        """The stack's file."""
        return self.project / f"Pulumi.{self.stack}.yaml"

    @classmethod
    def read(cls, project: Path, stack: str) -> "StackFile":
        """Read both files; raises if one is missing or is no YAML mapping."""
        name = read_mapping(project / "Pulumi.yaml").get("name")
        if not isinstance(name, str):
            message = f"{project / 'Pulumi.yaml'} has no `name`: every Pulumi project needs one."
            raise SandboxError(message)
        config = read_mapping(project / f"Pulumi.{stack}.yaml").get("config")
        value = config.get(f"{name}:kubeconfig") if is_mapping(config) else None
        return cls(project, name, stack, value if isinstance(value, str) else None)

    def on_sandbox(self, home: Home) -> bool:
        """Whether the stack's cluster is this sandbox."""
        if self.kubeconfig is None:
            return False
        return (self.project / Path(self.kubeconfig).expanduser()).resolve() == home.kubeconfig

    def state(self, home: Home) -> Path:
        """Where the sandbox's backend keeps the stack."""
        return home.state / ".pulumi" / "stacks" / self.name / f"{self.stack}.json"

    def locks(self, home: Home) -> Path:
        """Where the sandbox's backend keeps the stack's locks."""
        return home.state / ".pulumi" / "locks" / "organization" / self.name / self.stack


def read_mapping(path: Path) -> dict[str, object]:
    """A YAML file that holds a mapping; raises if it is anything else."""
    try:
        document: object = yaml.safe_load(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        message = f"{path} does not exist: name a stack that has a file there, such as local."
        raise SandboxError(message) from None
    except yaml.YAMLError as error:
        message = f"{path} is not YAML: {' '.join(str(error).split())}"
        raise SandboxError(message) from None
    if not is_mapping(document):
        message = f"{path} holds no mapping of keys to values."
        raise SandboxError(message)
    return dict(document)


def ensure_stack(cli: PulumiCli, home: Home, stack_file: StackFile) -> None:
    """Create the stack unless the backend has it."""
    if stack_file.state(home).exists():
        return
    made = cli.call(["stack", "init", stack_file.stack, "--no-select"])
    if made.returncode and "already exists" not in made.stderr:
        lines = made.stderr.strip().splitlines() or ["no message"]
        message = f"the stack {stack_file.stack} could not be made: {lines[-1].removeprefix('error: ')}"
        raise SandboxError(message)
