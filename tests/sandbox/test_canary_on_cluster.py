"""A real canary: the Argo Rollouts controller moves the weights, and Pulumi leaves them alone.

The plugin is the one that GATEWAYAPI_PLUGIN names, else a double of its effects.
"""

from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from threading import Event, Thread
from typing import Self

import pytest

from clients.cluster_api import ClusterApi
from model.json_values import at, mappings, text
from model.problem import InputError
from sandbox import tools
from tests.sandbox.sandbox_command import eventually, running_sandbox
from tests.sandbox.workshop import CHECKOUT, Workshop

pytestmark = pytest.mark.sandbox

ROUTE = "/apis/gateway.networking.k8s.io/v1/namespaces/progressive-delivery/httproutes/argo-rollouts-http-route"
ROLLOUT = "/apis/argoproj.io/v1alpha1/namespaces/progressive-delivery/rollouts/rollouts-demo"
WEIGHTS = [0, 30, 40, 60, 80, 0]
ALL = 100
"""The canary's weight when it becomes the stable version: for a moment that a reader may miss."""
LABEL = "rollouts.argoproj.io/gatewayapi-canary"
LONGEST_SECONDS = 600
POLL_SECONDS = 0.2
PROGRAM = (CHECKOUT / "__main__.py").read_text(encoding="utf-8")
WITH_LABEL = """\
import pulumi
def label(args):
    if args.name == "progressive-delivery-canary-route":
        metadata = {**args.props["metadata"], "labels": {"changed": "in-between"}}
        return pulumi.ResourceTransformResult({**args.props, "metadata": metadata}, args.opts)
pulumi.runtime.register_resource_transform(label)
"""
"""Has the program change the very object that the controller writes, in a field that no controller writes."""


@dataclass
class Watch:
    """Reads the canary's weight again and again, in a thread of its own."""

    api: ClusterApi
    seen: list[int] = field(default_factory=list[int])
    """Every weight that differs from the one before."""
    ended: Event = field(default_factory=Event)

    def __enter__(self) -> Self:
        """Begin."""
        Thread(target=self._read, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        """End."""
        self.ended.set()

    def _read(self) -> None:
        while not self.ended.wait(POLL_SECONDS):
            with suppress(InputError):
                if self.seen[-1:] != [weight := self.weight()]:
                    self.seen.append(weight)

    def weight(self) -> int:
        """Return the canary's weight."""
        rules = mappings(self.api.find(ROUTE), "spec", "rules")
        backends = [backend for rule in rules for backend in mappings(rule, "backendRefs")]
        return next(int(str(each["weight"])) for each in backends if each["name"] == "podinfo-canary")

    def label(self) -> str:
        """Return what the controller's label on the route says."""
        return text(self.api.find(ROUTE), "metadata", "labels", LABEL)

    def until(self, condition: Callable[[], bool], what: str) -> None:
        """Wait for a condition."""
        assert eventually(condition, LONGEST_SECONDS), f"no {what} in {LONGEST_SECONDS} s; weights so far: {self.seen}"

    def until_healthy(self) -> None:
        """Wait until no canary runs."""
        self.until(lambda: text(self.api.find(ROLLOUT), "status", "phase") == "Healthy", "healthy Rollout")

    def stop(self) -> None:
        """Have the controller stay in a pause between two weights, and wait until it does: no weight is on its way."""
        self.until(lambda: self.weight() in WEIGHTS[1:-1] and bool(self._read_status("pauseConditions")), "pause")
        self._pause(on=True)
        generation = str(at(self.api.find(ROLLOUT), "metadata", "generation"))
        self.until(lambda: self._read_status("observedGeneration") == generation, "controller that has seen the pause")

    def go_on(self) -> None:
        """Have the controller go on."""
        self._pause(on=False)

    def _pause(self, *, on: bool) -> None:
        assert self.api.ask("PATCH", ROLLOUT, {"spec": {"paused": on or None}}).status == 200

    def _read_status(self, key: str) -> object:
        return at(self.api.find(ROLLOUT), "status", key)


@pytest.fixture(scope="module")
def workshop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Workshop]:
    """A stack whose controller runs, in a sandbox of its own: its definitions are other tests', too."""
    tools.find((*tools.CONTROL_PLANE, *tools.CANARY))
    with running_sandbox(tmp_path_factory.mktemp("canary") / ".sandbox", "rollouts") as home:
        made = Workshop(tmp_path_factory.mktemp("project") / "workshop", home.folder)
        made.leave_out("viz", "demos.booksapp", "demos.podinfo", "demos.circuitBreaking")
        (made.folder / "__main__.py").unlink()
        made.write(PROGRAM)
        yield made


@pytest.fixture(scope="module")
def before(workshop: Workshop) -> set[str]:
    """What was in the cluster before."""
    found = workshop.objects()
    workshop.up()
    Watch(workshop.api).until_healthy()
    return found


@pytest.mark.usefixtures("before")
def test_a_new_version_goes_through_the_weights_and_neither_up_nor_refresh_moves_one(workshop: Workshop) -> None:
    workshop.find_no_drift()
    with Watch(workshop.api) as watch:
        workshop.choose("demos.progressiveDelivery.version", "1.7.1")
        assert workshop.preview().of("update") == ["progressive-delivery-canary-rollout"]
        workshop.up()
        watch.stop()
        stopped, label = watch.weight(), watch.label()
        assert label == "in-progress"

        workshop.write(WITH_LABEL + PROGRAM)
        assert workshop.preview().of("update") == ["progressive-delivery-canary-route"]
        workshop.up()
        assert text(workshop.api.find(ROUTE), "metadata", "labels", "changed"), "the change reached the very object"
        workshop.succeed("refresh", "--yes", "--skip-preview")
        workshop.write(PROGRAM)
        workshop.up()
        assert (watch.weight(), watch.label()) == (stopped, label), "the canary is where it was"
        watch.go_on()
        watch.until_healthy()
        watch.until(lambda: watch.seen[-1] == 0, "weight after the end")

    assert [weight for weight in watch.seen if weight != ALL] == WEIGHTS
    assert watch.label() == ""
    workshop.find_no_drift()


def test_a_canary_that_is_destroyed_midway_leaves_nothing(workshop: Workshop, before: set[str]) -> None:
    watch = Watch(workshop.api)
    workshop.choose("demos.progressiveDelivery.version", "1.7.0")
    workshop.up()
    watch.until(lambda: watch.weight() in WEIGHTS[1:-1], "canary")

    printed = workshop.destroy()

    rollout, route, controller, definitions = (
        printed.index(f" {name} deleted")
        for name in (
            "progressive-delivery-canary-rollout",
            "progressive-delivery-canary-route",
            "argo-rollouts-controller:argo-rollouts/argo-rollouts",
            "argo-rollouts-crds",
        )
    )
    assert rollout < route < controller
    assert rollout < definitions
    assert workshop.objects() == before
