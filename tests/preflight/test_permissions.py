"""Rights are asked for what the stack is going to create: no more, no less, and in one question where one answers."""

import re
from collections.abc import Mapping
from pathlib import Path

import pytest

from clients.cluster_api import ClusterApi
from model.charts import Part
from preflight.permissions import ALWAYS, CHARTS, Kind, check_permissions, kinds
from settings.loading import parse
from tests.doubles.api_server import Cluster, serving
from tests.program import ROOT, run_program
from tests.program_configs import CONFIGS

PLURALS = {
    "IngressClassParams": "ingressclassparams",
    "Ingress": "ingresses",
    "IngressClass": "ingressclasses",
    "NetworkPolicy": "networkpolicies",
    "NamespacePatch": "namespaces",
}
BUDGETS: Kind = ("policy", "poddisruptionbudgets")
NEVER: Mapping[Part, set[Kind]] = {
    Part.LINKERD_CONTROL_PLANE: {("batch", "cronjobs"), BUDGETS},
    Part.LINKERD_VIZ: {("batch", "jobs"), BUDGETS},
    Part.ARGO_ROLLOUTS: {BUDGETS},
    Part.LOAD_BALANCER_CONTROLLER: {("", "lists")},
}
"""The heartbeat, which is off; high availability's; a hook, which `helm.v4.Chart` drops; and what is no kind."""


def plural(kind: str) -> str:
    known = PLURALS.get(kind) or (f"{kind[:-1]}ies" if kind.endswith("y") else f"{kind}s")
    return known.lower()


@pytest.mark.parametrize("name", sorted(CONFIGS))
def test_every_kind_that_a_program_registers_is_asked_about(name: str) -> None:
    config = CONFIGS[name]
    registered = {each.type for each in run_program(config).registrations if each.type.startswith("kubernetes:")}
    own = {_kind(token) for token in registered if "helm.sh" not in token}

    assert own <= kinds(parse(config)), "the user would be refused in the middle of an up"


def _kind(token: str) -> Kind:
    _, version, kind = token.split(":")
    group = version.rpartition("/")[0]
    return ("" if group == "core" else group, plural(kind))


@pytest.mark.parametrize("part", Part)
def test_every_kind_of_a_parts_chart_is_asked_about(part: Part) -> None:
    folder = ROOT / "sandbox" / "charts" / part.value
    texts = [path.read_text(encoding="utf-8") for path in sorted(folder.rglob("templates/*")) if path.is_file()]
    found = {
        (group or "", plural(kind))
        for text in texts
        for group, kind in re.findall(r"^apiVersion: (?:([\w.-]+)/)?\w+\nkind: (\w+)$", text, re.MULTILINE)
    }

    assert found - NEVER.get(part, set()) <= {*ALWAYS, *CHARTS[part]}


def asked(cluster: Cluster, folder: Path, config: Mapping[str, object]) -> list[str]:
    with serving(cluster, folder) as path:
        return [str(each) for each in check_permissions(ClusterApi(str(path)), kinds(parse(config)))]


def test_an_administrator_is_asked_about_once(tmp_path: Path) -> None:
    cluster = Cluster()

    assert asked(cluster, tmp_path, {}) == []
    assert cluster.reviewed == [("*", "*")]


ARGO_CD = {
    "delivery": {"argoCd": {"enabled": True, "application": {"repository": "https://example.com/r.git"}}},
    "demos": {"progressiveDelivery": {"owner": "argo-cd"}},
}


@pytest.mark.parametrize(
    ("config", "missing"),
    [
        ({}, "apiservices.apiregistration.k8s.io"),
        ({}, "rollouts.argoproj.io"),
        ({}, "servers.policy.linkerd.io"),
        ({"highAvailability": True}, "poddisruptionbudgets.policy"),
        (ARGO_CD, "statefulsets.apps"),
        (ARGO_CD, "networkpolicies.networking.k8s.io"),
        (ARGO_CD, "applications.argoproj.io"),
    ],
)
def test_a_missing_right_is_reported_by_the_stacks_that_need_it(
    tmp_path: Path, config: Mapping[str, object], missing: str
) -> None:
    cluster = Cluster(denied=lambda resource, verb: (resource, verb) == (missing.split(".", maxsplit=1)[0], "create"))
    (problem,) = asked(cluster, tmp_path, config)

    assert f"{missing}: you may not create them" in problem


def test_parts_that_are_switched_off_need_no_rights(tmp_path: Path) -> None:
    off = {"enabled": False}
    demos = dict.fromkeys(("booksapp", "podinfo", "circuitBreaking", "progressiveDelivery"), off)
    few = {"viz": off, "delivery": {"argoRollouts": off}, "demos": demos, "gatewayApi": {"install": False}}
    unused = ("apiservices", "rollouts", "httproutes", "ingresses", "poddisruptionbudgets")
    cluster = Cluster(denied=lambda resource, _verb: resource in unused)

    assert asked(cluster, tmp_path, few) == []
