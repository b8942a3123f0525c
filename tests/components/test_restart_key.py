"""The restart key: what meshed pods wait for, so that none starts before the control plane that it needs."""

import gc
from collections.abc import Callable

import pytest
from pulumi import CustomResource, ResourceOptions, RunError

from components.mesh.linkerd import Linkerd, LinkerdArgs
from model.names import TrustPhase
from tests.deployment import Deployment
from tests.engine import deploy

CHART = "linkerd-control-plane"
KEY = "3-anchor-2-bundled"


def app(wait: Callable[[], None] | None, *, preview: bool = False) -> Deployment:
    """Deploy a control plane and something that carries its restart key."""
    args: LinkerdArgs = {
        "namespace": "linkerd",
        "crds_chart": {"chart": "crds.tgz"},
        "control_plane_chart": {"chart": "control-plane.tgz"},
        "lifetimes": {"anchor_days": 30, "issuer_days": 20, "renewal_days": 10},
        "anchor": 2,
        "phase": TrustPhase.BUNDLED,
        "generation": 3,
        "gateway_api": None,
    }
    if wait:
        args["wait"] = wait

    def program() -> None:
        CustomResource("test:index:App", "app", {"key": Linkerd("linkerd", args).restart_key}, ResourceOptions())

    return deploy(program, preview=preview)


def test_a_preview_knows_the_key_without_waiting_so_that_it_shows_no_change_where_none_is() -> None:
    waits: list[str] = []
    deployment = app(lambda: waits.append("waited"), preview=True)

    assert deployment.named("app").at("key") == KEY
    assert waits == []


def test_an_up_hands_the_key_out_when_the_wait_is_over() -> None:
    waits: list[str] = []
    deployment = app(lambda: waits.append("waited"))

    assert deployment.named("app").at("key") == KEY
    assert waits == ["waited"]


def test_what_carries_the_key_comes_after_the_control_plane() -> None:
    for preview in (True, False):
        assert CHART in app(None, preview=preview).before(app(None, preview=preview).named("app"))


def test_the_chart_itself_has_the_same_key_and_waits_for_nothing() -> None:
    deployment = app(None)

    assert deployment.named(CHART).at("values", "podAnnotations") == {"linkerd-workshop/generation": KEY}


def test_a_control_plane_that_does_not_come_up_ends_the_up_before_any_app_restarts() -> None:
    registered: list[str] = []

    def never() -> None:
        registered.append("waited")
        raise RunError("the control plane was not rolled out")

    with pytest.raises(RunError, match="was not rolled out"):
        app(never)
    gc.collect()  # else the failed output complains later; within `ast.parse` Python 3.11 breaks on that
    assert registered == ["waited"]
