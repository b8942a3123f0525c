"""The table of compatible versions: the pins fit each other, and a version that does not fit is reported."""

import itertools
from pathlib import Path

import pytest

from clients.cluster_api import ClusterApi
from model.charts import Part
from preflight import compatibility
from preflight.compatibility import (
    CONTROLLERS,
    TABLE,
    Reader,
    Span,
    Version,
    check_kubernetes,
    check_load_balancer_controller,
    check_pins,
    unreadable,
)
from tests.doubles.api_server import Cluster, serving
from versions import GATEWAY_API

EVERYTHING = tuple(Part)


def test_what_the_program_installs_is_in_the_table_and_fits_together() -> None:
    assert check_pins(EVERYTHING) == []


@pytest.mark.parametrize("reader", Reader)
def test_no_version_is_in_two_rows(reader: Reader) -> None:
    spans = sorted((each.versions for each in TABLE if each.reader == reader), key=lambda each: each.oldest)

    assert spans
    for earlier, later in itertools.pairwise(spans):
        assert later.oldest not in earlier


def test_every_row_names_its_source() -> None:
    assert [each for each in TABLE if not each.source.strip()] == []


PATCHES, MONTHS = Span((1, 2, 1), (1, 5, 1)), Span((2026, 6), (2026, 8))


@pytest.mark.parametrize(
    ("span", "inside", "outside"),
    [
        (PATCHES, [(1, 2, 1), (1, 4), (1, 5, 1)], [(1, 2, 0), (1, 5, 2), (2,)]),
        (MONTHS, [(2026, 8, 99)], [(2026, 9, 1)]),
    ],
)
def test_a_span_includes_both_ends_and_every_version_that_begins_with_them(
    span: Span, inside: list[Version], outside: list[Version]
) -> None:
    assert all(version in span for version in inside)
    assert not any(version in span for version in outside)


def test_a_pin_that_the_table_does_not_know_is_reported(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(compatibility.PINNED, Reader.LINKERD, "2027.1.1")
    (problem,) = check_pins(EVERYTHING)

    assert problem.found == "Linkerd is 2027.1.1"
    assert "the table of compatible versions has to know it" in problem.rule


def test_pins_that_do_not_fit_each_other_are_reported_with_the_source(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(compatibility, "GATEWAY_API", "1.1.1")
    linkerd, plugin = check_pins(EVERYTHING)

    assert "Linkerd" in linkerd.rule
    assert "linkerd.io/2-edge" in linkerd.rule
    assert "0.13.0" in plugin.rule, "rules have names since then"


def test_parts_that_the_stack_does_not_install_ask_for_nothing() -> None:
    assert len(unreadable("1.1.1", EVERYTHING)) == 2
    assert len(unreadable("1.1.1", (Part.LINKERD_CONTROL_PLANE,))) == 1
    assert unreadable("1.1.1", (Part.LINKERD_VIZ,)) == []


@pytest.mark.parametrize(("minor", "rule"), [("24", "Argo CD's chart"), ("25", None)])
def test_kubernetes_has_to_suit_the_installed_part_that_needs_the_newest(
    tmp_path: Path, minor: str, rule: str | None
) -> None:
    version = {"major": "1", "minor": minor, "gitVersion": f"v1.{minor}.0"}
    with serving(Cluster({"/version": version}), tmp_path) as path:
        found = check_kubernetes(ClusterApi(str(path), None), (Part.ARGO_CD,))

    assert len(found) == bool(rule)
    assert all(rule and rule in problem.rule for problem in found)


CONTROLLER = "public.ecr.aws/eks/aws-load-balancer-controller"


@pytest.mark.parametrize(
    ("image", "version", "problems"),
    [
        (f"{CONTROLLER}:v3.2.1", "1.4.0", 1),
        (f"registry.example.com:5000/lbc:v3.2.0@sha256:{'0' * 64}", "1.4.0", 1),
        (f"{CONTROLLER}:v3.2.1", GATEWAY_API, 0),
        (f"{CONTROLLER}:v3.3.0", "1.4.0", 0),
        (f"{CONTROLLER}:v2.13.0", "1.2.1", 0),
        (f"{CONTROLLER}:latest", "1.2.1", 0),
    ],
)
def test_a_load_balancer_controller_that_the_gateway_api_would_break_is_reported(
    tmp_path: Path, image: str, version: str, problems: int
) -> None:
    spec = {"template": {"spec": {"containers": [{"image": image}]}}}
    deployments = {"items": [{"metadata": {"name": "lbc", "namespace": "kube-system"}, "spec": spec}]}
    with serving(Cluster(dict.fromkeys((CONTROLLERS, CONTROLLERS.partition("?")[0]), deployments)), tmp_path) as path:
        found = check_load_balancer_controller(ClusterApi(str(path), None), version)

    assert len(found) == problems
    assert all("kube-system/lbc" in problem.where and "3.3 or newer" in problem.fix for problem in found)
