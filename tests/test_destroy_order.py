"""For any choice of demos and add-ons a destroy deletes every Ingress before the controllers that clean up."""

import json

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from model.names import Identity
from tests.deployment import Deployment
from tests.program import run_program
from tests.program_configs import OIDC

INGRESS = "kubernetes:networking.k8s.io/v1:Ingress"
CONTROLLER, DNS = "add-ons-load-balancer-controller", "add-ons-external-dns"
HOSTS = {
    "booksapp": "books.dev.example.com",
    "podinfo": "podinfo.dev.example.com",
    "progressiveDelivery": "c.dev.example.com",
}
DASHBOARD = {"host": "viz.dev.example.com", "oidc": {**OIDC, "secretName": "oidc"}}
EXAMPLES = 5


@st.composite
def stacks(draw: st.DrawFn, identity: Identity) -> dict[str, str]:
    """Draw the settings of a stack on EKS with a host at least."""
    served = draw(st.sets(st.sampled_from([*HOSTS, "viz"]), min_size=1))
    wants = {name: st.just(value=True) if name in served else st.booleans() for name in (*HOSTS, "viz")}
    demos = {
        demo: {"enabled": draw(wants[demo]), **({"host": host} if demo in served else {})}
        for demo, host in HOSTS.items()
    }
    eks = {
        "cluster": "workshop",
        "region": "eu-central-1",
        "owner": "platform-team",
        "identity": identity,
        "installPodIdentityAgent": draw(st.booleans()),
        "loadBalancerController": {"enabled": draw(st.booleans())},
        "externalDns": {"enabled": draw(st.booleans())},
    }
    chosen = {
        "eks": eks,
        "dns": {"zone": "example.com", "domain": "dev.example.com"},
        "publicHosts": {"inboundCidrs": ["203.0.113.0/24"], "https": draw(st.booleans())},
        "viz": {"enabled": draw(wants["viz"]), **({"dashboard": DASHBOARD} if "viz" in served else {})},
        "demos": demos,
    }
    return {key: json.dumps(value) for key, value in chosen.items()}


@pytest.mark.parametrize("identity", Identity)
@settings(max_examples=EXAMPLES, deadline=None, derandomize=True, database=None, phases=[Phase.generate])
@given(data=st.data())
def test_a_destroy_deletes_nothing_before_what_it_has_to_clean_up(data: st.DataObject, identity: Identity) -> None:
    deployment = run_program(data.draw(stacks(identity)))

    check_that_every_ingress_is_deleted_before_the_add_ons(deployment)
    check_that_each_controller_keeps_its_permissions_to_the_end(deployment)
    check_that_no_finalizer_is_skipped(deployment)


def check_that_every_ingress_is_deleted_before_the_add_ons(deployment: Deployment) -> None:
    add_ons = {each.name for each in deployment.registrations if each.name.startswith("add-ons-")}
    assert deployment.of(INGRESS)
    for ingress in deployment.of(INGRESS):
        missing = {name for name in add_ons - deployment.all_before(ingress) if deployment.named(name).custom}
        assert missing == set(), f"{ingress.name} could outlive what has to remove its load balancer and record"
        charts = {f"{name}-chart" for name in (CONTROLLER, DNS)} & add_ons
        assert charts <= deployment.all_before(ingress)


def check_that_each_controller_keeps_its_permissions_to_the_end(deployment: Deployment) -> None:
    for component in {CONTROLLER, DNS} & deployment.names:
        before = deployment.all_before(deployment.named(f"{component}-chart"))
        rights = {each.name for each in deployment.registrations if each.name.startswith(f"{component}-identity-")}
        assert rights, "there is a role"
        assert rights <= before, "a pod needs its permissions until it is deleted"
        if component == CONTROLLER and DNS in deployment.names:
            assert f"{DNS}-chart" in before, (
                "records are removed after their Ingresses, while the controller is deleted"
            )


def check_that_no_finalizer_is_skipped(deployment: Deployment) -> None:
    assert [each.name for each in deployment.registrations if "deletedWith" in each.options] == []
    for ingress in deployment.of(INGRESS):
        assert "skipAwait" not in str(ingress.inputs), "its finalizer is waited for"
        assert ingress.options == {"longestDelete": "15m"}, "nothing keeps it, nothing takes it along"
