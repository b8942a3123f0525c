"""Three stacks of one small project on the sandbox: the Makefile, the commands and the backend are the real ones."""

import os
import subprocess
import sys
from pathlib import Path

import yaml
from typing_extensions import override

from tests.sandbox.workshop import CHECKOUT, Workshop, output_of

PROGRAM = """\
import os
import pulumi
import pulumi_kubernetes as kubernetes

stack = pulumi.get_stack()
provider = kubernetes.Provider("cluster", kubeconfig=os.environ["KUBECONFIG"], cluster_identifier="sandbox")
here = pulumi.ResourceOptions(provider=provider)
owner = {"linkerd-workshop/stack": stack}
space = kubernetes.core.v1.Namespace("space", metadata={"name": f"workshop-{stack}", "annotations": owner}, opts=here)
role = {"name": f"workshop-{stack}"}
kubernetes.rbac.v1.ClusterRole("role", metadata=role, rules=[], opts=here)
held = {"name": "held", "namespace": space.metadata.name, "finalizers": ["example.com/held"]}
free = {"name": "free", "namespace": space.metadata.name}
first = kubernetes.core.v1.ConfigMap("free", metadata=free, data={}, opts=here)
if stack == os.environ.get("HELD"):
    after = pulumi.ResourceOptions(provider=provider, depends_on=[first])
    kubernetes.core.v1.ConfigMap("held", metadata=held, data={}, opts=after)
"""


class SmallWorkshops(Workshop):
    """The project; `endings` has the settings of each stack."""

    def __init__(self, folder: Path, home: Path, **endings: dict[str, object]) -> None:
        super().__init__(folder, home)
        for name in ("__main__.py", "Pulumi.yaml", "Pulumi.local.yaml", "Pulumi.dev.yaml"):
            (folder / name).unlink()
        (folder / "__main__.py").write_text(PROGRAM)
        (folder / "Pulumi.yaml").write_text("name: linkerd-workshop\nruntime: python\n")
        salt = yaml.safe_load((CHECKOUT / "Pulumi.local.yaml").read_text())["encryptionsalt"]
        for stack, values in endings.items():
            settings = {f"linkerd-workshop:{key}": value for key, value in values.items()}
            content = {
                "encryptionsalt": salt,
                "config": {"linkerd-workshop:kubeconfig": str(home / "kubeconfig")} | settings,
            }
            (folder / f"Pulumi.{stack}.yaml").write_text(yaml.safe_dump(content))

    @override
    def environment(self) -> dict[str, str]:
        """Variables for the commands of a person who stands in the project's folder."""
        own = {"ON_SANDBOX": "1", "SANDBOX_HOME": str(self.home), "HELD": "past"}
        return {**os.environ, **own, "PYTHONPATH": str(self.folder), "NO_COLOR": "1", "COLUMNS": "200"}

    def on(self, stack: str, *arguments: str) -> str:
        """Run a Pulumi command on one of the stacks; return what it printed."""
        return output_of(self.run([sys.executable, "-m", "sandbox", "pulumi", "--stack", stack, "--", *arguments]))

    def start_teardown(self, *arguments: str) -> "subprocess.Popen[str]":
        """Start `make teardown` in a process group of its own."""
        return subprocess.Popen(
            ["make", "--no-print-directory", "teardown", *arguments],
            cwd=self.folder,
            env=self.environment(),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )

    def teardown(self, *arguments: str) -> str:
        """Run `make teardown`; return what it printed."""
        return output_of(self.run(["make", "--no-print-directory", "teardown", *arguments]))

    def release(self, stack: str) -> None:
        """Take the finalizer off that keeps an object of a stack."""
        path = f"/api/v1/namespaces/workshop-{stack}/configmaps/held"
        assert self.api.ask("PATCH", path, {"metadata": {"finalizers": None}}).status == 200
