"""Checks of the mesh's health: what runs, certificates and their chains, webhooks, proxies, and what is public."""

from pathlib import Path

import pytest

from model.json_values import mapping
from preflight.trust import PODS
from tests.doubles.workshop_certificates import MeshCertificates, Pair, create_certificate
from tests.doubles.workshop_double import CONFIG, TAP, TRY, Case, deployment, list_of, pod
from workshop.verify import certificates, credentials, dashboards, mesh, webhooks
from workshop.verify.lines import Status

BUNDLE = "/api/v1/namespaces/linkerd/configmaps/linkerd-identity-trust-roots"
ISSUER = "/api/v1/namespaces/linkerd/secrets/linkerd-identity-issuer"
INJECTOR = "/apis/admissionregistration.k8s.io/v1/mutatingwebhookconfigurations/linkerd-proxy-injector-webhook-config"
SLICES = (
    "/apis/discovery.k8s.io/v1/namespaces/linkerd/endpointslices"
    "?labelSelector=kubernetes.io%2Fservice-name%3Dlinkerd-proxy-injector"
)
SERVICES = "/api/v1/namespaces/linkerd-viz/services"
INGRESSES = "/apis/networking.k8s.io/v1/namespaces/linkerd-viz/ingresses"
HTTP_ROUTES = "/apis/gateway.networking.k8s.io/v1/namespaces/{}/httproutes"
WEBHOOKS = ["linkerd-proxy-injector", "linkerd-sp-validator", "linkerd-policy-validator", "linkerd-tap-injector", "tap"]


NETWORKS, DEMOS = "addresses in the mesh's networks", "the demos' pods"


class _OfAnotherHost(MeshCertificates):
    def leaf(self, host: str) -> Pair:
        return super().leaf(f"not.{host}")


def workload(kind: str, seen: str, status: dict[str, int], replicas: int | None = None, manager: str = "") -> Case:
    """Return a control plane with one workload of a kind, whose replicas a field manager has set."""
    owner: dict[str, object] = {"manager": manager, "fieldsV1": {"f:spec": {"f:replicas": {}}}}
    app = {"metadata": {"name": "app", "managedFields": [owner]}, "spec": {"replicas": replicas}, "status": status}
    failing = {"Linkerd": seen} if seen else {}
    return Case(mesh.check_control_plane, failing, {f"/apis/apps/v1/namespaces/linkerd/{kind}": {"items": [app]}})


def broken_chain(line: str, seen: str, found: MeshCertificates) -> Case:
    return Case(certificates.check, {line: seen}, certificates=found)


def untrusted(seen: str, found: MeshCertificates) -> Case:
    """Return a mesh in which the API server would not trust any webhook."""
    return Case(webhooks.check, dict.fromkeys(WEBHOOKS, seen), certificates=found)


def injector(seen: str, path: str, answer: object) -> Case:
    return Case(webhooks.check, {"linkerd-proxy-injector": seen}, {path: answer})


def at_addresses(seen: str, pod_address: str, service_address: str) -> Case:
    """Return a pod and a Service at addresses that the mesh may not know."""
    there, name = pod("podinfo", "frontend-podinfo"), {"name": "frontend"}
    there["status"] = {**mapping(there["status"]), "podIP": pod_address}
    answers = {
        **list_of("podinfo", there),
        "/api/v1/namespaces/podinfo/services": {"items": [{"metadata": name, "spec": {"clusterIP": service_address}}]},
    }
    return Case(mesh.check_data_plane, {NETWORKS: seen} if seen else {}, answers)


def public(seen: str, path: str, **spec: object) -> Case:
    """Return an add-on with one object that may be open to the internet."""
    failing = {"ways in from outside": f"open to the internet: {seen}"} if seen else {}
    return Case(dashboards.check, failing, {path: {"items": [{"metadata": {"name": "web"}, "spec": spec}]}})


def one_of_each(namespace: str) -> dict[str, object]:
    """Return pods with and without a proxy, some of which opt out of injection."""
    opted_out, ours = (pod(namespace, name, meshed=False) for name in ("tool", "ours"))
    for each, labels in ((opted_out, {}), (ours, {"app.kubernetes.io/part-of": namespace})):
        annotations = {"linkerd.io/inject": "disabled"}
        each["metadata"] = {"namespace": namespace, "name": "o", "labels": labels, "annotations": annotations}
    return list_of(namespace, pod(namespace, "frontend-podinfo"), pod(namespace, "bare", meshed=False), opted_out, ours)


def sidecar() -> dict[str, object]:
    """Return a pod whose proxy is an init container that is restarted."""
    found = pod("podinfo", "frontend-podinfo", meshed=False)
    inits = [{"name": "linkerd-init"}, {"name": "linkerd-proxy", "restartPolicy": "Always"}]
    found["spec"] = {"containers": [{"name": "service"}], "initContainers": inits}
    ready = [{"name": name, "ready": True} for name in ("service", "linkerd-proxy")]
    found["status"] = {"phase": "Running", "initContainerStatuses": ready}
    return found


def with_anchors(name: str, bundle: str) -> dict[str, object]:
    env = [{"name": "LINKERD2_PROXY_IDENTITY_TRUST_ANCHORS", "value": bundle}]
    return {"metadata": {"namespace": "booksapp", "name": name}, "spec": {"containers": [{"env": env}]}}


def with_credentials(name: str, *variables: str) -> dict[str, object]:
    env = [{"name": each} for each in variables]
    return list_of(name, {"metadata": {"name": f"{name}-1"}, "spec": {"containers": [{"name": name, "env": env}]}})


CERTIFICATES = MeshCertificates()
OLD_PROXY = {"items": [with_anchors("new", CERTIFICATES.anchor.pem), with_anchors("old", "the bundle of yesterday")]}
UNREADY_WEB = list_of("linkerd-viz", pod("linkerd-viz", "web", ready=False))
UNREADY_FRONT = list_of("podinfo", pod("podinfo", "frontend-podinfo", ready=False))
ALB = "alb.ingress.kubernetes.io"
LOGIN = {f"{ALB}/auth-type": "oidc", f"{ALB}/auth-on-unauthenticated-request": "authenticate"}
PROTECTED = {"items": [{"metadata": {"annotations": LOGIN}}]}
VARIABLE = "AWS_CONTAINER_CREDENTIALS_FULL_URI"
ON_EKS = {"eks": {"cluster": "workshop", "region": "eu-central-1", "owner": "me"}, "dns": {"zone": "example.com"}}
AWS_PODS = {**with_credentials("aws-load-balancer-controller", VARIABLE), **with_credentials("external-dns")}
OLD_PROXIES = Case(
    certificates.check,
    {"proxies trust the anchors": "started before the anchors changed: booksapp/old"},
    {PODS: OLD_PROXY},
    certificates=CERTIFICATES,
)
CASES = {
    "no workload, and a container that is not ready": Case(
        mesh.check_control_plane,
        {
            "Linkerd": "it has no Deployment, StatefulSet or DaemonSet",
            "viz": "linkerd-proxy, service of Pod web-1 is not ready",
        },
        {"/apis/apps/v1/namespaces/linkerd/deployments": {"items": []}, **UNREADY_WEB},
        passing={"Argo CD": "the stack has none"},
    ),
    "a Deployment at 0": workload("deployments", "Deployment app is scaled to 0", {}, 0),
    "a Deployment that a person scaled to 0": workload("deployments", "*scaled to 0", {}, 0, "kubectl"),
    "a Deployment that the chart's values scale to 0": workload("deployments", "", {}, 0, "pulumi-kubernetes-0a1b2c3d"),
    "a StatefulSet at 0": workload("statefulsets", "StatefulSet app is scaled to 0*", {}, 0),
    "a DaemonSet that lacks a pod": workload(
        "daemonsets",
        "DaemonSet app has 2 of 3*",
        {"desiredNumberScheduled": 3, "updatedNumberScheduled": 3, "numberAvailable": 2},
    ),
    "an anchor that has ended": broken_chain(
        "trust anchor", "*ended*", MeshCertificates(anchor=create_certificate("root", days=-1))
    ),
    "an anchor that ends soon": broken_chain(
        "trust anchor", "*ends within 30 days*", MeshCertificates(anchor=create_certificate("root", days=10))
    ),
    "an issuer that has ended": broken_chain("issuer", "*ended*", MeshCertificates(issuer_days=-1)),
    "an issuer that ends soon": broken_chain("issuer", "*ends within 30 days*", MeshCertificates(issuer_days=29)),
    "an issuer of another anchor": broken_chain(
        "issuer",
        "*no trust anchor of the mesh has signed it*",
        MeshCertificates(issuer_signer=create_certificate("other root")),
    ),
    "no trust anchors": Case(certificates.check, {"trust anchors": "there are none"}, {BUNDLE: None}),
    "no issuer": Case(certificates.check, {"issuer": "*"}, {ISSUER: None}),
    "a proxy that started before the anchors changed": OLD_PROXIES,
    "webhooks whose certificates have ended": untrusted(
        "*would not trust it: certificate has expired*", MeshCertificates(leaf_days=-1)
    ),
    "webhooks of another authority": untrusted(
        "*would not trust it: *", MeshCertificates(leaf_signer=create_certificate("other authority"))
    ),
    "webhooks whose certificates end soon": untrusted("*ends within 30 days*", MeshCertificates(leaf_days=12)),
    "webhooks with another host's certificate": untrusted("*Hostname mismatch*", _OfAnotherHost()),
    "a webhook without a configuration": injector("its configuration does not exist", INJECTOR, None),
    "a webhook without a pod": injector("no pod is ready behind its Service", SLICES, {"items": []}),
    "a webhook that does not answer": injector(
        "*connection refused*",
        SLICES,
        {"items": [{"ports": [{"port": 1}], "endpoints": [{"targetRef": {"name": "proxy-injector-1"}}]}]},
    ),
    "pods without a proxy, but for those that opt out": Case(
        mesh.check_data_plane,
        {"pods with a proxy": "17 of 19; none in podinfo/bare-1, podinfo/o"},
        one_of_each("podinfo"),
    ),
    "a proxy that is not ready": Case(
        mesh.check_data_plane,
        {"proxies that are ready": "*", DEMOS: "podinfo: linkerd-proxy, service of Pod frontend-podinfo-1 *"},
        UNREADY_FRONT,
    ),
    "an app that somebody scaled to 0": Case(
        mesh.check_data_plane,
        {DEMOS: "booksapp: Deployment authors is scaled to 0"},
        {"/apis/apps/v1/namespaces/booksapp/deployments": {"items": [deployment("authors", 0)]}},
    ),
    "a demo without a pod": Case(mesh.check_data_plane, {DEMOS: "podinfo: there is no pod"}, list_of("podinfo")),
    "a proxy in an init container": Case(mesh.check_data_plane, {}, list_of("podinfo", sidecar())),
    "a proxy that does not answer": Case(
        mesh.check_data_plane,
        {"proxies' certificates": "not reported by podinfo/unknown-1"},
        list_of("podinfo", pod("podinfo", "unknown")),
    ),
    **{
        f"certificates of proxies that end in {hours} hours": Case(
            mesh.check_data_plane, {"proxies' certificates": "*ended or ending: *"}, proxies_hours=hours
        )
        for hours in (-1, 0.5)
    },
    "certificates of proxies that are renewed before they end": Case(
        mesh.check_data_plane, passing={"proxies' certificates": "*in 20.0 hours*"}
    ),
    "addresses that the mesh knows": at_addresses("", "fd00::1", "None"),
    "a pod that the mesh does not know": at_addresses(
        "Pod podinfo/frontend-podinfo-1 (198.19.0.1): not in 10.0.0.0/8,fd00::/8", "198.19.0.1", "10.1.1.1"
    ),
    "a Service that the mesh does not know": at_addresses(
        "Service podinfo/frontend (2600::1): not in *", "10.1.1.1", "2600::1"
    ),
    "a mesh that knows no address": Case(mesh.check_data_plane, {NETWORKS: "* names no networks"}, {CONFIG: None}),
    "a mesh with a network that is none": Case(
        mesh.check_data_plane,
        {NETWORKS: "* has a wrong one: 'ten' *"},
        {CONFIG: {"data": {"values": "clusterNetworks: 10.0.0.0/8,ten\n"}}},
    ),
    "a public load balancer": public("Service linkerd-viz/web", SERVICES, type="LoadBalancer"),
    "a node port": public("Service linkerd-viz/web", SERVICES, type="NodePort"),
    "a Service inside the cluster": public("", SERVICES, type="ClusterIP"),
    "an Ingress": public("Ingress linkerd-viz/web", INGRESSES),
    "an Ingress that requires a login": Case(dashboards.check, {}, {INGRESSES: PROTECTED}),
    "a route of a Gateway": public(
        "HTTPRoute argo-rollouts/web", HTTP_ROUTES.format("argo-rollouts"), parentRefs=[{"name": "gateway"}]
    ),
    "a route of a Service": public(
        "", HTTP_ROUTES.format("linkerd-viz"), parentRefs=[{"kind": "Service", "name": "web"}]
    ),
}


@pytest.mark.parametrize("case", CASES)
def test_a_check_of_the_mesh_fails_in_the_lines_that_name_what_is_wrong(tmp_path: Path, case: str) -> None:
    CASES[case].confirm(tmp_path)


def test_one_pod_is_counted_in_the_singular(tmp_path: Path) -> None:
    case = Case(mesh.check_control_plane, {}, list_of("linkerd-viz", pod("linkerd-viz", "web")))

    assert case.confirm(tmp_path)["viz"].seen == "1 ready pod and no other"


def test_ready_pods_of_an_add_on_without_credentials_have_to_restart(tmp_path: Path) -> None:
    case = Case(credentials.check, {"external-dns": f"external-dns-1 without {VARIABLE}"}, AWS_PODS, settings=ON_EKS)
    line = case.confirm(tmp_path)["external-dns"]

    assert "kubectl --namespace external-dns rollout restart deployment external-dns" in line.fix


def test_an_issuer_whose_secret_may_not_be_read_is_skipped(tmp_path: Path) -> None:
    case = Case(certificates.check)
    case.cluster.forbidden = (ISSUER,)

    assert case.confirm(tmp_path)["issuer"].status is Status.SKIPPED


def test_a_pod_that_would_come_back_without_a_proxy_fails_the_dry_run(tmp_path: Path) -> None:
    case = Case(webhooks.check, {"new pods get a proxy": "in podinfo it came back without one"})
    case.cluster.posted[TRY.format("podinfo")] = pod("podinfo", "verify", meshed=False)

    case.confirm(tmp_path)


def test_a_tap_that_the_api_server_does_not_reach_fails_though_it_answers(tmp_path: Path) -> None:
    case = Case(webhooks.check, {"the API server reaches tap": "no route to host"}, passing={"tap": "answers*"})
    refused = {"type": "Available", "status": "False", "message": "no route to host"}
    case.cluster.answers[TAP] = {**mapping(case.cluster.answers[TAP]), "status": {"conditions": [refused]}}

    case.confirm(tmp_path)


def test_no_private_key_is_ever_shown(tmp_path: Path) -> None:
    found = MeshCertificates()
    data = {"tls.key": found.anchor.key_pem, "tls.crt": "not base64"}
    cases = Case(certificates.check, {"issuer": "*"}, {ISSUER: {"data": data}}), Case(webhooks.check)
    shown = str([case.confirm(tmp_path) for case in cases])

    assert "issuer" in shown
    assert "PRIVATE" not in shown


def test_pods_of_a_canary_that_is_under_way_are_only_waited_for(tmp_path: Path) -> None:
    fix = OLD_PROXIES.confirm(tmp_path)["proxies trust the anchors"].fix

    assert fix.startswith("A canary replaces its pods step by step: wait until it has ended.")
