"""Workshops that are over are destroyed by the real Makefile, commands and engine, and nothing else is."""

import os
import signal
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import yaml
from typing_extensions import override

from clients.pulumi_cli import NoStackError, StackCli, read_settings
from sandbox import paths
from tests.sandbox.program import PROVIDER, Project, output_of, read_until
from tests.sandbox.workshop import CHECKOUT, link_checkout

pytestmark = pytest.mark.sandbox

PROGRAM = (
    PROVIDER
    + """
stack = pulumi.get_stack()
owner = {"linkerd-workshop/stack": stack}
space = kubernetes.core.v1.Namespace("space", metadata={"name": f"workshop-{stack}", "annotations": owner}, opts=here)
role = {"name": f"workshop-{stack}"}
kubernetes.rbac.v1.ClusterRole("role", metadata=role, rules=[], opts=here)
held = {"name": "held", "namespace": space.metadata.name, "finalizers": ["example.com/held"]}
free = {"name": "free", "namespace": space.metadata.name}
first = kubernetes.core.v1.ConfigMap("free", metadata=free, data={}, opts=here)
if stack == "past":
    after = pulumi.ResourceOptions(provider=provider, depends_on=[first])
    kubernetes.core.v1.ConfigMap("held", metadata=held, data={}, opts=after)
"""
)
HELD = "/api/v1/namespaces/workshop-past/configmaps/held"
ENDINGS: dict[str, dict[str, object]] = {
    "past": {"workshopEnds": "2026-01-31"},
    "later": {"workshopEnds": "2099-12-31"},
    "short": {"workshopDays": 7},
    "plain": {},
}
TEARDOWN = ("make", "--no-print-directory", "teardown")


class SmallWorkshop(Project):
    """One of the stacks of a small project that the Makefile and the commands take for the workshop."""

    @override
    def environment(self) -> dict[str, str]:
        own = {"ON_SANDBOX": "1", "PYTHONPATH": str(self.folder), "NO_COLOR": "1", "COLUMNS": "200"}
        return {**super().environment(), **own}

    def teardown(self, *arguments: str) -> str:
        """Run `make teardown`; return what it printed."""
        return output_of(self.run_command([*TEARDOWN, f"--directory={self.folder}", *arguments]))


@pytest.fixture
def workshops(tmp_path: Path, own_home: paths.Home) -> dict[str, SmallWorkshop]:
    folder = tmp_path / "project"
    link_checkout(folder, "__main__.py", *(path.name for path in CHECKOUT.glob("Pulumi*.yaml")))
    (folder / "__main__.py").write_text(PROGRAM)
    (folder / "Pulumi.yaml").write_text("name: linkerd-workshop\nruntime: python\n")
    salt = yaml.safe_load((CHECKOUT / "Pulumi.local.yaml").read_text())["encryptionsalt"]
    for stack, ending in ENDINGS.items():
        values = {"kubeconfig": str(own_home.kubeconfig), **ending}
        config = {f"linkerd-workshop:{key}": value for key, value in values.items()}
        (folder / f"Pulumi.{stack}.yaml").write_text(yaml.safe_dump({"encryptionsalt": salt, "config": config}))
    return {stack: SmallWorkshop(folder, own_home, stack) for stack in ENDINGS}


def test_exactly_the_workshop_that_is_over_is_taken_away_even_by_two_runs(
    workshops: dict[str, SmallWorkshop], monkeypatch: pytest.MonkeyPatch
) -> None:
    past, later, short, plain = workshops.values()
    for each in (later, plain, short):
        each.succeed("up", "--yes", "--skip-preview")
    others = later.objects()
    past.succeed("up", "--yes", "--skip-preview")
    everything = later.objects()
    assert {name for name in everything - others if "workshop-past" in name} >= {
        "namespaces /workshop-past",
        "clusterroles /workshop-past",
        "configmaps workshop-past/free",
    }

    assert "would be taken away" in past.teardown()
    assert past.objects() == everything

    # The first run meets an object that does not go, and is killed while it waits.
    killed = past.start_command([*TEARDOWN, f"--directory={past.folder}", "YES=--yes"])
    read_until(killed, "deleting")
    os.killpg(killed.pid, signal.SIGKILL)
    killed.communicate()
    assert "configmaps workshop-past/held" in past.objects()
    assert past.api.ask("PATCH", HELD, {"metadata": {"finalizers": None}}).status == 200

    told = past.teardown("YES=--yes")
    assert "Nothing of the stack is left in the cluster." in told
    assert "taken away; nothing is left" in told
    assert later.objects() == others
    listed = later.succeed("stack", "ls").stdout
    assert [name for name in workshops if name in listed] == ["later", "short", "plain"]
    assert (past.folder / "Pulumi.past.yaml").exists()

    past.teardown("YES=--yes")
    assert later.objects() == others
    assert "past" not in later.succeed("stack", "ls").stdout, "asking about a stack makes none"

    # Commands that only read a stack do not extend its life.
    short.succeed("refresh", "--yes", "--skip-preview")
    monkeypatch.chdir(short.folder)
    for name, value in short.environment().items():
        monkeypatch.setenv(name, value)
    last_up = StackCli("short").last_up()
    assert last_up is not None
    assert datetime.now(UTC) - timedelta(minutes=30) < last_up < datetime.now(UTC) - timedelta(seconds=3)
    with pytest.raises(NoStackError):
        read_settings("past")
