"""High availability on three nodes: replicas apart, budgets kept, webhooks closed, and nothing that waits for ever."""

import json
from collections.abc import Iterator, Sequence
from urllib.parse import quote

import pytest

from clients.cluster_api import items
from model.json_values import at, text
from sandbox import paths
from sandbox.api_client import connect
from sandbox.starting import NODES, make_node
from tests.sandbox.sandbox_command import eventually, running_sandbox
from tests.sandbox.single_changes import ROWS, Row
from tests.sandbox.workshop import Workshop

pytestmark = pytest.mark.sandbox

SPARE = "sandbox-node-spare"
LABEL = "config.linkerd.io/admission-webhooks"
IDENTITY, INJECTOR = (f"linkerd.io/control-plane-component={name}" for name in ("identity", "proxy-injector"))
ARGO_CD = {
    "delivery.argoCd.enabled": True,
    "delivery.argoCd.application.repository": "https://git.example.com/workshop.git",
    "demos.progressiveDelivery.owner": "argo-cd",
}
"""It comes beside the mesh, not after it, and owns a demo."""
APPLICATION = "/apis/argoproj.io/v1alpha1/namespaces/argocd/applications/progressive-delivery"
PARTS = ("Linkerd", "viz", "Argo Rollouts", "Argo CD", "trust anchor", "issuer", "ways in from outside")
"""The lines of `verify` that only read objects."""


@pytest.fixture(scope="module")
def workshop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Workshop]:
    """A sandbox of its own, as nodes are deleted."""
    with running_sandbox(tmp_path_factory.mktemp("available") / "home") as home:
        made = Workshop(tmp_path_factory.mktemp("project") / "workshop", home.folder)
        made.leave_out("demos.podinfo", "demos.circuitBreaking")
        for key, value in ARGO_CD.items():
            made.choose(key, value)
        made.choose("highAvailability", value=True)
        yield made


@pytest.fixture(scope="module")
def before(workshop: Workshop) -> tuple[set[str], object]:
    """What was in the cluster before, and the labels of its own namespace."""
    return workshop.objects(), labels(workshop)


@pytest.fixture(scope="module", autouse=True)
def running(workshop: Workshop, before: object) -> None:
    del before
    workshop.up()


def labels(workshop: Workshop) -> object:
    return at(workshop.api.find("/api/v1/namespaces/kube-system"), "metadata", "labels")


def pods(workshop: Workshop, namespace: str, selector: str) -> Sequence[object]:
    return items(workshop.api.find(f"/api/v1/namespaces/{namespace}/pods?labelSelector={quote(selector)}"))


def places(workshop: Workshop, namespace: str, selector: str) -> list[str]:
    """Return the nodes of pods, those without one left out."""
    return [node for pod in pods(workshop, namespace, selector) if (node := text(pod, "spec", "nodeName"))]


def cordon(workshop: Workshop, node: str, *, on: bool = True) -> None:
    answer = workshop.api.ask("PATCH", f"/api/v1/nodes/{node}", {"spec": {"unschedulable": on or None}})
    assert answer.status == 200, answer.text


def path_of(pod: object) -> str:
    return f"/api/v1/namespaces/{text(pod, 'metadata', 'namespace')}/pods/{text(pod, 'metadata', 'name')}"


def delete_pods(workshop: Workshop, selector: str) -> None:
    for pod in pods(workshop, "linkerd", selector):
        assert workshop.api.ask("DELETE", path_of(pod), {}).status == 200


def evict(workshop: Workshop, pod: object) -> int:
    """Ask as `kubectl drain` does; return the answer's HTTP status."""
    metadata = {key: text(pod, "metadata", key) for key in ("name", "namespace")}
    body = {"apiVersion": "policy/v1", "kind": "Eviction", "metadata": metadata}
    return workshop.api.post(f"{path_of(pod)}/eviction", body).status


def verified(workshop: Workshop) -> dict[str, str]:
    """Return what `verify` has against the objects, by the name of its line."""
    done = workshop.operation("verify", "--json")
    if not done.stdout:
        return {"verify": done.stderr}
    lines = {check["name"]: check for check in json.loads(done.stdout)["checks"]}
    return {name: lines[name]["seen"] for name in PARTS if lines[name]["status"] != "ok"}


def service_refusal(workshop: Workshop, namespace: str) -> str:
    """Return why a Service is refused; nothing if it is not."""
    body = {"apiVersion": "v1", "kind": "Service", "metadata": {"name": "tried"}, "spec": {"ports": [{"port": 80}]}}
    answer = workshop.api.post(f"/api/v1/namespaces/{namespace}/services?dryRun=All", body)
    return text(answer.body, "message") if answer.status >= 400 else ""


def test_the_second_preview_is_empty_and_refresh_finds_no_drift(workshop: Workshop) -> None:
    assert workshop.preview().changes == []
    secret = {"metadata": {"name": "argocd-initial-admin-secret"}, "data": {"password": "eA=="}}
    assert workshop.api.post("/api/v1/namespaces/argocd/secrets", secret).status == 201, "as Argo CD's server does"
    workshop.find_no_drift()


def test_the_pods_of_argo_cd_run_under_the_strictest_rules(workshop: Workshop) -> None:
    namespace, found = workshop.api.find("/api/v1/namespaces/argocd"), pods(workshop, "argocd", "")
    running = {text(pod, "metadata", "labels", "app.kubernetes.io/name") for pod in found}

    assert text(namespace, "metadata", "labels", "pod-security.kubernetes.io/enforce") == "restricted"
    assert running == {f"argocd-{part}" for part in ("application-controller", "redis", "repo-server", "server")}
    assert {text(pod, "status", "phase") for pod in found} == {"Running"}


@pytest.mark.parametrize(
    ("namespace", "selector", "wanted"),
    [
        ("linkerd", IDENTITY, 3),
        ("linkerd", INJECTOR, 3),
        ("linkerd", "linkerd.io/control-plane-component=destination", 3),
        ("linkerd-viz", "component=tap", 3),
        ("argo-rollouts", "app.kubernetes.io/component=rollouts-controller", 2),
    ],
)
def test_replicas_are_on_different_nodes_in_different_zones(
    workshop: Workshop, namespace: str, selector: str, wanted: int
) -> None:
    found = places(workshop, namespace, selector)

    assert len(found) == wanted
    assert len({NODES[node] for node in found}) == wanted


def test_without_an_injector_only_meshed_namespaces_wait_and_the_control_plane_comes_back(workshop: Workshop) -> None:
    assert service_refusal(workshop, "booksapp") == "", "the injector answers"
    for node in NODES:
        cordon(workshop, node)
    delete_pods(workshop, INJECTOR)

    assert eventually(lambda: "failed calling webhook" in service_refusal(workshop, "booksapp"))
    open_ones = ("linkerd", "kube-system", "argocd")
    assert {each: service_refusal(workshop, each) for each in open_ones} == dict.fromkeys(open_ones, "")
    delete_pods(workshop, IDENTITY)
    for node in NODES:
        cordon(workshop, node, on=False)
    assert eventually(lambda: service_refusal(workshop, "booksapp") == "")
    assert eventually(lambda: verified(workshop) == {}), verified(workshop)


def test_a_drain_takes_one_replica_and_waits_with_the_second_until_the_first_is_back(workshop: Workshop) -> None:
    make_node(connect(paths.Home(workshop.home)), SPARE, "sandbox-a")
    cordon(workshop, SPARE)
    assert eventually(lambda: len(pods(workshop, "linkerd", IDENTITY)) == 3), "earlier ones are still ending"
    first, second, _ = pods(workshop, "linkerd", IDENTITY)
    drained = text(first, "spec", "nodeName")
    cordon(workshop, drained)

    assert eventually(lambda: evict(workshop, first) == 201), "the budget counts three again"
    assert evict(workshop, second) == 429
    assert eventually(lambda: [len(find(workshop, "linkerd", IDENTITY)) for find in (pods, places)] == [3, 2]), (
        "the third has no node of its own"
    )
    workshop.choose("demos.booksapp.faultPercent", 25)
    assert workshop.preview().of("update") == ["booksapp-faults-route"]
    workshop.up()  # nothing else waits for a node

    cordon(workshop, SPARE, on=False)
    assert eventually(lambda: SPARE in places(workshop, "linkerd", IDENTITY))
    assert eventually(lambda: evict(workshop, second) == 201), "the first is back"
    cordon(workshop, drained, on=False)
    assert eventually(lambda: verified(workshop) == {}), verified(workshop)


def test_the_pods_of_a_deleted_node_are_replaced_on_other_nodes(workshop: Workshop) -> None:
    lost = places(workshop, "linkerd", INJECTOR)[0]
    assert workshop.api.ask("DELETE", f"/api/v1/nodes/{lost}", {}).status == 200
    try:
        assert service_refusal(workshop, "booksapp") == "", "two injectors are left"
        assert eventually(lambda: lost not in places(workshop, "linkerd", "")), (
            "a controller looks at pods of a node that is no more every 20 s, after 40 s"
        )
        assert eventually(lambda: verified(workshop) == {}), verified(workshop)
        assert workshop.preview().changes == []
    finally:
        make_node(connect(paths.Home(workshop.home)), lost, NODES.get(lost, "sandbox-a"))


def test_a_restart_of_the_whole_mesh_goes_through_closed_webhooks(workshop: Workshop) -> None:
    workshop.choose("trust.generation", 2)
    workshop.up()

    assert workshop.preview().changes == []
    assert eventually(lambda: verified(workshop) == {}), verified(workshop)


def test_it_can_be_switched_off_and_on_and_shows_what_that_is_about(workshop: Workshop) -> None:
    (row,) = [each for each in ROWS if "highAvailability" in each.settings]
    patterns = [each.replace("create ", "delete ", 1) for each in row.patterns]
    off = Row({}, (*patterns, "update Namespace argocd-namespace"))
    workshop.choose("highAvailability", value=False)
    changes = [f"{each.operation} {each.type.rpartition(':')[2]} {each.name}" for each in workshop.preview().changes]
    assert (off.unexpected(changes), off.missing(changes)) == ([], [])
    workshop.up()
    assert workshop.preview().changes == []
    assert at(labels(workshop), LABEL) is None
    assert eventually(lambda: verified(workshop) == {}), verified(workshop)
    assert eventually(lambda: len(pods(workshop, "linkerd", IDENTITY)) == 1)

    workshop.choose("highAvailability", value=True)
    workshop.up()
    assert workshop.preview().changes == []
    assert at(labels(workshop), LABEL) == "disabled", "the webhooks are not asked about the cluster's own namespace"
    assert eventually(lambda: verified(workshop) == {}), verified(workshop)


def test_destroy_leaves_nothing_and_no_label_though_no_controller_of_argo_cd_runs(
    workshop: Workshop, before: tuple[set[str], object]
) -> None:
    application = workshop.api.find(APPLICATION)
    assert application is not None
    assert at(application, "metadata", "finalizers") is None
    workshop.destroy()

    assert (workshop.objects(), labels(workshop)) == before


def test_two_nodes_are_refused_before_anything_is_changed(workshop: Workshop) -> None:
    for node in (SPARE, *list(NODES)[:1]):
        cordon(workshop, node)
    done = workshop.run("preview")

    assert done.returncode != 0
    assert "2 of its 4 nodes take pods (Ready, no taint)" in done.stdout
    assert "KEY='highAvailability' VALUE=false" in done.stdout
