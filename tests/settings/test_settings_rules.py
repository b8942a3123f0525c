"""What is switched on without what it needs is refused, with the key that fixes it."""

import json
from collections.abc import Mapping

import pytest

from model.problem import InputError, Problem
from settings.loading import parse


def problems(**sections: Mapping[str, object]) -> list[Problem]:
    try:
        parse({name: json.dumps(section) for name, section in sections.items()})
    except InputError as error:
        return list(error.problems)
    return []


def canary(**settings: object) -> dict[str, object]:
    return {"progressiveDelivery": settings}


def argo_cd(**settings: object) -> dict[str, object]:
    return {"argoCd": {"enabled": True, **settings}}


REPOSITORY = {"repository": "https://git.example.com/workshop.git"}


def test_everything_off_contradicts_nothing() -> None:
    off = {"enabled": False}
    names: list[str] = ["booksapp", "podinfo", "circuitBreaking", "progressiveDelivery"]
    demos = dict.fromkeys(names, off)

    assert problems(demos=demos, viz=off, delivery={"argoRollouts": off}) == []


def test_the_canary_needs_its_controller() -> None:
    (problem,) = problems(delivery={"argoRollouts": {"enabled": False}})

    assert problem.where == "linkerd-workshop:demos.progressiveDelivery.enabled"
    assert problem.found == "it is true while delivery.argoRollouts.enabled is false"
    assert "`pulumi config set --path 'linkerd-workshop:delivery.argoRollouts.enabled' true`" in problem.fix


def test_the_analysis_needs_the_metrics_of_viz() -> None:
    (problem,) = problems(demos=canary(analysis=True), viz={"enabled": False})

    assert problem.where == "linkerd-workshop:demos.progressiveDelivery.analysis"
    assert "Prometheus" in problem.rule


def test_argo_cd_can_own_the_demo_only_where_it_is_and_has_a_repository() -> None:
    (absent,) = problems(demos=canary(owner="argo-cd"))
    (nowhere,) = problems(demos=canary(owner="argo-cd"), delivery=argo_cd())

    assert absent.where == "linkerd-workshop:demos.progressiveDelivery.owner"
    assert nowhere.where == "linkerd-workshop:delivery.argoCd.application.repository"
    assert problems(demos=canary(owner="argo-cd"), delivery=argo_cd(application=REPOSITORY)) == []


def test_a_demo_of_argo_cd_has_no_host_of_pulumi() -> None:
    demo = canary(owner="argo-cd", host="canary.example.com")
    (problem,) = problems(demos=demo, delivery=argo_cd(application=REPOSITORY))

    assert problem.where == "linkerd-workshop:demos.progressiveDelivery.host"


def test_a_switched_off_canary_needs_nothing() -> None:
    demo = canary(enabled=False, analysis=True, owner="argo-cd")

    assert problems(demos=demo, viz={"enabled": False}, delivery={"argoRollouts": {"enabled": False}}) == []


def test_the_dashboard_needs_viz_and_always_asks_who_somebody_is() -> None:
    endpoints = ("issuer", "authorizationEndpoint", "tokenEndpoint", "userInfoEndpoint")
    oidc = dict.fromkeys(endpoints, "https://login.example.com/") | {"secretName": "oidc"}
    host = {"host": "viz.example.com"}
    (public,) = problems(viz={"dashboard": host})
    (partless,) = problems(viz={"enabled": False, "dashboard": {**host, "oidc": oidc}})

    assert public.where == "linkerd-workshop:viz.dashboard.oidc"
    assert partless.where == "linkerd-workshop:viz.dashboard"
    assert problems(viz={"dashboard": {**host, "oidc": oidc}}) == []


@pytest.mark.parametrize("day", ["2027-01-31T10:00:00", "20270131", "soon", "2027-02-30", "1800000000"])
def test_the_last_day_of_a_workshop_is_a_date_and_nothing_else(day: str) -> None:
    with pytest.raises(InputError, match=r"workshopEnds: the value is .* the workshop's last day, YYYY-MM-DD"):
        parse({"workshopEnds": day})


def test_all_contradictions_are_told_at_once() -> None:
    found = problems(
        demos=canary(analysis=True, owner="argo-cd"),
        viz={"enabled": False},
        delivery={"argoRollouts": {"enabled": False}},
    )
    assert [problem.where.rpartition(".")[2] for problem in found] == ["analysis", "analysis", "enabled", "owner"]


def test_two_apps_never_share_a_host() -> None:
    host = {"host": "workshop.example.com"}
    (problem,) = problems(demos={"booksapp": host, "podinfo": host})

    assert problem.where == "linkerd-workshop:demos.podinfo.host"
    assert "demos.booksapp.host" in problem.found
    assert problems(demos={"booksapp": host, "podinfo": {**host, "enabled": False}}) == []


def test_a_checksum_without_the_file_that_it_is_of_is_not_silently_dropped() -> None:
    plugin = {"sha256": "0123456789abcdef" * 4}
    (problem,) = problems(delivery={"argoRollouts": {"plugin": plugin}})

    assert problem.where == "linkerd-workshop:delivery.argoRollouts.plugin.sha256"
    assert problems(delivery={"argoRollouts": {"plugin": {**plugin, "location": "file:///plugins/other"}}}) == []


@pytest.mark.parametrize("key", ["analysis", "randomErrors"])
def test_what_only_pulumi_can_do_to_the_canary_is_not_silently_dropped_where_argo_cd_owns_it(key: str) -> None:
    (problem,) = problems(demos=canary(owner="argo-cd", **{key: True}), delivery=argo_cd(application=REPOSITORY))

    assert problem.where == f"linkerd-workshop:demos.progressiveDelivery.{key}"
