"""Attendees on a real API server: what their logins may do, and what previews and an `up` do with one more or less."""

import json
import random
from collections.abc import Iterator, Mapping
from http import HTTPStatus
from pathlib import Path
from typing import NamedTuple

import pytest

from clients.cluster_api import Answer, ClusterApi, items
from model.json_values import text
from tests.sandbox.attendee_requests import ALLOWED, FORBIDDEN, PLAIN_PODS, PRIVILEGED_PODS, Request
from tests.sandbox.sandbox_command import eventually
from tests.sandbox.workshop import Workshop

pytestmark = pytest.mark.sandbox

COUNT = 11
REFUSED = (HTTPStatus.FORBIDDEN, HTTPStatus.UNPROCESSABLE_ENTITY)
"""What RBAC and quotas, and what admission policies answer."""


class Attendees(NamedTuple):
    """A workshop with attendees, and the folder of their handouts."""

    workshop: Workshop
    handouts: Path

    def api(self, name: str) -> ClusterApi:
        """Return the client that an attendee's kubeconfig makes."""
        return ClusterApi(str(self.handouts / name / "kubeconfig"), None)

    def ask(self, request: Request, own: str = "team-01", other: str = "team-02") -> Answer:
        """Return the answer to a request of attendee `own`."""
        words = {"OWN": own, "OTHER": other, "POD": self._pod(own, "slow-cooker")}
        words |= {
            name: self._pod("linkerd-viz", name.lower().replace("_", "-"))
            for name in ("METRICS_API", "WEB", "PROMETHEUS")
        }
        method, path, body = request
        written = json.dumps(body)
        for word, name in words.items():
            path, written = path.replace(word, name), written.replace(word, name)
        return self.api(own).ask(method, path, json.loads(written))

    def _pod(self, namespace: str, app: str) -> str:
        found = [
            text(pod, "metadata", "name")
            for pod in items(self.workshop.api.find(f"/api/v1/namespaces/{namespace}/pods"))
        ]
        return next(name for name in found if name.startswith(f"{app}-"))


@pytest.fixture(scope="module")
def attendees(checkout: Workshop) -> Iterator[Attendees]:
    for demo in ("booksapp", "podinfo"):  # the other two have all kinds of objects
        checkout.choose(f"demos.{demo}.enabled", False)
    checkout.choose("attendees.count", COUNT)
    checkout.up()
    folder = checkout.folder / "handouts"
    done = checkout.operation("handouts", "--folder", str(folder), "--hours", "1")
    assert done.returncode == 0, done.stdout + done.stderr
    yield Attendees(checkout, folder)
    checkout.reset()


def describe(request: Request) -> str:
    method, path, _ = request
    return f"{method} {path}"


@pytest.mark.parametrize("request_", ALLOWED, ids=describe)
def test_a_login_may_do_what_the_exercises_ask_for(attendees: Attendees, request_: Request) -> None:
    answer = attendees.ask(request_)

    # The sandbox has no kubelet, which the API server asks for a log or a port once it has admitted the request.
    assert (
        answer.status < HTTPStatus.BAD_REQUEST
        or answer.status >= HTTPStatus.INTERNAL_SERVER_ERROR
        or "portforward" in describe(request_)
    ), answer.text
    assert answer.status not in REFUSED, answer.text


@pytest.mark.parametrize("request_", FORBIDDEN, ids=describe)
def test_a_login_may_do_nothing_else(attendees: Attendees, request_: Request) -> None:
    answer = attendees.ask(request_)

    assert answer.status in REFUSED, f"{answer.status} {answer.text}"


def test_no_attendee_sees_another_ones_namespace(attendees: Attendees) -> None:
    draw = random.Random(15)  # noqa: S311  no secret
    names = [f"team-{number:02}" for number in range(1, COUNT + 1)]
    pairs = draw.sample([(own, other) for own in names for other in names if own != other], 100)
    seen = [
        (own, other, path)
        for own, other in pairs
        for path in ("pods", "services")
        if attendees.api(own).get(f"/api/v1/namespaces/{other}/{path}").status != HTTPStatus.FORBIDDEN
    ]

    assert seen == []


@pytest.mark.parametrize("spec", PRIVILEGED_PODS.values(), ids=PRIVILEGED_PODS)
def test_a_pod_with_rights_on_its_node_is_refused_whoever_creates_it(
    attendees: Attendees, spec: Mapping[str, object]
) -> None:
    answer = create_pod(attendees, spec)

    assert answer.status == HTTPStatus.UNPROCESSABLE_ENTITY
    assert "linkerd-workshop-attendees-pods" in answer.text


@pytest.mark.parametrize("spec", PLAIN_PODS.values(), ids=PLAIN_PODS)
def test_a_plain_pod_is_accepted_and_gets_the_requests_that_the_quota_counts(
    attendees: Attendees, spec: Mapping[str, object]
) -> None:
    answer = create_pod(attendees, spec)

    assert answer.status == HTTPStatus.CREATED, answer.text
    containers = answer.body["spec"]
    assert '"requests":{"cpu":"10m","memory":"32Mi"}' in json.dumps(containers, separators=(",", ":"))


def create_pod(attendees: Attendees, spec: Mapping[str, object]) -> Answer:
    pod = {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "mine"}, "spec": spec}
    return attendees.workshop.api.post("/api/v1/namespaces/team-01/pods?dryRun=All", pod)


def test_one_attendee_more_or_less_previews_exactly_theirs(attendees: Attendees) -> None:
    workshop = attendees.workshop
    assert workshop.preview().changes == []

    workshop.choose("attendees.count", COUNT + 1)
    more = workshop.preview().changes
    workshop.choose("attendees.count", COUNT - 1)
    less = workshop.preview().changes
    workshop.choose("attendees.count", COUNT)

    assert {each.operation for each in more} == {"create"}
    assert {each.name.partition("/")[0].removesuffix("-namespace") for each in more} == {f"team-{COUNT + 1}"}
    assert {each.operation for each in less} == {"delete"}
    assert {each.name.partition("/")[0].removesuffix("-namespace") for each in less} == {f"team-{COUNT}"}
    assert len(more) == len(less)


def test_a_reset_restores_one_attendee_and_leaves_the_others_alone(attendees: Attendees) -> None:
    workshop, breaker = attendees.workshop, "balancer.linkerd.io/failure-accrual"
    for name in ("team-01", "team-02"):
        change = {"metadata": {"annotations": {breaker: None}}}
        path = f"/api/v1/namespaces/{name}/services/bb?fieldManager=kubectl-annotate"
        assert attendees.api(name).ask("PATCH", path, change).status == HTTPStatus.OK

    done = workshop.operation("reset", "--yes", "--attendee", "team-01")

    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
    found = [
        text(workshop.api.find(f"/api/v1/namespaces/{name}/services/bb"), "metadata", "annotations", breaker)
        for name in ("team-01", "team-02")
    ]
    assert found == ["consecutive", ""]
    wrong = workshop.operation("reset", "--yes", "--attendee", "team-1")
    assert "it has no attendee 'team-1'" in wrong.stderr


def test_a_login_ends_with_its_namespace(attendees: Attendees) -> None:
    last = attendees.api(f"team-{COUNT}")
    assert last.get(f"/api/v1/namespaces/team-{COUNT}/pods").status == HTTPStatus.OK

    attendees.workshop.choose("attendees.count", COUNT - 1)
    attendees.workshop.up()

    assert eventually(lambda: last.get(f"/api/v1/namespaces/team-{COUNT}/pods").status == HTTPStatus.UNAUTHORIZED), (
        "the API server remembers for 10 s that a token was good"
    )
