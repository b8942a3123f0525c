"""A real canary: the Argo Rollouts controller moves the weights, and Pulumi leaves them alone.

The plugin is the one that GATEWAYAPI_PLUGIN names, else a double of its effects.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from model.json_values import mapping
from sandbox import tools
from sandbox.api_client import connect
from tests.sandbox.canary_stack import NAMESPACE, Demo, Watch
from tests.sandbox.sandbox_command import running_sandbox
from tests.sandbox.stack import Stack

pytestmark = pytest.mark.sandbox

WEIGHTS = [0, 30, 40, 60, 80, 0]
ALL = 100
"""The canary's weight when it becomes the stable version: for a moment that a reader may miss."""
LABEL = "rollouts.argoproj.io/gatewayapi-canary"


@dataclass
class Scene:
    """A stack in a sandbox of its own: its definitions are other tests', too."""

    stack: Stack
    demo: Demo
    watch: Watch


@pytest.fixture(scope="module")
def scene(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Scene]:
    """Bring the demo up, with a controller that is healthy."""
    folder = tmp_path_factory.mktemp("canary")
    tools.find((*tools.CONTROL_PLANE, *tools.CANARY))
    with running_sandbox(folder / ".sandbox", "rollouts") as home:
        demo, stack, watch = Demo(home, folder / "archives"), Stack(folder / "stack"), Watch(connect(home))
        stack.bring_up(demo)
        watch.until(lambda: watch.phase() == "Healthy", "healthy Rollout")
        yield Scene(stack, demo, watch)


def changed(scene: Scene) -> dict[str, str]:
    """Return what a preview announces."""
    preview = scene.stack.preview(scene.demo)
    assert preview.ok, preview.text
    return {step.name: step.operation for step in preview.steps if step.operation not in ("same", "read")}


def test_between_two_canaries_nothing_is_to_be_done(scene: Scene) -> None:
    assert changed(scene) == {}
    assert scene.stack.refresh(scene.demo).ok
    assert changed(scene) == {}, "what the controller wrote is nobody's drift"


def test_a_new_version_goes_through_the_weights_and_neither_up_nor_refresh_moves_one(scene: Scene) -> None:
    demo, stack, watch = scene.demo, scene.stack, scene.watch
    with watch:
        demo.version = "1.7.1"
        assert changed(scene) == {"demo-canary-rollout": "update"}
        stack.bring_up(demo)
        watch.until(lambda: watch.weight() == 30, "canary")
        assert mapping(mapping(watch.route()["metadata"])["labels"])[LABEL] == "in-progress"

        demo.changed = True
        up = stack.bring_up(demo)
        assert up.operations("demo-canary-route") == ["update"], "the change reached the very object"
        assert watch.seen[-1] in WEIGHTS[1:-1], "the canary is still running"
        assert stack.refresh(demo).ok
        demo.changed = False
        stack.bring_up(demo)
        watch.until(lambda: watch.phase() == "Healthy", "end of the canary")
        watch.until(lambda: watch.seen[-1] == 0, "weight after the end")

    assert [weight for weight in watch.seen if weight != ALL] == WEIGHTS
    assert LABEL not in mapping(mapping(watch.route()["metadata"]).get("labels"))
    assert changed(scene) == {}
    assert stack.refresh(demo).ok
    assert changed(scene) == {}


def test_a_canary_that_is_destroyed_midway_leaves_nothing(scene: Scene) -> None:
    scene.demo.version = "1.7.0"
    scene.stack.bring_up(scene.demo)
    scene.watch.until(lambda: scene.watch.weight() == 30, "canary")

    destroyed = scene.stack.destroy()

    assert destroyed.ok, destroyed.text
    order = [step.name for step in destroyed.steps if step.operation == "delete"]
    assert order.index("demo-canary-rollout") < order.index("demo-canary-route")
    assert order.index("demo-canary-route") < order.index("argo-rollouts-controller:argo-rollouts/argo-rollouts")
    assert order.index("demo-canary-rollout") < order.index("argo-rollouts-crds")
    assert scene.watch.client.get(f"/api/v1/namespaces/{NAMESPACE}") is None
    scene.watch.until(lambda: scene.watch.client.get("/apis/argoproj.io/v1alpha1") is None, "end of the definitions")
