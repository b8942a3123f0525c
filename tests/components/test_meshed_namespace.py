"""The namespaces of a stack: what is on them, and that stacks from before keep theirs."""

from functools import cache

import pytest
from pulumi_kubernetes.core.v1 import ConfigMap

from components.resources.meshed_namespace import MESHED, NamespaceMetadata, Namespaces
from tests.deployment import Deployment
from tests.engine import deploy


@cache
def namespaces(*, preview: bool = False) -> Deployment:
    plain: NamespaceMetadata = {"labels": {"a": "b"}, "annotations": {"c": "d"}}
    return deploy(
        lambda: Namespaces(
            "namespaces", {"owner": "test", "namespaces": {"linkerd": plain, "booksapp": MESHED, "shop": {}}}
        ),
        preview=preview,
    )


def test_a_meshed_namespace_meshes_its_very_first_pod_and_says_whose_it_is() -> None:
    assert namespaces().named("booksapp-namespace").at("metadata") == {
        "name": "booksapp",
        "annotations": {"linkerd.io/inject": "enabled", "linkerd-workshop/stack": "test"},
    }


def test_a_namespace_can_carry_other_labels_and_annotations_or_only_its_owner() -> None:
    assert namespaces().named("linkerd-namespace").at("metadata") == {
        "name": "linkerd",
        "labels": {"a": "b"},
        "annotations": {"c": "d", "linkerd-workshop/stack": "test"},
    }
    assert namespaces().named("shop-namespace").at("metadata", "annotations") == {"linkerd-workshop/stack": "test"}


@pytest.mark.parametrize(
    ("name", "former"),
    [
        ("linkerd", "linkerd-workshop:mesh:Linkerd::linkerd"),
        ("booksapp", "linkerd-workshop:demos:Booksapp::booksapp"),
    ],
)
def test_a_stack_from_before_keeps_its_namespaces_under_their_new_parent(name: str, former: str) -> None:
    options = namespaces().named(f"{name}-namespace").options

    reason = "a replaced namespace takes everything in it along"
    assert options["aliases"] == [f"urn:pulumi:test::linkerd-workshop::{former}"], reason


def test_a_namespace_that_was_never_elsewhere_has_no_alias() -> None:
    assert "aliases" not in namespaces().named("shop-namespace").options


def test_a_name_is_known_in_a_preview_and_waits_for_its_namespace() -> None:
    def program() -> None:
        made = Namespaces("namespaces", {"owner": "test", "namespaces": {"shop": MESHED}})
        ConfigMap("inside", metadata={"namespace": made.names["shop"]})

    deployment = deploy(program, preview=True)
    inside = deployment.named("inside")

    assert inside.at("metadata", "namespace") == "shop"
    assert inside.dependencies == {deployment.named("shop-namespace").urn}
