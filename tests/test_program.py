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

from operations.problem import InputError
from tests.deployment import Deployment
from tests.engine import CERTIFICATE_ENDS, STACK
from tests.program import CLUSTER, ROOT, run_program
from tests.recorded_values import UNKNOWN, at, mapping, plain_texts

EVERYTHING = {
    "demos": json.dumps(
        {
            "booksapp": {
                "faultPercent": 25,
                "authorsFailureRate": 0.5,
                "webappReplicas": 5,
                "routeApi": "policy.linkerd.io",
                "host": "books.example.com",
            }
        }
    ),
    "trust": json.dumps({"generation": 7}),
}
NOTHING = {"demos": json.dumps({"booksapp": {"enabled": False}}), "gatewayApi": json.dumps({"install": False})}
CONFIGS = {"program": {}, "everything": EVERYTHING, "nothing": NOTHING}


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
def test_what_shapes_the_control_plane_is_known_in_a_first_preview(config: str) -> None:
    chart = deployed(config, preview=True).one("kubernetes:helm.sh/v4:Chart")

    assert str(UNKNOWN) not in plain_texts(chart.inputs), "a chart with an unknown value registers no children"


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
    others = {each.type for each in deployed(config).registrations if re.match("aws:|eks:|random:", each.type)}

    assert others == set()


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


def test_the_stack_says_when_each_certificate_ends() -> None:
    expires = mapping(at(deployed("program").exports, "certificatesExpire"))

    assert set(expires.values()) == {CERTIFICATE_ENDS}
    assert len(expires) == len(deployed("program").of("tls:index/locallySignedCert:LocallySignedCert")) + 2


def test_a_disabled_demo_leaves_no_trace() -> None:
    deployment = deployed("nothing")

    assert [each.name for each in deployment.registrations if "books" in str(each.inputs) + each.name] == []
    assert deployment.exports["demos"] == {}


def test_with_gateway_api_of_somebody_else_none_is_installed() -> None:
    assert "gateway-api" not in deployed("nothing").names
    assert "gateway-api" in deployed("program").names


@pytest.mark.parametrize("config", ["program", "everything"])
def test_every_part_of_a_demo_waits_for_the_mesh(config: str) -> None:
    deployment = deployed(config)
    mesh = deployment.one("kubernetes:helm.sh/v4:Chart")
    demo = deployment.one("linkerd-workshop:demos:Booksapp")

    assert "linkerd" in deployment.before(demo)
    early = [each.name for each in deployment.below(demo) if each.order < mesh.order]
    assert early == [], "a pod that starts before the injector answers runs unmeshed, without an error"


def test_a_new_generation_reaches_the_control_plane_and_every_pod_of_the_demos() -> None:
    deployment = deployed("everything")
    chart = deployment.one("kubernetes:helm.sh/v4:Chart")
    pods = [
        each.at("spec", "template", "metadata", "annotations", "linkerd-workshop/generation")
        for each in deployment.of("kubernetes:apps/v1:Deployment")
    ]

    assert chart.at("values", "podAnnotations") == {"linkerd-workshop/generation": "7-anchor-1-stable"}
    assert pods == ["7-anchor-1-stable"] * 5


def test_without_the_ingress_class_in_the_cluster_no_host_is_served() -> None:
    without = run_program(EVERYTHING, cluster=replace(CLUSTER, ingress_classes=frozenset({"nginx"})))

    assert without.of("kubernetes:networking.k8s.io/v1:Ingress") == []
    assert len(deployed("everything").of("kubernetes:networking.k8s.io/v1:Ingress")) == 1
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
