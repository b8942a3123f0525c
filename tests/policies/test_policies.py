"""The program's own resources, judged by its policies; the objects of charts are judged on the sandbox."""

from collections.abc import Collection
from functools import cache
from pathlib import Path

import pytest
import yaml

from components.addons.load_balancer_policy import Extra
from model.json_values import is_list, is_mapping
from model.names import DEMOS, Identity
from policies import rules
from policies.exemptions import EXEMPTIONS, Exemption, covers
from policies.judged import UNKNOWN, Finding, Judged, namespace_of, of_kubernetes, of_resource
from policies.rules import POLICIES, judge
from settings import parts
from tests.deployment import Deployment
from tests.iam.stack import deployed
from tests.program import ROOT, run_program
from tests.recorded_values import Secret, Unknown
from tests.test_program import CONFIGS, EVERYTHING

OF_CHARTS = ("Deployment linkerd/*, container linkerd-init",)
"""The places of exemptions about objects of charts, which nothing renders here."""
OWN = [each for each in EXEMPTIONS if each.where not in OF_CHARTS]
JUDGING = [policy for policy in POLICIES if policy.name != "releases-are-seen"]


def plain(value: object) -> object:
    """Return a recorded value as a policy pack sees it: without the mark of a secret."""
    if isinstance(value, Secret):
        return plain(value.value)
    if isinstance(value, Unknown):
        return UNKNOWN
    if is_mapping(value):
        return {key: plain(each) for key, each in value.items()}
    return [plain(each) for each in value] if is_list(value) else value


def judged_of(deployment: Deployment) -> list[Judged]:
    """Return all resources of a program as policies see them."""
    return [
        of_resource(each.type, each.name, {key: plain(value) for key, value in each.inputs.items()})
        for each in deployment.registrations
    ]


@cache
def identities() -> list[Judged]:
    """Return the roles of the add-ons on EKS with all permissions that they can have, by both kinds of identity."""
    judged = [each for identity in Identity for each in judged_of(deployed(identity, tuple(Extra)))]
    return [each for each in judged if each.kind.startswith("aws:iam/")]


@cache
def of_program(config: str) -> list[Judged]:
    return judged_of(run_program(CONFIGS[config]))


def findings(judged: list[Judged]) -> list[str]:
    """Return the findings that are not exempt."""
    return [f"{policy.name}: {found}" for thing in judged for policy in JUDGING for found in judge(thing, policy)]


@pytest.mark.parametrize("config", CONFIGS)
def test_nothing_that_the_program_creates_violates_a_policy(config: str) -> None:
    assert len(of_program(config)) > 10
    assert findings(of_program(config)) == []


def test_no_role_of_an_add_on_violates_a_policy() -> None:
    assert len(identities()) == 8
    assert findings(identities()) == []


@pytest.mark.parametrize("path", sorted((ROOT / "gitops").rglob("*.yaml")), ids=lambda path: path.name)
def test_nothing_that_argo_cd_would_create_violates_a_policy(path: Path) -> None:
    documents = [each for each in yaml.safe_load_all(path.read_text(encoding="utf-8")) if is_mapping(each)]
    placed = {"metadata": {"name": "x", "namespace": parts.GITOPS_DELIVERY}}

    assert documents
    assert findings([of_kubernetes({**each, **placed}) for each in documents]) == []


@cache
def found_in_all() -> list[tuple[str, Finding]]:
    """Return what the policies find when nothing is exempt, by the policy's name."""
    judged = [*of_program("everything"), *identities()]
    return [(policy.name, found) for thing in judged for policy in JUDGING for found in policy.judge(thing)]


@pytest.mark.parametrize("exemption", OWN, ids=lambda each: f"{each.policy} {each.where}")
def test_every_exemption_covers_a_finding(exemption: Exemption) -> None:
    assert any(covers(exemption, name, found) for name, found in found_in_all()), "remove it from the list"


def test_a_pod_has_to_be_restricted_wherever_there_may_be_demos() -> None:
    demos = {parts.BOOKSAPP, parts.PODINFO, parts.CIRCUIT_BREAKING, parts.PROGRESSIVE_DELIVERY, parts.GITOPS_DELIVERY}
    platform = {parts.LINKERD, parts.VIZ, parts.ARGO_ROLLOUTS, parts.ARGO_CD}
    platform |= {parts.LOAD_BALANCER_CONTROLLER, parts.EXTERNAL_DNS}
    pods = {
        namespace: {
            "kind": "Pod",
            "metadata": {"name": "app", "namespace": namespace},
            "spec": {"containers": [{"name": "service"}]},
        }
        for namespace in (*demos, *platform, "team-01", UNKNOWN)
    }
    judged = {name for name, pod in pods.items() if [*rules.find_unrestricted_demos(of_kubernetes(pod))]}

    assert judged == {*demos, "team-01", UNKNOWN}


def test_an_attendees_demos_are_judged_as_the_stacks_own_are() -> None:
    def found(namespaces: Collection[str]) -> set[tuple[str, str]]:
        return {
            (each.kind + each.name.partition("/")[2], finding.what)
            for each in of_program("attendees")
            if namespace_of(each) in namespaces
            for finding in rules.find_unrestricted_demos(each)
        }

    assert found(["ada"])
    assert found(["ada"]) == found(DEMOS)


def test_no_secret_value_of_the_program_gets_into_a_config_map_or_a_pod() -> None:
    registrations = run_program(EVERYTHING).registrations
    seen = [each for each in registrations if each.type.endswith((":ConfigMap", ":Deployment", ":Rollout"))]

    assert len(seen) > 10
    assert [each.name for each in seen if hidden(each.inputs)] == []


def hidden(value: object) -> bool:
    """Return whether a secret is somewhere in a recorded value."""
    if is_mapping(value):
        return any(hidden(each) for each in value.values())
    return any(hidden(each) for each in value) if is_list(value) else isinstance(value, Secret)
