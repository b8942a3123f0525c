"""The program's own resources, judged by its policies; what charts bring is judged on the sandbox."""

from collections.abc import Mapping
from functools import cache
from pathlib import Path

import pytest
import yaml

from operations import parts
from sandbox.json_values import is_list, is_mapping
from tests.policies import rules
from tests.policies.exemptions import EXEMPTIONS, Exemption, covers
from tests.policies.judged import UNKNOWN, Finding, Judged, of_kubernetes, of_resource
from tests.policies.rules import POLICIES, judge
from tests.program import ROOT, run_program
from tests.recorded_values import Secret, Unknown
from tests.test_program import CONFIGS, EVERYTHING

OF_CHARTS = ("Deployment linkerd/*, container linkerd-init",)
"""Where exemptions are about what a chart brings, which nothing renders here."""
OWN = [each for each in EXEMPTIONS if each.where not in OF_CHARTS]
CHARTED = "releases-are-seen"


def plain(value: object) -> object:
    """Return a recorded value as a policy pack sees it: without the mark of a secret."""
    if isinstance(value, Secret):
        return plain(value.value)
    if isinstance(value, Unknown):
        return UNKNOWN
    if is_mapping(value):
        return {key: plain(each) for key, each in value.items()}
    return [plain(each) for each in value] if is_list(value) else value


def made(config: Mapping[str, str]) -> list[Judged]:
    """Return all that the program makes with `config`."""
    registrations = run_program(config).registrations
    return [
        of_resource(each.type, each.name, {key: plain(value) for key, value in each.inputs.items()})
        for each in registrations
    ]


def findings(things: list[Judged]) -> list[str]:
    """Return what is neither in order nor exempt."""
    asked = [policy for policy in POLICIES if policy.name != CHARTED]
    return [f"{policy.name}: {found}" for thing in things for policy in asked for found in judge(thing, policy)]


@pytest.mark.parametrize("config", CONFIGS)
def test_nothing_that_the_program_makes_is_against_a_policy(config: str) -> None:
    things = made(CONFIGS[config])

    assert len(things) > 10
    assert findings(things) == []


@pytest.mark.parametrize("path", sorted((ROOT / "gitops").rglob("*.yaml")), ids=lambda path: path.name)
def test_nothing_that_argo_cd_would_bring_is_against_a_policy(path: Path) -> None:
    documents = [each for each in yaml.safe_load_all(path.read_text(encoding="utf-8")) if is_mapping(each)]
    things = [of_kubernetes({**each, "metadata": {"name": "x", "namespace": "podinfo"}}) for each in documents]

    assert things
    assert findings(things) == []


@cache
def everything_found() -> list[tuple[str, Finding]]:
    """Return what the policies find when nothing is exempt, by the policy's name."""
    asked = [policy for policy in POLICIES if policy.name != CHARTED]
    return [(policy.name, found) for thing in made(EVERYTHING) for policy in asked for found in policy.judge(thing)]


@pytest.mark.parametrize("exemption", OWN, ids=lambda each: f"{each.policy} {each.where}")
def test_nothing_is_exempt_that_is_in_order(exemption: Exemption) -> None:
    assert any(covers(exemption, name, found) for name, found in everything_found()), "strike it from the list"


def test_every_exemption_is_about_a_policy_and_has_a_reason() -> None:
    assert {each.policy for each in EXEMPTIONS} <= {policy.name for policy in POLICIES}
    assert [each for each in EXEMPTIONS if not each.reason.endswith(".")] == []


def test_the_demo_apps_are_judged_wherever_the_program_puts_them() -> None:
    demos = {parts.BOOKSAPP, parts.PODINFO, parts.CIRCUIT_BREAKING, parts.PROGRESSIVE_DELIVERY, parts.GITOPS_DELIVERY}

    assert set(rules.DEMOS) == demos


def test_no_value_that_the_program_keeps_secret_gets_into_a_config_map_or_a_pod() -> None:
    for each in run_program(EVERYTHING).registrations:
        if each.type.endswith((":ConfigMap", ":Deployment", ":Rollout")):
            assert not hidden(each.inputs), each.name


def hidden(value: object) -> bool:
    """Return whether a secret is somewhere in a recorded value."""
    if is_mapping(value):
        return any(hidden(each) for each in value.values())
    return any(hidden(each) for each in value) if is_list(value) else isinstance(value, Secret)
