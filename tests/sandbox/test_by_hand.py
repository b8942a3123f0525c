"""What the bench does by hand: it takes away again just what it made."""

from dataclasses import dataclass, field
from pathlib import Path

from model.json_values import Json
from sandbox.by_hand import ByHand, Parts


@dataclass(frozen=True)
class Recorded(ByHand):
    """Notes the commands instead of running them."""

    commands: list[tuple[str, ...]] = field(default_factory=list[tuple[str, ...]])

    def run(self, program: Path, *arguments: str, manifests: list[Json] | None = None) -> None:
        """Note a command; `manifests` do not matter here."""
        del manifests
        self.commands.append((program.name, *arguments))


def test_every_release_that_is_installed_is_uninstalled_by_the_same_name(tmp_path: Path) -> None:
    place = {"namespace": "mesh", "name": "a"}
    parts = Parts(
        releases=[{"name": "crds", "namespace": "mesh", "chart": "crds.tgz"}],
        charts={"control-plane": [{"kind": "ConfigMap", "metadata": place}]},
    )
    by_hand = Recorded(Path("helm"), Path("kubectl"), tmp_path / "kubeconfig", tmp_path, tmp_path, {})
    by_hand.install(parts)
    by_hand.uninstall(parts)
    installed = [command[2] for command in by_hand.commands if command[1] == "install"]
    uninstalled = [command[2] for command in by_hand.commands if command[1] == "uninstall"]
    assert installed == ["crds", "control-plane"]
    assert uninstalled == ["control-plane", "crds"], "in the other order"
