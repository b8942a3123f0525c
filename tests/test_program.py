"""The whole program: its tree, and what holds for every resource in it.

After a change on purpose: `UPDATE_GOLDEN=1 .venv/bin/python -m pytest tests/test_program.py`, and read the diff.
"""

import json
import os
import re
from binascii import a2b_base64
from dataclasses import replace
from functools import cache

import pytest

from model.problem import InputError
from tests.deployment import Deployment, Registration
from tests.engine import CERTIFICATE_ENDS, STACK
from tests.program import CLUSTER, ROOT, run_program
from tests.program_configs import CONFIGS, DEMOS, EVERYTHING, OFF
from tests.recorded_values import UNKNOWN, at, mapping, plain_texts

CHART = "kubernetes:helm.sh/v4:Chart"
RELEASE = "kubernetes:helm.sh/v3:Release"
CUSTOM_KIND = r"kubernetes:(gateway\.networking\.k8s|(\w+\.)?linkerd|argoproj)\.io/"
DELETION = "metadata annotations pulumi.com/deletionPropagationPolicy"
PROVIDER, CANARY = "pulumi:providers:", "progressiveDelivery"
ROLLOUTS = {"argo-rollouts-crds", "argo-rollouts-controller"}


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
def test_no_deletion_of_a_custom_kind_waits_for_the_garbage_collector(config: str) -> None:
    custom = [each for each in deployed(config).registrations if re.match(CUSTOM_KIND, each.type)]

    assert custom or config == "nothing"
    foreground = [each.name for each in custom if each.look(DELETION) != "background"]
    assert foreground == [], "it learns of a kind late, and of one that was installed before even minutes later"


@pytest.mark.parametrize("config", CONFIGS)
def test_every_resource_uses_the_declared_provider_of_its_package(config: str) -> None:
    made = deployed(config).registrations
    declared = {each.type.removeprefix(PROVIDER): each.urn for each in made if each.type.startswith(PROVIDER)}
    used = [each for each in made if re.match("kubernetes:|aws:|eks:|random:", each.type)]

    strangers = [
        each.name for each in used if each.provider.rpartition("::")[0] != declared.get(each.type.partition(":")[0])
    ]
    assert strangers == [], "default providers are disabled, so these would fail"
    assert len({each.provider for each in used}) == len(declared) == (2 if "eks" in CONFIGS[config] else 1)


@pytest.mark.parametrize("config", CONFIGS)
def test_every_object_belongs_to_a_component(config: str) -> None:
    (stack,) = deployed(config).of(STACK)

    assert [each.name for each in deployed(config).children(stack) if each.custom or each.remote] == []


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


@pytest.mark.parametrize(
    ("off", "namespace", "demo"),
    [
        *(({"demos": {demo: OFF}}, namespace, demo) for demo, namespace in DEMOS.items()),
        ({"viz": OFF}, "linkerd-viz", ""),
        ({"delivery": {"argoRollouts": OFF}, "demos": {CANARY: OFF}}, "argo-rollouts", CANARY),
    ],
)
def test_a_switched_off_part_leaves_no_trace(off: dict[str, object], namespace: str, demo: str) -> None:
    deployment = run_program({key: json.dumps(value) for key, value in off.items()})

    assert list_objects_in(deployment, namespace) == []
    assert list_objects_in(deployed("program"), namespace)
    assert mapping(deployment.exports["demos"]).keys() == DEMOS.keys() - {demo}
    assert mapping(deployed("program").exports["demos"]).keys() == DEMOS.keys()


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


@pytest.mark.parametrize(
    ("config", "first", "then"),
    [
        ("everything", "progressive-delivery-canary-rollout", {*ROLLOUTS, "gateway-api-crds"}),
        ("gitops", "progressive-delivery-application", {"argo-cd-crds", "argo-cd-chart", *ROLLOUTS}),
        ("high-availability", "linkerd-control-plane", {"linkerd-kube-system", "linkerd-namespace"}),
    ],
    ids=["a canary", "an Application", "webhooks"],
)
def test_what_others_clean_up_or_lock_is_deleted_before_them(config: str, first: str, then: set[str]) -> None:
    assert then <= deployed(config).all_before(deployed(config).named(first))


def test_a_new_generation_reaches_every_meshed_pod() -> None:
    deployment = deployed("everything")
    key = "linkerd-workshop/generation"
    charts = {chart.name: str(chart.at("values")) for chart in deployment.of(CHART)}
    kinds = ("kubernetes:apps/v1:Deployment", "kubernetes:argoproj.io/v1alpha1:Rollout")
    templates = [each.at("spec", "template", "metadata") for kind in kinds for each in deployment.of(kind)]
    pods = [at(each, "annotations", key) for each in templates]

    assert [name for name, values in charts.items() if "'7-" not in values] == ["argo-cd-chart"], "it is not meshed"
    assert set(pods) == {"7-anchor-2-bundled"}
    assert "linkerd.io/inject" not in str(templates), "none opts out of the mesh"
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
