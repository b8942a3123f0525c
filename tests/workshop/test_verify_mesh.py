"""Checks of the mesh's health: what runs, certificates and their chains, webhooks, proxies, and what is public."""

from pathlib import Path

import pytest

from preflight.trust import PODS
from settings import Settings
from tests.doubles.workshop_certificates import MeshCertificates, Pair, made
from tests.doubles.workshop_double import TRY, Played, failed, look, pod
from workshop.verify import certificates, credentials, dashboards, mesh, webhooks
from workshop.verify.lines import Status
from workshop.verify.scene import Scene

BUNDLE = "/api/v1/namespaces/linkerd/configmaps/linkerd-identity-trust-roots"
ISSUER = "/api/v1/namespaces/linkerd/secrets/linkerd-identity-issuer"
INJECTOR = "/apis/admissionregistration.k8s.io/v1/mutatingwebhookconfigurations/linkerd-proxy-injector-webhook-config"
SLICES = (
    "/apis/discovery.k8s.io/v1/namespaces/linkerd/endpointslices"
    "?labelSelector=kubernetes.io%2Fservice-name%3Dlinkerd-proxy-injector"
)
EVERY_WEBHOOK = {
    "linkerd-proxy-injector",
    "linkerd-sp-validator",
    "linkerd-policy-validator",
    "linkerd-tap-injector",
    "tap",
}


def test_a_healthy_mesh_passes(tmp_path: Path) -> None:
    for check in (
        mesh.check_control_plane,
        certificates.check,
        webhooks.check,
        mesh.check_data_plane,
        dashboards.check,
    ):
        assert failed(look(check, Played(), tmp_path)) == set()


def test_what_is_not_rolled_out_or_not_ready_is_told_by_its_name(tmp_path: Path) -> None:
    played = Played()
    played.cluster.answers["/apis/apps/v1/namespaces/linkerd/deployments"] = {"items": []}
    played.pods("linkerd-viz", pod("linkerd-viz", "web", ready=False))
    lines = look(mesh.check_control_plane, played, tmp_path)

    assert failed(lines) == {"Linkerd", "viz"}
    assert lines["Linkerd"].seen == "it has no Deployment, StatefulSet or DaemonSet"
    assert lines["viz"].seen == "linkerd-proxy, service of Pod web-1 is not ready"
    assert lines["Argo CD"].status is Status.SKIPPED


def test_what_is_scaled_to_nothing_is_told_though_nothing_is_missing(tmp_path: Path) -> None:
    played = Played()
    off = {"metadata": {"name": "linkerd-proxy-injector"}, "spec": {"replicas": 0}}
    played.cluster.answers["/apis/apps/v1/namespaces/linkerd/deployments"] = {"items": [off]}

    assert look(mesh.check_control_plane, played, tmp_path)["Linkerd"].seen == (
        "Deployment linkerd-proxy-injector is scaled to 0"
    )


def test_what_the_charts_values_switch_off_is_no_failure(tmp_path: Path) -> None:
    owner: dict[str, object] = {"manager": "pulumi-kubernetes-0a1b2c3d", "fieldsV1": {"f:spec": {"f:replicas": {}}}}
    metadata: dict[str, object] = {"name": "argocd-applicationset-controller", "managedFields": [owner]}
    off = {"metadata": metadata, "spec": {"replicas": 0}}
    played = Played()
    played.cluster.answers["/apis/apps/v1/namespaces/linkerd/deployments"] = {"items": [off]}
    assert failed(look(mesh.check_control_plane, played, tmp_path)) == set()

    owner["manager"] = "kubectl"
    assert failed(look(mesh.check_control_plane, played, tmp_path)) == {"Linkerd"}, "somebody has scaled it by hand"


@pytest.mark.parametrize(
    ("kind", "workload", "told"),
    [
        (
            "statefulsets",
            {"spec": {"replicas": 2}, "status": {"updatedReplicas": 2, "availableReplicas": 1}},
            "StatefulSet app has 1 of 2",
        ),
        ("statefulsets", {"spec": {"replicas": 1}, "status": {}}, "StatefulSet app has 0 of 1"),
        ("statefulsets", {"spec": {"replicas": 0}}, "StatefulSet app is scaled to 0"),
        (
            "daemonsets",
            {"status": {"desiredNumberScheduled": 3, "updatedNumberScheduled": 3, "numberAvailable": 2}},
            "DaemonSet app has 2 of 3",
        ),
    ],
)
def test_workloads_that_are_no_deployments_are_looked_at(
    tmp_path: Path, kind: str, workload: dict[str, object], told: str
) -> None:
    played = Played()
    items = {"items": [{"metadata": {"name": "app"}, **workload}]}
    played.cluster.answers[f"/apis/apps/v1/namespaces/linkerd/{kind}"] = items
    assert look(mesh.check_control_plane, played, tmp_path)["Linkerd"].seen.startswith(told)


@pytest.mark.parametrize(
    ("mesh", "wrong", "told"),
    [
        (MeshCertificates(anchor=made("root", days=-1)), {"trust anchor"}, "ended"),
        (MeshCertificates(anchor=made("root", days=10)), {"trust anchor"}, "ends within 30 days"),
        (MeshCertificates(issuer_days=-1), {"issuer"}, "ended"),
        (MeshCertificates(issuer_days=29), {"issuer"}, "ends within 30 days"),
        (MeshCertificates(issuer_signer=made("other root")), {"issuer"}, "no trust anchor of the mesh has signed it"),
    ],
    ids=["anchor ended", "anchor ends soon", "issuer ended", "issuer ends soon", "foreign issuer"],
)
def test_a_chain_that_ends_or_leads_elsewhere_is_told(
    tmp_path: Path, mesh: MeshCertificates, wrong: set[str], told: str
) -> None:
    lines = look(certificates.check, Played(certificates=mesh), tmp_path)

    assert failed(lines) == wrong
    assert told in lines[next(iter(wrong))].seen


def test_an_issuer_whose_secret_may_not_be_read_is_skipped(tmp_path: Path) -> None:
    played = Played()
    played.cluster.forbidden = (ISSUER,)

    assert look(certificates.check, played, tmp_path)["issuer"].status is Status.SKIPPED


@pytest.mark.parametrize(("path", "name"), [(BUNDLE, "trust anchors"), (ISSUER, "issuer")])
def test_certificates_that_are_not_there_are_told(tmp_path: Path, path: str, name: str) -> None:
    played = Played()
    del played.cluster.answers[path]

    assert failed(look(certificates.check, played, tmp_path)) == {name}


def test_proxies_that_started_before_the_anchors_changed_are_told(tmp_path: Path) -> None:
    played = Played()
    variable = {"name": "LINKERD2_PROXY_IDENTITY_TRUST_ANCHORS", "value": played.certificates.anchor.pem}
    old = {**variable, "value": "the bundle of yesterday"}
    running = [
        {"metadata": {"namespace": "booksapp", "name": name}, "spec": {"containers": [{"env": [each]}]}}
        for name, each in (("new", variable), ("old", old))
    ]
    played.cluster.answers[PODS] = {"items": running}
    line = look(certificates.check, played, tmp_path)["proxies trust the anchors"]

    assert line.status is Status.FAILED
    assert line.seen == "started before the anchors changed: booksapp/old"


def test_no_private_key_is_ever_shown(tmp_path: Path) -> None:
    played = Played()
    issuer = played.cluster.answers[ISSUER]
    assert isinstance(issuer, dict)
    issuer["data"] = {"tls.key": played.certificates.anchor.key_pem, "tls.crt": "not base64"}
    shown = str([look(check, played, tmp_path) for check in (certificates.check, webhooks.check)])

    assert "issuer" in shown
    assert "PRIVATE" not in shown


@pytest.mark.parametrize(
    ("mesh", "told"),
    [
        (MeshCertificates(leaf_days=-1), "would not trust it: certificate has expired"),
        (MeshCertificates(leaf_signer=made("other authority")), "would not trust it: "),
        (MeshCertificates(leaf_days=12), "ends within 30 days"),
    ],
    ids=["ended", "foreign", "ends soon"],
)
def test_a_webhook_that_the_api_server_would_not_trust_is_told(
    tmp_path: Path, mesh: MeshCertificates, told: str
) -> None:
    lines = look(webhooks.check, Played(certificates=mesh), tmp_path)

    assert failed(lines) == EVERY_WEBHOOK
    assert all(told in lines[name].seen for name in EVERY_WEBHOOK)


def test_a_webhook_with_another_hosts_certificate_is_told(tmp_path: Path) -> None:
    class Elsewhere(MeshCertificates):
        def leaf(self, host: str) -> Pair:
            return super().leaf(f"not.{host}")

    lines = look(webhooks.check, Played(certificates=Elsewhere()), tmp_path)

    assert failed(lines) == EVERY_WEBHOOK
    assert "Hostname mismatch" in lines["tap"].seen


def test_a_webhook_that_is_missing_or_does_not_answer_is_told(tmp_path: Path) -> None:
    played = Played()
    del played.cluster.answers[INJECTOR]
    lines = look(webhooks.check, played, tmp_path)
    assert lines["linkerd-proxy-injector"].seen == "its configuration does not exist"

    played = Played()
    played.cluster.answers[SLICES] = {"items": []}
    lines = look(webhooks.check, played, tmp_path)
    assert lines["linkerd-proxy-injector"].seen == "no pod is ready behind its Service"

    played = Played()
    endpoint = {"targetRef": {"name": "proxy-injector-1"}}
    played.cluster.answers[SLICES] = {"items": [{"ports": [{"port": 1}], "endpoints": [endpoint]}]}
    lines = look(webhooks.check, played, tmp_path)
    assert failed(lines) == {"linkerd-proxy-injector"}
    assert "connection refused" in lines["linkerd-proxy-injector"].seen


def test_a_pod_that_would_come_back_without_a_proxy_is_told(tmp_path: Path) -> None:
    played = Played()
    played.cluster.posted[TRY.format("podinfo")] = pod("podinfo", "verify", meshed=False)
    lines = look(webhooks.check, played, tmp_path)

    assert failed(lines) == {"new pods get a proxy"}
    assert lines["new pods get a proxy"].seen == "in podinfo it came back without one"


def test_pods_without_a_proxy_are_told_but_for_those_that_want_none(tmp_path: Path) -> None:
    played = Played()
    wanting_none = pod("podinfo", "tool", meshed=False)
    annotations = {"linkerd.io/inject": "disabled"}
    wanting_none["metadata"] = {"namespace": "podinfo", "name": "t", "annotations": annotations}
    ours = pod("podinfo", "ours", meshed=False)
    labels = {"app": "ours", "app.kubernetes.io/part-of": "podinfo"}
    ours["metadata"] = {"namespace": "podinfo", "name": "o", "labels": labels, "annotations": annotations}
    played.pods("podinfo", pod("podinfo", "frontend-podinfo"), pod("podinfo", "bare", meshed=False), wanting_none, ours)
    lines = look(mesh.check_data_plane, played, tmp_path)

    assert failed(lines) == {"pods with a proxy"}
    assert lines["pods with a proxy"].seen == "17 of 19; none in podinfo/bare-1, podinfo/o"


def test_a_proxy_that_is_not_ready_is_told(tmp_path: Path) -> None:
    played = Played()
    played.pods("podinfo", pod("podinfo", "frontend-podinfo", ready=False))

    assert failed(look(mesh.check_data_plane, played, tmp_path)) == {"proxies that are ready"}


def test_a_proxy_in_an_init_container_is_a_proxy(tmp_path: Path) -> None:
    played = Played()
    native = pod("podinfo", "frontend-podinfo", meshed=False)
    native["spec"] = {
        "containers": [{"name": "service"}],
        "initContainers": [{"name": "linkerd-init"}, {"name": "linkerd-proxy", "restartPolicy": "Always"}],
    }
    status = native["status"]
    assert isinstance(status, dict)
    status["initContainerStatuses"] = [{"name": "linkerd-proxy", "ready": True}]
    played.pods("podinfo", native)

    assert failed(look(mesh.check_data_plane, played, tmp_path)) == set()


@pytest.mark.parametrize("prefix", ["control_identity_", "identity_"])
@pytest.mark.parametrize(("hours", "wrong"), [(-1, True), (0.5, True), (20, False)])
def test_proxies_whose_certificates_end_are_told_by_old_proxies_and_new_ones(
    tmp_path: Path, prefix: str, hours: float, *, wrong: bool
) -> None:
    lines = look(mesh.check_data_plane, Played(proxies_hours=hours, proxies_prefix=prefix), tmp_path)

    assert failed(lines) == ({"proxies' certificates"} if wrong else set())
    assert ("ended or ending: " if wrong else "in 20.0 hours") in lines["proxies' certificates"].seen


def test_a_proxy_that_does_not_answer_is_told(tmp_path: Path) -> None:
    played = Played()
    played.pods("podinfo", pod("podinfo", "unknown"))
    line = look(mesh.check_data_plane, played, tmp_path)["proxies' certificates"]

    assert line.status is Status.FAILED
    assert line.seen == "not reported by podinfo/unknown-1"


@pytest.mark.parametrize(
    ("path", "each", "told"),
    [
        ("/api/v1/namespaces/linkerd-viz/services", {"spec": {"type": "LoadBalancer"}}, "Service linkerd-viz/web"),
        ("/api/v1/namespaces/linkerd-viz/services", {"spec": {"type": "NodePort"}}, "Service linkerd-viz/web"),
        ("/apis/networking.k8s.io/v1/namespaces/linkerd-viz/ingresses", {}, "Ingress linkerd-viz/web"),
        (
            "/apis/gateway.networking.k8s.io/v1/namespaces/argo-rollouts/httproutes",
            {"spec": {"parentRefs": [{"name": "gateway"}]}},
            "HTTPRoute argo-rollouts/web",
        ),
    ],
)
def test_a_dashboard_that_is_public_is_told(tmp_path: Path, path: str, each: dict[str, object], told: str) -> None:
    played = Played()
    played.cluster.answers[path] = {"items": [{"metadata": {"name": "web"}, **each}]}
    lines = look(dashboards.check, played, tmp_path)

    assert failed(lines) == {"ways in from outside"}
    assert lines["ways in from outside"].seen == f"open to the internet: {told}"


@pytest.mark.parametrize(
    ("path", "each"),
    [
        ("/api/v1/namespaces/linkerd-viz/services", {"metadata": {"name": "web"}, "spec": {"type": "ClusterIP"}}),
        (
            "/apis/networking.k8s.io/v1/namespaces/linkerd-viz/ingresses",
            {
                "metadata": {
                    "annotations": {
                        "alb.ingress.kubernetes.io/auth-type": "oidc",
                        "alb.ingress.kubernetes.io/auth-on-unauthenticated-request": "authenticate",
                    }
                }
            },
        ),
        (
            "/apis/gateway.networking.k8s.io/v1/namespaces/linkerd-viz/httproutes",
            {"spec": {"parentRefs": [{"kind": "Service", "name": "web"}]}},
        ),
    ],
)
def test_what_asks_for_a_login_or_stays_inside_is_not_public(
    tmp_path: Path, path: str, each: dict[str, object]
) -> None:
    played = Played()
    played.cluster.answers[path] = {"items": [each]}

    assert failed(look(dashboards.check, played, tmp_path)) == set()


def test_an_add_on_without_credentials_is_told_though_its_pods_are_ready(tmp_path: Path) -> None:
    played, variable = Played(), "AWS_CONTAINER_CREDENTIALS_FULL_URI"
    eks = {"cluster": "workshop", "region": "eu-central-1", "owner": "me"}
    settings = Settings.model_validate({"eks": eks, "dns": {"zone": "example.com"}})
    for name, variables in {"aws-load-balancer-controller": [{"name": variable}], "external-dns": []}.items():
        each = {"metadata": {"name": f"{name}-1"}, "spec": {"containers": [{"name": name, "env": variables}]}}
        played.cluster.answers[f"/api/v1/namespaces/{name}/pods"] = {"items": [each]}
    with played.running(tmp_path) as api:
        lines = {line.name: line for line in credentials.check(Scene(api, settings))}

    assert failed(lines) == {"external-dns"}
    assert lines["external-dns"].seen == f"external-dns-1 without {variable}"
    assert "kubectl --namespace external-dns rollout restart deployment external-dns" in lines["external-dns"].fix
