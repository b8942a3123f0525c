"""The whole program with high availability: what it changes, and which namespaces a closed webhook must not lock."""

import pytest

from tests.test_program import deployed


def test_high_availability_changes_what_it_is_about_and_nothing_else() -> None:
    without, available = (
        {each.urn: each for each in deployed(name).registrations} for name in ("eks", "high-availability")
    )
    more = {available[urn].name for urn in available.keys() - without.keys()}
    changed = {each.name for urn, each in available.items() if urn in without and each.inputs != without[urn].inputs}
    options = {each.name for urn, each in available.items() if urn in without and each.options != without[urn].options}

    assert without.keys() <= available.keys()
    assert more == {"linkerd-kube-system"}
    assert changed == {
        *("linkerd-control-plane", "viz-chart", "argo-rollouts-controller", "add-ons-load-balancer-controller-chart"),
        *("argocd-namespace", "aws-load-balancer-controller-namespace", "external-dns-namespace"),
    }
    assert options == {"linkerd-control-plane"}, "its Services are waited for"


@pytest.mark.parametrize("config", ["eks", "high-availability"])
def test_only_namespaces_whose_pods_are_meshed_wait_for_an_injector_that_fails_closed(config: str) -> None:
    label = "config.linkerd.io/admission-webhooks"
    namespaces = deployed(config).of("kubernetes:core/v1:Namespace")
    exempt = {each.name.removesuffix("-namespace") for each in namespaces if label in str(each.at("metadata"))}

    unmeshed = (
        {"aws-load-balancer-controller", "external-dns", "argocd"} if config == "high-availability" else set[str]()
    )
    assert exempt == {"linkerd", *unmeshed}


def test_the_webhooks_go_before_the_label_that_keeps_them_from_the_clusters_own_pods() -> None:
    deployment = deployed("high-availability")

    assert "linkerd-kube-system" in deployment.all_before(deployment.named("linkerd-control-plane"))
    assert "linkerd-namespace" in deployment.all_before(deployment.named("linkerd-control-plane"))
