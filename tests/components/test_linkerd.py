"""Linkerd: the values of its charts, the order of its parts, and the restart key that meshed pods wait for."""

import gc
from collections.abc import Callable

import pytest
from pulumi import CustomResource, RunError

from components.mesh.linkerd import NAMESPACE_METADATA, Linkerd, LinkerdArgs
from model.names import TrustPhase
from tests.components.charts import CERTIFICATES, LINKERD, installed
from tests.deployment import Deployment
from tests.engine import deploy


def test_the_namespace_carries_what_linkerds_own_installer_puts_on_it() -> None:
    assert NAMESPACE_METADATA == {
        "annotations": {"linkerd.io/inject": "disabled"},
        "labels": {
            "linkerd.io/is-control-plane": "true",
            "linkerd.io/control-plane-ns": "linkerd",
            "config.linkerd.io/admission-webhooks": "disabled",
            "pod-security.kubernetes.io/enforce": "privileged",
        },
    }


def test_lifetimes_reach_anchor_issuer_and_leaves() -> None:
    assert installed("linkerd").named("linkerd-trust-anchor-1").at("validityPeriodHours") == 30 * 24
    assert installed("linkerd").named("linkerd-trust-issuer").at("validityPeriodHours") == 20 * 24
    leaves = installed("linkerd").of("tls:index/locallySignedCert:LocallySignedCert")
    assert {each.at("earlyRenewalHours") for each in leaves} == {10 * 24}


def app(wait: Callable[[], None] | None, *, preview: bool = False) -> Deployment:
    """Deploy a control plane without Gateway API definitions of its own, and an app that carries its restart key."""
    args: LinkerdArgs = {
        **LINKERD,
        "certificates": {**CERTIFICATES, "anchor": 2, "phase": TrustPhase.BUNDLED},
        "generation": 3,
    }
    if wait:
        args["wait"] = wait
    program = lambda: CustomResource("test:index:App", "app", {"key": Linkerd("linkerd", args).restart_key})  # noqa: E731
    return deploy(program, preview=preview)


@pytest.mark.parametrize(("preview", "waits"), [(True, []), (False, ["waited"])], ids=["preview", "up"])
def test_a_preview_knows_the_restart_key_at_once_and_an_up_when_the_wait_is_over(
    *, preview: bool, waits: list[str]
) -> None:
    seen: list[str] = []
    deployment = app(lambda: seen.append("waited"), preview=preview)

    assert deployment.named("app").at("key") == "3-anchor-2-bundled", "an unknown key would show a change of every pod"
    assert seen == waits


def test_a_control_plane_that_does_not_roll_out_ends_the_up_before_any_app_restarts() -> None:
    seen: list[str] = []

    def fail() -> None:
        seen.append("waited")
        raise RunError("the control plane was not rolled out")

    with pytest.raises(RunError, match="was not rolled out"):
        app(fail)
    gc.collect()  # else the failed output complains later; within `ast.parse` Python 3.11 breaks on that
    assert seen == ["waited"]
