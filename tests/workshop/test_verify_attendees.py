"""`verify` and the attendees: the objects of each, and the traffic of a few, against apps of their own."""

import re
import time
from collections.abc import Generator, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from typing_extensions import override

from clients.cluster_api import ClusterApi
from model.names import DEMOS
from settings.loading import parse
from tests.doubles.api_server import Cluster, serving
from tests.doubles.workshop_apps import Bookshelf, FrontEnd, SlowCooker, listening, proxy
from tests.doubles.workshop_double import (
    ADMIN,
    APPS,
    IN_A_HURRY,
    SimulatedWorkshop,
    deployment,
    list_failed,
    list_of,
    pod,
)
from workshop.verify import attendees
from workshop.verify.lines import Line, Status
from workshop.verify.scene import Scene

ACCOUNT = "/api/v1/namespaces/{}/serviceaccounts/attendee"
DEPLOYMENTS = "/apis/apps/v1/namespaces/{}/deployments"
LOG = "/api/v1/namespaces/{}/pods/client-{}/log?container=service&tailLines=20"
PODS = [app for demo in DEMOS for app in APPS.get(demo, ())]
OFF = {name: {"enabled": False} for name in ("booksapp", "podinfo", "circuitBreaking", "progressiveDelivery")}


@dataclass(kw_only=True)
class Apps:
    """The apps of one attendee."""

    shelf: Bookshelf
    front: FrontEnd = field(default_factory=FrontEnd)
    cooker: SlowCooker = field(default_factory=SlowCooker)


@dataclass(kw_only=True)
class Classroom(SimulatedWorkshop):
    """A workshop with attendees, in whose namespaces everything is as it should be."""

    names: list[str]
    apps: dict[str, Apps] = field(default_factory=dict[str, Apps])

    @override
    def __post_init__(self) -> None:
        super().__post_init__()
        own = dict(self.cluster.answers)
        for name in self.names:
            self.apps[name] = Apps(shelf=Bookshelf(namespace=name))
            for path, answer in own.items():
                demo = next((each for each in DEMOS if f"/namespaces/{each}/" in path), None)
                self.cluster.answers |= {path.replace(f"/{demo}/", f"/{name}/"): answer} if demo else {}
            self.cluster.answers |= list_of(name, *(pod(name, app, name) for app in PODS))
            self.cluster.answers |= {ACCOUNT.format(name): {}, LOG.format(name, name): "10:00:00 1.7.0\n"}

    @override
    @contextmanager
    def running(self, folder: Path) -> Generator[ClusterApi]:
        with super().running(folder) as api, ExitStack() as stack:
            for name, own in self.apps.items():
                own.cooker.start = time.monotonic()
                served = {
                    ("webapp", 7000): own.shelf.page,
                    ("webapp", ADMIN): proxy(own.shelf.series),
                    ("frontend-podinfo", 9898): own.front.echo,
                    ("slow-cooker", ADMIN): proxy(own.cooker.series),
                }
                for (app, port), respond in served.items():
                    self.cluster.ports[f"{app}-{name}", port] = stack.enter_context(listening(respond))
            yield api

    def check_traffic(self, folder: Path, requests: int | None = 500, **settings: object) -> dict[str, Line]:
        """Return the lines on the attendees' traffic, by their names."""
        with self.running(folder) as api:
            return {line.name: line for line in attendees.check_traffic(self.scene(api, requests, **settings))}

    def scene(self, api: ClusterApi, requests: int | None = None, **settings: object) -> Scene:
        """Return the input of the checks."""
        return Scene(api, parse({"attendees": {"names": self.names}, **settings}), IN_A_HURRY, requests)


def sampled(lines: Mapping[str, Line]) -> list[str]:
    return lines["sample"].seen.partition(": ")[2].split(", ")


def test_the_demos_of_each_attendee_in_the_sample_are_checked_in_the_attendees_namespace(tmp_path: Path) -> None:
    room = Classroom(names=["ada", "grace"])
    lines = room.check_traffic(tmp_path)

    assert list_failed(lines.values()) == set()
    assert lines["sample"].seen == "2 of 2, at random: ada, grace"
    for name in room.names:
        assert lines[name].seen == "15 checks passed: booksapp, podinfo, circuit breaking, progressive delivery"
    assert room.shelf.pages == 0, "the stack's own demo is the business of its own check"


WITHOUT_FRONT_END = list_of("ada", *(pod("ada", app, "ada") for app in PODS if app != "frontend-podinfo"))
FAULTS: dict[str, Apps | dict[str, object]] = {
    "ada, booksapp: share of errors": Apps(shelf=Bookshelf(0.5, namespace="ada")),
    "ada, podinfo: with the header": Apps(shelf=Bookshelf(namespace="ada"), front=FrontEnd(ignored=True)),
    "ada, circuit breaking: requests to bad": Apps(shelf=Bookshelf(namespace="ada"), cooker=SlowCooker(to_bad=0.5)),
    "ada, progressive delivery: versions that answer": {LOG.format("ada", "ada"): "10:00:00 failed\n"},
    "ada, podinfo: front end": WITHOUT_FRONT_END,
}


@pytest.mark.parametrize("name", FAULTS)
def test_a_fault_of_one_attendee_is_a_line_with_the_attendees_own_fix(tmp_path: Path, name: str) -> None:
    room, fault = Classroom(names=["ada", "grace"]), FAULTS[name]
    if isinstance(fault, Apps):
        room.apps["ada"] = fault
    else:
        room.cluster.answers |= fault
    lines = room.check_traffic(tmp_path)

    assert list_failed(lines.values()) == {name}
    assert "`make reset ATTENDEE=ada`" in lines[name].fix
    assert not re.search(r"namespace (?!ada|argo-rollouts)", lines[name].fix)
    assert lines["grace"].status is Status.OK


def test_a_check_that_cannot_go_on_is_one_line_and_the_others_go_on(tmp_path: Path) -> None:
    room = Classroom(names=["ada", "grace"])
    room.cluster.forbidden = ("/api/v1/namespaces/ada/services/bb",)
    room.cluster.answers |= list_of("ada", pod("ada", "frontend-podinfo", "lost"))
    lines = room.check_traffic(tmp_path, demos=OFF | {"circuitBreaking": {}, "podinfo": {}})
    forbidden, lost = "ada, circuit breaking: the rest", "ada, podinfo: the rest"

    assert list_failed(lines.values()) == {forbidden, lost}
    assert "this is forbidden" in lines[forbidden].seen
    assert "port 9898 of pod ada/frontend-podinfo-lost cannot be reached" in lines[lost].seen
    assert lines["grace"].status is Status.OK


def test_of_many_attendees_each_run_asks_other_five_and_names_them(tmp_path: Path) -> None:
    names = [f"team-{number:02}" for number in range(1, 21)]
    runs = list[list[str]]()
    for _ in range(4):
        room = Classroom(names=names)
        lines = room.check_traffic(tmp_path, demos=OFF | {"podinfo": {}})
        runs.append(sampled(lines))

        assert lines.keys() == {"sample", *runs[-1]}
        asked = {path.split("/")[4] for path in room.cluster.asked if "portforward" in path}
        assert asked == set(runs[-1])

    assert {len(set(run)) for run in runs} == {5}
    assert len(set(map(tuple, runs))) > 1, "the same five of twenty in four runs: once in 10^12"


@pytest.mark.parametrize(("requests", "each"), [(None, 400), (500, 250)])
def test_requests_are_divided_among_the_sample(tmp_path: Path, requests: int | None, each: int) -> None:
    room = Classroom(names=["ada", "grace"])
    lines = room.check_traffic(tmp_path, requests, demos=OFF | {"booksapp": {}})

    assert list_failed(lines.values()) == set()
    for own in room.apps.values():
        assert each <= own.shelf.pages < 2 * each
    pages = [path for path in room.cluster.asked if path.endswith("/portforward?ports=7000")]
    assert len(pages) == len(room.names), "one client each"


ARGO_CD: dict[str, object] = {
    "demos": OFF | {"progressiveDelivery": {"owner": "argo-cd"}},
    "delivery": {"argoCd": {"enabled": True, "application": {"repository": "https://git.example.com/x.git"}}},
}


@pytest.mark.parametrize(
    ("settings", "seen"),
    [
        ({"attendees": {}}, "the stack has no attendees"),
        ({"demos": OFF}, "they have no demo"),
        (ARGO_CD, "they have no demo"),
    ],
    ids=["no attendees", "no demo", "a canary that Argo CD owns"],
)
def test_without_attendees_or_their_demos_there_is_no_sample(
    tmp_path: Path, settings: dict[str, object], seen: str
) -> None:
    assert Classroom(names=["ada"]).check_traffic(tmp_path, None, **settings)["sample"].seen == seen


def check_objects(room: Classroom, folder: Path) -> Iterator[Line]:
    with serving(room.cluster, folder) as path:
        yield from attendees.check(room.scene(ClusterApi(str(path), None)))


def test_every_attendee_needs_an_account_and_all_pods_ready(tmp_path: Path) -> None:
    room = Classroom(names=[f"team-{number:02}" for number in range(1, 21)])
    del room.cluster.answers[ACCOUNT.format("team-03")]
    room.cluster.answers |= list_of("team-20", pod("team-20", "books", ready=False)) | list_of("team-07")
    room.cluster.answers[DEPLOYMENTS.format("team-11")] = {"items": [deployment("authors", 0)]}
    room.cluster.answers[DEPLOYMENTS.format("team-12")] = {"items": [deployment("authors", 1, pods=0)]}
    lines = {line.name: line for line in check_objects(room, tmp_path)}

    assert lines["all"].seen == "15 of 20 have a login, and all pods ready"
    assert {name: line.seen for name, line in lines.items() if name != "all"} == {
        "team-03": "there is no account to log in with",
        "team-07": "there is no pod",
        "team-11": "Deployment authors is scaled to 0",
        "team-12": "Deployment authors has 0 of 1 new pods",
        "team-20": "linkerd-proxy, service of Pod books-1 is not ready",
    }


def test_a_slow_api_server_is_asked_about_several_attendees_at_once(tmp_path: Path) -> None:
    room = Classroom(names=[f"team-{number:02}" for number in range(1, 17)], cluster=Cluster(silence=0.1))
    start = time.monotonic()

    assert list_failed(list(check_objects(room, tmp_path))) == set()
    took, durations = time.monotonic() - start, room.cluster.durations
    assert len(durations) == len(room.cluster.asked)
    assert took < sum(durations) / 2, "half the time of one question after the other"
