"""A machine with a docker, a kind, a Go and a Pulumi that log how they are called."""

import json
import re
import shutil
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from versions import KIND
from workshop import cli
from workshop.kind import VARIABLES

PROGRAM = f"""#!{sys.executable}
import json, os, sys
from pathlib import Path
words = [Path(sys.argv[0]).name, *sys.argv[1:]]
line, cluster, stack, file = " ".join(words), Path("cluster"), Path(".kind/stack"), Path("Pulumi.kind.yaml")
with open(os.environ["CALLS"], "a") as log:
    names = ("PULUMI_BACKEND_URL", "PULUMI_CONFIG_PASSPHRASE")
    log.write(json.dumps([line, *(os.environ.get(name) for name in names)]) + "\\n")
for part, (status, said) in json.loads(os.environ["ANSWERS"]).items():
    if part in line:
        print(said, file=sys.stderr if status else sys.stdout)
        sys.exit(status)
if "run" in words[:2]:
    line = line.replace(" ".join(words[:3]), "kind")
if line.startswith("kind create cluster") or line.startswith("kind export kubeconfig"):
    cluster.touch()
    Path(words[words.index("--kubeconfig") + 1]).write_text(os.environ["SERVED"])
elif line.startswith("kind delete cluster"):
    cluster.unlink()
elif line.startswith("kind get clusters") and cluster.exists():
    print("linkerd-workshop")
elif line.startswith("pulumi stack init"):
    stack.touch()
elif line.startswith("pulumi stack rm"):
    stack.unlink(), file.unlink()
elif line.startswith("pulumi config") and not stack.exists():
    sys.exit("error: no stack named 'kind' found")
elif line.startswith("pulumi config"):
    import yaml
    values = yaml.safe_load(file.read_text())["config"]
    print(json.dumps({{key: {{"value": value, "secret": False}} for key, value in values.items()}}))
elif line.startswith("pulumi stack output"):
    print('{{"demos": {{"podinfo": "kubectl -n podinfo port-forward svc/frontend-podinfo 9898"}}}}')
"""
WORKING = {"kind version": (0, f"kind v{KIND} go1.26.8 linux/amd64"), "docker info": (0, "2")}
READING = re.compile(r"docker|kind (version|get)|go run \S+ (version|get)|pulumi (version|config|stack output)")


@dataclass
class Machine:
    """A checkout on a machine whose PATH has these programs only."""

    folder: Path
    patch: pytest.MonkeyPatch
    output: pytest.CaptureFixture[str]
    variables: Mapping[str, str]
    answers: dict[str, tuple[int, str]] = field(default_factory=lambda: {**WORKING})
    """What a command prints, by a part of it, with its exit status."""

    def run(self, command: str) -> tuple[int, str]:
        """Run a command of `python -m workshop`; return its exit status and all that is printed."""
        self.output.readouterr()
        self._log.unlink(missing_ok=True)
        with self.patch.context() as patch:
            patch.chdir(self.folder)
            for name, value in self._environment({**dict.fromkeys(VARIABLES, ""), "ON_SANDBOX": ""}).items():
                patch.setenv(name, value)
            status = cli.main([command])
        return status, "".join(self.output.readouterr())

    def make(self, *arguments: str, **variables: str) -> tuple[int, str]:
        """Make a target in the same way."""
        self._log.unlink(missing_ok=True)
        make = shutil.which("make")
        assert make
        done = subprocess.run(
            [make, "--no-print-directory", *arguments],
            cwd=self.folder,
            env=self._environment(variables),
            capture_output=True,
            text=True,
            check=False,
            timeout=600,
        )
        return done.returncode, done.stdout + done.stderr

    def remove(self, program: str) -> None:
        """Remove a program."""
        (self.folder / "programs" / program).unlink()

    @property
    def calls(self) -> list[list[str]]:
        """Each command with the backend and the passphrase that it was given."""
        return [json.loads(line) for line in self._log.read_text().splitlines()] if self._log.exists() else []

    @property
    def changes(self) -> list[str]:
        """The commands that change something."""
        return [line for line, *_ in self.calls if not READING.match(line)]

    @property
    def _log(self) -> Path:
        return self.folder / "calls"

    def _environment(self, more: Mapping[str, str]) -> dict[str, str]:
        return {**self.variables, "ANSWERS": json.dumps(self.answers), "CALLS": str(self._log), **more}


def executable(path: Path, text: str) -> None:
    path.write_text(text)
    path.chmod(0o755)
