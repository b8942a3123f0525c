"""The whole program: its tree, and what holds for every resource in it.

After a change on purpose: `UPDATE_GOLDEN=1 .venv/bin/python -m pytest tests/test_program.py`, and read the diff.
"""

import asyncio
import json
import os
import re
from binascii import a2b_base64
from dataclasses import replace
from functools import cache

import pytest
from pulumi import Output, RunError

from model.problem import InputError
from tests.deployment import Deployment, Registration
from tests.engine import CERTIFICATE_ENDS, STACK, deploy
from tests.program import CLUSTER, ROOT, run_program
from tests.program_configs import CONFIGS, DEMOS, EVERYTHING, OFF
from tests.recorded_values import UNKNOWN, at, mapping, plain_texts

CHART = "kubernetes:helm.sh/v4:Chart"
RELEASE = "kubernetes:helm.sh/v3:Release"


@cache
def deployed(config: str, *, preview: bool = False) -> Deployment:
    return run_program(CONFIGS[config], preview=preview)


@pytest.mark.parametrize("config", CONFIGS)
def test_the_tree_of_resources_changes_only_on_purpose(config: str) -> None:
    golden = ROOT / "tests" / "golden" / f"{config}.txt"
    tree = deployed(config).tree()
    if os.environ.get("UPDATE_GOLDEN") == "1":
        golden.write_text(tree, encoding="utf-8")
    wanted = golden.read_text(encoding="utf-8") if golden.is_file() else ""
    assert tree == wanted, (
        f"{golden.name} is not the program's tree; if that is meant, renew it with"
        " `UPDATE_GOLDEN=1 .venv/bin/python -m pytest tests/test_program.py` and commit the diff"
    )


@pytest.mark.parametrize("config", CONFIGS)
def test_a_first_preview_registers_what_the_up_will(config: str) -> None:
    assert deployed(config, preview=True).tree() == deployed(config).tree()


@pytest.mark.parametrize("config", CONFIGS)
def test_what_shapes_the_charts_is_known_in_a_first_preview(config: str) -> None:
    charts = deployed(config, preview=True).of(CHART)

    assert "linkerd-control-plane" in [chart.name for chart in charts]
    unknown = [chart.name for chart in charts if str(UNKNOWN) in plain_texts(chart.inputs)]
    assert unknown == [], "a chart with an unknown value registers no children"


@pytest.mark.parametrize("config", CONFIGS)
def test_no_chart_is_given_a_null(config: str) -> None:
    given = [each for each in deployed(config).registrations if each.type in (CHART, RELEASE)]

    assert given
    nulls = [each.name for each in given if re.search(r"\bNone\b", repr(each.inputs.get("values") or {}))]
    assert nulls == [], "a null removes a default since version 4.30 of the provider, and did nothing before"


@pytest.mark.parametrize("config", CONFIGS)
def test_a_release_whose_install_failed_can_be_installed_again(config: str) -> None:
    releases = deployed(config).of(RELEASE)

    assert "linkerd-crds" in [release.name for release in releases]
    stuck = [release.name for release in releases if release.inputs.get("replace") is not True]
    assert stuck == [], "an `up` would fail for ever: the provider does not always record a release that failed"


@pytest.mark.parametrize("config", CONFIGS)
def test_every_resource_of_kubernetes_uses_the_one_provider(config: str) -> None:
    deployment = deployed(config)
    provider = deployment.one("pulumi:providers:kubernetes")
    objects = [each for each in deployment.registrations if each.type.startswith("kubernetes:")]

    strangers = [each.name for each in objects if not each.provider.startswith(f"{provider.urn}::")]
    assert strangers == [], "default providers are disabled, so these would fail"
    assert objects


@pytest.mark.parametrize("config", CONFIGS)
def test_no_provider_is_made_beside_the_declared_ones(config: str) -> None:
    declared = {each.urn for each in deployed(config).registrations if each.type.startswith("pulumi:providers:")}
    others = [each for each in deployed(config).registrations if re.match("aws:|eks:|random:", each.type)]

    strangers = [each.name for each in others if each.provider.rpartition("::")[0] not in declared]
    assert strangers == [], "default providers are disabled, so these would fail"
    assert bool(others) == ("eks" in CONFIGS[config])


@pytest.mark.parametrize("config", CONFIGS)
def test_every_component_registers_its_outputs_and_has_a_token_of_the_project(config: str) -> None:
    components = [
        each for each in deployed(config).registrations if not each.custom and not each.remote and each.type != STACK
    ]

    assert [each.name for each in components if each.outputs is None] == []
    for each in components:
        assert re.fullmatch(r"linkerd-workshop:[a-z]+:([A-Z][a-z]+)+", each.type), each.type


@pytest.mark.parametrize("config", CONFIGS)
def test_every_child_carries_its_parents_name_and_nothing_lies_on_the_stack_itself(config: str) -> None:
    deployment = deployed(config)
    for each in deployment.registrations:
        if not each.custom and not each.remote:
            continue
        parent = deployment.parent_of(each)
        assert parent.type != STACK, f"{each.name} belongs to no component"


def test_two_resources_of_one_type_never_share_a_name() -> None:
    urns = [each.urn for each in deployed("everything").registrations]

    assert len(urns) == len(set(urns))


@pytest.mark.parametrize("config", CONFIGS)
def test_no_private_key_is_a_plain_input_or_a_stack_output(config: str) -> None:
    deployment = deployed(config)
    shown = [(each.name, _plain_text(each.inputs)) for each in deployment.registrations]
    shown.append(("the stack's outputs", _plain_text(deployment.exports)))

    assert [name for name, text in shown if "SEC1 key" in text or "PKCS#8 key" in text] == []


@pytest.mark.parametrize("config", CONFIGS)
def test_the_stack_says_when_each_certificate_ends(config: str) -> None:
    deployment = deployed(config)
    expires = mapping(at(deployment.exports, "certificatesExpire"))

    assert set(expires.values()) == {CERTIFICATE_ENDS}
    certificates = ["tls:index/locallySignedCert:LocallySignedCert", "tls:index/selfSignedCert:SelfSignedCert"]
    assert len(expires) == sum(len(deployment.of(type_)) for type_ in certificates)


def list_objects_in(deployment: Deployment, namespace: str) -> list[str]:
    """Return the names of what lies in a namespace, the namespace's own among them."""
    places = [("metadata", "namespace"), ("namespace",)]
    inside = [each.name for each in deployment.registrations if namespace in {_found(each, *place) for place in places}]
    made = deployment.of("kubernetes:core/v1:Namespace")
    return [*inside, *(each.name for each in made if each.at("metadata", "name") == namespace)]


def _found(each: Registration, *place: str) -> object:
    try:
        return str(each.at(*place))
    except LookupError:
        return None


@pytest.mark.parametrize(("demo", "namespace"), DEMOS.items())
def test_a_switched_off_demo_leaves_no_trace(demo: str, namespace: str) -> None:
    others = {name: {} if name != demo else OFF for name in DEMOS}
    deployment = run_program({"demos": json.dumps(others)})

    assert list_objects_in(deployment, namespace) == []
    assert list_objects_in(deployed("program"), namespace)
    assert demo not in mapping(deployment.exports["demos"])
    assert demo in mapping(deployed("program").exports["demos"])


@pytest.mark.parametrize(
    ("part", "namespace"),
    [("viz", "linkerd-viz"), ("delivery", "argo-rollouts")],
)
def test_a_switched_off_part_leaves_no_trace(part: str, namespace: str) -> None:
    off = {"viz": OFF, "delivery": {"argoRollouts": OFF}}[part]
    deployment = run_program({part: json.dumps(off), "demos": json.dumps({"progressiveDelivery": OFF})})

    assert list_objects_in(deployment, namespace) == []
    assert list_objects_in(deployed("program"), namespace)


def test_nothing_but_the_mesh_is_made_where_all_is_off() -> None:
    tops = {each.name for each in deployed("nothing").registrations if each.parent.endswith("linkerd-workshop-test")}

    assert tops == {"cluster", "namespaces", "linkerd"}
    assert deployed("nothing").exports["demos"] == {}


def test_either_pulumi_or_argo_cd_owns_the_canary_and_never_both() -> None:
    ours, theirs = deployed("program"), deployed("gitops")
    rollout, application = "kubernetes:argoproj.io/v1alpha1:Rollout", "kubernetes:argoproj.io/v1alpha1:Application"

    assert (len(ours.of(rollout)), len(ours.of(application))) == (1, 0)
    assert (len(theirs.of(rollout)), len(theirs.of(application))) == (0, 1)


def test_with_gateway_api_of_somebody_else_none_is_installed() -> None:
    assert "gateway-api" not in deployed("nothing").names
    assert "gateway-api" in deployed("program").names


@pytest.mark.parametrize("config", ["program", "everything"])
@pytest.mark.parametrize("demo", ["Booksapp", "Podinfo", "CircuitBreaking", "ProgressiveDelivery"])
def test_every_part_of_a_demo_waits_for_the_mesh(config: str, demo: str) -> None:
    deployment = deployed(config)
    injectors = [chart for chart in deployment.of(CHART) if chart.name in ("linkerd-control-plane", "viz-chart")]
    app = deployment.one(f"linkerd-workshop:demos:{demo}")

    assert len(injectors) == 2
    assert {chart.name for chart in injectors} <= deployment.all_before(app)
    last = max(chart.order for chart in injectors)
    early = [each.name for each in deployment.below(app) if each.order < last]
    assert early == [], "a pod that starts before the injectors answer runs unmeshed, without an error"


@pytest.mark.parametrize("config", CONFIGS)
def test_on_destroy_everything_in_a_namespace_goes_before_any_namespace(config: str) -> None:
    deployment = deployed(config)
    namespaces = deployment.of("kubernetes:core/v1:Namespace")
    for chart in deployment.of(CHART):
        if chart.name == "viz-chart":
            missing = {each.name for each in namespaces} - deployment.all_before(chart)
            assert missing == set(), "a dead APIService would stop the deletion of these"
    assert "linkerd-namespace" in {each.name for each in namespaces}


def test_the_canary_goes_before_its_controller_and_its_definitions() -> None:
    deployment = deployed("everything")
    rollout = deployment.one("kubernetes:argoproj.io/v1alpha1:Rollout")

    assert {"argo-rollouts-crds", "argo-rollouts-controller", "gateway-api-crds"} <= deployment.all_before(rollout)


def test_an_application_goes_before_argo_cd() -> None:
    deployment = deployed("gitops")
    application = deployment.one("kubernetes:argoproj.io/v1alpha1:Application")

    assert {"argo-cd-crds", "argo-cd-chart", "argo-rollouts-controller"} <= deployment.all_before(application)


def test_a_new_generation_reaches_every_meshed_pod() -> None:
    deployment = deployed("everything")
    key = "linkerd-workshop/generation"
    charts = {chart.name: str(chart.at("values")) for chart in deployment.of(CHART)}
    kinds = ("kubernetes:apps/v1:Deployment", "kubernetes:argoproj.io/v1alpha1:Rollout")
    pods = [
        each.at("spec", "template", "metadata", "annotations", key) for kind in kinds for each in deployment.of(kind)
    ]

    assert [name for name, values in charts.items() if "'7-" not in values] == ["argo-cd-chart"], "it is not meshed"
    assert set(pods) == {"7-anchor-2-bundled"}
    assert len(pods) == 5 + 3 + 3 + 2


def test_without_the_ingress_class_in_the_cluster_no_host_is_served() -> None:
    without = run_program(EVERYTHING, cluster=replace(CLUSTER, ingress_classes=frozenset({"nginx"})))

    assert without.of("kubernetes:networking.k8s.io/v1:Ingress") == []
    assert len(deployed("everything").of("kubernetes:networking.k8s.io/v1:Ingress")) == 4
    assert str(at(without.exports, "demos", "booksapp")).startswith("kubectl -n booksapp port-forward")
    assert at(deployed("everything").exports, "demos", "booksapp") == "http://books.example.com/"


def test_a_wrong_setting_ends_the_program_before_anything_is_registered() -> None:
    with pytest.raises(InputError, match="faultPercent"):
        run_program({"demos": '{"booksapp": {"faultPercent": 101}}'})


def _plain_text(value: object) -> str:
    """Return all text in `value` that no Secret hides, and what base64 in it says."""
    return " ".join(f"{text} {_decoded(text)}" for text in plain_texts(value))


def _decoded(text: str) -> str:
    try:
        return a2b_base64(text, strict_mode=True).decode(errors="ignore")
    except ValueError:
        return ""


def test_a_program_that_fails_leaves_no_task_to_the_next_one() -> None:
    async def fails() -> None:
        raise RunError("no cluster")

    async def never_ends() -> None:
        await asyncio.Event().wait()

    with pytest.raises(RunError, match="no cluster"):
        deploy(lambda: (Output.from_input(never_ends()), Output.from_input(fails())))

    assert deploy(lambda: None).of(STACK)
