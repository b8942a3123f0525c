"""The table of compatible versions: that our own pins fit each other, and what is said where something does not fit."""

import itertools
from pathlib import Path

import pytest

from clients.cluster_api import ClusterApi
from model.charts import Part
from model.problem import Problem
from preflight import compatibility, compatibility_check
from preflight.compatibility import PINNED, TABLE, Reader, Span, Version, numbers, row
from preflight.compatibility_check import (
    CONTROLLERS,
    check_kubernetes,
    check_load_balancer_controller,
    check_pins,
    unreadable,
)
from tests.doubles.api_server import Cluster, serving
from versions import GATEWAY_API

EVERYTHING = tuple(Part)


def controller(image: str) -> Cluster:
    """Return a cluster with a load balancer controller."""
    spec = {"template": {"spec": {"containers": [{"image": image}]}}}
    deployment = {"metadata": {"name": "lbc", "namespace": "kube-system"}, "spec": spec}
    cluster = Cluster()
    cluster.answers[CONTROLLERS.partition("?")[0]] = {"items": [deployment]}
    cluster.answers[CONTROLLERS] = {"items": [deployment]}
    return cluster


def of_controller(image: str, version: str, folder: Path) -> list[Problem]:
    with serving(controller(image), folder) as path:
        return check_load_balancer_controller(ClusterApi(str(path), None), version)


def of_kubernetes(minor: str, parts: tuple[Part, ...], folder: Path) -> list[Problem]:
    cluster = Cluster()
    cluster.answers["/version"] = {"major": "1", "minor": minor, "gitVersion": f"v1.{minor}.0"}
    with serving(cluster, folder) as path:
        return check_kubernetes(ClusterApi(str(path), None), parts)


def test_what_the_program_installs_fits_together() -> None:
    assert check_pins(EVERYTHING) == []


@pytest.mark.parametrize("reader", PINNED)
def test_every_pinned_version_is_in_the_table(reader: Reader) -> None:
    assert row(reader, PINNED[reader]) is not None


@pytest.mark.parametrize("reader", Reader)
def test_no_version_is_in_two_rows(reader: Reader) -> None:
    spans = sorted((each.versions for each in TABLE if each.reader == reader), key=lambda each: each.oldest)

    assert spans
    for earlier, later in itertools.pairwise(spans):
        assert later.oldest not in earlier


def test_every_row_names_its_source() -> None:
    assert [each for each in TABLE if not each.source.strip()] == []


@pytest.mark.parametrize(
    ("version", "inside"),
    [((1, 2, 0), False), ((1, 2, 1), True), ((1, 4), True), ((1, 5, 1), True), ((1, 5, 2), False), ((2,), False)],
    ids=str,
)
def test_both_ends_of_a_span_belong_to_it(version: Version, inside: bool) -> None:  # noqa: FBT001
    assert (version in Span((1, 2, 1), (1, 5, 1))) == inside


def test_an_end_covers_every_version_that_begins_with_it() -> None:
    assert (2026, 8, 99) in Span((2026, 6), (2026, 8))
    assert (2026, 9, 1) not in Span((2026, 6), (2026, 8))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("v1.5.1", (1, 5, 1)),
        ("1.5.1-rc.1", (1, 5, 1)),
        ("1.31+k3s1", (1, 31)),
        ("main", None),
        ("", None),
        ("1.x", None),
    ],
    ids=str,
)
def test_a_version_is_read_by_its_numbers(text: str, expected: Version | None) -> None:
    assert numbers(text) == expected


def test_a_pin_that_the_table_does_not_know_is_reported(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(compatibility.PINNED, Reader.LINKERD, "2027.1.1")
    (problem,) = check_pins(EVERYTHING)

    assert problem.found == "Linkerd is 2027.1.1"
    assert "the table of compatible versions has to know it" in problem.rule


def test_pins_that_do_not_fit_each_other_are_reported_with_the_source(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(compatibility_check, "GATEWAY_API", "1.1.1")
    linkerd, plugin = check_pins(EVERYTHING)

    assert "Linkerd" in linkerd.rule
    assert "linkerd.io/2-edge" in linkerd.rule
    assert "0.13.0" in plugin.rule, "rules have names since then"


def test_parts_that_the_stack_does_not_install_ask_for_nothing() -> None:
    assert len(unreadable("1.1.1", EVERYTHING)) == 2
    assert len(unreadable("1.1.1", (Part.LINKERD_CONTROL_PLANE,))) == 1
    assert unreadable("1.1.1", (Part.LINKERD_VIZ,)) == []


@pytest.mark.parametrize(("minor", "problems"), [("30", 1), ("31", 0), ("36", 0)])
def test_kubernetes_has_to_suit_the_part_that_asks_for_the_newest(tmp_path: Path, minor: str, problems: int) -> None:
    found = of_kubernetes(minor, EVERYTHING, tmp_path)

    assert len(found) == problems
    assert all(f"Linkerd {PINNED[Reader.LINKERD]} needs 1.31 or newer" in problem.rule for problem in found)


def test_a_part_that_is_not_installed_asks_nothing_of_kubernetes(tmp_path: Path) -> None:
    (problem,) = of_kubernetes("24", (Part.ARGO_CD,), tmp_path)

    assert "Argo CD's chart" in problem.rule
    assert of_kubernetes("25", (Part.ARGO_CD,), tmp_path) == []


@pytest.mark.parametrize(
    ("tag", "version", "problems"),
    [
        ("v3.2.1", "1.4.0", 1),
        ("v3.2.1", GATEWAY_API, 0),
        ("v3.3.0", "1.4.0", 0),
        ("v2.13.0", "1.2.1", 0),
        ("latest", "1.2.1", 0),
    ],
)
def test_a_load_balancer_controller_that_would_end_is_reported(
    tmp_path: Path, tag: str, version: str, problems: int
) -> None:
    found = of_controller(f"public.ecr.aws/eks/aws-load-balancer-controller:{tag}", version, tmp_path)

    assert len(found) == problems
    assert all("kube-system/lbc" in problem.where and "3.3 or newer" in problem.fix for problem in found)


def test_an_image_by_digest_is_read_by_its_tag(tmp_path: Path) -> None:
    image = f"registry.example.com:5000/lbc:v3.2.0@sha256:{'0' * 64}"

    assert len(of_controller(image, "1.4.0", tmp_path)) == 1
