"""Attendees: a namespace each, with a login, a boundary and the demos, and what all of them share."""

import json
from functools import cache

from components.attendees.access import AttendeeAccess
from components.attendees.boundary import Boundary
from tests.deployment import Deployment
from tests.engine import deploy
from tests.program import ON_EKS, ROOT, run_program
from tests.program_configs import EVERYTHING, OFF
from tests.recorded_values import at, mapping

POLICY = "kubernetes:policy.linkerd.io"
BINDING = "kubernetes:rbac.authorization.k8s.io/v1:RoleBinding"
WITHOUT_VIZ = {"viz": json.dumps(OFF)}


@cache
def workshop(*names: str) -> Deployment:
    return run_program(
        {**EVERYTHING, **ON_EKS, "attendees": json.dumps({"names": list(names)})} if names else EVERYTHING
    )


def trees(deployment: Deployment, attendee: str) -> dict[str, object]:
    """Return the inputs of everything that an attendee has, with the attendee's name replaced by a word."""
    return {
        each.name.replace(attendee, "NAME"): json.loads(json.dumps(each.inputs, default=str).replace(attendee, "NAME"))
        for each in deployment.registrations
        if each.name == attendee or each.name.startswith((f"{attendee}/", f"{attendee}-namespace"))
    }


def test_another_attendee_brings_what_the_first_one_has_and_changes_nothing_else() -> None:
    one, two = workshop("zoe"), workshop("zoe", "grace")
    added = {each.name for each in two.registrations} - {each.name for each in one.registrations}

    assert {each.name: each.inputs for each in one.registrations} == {
        each.name: each.inputs for each in two.registrations if each.name not in added
    }
    assert trees(two, "grace") == trees(two, "zoe")
    assert added == {name.replace("NAME", "grace") for name in trees(two, "zoe")}


def test_attendees_have_the_demos_of_the_stack_in_their_own_namespace_and_on_their_own_hosts() -> None:
    found = trees(workshop("zoe"), "zoe")
    for name, mine in found.items():
        own = name.removeprefix("NAME/")
        if name.startswith("NAME/") and own.startswith(("booksapp-", "podinfo-", "circuit-breaking-")):
            stacks_own = workshop("zoe").named(own).inputs
            assert set(mapping(mine)) == set(stacks_own)
            assert not stacks_own or at(mine, "metadata", "name") == at(stacks_own, "metadata", "name")
            assert not stacks_own or at(mine, "metadata", "namespace") == "NAME"
    hosts = [
        at(each.inputs, "spec", "rules", 0, "host")
        for each in workshop("zoe").of("kubernetes:networking.k8s.io/v1:Ingress")
    ]
    assert {host for host in hosts if str(host).startswith("zoe-")} == {
        "zoe-books.example.com",
        "zoe-podinfo.example.com",
        "zoe-canary.example.com",
    }


def test_the_page_says_how_many_pods_an_attendee_takes() -> None:
    found = run_program({"attendees": json.dumps({"names": ["zoe"]})})

    def count(kind: str) -> int:
        own = [each for each in found.of(kind) if each.name.startswith("zoe/")]
        return sum(int(str(each.at("spec", "replicas"))) for each in own)

    canary = count("kubernetes:argoproj.io/v1alpha1:Rollout")
    pods = count("kubernetes:apps/v1:Deployment") + canary
    page = (ROOT / "docs" / "attendees.md").read_text(encoding="utf-8")
    assert f"All four demos take {pods} pods an attendee, and {pods + canary} during a canary." in page


def test_clients_of_other_namespaces_reach_public_apps_only() -> None:
    def servers(*public: str) -> dict[str, object]:
        made = deploy(lambda: Boundary("b", {"namespace": "zoe", "public_apps": public}))
        return {str(each.at("metadata", "name")): each.at("spec") for each in made.of(f"{POLICY}/v1beta3:Server")}

    everything: list[object] = []
    metrics = {"podSelector": {"matchExpressions": everything}, "port": "linkerd-admin"}
    assert servers() == {
        "proxies": {**metrics, "accessPolicy": "all-unauthenticated"},
        "own": {"podSelector": {"matchExpressions": everything}, "port": "service", "accessPolicy": "deny"},
    }
    both = servers("webapp")
    assert at(both["public"], "podSelector", "matchExpressions", 0, "operator") == "In"
    assert at(both["own"], "podSelector", "matchExpressions", 0, "operator") == "NotIn"
    assert (at(both["public"], "accessPolicy"), at(both["own"], "accessPolicy")) == ("all-unauthenticated", "deny")


def test_the_namespace_itself_refuses_clients_of_ports_that_no_server_guards() -> None:
    metadata = workshop("zoe").named("zoe-namespace").at("metadata")

    assert at(metadata, "annotations", "config.linkerd.io/default-inbound-policy") == "deny"
    assert at(metadata, "labels") == {"linkerd-workshop/attendee": "zoe"}


def test_a_login_has_no_rights_but_in_its_namespace_and_to_viz_metrics() -> None:
    bindings = {each.name: each for each in workshop("zoe").of(BINDING) if each.name.startswith("zoe/")}

    assert sorted(bindings) == ["zoe/login-metrics", "zoe/login-rights"]
    assert bindings["zoe/login-rights"].at("metadata", "namespace") == "zoe"
    assert bindings["zoe/login-metrics"].at("metadata") == {
        "name": "linkerd-workshop-attendee-zoe",
        "namespace": "linkerd-viz",
        "labels": {"app.kubernetes.io/part-of": "linkerd-workshop"},
    }
    for each in bindings.values():
        assert each.at("subjects") == [{"kind": "ServiceAccount", "name": "attendee", "namespace": "zoe"}]


def test_no_pod_calls_the_dashboard_unless_a_load_balancer_has_to() -> None:
    def dashboard(*, public: bool) -> list[object]:
        made = deploy(lambda: AttendeeAccess("attendees", {"viz": "linkerd-viz", "public_dashboard": public}))
        return [each.at("spec") for each in made.of(f"{POLICY}/v1beta3:Server")]

    web: list[object] = [{"key": "component", "operator": "In", "values": ["web"]}]
    assert dashboard(public=False) == [
        {"podSelector": {"matchExpressions": web}, "port": "http", "accessPolicy": "deny"}
    ]
    assert dashboard(public=True) == []


def test_without_viz_nobody_reads_its_metrics() -> None:
    found = deploy(lambda: AttendeeAccess("attendees", {"viz": None, "public_dashboard": False}))
    without = run_program({**WITHOUT_VIZ, "attendees": json.dumps({"names": ["zoe"]})})

    assert "attendees-metrics-policy" not in found.names
    assert "zoe/login-metrics" not in without.names
    assert "zoe/login-rights" in without.names


def test_the_urls_of_each_attendee_are_an_output() -> None:
    assert at(workshop("zoe").exports, "attendees", "zoe") == {
        "booksapp": "https://zoe-books.example.com/",
        "podinfo": "https://zoe-podinfo.example.com/",
        "circuitBreaking": "kubectl -n zoe logs deploy/slow-cooker -c service -f",
        "progressiveDelivery": "https://zoe-canary.example.com/",
    }
